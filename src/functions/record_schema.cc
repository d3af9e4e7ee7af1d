#include "functions/record_schema.h"

#include "base/json.h"
#include "base/text.h"

namespace ashlar::functions {
namespace {

Result<DataType> SchemaFromText(const std::string& text) {
  if (Trim(text).starts_with('{') || Trim(text).starts_with('"')) {
    ASSIGN_OR_RETURN(Json json, ParseJson(text));
    return DataType::FromJson(json);
  }
  auto type = DataType::Parse(text);
  if (type.ok()) return type;
  auto schema = Schema::ParseDdl(text);
  if (schema.ok()) return schema->ToStruct();
  // One word is a type, more are columns: the error is of what was meant.
  return Trim(text).find(' ') == std::string_view::npos ? type.error() : schema.error();
}

}  // namespace

std::string HexConstant(const std::string& text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : text) {
    out += kDigits[c >> 4];
    out += kDigits[c & 15];
  }
  return "'" + out + "'";
}

std::string TypeConstant(const DataType& type) { return HexConstant(WriteJson(type.ToJson())); }

Result<DataType> SchemaArgument(const Call& call, size_t i) {
  auto text = call.ConstantText(i);
  if (!text) {
    return MakeSqlError("INVALID_SCHEMA.NON_STRING_LITERAL", "42K07",
                        "The input schema \"" + call.args[i].sql + "\" is not a valid schema string. The input "
                        "expression must be string literal and not null.",
                        {{"inputSchema", "\"" + call.args[i].sql + "\""}}, call.context.span);
  }
  auto schema = SchemaFromText(*text);
  if (schema.ok()) return schema;
  Error error = schema.error();
  error.span = call.context.span;
  return error;
}

Status CheckOptions(const Call& call, size_t i) {
  if (i >= call.size() || call.type(i).Is(TypeId::kMap)) return {};
  return MakeSqlError("INVALID_OPTIONS.NON_MAP_FUNCTION", "42K06",
                      "Invalid options: Must use the `map()` function for options.", {}, call.context.span);
}

}  // namespace ashlar::functions
