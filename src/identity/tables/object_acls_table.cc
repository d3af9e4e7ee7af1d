#include "identity/tables/object_acls_table.h"

namespace ashlar::identity {

Status ObjectAclsTable::Put(metadb::Transaction& txn, const ObjectAclRow& row) {
  return txn.Run(
      "INSERT INTO object_acls (object_type, object_id, principal_id, level) VALUES (?, ?, ?, ?) "
      "ON CONFLICT (object_type, object_id, principal_id) DO UPDATE SET level = excluded.level",
      {row.object.type, row.object.id, row.principal_id, row.level});
}

Status ObjectAclsTable::Delete(metadb::Transaction& txn, const ObjectRef& object,
                               int64_t principal_id) {
  return txn.Run(
      "DELETE FROM object_acls WHERE object_type = ? AND object_id = ? AND principal_id = ?",
      {object.type, object.id, principal_id});
}

Status ObjectAclsTable::DeleteAll(metadb::Transaction& txn, const ObjectRef& object) {
  return txn.Run("DELETE FROM object_acls WHERE object_type = ? AND object_id = ?",
                 {object.type, object.id});
}

Result<std::vector<ObjectAclRow>> ObjectAclsTable::On(metadb::Transaction& txn,
                                                      const ObjectRef& object) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT principal_id, level FROM object_acls WHERE "
                                        "object_type = ? AND object_id = ? ORDER BY principal_id",
                                        {object.type, object.id}));
  std::vector<ObjectAclRow> acls;
  for (const metadb::Row& row : rows) acls.push_back({object, row.Int(0), row.Text(1)});
  return acls;
}

}  // namespace ashlar::identity
