// Which users, service principals and groups are in which group.
#pragma once

#include <vector>

#include "metadb/database.h"

namespace ashlar::identity {

class GroupMembersTable {
 public:
  // Adding a member twice is fine. kResourceConflict when either does not exist.
  static Status Add(metadb::Transaction& txn, int64_t group, int64_t member);
  static Status Remove(metadb::Transaction& txn, int64_t group, int64_t member);
  static Status RemoveAll(metadb::Transaction& txn, int64_t group);
  // Direct members, by id.
  static Result<std::vector<int64_t>> Members(metadb::Transaction& txn, int64_t group);
  // Groups that directly hold `member`, by id.
  static Result<std::vector<int64_t>> GroupsOf(metadb::Transaction& txn, int64_t member);
  // `member` itself and every group that holds it, through any depth; survives cycles.
  static Result<std::vector<int64_t>> Closure(metadb::Transaction& txn, int64_t member);
};

}  // namespace ashlar::identity
