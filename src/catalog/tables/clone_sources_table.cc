#include "catalog/tables/clone_sources_table.h"

namespace ashlar::catalog {
namespace {

Result<std::vector<std::string>> FirstColumn(metadb::Transaction& txn, const std::string& query, const std::string& uuid) {
  ASSIGN_OR_RETURN(auto rows, txn.Query(query, {uuid}));
  std::vector<std::string> texts;
  for (const auto& row : rows) texts.push_back(row.Text(0));
  return texts;
}

}  // namespace

Status CloneSourcesTable::Add(metadb::Transaction& txn, const std::string& clone_uuid, const std::string& source_uuid) {
  return txn.Run("INSERT INTO clone_sources (clone_uuid, source_uuid) VALUES (?, ?) ON CONFLICT DO NOTHING",
                 {clone_uuid, source_uuid});
}

Status CloneSourcesTable::Forget(metadb::Transaction& txn, const std::string& clone_uuid) {
  return txn.Run("DELETE FROM clone_sources WHERE clone_uuid = ?", {clone_uuid});
}

Result<std::vector<std::string>> CloneSourcesTable::SourcesOf(metadb::Transaction& txn, const std::string& clone_uuid) {
  return FirstColumn(txn, "SELECT source_uuid FROM clone_sources WHERE clone_uuid = ? ORDER BY source_uuid", clone_uuid);
}

Result<std::vector<std::string>> CloneSourcesTable::SourceLocations(metadb::Transaction& txn,
                                                                    const std::string& clone_uuid) {
  return FirstColumn(txn,
                     "SELECT s.location FROM clone_sources c JOIN securables s ON s.uuid = c.source_uuid "
                     "WHERE c.clone_uuid = ? AND s.state = 0 ORDER BY s.location",
                     clone_uuid);
}

Result<std::vector<std::string>> CloneSourcesTable::CloneLocations(metadb::Transaction& txn,
                                                                   const std::string& source_uuid) {
  return FirstColumn(txn,
                     "SELECT s.location FROM clone_sources c JOIN securables s ON s.uuid = c.clone_uuid "
                     "WHERE c.source_uuid = ? AND s.state <> 2 ORDER BY s.location",
                     source_uuid);
}

}  // namespace ashlar::catalog
