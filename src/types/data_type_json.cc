#include <array>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "types/data_type.h"
#include "types/text_lengths.h"

namespace ashlar {
namespace {

struct NameRow {
  TypeId id;
  const char* name;
};
// The JSON names of types without parameters.
constexpr std::array kNames = {
    NameRow{TypeId::kNull, "void"},           NameRow{TypeId::kBoolean, "boolean"},
    NameRow{TypeId::kByte, "byte"},           NameRow{TypeId::kShort, "short"},
    NameRow{TypeId::kInt, "integer"},         NameRow{TypeId::kLong, "long"},
    NameRow{TypeId::kFloat, "float"},         NameRow{TypeId::kDouble, "double"},
    NameRow{TypeId::kString, "string"},       NameRow{TypeId::kBinary, "binary"},
    NameRow{TypeId::kDate, "date"},           NameRow{TypeId::kTimestamp, "timestamp"},
    NameRow{TypeId::kTimestampNtz, "timestamp_ntz"}, NameRow{TypeId::kCalendarInterval, "interval"},
    NameRow{TypeId::kVariant, "variant"},
};

// CHAR(n) and VARCHAR(n) are no types of the Delta protocol. As Spark does, a column with them anywhere
// inside is a column with STRING there, and its metadata has the type.
constexpr const char* kCharVarcharKey = "__CHAR_VARCHAR_TYPE_STRING";

// The type's text with names quoted where they need it: Spark writes them as they are, and cannot read its own text then.
std::string QuotedText(const DataType& type) {
  switch (type.id()) {
    case TypeId::kArray:
      return "array<" + QuotedText(type.element()) + ">";
    case TypeId::kMap:
      return "map<" + QuotedText(type.key()) + "," + QuotedText(type.map_value()) + ">";
    case TypeId::kStruct: {
      std::vector<std::string> parts;
      for (const Field& field : type.fields()) parts.push_back(QuoteIfNeeded(field.name) + ":" + QuotedText(field.type));
      return "struct<" + Join(parts, ",") + ">";
    }
    default:
      return type.SimpleString();
  }
}

// Reads the text of a type whose shape is known, so that names need no quotes in it.
class LengthReader {
 public:
  explicit LengthReader(std::string_view text) : text_(text) {}

  // `plain` with the lengths that the text has; nullopt when it is the text of another type.
  std::optional<DataType> Read(const DataType& plain) {
    std::optional<DataType> type = Next(plain);
    Accept("");
    return text_.empty() ? type : std::nullopt;
  }

 private:
  bool Accept(std::string_view word) {
    while (text_.starts_with(' ')) text_.remove_prefix(1);
    if (text_.size() < word.size() || !EqualsIgnoreCase(text_.substr(0, word.size()), word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }

  std::optional<DataType> Next(const DataType& plain) {
    switch (plain.id()) {
      case TypeId::kString:
        return NextString();
      case TypeId::kArray: {
        auto element = Accept("array<") ? Next(plain.element()) : std::nullopt;
        if (!element || !Accept(">")) return std::nullopt;
        return DataType::Array(*std::move(element), plain.contains_null());
      }
      case TypeId::kMap: {
        auto key = Accept("map<") ? Next(plain.key()) : std::nullopt;
        auto value = key && Accept(",") ? Next(plain.map_value()) : std::nullopt;
        if (!value || !Accept(">")) return std::nullopt;
        return DataType::Map(*std::move(key), *std::move(value), plain.value_contains_null());
      }
      case TypeId::kStruct:
        return NextStruct(plain);
      default:
        return Accept(plain.SimpleString()) ? std::optional(plain) : std::nullopt;
    }
  }

  std::optional<DataType> NextString() {
    if (Accept("string")) return DataType(TypeId::kString);
    const bool varying = Accept("varchar(");
    if (!varying && !Accept("char(")) return std::nullopt;
    size_t end = text_.find(')');
    std::optional<int64_t> length = ParseInt64(text_.substr(0, end));
    if (end == std::string_view::npos || !length || *length < 1 || *length > INT32_MAX) return std::nullopt;
    text_.remove_prefix(end + 1);
    return varying ? DataType::Varchar(static_cast<int>(*length)) : DataType::Char(static_cast<int>(*length));
  }

  std::optional<DataType> NextStruct(const DataType& plain) {
    if (!Accept("struct<")) return std::nullopt;
    std::vector<Field> fields = plain.fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      if (i > 0 && !Accept(",")) return std::nullopt;
      bool named = Accept(QuoteIdentifier(fields[i].name)) || Accept(fields[i].name);
      auto type = named && Accept(":") ? Next(fields[i].type) : std::nullopt;
      if (!type) return std::nullopt;
      fields[i].type = *std::move(type);
    }
    return Accept(">") ? std::optional(DataType::Struct(std::move(fields))) : std::nullopt;
  }

  std::string_view text_;
};

Field WithLengthsInMetadata(Field column) {
  DataType plain = WithoutLengths(column.type);
  if (plain == column.type) return column;
  Result<Json> metadata = ParseJson(column.metadata);
  Json json = metadata.ok() && metadata->is_object() ? *metadata : Json::object();
  json[kCharVarcharKey] = QuotedText(column.type);
  column.type = std::move(plain);
  column.metadata = WriteJson(json);
  return column;
}

// Metadata that names another type says nothing.
Field WithLengthsInType(Field column) {
  if (column.metadata.find(kCharVarcharKey) == std::string::npos) return column;
  Result<Json> metadata = ParseJson(column.metadata);
  if (!metadata.ok() || !metadata->contains(kCharVarcharKey) || !(*metadata)[kCharVarcharKey].is_string()) return column;
  const std::string text = (*metadata)[kCharVarcharKey].get<std::string>();
  if (std::optional<DataType> type = LengthReader(text).Read(column.type)) column.type = *std::move(type);
  metadata->erase(kCharVarcharKey);
  column.metadata = WriteJson(*metadata);
  return column;
}

Json FieldToJson(const Field& field) {
  Json json;
  json["name"] = field.name;
  json["type"] = field.type.ToJson();
  json["nullable"] = field.nullable;
  Result<Json> metadata = ParseJson(field.metadata);
  json["metadata"] = metadata.ok() ? *metadata : Json::object();
  return json;
}

Error BadType(const std::string& what) {
  Error error = MakeSqlError("INVALID_JSON_DATA_TYPE", "2203G", "Failed to convert the JSON string to a data type: " + what,
                             {{"invalidType", what}});
  error.code = ErrorCode::kInvalidParameterValue;
  return error;
}

Result<Field> FieldFromJson(const Json& json) {
  if (!json.is_object() || !json.contains("name") || !json["name"].is_string() || !json.contains("type")) {
    return BadType("a field needs a name and a type: " + WriteJson(json));
  }
  Field field;
  field.name = json["name"].get<std::string>();
  ASSIGN_OR_RETURN(field.type, DataType::FromJson(json["type"]));
  field.nullable = !json.contains("nullable") || !json["nullable"].is_boolean() || json["nullable"].get<bool>();
  if (json.contains("metadata") && json["metadata"].is_object()) field.metadata = WriteJson(json["metadata"]);
  return field;
}

Result<DataType> NestedFromJson(const Json& json) {
  std::string kind = json.value("type", "");
  if (kind == "struct" && json.contains("fields") && json["fields"].is_array()) {
    std::vector<Field> fields;
    for (const Json& item : json["fields"]) {
      ASSIGN_OR_RETURN(Field field, FieldFromJson(item));
      fields.push_back(std::move(field));
    }
    return DataType::Struct(std::move(fields));
  }
  if (kind == "array" && json.contains("elementType")) {
    ASSIGN_OR_RETURN(DataType element, DataType::FromJson(json["elementType"]));
    return DataType::Array(std::move(element), json.value("containsNull", true));
  }
  if (kind == "map" && json.contains("keyType") && json.contains("valueType")) {
    ASSIGN_OR_RETURN(DataType key, DataType::FromJson(json["keyType"]));
    ASSIGN_OR_RETURN(DataType value, DataType::FromJson(json["valueType"]));
    return DataType::Map(std::move(key), std::move(value), json.value("valueContainsNull", true));
  }
  return BadType("unknown type " + WriteJson(json));
}

}  // namespace

DataType WithoutLengths(const DataType& type) {
  switch (type.id()) {
    case TypeId::kString:
      return type.is_char() || type.is_varchar() ? DataType(TypeId::kString) : type;
    case TypeId::kArray:
      return DataType::Array(WithoutLengths(type.element()), type.contains_null());
    case TypeId::kMap:
      return DataType::Map(WithoutLengths(type.key()), WithoutLengths(type.map_value()), type.value_contains_null());
    case TypeId::kStruct: {
      std::vector<Field> fields = type.fields();
      for (Field& field : fields) field.type = WithoutLengths(field.type);
      return DataType::Struct(std::move(fields));
    }
    default:
      return type;
  }
}

Json DataType::ToJson() const {
  for (const NameRow& row : kNames) {
    if (row.id == id_ && !(id_ == TypeId::kString && precision_ > 0)) return row.name;
  }
  Json json;
  switch (id_) {
    case TypeId::kArray:
      json["type"] = "array";
      json["elementType"] = element().ToJson();
      json["containsNull"] = contains_null();
      return json;
    case TypeId::kMap:
      json["type"] = "map";
      json["keyType"] = key().ToJson();
      json["valueType"] = map_value().ToJson();
      json["valueContainsNull"] = value_contains_null();
      return json;
    case TypeId::kStruct:
      json["type"] = "struct";
      json["fields"] = Json::array();
      for (const Field& field : fields()) json["fields"].push_back(FieldToJson(field));
      return json;
    default:
      return SimpleString();
  }
}

Result<DataType> DataType::FromJson(const Json& json) {
  if (json.is_object()) return NestedFromJson(json);
  if (!json.is_string()) return BadType("unknown type " + WriteJson(json));
  std::string name = json.get<std::string>();
  for (const NameRow& row : kNames) {
    if (name == row.name) return DataType(row.id);
  }
  if (name == "null") return DataType(TypeId::kNull);
  if (name == "decimal") return DataType::Decimal(10, 0);
  if (name == "timestampNtz") return DataType(TypeId::kTimestampNtz);
  // decimal(p,s), char(n), varchar(n) and intervals have the same text as in DDL.
  if (name.starts_with("decimal(") || name.starts_with("char(") || name.starts_with("varchar(") ||
      name.starts_with("interval ")) {
    return DataType::Parse(name);
  }
  return BadType("unknown type '" + name + "'");
}

std::string Schema::ToJsonText() const {
  Schema written;
  for (const Field& field : fields) written.fields.push_back(WithLengthsInMetadata(field));
  return WriteJson(written.ToStruct().ToJson());
}

Result<Schema> Schema::FromJsonText(std::string_view text) {
  ASSIGN_OR_RETURN(Json json, ParseJson(text));
  ASSIGN_OR_RETURN(DataType type, DataType::FromJson(json));
  if (!type.Is(TypeId::kStruct)) return BadType("the top level is not a struct");
  Schema schema;
  for (const Field& field : type.fields()) schema.fields.push_back(WithLengthsInType(field));
  return schema;
}

}  // namespace ashlar
