#include "catalog/tables/grants_table.h"

namespace ashlar::catalog {

Status GrantsTable::Insert(metadb::Transaction& txn, const GrantRow& row) {
  return txn.Run(
      "INSERT INTO grants (securable_uuid, principal_id, privilege, granted_ms, granted_by) "
      "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      {row.securable_uuid, row.principal_id, row.privilege, row.granted_ms, row.granted_by});
}

Status GrantsTable::Delete(metadb::Transaction& txn, const GrantRow& row) {
  return txn.Run("DELETE FROM grants WHERE securable_uuid = ? AND principal_id = ? AND privilege = ?",
                 {row.securable_uuid, row.principal_id, row.privilege});
}

Status GrantsTable::DeleteAll(metadb::Transaction& txn, const std::string& securable_uuid) {
  return txn.Run("DELETE FROM grants WHERE securable_uuid = ?", {securable_uuid});
}

Result<std::vector<GrantRow>> GrantsTable::On(metadb::Transaction& txn,
                                              const std::string& securable_uuid) {
  ASSIGN_OR_RETURN(auto rows,
                   txn.Query("SELECT securable_uuid, principal_id, privilege, granted_ms, granted_by "
                             "FROM grants WHERE securable_uuid = ? ORDER BY principal_id, privilege",
                             {securable_uuid}));
  std::vector<GrantRow> grants;
  for (const metadb::Row& row : rows) {
    grants.push_back({row.Text(0), row.Int(1), row.Text(2), row.Int(3), row.Int(4)});
  }
  return grants;
}

}  // namespace ashlar::catalog
