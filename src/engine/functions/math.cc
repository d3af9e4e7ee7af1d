// Mathematical functions.
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "engine/functions/decimal_math.h"
#include "engine/functions/kernel_binding.h"
#include "engine/functions/number_text.h"

namespace ashlar::engine {
namespace {

template <double (*F)(double)>
double Apply(const CallSite&, double x) { return F(x); }

// Logarithms are NULL where they do not exist.
template <double (*F)(double)>
std::optional<double> LogOf(const CallSite&, double x) {
  if (x <= 0) return std::nullopt;
  return F(x);
}
std::optional<double> Log1p(const CallSite&, double x) {
  if (x <= -1) return std::nullopt;
  return std::log1p(x);
}
std::optional<double> LogBase(const CallSite&, double base, double x) {
  if (base <= 0 || x <= 0) return std::nullopt;
  return std::log(x) / std::log(base);
}
double Power(const CallSite&, double x, double y) {
  // Java: NaN for ±1 to an infinite power.
  if ((x == 1 || x == -1) && std::isinf(y)) return std::numeric_limits<double>::quiet_NaN();
  return x == 1 && std::isnan(y) ? y : std::pow(x, y);
}
double Atan2(const CallSite&, double y, double x) { return std::atan2(y + 0.0, x + 0.0); }
double Hypot(const CallSite&, double x, double y) { return std::hypot(x, y); }
double Cot(double x) { return 1.0 / std::tan(x); }
double Sec(double x) { return 1.0 / std::cos(x); }
double Csc(double x) { return 1.0 / std::sin(x); }
double Degrees(double x) { return x * (180.0 / M_PI); }
double Radians(double x) { return x / 180.0 * M_PI; }
double Signum(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; }
double Asinh(double x) { return std::isinf(x) ? x : std::asinh(x); }

int64_t ToLong(double x) {
  if (std::isnan(x)) return 0;
  if (x >= 9223372036854775808.0) return INT64_MAX;
  if (x < -9223372036854775808.0) return INT64_MIN;
  return static_cast<int64_t>(x);
}
int64_t Ceil(const CallSite&, double x) { return ToLong(std::ceil(x)); }
int64_t Floor(const CallSite&, double x) { return ToLong(std::floor(x)); }

std::optional<int64_t> Factorial(const CallSite&, int32_t n) {
  if (n < 0 || n > 20) return std::nullopt;
  int64_t out = 1;
  for (int32_t i = 2; i <= n; ++i) out *= i;
  return out;
}

// Box and Muller: two uniform numbers make a normal one.
double Normal(const CallSite&, double a, double b) {
  return std::sqrt(-2.0 * std::log(1.0 - a)) * std::cos(2.0 * M_PI * b);
}

// ---- rounding -----------------------------------------------------------------------------------

enum class Rounding { kHalfUp, kHalfEven, kCeiling, kFloor };

// value / 10^digits rounded, digits > 0.
WideInteger RoundAway(const WideInteger& value, int digits, Rounding mode) {
  if (mode == Rounding::kHalfUp) return value.DividedByPowerOfTen(digits);
  // The digits cut off, as zero, below half, half and above half.
  WideInteger whole = value;
  bool any = false;
  for (int cut = digits - 1; cut > 0;) {
    int step = std::min(cut, 38);
    UInt128 rest;
    whole = whole.DividedBy(static_cast<UInt128>(PowerOfTen(step)), rest);
    any |= rest != 0;
    cut -= step;
  }
  UInt128 last;
  whole = whole.DividedBy(10, last);
  bool up = false;
  switch (mode) {
    case Rounding::kHalfEven: up = last > 5 || (last == 5 && (any || (whole.low & 1))); break;
    case Rounding::kCeiling: up = !value.negative && (last != 0 || any); break;
    case Rounding::kFloor: up = value.negative && (last != 0 || any); break;
    case Rounding::kHalfUp: break;
  }
  if (up && ++whole.low == 0) ++whole.high;
  return whole;
}

[[noreturn]] void FailPrecision(const CallSite& site, const std::string& value) {
  std::string precision = std::to_string(site.numbers[0]), scale = std::to_string(site.numbers[1]);
  Fail("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "22003",
       "The " + value + " cannot be represented as Decimal(" + precision + ", " + scale + "). If necessary set " +
           kAnsiConfig + " to \"false\" to bypass this error, and return NULL instead.",
       {{"value", value}, {"precision", precision}, {"scale", scale}, {"config", kAnsiConfig}}, site.span);
}

// numbers: precision and scale of the result, and the digits to round to.
template <Rounding Mode>
Int128 RoundDecimal(const CallSite& site, Int128 value) {
  int scale = site.scales[0], to = static_cast<int>(site.numbers[2]), result = static_cast<int>(site.numbers[1]);
  WideInteger wide = WideInteger::From(value);
  if (to < scale) {
    wide = RoundAway(wide, std::min(scale - to, 76), Mode);
    scale = to;
  }
  auto out = wide.TimesPowerOfTen(result - scale);
  if (!out || !out->FitsDigits(static_cast<int>(site.numbers[0]))) FailPrecision(site, PlainText(wide, scale));
  return *out->ToInt128();
}

template <typename T, Rounding Mode>
T RoundIntegral(const CallSite& site, T value) {
  int64_t digits = site.numbers[0];
  if (digits >= 0) return value;
  if (digits < -38) return 0;
  WideInteger rounded = RoundAway(WideInteger::From(value), static_cast<int>(-digits), Mode);
  auto out = rounded.TimesPowerOfTen(static_cast<int>(-digits))->ToInt128();
  if (!out || *out > std::numeric_limits<T>::max() || *out < std::numeric_limits<T>::min()) {
    FailOverflow(site, "Overflow", "");
  }
  return static_cast<T>(*out);
}

// Rounds the shortest decimal form, as BigDecimal(value.toString) does.
template <typename T, Rounding Mode>
T RoundFloating(const CallSite& site, T value) {
  int64_t digits = site.numbers[0];
  if (!std::isfinite(value) || digits > 350) return value;
  auto number = ParseDecimal(sizeof(T) == 4 ? FloatText(static_cast<float>(value)) : DoubleText(value));
  if (!number || number->too_large) {
    // More than 38 digits before the point: only a negative count could round it.
    return value;
  }
  if (number->scale <= digits) return value;
  int64_t cut = number->scale - digits;
  if (cut > 76) return std::copysign(T{0}, value);
  WideInteger rounded = RoundAway(number->unscaled, static_cast<int>(cut), Mode);
  std::string text = rounded.Digits() + "e" + std::to_string(-digits);
  double out = std::strtod(text.c_str(), nullptr);
  return out == 0 ? T{0} : static_cast<T>(out);
}

// ---- bases --------------------------------------------------------------------------------------

int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return 99;
}

std::optional<std::string> Conv(const CallSite& site, std::string_view text, int32_t from, int32_t to) {
  int out_base = std::abs(to);
  if (from < 2 || from > 36 || out_base < 2 || out_base > 36) return std::nullopt;
  text = Trim(text);
  if (text.empty()) return std::nullopt;
  bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  uint64_t value = 0;
  for (char c : text) {
    int digit = DigitValue(c);
    if (digit >= from) break;
    if (__builtin_mul_overflow(value, static_cast<uint64_t>(from), &value) ||
        __builtin_add_overflow(value, static_cast<uint64_t>(digit), &value)) {
      FailOverflow(site, "Overflow in function conv()", "");
    }
  }
  if (negative && to > 0) {
    value = static_cast<int64_t>(value) < 0 ? ~uint64_t{0} : 0 - value;
  }
  bool minus = false;
  if (to < 0 && static_cast<int64_t>(value) < 0) {
    value = 0 - value;
    minus = true;
  } else if (to < 0 && negative) {
    minus = true;
  }
  char buffer[72];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), value, out_base);
  return (minus ? "-" : "") + ToUpperAscii(std::string_view(buffer, static_cast<size_t>(end.ptr - buffer)));
}

std::string Bin(const CallSite&, int64_t value) {
  char buffer[72];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), static_cast<uint64_t>(value), 2);
  return std::string(buffer, end.ptr);
}
std::string HexLong(const CallSite&, int64_t value) {
  char buffer[20];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), static_cast<uint64_t>(value), 16);
  return ToUpperAscii(std::string_view(buffer, static_cast<size_t>(end.ptr - buffer)));
}
std::string HexBytes(const CallSite&, std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (unsigned char c : bytes) {
    out += kDigits[c >> 4];
    out += kDigits[c & 15];
  }
  return out;
}
std::optional<Bytes> Unhex(const CallSite&, std::string_view text) {
  Bytes out;
  size_t i = 0;
  if (text.size() % 2 == 1) {
    int digit = DigitValue(text[i++]);
    if (digit > 15) return std::nullopt;
    out.value += static_cast<char>(digit);
  }
  for (; i < text.size(); i += 2) {
    int high = DigitValue(text[i]), low = DigitValue(text[i + 1]);
    if (high > 15 || low > 15) return std::nullopt;
    out.value += static_cast<char>(high * 16 + low);
  }
  return out;
}

std::optional<int64_t> WidthBucket(const CallSite&, double value, double low, double high, int64_t buckets) {
  bool invalid = buckets <= 0 || buckets == INT64_MAX || std::isnan(value) || low == high || !std::isfinite(low) ||
                 !std::isfinite(high);
  if (invalid) return std::nullopt;
  double lower = std::min(low, high), upper = std::max(low, high);
  if (low < high) {
    if (value < lower) return 0;
    if (value >= upper) return buckets + 1;
    return static_cast<int64_t>(static_cast<double>(buckets) * (value - lower) / (upper - lower)) + 1;
  }
  if (value > upper) return 0;
  if (value <= lower) return buckets + 1;
  return static_cast<int64_t>(static_cast<double>(buckets) * (upper - value) / (upper - lower)) + 1;
}

template <Rounding Mode>
void AddRounding(Registrar& registrar, const std::string& name) {
  registrar.Add("spark_" + name + "_decimal", "m|kkkS:m", Bind<RoundDecimal<Mode>>, Throws::kYes);
  registrar.Add("spark_" + name, "t|kS:t", Bind<RoundIntegral<int8_t, Mode>>, Throws::kYes);
  registrar.Add("spark_" + name, "h|kS:h", Bind<RoundIntegral<int16_t, Mode>>, Throws::kYes);
  registrar.Add("spark_" + name, "i|kS:i", Bind<RoundIntegral<int32_t, Mode>>, Throws::kYes);
  registrar.Add("spark_" + name, "l|kS:l", Bind<RoundIntegral<int64_t, Mode>>, Throws::kYes);
  registrar.Add("spark_" + name, "f|k:f", Bind<RoundFloating<float, Mode>>);
  registrar.Add("spark_" + name, "d|k:d", Bind<RoundFloating<double, Mode>>);
}

}  // namespace

void RegisterMath(Registrar& registrar) {
  auto unary = [&](const char* name, RunFunction run) {
    registrar.Add(std::string("spark_") + name, "d:d", run);
  };
  unary("sqrt", Bind<Apply<std::sqrt>>);
  unary("cbrt", Bind<Apply<std::cbrt>>);
  unary("exp", Bind<Apply<std::exp>>);
  unary("expm1", Bind<Apply<std::expm1>>);
  unary("ln", Bind<LogOf<std::log>>);
  unary("log2", Bind<LogOf<std::log2>>);
  unary("log10", Bind<LogOf<std::log10>>);
  unary("log1p", Bind<Log1p>);
  unary("sin", Bind<Apply<std::sin>>);
  unary("cos", Bind<Apply<std::cos>>);
  unary("tan", Bind<Apply<std::tan>>);
  unary("asin", Bind<Apply<std::asin>>);
  unary("acos", Bind<Apply<std::acos>>);
  unary("atan", Bind<Apply<std::atan>>);
  unary("sinh", Bind<Apply<std::sinh>>);
  unary("cosh", Bind<Apply<std::cosh>>);
  unary("tanh", Bind<Apply<std::tanh>>);
  unary("asinh", Bind<Apply<Asinh>>);
  unary("acosh", Bind<Apply<std::acosh>>);
  unary("atanh", Bind<Apply<std::atanh>>);
  unary("cot", Bind<Apply<Cot>>);
  unary("sec", Bind<Apply<Sec>>);
  unary("csc", Bind<Apply<Csc>>);
  unary("degrees", Bind<Apply<Degrees>>);
  unary("radians", Bind<Apply<Radians>>);
  unary("rint", Bind<Apply<std::nearbyint>>);
  unary("signum", Bind<Apply<Signum>>);
  registrar.Add("spark_ceil", "d:l", Bind<Ceil>);
  registrar.Add("spark_floor", "d:l", Bind<Floor>);
  registrar.Add("spark_log", "dd:d", Bind<LogBase>);
  registrar.Add("spark_pow", "dd:d", Bind<Power>);
  registrar.Add("spark_atan2", "dd:d", Bind<Atan2>);
  registrar.Add("spark_hypot", "dd:d", Bind<Hypot>);
  registrar.Add("spark_randn", "dd:d", Bind<Normal>);
  registrar.Add("spark_factorial", "i:l", Bind<Factorial>);
  registrar.Add("spark_conv", "sii|S:s", Bind<Conv>, Throws::kYes);
  registrar.Add("spark_bin", "l:s", Bind<Bin>);
  registrar.Add("spark_hex", "l:s", Bind<HexLong>);
  registrar.Add("spark_hex", "s:s", Bind<HexBytes>);
  registrar.Add("spark_hex", "B:s", Bind<HexBytes>);
  registrar.Add("spark_unhex", "s:B", Bind<Unhex>);
  registrar.Add("spark_width_bucket", "dddl:l", Bind<WidthBucket>);
  AddRounding<Rounding::kHalfUp>(registrar, "round");
  AddRounding<Rounding::kHalfEven>(registrar, "bround");
  AddRounding<Rounding::kCeiling>(registrar, "ceil");
  AddRounding<Rounding::kFloor>(registrar, "floor");
}

}  // namespace ashlar::engine
