#include "workspace/tables/objects_table.h"

namespace ashlar::workspace {
namespace {

constexpr std::string_view kSelect =
    "SELECT id, parent_id, name, kind, language, size, creator_id, created_ms, modified_ms FROM workspace_objects ";

ObjectRow ReadRow(const metadb::Row& row) {
  return {.id = row.Int(0),
          .parent_id = row.Int(1),
          .name = row.Text(2),
          .kind = static_cast<ObjectKind>(row.Int(3)),
          .language = row.Text(4),
          .size = row.Int(5),
          .creator_id = row.Int(6),
          .created_ms = row.Int(7),
          .modified_ms = row.Int(8)};
}

std::optional<ObjectRow> FirstOf(const std::vector<metadb::Row>& rows) {
  return rows.empty() ? std::nullopt : std::optional(ReadRow(rows[0]));
}

}  // namespace

Result<std::optional<ObjectRow>> ObjectsTable::Find(metadb::Transaction& txn, int64_t id) {
  ASSIGN_OR_RETURN(auto rows, txn.Query(std::string(kSelect) + "WHERE id = ?", {id}));
  return FirstOf(rows);
}

Result<std::optional<ObjectRow>> ObjectsTable::FindChild(metadb::Transaction& txn, int64_t parent_id,
                                                         const std::string& name) {
  ASSIGN_OR_RETURN(auto rows,
                   txn.Query(std::string(kSelect) + "WHERE parent_id = ? AND name = ?", {parent_id, name}));
  return FirstOf(rows);
}

Result<std::vector<ObjectRow>> ObjectsTable::Children(metadb::Transaction& txn, int64_t parent_id) {
  ASSIGN_OR_RETURN(auto rows, txn.Query(std::string(kSelect) + "WHERE parent_id = ? ORDER BY name", {parent_id}));
  std::vector<ObjectRow> children;
  for (const metadb::Row& row : rows) children.push_back(ReadRow(row));
  return children;
}

Status ObjectsTable::Insert(metadb::Transaction& txn, const ObjectRow& row, const std::string& content) {
  return txn.Run(
      "INSERT INTO workspace_objects (id, parent_id, name, kind, language, size, creator_id, created_ms, modified_ms, "
      "content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {row.id, row.parent_id, row.name, static_cast<int>(row.kind), row.language, row.size, row.creator_id,
       row.created_ms, row.modified_ms, metadb::Blob{content}});
}

Status ObjectsTable::Replace(metadb::Transaction& txn, const ObjectRow& row, const std::string& content) {
  return txn.Run("UPDATE workspace_objects SET language = ?, size = ?, modified_ms = ?, content = ? WHERE id = ?",
                 {row.language, row.size, row.modified_ms, metadb::Blob{content}, row.id});
}

Result<std::string> ObjectsTable::Content(metadb::Transaction& txn, int64_t id) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT content FROM workspace_objects WHERE id = ?", {id}));
  CHECK(rows.size() == 1) << "content of an object that was not found first: " << id;
  return rows[0].Bytes(0);
}

Status ObjectsTable::Delete(metadb::Transaction& txn, int64_t id) {
  return txn.Run("DELETE FROM workspace_objects WHERE id = ?", {id});
}

metadb::ModuleMigrations migrations() {
  return {"workspace",
          {R"sql(
CREATE TABLE workspace_objects (
  id BIGINT NOT NULL PRIMARY KEY,
  parent_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  kind BIGINT NOT NULL,
  language TEXT NOT NULL,
  size BIGINT NOT NULL,
  creator_id BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  modified_ms BIGINT NOT NULL,
  content BLOB
);
CREATE UNIQUE INDEX workspace_objects_by_name ON workspace_objects (parent_id, name);
INSERT INTO workspace_objects VALUES (1, 0, '', 0, '', 0, 0, 0, 0, NULL);
INSERT INTO workspace_objects VALUES (2, 1, 'Users', 0, '', 0, 0, 0, 0, NULL);
INSERT INTO workspace_objects VALUES (3, 1, 'Shared', 0, '', 0, 0, 0, 0, NULL);
INSERT INTO object_acls VALUES ('directories', '3', 2, 'CAN_MANAGE');
)sql"}};
}

}  // namespace ashlar::workspace
