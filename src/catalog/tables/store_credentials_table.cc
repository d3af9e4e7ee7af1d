#include "catalog/tables/store_credentials_table.h"

namespace ashlar::catalog {

Status StoreCredentialsTable::Put(metadb::Transaction& txn, const std::string& uuid, const std::string& sealed) {
  RETURN_IF_ERROR(txn.Run("DELETE FROM store_credentials WHERE uuid = ?", {uuid}));
  return txn.Run("INSERT INTO store_credentials (uuid, sealed) VALUES (?, ?)", {uuid, sealed});
}

Result<std::optional<std::string>> StoreCredentialsTable::Find(metadb::Transaction& txn, const std::string& uuid) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT sealed FROM store_credentials WHERE uuid = ?", {uuid}));
  if (rows.empty()) return std::optional<std::string>();
  return std::optional<std::string>(rows[0].Text(0));
}

}  // namespace ashlar::catalog
