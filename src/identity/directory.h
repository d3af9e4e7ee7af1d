// Directory: who is who. Reads inside the caller's transaction, so that a decision and what it rests on
// are of one snapshot. Stateless.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/principal.h"
#include "identity/tables/principals_table.h"

namespace ashlar::identity {

class Directory {
 public:
  // A user by user name, else a service principal by application id, else a group by display name.
  static Result<std::optional<PrincipalRow>> FindByName(metadb::Transaction& txn,
                                                        const std::string& name);
  // The principal's own id and those of all groups it is in, nested and implied ones included.
  static Result<std::vector<int64_t>> EffectiveIds(metadb::Transaction& txn, int64_t id);
  // The principal as permission checks see it. A group (it may own things) is its own member. Errors:
  // kPermissionDenied for one that was deleted or deactivated.
  static Result<http::Principal> Load(metadb::Transaction& txn, int64_t id);
  // The name shown for an id; "unknown(<id>)" for a principal that was deleted.
  static Result<std::string> NameOf(metadb::Transaction& txn, int64_t id);
};

}  // namespace ashlar::identity
