#include "delta/evolution/type_widening.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "delta/schema.h"
#include "types/widening.h"

namespace ashlar::delta {
namespace {

Json MetadataOf(const Field& field) {
  auto json = ParseJson(field.metadata.empty() ? "{}" : field.metadata);
  return json.ok() && json->is_object() ? *std::move(json) : Json::object();
}

void NoteChange(Json& changes, const DataType& before, const DataType& after, const std::string& path) {
  Json change;
  change["toType"] = after.ToJson();
  change["fromType"] = before.ToJson();
  if (!path.empty()) change["fieldPath"] = path;
  changes.push_back(std::move(change));
}

std::vector<Field> NoteFields(const std::vector<Field>& before, std::vector<Field> after);

std::string Below(const std::string& path, const char* part) { return path.empty() ? part : path + "." + part; }

// Notes what changed between the types within one field, and gives the new type with what is noted
// further in.
DataType NoteType(const DataType& before, const DataType& after, const std::string& path, Json& changes) {
  if (before.id() != after.id()) {
    NoteChange(changes, before, after, path);
    return after;
  }
  switch (after.id()) {
    case TypeId::kStruct: return DataType::Struct(NoteFields(before.fields(), after.fields()));
    case TypeId::kArray:
      return DataType::Array(NoteType(before.element(), after.element(), Below(path, "element"), changes),
                             after.contains_null());
    case TypeId::kMap: {
      DataType key = NoteType(before.key(), after.key(), Below(path, "key"), changes);
      DataType value = NoteType(before.map_value(), after.map_value(), Below(path, "value"), changes);
      return DataType::Map(std::move(key), std::move(value), after.value_contains_null());
    }
    case TypeId::kDecimal:
      if (!(before == after)) NoteChange(changes, before, after, path);
      return after;
    default: return after;
  }
}

std::vector<Field> NoteFields(const std::vector<Field>& before, std::vector<Field> after) {
  for (Field& field : after) {
    auto old = std::ranges::find_if(before, [&](const Field& f) { return EqualsIgnoreCase(f.name, field.name); });
    if (old == before.end()) continue;
    Json changes = Json::array();
    field.type = NoteType(old->type, field.type, "", changes);
    if (changes.empty()) continue;
    Json metadata = MetadataOf(field);
    if (!metadata.contains(kTypeChanges)) metadata[kTypeChanges] = Json::array();
    for (Json& change : changes) metadata[kTypeChanges].push_back(std::move(change));
    field.metadata = WriteJson(metadata);
  }
  return after;
}

// The type as JSON names it; nullopt for what is none.
std::optional<DataType> NamedType(const Json& change, const char* key) {
  if (!change.is_object() || !change.contains(key)) return std::nullopt;
  auto type = DataType::FromJson(change[key]);
  return type.ok() ? std::optional(*std::move(type)) : std::nullopt;
}

Error Unsupported(const Field& field, const Json& change) {
  auto text = [&](const char* key) {
    auto type = NamedType(change, key);
    return type ? type->Sql() : std::string("unknown");
  };
  return MakeSqlError("DELTA_UNSUPPORTED_TYPE_CHANGE_IN_SCHEMA", "0AKDC",
                      "Unable to operate on this table because an unsupported type change was applied. Field " +
                          QuoteIfNeeded(field.name) + " was changed from " + text("fromType") + " to " + text("toType") + ".",
                      {{"fieldName", QuoteIfNeeded(field.name)}, {"fromType", text("fromType")}, {"toType", text("toType")}});
}

void CollectWidened(const DataType& type, const std::vector<std::string>& path, std::vector<WidenedField>& found) {
  auto within = [&](const std::string& name, const DataType& inner) {
    std::vector<std::string> below = path;
    below.push_back(name);
    CollectWidened(inner, below, found);
  };
  if (type.Is(TypeId::kArray)) within("element", type.element());
  if (type.Is(TypeId::kMap)) {
    within("key", type.key());
    within("value", type.map_value());
  }
  if (!type.Is(TypeId::kStruct)) return;
  for (const Field& field : type.fields()) {
    if (MetadataOf(field).contains(kTypeChanges)) found.push_back({path, field});
    within(field.name, field.type);
  }
}

Status CheckField(const Field& field) {
  Json metadata = MetadataOf(field);
  if (!metadata.contains(kTypeChanges)) return OkStatus();
  for (const Json& change : metadata[kTypeChanges]) {
    auto from = NamedType(change, "fromType"), to = NamedType(change, "toType");
    // Text types are one type in files.
    bool text = from && to && from->Is(TypeId::kString) && to->Is(TypeId::kString);
    if (!from || !to || !(text || *from == *to || IsWidening(*from, *to))) return Unsupported(field, change);
  }
  return OkStatus();
}

void CollectChanges(const DataType& type, const std::string& path, std::vector<TypeChange>& changes);

void CollectChanges(const std::vector<Field>& fields, const std::string& above, std::vector<TypeChange>& changes) {
  for (const Field& field : fields) {
    std::string path = above.empty() ? field.name : above + "." + field.name;
    Json metadata = MetadataOf(field);
    for (const Json& change : metadata.contains(kTypeChanges) ? metadata[kTypeChanges] : Json::array()) {
      auto from = NamedType(change, "fromType"), to = NamedType(change, "toType");
      if (!from || !to) continue;
      changes.push_back({path, *from, *to});
    }
    CollectChanges(field.type, path, changes);
  }
}

void CollectChanges(const DataType& type, const std::string& path, std::vector<TypeChange>& changes) {
  switch (type.id()) {
    case TypeId::kStruct: return CollectChanges(type.fields(), path, changes);
    case TypeId::kArray: return CollectChanges(type.element(), path + ".element", changes);
    case TypeId::kMap:
      CollectChanges(type.key(), path + ".key", changes);
      return CollectChanges(type.map_value(), path + ".value", changes);
    default: return;
  }
}

}  // namespace

std::vector<TypeChange> TypeChangesOf(const Schema& schema) {
  std::vector<TypeChange> changes;
  CollectChanges(schema.fields, "", changes);
  return changes;
}

Schema WithTypeChanges(const Schema& before, const Schema& after) {
  return Schema{NoteFields(before.fields, after.fields)};
}

std::vector<WidenedField> WidenedFields(const Schema& schema) {
  std::vector<WidenedField> found;
  CollectWidened(schema.ToStruct(), {}, found);
  return found;
}

Schema WithoutTypeChanges(const Schema& schema) {
  DataType plain = RewriteFields(schema.ToStruct(), [](Field field) {
    if (field.metadata.find(kTypeChanges) == std::string::npos) return field;
    Json metadata = MetadataOf(field);
    metadata.erase(kTypeChanges);
    field.metadata = WriteJson(metadata);
    return field;
  });
  return Schema{plain.fields()};
}

Status CheckTypeChanges(const Schema& schema) {
  Status status = OkStatus();
  AnyField(schema, [&](const Field& field) {
    if (field.metadata.find(kTypeChanges) == std::string::npos) return false;
    status = CheckField(field);
    return !status.ok();
  });
  return status;
}

}  // namespace ashlar::delta
