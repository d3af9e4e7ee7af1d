// Aggregate functions: moments, covariance, and the averages of decimals and intervals.
#include <cmath>

#include "duckdb/common/types/decimal.hpp"
#include "duckdb/execution/expression_executor.hpp"
#include "duckdb/function/aggregate_function.hpp"
#include "engine/functions/decimal_math.h"
#include "engine/functions/kernel_binding.h"

namespace ashlar::engine {
namespace {

using duckdb::AggregateFinalizeData;
using duckdb::AggregateFunction;
using duckdb::AggregateInputData;
using duckdb::LogicalType;

// ---- moments of one column (Spark's CentralMomentAgg) -------------------------------------------

struct Moments {
  double n;
  double mean;
  double m2;
  double m3;
  double m4;
};

void AddMoment(Moments& s, double x) {
  double n = s.n + 1;
  double delta = x - s.mean;
  double step = delta / n;
  double delta2 = delta * delta, step2 = step * step;
  double m2 = s.m2 + delta * (delta - step);
  double m3 = s.m3 - 3.0 * step * m2 + delta * (delta2 - step2);
  s.m4 += -4.0 * step * m3 - 6.0 * step2 * m2 + delta * (delta * delta2 - step * step2);
  s.m3 = m3;
  s.m2 = m2;
  s.mean += step;
  s.n = n;
}

void MergeMoments(const Moments& from, Moments& to) {
  if (from.n == 0) return;
  if (to.n == 0) {
    to = from;
    return;
  }
  double n1 = to.n, n2 = from.n, n = n1 + n2;
  double delta = from.mean - to.mean;
  double step = delta / n;
  double m2 = to.m2 + from.m2 + delta * step * n1 * n2;
  double m3 = to.m3 + from.m3 + step * step * delta * n1 * n2 * (n1 - n2) +
              3.0 * step * (n1 * from.m2 - n2 * to.m2);
  double m4 = to.m4 + from.m4 + step * step * step * delta * n1 * n2 * (n1 * n1 - n1 * n2 + n2 * n2) +
              6.0 * step * step * (n1 * n1 * from.m2 + n2 * n2 * to.m2) +
              4.0 * step * (n1 * from.m3 - n2 * to.m3);
  to = {n, to.mean + step * n2, m2, m3, m4};
}

std::optional<double> VarPop(const Moments& s) {
  if (s.n == 0) return std::nullopt;
  return s.m2 / s.n;
}
std::optional<double> VarSamp(const Moments& s) {
  if (s.n <= 1) return std::nullopt;
  return s.m2 / (s.n - 1);
}
std::optional<double> StddevPop(const Moments& s) {
  if (s.n == 0) return std::nullopt;
  return std::sqrt(s.m2 / s.n);
}
std::optional<double> StddevSamp(const Moments& s) {
  if (s.n <= 1) return std::nullopt;
  return std::sqrt(s.m2 / (s.n - 1));
}
std::optional<double> Skewness(const Moments& s) {
  if (s.n == 0 || s.m2 == 0) return std::nullopt;
  return std::sqrt(s.n) * s.m3 / std::sqrt(s.m2 * s.m2 * s.m2);
}
std::optional<double> Kurtosis(const Moments& s) {
  if (s.n == 0 || s.m2 == 0) return std::nullopt;
  return s.n * s.m4 / (s.m2 * s.m2) - 3.0;
}

template <std::optional<double> (*Finish)(const Moments&)>
struct MomentOperation {
  template <class State>
  static void Initialize(State& state) { state = {}; }
  template <class Input, class State, class Op>
  static void Operation(State& state, const Input& x, duckdb::AggregateUnaryInput&) { AddMoment(state, x); }
  template <class Input, class State, class Op>
  static void ConstantOperation(State& state, const Input& x, duckdb::AggregateUnaryInput&, duckdb::idx_t count) {
    for (duckdb::idx_t i = 0; i < count; ++i) AddMoment(state, x);
  }
  template <class State, class Op>
  static void Combine(const State& from, State& to, AggregateInputData&) { MergeMoments(from, to); }
  template <class T, class State>
  static void Finalize(State& state, T& target, AggregateFinalizeData& data) {
    auto value = Finish(state);
    if (value) target = *value;
    else data.ReturnNull();
  }
  static bool IgnoreNull() { return true; }
};

// ---- two columns --------------------------------------------------------------------------------

struct Pairs {
  double n;
  double mean_x;
  double mean_y;
  double xy;
  double xx;
  double yy;
};

void AddPair(Pairs& s, double x, double y) {
  double n = s.n + 1;
  double dx = x - s.mean_x, dy = y - s.mean_y;
  double mean_x = s.mean_x + dx / n, mean_y = s.mean_y + dy / n;
  s.xy += dx * (y - mean_y);
  s.xx += dx * (x - mean_x);
  s.yy += dy * (y - mean_y);
  s.mean_x = mean_x;
  s.mean_y = mean_y;
  s.n = n;
}

void MergePairs(const Pairs& from, Pairs& to) {
  if (from.n == 0) return;
  if (to.n == 0) {
    to = from;
    return;
  }
  double n = to.n + from.n;
  double dx = from.mean_x - to.mean_x, dy = from.mean_y - to.mean_y;
  double weight = to.n * from.n / n;
  to.xy += from.xy + dx * dy * weight;
  to.xx += from.xx + dx * dx * weight;
  to.yy += from.yy + dy * dy * weight;
  to.mean_x += dx * from.n / n;
  to.mean_y += dy * from.n / n;
  to.n = n;
}

std::optional<double> Correlation(const Pairs& s) {
  if (s.n <= 1) return std::nullopt;
  return s.xy / std::sqrt(s.xx * s.yy);
}
std::optional<double> CovarPop(const Pairs& s) {
  if (s.n == 0) return std::nullopt;
  return s.xy / s.n;
}
std::optional<double> CovarSamp(const Pairs& s) {
  if (s.n <= 1) return std::nullopt;
  return s.xy / (s.n - 1);
}
// x is the independent variable.
std::optional<double> Slope(const Pairs& s) {
  if (s.n < 2 || s.xx == 0) return std::nullopt;
  return s.xy / s.xx;
}
std::optional<double> Intercept(const Pairs& s) {
  auto slope = Slope(s);
  return slope ? std::optional(s.mean_y - *slope * s.mean_x) : std::nullopt;
}
std::optional<double> R2(const Pairs& s) {
  if (s.n < 2 || s.xx == 0) return std::nullopt;
  if (s.yy == 0) return 1.0;
  return s.xy * s.xy / (s.xx * s.yy);
}
std::optional<double> Sxx(const Pairs& s) {
  if (s.n == 0) return std::nullopt;
  return s.xx;
}
std::optional<double> Sxy(const Pairs& s) {
  if (s.n == 0) return std::nullopt;
  return s.xy;
}

template <std::optional<double> (*Finish)(const Pairs&)>
struct PairOperation {
  template <class State>
  static void Initialize(State& state) { state = {}; }
  template <class A, class B, class State, class Op>
  static void Operation(State& state, const A& x, const B& y, duckdb::AggregateBinaryInput&) { AddPair(state, x, y); }
  template <class State, class Op>
  static void Combine(const State& from, State& to, AggregateInputData&) { MergePairs(from, to); }
  template <class T, class State>
  static void Finalize(State& state, T& target, AggregateFinalizeData& data) {
    auto value = Finish(state);
    if (value) target = *value;
    else data.ReturnNull();
  }
  static bool IgnoreNull() { return true; }
};

template <std::optional<double> (*Finish)(const Moments&)>
void AddMoments(Registrar& registrar, const char* name) {
  auto function = AggregateFunction::UnaryAggregate<Moments, double, double, MomentOperation<Finish>>(
      LogicalType::DOUBLE, LogicalType::DOUBLE);
  function.name = name;
  registrar.Add(std::move(function));
}
template <std::optional<double> (*Finish)(const Pairs&)>
void AddPairs(Registrar& registrar, const char* name) {
  auto function = AggregateFunction::BinaryAggregate<Pairs, double, double, double, PairOperation<Finish>>(
      LogicalType::DOUBLE, LogicalType::DOUBLE, LogicalType::DOUBLE);
  function.name = name;
  registrar.Add(std::move(function));
}

// ---- averages of exact numbers ------------------------------------------------------------------

struct ExactSum {
  duckdb::hugeint_t sum;
  int64_t count;
  bool overflow;
};

// The scales of the argument and of the result, and the result's precision.
struct AverageScales : duckdb::FunctionData {
  int from = 0, to = 0, precision = 38;
  duckdb::unique_ptr<duckdb::FunctionData> Copy() const override {
    auto copy = duckdb::make_uniq<AverageScales>();
    copy->from = from;
    copy->to = to;
    copy->precision = precision;
    return copy;
  }
  bool Equals(const duckdb::FunctionData& other) const override {
    auto& o = other.Cast<AverageScales>();
    return from == o.from && to == o.to && precision == o.precision;
  }
};

void AddExact(ExactSum& state, Int128 value, Int128 times) {
  Int128 product, sum;
  if (__builtin_mul_overflow(value, times, &product) ||
      __builtin_add_overflow(ToInt128(state.sum), product, &sum)) {
    state.overflow = true;
    return;
  }
  state.sum = FromInt128(sum);
}

template <class Input>
Int128 Widened(const Input& value) {
  if constexpr (std::is_same_v<Input, duckdb::hugeint_t>) return ToInt128(value);
  else return value;
}

struct AverageOperation {
  template <class State>
  static void Initialize(State& state) { state = {}; }
  template <class Input, class State, class Op>
  static void Operation(State& state, const Input& value, duckdb::AggregateUnaryInput&) {
    Int128 sum;
    state.overflow |= __builtin_add_overflow(ToInt128(state.sum), Widened(value), &sum);
    state.sum = FromInt128(sum);
    ++state.count;
  }
  template <class Input, class State, class Op>
  static void ConstantOperation(State& state, const Input& value, duckdb::AggregateUnaryInput&, duckdb::idx_t count) {
    AddExact(state, Widened(value), static_cast<Int128>(count));
    state.count += static_cast<int64_t>(count);
  }
  template <class State, class Op>
  static void Combine(const State& from, State& to, AggregateInputData&) {
    AddExact(to, ToInt128(from.sum), 1);
    to.count += from.count;
    to.overflow |= from.overflow;
  }
  static bool IgnoreNull() { return true; }
};

[[noreturn]] void FailAverage(const AverageScales& scales, const std::string& value) {
  std::string precision = std::to_string(scales.precision), scale = std::to_string(scales.to);
  Fail("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "22003",
       "The " + value + " cannot be represented as Decimal(" + precision + ", " + scale + "). If necessary set " +
           kAnsiConfig + " to \"false\" to bypass this error, and return NULL instead.",
       {{"value", value}, {"precision", precision}, {"scale", scale}, {"config", kAnsiConfig}});
}

struct DecimalAverage : AverageOperation {
  template <class T, class State>
  static void Finalize(State& state, T& target, AggregateFinalizeData& data) {
    const auto& scales = data.input.bind_data->template Cast<AverageScales>();
    if (state.count == 0) return data.ReturnNull();
    WideInteger quotient = Quotient(ToInt128(state.sum), scales.from, state.count, 0, scales.to);
    if (state.overflow || !quotient.FitsDigits(scales.precision)) FailAverage(scales, PlainText(quotient, scales.to));
    target = FromInt128(*quotient.ToInt128());
  }
};

struct IntervalAverage : AverageOperation {
  template <class T, class State>
  static void Finalize(State& state, T& target, AggregateFinalizeData& data) {
    if (state.count == 0 || state.overflow) return data.ReturnNull();
    target = static_cast<int64_t>(*Quotient(ToInt128(state.sum), 0, state.count, 0, 0).ToInt128());
  }
};

duckdb::unique_ptr<duckdb::FunctionData> BindDecimalAverage(
    duckdb::ClientContext& context, AggregateFunction& function,
    duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& args) {
  auto scales = duckdb::make_uniq<AverageScales>();
  scales->from = duckdb::DecimalType::GetScale(args[0]->return_type);
  scales->precision = duckdb::ExpressionExecutor::EvaluateScalar(context, *args[1]).GetValue<int32_t>();
  scales->to = duckdb::ExpressionExecutor::EvaluateScalar(context, *args[2]).GetValue<int32_t>();
  bool narrow = duckdb::DecimalType::GetWidth(args[0]->return_type) <= duckdb::Decimal::MAX_WIDTH_INT64;
  if (narrow) {
    // The same state over 64-bit numbers, which are most.
    auto of_narrow = AggregateFunction::UnaryAggregate<ExactSum, int64_t, duckdb::hugeint_t, DecimalAverage>(
        function.arguments[0], function.GetReturnType());
    function.SetStateUpdateCallback(of_narrow.GetStateUpdateCallback());
    function.SetStateSimpleUpdateCallback(of_narrow.GetStateSimpleUpdateCallback());
  }
  function.arguments[0] = LogicalType::DECIMAL(narrow ? 18 : 38, static_cast<uint8_t>(scales->from));
  duckdb::Function::EraseArgument(function, args, 2);
  duckdb::Function::EraseArgument(function, args, 1);
  function.SetReturnType(LogicalType::DECIMAL(38, static_cast<uint8_t>(scales->to)));
  return scales;
}

}  // namespace

void RegisterAggregates(Registrar& registrar) {
  AddMoments<VarPop>(registrar, "spark_var_pop");
  AddMoments<VarSamp>(registrar, "spark_var_samp");
  AddMoments<StddevPop>(registrar, "spark_stddev_pop");
  AddMoments<StddevSamp>(registrar, "spark_stddev_samp");
  AddMoments<Skewness>(registrar, "spark_skewness");
  AddMoments<Kurtosis>(registrar, "spark_kurtosis");
  AddPairs<Correlation>(registrar, "spark_corr");
  AddPairs<CovarPop>(registrar, "spark_covar_pop");
  AddPairs<CovarSamp>(registrar, "spark_covar_samp");
  AddPairs<Slope>(registrar, "spark_regr_slope");
  AddPairs<Intercept>(registrar, "spark_regr_intercept");
  AddPairs<R2>(registrar, "spark_regr_r2");
  AddPairs<Sxx>(registrar, "spark_regr_sxx");
  AddPairs<Sxy>(registrar, "spark_regr_sxy");

  auto average = AggregateFunction::UnaryAggregate<ExactSum, duckdb::hugeint_t, duckdb::hugeint_t, DecimalAverage>(
      LogicalType(duckdb::LogicalTypeId::DECIMAL), LogicalType(duckdb::LogicalTypeId::DECIMAL));
  average.name = "spark_avg_decimal";
  average.arguments.push_back(LogicalType::INTEGER);
  average.arguments.push_back(LogicalType::INTEGER);
  average.SetBindCallback(BindDecimalAverage);
  registrar.Add(std::move(average));
  auto interval = AggregateFunction::UnaryAggregate<ExactSum, int64_t, int64_t, IntervalAverage>(LogicalType::BIGINT,
                                                                                                 LogicalType::BIGINT);
  interval.name = "spark_avg_interval";
  registrar.Add(std::move(interval));
}

}  // namespace ashlar::engine
