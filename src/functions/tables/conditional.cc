// coalesce, if, nullif, greatest, least, like and their kin.
#include <array>

#include "base/text.h"
#include "functions/function_row.h"
#include "sql/analyze/errors.h"

namespace ashlar::functions {
namespace {

using sql::ResolvedFunction;

Result<ResolvedFunction> Common(const Call& call) {
  if (call.size() < 2 && (call.name == "greatest" || call.name == "least")) return call.WrongCount("> 1");
  auto types = call.Types();
  auto common = sql::CommonType(types, call.ansi());
  // greatest and least take strings and numbers apart.
  bool strict = call.name == "greatest" || call.name == "least";
  if (common && strict) {
    for (const DataType& type : types) {
      if (type.Is(TypeId::kString) && !common->Is(TypeId::kString)) common.reset();
      if (!common) break;
    }
  }
  if (!common) {
    Error error = call.DiffTypes();
    std::string& shown = error.parameters["dataType"];
    if (strict && shown.starts_with('(')) shown = "[" + ReplaceAll(shown.substr(1, shown.size() - 2), " or ", ", ") + "]";
    return error;
  }
  return call.Make(*common, std::vector<DataType>(call.size(), *common));
}

Result<ResolvedFunction> If(const Call& call) {
  if (!call.type(0).Is(TypeId::kBoolean) && !call.IsNull(0)) return call.Unexpected(0, "\"BOOLEAN\"");
  DataType branches[] = {call.type(1), call.type(2)};
  auto common = sql::CommonType(branches, call.ansi());
  if (!common) return sql::DataDiffTypes(call.context.call_sql, "if", branches, call.context.span);
  std::vector<DataType> types = {TypeId::kBoolean, *common, *common};
  auto out = call.Make(*common, types, "CASE WHEN {0} THEN {1} ELSE {2} END");
  out.nullable = call.Nullable(1, types) || call.Nullable(2, types);
  return out;
}

Result<ResolvedFunction> Nvl2(const Call& call) {
  DataType branches[] = {call.type(1), call.type(2)};
  auto common = sql::CommonType(branches, call.ansi());
  if (!common) return sql::DataDiffTypes(call.context.call_sql, "if", branches, call.context.span);
  std::vector<DataType> types = {call.type(0), *common, *common};
  auto out = call.Make(*common, types, "CASE WHEN {0} IS NOT NULL THEN {1} ELSE {2} END");
  out.nullable = call.Nullable(1, types) || call.Nullable(2, types);
  return out;
}

// if(a = b, NULL, a): the comparison converts, the result does not.
Result<ResolvedFunction> NullIf(const Call& call) {
  auto common = sql::ComparisonType(call.type(0), call.type(1), call.ansi());
  if (!common) return call.BinaryDiffTypes(call.type(0), call.type(1));
  if (*common == call.type(0)) {
    auto out = call.Make(*common, {*common, *common}, "CASE WHEN {0} = {1} THEN NULL ELSE {0} END");
    out.nullable = true;
    return out;
  }
  auto null = sql::MakeExpr(sql::LiteralExpr{Value::Null()}, call.context.span);
  auto equal = call.Function("==", {call.Argument(0), call.Argument(1)});
  return call.Rewrite(call.Function("if", {equal, null, call.Argument(0)}));
}

Result<ResolvedFunction> NullIfZero(const Call& call) {
  auto out = call.Make(call.type(0), call.Types(), "CASE WHEN {0} = 0 THEN NULL ELSE {0} END");
  if (!call.type(0).IsNumeric()) return call.Unexpected(0, "\"NUMERIC\"");
  out.nullable = true;
  return out;
}

// decode(x, search, result, …, default) compares with <=>; with two arguments it reads a charset.
Result<ResolvedFunction> Decode(const Call& call) {
  if (call.size() < 2) return call.WrongCount("> 1");
  if (call.size() == 2) {
    if (!call.type(0).Is(TypeId::kBinary) && !call.type(0).Is(TypeId::kString) && !call.IsNull(0)) {
      return call.Unexpected(0, "\"BINARY\"");
    }
    auto out = call.Make(TypeId::kString, {TypeId::kBinary, TypeId::kString}, "spark_decode({0}, {1})");
    out.nullable = out.can_throw = true;
    return out;
  }
  std::vector<sql::ExprPtr> when;
  size_t i = 1;
  for (; i + 1 < call.size(); i += 2) {
    when.push_back(call.Function("<=>", {call.Argument(0), call.Argument(i)}));
    when.push_back(call.Argument(i + 1));
  }
  if (i < call.size()) when.push_back(call.Argument(i));
  return call.Rewrite(call.Function("when", std::move(when)));
}

// A constant pattern without escapes is DuckDB's own LIKE, which it turns into prefix and suffix tests.
Result<ResolvedFunction> Like(const Call& call) {
  bool ilike = call.name == "ilike";
  for (size_t i = 0; i < 2; ++i) {
    if (!sql::CanImplicitlyCast(call.type(i), TypeId::kString, call.ansi())) {
      return call.Unexpected(i, "\"STRING\"");
    }
  }
  std::vector<DataType> types(call.size(), TypeId::kString);
  auto pattern = call.ConstantText(1);
  std::string lowering;
  bool native = !ilike && call.size() == 2 && pattern && pattern->find('\\') == std::string::npos;
  if (native) {
    lowering = "{0} LIKE {1}";
  } else {
    lowering = std::string(ilike ? "spark_ilike" : "spark_like") + "({0}, {1}, " +
               (call.size() == 3 ? "{2}" : "chr(92)") + ", {span})";
  }
  auto out = call.Make(TypeId::kBoolean, types, lowering);
  out.can_throw = !native;
  return out;
}

Result<ResolvedFunction> Between(const Call& call) {
  return call.Rewrite(call.Function("and", {call.Function(">=", {call.Argument(0), call.Argument(1)}),
                                            call.Function("<=", {call.Argument(0), call.Argument(2)})}));
}

Result<ResolvedFunction> ZeroIfNull(const Call& call) {
  auto common = sql::CommonType(call.type(0), TypeId::kInt, call.ansi());
  if (!common || !common->IsNumeric()) return call.Unexpected(0, "\"NUMERIC\"");
  return call.Make(*common, {*common}, "coalesce({0}, CAST(0 AS {type}))");
}

constexpr std::array kConditionalRows = {
    FunctionRow{"coalesce", "any, any...", "", "coalesce({*})", "a", Common},
    FunctionRow{"nvl ifnull", "any, any", "", "coalesce({*})", "a", Common},
    FunctionRow{"nvl2", "any, any, any", "", "", "", Nvl2},
    FunctionRow{"if iff", "any, any, any", "", "", "", If},
    FunctionRow{"nullif", "any, any", "", "", "", NullIf},
    FunctionRow{"nullifzero", "any", "", "", "", NullIfZero},
    FunctionRow{"zeroifnull", "any", "", "", "N", ZeroIfNull},
    FunctionRow{"greatest", "any...", "", "greatest({*})", "a", Common},
    FunctionRow{"least", "any...", "", "least({*})", "a", Common},
    FunctionRow{"nanvl", "double, double", "double", "CASE WHEN isnan({0}) THEN {1} ELSE {0} END"},
    FunctionRow{"isnan", "double", "boolean", "coalesce(isnan({0}), FALSE)", "N"},
    FunctionRow{"decode", "any...", "", "", "", Decode},
    FunctionRow{"like", "any, any, any?", "", "", "", Like},
    FunctionRow{"ilike", "any, any, any?", "", "", "", Like},
    FunctionRow{"rlike regexp=REGEXP regexp_like=REGEXP_LIKE", "string, string", "boolean",
                "spark_rlike({0}, {1})", "t"},
    FunctionRow{"between", "any, any, any", "", "", "", Between},
};

}  // namespace

std::span<const FunctionRow> ConditionalFunctions() { return kConditionalRows; }

}  // namespace ashlar::functions
