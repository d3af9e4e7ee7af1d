#include "catalog/tables/ratified_commits_table.h"

namespace ashlar::catalog {

Result<std::optional<int64_t>> RatifiedCommitsTable::LatestVersion(metadb::Transaction& txn, const std::string& table_uuid) {
  std::optional<int64_t> latest;
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT latest_version FROM managed_tables WHERE table_uuid = ?", {table_uuid}));
  if (!rows.empty()) latest = rows[0].Int(0);
  return latest;
}

Result<std::optional<sql::RatifiedCommits>> RatifiedCommitsTable::Find(metadb::Transaction& txn,
                                                                       const std::string& table_uuid) {
  std::optional<sql::RatifiedCommits> found;
  ASSIGN_OR_RETURN(std::optional<int64_t> latest, LatestVersion(txn, table_uuid));
  if (!latest) return found;
  found.emplace().latest_version = *latest;
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT version, staged FROM ratified_commits WHERE table_uuid = ?", {table_uuid}));
  for (const metadb::Row& row : rows) found->staged[row.Int(0)] = row.Text(1);
  return found;
}

Result<bool> RatifiedCommitsTable::Advance(metadb::Transaction& txn, const RatifiedCommitRow& row) {
  Result<int64_t> advanced =
      row.version == 0
          ? txn.Execute("INSERT INTO managed_tables (table_uuid, latest_version) VALUES (?, 0) ON CONFLICT DO NOTHING", {row.table_uuid})
          : txn.Execute("UPDATE managed_tables SET latest_version = ? WHERE table_uuid = ? AND latest_version = ?",
                        {row.version, row.table_uuid, row.version - 1});
  if (!advanced.ok()) return std::move(advanced).error();
  if (*advanced == 0) return false;
  RETURN_IF_ERROR(txn.Run("INSERT INTO ratified_commits (table_uuid, version, staged, commit_uuid) VALUES (?, ?, ?, ?)",
                          {row.table_uuid, row.version, row.staged, row.commit_uuid}));
  return true;
}

Result<std::optional<std::string>> RatifiedCommitsTable::CommitAt(metadb::Transaction& txn, const std::string& table_uuid,
                                                                  int64_t version) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT commit_uuid FROM ratified_commits WHERE table_uuid = ? AND version = ?",
                                        {table_uuid, version}));
  std::optional<std::string> found;
  if (!rows.empty()) found = rows[0].Text(0);
  return found;
}

Status RatifiedCommitsTable::ForgetUpTo(metadb::Transaction& txn, const std::string& table_uuid, int64_t version) {
  return txn.Run("DELETE FROM ratified_commits WHERE table_uuid = ? AND version <= ?", {table_uuid, version});
}

Result<std::vector<std::string>> RatifiedCommitsTable::Unpublished(metadb::Transaction& txn) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT DISTINCT table_uuid FROM ratified_commits ORDER BY table_uuid"));
  std::vector<std::string> uuids;
  for (const metadb::Row& row : rows) uuids.push_back(row.Text(0));
  return uuids;
}

}  // namespace ashlar::catalog
