// The table of commits that somebody will ask for by their uuid after a crash: which version of which table
// each went for last, and whether it is known to have won it.
#pragma once

#include <optional>
#include <string>

#include "metadb/database.h"

namespace ashlar::catalog {

struct CommitRow {
  std::string commit_uuid;
  std::string location;
  int64_t version = 0;
  bool won = false;
  int64_t recorded_ms = 0;
};

class CommitsTable {
 public:
  // Replaces what was known of the commit.
  static Status Put(metadb::Transaction& txn, const CommitRow& row);
  static Result<std::optional<CommitRow>> Find(metadb::Transaction& txn, const std::string& commit_uuid);
  static Status DeleteOlder(metadb::Transaction& txn, int64_t recorded_before_ms);
};

}  // namespace ashlar::catalog
