// Mathematical functions.
#include <array>

#include "functions/function_row.h"
#include "sql/analyze/errors.h"

namespace ashlar::functions {
namespace {

using sql::ResolvedFunction;

// The decimal a decimal rounded to `digits` needs: one more digit before the point.
DataType RoundedDecimal(const DataType& type, int64_t digits) {
  int integral = type.precision() - type.scale() + 1;
  if (digits < 0) return DataType::Decimal(std::min<int>(38, std::max<int64_t>(integral, 1 - digits)), 0);
  int scale = static_cast<int>(std::min<int64_t>(type.scale(), digits));
  return DataType::Decimal(std::min(38, integral + scale), scale);
}

// round, bround, ceil and floor to a number of digits; the mode is the function's name.
Result<ResolvedFunction> RoundTo(const Call& call, std::string_view mode, DataType type) {
  DataType digits_type = TypeId::kInt;
  if (call.size() > 1) {
    if (call.args[1].constant == nullptr) return call.NonFoldable(1, "scale");
    if (!sql::CanImplicitlyCast(call.type(1), digits_type, call.ansi())) return call.Unexpected(1, "\"INT\"");
  }
  int64_t digits = call.ConstantInt(1).value_or(0);
  std::vector<DataType> types = {type};
  DataType result = type;
  std::string function = "spark_" + std::string(mode), places = std::to_string(digits);
  std::string lowering = function + "({0}, " + places + (type.IsIntegral() ? ", {span})" : ")");
  if (type.Is(TypeId::kDecimal)) {
    result = RoundedDecimal(type, digits);
    lowering = "CAST(" + function + "_decimal({0}, {p}, {s}, " + places + ", {span}) AS {type})";
  }
  if (call.size() > 1 && call.args[1].constant->is_null()) lowering = "CAST(NULL AS {type})";
  if (call.size() > 1) types.push_back(digits_type);
  auto out = call.Make(result, types, lowering);
  out.can_throw = !type.IsFractional();
  out.nullable = true;
  if (call.size() < 2) {
    out.added_arguments.push_back(Value::Int(0));
    out.argument_types.push_back(digits_type);
  }
  return out;
}

Result<ResolvedFunction> Round(const Call& call) {
  DataType type = call.type(0);
  if (type.Is(TypeId::kNull) || type.Is(TypeId::kString)) type = TypeId::kDouble;
  if (!type.IsNumeric()) return call.Unexpected(0, "\"NUMERIC\"");
  return RoundTo(call, call.name, type);
}

Result<ResolvedFunction> CeilOrFloor(const Call& call) {
  std::string_view mode = call.name == "floor" ? "floor" : "ceil";
  DataType type = call.type(0);
  if (type.Is(TypeId::kNull) || type.Is(TypeId::kString)) type = TypeId::kDouble;
  if (!type.IsNumeric()) return call.Unexpected(0, R"(("DOUBLE" or "DECIMAL" or "BIGINT"))");
  if (call.size() == 2) {
    if (type.IsIntegral()) type = sql::DecimalForIntegral(type.id());
    if (type.IsFractional()) type = DataType::Decimal(30, 15);
    return RoundTo(call, mode, type);
  }
  ResolvedFunction out;
  if (type.Is(TypeId::kDecimal)) {
    DataType result = DataType::Decimal(std::min(38, type.precision() - type.scale() + 1), 0);
    out = call.Make(result, {type}, "CAST(spark_" + std::string(mode) + "_decimal({0}, {p}, {s}, 0, {span}) AS {type})");
  } else if (type.IsIntegral()) {
    out = call.Make(TypeId::kLong, {DataType(TypeId::kLong)}, "{0}");
  } else {
    out = call.Make(TypeId::kLong, {DataType(TypeId::kDouble)}, "spark_" + std::string(mode) + "({0})");
  }
  out.nullable = true;
  if (call.name != "ceiling") out.name = mode == "ceil" ? "CEIL" : "FLOOR";
  return out;
}

// sign of numbers and intervals: a double.
Result<ResolvedFunction> Sign(const Call& call) {
  if (call.type(0).IsInterval()) {
    auto interval = call.Make(TypeId::kDouble, {call.type(0)}, "CAST(sign({0}) AS DOUBLE)");
    interval.nullable = true;
    return interval;
  }
  if (!sql::CanImplicitlyCast(call.type(0), TypeId::kDouble, call.ansi())) {
    return call.Unexpected(0, R"(("DOUBLE" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH"))");
  }
  auto out = call.Make(TypeId::kDouble, {DataType(TypeId::kDouble)}, "spark_signum({0})");
  out.nullable = true;
  return out;
}

Result<ResolvedFunction> Log(const Call& call) {
  for (size_t i = 0; i < call.size(); ++i) {
    if (!sql::CanImplicitlyCast(call.type(i), TypeId::kDouble, call.ansi())) return call.Unexpected(i, "\"DOUBLE\"");
  }
  std::vector<DataType> types(call.size(), TypeId::kDouble);
  auto out = call.Make(TypeId::kDouble, types, call.size() == 1 ? "spark_ln({0})" : "spark_log({0}, {1})");
  out.nullable = true;
  return out;
}

Result<ResolvedFunction> RandomRow(const Call& call) {
  if (call.size() > 0 && call.args[0].constant == nullptr) return call.NonFoldable(0, "seed");
  bool normal = call.name == "randn";
  std::string lowering = normal ? "spark_randn(random(), random())" : "random()";
  if (call.size() > 0) {
    bool null = call.args[0].constant->is_null();
    if (!null && !call.type(0).IsIntegral()) return call.Unexpected(0, R"(("INT" or "BIGINT"))");
    lowering = std::string(normal ? "spark_randn_from(" : "spark_rand(") + std::to_string(call.ConstantInt(0).value_or(0)) + ")";
  }
  auto out = call.Make(TypeId::kDouble, call.Types(), lowering);
  out.nullable = false;
  out.deterministic = false;
  return out;
}

constexpr std::array kMathRows = {
    FunctionRow{"round bround", "any, any?", "", "", "", Round},
    FunctionRow{"ceil ceiling floor", "any, any?", "", "", "", CeilOrFloor},
    FunctionRow{"sign signum=SIGNUM", "any", "", "", "", Sign},
    FunctionRow{"sqrt=SQRT", "double", "double", "spark_sqrt({0})", "n"},
    FunctionRow{"cbrt=CBRT", "double", "double", "spark_cbrt({0})", "n"},
    FunctionRow{"exp=EXP", "double", "double", "spark_exp({0})", "n"},
    FunctionRow{"expm1=EXPM1", "double", "double", "spark_expm1({0})", "n"},
    FunctionRow{"ln", "double", "double", "spark_ln({0})", "n"},
    FunctionRow{"log=LOG", "any, any?", "", "", "", Log},
    FunctionRow{"log2=LOG2", "double", "double", "spark_log2({0})", "n"},
    FunctionRow{"log10=LOG10", "double", "double", "spark_log10({0})", "n"},
    FunctionRow{"log1p=LOG1P", "double", "double", "spark_log1p({0})", "n"},
    FunctionRow{"pow power=POWER", "double, double", "double", "spark_pow({0}, {1})"},
    FunctionRow{"sin=SIN", "double", "double", "spark_sin({0})", "n"},
    FunctionRow{"cos=COS", "double", "double", "spark_cos({0})", "n"},
    FunctionRow{"tan=TAN", "double", "double", "spark_tan({0})", "n"},
    FunctionRow{"asin=ASIN", "double", "double", "spark_asin({0})", "n"},
    FunctionRow{"acos=ACOS", "double", "double", "spark_acos({0})", "n"},
    FunctionRow{"atan=ATAN", "double", "double", "spark_atan({0})", "n"},
    FunctionRow{"atan2=ATAN2", "double, double", "double", "spark_atan2({0}, {1})"},
    FunctionRow{"sinh=SINH", "double", "double", "spark_sinh({0})", "n"},
    FunctionRow{"cosh=COSH", "double", "double", "spark_cosh({0})", "n"},
    FunctionRow{"tanh=TANH", "double", "double", "spark_tanh({0})", "n"},
    FunctionRow{"asinh=ASINH", "double", "double", "spark_asinh({0})", "n"},
    FunctionRow{"acosh=ACOSH", "double", "double", "spark_acosh({0})", "n"},
    FunctionRow{"atanh=ATANH", "double", "double", "spark_atanh({0})", "n"},
    FunctionRow{"cot=COT", "double", "double", "spark_cot({0})", "n"},
    FunctionRow{"sec=SEC", "double", "double", "spark_sec({0})", "n"},
    FunctionRow{"csc=CSC", "double", "double", "spark_csc({0})", "n"},
    FunctionRow{"degrees=DEGREES", "double", "double", "spark_degrees({0})", "n"},
    FunctionRow{"radians=RADIANS", "double", "double", "spark_radians({0})", "n"},
    FunctionRow{"rint", "double", "double", "spark_rint({0})", "n"},
    FunctionRow{"hypot=HYPOT", "double, double", "double", "spark_hypot({0}, {1})"},
    FunctionRow{"pi=PI", "", "double", "CAST(3.141592653589793 AS DOUBLE)"},
    FunctionRow{"e=E", "", "double", "CAST(2.718281828459045 AS DOUBLE)"},
    FunctionRow{"factorial", "int", "bigint", "spark_factorial({0})", "n"},
    FunctionRow{"conv", "string, int, int", "string", "spark_conv({0}, {1}, {2}, {span})", "nt"},
    FunctionRow{"bin", "bigint", "string", "spark_bin({0})"},
    FunctionRow{"hex", "bigint|binary|string", "string", "spark_hex({0})"},
    FunctionRow{"unhex", "string", "binary", "spark_unhex({0})", "n"},
    FunctionRow{"width_bucket", "double, double, double, bigint", "bigint",
                "spark_width_bucket({0}, {1}, {2}, {3})", "n"},
    FunctionRow{"rand random", "any?", "", "", "", RandomRow},
    FunctionRow{"randn", "any?", "", "", "", RandomRow},
};

}  // namespace

std::span<const FunctionRow> MathFunctions() { return kMathRows; }

}  // namespace ashlar::functions
