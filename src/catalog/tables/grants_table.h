// The table of grants: a principal holds a privilege on a securable.
#pragma once

#include <string>
#include <vector>

#include "metadb/database.h"

namespace ashlar::catalog {

struct GrantRow {
  std::string securable_uuid = {};
  int64_t principal_id = 0;
  std::string privilege = {};  // as in the catalog API: "USE_CATALOG"
  int64_t granted_ms = 0;
  int64_t granted_by = 0;
  bool operator==(const GrantRow&) const = default;
};

class GrantsTable {
 public:
  // Granting twice is fine; the first stays.
  static Status Insert(metadb::Transaction& txn, const GrantRow& row);
  // Revoking what was not granted is fine.
  static Status Delete(metadb::Transaction& txn, const GrantRow& row);
  static Status DeleteAll(metadb::Transaction& txn, const std::string& securable_uuid);
  // By principal and privilege.
  static Result<std::vector<GrantRow>> On(metadb::Transaction& txn, const std::string& securable_uuid);
};

}  // namespace ashlar::catalog
