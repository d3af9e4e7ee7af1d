// Paths as securables: which table, volume or external location a path lies in, and who may open it.
#pragma once

#include <string>

#include "catalog/authorizer.h"
#include "catalog/catalog_service.h"

namespace ashlar::catalog {

// CatalogService::ResolvePath inside a transaction. Errors: also DELTA_PATH_BASED_ACCESS_TO_CATALOG_MANAGED_TABLE_BLOCKED,
// for who may use the table that it lies in.
Result<ResolvedPath> AuthorizePath(Authorizer& authorizer, const CatalogOptions& options,
                                   const std::string& path, sql::Access access);

// The canonical location for an external object at `path`: outside the data dir, not at, in or around
// another table or volume, and inside an external location on which the subject holds `privilege`, or
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
