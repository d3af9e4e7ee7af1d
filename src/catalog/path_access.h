// Paths as securables: which table, volume or external location a path lies in, and who may open it.
#pragma once

#include <optional>
#include <string>

#include "catalog/authorizer.h"
#include "catalog/catalog_service.h"

namespace ashlar::catalog {

// What is registered at a canonical path, or above it.
struct Covering {
  std::optional<SecurableRow> data;      // the deepest table or volume
  std::optional<SecurableRow> location;  // the deepest external location
  bool managed_root = false;             // the MANAGED LOCATION of a schema or catalog
};
Result<Covering> FindCovering(metadb::Transaction& txn, const std::string& path);

// Tables and volumes: what lies at their location is theirs.
bool HoldsData(const SecurableRow& row);

// CatalogService::ResolvePath inside a transaction. Errors: also DELTA_PATH_BASED_ACCESS_TO_CATALOG_MANAGED_TABLE_BLOCKED,
// for who may use the table that it lies in.
Result<ResolvedPath> AuthorizePath(Authorizer& authorizer, const CatalogOptions& options,
                                   const std::string& path, sql::Access access);

// The canonical location for an external object at `path`: outside the data dir, not at, in or around
// another table or volume, nor in or around a MANAGED LOCATION, and inside an external location on which the subject holds `privilege`, or
// with ANY FILE. `kind` is what is being made, for messages.
Result<std::string> AuthorizeNewLocation(Authorizer& authorizer, const CatalogOptions& options,
                                         const std::string& path, sql::Securable kind,
                                         std::string_view privilege);

// The canonical location for a new external location: additionally not in or around another one; takes
// ANY FILE for a local path, since no credential vouches for it.
Result<std::string> AuthorizeNewExternalLocation(Authorizer& authorizer,
                                                 const CatalogOptions& options,
                                                 const std::string& path);

}  // namespace ashlar::catalog
