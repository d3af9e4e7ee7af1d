// Functions that take lambdas.
#include <array>

#include "functions/function_row.h"
#include "sql/analyze/errors.h"

namespace ashlar::functions {
namespace {

using sql::ResolvedFunction;

// A lambda of `params` parameters where the function has `given` values; the analyzer adds its place.
Error NotExpected(int given, int params) {
  return MakeSqlError("INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH", "42K0D",
                      "Invalid lambda function call. A higher order function expects " + std::to_string(params) +
                          " arguments, but got " + std::to_string(given) + ".",
                      {{"expectedNumArgs", std::to_string(params)}, {"actualNumArgs", std::to_string(given)}});
}

Field ElementOf(const DataType& array) { return {"x", array.element(), array.contains_null()}; }

Result<std::vector<Field>> ArrayLambda(const Call& call, size_t index, int params) {
  if (index != 1 || call.size() == 0) return NotExpected(1, params);
  if (!call.type(0).Is(TypeId::kArray)) return std::vector<Field>(static_cast<size_t>(params), Field{"x", {}, true});
  bool indexed = call.name == "transform" || call.name == "filter";
  if (params < 1 || params > (indexed ? 2 : 1)) return NotExpected(1, params);
  std::vector<Field> fields = {ElementOf(call.type(0))};
  if (params == 2) fields.push_back({"i", TypeId::kInt, false});
  return fields;
}

Result<std::vector<Field>> AggregateLambda(const Call& call, size_t index, int params) {
  int expected = index == 2 ? 2 : 1;
  if (index < 2 || params != expected || call.size() < 2) return NotExpected(expected, params);
  Field accumulator{"acc", call.type(1), true};
  if (index == 3) return std::vector<Field>{accumulator};
  if (!call.type(0).Is(TypeId::kArray)) return std::vector<Field>{accumulator, {"x", {}, true}};
  return std::vector<Field>{accumulator, ElementOf(call.type(0))};
}

Result<std::vector<Field>> ZipLambda(const Call& call, size_t index, int params) {
  if (index != 2 || params != 2 || call.size() < 2) return NotExpected(2, params);
  std::vector<Field> fields;
  for (size_t i = 0; i < 2; ++i) {
    fields.push_back({i == 0 ? "x" : "y", call.type(i).Is(TypeId::kArray) ? call.type(i).element() : DataType(), true});
  }
  return fields;
}

Result<std::vector<Field>> MapLambda(const Call& call, size_t index, int params) {
  if (index != 1 || params != 2 || call.size() < 1) return NotExpected(2, params);
  const DataType& map = call.type(0);
  if (!map.Is(TypeId::kMap)) return std::vector<Field>(2, Field{"x", {}, true});
  return std::vector<Field>{{"k", map.key(), false}, {"v", map.map_value(), map.value_contains_null()}};
}

Result<std::vector<Field>> MapZipLambda(const Call& call, size_t index, int params) {
  if (index != 2 || params != 3 || call.size() < 2) return NotExpected(3, params);
  if (!call.type(0).Is(TypeId::kMap) || !call.type(1).Is(TypeId::kMap)) {
    return std::vector<Field>(3, Field{"x", {}, true});
  }
  return std::vector<Field>{{"k", call.type(0).key(), false},
                            {"v1", call.type(0).map_value(), true},
                            {"v2", call.type(1).map_value(), true}};
}

Status NeedsCondition(const Call& call, size_t i) {
  if (call.type(i).Is(TypeId::kBoolean) || call.IsNull(i)) return {};
  return call.Unexpected(i, "\"BOOLEAN\"");
}

Result<ResolvedFunction> Transform(const Call& call) {
  RETURN_IF_ERROR(call.NeedsArray(0));
  auto out = call.Make(DataType::Array(call.type(1), call.args[1].nullable), call.Types());
  out.nullable = call.args[0].nullable;
  return out;
}

Result<ResolvedFunction> Filter(const Call& call) {
  RETURN_IF_ERROR(call.NeedsArray(0));
  RETURN_IF_ERROR(NeedsCondition(call, 1));
  auto out = call.Make(call.type(0), {call.type(0), TypeId::kBoolean});
  out.nullable = call.args[0].nullable;
  return out;
}

Result<ResolvedFunction> Quantifier(const Call& call) {
  RETURN_IF_ERROR(call.NeedsArray(0));
  RETURN_IF_ERROR(NeedsCondition(call, 1));
  return call.Make(TypeId::kBoolean, {call.type(0), TypeId::kBoolean});
}

bool SameWhenNullable(const DataType& a, const DataType& b) {
  if (a.id() != b.id()) return false;
  if (a.Is(TypeId::kArray)) return SameWhenNullable(a.element(), b.element());
  if (a.Is(TypeId::kMap)) return SameWhenNullable(a.key(), b.key()) && SameWhenNullable(a.map_value(), b.map_value());
  if (!a.Is(TypeId::kStruct)) return a == b;
  if (a.fields().size() != b.fields().size()) return false;
  for (size_t i = 0; i < a.fields().size(); ++i) {
    if (!SameWhenNullable(a.fields()[i].type, b.fields()[i].type)) return false;
  }
  return true;
}

Result<ResolvedFunction> Aggregate(const Call& call) {
  RETURN_IF_ERROR(call.NeedsArray(0));
  if (!sql::CanUpCast(call.type(2), call.type(1)) && !SameWhenNullable(call.type(2), call.type(1))) {
    return call.Unexpected(2, sql::QuoteType(call.type(1)));
  }
  std::vector<DataType> types = call.Types();
  if (!SameWhenNullable(types[2], types[1])) types[2] = types[1];
  std::string reduced =
      "struct_extract(list_reduce([struct_pack(p0 := {1}, p1 := CAST(NULL AS {element0}))] || "
            "list_transform({0}, lambda e: struct_pack(p0 := CAST(NULL AS {type1}), p1 := e)), {2.reduce}), 'p0')";
  reduced = "CASE WHEN {0} IS NULL THEN NULL ELSE " + reduced + " END";
  DataType type = call.type(1);
  if (call.size() == 4) {
    type = call.type(3);
    reduced = "CASE WHEN {0} IS NULL THEN NULL ELSE list_extract(list_transform([" + reduced + "], {3}), 1) END";
  }
  auto out = call.Make(type, types, reduced);
  out.nullable = true;
  return out;
}

Result<ResolvedFunction> ZipWith(const Call& call) {
  RETURN_IF_ERROR(call.NeedsArray(0));
  RETURN_IF_ERROR(call.NeedsArray(1));
  auto out = call.Make(DataType::Array(call.type(2), call.args[2].nullable), call.Types(),
                       "CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL ELSE "
                       "list_transform(list_transform(range(greatest(len({0}), len({1}))), lambda e: struct_pack("
                       "p0 := list_extract({0}, e + 1), p1 := list_extract({1}, e + 1))), {2.packed}) END");
  out.nullable = call.args[0].nullable || call.args[1].nullable;
  return out;
}

constexpr std::string_view kEntries =
    "list_transform(map_entries({0}), lambda e: struct_pack(p0 := e.key, p1 := e.value))";

Result<ResolvedFunction> MapTransform(const Call& call) {
  const DataType& map = call.type(0);
  if (!map.Is(TypeId::kMap)) return call.Unexpected(0, "\"MAP\"");
  std::string entries(kEntries);
  std::string lowering;
  DataType type = map;
  std::vector<DataType> types = call.Types();
  if (call.name == "map_filter") {
    RETURN_IF_ERROR(NeedsCondition(call, 1));
    types[1] = TypeId::kBoolean;
    std::string kept = "list_filter(" + entries + ", {1.packed})";
    lowering = "MAP(list_transform(" + kept + ", lambda e: struct_extract(e, 'p0')), list_transform(" + kept +
               ", lambda e: struct_extract(e, 'p1')))";
  } else if (call.name == "transform_values") {
    type = DataType::Map(map.key(), call.type(1), call.args[1].nullable);
    lowering = "MAP(map_keys({0}), list_transform(" + entries + ", {1.packed}))";
  } else {
    type = DataType::Map(call.type(1), map.map_value(), map.value_contains_null());
    lowering = "spark_map(list_transform(" + entries + ", {1.packed}), map_values({0}))";
  }
  auto out = call.Make(type, types, "CASE WHEN {0} IS NULL THEN NULL ELSE " + lowering + " END");
  out.nullable = call.args[0].nullable;
  out.can_throw = call.name == "transform_keys";
  return out;
}

Result<ResolvedFunction> MapZipWith(const Call& call) {
  for (size_t i = 0; i < 2; ++i) {
    if (!call.type(i).Is(TypeId::kMap)) return call.Unexpected(i, "\"MAP\"");
  }
  if (!(call.type(0).key() == call.type(1).key())) return call.DiffTypes();
  std::string keys = "spark_array_union(map_keys({0}), map_keys({1}))";
  auto out = call.Make(DataType::Map(call.type(0).key(), call.type(2), call.args[2].nullable), call.Types(),
                       "CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL ELSE MAP(" + keys + ", list_transform(list_transform(" +
                           keys + ", lambda e: struct_pack(p0 := e, p1 := map_extract_value({0}, e), "
                           "p2 := map_extract_value({1}, e))), {2.packed})) END");
  out.nullable = call.args[0].nullable || call.args[1].nullable;
  return out;
}

// array_sort orders NULL last. A comparator is called for every pair before the sort, which then looks
// its answers up.
Result<ResolvedFunction> ArraySort(const Call& call) {
  RETURN_IF_ERROR(call.NeedsArray(0));
  if (call.size() == 2) {
    if (!call.type(1).Is(TypeId::kInt)) {
      return call.Mismatch("UNEXPECTED_RETURN_TYPE",
                           "The `lambdafunction` requires return \"INT\" type, but the actual is " +
                               sql::QuoteType(call.type(1)) + " type.",
                           {{"functionName", "`lambdafunction`"}, {"expectedType", "\"INT\""},
                            {"actualType", sql::QuoteType(call.type(1))}});
    }
    auto out = call.Make(call.type(0), call.Types(),
                         "spark_sort_by_comparisons({0}, list_transform(spark_sort_pairs({0}), {1.packed}))");
    out.nullable = call.args[0].nullable;
    out.can_throw = true;
    return out;
  }
  return call.Make(call.type(0), call.Types(), "list_sort({0}, 'ASC', 'NULLS LAST')");
}

Result<std::vector<Field>> SortLambda(const Call& call, size_t, int params) {
  if (params != 2) return NotExpected(2, params);
  return call.type(0).Is(TypeId::kArray) ? std::vector<Field>(2, ElementOf(call.type(0)))
                                         : std::vector<Field>(2, Field{"x", {}, true});
}

constexpr std::array kHigherOrderRows = {
    FunctionRow{"transform", "any, any", "", "list_transform({0}, {1})", "", Transform, "", ArrayLambda},
    FunctionRow{"filter", "any, any", "", "list_filter({0}, {1})", "", Filter, "", ArrayLambda},
    FunctionRow{"exists", "any, any", "", "spark_any(list_transform({0}, {1}))", "", Quantifier, "", ArrayLambda},
    FunctionRow{"forall", "any, any", "", "spark_all(list_transform({0}, {1}))", "", Quantifier, "", ArrayLambda},
    FunctionRow{"aggregate reduce", "any, any, any, any?", "", "", "", Aggregate, "", AggregateLambda},
    FunctionRow{"zip_with", "any, any, any", "", "", "", ZipWith, "", ZipLambda},
    FunctionRow{"map_filter transform_keys transform_values", "any, any", "", "", "", MapTransform, "", MapLambda},
    FunctionRow{"map_zip_with", "any, any, any", "", "", "", MapZipWith, "", MapZipLambda},
    FunctionRow{"array_sort", "any, any?", "", "", "", ArraySort, "", SortLambda},
};

}  // namespace

std::span<const FunctionRow> HigherOrderFunctions() { return kHigherOrderRows; }

}  // namespace ashlar::functions
