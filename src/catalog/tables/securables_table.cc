#include "catalog/tables/securables_table.h"

#include "base/json.h"

namespace ashlar::catalog {
namespace {

// The one list of columns, in ReadRow's order.
constexpr const char* kSelect =
    "SELECT uuid, kind, parent_uuid, name, state, owner_id, comment, properties, location, managed, "
    "created_ms, created_by, updated_ms, updated_by, attributes FROM securables ";

std::string PropertiesText(const std::map<std::string, std::string>& properties) {
  Json json = Json::object();
  for (const auto& [key, value] : properties) json[key] = value;
  return WriteJson(json);
}

Result<std::map<std::string, std::string>> ParseProperties(const std::string& text) {
  ASSIGN_OR_RETURN(Json json, ParseJson(text));
  std::map<std::string, std::string> properties;
  for (const auto& [key, value] : json.items()) properties[key] = value.get<std::string>();
  return properties;
}

Result<SecurableRow> ReadRow(const metadb::Row& row) {
  SecurableRow out;
  out.uuid = row.Text(0);
  out.kind = static_cast<sql::Securable>(row.Int(1));
  out.parent_uuid = row.Text(2);
  out.name = row.Text(3);
  out.state = static_cast<SecurableState>(row.Int(4));
  out.owner_id = row.Int(5);
  out.comment = row.OptionalText(6);
  ASSIGN_OR_RETURN(out.properties, ParseProperties(row.Text(7)));
  out.location = row.Text(8);
  out.managed = row.Bool(9);
  out.created_ms = row.Int(10);
  out.created_by = row.Int(11);
  out.updated_ms = row.Int(12);
  out.updated_by = row.Int(13);
  out.attributes = row.Text(14);
  return out;
}

Result<std::vector<SecurableRow>> Select(metadb::Transaction& txn, const std::string& where,
                                         std::initializer_list<metadb::Cell> cells) {
  ASSIGN_OR_RETURN(auto rows, txn.Query(kSelect + where, cells));
  std::vector<SecurableRow> out;
  for (const metadb::Row& row : rows) {
    ASSIGN_OR_RETURN(SecurableRow securable, ReadRow(row));
    out.push_back(std::move(securable));
  }
  return out;
}

Result<std::optional<SecurableRow>> SelectOne(metadb::Transaction& txn, const std::string& where,
                                              std::initializer_list<metadb::Cell> cells) {
  ASSIGN_OR_RETURN(auto rows, Select(txn, where, cells));
  CHECK_LE(rows.size(), 1u) << where;
  if (rows.empty()) return std::optional<SecurableRow>();
  return std::optional<SecurableRow>(std::move(rows[0]));
}

}  // namespace

NameSpace NameSpaceOf(sql::Securable kind) {
  switch (kind) {
    case sql::Securable::kMetastore:
    case sql::Securable::kAnyFile:
      return NameSpace::kRoot;
    case sql::Securable::kCatalog:
      return NameSpace::kCatalog;
    case sql::Securable::kSchema:
      return NameSpace::kSchema;
    case sql::Securable::kTable:
    case sql::Securable::kView:
      return NameSpace::kRelation;
    case sql::Securable::kVolume:
      return NameSpace::kVolume;
    case sql::Securable::kFunction:
      return NameSpace::kFunction;
    case sql::Securable::kExternalLocation:
      return NameSpace::kLocation;
    case sql::Securable::kStorageCredential:
      return NameSpace::kCredential;
  }
  CHECK(false) << "securable kind " << static_cast<int>(kind);
  return NameSpace::kRoot;
}

Status SecurablesTable::Insert(metadb::Transaction& txn, const SecurableRow& row) {
  return txn.Run(
      "INSERT INTO securables (uuid, kind, name_space, parent_uuid, name, state, owner_id, comment, "
      "properties, location, managed, created_ms, created_by, updated_ms, updated_by, attributes) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {row.uuid, static_cast<int64_t>(row.kind), static_cast<int64_t>(NameSpaceOf(row.kind)),
       row.parent_uuid, row.name, static_cast<int64_t>(row.state), row.owner_id, row.comment,
       PropertiesText(row.properties), row.location, row.managed, row.created_ms, row.created_by,
       row.updated_ms, row.updated_by, row.attributes});
}

Status SecurablesTable::Update(metadb::Transaction& txn, const SecurableRow& row) {
  return txn.Run(
      "UPDATE securables SET parent_uuid = ?, name = ?, state = ?, owner_id = ?, comment = ?, "
      "properties = ?, location = ?, managed = ?, updated_ms = ?, updated_by = ?, attributes = ? "
      "WHERE uuid = ?",
      {row.parent_uuid, row.name, static_cast<int64_t>(row.state), row.owner_id, row.comment,
       PropertiesText(row.properties), row.location, row.managed, row.updated_ms, row.updated_by,
       row.attributes, row.uuid});
}

Status SecurablesTable::Delete(metadb::Transaction& txn, const std::string& uuid) {
  return txn.Run("DELETE FROM securables WHERE uuid = ?", {uuid});
}

Result<std::optional<SecurableRow>> SecurablesTable::Find(metadb::Transaction& txn,
                                                          const std::string& uuid) {
  return SelectOne(txn, "WHERE uuid = ?", {uuid});
}

Result<std::optional<SecurableRow>> SecurablesTable::FindRoot(metadb::Transaction& txn,
                                                              sql::Securable kind) {
  CHECK(NameSpaceOf(kind) == NameSpace::kRoot);
  return SelectOne(txn, "WHERE kind = ?", {static_cast<int64_t>(kind)});
}

Result<std::optional<SecurableRow>> SecurablesTable::FindChild(metadb::Transaction& txn,
                                                               const std::string& parent_uuid,
                                                               NameSpace name_space,
                                                               const std::string& name) {
  return SelectOne(txn, "WHERE parent_uuid = ? AND name_space = ? AND name = ? AND state = 0",
                   {parent_uuid, static_cast<int64_t>(name_space), name});
}

Result<std::vector<SecurableRow>> SecurablesTable::Children(metadb::Transaction& txn,
                                                            const std::string& parent_uuid,
                                                            NameSpace name_space) {
  return Select(txn, "WHERE parent_uuid = ? AND name_space = ? AND state = 0 ORDER BY name",
                {parent_uuid, static_cast<int64_t>(name_space)});
}

Result<std::vector<SecurableRow>> SecurablesTable::InState(metadb::Transaction& txn,
                                                           SecurableState state) {
  return Select(txn, "WHERE state = ? ORDER BY created_ms, uuid", {static_cast<int64_t>(state)});
}

Result<std::vector<SecurableRow>> SecurablesTable::AtLocation(metadb::Transaction& txn,
                                                              const std::string& location) {
  CHECK(!location.empty());
  return Select(txn, "WHERE location = ? AND state IN (0, 1) ORDER BY kind", {location});
}

Result<std::vector<SecurableRow>> SecurablesTable::BelowLocation(metadb::Transaction& txn,
                                                                 const std::string& location,
                                                                 int64_t limit) {
  CHECK(!location.empty());
  // '0' follows '/' in byte order, so this is the range of paths below the location.
  std::string prefix = location == "/" ? "" : location;
  return Select(txn, "WHERE location > ? AND location < ? AND state IN (0, 1) ORDER BY location LIMIT ?",
                {prefix + "/", prefix + "0", limit});
}

}  // namespace ashlar::catalog
