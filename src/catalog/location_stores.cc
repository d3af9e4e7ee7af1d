#include "catalog/location_stores.h"

#include "base/json.h"
#include "catalog/local_path.h"
#include "catalog/path_access.h"
#include "catalog/sealed_text.h"
#include "catalog/tables/store_credentials_table.h"

namespace ashlar::catalog {
namespace {

using sql::CatalogAction;
using sql::Securable;

// nullopt when there is none of that id.
Result<std::optional<objectstore::StoreCredential>> CredentialOf(metadb::Transaction& txn, const CatalogOptions& options,
                                                                 const std::string& uuid) {
  ASSIGN_OR_RETURN(std::optional<std::string> sealed, StoreCredentialsTable::Find(txn, uuid));
  if (!sealed) return std::optional<objectstore::StoreCredential>();
  ASSIGN_OR_RETURN(std::string text, Unseal(options.seal_key, uuid, *sealed));
  ASSIGN_OR_RETURN(objectstore::StoreCredential credential, objectstore::ParseCredential(text));
  return std::optional<objectstore::StoreCredential>(std::move(credential));
}

// Where the command wants to find a table, or none; authorised.
Result<std::string> WantedLocation(Authorizer& authorizer, const Environment& environment,
                                   const sql::CatalogCommand& command) {
  bool abandons = command.action == CatalogAction::kDrop && command.name.size() == 1;
  if (abandons) {
    ASSIGN_OR_RETURN(auto row, SecurablesTable::Find(authorizer.txn(), command.name[0]));
    bool own = row && row->state == SecurableState::kCreating && row->created_by == authorizer.subject().id;
    return own ? row->location : std::string();
  }
  if (command.action == CatalogAction::kSetFormat) {
    ASSIGN_OR_RETURN(Chain chain, authorizer.Find(Securable::kTable, command.name));
    return chain[0].row.location;
  }
  return AuthorizeNewLocation(authorizer, environment.options, command.location, Securable::kTable,
                              "CREATE_EXTERNAL_TABLE");
}

}  // namespace

Result<objectstore::StoreAccess> AccessTo(metadb::Transaction& txn, const CatalogOptions& options,
                                          const std::string& path) {
  for (const std::string& folder : SelfAndParents(path)) {
    ASSIGN_OR_RETURN(auto rows, SecurablesTable::AtLocation(txn, folder));
    for (const SecurableRow& row : rows) {
      if (row.kind != Securable::kExternalLocation) continue;
      ASSIGN_OR_RETURN(Json attributes, ParseJson(row.attributes));
      ASSIGN_OR_RETURN(auto credential, CredentialOf(txn, options, attributes.value("credential", std::string())));
      if (credential) return objectstore::StoreAccess{row.location, *std::move(credential)};
      return InsufficientPermissions("The storage credential of External Location '" + row.name + "' is gone.");
    }
  }
  return InsufficientPermissions("No external location covers the path '" + path + "'.");
}

Result<objectstore::StoreCredential> UsableCredential(Authorizer& authorizer, const CatalogOptions& options,
                                                      const std::string& name) {
  ASSIGN_OR_RETURN(Chain chain, authorizer.Find(Securable::kStorageCredential, {name}));
  RETURN_IF_ERROR(authorizer.RequireManageOr(chain, "CREATE_EXTERNAL_LOCATION"));
  ASSIGN_OR_RETURN(auto credential, CredentialOf(authorizer.txn(), options, chain[0].row.uuid));
  if (!credential) return NotFound(Securable::kStorageCredential, {name});
  return *std::move(credential);
}

Result<std::vector<objectstore::StoreAccess>> StoresOfRequest(Authorizer& authorizer, const Environment& environment,
                                                              const sql::ResolveRequest& request) {
  ASSIGN_OR_RETURN(sql::ResolvedRelation relation, ResolveRequest(authorizer, environment, request));
  std::vector<objectstore::StoreAccess> accesses;
  auto add = [&](const std::string& folder) -> Status {
    if (!objectstore::IsStorePath(folder)) return OkStatus();
    ASSIGN_OR_RETURN(objectstore::StoreAccess access, AccessTo(authorizer.txn(), environment.options, folder));
    // No more of the location than what was asked for.
    access.root = folder;
    accesses.push_back(std::move(access));
    return OkStatus();
  };
  RETURN_IF_ERROR(add(SplitGlob(relation.location).folder));
  for (const std::string& root : relation.source_roots) RETURN_IF_ERROR(add(root));
  // A table can be written to though nothing opens its clones any more; VACUUM finds that out, and says so.
  for (const std::string& root : relation.clone_roots) (void)add(root).ok();
  return accesses;
}

Result<std::optional<bool>> LookForLog(const Environment& environment, int64_t principal_id,
                                       const sql::CatalogCommand& command) {
  bool wants = command.securable == Securable::kTable &&
               (command.action == CatalogAction::kCreate || command.action == CatalogAction::kSetLocation
                    ? objectstore::HasStoreScheme(command.location)
                    : command.action == CatalogAction::kSetFormat ||
                          (command.action == CatalogAction::kDrop && command.name.size() == 1));
  if (!wants) return std::optional<bool>();
  std::string location;
  Status found = environment.database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, principal_id));
    ASSIGN_OR_RETURN(location, WantedLocation(authorizer, environment, command));
    return OkStatus();
  });
  if (!found.ok() || !objectstore::IsStorePath(location)) return std::optional<bool>();
  ASSIGN_OR_RETURN(bool has_log, HasDeltaLog(environment, location));
  return std::optional<bool>(has_log);
}

}  // namespace ashlar::catalog
