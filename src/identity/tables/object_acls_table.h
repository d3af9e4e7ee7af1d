// The levels that were given directly on workspace objects; one a principal and object.
#pragma once

#include <string>
#include <vector>

#include "metadb/database.h"

namespace ashlar::identity {

// "jobs" and "42": the type as the permissions API's path spells it.
struct ObjectRef {
  std::string type;
  std::string id;
  bool operator==(const ObjectRef&) const = default;
};

struct ObjectAclRow {
  ObjectRef object;
  int64_t principal_id = 0;
  std::string level;  // "CAN_MANAGE"
  bool operator==(const ObjectAclRow&) const = default;
};

class ObjectAclsTable {
 public:
  // Replaces the principal's level on the object.
  static Status Put(metadb::Transaction& txn, const ObjectAclRow& row);
  static Status Delete(metadb::Transaction& txn, const ObjectRef& object, int64_t principal_id);
  static Status DeleteAll(metadb::Transaction& txn, const ObjectRef& object);
  // By principal id.
  static Result<std::vector<ObjectAclRow>> On(metadb::Transaction& txn, const ObjectRef& object);
};

}  // namespace ashlar::identity
