#include "catalog/tables/commits_table.h"

namespace ashlar::catalog {

Status CommitsTable::Put(metadb::Transaction& txn, const CommitRow& row) {
  RETURN_IF_ERROR(txn.Run("DELETE FROM commits WHERE commit_uuid = ?", {row.commit_uuid}));
  return txn.Run("INSERT INTO commits (commit_uuid, location, version, won, recorded_ms) VALUES (?, ?, ?, ?, ?)",
                 {row.commit_uuid, row.location, row.version, row.won ? 1 : 0, row.recorded_ms});
}

Result<std::optional<CommitRow>> CommitsTable::Find(metadb::Transaction& txn, const std::string& commit_uuid) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT commit_uuid, location, version, won, recorded_ms FROM commits "
                                        "WHERE commit_uuid = ?", {commit_uuid}));
  std::optional<CommitRow> found;
  if (rows.empty()) return found;
  const metadb::Row& row = rows[0];
  found = CommitRow{row.Text(0), row.Text(1), row.Int(2), row.Int(3) != 0, row.Int(4)};
  return found;
}

Status CommitsTable::DeleteOlder(metadb::Transaction& txn, int64_t recorded_before_ms) {
  return txn.Run("DELETE FROM commits WHERE recorded_ms < ?", {recorded_before_ms});
}

}  // namespace ashlar::catalog
