// A principal as a SCIM resource and back. No rules; scim_store.h has those.
#pragma once

#include <string>

#include "base/json_fwd.h"
#include "identity/tables/principals_table.h"

namespace ashlar::identity {

// Without groups and members.
Json ScimResourceOf(const PrincipalRow& row);
// Adds the groups that hold it and, for a group, its members.
Status AddMembership(metadb::Transaction& txn, const PrincipalRow& row, Json& resource);
// Takes over what a client may set. Errors: kInvalidParameterValue when a required attribute is missing.
Status ReadScimResource(const Json& resource, PrincipalRow& row);
// The ids in `members`. Errors: kInvalidParameterValue for one that is not a number.
Result<std::vector<int64_t>> MemberIds(const Json& resource);
// What `attributes` and `excludedAttributes` leave.
Json Project(const Json& resource, const std::string& attributes, const std::string& excluded);

}  // namespace ashlar::identity
