// What the parts of the catalog share, and one command on its way through them.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "catalog/authorizer.h"
#include "catalog/catalog_service.h"
#include "catalog/tables/clone_sources_table.h"
#include "catalog/tables/relations_table.h"
#include "objectstore/store_access.h"

namespace ashlar::catalog {

struct Environment {
  metadb::Database& database;
  objectstore::ObjectStore& store;
  const Clock& clock;
  Random& random;
  CatalogOptions options;

  // Where the data of a managed object lies.
  std::string ManagedLocation(const std::string& uuid) const {
    return options.data_dir + "/managed/" + uuid;
  }
};

// A command inside its transaction. The closure may run again, so `uuid` is made outside it.
struct CommandRun {
  const Environment& environment;
  Authorizer& authorizer;
  const sql::CatalogCommand& command;
  std::string uuid;  // for the object that a CREATE makes
  int64_t now_ms = 0;
  std::optional<bool> has_log = {};  // what LookForLog found (location_stores.h)

  metadb::Transaction& txn() const { return authorizer.txn(); }
  int64_t principal_id() const { return authorizer.subject().id; }
};

// ---- commands/create.cc
Result<sql::CatalogReply> Create(CommandRun& run);

// ---- commands/alter.cc
Result<sql::CatalogReply> Alter(CommandRun& run);

// ---- commands/credential.cc
// The storage credential that the command names, made with this secret.
Result<sql::CatalogReply> CreateCredential(CommandRun& run, const objectstore::StoreCredential& credential);
// Replaces the secret.
Result<sql::CatalogReply> SetCredential(CommandRun& run, const objectstore::StoreCredential& credential);
// Gives an external location, in its row, the credential that the command names. Errors: kInvalidParameterValue for one
// that opens no store of this kind; without CREATE_EXTERNAL_LOCATION on it.
Status UseCredential(CommandRun& run, SecurableRow& location);
// Errors: kInvalidState when external locations use it, unless forced.
Status BuryCredential(CommandRun& run, const SecurableRow& credential);

// ---- commands/drop.cc
Result<sql::CatalogReply> Drop(CommandRun& run);
// Takes the name away at once: a managed object becomes a tombstone, any other is gone.
Status Bury(metadb::Transaction& txn, const SecurableRow& row, int64_t now_ms);
// Deletes the files of every tombstone, then the tombstone. Outside any transaction.
Status FinishDrops(const Environment& environment);
// The names are gone whatever happens here; what fails is left to the next sweep.
void FinishDropsOrLog(const Environment& environment);

// ---- commands/grant.cc
Result<sql::CatalogReply> ChangeGrants(CommandRun& run);
Result<sql::CatalogReply> ShowGrants(CommandRun& run);
// What counts on the object, nearest first: everything for its managers, one's own for others.
Result<std::vector<GrantInfo>> VisibleGrants(Authorizer& authorizer, const Chain& chain);

// ---- commands/show.cc
Result<sql::CatalogReply> Show(CommandRun& run);
Result<sql::CatalogReply> Describe(CommandRun& run);
Status RequireVisible(Authorizer& authorizer, const Chain& chain);
// The chain of `where`, which the asker may look into; empty for what stands under the metastore.
Result<Chain> PlaceToList(Authorizer& authorizer, sql::Securable kind, const NameParts& where);
// The children of a kind that the asker may see; `above` is empty for what stands under the metastore.
Result<std::vector<Chain>> VisibleChildren(Authorizer& authorizer, const Chain& above,
                                           sql::Securable kind);
Result<ObjectInfo> InfoOf(Authorizer& authorizer, const Chain& chain);

// ---- resolve.cc
Result<sql::ResolvedRelation> ResolveRequest(Authorizer& authorizer, const Environment& environment,
                                             const sql::ResolveRequest& request);
// The principal id in whose name relations below these views are checked, and the innermost text.
struct ViewContext {
  int64_t principal_id = 0;
  std::string text;  // empty outside views
};
Result<ViewContext> EnterViews(metadb::Transaction& txn, int64_t principal_id,
                               std::span<const std::string> via_view_ids);
// Whether the request's name or path stands in the text of the view it is said to come from.
bool OccursIn(const sql::ResolveRequest& request, const std::string& view_text);

// ---- commit.cc
Result<objectstore::PutOutcome> CommitVersion(const Environment& environment, int64_t principal_id,
                                              const TableCommit& commit);
// Whether the recorded commit of that uuid created its version.
Result<bool> FindCommitted(const Environment& environment, const std::string& commit_uuid);
// Whether the location holds a Delta log already. Of an object store: outside any transaction.
Result<bool> HasDeltaLog(const Environment& environment, const std::string& location);
// The same inside a command's transaction.
Result<bool> HasDeltaLog(const CommandRun& run, const std::string& location);
// Gives an intent its name. kAlreadyExists when it was taken meanwhile.
Status Publish(metadb::Transaction& txn, const std::string& uuid, int64_t now_ms);

// ---- recovery.cc
Status MakeFirstObjects(const Environment& environment);
// Publishes or buries the intents made before `created_before_ms`.
Status SettleIntents(const Environment& environment, int64_t created_before_ms);

}  // namespace ashlar::catalog
