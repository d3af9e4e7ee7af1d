// Arithmetic of integers, decimals and intervals.
#include <bit>
#include <cmath>

#include "base/check.h"
#include "duckdb/common/types/decimal.hpp"
#include "duckdb/common/vector_operations/binary_executor.hpp"
#include "duckdb/execution/expression_executor.hpp"
#include "engine/functions/decimal_math.h"
#include "engine/functions/fixed_divisor.h"
#include "engine/functions/kernel_binding.h"

namespace ashlar::engine {
namespace {

struct AddOp {
  static constexpr std::string_view kTry = "try_add", kSymbol = "+";
  template <typename T>
  static bool Overflows(T a, T b, T* out) { return __builtin_add_overflow(a, b, out); }
};
struct SubtractOp {
  static constexpr std::string_view kTry = "try_subtract", kSymbol = "-";
  template <typename T>
  static bool Overflows(T a, T b, T* out) { return __builtin_sub_overflow(a, b, out); }
};
struct MultiplyOp {
  static constexpr std::string_view kTry = "try_multiply", kSymbol = "*";
  template <typename T>
  static bool Overflows(T a, T b, T* out) { return __builtin_mul_overflow(a, b, out); }
};

// Spark reports small integers differently, and without a place.
template <typename Op, typename T>
[[noreturn]] void FailBinary(const CallSite& site, T a, T b) {
  if constexpr (sizeof(T) >= 4) FailOverflow(site, "overflow", Op::kTry);
  std::string l = std::to_string(a) + "S", r = std::to_string(b) + "S";
  std::string function = "`" + std::string(Op::kTry) + "`";
  Fail("BINARY_ARITHMETIC_OVERFLOW", "22003",
       l + " " + std::string(Op::kSymbol) + " " + r + " caused overflow. Use " + function +
           " to ignore overflow problem and return NULL.",
       {{"value1", l}, {"symbol", std::string(Op::kSymbol)}, {"value2", r}, {"functionName", function}});
}

template <typename Op, typename T>
T Checked(const CallSite& site, T a, T b) {
  T out;
  if (Op::Overflows(a, b, &out)) [[unlikely]] FailBinary<Op>(site, a, b);
  return out;
}
template <typename Op, typename T>
std::optional<T> OrNull(const CallSite&, T a, T b) {
  T out;
  if (Op::Overflows(a, b, &out)) return std::nullopt;
  return out;
}
template <typename Op, typename T>
T Wrapped(const CallSite&, T a, T b) {
  T out;
  Op::Overflows(a, b, &out);
  return out;
}

[[noreturn]] void FailDivide(const CallSite& site) {
  Fail("DIVIDE_BY_ZERO", "22012",
       "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. If necessary set " +
           kAnsiConfig + " to \"false\" to bypass this error.",
       {{"config", kAnsiConfig}}, site.span);
}
[[noreturn]] void FailRemainder(const CallSite& site) {
  Fail("REMAINDER_BY_ZERO", "22012",
       "Remainder by zero. Use `try_mod` to tolerate divisor being 0 and return NULL instead. If necessary set " +
           kAnsiConfig + " to \"false\" to bypass this error.",
       {{"config", kAnsiConfig}}, site.span);
}

double Divide(const CallSite& site, double a, double b) {
  if (b == 0) FailDivide(site);
  return a / b;
}
std::optional<double> TryDivide(const CallSite&, double a, double b) {
  if (b == 0) return std::nullopt;
  return a / b;
}

int64_t Div(const CallSite& site, int64_t a, int64_t b) {
  if (b == 0) FailDivide(site);
  if (a == INT64_MIN && b == -1) FailOverflow(site, "Overflow in integral divide", "try_divide");
  return a / b;
}
std::optional<int64_t> WrapDiv(const CallSite&, int64_t a, int64_t b) {
  if (b == 0) return std::nullopt;
  return b == -1 ? static_cast<int64_t>(0 - static_cast<uint64_t>(a)) : a / b;
}

template <typename T>
T Modulo(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::fmod(a, b);
  } else {
    return b == -1 ? T{0} : static_cast<T>(a % b);
  }
}
template <typename T>
T PositiveModulo(T a, T b) {
  T rest = Modulo(a, b);
  if (rest >= 0) return rest;
  if constexpr (std::is_floating_point_v<T>) {
    return Modulo(rest + b, b);
  } else {
    // As Java adds: shorter numbers as ints, longer ones around the end.
    decltype(rest + b) sum = 0;
    (void)__builtin_add_overflow(rest, b, &sum);
    return static_cast<T>(Modulo<decltype(sum)>(sum, b));
  }
}
template <typename T, T (*Op)(T, T)>
T CheckedModulo(const CallSite& site, T a, T b) {
  if (b == 0) FailRemainder(site);
  return Op(a, b);
}
template <typename T, T (*Op)(T, T)>
std::optional<T> TryModulo(const CallSite&, T a, T b) {
  if (b == 0) return std::nullopt;
  return Op(a, b);
}

template <typename T>
T Negative(const CallSite& site, T a) {
  if (a == std::numeric_limits<T>::min()) FailOverflow({}, "overflow", "");
  (void)site;
  return static_cast<T>(-a);
}
template <typename T>
T WrapNegative(const CallSite&, T a) { return static_cast<T>(0 - static_cast<uint64_t>(a)); }
template <typename T>
T Abs(const CallSite& site, T a) { return a < 0 ? Negative(site, a) : a; }
template <typename T>
T WrapAbs(const CallSite& site, T a) { return a < 0 ? WrapNegative(site, a) : a; }

template <typename T>
T ShiftLeft(const CallSite&, T a, int32_t by) {
  using U = std::make_unsigned_t<T>;
  return static_cast<T>(static_cast<U>(a) << (static_cast<uint32_t>(by) & (sizeof(T) * 8 - 1)));
}
template <typename T>
T ShiftRight(const CallSite&, T a, int32_t by) {
  return static_cast<T>(a >> (static_cast<uint32_t>(by) & (sizeof(T) * 8 - 1)));
}
template <typename T>
T ShiftRightUnsigned(const CallSite&, T a, int32_t by) {
  using U = std::make_unsigned_t<T>;
  return static_cast<T>(static_cast<U>(a) >> (static_cast<uint32_t>(by) & (sizeof(T) * 8 - 1)));
}
int32_t BitCount(const CallSite&, int64_t a) { return std::popcount(static_cast<uint64_t>(a)); }
template <typename T>
int8_t BitGet(const CallSite& site, T a, int32_t position) {
  int bits = static_cast<int>(sizeof(T) * 8);
  if (position < 0 || position >= bits) {
    Fail("INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE", "22023",
         "The value of parameter `pos` in `bit_get` is invalid: expects an integer value in [0, " +
             std::to_string(bits) + "), but got " + std::to_string(position) + ".",
         {{"functionName", "`bit_get`"}, {"parameter", "`pos`"}, {"upper", std::to_string(bits)},
          {"invalidValue", std::to_string(position)}}, site.span);
  }
  return static_cast<int8_t>((a >> position) & 1);
}

// ---- decimals: numbers[0] is the precision of the result, numbers[1] its scale ------------------

[[noreturn]] void FailPrecision(const CallSite& site, const std::string& value) {
  std::string precision = std::to_string(site.numbers[0]), scale = std::to_string(site.numbers[1]);
  Fail("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "22003",
       "The " + value + " cannot be represented as Decimal(" + precision + ", " + scale + "). If necessary set " +
           kAnsiConfig + " to \"false\" to bypass this error, and return NULL instead.",
       {{"value", value}, {"precision", precision}, {"scale", scale}, {"config", kAnsiConfig}}, site.span);
}

std::optional<Int128> Fitted(const CallSite& site, const WideInteger& value) {
  if (!value.FitsDigits(static_cast<int>(site.numbers[0]))) return std::nullopt;
  return value.ToInt128();
}

// The exact sum or product, before rounding, and its scale.
struct Exact {
  WideInteger value;
  int scale;
};
Exact ExactSum(const CallSite& site, Int128 a, Int128 b) {
  int scale = std::max(site.scales[0], site.scales[1]);
  return {Rescale(a, site.scales[0], scale).Plus(Rescale(b, site.scales[1], scale)), scale};
}
Exact ExactDifference(const CallSite& site, Int128 a, Int128 b) { return ExactSum(site, a, -b); }
Exact ExactProduct(const CallSite& site, Int128 a, Int128 b) {
  Exact exact{WideInteger::Product(a, b), site.scales[0] + site.scales[1]};
  // Spark's products have 39 digits at most before they are rounded to their scale.
  if (exact.value.high != 0) {
    int excess = static_cast<int>(exact.value.Digits().size()) - (exact.value.negative ? 1 : 0) - 39;
    if (excess > 0) exact.value = *exact.value.DividedByPowerOfTen(excess).TimesPowerOfTen(excess);
  }
  return exact;
}

template <Exact (*Op)(const CallSite&, Int128, Int128)>
std::optional<Int128> TryDecimal(const CallSite& site, Int128 a, Int128 b) {
  Exact exact = Op(site, a, b);
  return Fitted(site, exact.value.DividedByPowerOfTen(exact.scale - static_cast<int>(site.numbers[1])));
}
template <Exact (*Op)(const CallSite&, Int128, Int128)>
Int128 Decimal(const CallSite& site, Int128 a, Int128 b) {
  Exact exact = Op(site, a, b);
  auto fitted = Fitted(site, exact.value.DividedByPowerOfTen(exact.scale - static_cast<int>(site.numbers[1])));
  if (!fitted) FailPrecision(site, PlainText(exact.value, exact.scale));
  return *fitted;
}

// The product where nothing is rounded and 128 bits hold it, which is nearly always.
std::optional<Int128> PlainProduct(const CallSite& site, Int128 a, Int128 b) {
  Int128 product, limit = PowerOfTen(static_cast<int>(site.numbers[0]));
  if (site.scales[0] + site.scales[1] != site.numbers[1] || __builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product < limit && product > -limit ? std::optional(product) : std::nullopt;
}
Int128 DecimalMultiply(const CallSite& site, Int128 a, Int128 b) {
  auto plain = PlainProduct(site, a, b);
  return plain ? *plain : Decimal<ExactProduct>(site, a, b);
}
std::optional<Int128> TryDecimalMultiply(const CallSite& site, Int128 a, Int128 b) {
  auto plain = PlainProduct(site, a, b);
  return plain ? plain : TryDecimal<ExactProduct>(site, a, b);
}

Int128 WidenedDecimal(int64_t value) { return value; }
Int128 WidenedDecimal(duckdb::hugeint_t value) { return ToInt128(value); }

// spark_decimal_product(a, b): of p1 + p2 < 38 digits, so that it always exists: DECIMAL(p1 + p2 + 1, s1 + s2).
struct AlwaysFits {
  static Int128 Multiply(const CallSite&, Int128 a, Int128 b) { return a * b; }
};
// spark_decimal_multiply(a, b, precision, scale, span): rounded to its scale, an error where it does not fit.
struct MayOverflow {
  static Int128 Multiply(const CallSite& site, Int128 a, Int128 b) { return DecimalMultiply(site, a, b); }
};

template <typename Op, typename A, typename B>
void RunProduct(duckdb::DataChunk& args, duckdb::ExpressionState& state, duckdb::Vector& result) {
  const CallSite& site = state.expr.Cast<duckdb::BoundFunctionExpression>().bind_info->Cast<BoundSite>().site;
  duckdb::BinaryExecutor::Execute<A, B, duckdb::hugeint_t>(
      args.data[0], args.data[1], result, args.size(), [&](const A& a, const B& b) {
        return FromInt128(Op::Multiply(site, WidenedDecimal(a), WidenedDecimal(b)));
      });
}
// Decimals of up to 18 digits are multiplied as the 64-bit integers they are.
template <typename Op>
RunFunction ProductOf(bool narrow_left, bool narrow_right) {
  using Wide = duckdb::hugeint_t;
  if (narrow_left) return narrow_right ? RunProduct<Op, int64_t, int64_t> : RunProduct<Op, int64_t, Wide>;
  return narrow_right ? RunProduct<Op, Wide, int64_t> : RunProduct<Op, Wide, Wide>;
}

duckdb::unique_ptr<duckdb::FunctionData> BindProduct(duckdb::ClientContext& context, duckdb::ScalarFunction& function,
                                                     duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& args) {
  auto bound = duckdb::make_uniq<BoundSite>();
  CallSite& site = bound->site;
  std::array<bool, 2> narrow{};
  int digits = 1;
  for (size_t i = 0; i < 2; ++i) {
    const duckdb::LogicalType& type = args[i]->return_type;
    CHECK(type.id() == duckdb::LogicalTypeId::DECIMAL);
    auto width = duckdb::DecimalType::GetWidth(type);
    site.scales[i] = duckdb::DecimalType::GetScale(type);
    digits += width;
    narrow[i] = width <= duckdb::Decimal::MAX_WIDTH_INT64;
    bool stored_so = type.InternalType() == (narrow[i] ? duckdb::PhysicalType::INT64 : duckdb::PhysicalType::INT128);
    function.arguments[i] = stored_so ? type : duckdb::LogicalType::DECIMAL(narrow[i] ? 18 : 38, site.scales[i]);
  }
  bool checked = args.size() > 2;
  site.numbers = {digits, site.scales[0] + site.scales[1]};
  if (checked) {
    auto number = [&](size_t i) { return duckdb::ExpressionExecutor::EvaluateScalar(context, *args[i]).GetValue<int64_t>(); };
    site.numbers = {number(2), number(3)};
    if (number(5) > 0) site.span = SourceSpan{static_cast<uint32_t>(number(4)), static_cast<uint32_t>(number(5))};
    while (args.size() > 2) duckdb::Function::EraseArgument(function, args, args.size() - 1);
  }
  CHECK(site.numbers[0] <= 38) << "a product of " << site.numbers[0] << " digits";
  function.SetReturnType(
      duckdb::LogicalType::DECIMAL(static_cast<uint8_t>(site.numbers[0]), static_cast<uint8_t>(site.numbers[1])));
  function.SetFunctionCallback(checked ? ProductOf<MayOverflow>(narrow[0], narrow[1])
                                       : ProductOf<AlwaysFits>(narrow[0], narrow[1]));
  return bound;
}

void AddProducts(Registrar& registrar) {
  duckdb::LogicalType any(duckdb::LogicalTypeId::DECIMAL), number = duckdb::LogicalType::BIGINT;
  registrar.Add(duckdb::ScalarFunction("spark_decimal_product", {any, any}, any, ProductOf<AlwaysFits>(false, false), BindProduct));
  duckdb::ScalarFunction checked("spark_decimal_multiply", {any, any, number, number, number, number}, any,
                                 ProductOf<MayOverflow>(false, false), BindProduct);
  checked.SetFallible();
  registrar.Add(std::move(checked));
  registrar.Add("spark_try_decimal_multiply", "mm|kkS:m", Bind<TryDecimalMultiply>);
}

std::optional<Int128> TryDecimalDivide(const CallSite& site, Int128 a, Int128 b) {
  if (b == 0) return std::nullopt;
  return Fitted(site, Quotient(a, site.scales[0], b, site.scales[1], static_cast<int>(site.numbers[1])));
}
Int128 DecimalDivide(const CallSite& site, Int128 a, Int128 b) {
  if (b == 0) FailDivide(site);
  int scale = static_cast<int>(site.numbers[1]);
  WideInteger quotient = Quotient(a, site.scales[0], b, site.scales[1], scale);
  auto fitted = Fitted(site, quotient);
  if (!fitted) FailPrecision(site, PlainText(quotient, scale));
  return *fitted;
}

// Both at the same scale, then the remainder of integers.
Int128 DecimalRest(const CallSite& site, Int128 a, Int128 b, bool positive) {
  int scale = std::max(site.scales[0], site.scales[1]);
  WideInteger wide_a = Rescale(a, site.scales[0], scale), wide_b = Rescale(b, site.scales[1], scale);
  auto small_a = wide_a.ToInt128(), small_b = wide_b.ToInt128();
  if (!small_a || !small_b) {
    // One of them has more than 38 digits at the common scale.
    if (!small_b) return Rescale(a, site.scales[0], static_cast<int>(site.numbers[1])).ToInt128().value_or(0);
    UInt128 rest;
    wide_a.DividedBy(static_cast<UInt128>(*small_b < 0 ? -*small_b : *small_b), rest);
    Int128 signed_rest = a < 0 ? -static_cast<Int128>(rest) : static_cast<Int128>(rest);
    return positive && signed_rest < 0 ? (signed_rest + *small_b) % *small_b : signed_rest;
  }
  Int128 rest = *small_a % *small_b;
  return positive && rest < 0 ? (rest + *small_b) % *small_b : rest;
}
template <bool Positive>
std::optional<Int128> TryDecimalModulo(const CallSite& site, Int128 a, Int128 b) {
  if (b == 0) return std::nullopt;
  int scale = std::max(site.scales[0], site.scales[1]);
  return Fitted(site, Rescale(DecimalRest(site, a, b, Positive), scale, static_cast<int>(site.numbers[1])));
}
template <bool Positive>
Int128 DecimalModulo(const CallSite& site, Int128 a, Int128 b) {
  if (b == 0) FailRemainder(site);
  auto out = TryDecimalModulo<Positive>(site, a, b);
  if (!out) FailPrecision(site, "remainder");
  return *out;
}

std::optional<int64_t> TryDecimalDiv(const CallSite& site, Int128 a, Int128 b) {
  if (b == 0) return std::nullopt;
  int shift = site.scales[1] - site.scales[0];
  WideInteger numerator = WideInteger::From(a), quotient;
  UInt128 rest;
  UInt128 divisor = static_cast<UInt128>(b < 0 ? -b : b);
  if (shift >= 0) {
    quotient = numerator.TimesPowerOfTen(shift)->DividedBy(divisor, rest);
  } else {
    // a / (b * 10^k), truncated: dividing by each in turn truncates alike.
    quotient = numerator.DividedBy(divisor, rest).DividedBy(static_cast<UInt128>(PowerOfTen(-shift)), rest);
  }
  quotient.negative = (a < 0) != (b < 0);
  auto small = quotient.ToInt128();
  return small ? std::optional(static_cast<int64_t>(*small)) : std::nullopt;
}
int64_t DecimalDiv(const CallSite& site, Int128 a, Int128 b) {
  if (b == 0) FailDivide(site);
  auto out = TryDecimalDiv(site, a, b);
  if (!out) FailOverflow(site, "Overflow in integral divide", "try_divide");
  return *out;
}

// ---- sums ---------------------------------------------------------------------------------------

std::optional<int64_t> TrySumToBigint(const CallSite&, Int128 sum) {
  if (sum < INT64_MIN || sum > INT64_MAX) return std::nullopt;
  return static_cast<int64_t>(sum);
}
int64_t SumToBigint(const CallSite& site, Int128 sum) {
  auto out = TrySumToBigint(site, sum);
  if (!out) FailOverflow(site, "overflow", "try_add");
  return *out;
}
int64_t WrapSumToBigint(const CallSite&, Int128 sum) { return static_cast<int64_t>(sum); }
std::optional<Int128> TryCheckSum(const CallSite& site, Int128 sum) { return Fitted(site, WideInteger::From(sum)); }
Int128 CheckSum(const CallSite& site, Int128 sum) {
  auto out = TryCheckSum(site, sum);
  if (!out) FailPrecision(site, PlainText(WideInteger::From(sum), site.scales[0]));
  return *out;
}

// ---- intervals ----------------------------------------------------------------------------------

[[noreturn]] void FailInterval(const CallSite& site, std::string_view alternative) {
  if (alternative.empty()) {
    Fail("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION", "22015", "Integer overflow while operating with intervals.",
         {}, site.span);
  }
  std::string function = "`" + std::string(alternative) + "`";
  Fail("INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION", "22015",
       "Integer overflow while operating with intervals. Use " + function +
           " to tolerate overflow and return NULL instead.",
       {{"functionName", function}}, site.span);
}

template <typename Op, typename T>
T AddInterval(const CallSite& site, T a, T b) {
  T out;
  if (Op::Overflows(a, b, &out)) FailInterval(site, Op::kTry);
  return out;
}

// Rounded half up to whole months or microseconds.
template <typename T>
T ToUnits(const CallSite& site, double value) {
  double rounded = std::round(value);
  if (!(rounded >= static_cast<double>(std::numeric_limits<T>::min()) &&
        rounded <= static_cast<double>(std::numeric_limits<T>::max()))) {
    FailInterval(site, "");
  }
  return static_cast<T>(rounded);
}
template <typename T>
T ScaleByDouble(const CallSite& site, T interval, double by) {
  return ToUnits<T>(site, static_cast<double>(interval) * by);
}
template <typename T>
T ScaleByLong(const CallSite& site, T interval, int64_t by) {
  Int128 product = static_cast<Int128>(interval) * by;
  if (product < std::numeric_limits<T>::min() || product > std::numeric_limits<T>::max()) FailInterval(site, "try_multiply");
  return static_cast<T>(product);
}
template <typename T>
T Narrow(const CallSite& site, const WideInteger& value) {
  auto small = value.ToInt128();
  if (!small || *small < std::numeric_limits<T>::min() || *small > std::numeric_limits<T>::max()) FailInterval(site, "");
  return static_cast<T>(*small);
}
template <typename T>
T ScaleByDecimal(const CallSite& site, T interval, Int128 by) {
  return Narrow<T>(site, WideInteger::Product(interval, by).DividedByPowerOfTen(static_cast<int>(site.numbers[0])));
}
[[noreturn]] void FailIntervalDivide(const CallSite& site) {
  Fail("INTERVAL_DIVIDED_BY_ZERO", "22012",
       "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead.", {}, site.span);
}
template <typename T>
T DivideByDouble(const CallSite& site, T interval, double by) {
  if (by == 0) FailIntervalDivide(site);
  return ToUnits<T>(site, static_cast<double>(interval) / by);
}
template <typename T>
T DivideByDecimal(const CallSite& site, T interval, Int128 by) {
  if (by == 0) FailIntervalDivide(site);
  return Narrow<T>(site, Quotient(interval, 0, by, static_cast<int>(site.numbers[0]), 0));
}
template <typename T>
T DivideByLong(const CallSite& site, T interval, int64_t by) {
  if (by == 0) FailIntervalDivide(site);
  return Narrow<T>(site, Quotient(interval, 0, by, 0, 0));
}

template <typename T>
void AddInteger(Registrar& registrar, const std::string& letter) {
  std::string two = letter + letter;
  auto add = [&](const std::string& name, RunFunction checked, RunFunction lenient,
                 RunFunction wrapped) {
    registrar.Add("spark_" + name, two + "|S:" + letter, checked, Throws::kYes);
    registrar.Add("spark_try_" + name, two + ":" + letter, lenient);
    registrar.Add("spark_wrap_" + name, two + ":" + letter, wrapped);
  };
  add("add", Bind<Checked<AddOp, T>>, Bind<OrNull<AddOp, T>>, Bind<Wrapped<AddOp, T>>);
  add("subtract", Bind<Checked<SubtractOp, T>>, Bind<OrNull<SubtractOp, T>>, Bind<Wrapped<SubtractOp, T>>);
  add("multiply", Bind<Checked<MultiplyOp, T>>, Bind<OrNull<MultiplyOp, T>>, Bind<Wrapped<MultiplyOp, T>>);
  registrar.Add("spark_negative", letter + ":" + letter, Bind<Negative<T>>, Throws::kYes);
  registrar.Add("spark_wrap_negative", letter + ":" + letter, Bind<WrapNegative<T>>);
  registrar.Add("spark_abs", letter + ":" + letter, Bind<Abs<T>>, Throws::kYes);
  registrar.Add("spark_wrap_abs", letter + ":" + letter, Bind<WrapAbs<T>>);
  registrar.Add("spark_bit_get", letter + "i|S:t", Bind<BitGet<T>>, Throws::kYes);
}

// The remainder where the divisor is the same number in all rows: nearly always.
template <typename T, T (*Op)(T, T)>
void RunModulo(duckdb::DataChunk& args, duckdb::ExpressionState& state, duckdb::Vector& result) {
  duckdb::Vector& divisors = args.data[1];
  bool constant = divisors.GetVectorType() == duckdb::VectorType::CONSTANT_VECTOR && !duckdb::ConstantVector::IsNull(divisors) &&
                  !args.AllConstant();
  T divisor = constant ? *duckdb::ConstantVector::GetData<T>(divisors) : T{0};
  // pmod by a negative number does more than to add it to what is negative.
  constexpr bool kPositive = Op == PositiveModulo<T>;
  if (!FixedDivisor::Takes(divisor) || (kPositive && divisor < 0)) {
    Bind<CheckedModulo<T, Op>>(args, state, result);
    return;
  }
  duckdb::UnifiedVectorFormat dividends;
  args.data[0].ToUnifiedFormat(args.size(), dividends);
  const auto* values = duckdb::UnifiedVectorFormat::GetData<T>(dividends);
  result.SetVectorType(duckdb::VectorType::FLAT_VECTOR);
  T* out = duckdb::FlatVector::GetData<T>(result);
  // What stands where there is NULL has a remainder too: nothing is asked of each row.
  auto for_each = [&](auto of_row) {
    if (const auto* selected = dividends.sel->data()) {
      for (duckdb::idx_t row = 0; row < args.size(); ++row) of_row(row, values[selected[row]]);
    } else {
      for (duckdb::idx_t row = 0; row < args.size(); ++row) of_row(row, values[row]);
    }
  };
  const FixedDivisor by(divisor);
  uint64_t bits = 0;
  for_each([&](duckdb::idx_t, T value) { bits |= static_cast<uint64_t>(static_cast<int64_t>(value)); });
  if (by.IsShort() && bits <= FixedDivisor::kShort) {
    for_each([&](duckdb::idx_t row, T value) { out[row] = static_cast<T>(by.ShortRemainder(static_cast<uint64_t>(value))); });
  } else {
    for_each([&](duckdb::idx_t row, T value) {
      T rest = static_cast<T>(by.Remainder(value));
      out[row] = kPositive && rest < 0 ? static_cast<T>(rest + divisor) : rest;
    });
  }
  for (duckdb::idx_t row = 0; row < args.size() && !dividends.validity.AllValid(); ++row) {
    if (!dividends.validity.RowIsValid(dividends.sel->get_index(row))) duckdb::FlatVector::SetNull(result, row, true);
  }
}

template <typename T, T (*Op)(T, T)>
RunFunction ModuloOf() {
  if constexpr (std::is_floating_point_v<T>) return Bind<CheckedModulo<T, Op>>;
  else return RunModulo<T, Op>;
}

template <typename T>
void AddModulo(Registrar& registrar, const std::string& letter) {
  std::string two = letter + letter;
  registrar.Add("spark_remainder", two + "|S:" + letter, ModuloOf<T, Modulo<T>>(), Throws::kByZero);
  registrar.Add("spark_pmod", two + "|S:" + letter, ModuloOf<T, PositiveModulo<T>>(), Throws::kByZero);
  for (const char* mode : {"spark_try_", "spark_wrap_"}) {
    registrar.Add(std::string(mode) + "remainder", two + ":" + letter, Bind<TryModulo<T, Modulo<T>>>);
    registrar.Add(std::string(mode) + "pmod", two + ":" + letter, Bind<TryModulo<T, PositiveModulo<T>>>);
  }
}

template <typename T>
void AddIntervals(Registrar& registrar, const std::string& unit, const std::string& letter) {
  registrar.Add("spark_interval_add", letter + letter + "|S:" + letter, Bind<AddInterval<AddOp, T>>, Throws::kYes);
  registrar.Add("spark_interval_subtract", letter + letter + "|S:" + letter, Bind<AddInterval<SubtractOp, T>>,
                Throws::kYes);
  for (const char* mode : {"spark_try_interval_", "spark_wrap_interval_"}) {
    registrar.Add(std::string(mode) + "add", letter + letter + ":" + letter, Bind<OrNull<AddOp, T>>);
    registrar.Add(std::string(mode) + "subtract", letter + letter + ":" + letter, Bind<OrNull<SubtractOp, T>>);
  }
  std::string name = "spark_" + unit;
  registrar.Add(name + "_multiply", letter + "d|S:" + letter, Bind<ScaleByDouble<T>>, Throws::kYes);
  registrar.Add(name + "_multiply", letter + "l|S:" + letter, Bind<ScaleByLong<T>>, Throws::kYes);
  registrar.Add(name + "_multiply_decimal", letter + "m|kS:" + letter, Bind<ScaleByDecimal<T>>, Throws::kYes);
  registrar.Add(name + "_divide", letter + "d|S:" + letter, Bind<DivideByDouble<T>>, Throws::kYes);
  registrar.Add(name + "_divide", letter + "l|S:" + letter, Bind<DivideByLong<T>>, Throws::kYes);
  registrar.Add(name + "_divide_decimal", letter + "m|kS:" + letter, Bind<DivideByDecimal<T>>, Throws::kYes);
}

void AddDecimals(Registrar& registrar) {
  auto add = [&](const std::string& name, RunFunction checked, RunFunction lenient) {
    registrar.Add("spark_decimal_" + name, "mm|kkS:m", checked, Throws::kYes);
    registrar.Add("spark_try_decimal_" + name, "mm|kkS:m", lenient);
  };
  add("add", Bind<Decimal<ExactSum>>, Bind<TryDecimal<ExactSum>>);
  add("subtract", Bind<Decimal<ExactDifference>>, Bind<TryDecimal<ExactDifference>>);
  AddProducts(registrar);
  add("divide", Bind<DecimalDivide>, Bind<TryDecimalDivide>);
  add("remainder", Bind<DecimalModulo<false>>, Bind<TryDecimalModulo<false>>);
  add("pmod", Bind<DecimalModulo<true>>, Bind<TryDecimalModulo<true>>);
  registrar.Add("spark_decimal_div", "mm|S:l", Bind<DecimalDiv>, Throws::kYes);
  registrar.Add("spark_try_decimal_div", "mm|S:l", Bind<TryDecimalDiv>);
  registrar.Add("spark_check_sum", "m|kkS:m", Bind<CheckSum>, Throws::kYes);
  registrar.Add("spark_try_check_sum", "m|kkS:m", Bind<TryCheckSum>);
}

}  // namespace

void RegisterArithmetic(Registrar& registrar) {
  AddInteger<int8_t>(registrar, "t");
  AddInteger<int16_t>(registrar, "h");
  AddInteger<int32_t>(registrar, "i");
  AddInteger<int64_t>(registrar, "l");
  AddModulo<int8_t>(registrar, "t");
  AddModulo<int16_t>(registrar, "h");
  AddModulo<int32_t>(registrar, "i");
  AddModulo<int64_t>(registrar, "l");
  AddModulo<float>(registrar, "f");
  AddModulo<double>(registrar, "d");
  AddIntervals<int32_t>(registrar, "months", "i");
  AddIntervals<int64_t>(registrar, "micros", "l");
  AddDecimals(registrar);
  registrar.Add("spark_divide", "dd|S:d", Bind<Divide>, Throws::kByZero);
  registrar.Add("spark_try_divide", "dd:d", Bind<TryDivide>);
  registrar.Add("spark_wrap_divide", "dd:d", Bind<TryDivide>);
  registrar.Add("spark_div", "ll|S:l", Bind<Div>, Throws::kYes);
  registrar.Add("spark_try_div", "ll:l", Bind<WrapDiv>);
  registrar.Add("spark_wrap_div", "ll:l", Bind<WrapDiv>);
  registrar.Add("spark_sum_to_bigint", "g:l", Bind<SumToBigint>, Throws::kYes);
  registrar.Add("spark_try_sum_to_bigint", "g:l", Bind<TrySumToBigint>);
  registrar.Add("spark_wrap_sum_to_bigint", "g:l", Bind<WrapSumToBigint>);
  registrar.Add("spark_shiftleft", "ii:i", Bind<ShiftLeft<int32_t>>);
  registrar.Add("spark_shiftleft", "li:l", Bind<ShiftLeft<int64_t>>);
  registrar.Add("spark_shiftright", "ii:i", Bind<ShiftRight<int32_t>>);
  registrar.Add("spark_shiftright", "li:l", Bind<ShiftRight<int64_t>>);
  registrar.Add("spark_shiftrightunsigned", "ii:i", Bind<ShiftRightUnsigned<int32_t>>);
  registrar.Add("spark_shiftrightunsigned", "li:l", Bind<ShiftRightUnsigned<int64_t>>);
  registrar.Add("spark_bit_count", "l:i", Bind<BitCount>);
}

}  // namespace ashlar::engine
