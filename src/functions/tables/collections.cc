// Arrays, maps and structs.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "functions/function_row.h"
#include "sql/analyze/errors.h"

namespace ashlar::functions {
namespace {

using sql::ResolvedFunction;

Result<ResolvedFunction> MakeArray(const Call& call) {
  auto common = sql::CommonType(call.Types(), call.ansi());
  if (!common) return call.DiffTypes();
  std::vector<DataType> types(call.size(), *common);
  DataType type = DataType::Array(*common, call.AnyNullable(types));
  auto out = call.Make(type, types, "CAST([{*}] AS {type})");
  out.nullable = false;
  return out;
}

Result<ResolvedFunction> MakeMap(const Call& call) {
  if (call.size() % 2 != 0) return call.WrongCount("2n (n > 0)");
  std::vector<DataType> keys, values;
  std::string key_list, value_list;
  for (size_t i = 0; i < call.size(); ++i) {
    (i % 2 == 0 ? keys : values).push_back(call.type(i));
    std::string& list = i % 2 == 0 ? key_list : value_list;
    list += (list.empty() ? "{" : ", {") + std::to_string(i) + "}";
  }
  auto key = sql::CommonType(keys, call.ansi());
  auto value = sql::CommonType(values, call.ansi());
  if (!key || !value) {
    std::string types;
    for (const DataType& type : key ? values : keys) types += (types.empty() ? "" : ", ") + sql::QuoteType(type);
    return call.Mismatch(key ? "CREATE_MAP_VALUE_DIFF_TYPES" : "CREATE_MAP_KEY_DIFF_TYPES",
                         "The given values of function `map` should all be the same type, but they are [" + types + "].",
                         {{"functionName", "`map`"}, {"dataType", "[" + types + "]"}});
  }
  if (key->Is(TypeId::kMap)) {
    return call.Mismatch("INVALID_MAP_KEY_TYPE",
                         "The key of map cannot be/contain " + sql::QuoteType(*key) + ".",
                         {{"keyType", sql::QuoteType(*key)}});
  }
  std::vector<DataType> types;
  bool null_values = false;
  for (size_t i = 0; i < call.size(); ++i) {
    types.push_back(i % 2 == 0 ? *key : *value);
    null_values |= i % 2 == 1 && (call.args[i].nullable || sql::CastForcesNullable(call.type(i), *value));
  }
  DataType type = DataType::Map(*key, *value, null_values);
  std::string lowering = call.size() == 0
                             ? "CAST(MAP([], []) AS {type})"
                             : "CAST(spark_map([" + key_list + "], [" + value_list + "]) AS {type})";
  auto out = call.Make(type, types, lowering);
  out.nullable = false;
  out.can_throw = true;
  return out;
}

Result<ResolvedFunction> NamedStruct(const Call& call) {
  if (call.size() % 2 != 0) return call.WrongCount("2n (n > 0)");
  std::vector<Field> fields;
  std::string lowering;
  for (size_t i = 0; i < call.size(); i += 2) {
    auto name = call.ConstantText(i);
    if (!name) {
      std::string input = "[" + sql::QuoteSql(call.args[i].sql) + "]";
      return call.Mismatch("CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING",
                           "Only foldable `STRING` expressions are allowed to appear at odd position, but they are " +
                               input + ".",
                           {{"inputExprs", input}});
    }
    lowering += (fields.empty() ? "struct_pack(f" : ", f") + std::to_string(fields.size()) + " := {" +
                std::to_string(i + 1) + "}";
    fields.push_back({*name, call.type(i + 1), call.args[i + 1].nullable});
  }
  lowering = fields.empty() ? "struct_pack(f_ := CAST(NULL AS INTEGER))" : lowering + ")";
  auto out = call.Make(DataType::Struct(std::move(fields)), call.Types(), lowering);
  out.nullable = false;
  return out;
}

Error ArrayDiffTypes(const Call& call) {
  std::string function = QuoteIdentifier(call.name);
  return call.Mismatch("ARRAY_FUNCTION_DIFF_TYPES",
                       "Input to " + function + " should have been \"ARRAY\" followed by a value with same element type.",
                       {{"functionName", function}, {"dataType", "\"ARRAY\""},
                        {"leftType", sql::QuoteType(call.type(0))}, {"rightType", sql::QuoteType(call.type(1))}});
}

// array_contains and the like: the element's and the argument's common type.
Result<ResolvedFunction> WithElement(const Call& call, size_t value_at) {
  const DataType& array = call.type(0);
  bool contains = call.name == "array_contains", finds = contains || call.name == "array_position";
  bool of_nothing = call.type(0).Is(TypeId::kArray) && call.type(0).element().Is(TypeId::kNull) && call.IsNull(value_at);
  if ((finds && (call.IsNull(0) || of_nothing)) || (contains && call.IsNull(value_at))) {
    return call.Mismatch("NULL_TYPE", "Null typed values cannot be used as arguments of " + QuoteIdentifier(call.name) + ".",
                         {{"functionName", QuoteIdentifier(call.name)}});
  }
  if (call.IsNull(0) && !(call.name == "array_append" || call.name == "array_prepend")) return ArrayDiffTypes(call);
  RETURN_IF_ERROR(call.NeedsArray(0));
  auto common = sql::CommonType(array.element(), call.type(value_at), call.ansi());
  bool from_string = call.type(value_at).Is(TypeId::kString) != array.element().Is(TypeId::kString) &&
                     !call.IsNull(value_at) && !array.element().Is(TypeId::kNull);
  if (!common || from_string) {
    Error error = ArrayDiffTypes(call);
    error.parameters["rightType"] = sql::QuoteType(call.type(value_at));
    return error;
  }
  std::vector<DataType> types = {DataType::Array(*common, array.contains_null())};
  for (size_t i = 1; i < call.size(); ++i) types.push_back(i == value_at ? *common : DataType(TypeId::kInt));
  bool adds = call.name == "array_append" || call.name == "array_prepend" || call.name == "array_insert";
  bool null_element = array.contains_null() || adds;
  DataType type = adds || call.name == "array_remove" ? DataType::Array(*common, null_element)
                  : call.name == "array_position"     ? DataType(TypeId::kLong)
                                                      : DataType(TypeId::kBoolean);
  auto out = call.Make(type, types);
  if (call.name == "array_append" || call.name == "array_prepend") out.nullable = call.args[0].nullable;
  if (call.name == "array_contains") out.nullable = out.nullable || array.contains_null();
  return out;
}
Result<ResolvedFunction> WithElementSecond(const Call& call) { return WithElement(call, 1); }
Result<ResolvedFunction> WithElementThird(const Call& call) { return WithElement(call, 2); }

// array_union, array_intersect, array_except, arrays_overlap.
Result<ResolvedFunction> TwoArrays(const Call& call) {
  const DataType &l = call.type(0), &r = call.type(1);
  bool arrays = l.Is(TypeId::kArray) && r.Is(TypeId::kArray);
  std::optional<DataType> common;
  if (arrays) common = sql::CommonType(l, r, call.ansi());
  bool numbers = arrays && l.element().IsNumeric() && r.element().IsNumeric() &&
                 l.element().Is(TypeId::kDecimal) == r.element().Is(TypeId::kDecimal);
  bool mixed = arrays && !(l.element() == r.element()) && !numbers && !l.element().Is(TypeId::kNull) &&
               !r.element().Is(TypeId::kNull) && !l.element().IsNested();
  if (!common || mixed) {
    std::string function = QuoteIdentifier(call.name);
    return call.Mismatch("BINARY_ARRAY_DIFF_TYPES",
                         "Input to function " + function + " should have been two \"ARRAY\" with same element type.",
                         {{"functionName", function}, {"arrayType", "\"ARRAY\""}, {"leftType", sql::QuoteType(l)},
                          {"rightType", sql::QuoteType(r)}});
  }
  if (call.name == "arrays_overlap") {
    auto out = call.Make(TypeId::kBoolean, {*common, *common});
    out.nullable = out.nullable || l.contains_null() || r.contains_null();
    return out;
  }
  bool nulls = call.name == "array_union"       ? l.contains_null() || r.contains_null()
               : call.name == "array_intersect" ? l.contains_null() && r.contains_null()
                                                : l.contains_null();
  return call.Make(DataType::Array(common->element(), nulls), {*common, *common});
}

// Spark reads a bare NULL as an array of nothing.
std::vector<DataType> ArrayTypes(const Call& call) {
  std::vector<DataType> types = call.Types();
  if (call.IsNull(0)) types[0] = DataType::Array(TypeId::kNull);
  return types;
}

Result<ResolvedFunction> SameArray(const Call& call) {
  if (!call.IsNull(0)) RETURN_IF_ERROR(call.NeedsArray(0));
  std::vector<DataType> types = ArrayTypes(call);
  for (size_t i = 1; i < types.size(); ++i) types[i] = TypeId::kInt;
  DataType type = types[0];
  if (call.name == "array_compact") type = DataType::Array(type.element(), false);
  return call.Make(type, types);
}

// Each element gets a number by chance to be sorted by.
Result<ResolvedFunction> Shuffle(const Call& call) {
  if (call.size() == 2) return NotImplemented("shuffle with a seed");
  if (!call.IsNull(0)) RETURN_IF_ERROR(call.NeedsArray(0));
  auto out = call.Make(ArrayTypes(call)[0], ArrayTypes(call),
                       "list_transform(list_sort(list_transform({0}, lambda e: struct_pack(k := random(), v := e))), "
                       "lambda e: struct_extract(e, 'v'))");
  out.deterministic = false;
  return out;
}

bool IsSortable(const DataType& type) {
  if (type.Is(TypeId::kArray)) return IsSortable(type.element());
  if (type.Is(TypeId::kStruct)) return std::ranges::all_of(type.fields(), [](const Field& field) { return IsSortable(field.type); });
  return !type.Is(TypeId::kMap) && !type.Is(TypeId::kVariant) && !type.Is(TypeId::kCalendarInterval);
}

// Spark shows the order it adds.
Error WithAddedOrder(const Call& call, Error error) {
  std::string& shown = error.parameters["sqlExpr"];
  if (call.size() == 1 && shown.ends_with(")\"")) shown.insert(shown.size() - 2, ", true");
  return error;
}

Result<ResolvedFunction> SortArray(const Call& call) {
  Status is_array = call.IsNull(0) ? Status() : call.NeedsArray(0);
  if (!is_array.ok()) return WithAddedOrder(call, is_array.error());
  if (!IsSortable(call.type(0))) {
    std::string type = sql::QuoteType(call.type(0));
    return WithAddedOrder(call, call.Mismatch("INVALID_ORDERING_TYPE",
                                              "The `sort_array` does not support ordering on type " + type + ".",
                                              {{"functionName", "`sort_array`"}, {"dataType", type}}));
  }
  if (call.size() == 1) {
    auto out = call.Make(ArrayTypes(call)[0], ArrayTypes(call), "list_sort({0}, 'ASC', 'NULLS FIRST')");
    out.added_arguments.push_back(Value::Boolean(true));
    out.argument_types.push_back(TypeId::kBoolean);
    return out;
  }
  if (!call.type(1).Is(TypeId::kBoolean)) return call.Unexpected(1, "\"BOOLEAN\"");
  return call.Make(ArrayTypes(call)[0], ArrayTypes(call),
                   "CASE WHEN {1} THEN list_sort({0}, 'ASC', 'NULLS FIRST') ELSE "
                   "list_sort({0}, 'DESC', 'NULLS LAST') END");
}

Result<ResolvedFunction> ElementOfArray(const Call& call) {
  if (call.IsNull(0)) return call.Make(TypeId::kNull, call.Types(), "CAST(NULL AS {type})");
  RETURN_IF_ERROR(call.NeedsArray(0));
  auto out = call.Make(call.type(0).element(), call.Types());
  out.nullable = true;
  return out;
}

Result<ResolvedFunction> Size(const Call& call) {
  bool null = call.IsNull(0);
  if (!null && !call.type(0).Is(TypeId::kArray) && !call.type(0).Is(TypeId::kMap)) {
    return call.Unexpected(0, call.name == "array_size" ? "\"ARRAY\"" : R"(("ARRAY" or "MAP"))");
  }
  std::string length = null                           ? "CAST(NULL AS INTEGER)"
                       : call.type(0).Is(TypeId::kMap) ? "CAST(cardinality({0}) AS INTEGER)"
                                                       : "CAST(len({0}) AS INTEGER)";
  bool minus_one = !call.ansi() && call.name != "array_size";
  auto out = call.Make(TypeId::kInt, call.Types(), minus_one ? "coalesce(" + length + ", -1)" : length);
  if (minus_one) out.nullable = false;
  return out;
}

Result<ResolvedFunction> MapItem(const Call& call) {
  const DataType& map = call.type(0);
  // A subscript is cast to the map's keys; a function's argument must be like them.
  if (call.name == "$map_item" && sql::CanImplicitlyCast(call.type(1), map.key(), call.ansi())) {
    auto item = call.Make(map.map_value(), {map, map.key()}, "map_extract_value({0}, {1})");
    item.nullable = true;
    return item;
  }
  auto key = sql::CommonType(map.key(), call.type(1), call.ansi());
  bool text = call.type(1).Is(TypeId::kString) != map.key().Is(TypeId::kString) && !call.IsNull(1);
  if (!key || text) {
    std::string function = QuoteIdentifier(call.name);
    return call.Mismatch("MAP_FUNCTION_DIFF_TYPES",
                         "Input to " + function + " should have been \"MAP\" followed by a value with same key type.",
                         {{"functionName", function}, {"dataType", "\"MAP\""}, {"leftType", sql::QuoteType(map)},
                          {"rightType", sql::QuoteType(call.type(1))}});
  }
  DataType keyed = DataType::Map(*key, map.map_value(), map.value_contains_null());
  if (call.name == "map_contains_key") {
    auto out = call.Make(TypeId::kBoolean, {keyed, *key}, "list_contains(map_keys({0}), {1})");
    out.nullable = true;
    return out;
  }
  auto out = call.Make(map.map_value(), {keyed, *key}, "map_extract_value({0}, {1})");
  out.nullable = true;
  return out;
}

Result<ResolvedFunction> MapFunction(const Call& call) {
  if (call.name == "map_contains_key" && call.IsNull(0)) {
    std::string function = QuoteIdentifier(call.name);
    return call.Mismatch("MAP_FUNCTION_DIFF_TYPES",
                         "Input to " + function + " should have been \"MAP\" followed by a value with same key type.",
                         {{"functionName", function}, {"dataType", "\"MAP\""}, {"leftType", "\"VOID\""},
                          {"rightType", sql::QuoteType(call.type(1))}});
  }
  if (call.IsNull(0) && (call.name == "map_keys" || call.name == "map_values")) {
    auto null = call.Make(DataType::Array(TypeId::kNull), {TypeId::kNull}, "CAST(NULL AS {type})");
    null.nullable = true;
    return null;
  }
  if (!call.type(0).Is(TypeId::kMap)) return call.Unexpected(0, "\"MAP\"");
  const DataType& map = call.type(0);
  if (call.name == "map_contains_key" || call.name == "$map_item") return MapItem(call);
  if (call.name == "map_keys") return call.Make(DataType::Array(map.key(), true), {map}, "map_keys({0})");
  if (call.name == "map_values") {
    return call.Make(DataType::Array(map.map_value(), map.value_contains_null()), {map}, "map_values({0})");
  }
  DataType entry = DataType::Struct({{"key", map.key(), false}, {"value", map.map_value(), map.value_contains_null()}});
  return call.Make(DataType::Array(entry, false), {map},
                   "list_transform(map_entries({0}), lambda e: struct_pack(f0 := e.key, f1 := e.value))");
}

// Spark knows the elements of array(…) at a constant index; of any other array one may be missing.
bool ItemMayBeNull(const Call& call, int64_t offset) {
  const std::string& text = call.args[0].sql;
  auto index = call.ConstantInt(1);
  if (!text.starts_with("array(") || !text.ends_with(")") || !index) return true;
  int depth = 0;
  int64_t count = 1;
  for (size_t i = 5; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0 && i + 1 < text.size()) return true;
    if (text[i] == ',' && depth == 1) ++count;
  }
  int64_t at = *index < 0 && offset == 1 ? count + *index : *index - offset;
  return call.type(0).contains_null() || at < 0 || at >= count;
}

Result<ResolvedFunction> ElementAt(const Call& call) {
  bool is_try = call.name == "try_element_at";
  if (call.type(0).Is(TypeId::kMap)) return MapItem(call);
  if (!call.type(0).Is(TypeId::kArray)) return call.Unexpected(0, R"(("ARRAY" or "MAP"))");
  if (!call.type(1).IsIntegral() && !call.IsNull(1)) return call.Unexpected(1, "\"INT\"");
  bool lenient = is_try || !call.ansi();
  auto out = call.Make(call.type(0).element(), {call.type(0), TypeId::kInt},
                       std::string("list_extract({0}, spark_") + (lenient ? "try_" : "") +
                           "check_element_at({1}, len({0}), {span}))");
  out.nullable = lenient || ItemMayBeNull(call, 1);
  out.can_throw = true;
  return out;
}

Result<ResolvedFunction> ArrayItem(const Call& call) {
  RETURN_IF_ERROR(call.NeedsArray(0));
  if (!call.type(1).IsIntegral() && !call.IsNull(1)) return call.Unexpected(1, "\"INTEGRAL\"");
  std::string check = call.ansi() ? "spark_check_array_item" : "spark_try_check_array_item";
  auto out = call.Make(call.type(0).element(), {call.type(0), TypeId::kLong},
                       "list_extract({0}, " + check + "({1}, len({0}), {span}))");
  out.nullable = ItemMayBeNull(call, 0);
  out.can_throw = call.ansi();
  return out;
}

Result<ResolvedFunction> Get(const Call& call) {
  RETURN_IF_ERROR(call.NeedsArray(0));
  if (!call.type(1).IsIntegral() && !call.IsNull(1)) return call.Unexpected(1, "\"INTEGRAL\"");
  auto out = call.Make(call.type(0).element(), {call.type(0), TypeId::kInt},
                       "list_extract({0}, CASE WHEN {1} >= 0 THEN CAST({1} AS BIGINT) + 1 END)");
  out.nullable = ItemMayBeNull(call, 0);
  return out;
}

Result<ResolvedFunction> Flatten(const Call& call) {
  if (!call.type(0).Is(TypeId::kArray) || !call.type(0).element().Is(TypeId::kArray)) {
    return call.Unexpected(0, "\"ARRAY\" of \"ARRAY\"");
  }
  auto out = call.Make(call.type(0).element(), call.Types(),
                       "CASE WHEN list_count({0}) < len({0}) THEN NULL ELSE flatten({0}) END");
  out.nullable = out.nullable || call.type(0).contains_null();
  return out;
}

Result<ResolvedFunction> Reverse(const Call& call) {
  if (call.type(0).Is(TypeId::kArray)) return call.Make(call.type(0), call.Types(), "list_reverse({0})");
  if (!sql::CanImplicitlyCast(call.type(0), TypeId::kString, call.ansi())) {
    return call.Unexpected(0, R"(("STRING" or "ARRAY"))");
  }
  return call.Make(TypeId::kString, {DataType(TypeId::kString)}, "spark_reverse({0})");
}

Result<ResolvedFunction> ArrayJoin(const Call& call) {
  DataType strings = DataType::Array(TypeId::kString);
  if (!call.IsNull(0) && !call.type(0).Is(TypeId::kArray)) return call.Unexpected(0, "\"ARRAY<STRING>\"");
  if (!call.IsNull(0) && !sql::CanImplicitlyCast(call.type(0), strings, call.ansi())) {
    return call.Unexpected(0, "\"ARRAY<STRING>\"");
  }
  std::vector<DataType> types(call.size(), TypeId::kString);
  types[0] = strings;
  return call.Make(TypeId::kString, types,
                   call.size() == 2 ? "spark_array_join({0}, {1})" : "spark_array_join({0}, {1}, {2})");
}

Result<ResolvedFunction> ArrayRepeat(const Call& call) {
  if (!sql::CanImplicitlyCast(call.type(1), TypeId::kInt, call.ansi())) return call.Unexpected(1, "\"INT\"");
  auto out = call.Make(DataType::Array(call.type(0), call.args[0].nullable), {call.type(0), TypeId::kInt},
                       "CASE WHEN {1} IS NULL THEN NULL ELSE spark_array_repeat({0}, {1}) END");
  out.nullable = call.args[1].nullable;
  return out;
}

Result<ResolvedFunction> ArraysZip(const Call& call) {
  std::vector<Field> fields;
  std::vector<DataType> types = call.Types();
  std::string pack, longest, any_null;
  for (size_t i = 0; i < call.size(); ++i) {
    if (!call.IsNull(i)) RETURN_IF_ERROR(call.NeedsArray(i));
    std::string arg = "{" + std::to_string(i) + "}";
    const std::string& text = call.args[i].sql;
    bool plain = !text.empty() && std::ranges::all_of(text, [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.';
    });
    std::string name = plain ? text.substr(text.rfind('.') + 1) : std::to_string(i);
    if (call.IsNull(i)) types[i] = DataType::Array(TypeId::kNull);
    fields.push_back({name, types[i].element(), true});
    pack += (i > 0 ? ", f" : "f") + std::to_string(i) + " := list_extract(" + arg + ", e + 1)";
    longest += (i > 0 ? ", len(" : "len(") + arg + ")";
    any_null += (i > 0 ? " OR " : "") + arg + " IS NULL";
  }
  DataType type = DataType::Array(DataType::Struct(std::move(fields)), false);
  if (call.size() == 0) return call.Make(type, {}, "CAST([] AS {type})");
  return call.Make(type, types,
                   "CASE WHEN " + any_null + " THEN NULL ELSE list_transform(range(greatest(" + longest +
                       ")), lambda e: struct_pack(" + pack + ")) END");
}

Result<ResolvedFunction> Sequence(const Call& call) {
  std::vector<DataType> ends = {call.type(0), call.type(1)};
  auto common = sql::CommonType(ends, call.ansi());
  if (!common) return call.DiffTypes();
  std::vector<DataType> types = {*common, *common};
  std::string lowering;
  if (common->IsIntegral()) {
    if (call.size() == 3) types.push_back(*common);
    lowering = "CAST(spark_sequence(CAST({0} AS BIGINT), CAST({1} AS BIGINT)" +
               std::string(call.size() == 3 ? ", CAST({2} AS BIGINT)" : "") + ") AS {type})";
  } else if (common->Is(TypeId::kDate) || common->Is(TypeId::kTimestamp) || common->Is(TypeId::kTimestampNtz)) {
    if (call.size() == 3) {
      types.push_back(call.type(2));
    }
    bool calendar = call.size() == 3 && call.type(2).Is(TypeId::kCalendarInterval);
    bool months = call.size() == 3 && call.type(2).Is(TypeId::kYearMonthInterval);
    std::string step = call.size() == 2 ? ", CAST(86400000000 AS BIGINT)" : ", {2}";
    lowering = std::string(calendar ? "spark_sequence_interval" : months ? "spark_sequence_months" : "spark_sequence_micros") + "({0}, {1}" + step + ")";
  } else {
    return call.Unexpected(0, R"(("INTEGRAL" or "DATE" or "TIMESTAMP"))");
  }
  auto out = call.Make(DataType::Array(*common, false), types, lowering);
  out.can_throw = true;
  return out;
}

Result<ResolvedFunction> MapFromArrays(const Call& call) {
  std::vector<DataType> types = call.Types();
  for (size_t i = 0; i < 2; ++i) {
    if (call.IsNull(i)) types[i] = DataType::Array(TypeId::kNull);
    else RETURN_IF_ERROR(call.NeedsArray(i));
  }
  DataType type = DataType::Map(types[0].element(), types[1].element(), types[1].contains_null());
  auto out = call.Make(type, types,
                       "CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL ELSE "
                       "spark_map(spark_check_same_length({0}, len({1})), {1}) END");
  out.can_throw = true;
  return out;
}

Result<ResolvedFunction> MapFromEntries(const Call& call) {
  bool entries = call.type(0).Is(TypeId::kArray) && call.type(0).element().Is(TypeId::kStruct) &&
                 call.type(0).element().fields().size() == 2;
  if (!entries) return call.Unexpected(0, "\"ARRAY\" of pair \"STRUCT\"");
  const auto& fields = call.type(0).element().fields();
  DataType type = DataType::Map(fields[0].type, fields[1].type, fields[1].nullable);
  auto out = call.Make(type, call.Types(),
                       "CASE WHEN {0} IS NULL OR list_count({0}) < len({0}) THEN NULL ELSE "
                       "spark_map(list_transform({0}, lambda e: struct_extract(e, 'f0')), "
                       "list_transform({0}, lambda e: struct_extract(e, 'f1'))) END");
  out.nullable = out.nullable || call.type(0).contains_null();
  out.can_throw = true;
  return out;
}

Result<ResolvedFunction> MapConcat(const Call& call) {
  for (size_t i = 0; i < call.size(); ++i) {
    if (!call.type(i).Is(TypeId::kMap)) {
      std::string types;
      for (const DataType& type : call.Types()) types += (types.empty() ? "" : ", ") + sql::QuoteType(type);
      return call.Mismatch("MAP_CONCAT_DIFF_TYPES", "The `map_concat` should all be of type map, but it's [" + types + "].",
                           {{"functionName", "`map_concat`"}, {"dataType", "[" + types + "]"}});
    }
  }
  auto common = sql::CommonType(call.Types(), call.ansi());
  if (!common) return call.DiffTypes();
  if (call.size() == 0) {
    DataType empty = DataType::Map(TypeId::kString, TypeId::kString, true);
    return call.Make(empty, {}, "CAST(MAP([], []) AS {type})");
  }
  std::string keys, values, any_null;
  for (size_t i = 0; i < call.size(); ++i) {
    std::string arg = "{" + std::to_string(i) + "}";
    keys += (i > 0 ? " || " : "") + ("map_keys(" + arg + ")");
    values += (i > 0 ? " || " : "") + ("map_values(" + arg + ")");
    any_null += (i > 0 ? " OR " : "") + arg + " IS NULL";
  }
  auto out = call.Make(*common, std::vector<DataType>(call.size(), *common),
                       "CASE WHEN " + any_null + " THEN NULL ELSE spark_map(" + keys + ", " + values +
                           ") END");
  out.can_throw = true;
  return out;
}

constexpr std::array kCollectionsRows = {
    FunctionRow{"array", "any...", "", "", "", MakeArray},
    FunctionRow{"map", "any...", "", "", "", MakeMap},
    FunctionRow{"named_struct", "any...", "", "", "", NamedStruct},
    FunctionRow{"size cardinality array_size", "any", "", "", "", Size},
    FunctionRow{"element_at try_element_at", "any, any", "", "", "", ElementAt},
    FunctionRow{"get", "any, any", "", "", "", Get},
    FunctionRow{"$array_item", "any, any", "", "", "", ArrayItem},
    FunctionRow{"$map_item", "any, any", "", "", "", MapFunction},
    FunctionRow{"array_contains", "any, any", "", "spark_array_contains({0}, {1})", "", WithElementSecond},
    FunctionRow{"array_position", "any, any", "", "spark_array_position({0}, {1})", "", WithElementSecond},
    FunctionRow{"array_remove", "any, any", "",
                "CASE WHEN {1} IS NULL THEN NULL ELSE list_filter({0}, lambda e: e IS NULL OR e <> {1}) END", "",
                WithElementSecond},
    FunctionRow{"array_append", "any, any", "", "CASE WHEN {0} IS NULL THEN NULL ELSE list_append({0}, {1}) END",
                "", WithElementSecond},
    FunctionRow{"array_prepend", "any, any", "", "CASE WHEN {0} IS NULL THEN NULL ELSE list_prepend({1}, {0}) END",
                "", WithElementSecond},
    FunctionRow{"array_insert", "any, any, any", "", "spark_array_insert({0}, {1}, {2}, {span})", "t",
                WithElementThird},
    FunctionRow{"array_union", "any, any", "", "spark_array_union({0}, {1})", "", TwoArrays},
    FunctionRow{"array_intersect", "any, any", "", "spark_array_intersect({0}, {1})", "", TwoArrays},
    FunctionRow{"array_except", "any, any", "", "spark_array_except({0}, {1})", "", TwoArrays},
    FunctionRow{"arrays_overlap", "any, any", "", "spark_arrays_overlap({0}, {1})", "", TwoArrays},
    FunctionRow{"array_distinct", "any", "", "spark_array_distinct({0})", "", SameArray},
    FunctionRow{"array_compact", "any", "", "list_filter({0}, lambda e: e IS NOT NULL)", "", SameArray},
    FunctionRow{"slice", "any, any, any", "", "spark_slice({0}, {1}, {2})", "t", SameArray},
    FunctionRow{"shuffle", "any, any?", "", "", "", Shuffle},
    FunctionRow{"sort_array", "any, any?", "", "", "", SortArray},
    FunctionRow{"array_min", "any", "", "list_min({0})", "", ElementOfArray},
    FunctionRow{"array_max", "any", "", "list_max({0})", "", ElementOfArray},
    FunctionRow{"flatten", "any", "", "", "", Flatten},
    FunctionRow{"reverse", "any", "", "", "", Reverse},
    FunctionRow{"array_join", "any, string, string?", "", "", "", ArrayJoin},
    FunctionRow{"array_repeat", "any, any", "", "", "", ArrayRepeat},
    FunctionRow{"arrays_zip", "any...", "", "", "", ArraysZip},
    FunctionRow{"sequence", "any, any, any?", "", "", "", Sequence},
    FunctionRow{"map_keys map_values map_entries", "any", "", "", "", MapFunction},
    FunctionRow{"map_contains_key", "any, any", "", "", "", MapFunction},
    FunctionRow{"map_from_arrays", "any, any", "", "", "", MapFromArrays},
    FunctionRow{"map_from_entries", "any", "", "", "", MapFromEntries},
    FunctionRow{"map_concat", "any...", "", "", "", MapConcat},
    FunctionRow{"str_to_map", "string, string=',', string=':'", "map<string,string>",
                "spark_map(spark_str_to_map_keys({0}, {1}, {2}), "
                "spark_str_to_map_values({0}, {1}, {2}))", "t"},
};

}  // namespace

std::span<const FunctionRow> CollectionFunctions() { return kCollectionsRows; }

}  // namespace ashlar::functions
