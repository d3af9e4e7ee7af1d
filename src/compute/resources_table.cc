#include "compute/resources_table.h"

namespace ashlar::compute {
namespace {

constexpr std::string_view kColumns = "id, kind, name, spec, idle_stop_ms, creator_id, creator_name, created_ms";

ResourceRow ReadRow(const metadb::Row& row) {
  return {.id = row.Text(0),
          .kind = static_cast<ResourceKind>(row.Int(1)),
          .name = row.Text(2),
          .spec = row.Text(3),
          .idle_stop_ms = row.Int(4),
          .creator_id = row.Int(5),
          .creator_name = row.Text(6),
          .created_ms = row.Int(7)};
}

}  // namespace

Status ResourcesTable::Insert(metadb::Transaction& txn, const ResourceRow& row) {
  return txn.Run("INSERT INTO compute_resources (" + std::string(kColumns) + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                 {row.id, static_cast<int>(row.kind), row.name, row.spec, row.idle_stop_ms, row.creator_id,
                  row.creator_name, row.created_ms});
}

Status ResourcesTable::Update(metadb::Transaction& txn, const ResourceRow& row) {
  return txn.Run("UPDATE compute_resources SET name = ?, spec = ?, idle_stop_ms = ? WHERE kind = ? AND id = ?",
                 {row.name, row.spec, row.idle_stop_ms, static_cast<int>(row.kind), row.id});
}

Result<std::optional<ResourceRow>> ResourcesTable::Find(metadb::Transaction& txn, ResourceKind kind,
                                                        const std::string& id) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT " + std::string(kColumns) +
                                            " FROM compute_resources WHERE kind = ? AND id = ?",
                                        {static_cast<int>(kind), id}));
  if (rows.empty()) return std::optional<ResourceRow>();
  return std::optional(ReadRow(rows[0]));
}

Result<std::vector<ResourceRow>> ResourcesTable::List(metadb::Transaction& txn, ResourceKind kind) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT " + std::string(kColumns) +
                                            " FROM compute_resources WHERE kind = ? ORDER BY created_ms, id",
                                        {static_cast<int>(kind)}));
  std::vector<ResourceRow> resources;
  for (const metadb::Row& row : rows) resources.push_back(ReadRow(row));
  return resources;
}

Result<bool> ResourcesTable::Delete(metadb::Transaction& txn, ResourceKind kind, const std::string& id) {
  ASSIGN_OR_RETURN(int64_t count, txn.Execute("DELETE FROM compute_resources WHERE kind = ? AND id = ?",
                                              {static_cast<int>(kind), id}));
  return count > 0;
}

Status EventsTable::Insert(metadb::Transaction& txn, ResourceKind kind, const std::string& id, const EventRow& event) {
  return txn.Run(
      "INSERT INTO compute_events (kind, id, sequence, time_ms, type, user_name) VALUES (?, ?, "
      "(SELECT COALESCE(MAX(sequence), 0) + 1 FROM compute_events WHERE kind = ? AND id = ?), ?, ?, ?)",
      {static_cast<int>(kind), id, static_cast<int>(kind), id, event.time_ms, event.type, event.user});
}

Result<std::vector<EventRow>> EventsTable::List(metadb::Transaction& txn, ResourceKind kind, const std::string& id,
                                                int64_t offset, int64_t limit) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT time_ms, type, user_name FROM compute_events WHERE kind = ? AND id = ? "
                                        "ORDER BY sequence DESC LIMIT ? OFFSET ?",
                                        {static_cast<int>(kind), id, limit, offset}));
  std::vector<EventRow> events;
  for (const metadb::Row& row : rows) events.push_back({row.Int(0), row.Text(1), row.Text(2)});
  return events;
}

Result<int64_t> EventsTable::Count(metadb::Transaction& txn, ResourceKind kind, const std::string& id) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT COUNT(*) FROM compute_events WHERE kind = ? AND id = ?",
                                        {static_cast<int>(kind), id}));
  return rows[0].Int(0);
}

metadb::ModuleMigrations migrations() {
  return {"compute",
          {R"sql(
CREATE TABLE compute_resources (
  id TEXT NOT NULL,
  kind BIGINT NOT NULL,
  name TEXT NOT NULL,
  spec TEXT NOT NULL,
  idle_stop_ms BIGINT NOT NULL,
  creator_id BIGINT NOT NULL,
  creator_name TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  PRIMARY KEY (kind, id)
);
CREATE TABLE compute_events (
  kind BIGINT NOT NULL,
  id TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  time_ms BIGINT NOT NULL,
  type TEXT NOT NULL,
  user_name TEXT NOT NULL,
  PRIMARY KEY (kind, id, sequence)
);
)sql"}};
}

}  // namespace ashlar::compute
