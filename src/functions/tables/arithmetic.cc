// Arithmetic, comparison, bitwise and boolean operators.
#include <array>

#include "functions/function_row.h"
#include "sql/analyze/errors.h"

namespace ashlar::functions {
namespace {

using sql::ResolvedFunction;

constexpr std::string_view kNumericOrInterval =
    R"(("NUMERIC" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH" or "INTERVAL"))";

// What an operator does when the result does not exist.
std::string_view ModePrefix(const Call& call) {
  if (call.name.starts_with("try_")) return "try_";
  return call.ansi() ? "" : "wrap_";
}

// "spark_add(…)" in the variant for the mode.
std::string Lowered(const Call& call, std::string_view function) {
  std::string_view mode = ModePrefix(call);
  return "spark_" + std::string(mode) + std::string(function) + "({0}, {1}" +
         (mode.empty() ? ", {span})" : ")");
}

std::string LoweredDecimal(const Call& call, std::string_view function) {
  return "CAST(spark_" + std::string(ModePrefix(call).empty() ? "" : "try_") + "decimal_" +
         std::string(function) + "({0}, {1}, {p}, {s}, {span}) AS {type})";
}

// An integer literal beside a decimal takes no more digits than it has.
DataType AsDecimal(const Call& call, size_t i) {
  const DataType& type = call.type(i);
  if (type.Is(TypeId::kDecimal)) return type;
  // Of a TINYINT Spark takes the type, not the digits (DecimalType.fromLiteral).
  bool counted = !type.Is(TypeId::kByte);
  if (auto value = counted ? call.ConstantInt(i) : std::nullopt) {
    return DataType::Decimal(static_cast<int>(std::to_string(*value).size()) - (*value < 0 ? 1 : 0), 0);
  }
  return sql::DecimalForIntegral(type.id());
}

struct Operands {
  DataType left;
  DataType right;
};

// The types both sides of a numeric operator are cast to.
Result<Operands> NumericOperands(const Call& call) {
  DataType l = call.type(0), r = call.type(1);
  if (l.Is(TypeId::kNull) && r.Is(TypeId::kNull)) return Operands{TypeId::kDouble, TypeId::kDouble};
  if (l.Is(TypeId::kNull)) l = r;
  if (r.Is(TypeId::kNull)) r = l;
  if (l.Is(TypeId::kString) && r.Is(TypeId::kString) && !call.ansi()) l = r = TypeId::kDouble;
  auto promote = [&](DataType& text, const DataType& other) {
    if (!text.Is(TypeId::kString) || !other.IsNumeric()) return;
    text = call.ansi() && other.IsIntegral() ? TypeId::kLong : TypeId::kDouble;
  };
  promote(l, r);
  promote(r, l);
  if (l.Is(TypeId::kDecimal) && r.IsIntegral()) return Operands{l, AsDecimal(call, 1)};
  if (r.Is(TypeId::kDecimal) && l.IsIntegral()) return Operands{AsDecimal(call, 0), r};
  if (l.Is(TypeId::kDecimal) && r.Is(TypeId::kDecimal)) return Operands{l, r};
  if (l == r) return Operands{l, r};
  auto common = sql::CommonType(l, r, call.ansi());
  if (!common || !common->IsNumeric()) return call.BinaryDiffTypes(l, r);
  return Operands{*common, *common};
}

Error WrongOperandType(const Call& call, const DataType& type, std::string_view required) {
  std::string actual = sql::QuoteType(type);
  return call.Mismatch("BINARY_OP_WRONG_TYPE",
                       "the binary operator requires the input type " + std::string(required) + ", not " +
                           actual + ".",
                       {{"inputType", std::string(required)}, {"actualDataType", actual}});
}

DataType DecimalResult(char op, const DataType& l, const DataType& r) {
  int p1 = l.precision(), s1 = l.scale(), p2 = r.precision(), s2 = r.scale();
  switch (op) {
    case '*': return sql::AdjustedDecimal(p1 + p2 + 1, s1 + s2);
    case '/': {
      int scale = std::max(6, s1 + p2 + 1);
      return sql::AdjustedDecimal(p1 - s1 + s2 + scale, scale);
    }
    case '%': return sql::AdjustedDecimal(std::min(p1 - s1, p2 - s2) + std::max(s1, s2), std::max(s1, s2));
    default: return sql::AdjustedDecimal(std::max(p1 - s1, p2 - s2) + std::max(s1, s2) + 1, std::max(s1, s2));
  }
}

// Native addition where neither the sum nor its digits can be too many.
std::string DecimalSum(const Call& call, std::string_view function, const DataType& l, const DataType& r) {
  int scale = std::max(l.scale(), r.scale());
  int precision = std::max(l.precision() - l.scale(), r.precision() - r.scale()) + scale + 1;
  if (precision > 37) return LoweredDecimal(call, function);
  // Beyond 18 digits DuckDB adds with overflow checks unless its operands are wide already.
  int operand = precision == 19 ? 19 : precision - 1;
  std::string type = "DECIMAL(" + std::to_string(operand) + "," + std::to_string(scale) + ")";
  return "CAST(CAST({0} AS " + type + ") " + (function == "add" ? "+" : "-") + " CAST({1} AS " + type +
         ") AS {type})";
}

Result<ResolvedFunction> AddOrSubtract(const Call& call, char op) {
  ASSIGN_OR_RETURN(auto datetime, ResolveDatetimeArithmetic(call, op));
  if (datetime) return *std::move(datetime);
  std::string_view function = op == '+' ? "add" : "subtract";
  if (call.type(0).Is(TypeId::kYearMonthInterval) || call.type(0).Is(TypeId::kDayTimeInterval)) {
    auto common = sql::CommonType(call.type(0), call.type(1), call.ansi());
    if (!common) return call.BinaryDiffTypes(call.type(0), call.type(1));
    auto out = call.Make(*common, {*common, *common}, Lowered(call, "interval_" + std::string(function)));
    out.can_throw = true;
    return out;
  }
  ASSIGN_OR_RETURN(Operands types, NumericOperands(call));
  if (!types.left.IsNumeric()) return WrongOperandType(call, types.left, kNumericOrInterval);
  if (types.left.Is(TypeId::kDecimal)) {
    DataType type = DecimalResult(op, types.left, types.right);
    auto out = call.Make(type, {types.left, types.right}, DecimalSum(call, function, types.left, types.right));
    out.can_throw = out.lowering.starts_with("CAST(spark_");
    out.nullable = out.nullable || !ModePrefix(call).empty();
    return out;
  }
  bool fractional = types.left.IsFractional();
  auto out = call.Make(types.left, {types.left, types.right},
                       fractional ? std::string("{0} ") + op + " {1}" : Lowered(call, function));
  out.can_throw = !fractional;
  out.nullable = out.nullable || ModePrefix(call) == "try_";
  return out;
}

Result<ResolvedFunction> Add(const Call& call) { return AddOrSubtract(call, '+'); }
Result<ResolvedFunction> Subtract(const Call& call) { return AddOrSubtract(call, '-'); }

ResolvedFunction ScaleCalendarInterval(const Call& call, size_t at, char op) {
  std::vector<DataType> types(2, TypeId::kDouble);
  types[at] = TypeId::kCalendarInterval;
  std::string interval = at == 0 ? "{0}" : "{1}", by = at == 0 ? "{1}" : "{0}";
  std::string lowering = std::string("spark_interval_") + (op == '*' ? "multiply" : "divide") + "(" + interval + ", " + by + ", {span})";
  bool quiet = call.name.starts_with("try_");
  if (quiet && op == '/') lowering = "CASE WHEN " + by + " = 0 THEN NULL ELSE " + lowering + " END";
  auto out = call.Make(TypeId::kCalendarInterval, types, lowering);
  if (!quiet) out.name = op == '*' ? "multiply_interval" : "divide_interval";
  out.nullable = out.can_throw = true;
  return out;
}

// interval * number, number * interval, interval / number.
std::optional<Result<ResolvedFunction>> ScaleInterval(const Call& call, char op) {
  size_t at = call.type(0).IsInterval() ? 0 : 1;
  if (!call.type(at).IsInterval() || (op == '/' && at == 1)) return std::nullopt;
  const DataType& number = call.type(1 - at);
  if (!number.IsNumeric() && !number.Is(TypeId::kString) && !number.Is(TypeId::kNull)) {
    return call.Unexpected(1, "\"NUMERIC\"");
  }
  bool may_fail_quietly = call.name.starts_with("try_");
  if (call.type(at).Is(TypeId::kCalendarInterval)) return ScaleCalendarInterval(call, at, op);
  bool months = call.type(at).Is(TypeId::kYearMonthInterval);
  DataType result = months ? DataType::YearMonthInterval(0, 1) : DataType::DayTimeInterval(0, 3);
  DataType factor = number.Is(TypeId::kDecimal) || number.IsFractional() || number.IsIntegral()
                        ? number
                        : DataType(TypeId::kDouble);
  if (factor.Is(TypeId::kFloat)) factor = TypeId::kDouble;
  if (factor.IsIntegral()) factor = TypeId::kLong;
  std::vector<DataType> types = {result, factor};
  std::string function = std::string(months ? "spark_months_" : "spark_micros_") +
                         (op == '*' ? "multiply" : "divide") + (factor.Is(TypeId::kDecimal) ? "_decimal" : "");
  std::string interval = at == 0 ? "{0}" : "{1}";
  std::string by = at == 0 ? "{1}" : "{0}";
  if (at == 1) std::swap(types[0], types[1]);
  std::string scale = factor.Is(TypeId::kDecimal) ? ", " + std::to_string(factor.scale()) : "";
  if (factor.Is(TypeId::kDecimal)) by = "CAST(" + by + " AS DECIMAL(38," + std::to_string(factor.scale()) + "))";
  std::string lowering = function + "(" + interval + ", " + by + scale + ", {span})";
  if (may_fail_quietly && op == '/') lowering = "CASE WHEN " + by + " = 0 THEN NULL ELSE " + lowering + " END";
  auto out = call.Make(result, types, lowering);
  out.nullable = out.nullable || may_fail_quietly;
  out.can_throw = true;
  return out;
}

Result<ResolvedFunction> Multiply(const Call& call) {
  if (auto scaled = ScaleInterval(call, '*')) return *std::move(scaled);
  ASSIGN_OR_RETURN(Operands types, NumericOperands(call));
  if (!types.left.IsNumeric()) return WrongOperandType(call, types.left, "\"NUMERIC\"");
  if (types.left.Is(TypeId::kDecimal)) {
    int digits = types.left.precision() + types.right.precision();
    DataType type = DecimalResult('*', types.left, types.right);
    bool can_overflow = digits >= 38;
    // Up to 18 digits DuckDB's own 64-bit product holds.
    std::string exact = digits <= 18 ? "CAST({0} * {1} AS {type})" : "spark_decimal_product({0}, {1})";
    auto out = call.Make(type, {types.left, types.right}, can_overflow ? LoweredDecimal(call, "multiply") : exact);
    out.can_throw = can_overflow;
    out.nullable = out.nullable || !ModePrefix(call).empty();
    return out;
  }
  bool fractional = types.left.IsFractional();
  auto out = call.Make(types.left, {types.left, types.right}, fractional ? "{0} * {1}" : Lowered(call, "multiply"));
  out.can_throw = !fractional;
  out.nullable = out.nullable || ModePrefix(call) == "try_";
  return out;
}

Result<ResolvedFunction> Divide(const Call& call) {
  if (auto scaled = ScaleInterval(call, '/')) return *std::move(scaled);
  ASSIGN_OR_RETURN(Operands types, NumericOperands(call));
  if (!types.left.IsNumeric()) return WrongOperandType(call, types.left, R"(("DOUBLE" or "DECIMAL"))");
  bool decimal = types.left.Is(TypeId::kDecimal);
  DataType type = decimal ? DecimalResult('/', types.left, types.right) : DataType(TypeId::kDouble);
  if (!decimal) types = {TypeId::kDouble, TypeId::kDouble};
  std::string lowering = decimal ? LoweredDecimal(call, "divide") : Lowered(call, "divide");
  auto out = call.Make(type, {types.left, types.right}, lowering);
  out.nullable = true;
  out.can_throw = true;
  return out;
}

Result<ResolvedFunction> IntegralDivide(const Call& call) {
  const DataType &l = call.type(0), &r = call.type(1);
  if (l.IsInterval() && l.id() == r.id()) {
    auto out = call.Make(TypeId::kLong, {l, r}, "spark_div(CAST({0} AS BIGINT), CAST({1} AS BIGINT), {span})");
    out.nullable = out.can_throw = true;
    return out;
  }
  auto widened = [](const DataType& type) {
    return type.IsIntegral() || type.Is(TypeId::kNull) || type.Is(TypeId::kString) ? DataType(TypeId::kLong) : type;
  };
  if (l.IsFractional() || r.IsFractional()) {
    if (l.IsFractional() != r.IsFractional()) return call.BinaryDiffTypes(widened(l), widened(r));
    return WrongOperandType(call, l, R"(("BIGINT" or "DECIMAL" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH"))");
  }
  ASSIGN_OR_RETURN(Operands types, NumericOperands(call));
  if (types.left.Is(TypeId::kDecimal)) {
    std::string mode = ModePrefix(call).empty() ? "" : "try_";
    auto out = call.Make(TypeId::kLong, {types.left, types.right},
                         "spark_" + mode + "decimal_div({0}, {1}, {span})");
    out.nullable = out.can_throw = true;
    return out;
  }
  auto out = call.Make(TypeId::kLong, {TypeId::kLong, TypeId::kLong}, Lowered(call, "div"));
  out.nullable = out.can_throw = true;
  return out;
}

Result<ResolvedFunction> Remainder(const Call& call) {
  ASSIGN_OR_RETURN(Operands types, NumericOperands(call));
  if (!types.left.IsNumeric()) return WrongOperandType(call, types.left, "\"NUMERIC\"");
  std::string_view function = call.name == "pmod" ? "pmod" : "remainder";
  bool decimal = types.left.Is(TypeId::kDecimal);
  DataType type = decimal ? DecimalResult('%', types.left, types.right) : types.left;
  std::string lowering = decimal ? LoweredDecimal(call, function) : Lowered(call, function);
  auto out = call.Make(type, {types.left, types.right}, lowering);
  out.nullable = true;
  out.can_throw = decimal || call.ConstantInt(1).value_or(0) == 0;
  return out;
}

Result<ResolvedFunction> Unary(const Call& call, std::string_view function) {
  DataType type = call.type(0);
  if (type.Is(TypeId::kNull) || type.Is(TypeId::kString)) type = TypeId::kDouble;
  if (!type.IsNumeric() && !type.IsInterval()) return call.Unexpected(0, std::string(kNumericOrInterval));
  if (type.Is(TypeId::kCalendarInterval)) {
    if (function == "abs") return call.Unexpected(0, std::string(kNumericOrInterval));
    auto negated = call.Make(type, {type}, "spark_interval_negative({0}, {span})");
    negated.can_throw = true;
    return negated;
  }
  bool native = type.IsFractional() || type.Is(TypeId::kDecimal);
  std::string mode = call.ansi() ? "" : "wrap_";
  std::string lowering = native ? (function == "negative" ? "-{0}" : "abs({0})")
                                : "spark_" + mode + std::string(function) + "({0})";
  auto out = call.Make(type, {type}, lowering);
  out.can_throw = !native;
  return out;
}
Result<ResolvedFunction> Negative(const Call& call) { return Unary(call, "negative"); }
Result<ResolvedFunction> Abs(const Call& call) { return Unary(call, "abs"); }

Result<ResolvedFunction> Positive(const Call& call) {
  DataType type = call.type(0);
  if (type.Is(TypeId::kNull) || type.Is(TypeId::kString)) type = TypeId::kDouble;
  if (!type.IsNumeric() && !type.IsInterval()) return call.Unexpected(0, std::string(kNumericOrInterval));
  return call.Make(type, {type}, "{0}");
}

bool HasMap(const DataType& type) {
  if (type.Is(TypeId::kMap)) return true;
  if (type.Is(TypeId::kArray)) return HasMap(type.element());
  if (!type.Is(TypeId::kStruct)) return false;
  for (const Field& field : type.fields()) {
    if (HasMap(field.type)) return true;
  }
  return false;
}

std::string_view ShownOperator(std::string_view name) { return name == "==" ? "=" : name; }

Result<ResolvedFunction> Compare(const Call& call) {
  DataType l = call.type(0), r = call.type(1);
  std::vector<DataType> types;
  if ((l.Is(TypeId::kDecimal) && r.IsIntegral()) || (r.Is(TypeId::kDecimal) && l.IsIntegral())) {
    types.assign(2, sql::WiderDecimal(AsDecimal(call, 0), AsDecimal(call, 1)));
  } else {
    auto common = sql::ComparisonType(l, r, call.ansi());
    if (!common) return call.BinaryDiffTypes(l, r);
    types.assign(2, *common);
  }
  if (HasMap(types[0]) || types[0].Is(TypeId::kVariant) || types[0].Is(TypeId::kCalendarInterval)) {
    return call.Mismatch("INVALID_ORDERING_TYPE",
                         "The " + QuoteIdentifier(ShownOperator(call.name)) + " does not support ordering on type " +
                             sql::QuoteType(types[0]) + ".",
                         {{"functionName", QuoteIdentifier(ShownOperator(call.name))},
                          {"dataType", sql::QuoteType(types[0])}});
  }
  return call.Make(TypeId::kBoolean, types);
}

Result<ResolvedFunction> Bitwise(const Call& call) {
  DataType l = call.type(0), r = call.type(1);
  if (l.Is(TypeId::kNull)) l = r.Is(TypeId::kNull) ? DataType(TypeId::kInt) : r;
  if (r.Is(TypeId::kNull)) r = l;
  if (l.Is(TypeId::kString) && r.IsIntegral()) l = TypeId::kLong;
  if (r.Is(TypeId::kString) && l.IsIntegral()) r = TypeId::kLong;
  auto common = sql::CommonType(l, r, call.ansi());
  if (!common) return call.BinaryDiffTypes(l, r);
  if (!common->IsIntegral()) return WrongOperandType(call, *common, "\"INTEGRAL\"");
  return call.Make(*common, {*common, *common});
}

Result<ResolvedFunction> Connective(const Call& call) {
  auto fits = [](const DataType& type) {
    return type.Is(TypeId::kBoolean) || type.Is(TypeId::kNull) || type.Is(TypeId::kString);
  };
  const DataType &l = call.type(0), &r = call.type(1);
  if (!fits(l) || !fits(r)) {
    if (l == r) return WrongOperandType(call, l, "\"BOOLEAN\"");
    return call.BinaryDiffTypes(l, r);
  }
  return call.Make(TypeId::kBoolean, {TypeId::kBoolean, TypeId::kBoolean});
}

constexpr std::array kArithmeticRows = {
    FunctionRow{"+ try_add", "any, any", "", "", "", Add},
    FunctionRow{"- try_subtract", "any, any", "", "", "", Subtract},
    FunctionRow{"* try_multiply", "any, any", "", "", "", Multiply},
    FunctionRow{"/ try_divide", "any, any", "", "", "", Divide},
    FunctionRow{"div", "any, any", "", "", "", IntegralDivide},
    FunctionRow{"% mod try_mod pmod", "any, any", "", "", "", Remainder},
    FunctionRow{"negative", "any", "", "", "", Negative},
    FunctionRow{"positive", "any", "", "", "", Positive},
    FunctionRow{"abs", "any", "", "", "", Abs},
    FunctionRow{"== =", "any, any", "", "{0} = {1}", "", Compare},
    FunctionRow{"!= <>", "any, any", "", "{0} <> {1}", "", Compare},
    FunctionRow{"<", "any, any", "", "{0} < {1}", "", Compare},
    FunctionRow{"<=", "any, any", "", "{0} <= {1}", "", Compare},
    FunctionRow{">", "any, any", "", "{0} > {1}", "", Compare},
    FunctionRow{">=", "any, any", "", "{0} >= {1}", "", Compare},
    FunctionRow{"<=> equal_null", "any, any", "", "{0} IS NOT DISTINCT FROM {1}", "N", Compare},
    FunctionRow{"&", "any, any", "", "{0} & {1}", "", Bitwise},
    FunctionRow{"|", "any, any", "", "{0} | {1}", "", Bitwise},
    FunctionRow{"^", "any, any", "", "xor({0}, {1})", "", Bitwise},
    FunctionRow{"~", "integral", "$0", "~{0}"},
    FunctionRow{"and", "any, any", "", "{0} AND {1}", "", Connective},
    FunctionRow{"or", "any, any", "", "{0} OR {1}", "", Connective},
    FunctionRow{"not !", "boolean", "boolean", "NOT {0}"},
    FunctionRow{"isnull", "any", "boolean", "{0} IS NULL", "N"},
    FunctionRow{"isnotnull", "any", "boolean", "{0} IS NOT NULL", "N"},
    FunctionRow{"shiftleft <<", "int|bigint, int", "$0", "spark_shiftleft({0}, {1})"},
    FunctionRow{"shiftright >>", "int|bigint, int", "$0", "spark_shiftright({0}, {1})"},
    FunctionRow{"shiftrightunsigned >>>", "int|bigint, int", "$0", "spark_shiftrightunsigned({0}, {1})"},
    FunctionRow{"bit_count", "integral|boolean", "int", "spark_bit_count(CAST({0} AS BIGINT))"},
    FunctionRow{"bit_get getbit", "integral, int", "tinyint", "spark_bit_get({0}, {1}, {span})", "t"},
};

}  // namespace

std::span<const FunctionRow> ArithmeticFunctions() { return kArithmeticRows; }

}  // namespace ashlar::functions
