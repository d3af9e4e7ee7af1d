// Where managed tables lie: below the MANAGED LOCATION of their schema, else of their catalog, in an object store; else
// below the data folder. What a MANAGED LOCATION holds is the catalog's own: <root>/__unitystorage/<kind>/<uuid of the
// schema or catalog>/tables/<uuid>. No path of a user leads there but into a table that he may use.
#pragma once

#include <string>

#include "catalog/environment.h"

namespace ashlar::catalog {

// The folder below the root, a MANAGED LOCATION, of a schema or catalog.
std::string ManagedFolder(sql::Securable kind, const std::string& root, const std::string& uuid);

// Whether a canonical path lies in the catalog's own part of some MANAGED LOCATION.
bool IsManagedStorage(std::string_view path);

// Where a new managed table of the schema (its chain) goes.
std::string PlaceForTable(const Environment& environment, const Chain& schema, const std::string& uuid);

// Whether managed objects of the schema lie in an object store.
bool IsManagedInStore(const Chain& schema);

// The canonical root for a MANAGED LOCATION at `path`: in an object store, inside an external location on which the
// subject holds CREATE MANAGED STORAGE, not at, in or around external tables and volumes. Other roots may lie there.
Result<std::string> AuthorizeManagedLocation(Authorizer& authorizer, const std::string& path);

// Deletes all objects of a dropped table that lay in an object store. Outside any transaction.
Status DeleteManagedObjects(const Environment& environment, const SecurableRow& table);

}  // namespace ashlar::catalog
