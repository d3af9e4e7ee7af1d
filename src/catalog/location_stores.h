// Which credential opens a path of an object store: that of the external location that covers it.
#pragma once

#include <optional>
#include <string>

#include "catalog/environment.h"
#include "objectstore/store_access.h"

namespace ashlar::catalog {

// The access that serves the path's external location. Decides nothing: the caller has authorised the path. Errors:
// INSUFFICIENT_PERMISSIONS when no location covers it, or its credential is gone.
Result<objectstore::StoreAccess> AccessTo(metadb::Transaction& txn, const CatalogOptions& options,
                                          const std::string& path);

// The storage credential of that name, for whoever may make external locations with it.
Result<objectstore::StoreCredential> UsableCredential(Authorizer& authorizer, const CatalogOptions& options,
                                                      const std::string& name);

// CatalogService::StoresOf inside a transaction.
Result<std::vector<objectstore::StoreAccess>> StoresOfRequest(Authorizer& authorizer, const Environment& environment,
                                                              const sql::ResolveRequest& request);

// Whether a log lies where a command wants a table, when that is in an object store: looked at before the command's
// transaction, which must not wait for a network. nullopt for all other commands, and for those that the
// transaction will refuse. Errors: of the store.
Result<std::optional<bool>> LookForLog(const Environment& environment, int64_t principal_id,
                                       const sql::CatalogCommand& command);

}  // namespace ashlar::catalog
