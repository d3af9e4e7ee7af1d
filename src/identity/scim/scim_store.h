// ScimStore: users, service principals and groups as SCIM resources (JSON texts, RFC 7643), over the
// tables. Membership stands in the tables, everything a client sent beside it in the row's attributes.
//
// Invariants: the workspace keeps an active admin; the groups of the first start stay; no group holds
// itself through any depth.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json_fwd.h"
#include "identity/tables/principals_table.h"

namespace ashlar::identity {

struct ScimQuery {
  std::string filter;               // empty: all
  int64_t start_index = 1;          // counts from 1
  int64_t count = 100;
  std::string sort_by;              // an attribute; empty: by id
  bool descending = false;
  std::string attributes;           // "userName,emails": only these, besides id and schemas
  std::string excluded_attributes;  // all but these
};

struct ScimPage {
  std::vector<std::string> resources;
  int64_t total = 0;
};

struct ScimPatchOperation {
  std::string op;
  std::string path;
  std::string value;  // JSON; empty: none
};

// Thread safe. Errors: kResourceDoesNotExist for an unknown id, kResourceAlreadyExists for a taken name,
// kInvalidParameterValue for what is malformed or would break an invariant.
class ScimStore {
 public:
  ScimStore(metadb::Database& database, const Clock& clock, Random& random)
      : database_(database), clock_(clock), random_(random) {}

  // Each answers the resource as it is now.
  Result<std::string> Create(PrincipalKind kind, const std::string& resource);
  // Of the query only the attribute lists count.
  Result<std::string> Get(PrincipalKind kind, const std::string& id, const ScimQuery& projection);
  // The caller as a user, also when it is a service principal.
  Result<std::string> Me(int64_t principal_id, const ScimQuery& projection);
  Result<std::string> Replace(PrincipalKind kind, const std::string& id, const std::string& resource);
  Result<ScimPage> List(PrincipalKind kind, const ScimQuery& query);
  Status Patch(PrincipalKind kind, const std::string& id,
               std::span<const ScimPatchOperation> operations);
  Status Delete(PrincipalKind kind, const std::string& id);

 private:
  using Change = std::function<Status(Json& resource)>;
  Result<std::string> ChangeResource(PrincipalKind kind, const std::string& id, const Change& change);

  metadb::Database& database_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace ashlar::identity
