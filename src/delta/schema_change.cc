#include "delta/schema_change.h"

#include <algorithm>
#include <span>

#include "base/json.h"
#include "base/text.h"
#include "delta/evolution/drop_feature.h"
#include "delta/evolution/iceberg_compat.h"
#include "delta/evolution/shared_fields.h"
#include "delta/schema.h"

namespace ashlar::delta {
namespace {

constexpr const char* kMaxColumnId = "delta.columnMapping.maxColumnId";

using Fields = std::vector<Field>;
using FieldsChange = std::function<Status(Fields&)>;

size_t IndexIn(const Fields& fields, const std::string& name) {
  auto found = std::ranges::find_if(fields, [&](const Field& field) { return EqualsIgnoreCase(field.name, name); });
  return static_cast<size_t>(found - fields.begin());
}

std::string Quoted(const ColumnPath& path) {
  std::vector<std::string> parts;
  for (const std::string& part : path) parts.push_back(QuoteIdentifier(part));
  return Join(parts, ".");
}

Error NotFound(const ColumnPath& path, const Schema& schema) {
  return MakeSqlError("FIELD_NOT_FOUND", "42704", "No such struct field " + Quoted(path) + " in " + schema.ToDdl() + ".",
                      {{"fieldName", Quoted(path)}, {"fields", schema.ToDdl()}});
}

using TypeChange = std::function<Result<DataType>(const DataType&)>;

// The type with `change` applied where `path` leads to. kNotFound without a condition: it leads nowhere.
Result<DataType> ChangeTypeBelow(const DataType& type, std::span<const std::string> path, const TypeChange& change) {
  if (path.empty()) return change(type);
  if (type.Is(TypeId::kStruct)) {
    Fields fields = type.fields();
    size_t at = IndexIn(fields, path[0]);
    if (at == fields.size()) return MakeError(ErrorCode::kNotFound, "no such field");
    ASSIGN_OR_RETURN(fields[at].type, ChangeTypeBelow(fields[at].type, path.subspan(1), change));
    return DataType::Struct(std::move(fields));
  }
  if (type.Is(TypeId::kArray) && EqualsIgnoreCase(path[0], "element")) {
    ASSIGN_OR_RETURN(DataType element, ChangeTypeBelow(type.element(), path.subspan(1), change));
    return DataType::Array(std::move(element), type.contains_null());
  }
  if (type.Is(TypeId::kMap) && EqualsIgnoreCase(path[0], "key")) {
    ASSIGN_OR_RETURN(DataType key, ChangeTypeBelow(type.key(), path.subspan(1), change));
    return DataType::Map(std::move(key), type.map_value(), type.value_contains_null());
  }
  if (type.Is(TypeId::kMap) && EqualsIgnoreCase(path[0], "value")) {
    ASSIGN_OR_RETURN(DataType value, ChangeTypeBelow(type.map_value(), path.subspan(1), change));
    return DataType::Map(type.key(), std::move(value), type.value_contains_null());
  }
  return MakeError(ErrorCode::kNotFound, "no such field");
}

Error OrNotFound(Error error, const ColumnPath& path, const Schema& schema) {
  bool nowhere = error.code == ErrorCode::kNotFound && error.condition.empty();
  return nowhere ? NotFound(path, schema) : error;
}

Status ChangeFields(Schema& schema, const ColumnPath& parent, const ColumnPath& named, const FieldsChange& change) {
  auto changed = ChangeTypeBelow(schema.ToStruct(), parent, [&](const DataType& type) -> Result<DataType> {
    if (!type.Is(TypeId::kStruct)) return MakeError(ErrorCode::kNotFound, "no such field");
    Fields fields = type.fields();
    RETURN_IF_ERROR(change(fields));
    return DataType::Struct(std::move(fields));
  });
  if (!changed.ok()) return OrNotFound(std::move(changed).error(), named, schema);
  schema.fields = changed->fields();
  return OkStatus();
}

ColumnPath ParentOf(const ColumnPath& path) { return {path.begin(), path.end() - 1}; }

// As delta-spark says it: of the field that has no place.
Error NoSibling(const Field& field, const Fields& siblings) {
  std::vector<std::string> names;
  for (const Field& sibling : siblings) names.push_back(sibling.name);
  return MakeSqlError("FIELD_NOT_FOUND", "42704", "No such struct field " + QuoteIdentifier(field.name) + " in " + Join(names, ", ") + ".",
                      {{"fieldName", QuoteIdentifier(field.name)}, {"fields", Join(names, ", ")}});
}

Status Insert(Fields& fields, Field field, const ColumnPlace& place) {
  size_t at = fields.size();
  if (place.first) at = 0;
  if (place.after) {
    at = IndexIn(fields, *place.after);
    if (at == fields.size()) return NoSibling(field, fields);
    ++at;
  }
  fields.insert(fields.begin() + static_cast<long>(at), std::move(field));
  return OkStatus();
}

void KeepIds(const Field& before, Field& after) {
  auto known = ParseJson(before.metadata), own = ParseJson(after.metadata);
  if (!known.ok() || !own.ok()) return;
  for (const char* key : {kFieldId, kPhysicalName, kNestedIds}) {
    if (known->contains(key)) (*own)[key] = (*known)[key];
  }
  after.metadata = WriteJson(*own);
}

}  // namespace

Status AddColumn(Schema& schema, const ColumnPath& parent, const Field& field, const ColumnPlace& place) {
  ColumnPath full = parent;
  full.push_back(field.name);
  return ChangeFields(schema, parent, parent, [&](Fields& fields) -> Status {
    if (IndexIn(fields, field.name) < fields.size()) {
      return MakeSqlError("FIELD_ALREADY_EXISTS", "42710",
                          "Cannot add column, because " + Quoted(full) + " already exists in " + schema.ToDdl() + ".",
                          {{"op", "add"},
                           {"fieldNames", Quoted(full)},
                           {"struct", "\"" + DataType::Struct(schema.fields).Sql() + "\""}});
    }
    return Insert(fields, field, place);
  });
}

Status DropColumn(Schema& schema, const ColumnPath& path) {
  return ChangeFields(schema, ParentOf(path), path, [&](Fields& fields) -> Status {
    size_t at = IndexIn(fields, path.back());
    if (at == fields.size()) return NotFound(path, schema);
    if (fields.size() == 1) {
      return MakeSqlError("DELTA_DROP_COLUMN_ON_SINGLE_FIELD_SCHEMA", "0AKDC",
                          "Cannot drop column from a schema with a single column. Schema:\n" + schema.ToDdl(),
                          {{"schema", schema.ToDdl()}});
    }
    fields.erase(fields.begin() + static_cast<long>(at));
    return OkStatus();
  });
}

Status MoveColumn(Schema& schema, const ColumnPath& path, const ColumnPlace& place) {
  return ChangeFields(schema, ParentOf(path), path, [&](Fields& fields) -> Status {
    size_t at = IndexIn(fields, path.back());
    if (at == fields.size()) return NotFound(path, schema);
    if (place.after && EqualsIgnoreCase(*place.after, path.back())) return OkStatus();
    Field field = fields[at];
    fields.erase(fields.begin() + static_cast<long>(at));
    return Insert(fields, std::move(field), place);
  });
}

Status ChangeColumn(Schema& schema, const ColumnPath& path, const std::function<Status(Field&)>& change) {
  return ChangeFields(schema, ParentOf(path), path, [&](Fields& fields) -> Status {
    size_t at = IndexIn(fields, path.back());
    if (at == fields.size()) return NotFound(path, schema);
    return change(fields[at]);
  });
}

Status ChangeColumnType(Schema& schema, const ColumnPath& path, const std::function<Result<DataType>(const DataType&)>& change) {
  auto changed = ChangeTypeBelow(schema.ToStruct(), path, change);
  if (!changed.ok()) return OrNotFound(std::move(changed).error(), path, schema);
  schema.fields = changed->fields();
  return OkStatus();
}

void AssignColumnIds(Schema& schema, StringMap& configuration, bool keep_names, Random& random) {
  int64_t highest = ParseInt64(configuration[kMaxColumnId]).value_or(0);
  AnyField(schema, [&](const Field& field) {
    highest = std::max<int64_t>(highest, FieldIdOf(field).value_or(0));
    return false;
  });
  DataType assigned = RewriteFields(schema.ToStruct(), [&](Field field) {
    auto parsed = ParseJson(field.metadata.empty() ? "{}" : field.metadata);
    Json json = parsed.ok() && parsed->is_object() ? *std::move(parsed) : Json::object();
    if (json.contains(kFieldId) && json.contains(kPhysicalName)) return field;
    if (!json.contains(kFieldId)) json[kFieldId] = ++highest;
    if (!json.contains(kPhysicalName)) json[kPhysicalName] = keep_names ? field.name : "col-" + NewUuid(random);
    field.metadata = WriteJson(json);
    return field;
  });
  schema.fields = assigned.fields();
  if (IcebergCompatVersion(configuration) == 2) schema = WithNestedIds(schema, highest);
  configuration[kMaxColumnId] = std::to_string(highest);
}

Status KeepColumnIds(const Metadata& before, Metadata& after, Random& random) {
  for (const Metadata* metadata : {&before, static_cast<const Metadata*>(&after)}) {
    ASSIGN_OR_RETURN(ColumnMappingMode mode, MappingModeOf(metadata->configuration));
    if (mode == ColumnMappingMode::kNone) return OkStatus();
  }
  ASSIGN_OR_RETURN(Schema old, Schema::FromJsonText(before.schema_string));
  ASSIGN_OR_RETURN(Schema schema, Schema::FromJsonText(after.schema_string));
  schema.fields = KeepOfSharedFields(old.ToStruct(), WithoutColumnIds(schema).ToStruct(), KeepIds).fields();
  auto highest = before.configuration.find(kMaxColumnId);
  if (highest != before.configuration.end()) after.configuration[kMaxColumnId] = highest->second;
  AssignColumnIds(schema, after.configuration, false, random);
  after.schema_string = schema.ToJsonText();
  return OkStatus();
}

}  // namespace ashlar::delta
