// Where managed tables and volumes lie: below the MANAGED LOCATION of their schema, else of their catalog, in an object
// store; else below the data folder. What a MANAGED LOCATION holds is the catalog's own: <root>/__unitystorage/<kind>/<uuid
// of the schema or catalog>/{tables,volumes}/<uuid>. No path of a user leads there but into an object that he may use.
#pragma once

#include <string>

#include "catalog/environment.h"

namespace ashlar::catalog {

// The folder below the root, a MANAGED LOCATION, of a schema or catalog.
std::string ManagedFolder(sql::Securable kind, const std::string& root, const std::string& uuid);

// Whether a canonical path lies in the catalog's own part of some MANAGED LOCATION.
bool IsManagedStorage(std::string_view path);

// Gives a new managed table or volume of the schema (its chain) its place, made where it is local.
Status PlaceManagedObject(const Environment& environment, const Chain& schema, SecurableRow& object);

// The canonical root for a MANAGED LOCATION at `path`: in an object store, inside an external location on which the
// subject holds CREATE MANAGED STORAGE, not at, in or around external tables and volumes. Other roots may lie there.
Result<std::string> AuthorizeManagedLocation(Authorizer& authorizer, const std::string& path);

// Deletes what a dropped table or volume left in an object store. Outside any transaction.
Status DeleteManagedObjects(const Environment& environment, const SecurableRow& dropped);

}  // namespace ashlar::catalog
