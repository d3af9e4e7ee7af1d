// JSON functions.
#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"
#include "functions/function_row.h"
#include "functions/record_schema.h"
#include "sql/analyze/errors.h"
#include "types/inferred_struct.h"
#include "types/widening.h"

namespace ashlar::functions {
namespace {

using sql::ResolvedFunction;

bool HasVariant(const DataType& type) {
  switch (type.id()) {
    case TypeId::kVariant: return true;
    case TypeId::kArray: return HasVariant(type.element());
    case TypeId::kMap: return HasVariant(type.key()) || HasVariant(type.map_value());
    case TypeId::kStruct: return std::ranges::any_of(type.fields(), [](const Field& field) { return HasVariant(field.type); });
    default: return false;
  }
}

Error InvalidSchema(const Call& call, const DataType& type) {
  return call.Mismatch("INVALID_JSON_SCHEMA",
                       "Input schema " + sql::QuoteType(type) + " must be a struct, an array, a map or a variant.",
                       {{"schema", sql::QuoteType(type)}});
}

Result<ResolvedFunction> FromJson(const Call& call) {
  if (!call.type(0).Is(TypeId::kString) && !call.IsNull(0)) return call.Unexpected(0, "\"STRING\"");
  auto schema = SchemaArgument(call, 1);
  if (!schema.ok()) return schema.error();
  if (!schema->IsNested()) return InvalidSchema(call, *schema);
  RETURN_IF_ERROR(CheckOptions(call, 2));
  if (HasVariant(*schema)) return NotImplemented("from_json to VARIANT");
  DataType type = AsNullable(*schema);
  std::vector<DataType> types = {TypeId::kString, TypeId::kString};
  std::string options;
  if (call.size() == 3) {
    types.push_back(DataType::Map(TypeId::kString, TypeId::kString));
    options = ", {2}";
  }
  auto out = call.Make(type, types, "spark_from_json({0}, CAST(NULL AS {type}), " + TypeConstant(type) + options + ")");
  out.nullable = out.can_throw = true;
  out.shown_arguments = 1;
  return out;
}

Result<ResolvedFunction> ToJson(const Call& call) {
  if (call.IsNull(0)) {
    auto null = call.Make(TypeId::kString, call.Types(), "CAST(NULL AS VARCHAR)");
    null.nullable = true;
    return null;
  }
  if (call.type(0).Is(TypeId::kVariant)) {
    auto variant = call.Make(TypeId::kString, call.Types(), "spark_variant_json({0})");
    variant.nullable = variant.can_throw = true;
    return variant;
  }
  if (!call.type(0).IsNested()) return InvalidSchema(call, call.type(0));
  RETURN_IF_ERROR(CheckOptions(call, 1));
  if (HasVariant(call.type(0))) return NotImplemented("to_json of " + call.type(0).SimpleString());
  std::vector<DataType> types = {call.type(0)};
  if (call.size() == 2) types.push_back(DataType::Map(TypeId::kString, TypeId::kString));
  auto out = call.Make(TypeId::kString, types,
                       "spark_to_json({0}, " + TypeConstant(call.type(0)) + (call.size() == 2 ? ", {1})" : ")"));
  out.nullable = out.can_throw = true;
  out.shown_arguments = 1;
  return out;
}

// ---- schema_of_json -----------------------------------------------------------------------------

DataType Merge(const DataType& a, const DataType& b) {
  if (a == b || b.Is(TypeId::kNull)) return a;
  if (a.Is(TypeId::kNull)) return b;
  if (a.IsNumeric() && b.IsNumeric()) {
    if (a.IsFractional() || b.IsFractional()) return TypeId::kDouble;
    return sql::WiderDecimal(a, b);
  }
  if (a.Is(TypeId::kStruct) && b.Is(TypeId::kStruct)) return WithFieldsOfBoth(a, b, Merge);
  if (a.Is(TypeId::kArray) && b.Is(TypeId::kArray)) return DataType::Array(Merge(a.element(), b.element()));
  return TypeId::kString;
}

DataType Infer(const Json& json) {
  if (json.is_null()) return {};
  if (json.is_boolean()) return TypeId::kBoolean;
  if (json.is_number_unsigned() && json.get<uint64_t>() > INT64_MAX) return DataType::Decimal(20, 0);
  if (json.is_number_integer()) return TypeId::kLong;
  if (json.is_number()) return TypeId::kDouble;
  if (json.is_string()) return TypeId::kString;
  if (json.is_array()) {
    DataType element;
    for (const Json& item : json) element = Merge(element, Infer(item));
    return DataType::Array(element);
  }
  std::vector<Field> fields;
  for (const auto& item : json.items()) fields.push_back({item.key(), Infer(item.value())});
  std::ranges::sort(fields, {}, &Field::name);
  return DataType::Struct(std::move(fields));
}

// What was only ever null is a string.
DataType Settled(const DataType& type) {
  if (type.Is(TypeId::kNull)) return TypeId::kString;
  if (type.Is(TypeId::kArray)) return DataType::Array(Settled(type.element()));
  if (!type.Is(TypeId::kStruct)) return type;
  std::vector<Field> fields;
  for (const Field& field : type.fields()) fields.push_back({field.name, Settled(field.type)});
  return DataType::Struct(std::move(fields));
}

Result<ResolvedFunction> SchemaOfJson(const Call& call) {
  if (call.args[0].constant == nullptr) return call.NonFoldable(0, "json");
  auto text = call.ConstantText(0);
  if (!text) {
    return call.Mismatch("UNEXPECTED_NULL", "The `json` must not be null.", {{"exprName", "json"}});
  }
  auto json = ParseJson(*text);
  if (!json.ok()) return MakeSqlError("JsonParseException", "", "Unrecognized token in " + *text, {}, SourceSpan{});
  std::string schema = Settled(Infer(*json)).Sql();
  auto out = call.Make(TypeId::kString, call.Types(), "decode(unhex(" + HexConstant(schema) + "))");
  out.nullable = false;
  return out;
}

// ---- VARIANT ------------------------------------------------------------------------------------

// variant_get(v, path[, type]): without a type, a variant.
Result<ResolvedFunction> VariantGet(const Call& call) {
  if (!call.type(0).Is(TypeId::kVariant) && !call.IsNull(0)) return call.Unexpected(0, "\"VARIANT\"");
  if (!sql::CanImplicitlyCast(call.type(1), TypeId::kString, call.ansi())) return call.Unexpected(1, "\"STRING\"");
  DataType type = TypeId::kVariant;
  if (call.size() == 3) {
    auto text = call.ConstantText(2);
    if (!text) return call.NonFoldable(2, "type");
    auto parsed = DataType::Parse(*text);
    if (!parsed.ok()) {
      Error error = parsed.error();
      error.span = call.context.span;
      return error;
    }
    type = AsNullable(*parsed);
  }
  std::vector<DataType> types = {TypeId::kVariant, TypeId::kString, TypeId::kString};
  auto out = call.Make(type, types, "spark_" + std::string(call.name) + "({0}, {1}, " + TypeConstant(type) + ", CAST(NULL AS {type}))");
  out.nullable = out.can_throw = true;
  out.shown_arguments = 2;
  return out;
}

Result<ResolvedFunction> ParseVariant(const Call& call) {
  if (!call.type(0).Is(TypeId::kString) && !call.IsNull(0)) return call.Unexpected(0, "\"STRING\"");
  bool is_try = call.name == "try_parse_json";
  auto out = call.Make(TypeId::kVariant, {TypeId::kString}, "spark_" + std::string(call.name) + "({0})");
  out.nullable = out.nullable || is_try;
  out.can_throw = !is_try;
  return out;
}

Result<ResolvedFunction> ToVariantObject(const Call& call) {
  if (!call.type(0).IsNested()) {
    return call.Mismatch("CAST_WITHOUT_SUGGESTION",
                         "cannot cast " + sql::QuoteType(call.type(0)) + " to \"VARIANT\".",
                         {{"srcType", sql::QuoteType(call.type(0))}, {"targetType", "\"VARIANT\""}});
  }
  auto out = call.Make(TypeId::kVariant, call.Types(), "spark_to_variant({0}, " + TypeConstant(call.type(0)) + ")");
  out.can_throw = true;
  return out;
}

constexpr std::array kJsonRows = {
    FunctionRow{"parse_json try_parse_json", "any", "", "", "", ParseVariant},
    FunctionRow{"variant_get try_variant_get", "any, any, any?", "", "", "", VariantGet},
    FunctionRow{"is_variant_null", "variant", "boolean", "spark_is_variant_null({0})", "Nt"},
    FunctionRow{"schema_of_variant", "variant", "string", "spark_schema_of_variant({0})", "t"},
    FunctionRow{"to_variant_object", "any", "", "", "", ToVariantObject},
    FunctionRow{"from_json", "any, any, any?", "", "", "", FromJson},
    FunctionRow{"to_json", "any, any?", "", "", "", ToJson},
    FunctionRow{"schema_of_json", "any, any?", "", "", "", SchemaOfJson},
    FunctionRow{"get_json_object", "string, string", "string", "spark_get_json_object({0}, {1})", "n"},
    FunctionRow{"json_array_length", "string", "int", "spark_json_array_length({0})", "n"},
    FunctionRow{"json_object_keys", "string", "array<string>", "spark_json_object_keys({0})", "n"},
};

}  // namespace

std::span<const FunctionRow> JsonFunctions() { return kJsonRows; }

}  // namespace ashlar::functions
