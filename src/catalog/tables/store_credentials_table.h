// The secrets of storage credentials, sealed (sealed_text.h).
#pragma once

#include <optional>
#include <string>

#include "metadb/database.h"

namespace ashlar::catalog {

class StoreCredentialsTable {
 public:
  // Of a securable that is there; replaces what it had.
  static Status Put(metadb::Transaction& txn, const std::string& uuid, const std::string& sealed);
  static Result<std::optional<std::string>> Find(metadb::Transaction& txn, const std::string& uuid);
};

}  // namespace ashlar::catalog
