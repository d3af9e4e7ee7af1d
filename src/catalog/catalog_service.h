// CatalogService: Unity Catalog for everything above: objects, grants, resolution of names and paths, and
// the commits of Delta tables. Every method takes the principal that asks, and only the Authorizer
// decides; no answer outlives the transaction it was made in, save by Epoch().
//
// Life of a Delta table:  Execute(kCreate) writes an intent and answers uuid and location → the driver
// writes data and sends version 0 through Commit → that publishes the table under its name. A kCreate
// whose location already holds a Delta log publishes at once. An intent that never got its version 0 is
// removed, with its files when managed, by a kDrop of the table whose name is the uuid alone, by Recover(), or after
// kIntentLifetimeMs. CREATE OR REPLACE of a
// Delta table that exists answers its uuid and location with already_existed: the driver commits the
// next version. Everything else is there when Execute returns.
//
// Life of a DROP: tombstone in the metadb → managed files are deleted → the row goes. Recover() finishes
// what a crash interrupted. Data of external objects stays.
//
// Thread safe.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/object_info.h"
#include "catalog/staged_commit.h"
#include "http/principal.h"
#include "metadb/migrations.h"
#include "objectstore/object_store.h"
#include "objectstore/store_access.h"
#include "sql/catalog_command.h"
#include "sql/catalog_view.h"

namespace ashlar::catalog {

// The tables of this module; after those of identity, whose ids they hold.
metadb::ModuleMigrations migrations();

// How long a CREATE may take before its intent counts as abandoned.
constexpr int64_t kIntentLifetimeMs = int64_t{7} * 24 * 3600 * 1000;
// How long WasCommitted can be asked for a commit.
constexpr int64_t kCommitRecordLifetimeMs = int64_t{60} * 24 * 3600 * 1000;

struct CatalogOptions {
  // Canonical absolute path. Managed data goes to <data_dir>/managed/<uuid>; the rest below data_dir is
  // reached by no path of a user.
  std::string data_dir;
  // What secrets are sealed with (sealed_text.h); without it there are no storage credentials.
  std::string seal_key = {};
};

// One version of a Delta table.
struct TableCommit {
  std::string table_uuid;  // empty for a table known only by its path
  std::string location;    // must be the table's; for a path, where the log is
  int64_t version = 0;
  std::string actions;     // the whole commit file: newline-delimited JSON
  std::string commit_uuid; // stands in it as commitInfo.txnId
  bool recorded = false;   // WasCommitted will be asked for it
};

// What a path is and where it leads.
struct ResolvedPath {
  // Absolute, without "..", links resolved. Open it without following links out of `root`.
  std::string canonical;
  // The location of the table, volume or external location it lies in; `canonical` itself for ANY FILE.
  std::string root;
  sql::Securable securable = sql::Securable::kAnyFile;
  std::string securable_uuid;       // empty for ANY FILE
  std::string securable_full_name;  // "main.default.v"; empty for ANY FILE
};

class CatalogService {
 public:
  // `store` holds the Delta logs of local tables; object stores are opened by their external locations. What is passed
  // outlives the service.
  CatalogService(metadb::Database& database, objectstore::ObjectStore& store, const Clock& clock,
                 Random& random, CatalogOptions options);
  ~CatalogService();

  // Once at start, before anything else and while no driver runs: makes the metastore, the catalog
  // `main` and its schema `default` on first use, and finishes creates and drops that a crash
  // interrupted. Idempotent.
  Status Recover();
  // Now and then: removes abandoned intents and old records of commits, and finishes drops.
  Status Sweep();

  // One result a request, in order. Names have three parts and are compared in lower case.
  // `via_view_ids`: uuids of the views being expanded, outermost first. Each is checked as its expander
  // is entitled: the first as `principal`, each next as the owner of the one before; requests count as
  // made by the innermost view's owner and must occur in its text.
  // Errors of one request: TABLE_OR_VIEW_NOT_FOUND (42P01), NO_SUCH_CATALOG_EXCEPTION, SCHEMA_NOT_FOUND,
  // INSUFFICIENT_PERMISSIONS (42501). A path request answers kPath, also inside a table or volume.
  // Access::kRead needs SELECT (READ_VOLUME, READ_FILES), kWrite needs MODIFY (WRITE_VOLUME, WRITE_FILES).
  std::vector<Result<sql::ResolvedRelation>> Resolve(const http::Principal& principal,
                                                     std::span<const std::string> via_view_ids,
                                                     std::span<const sql::ResolveRequest> requests);

  // Local paths, file: URLs, /Volumes/<catalog>/<schema>/<volume>/…, dbfs:/Volumes/… and URLs of object stores. A path
  // inside a registered table, volume or location is that securable; everything else below the data dir, and in
  // object stores, is refused to everyone; other paths need ANY FILE. A path above registered tables or volumes is
  // refused (INVALID_PARAMETER_VALUE.LOCATION_OVERLAP). The file need not exist.
  Result<ResolvedPath> ResolvePath(const http::Principal& principal, const std::string& path,
                                   sql::Access access);

  // Any command of catalog_command.h but those the driver answers alone. Errors as Spark names them.
  Result<sql::CatalogReply> Execute(const http::Principal& principal,
                                    const sql::CatalogCommand& command);
  // Several changes in order, all or none; answers the last one's reply.
  Result<sql::CatalogReply> ExecuteAll(const http::Principal& principal,
                                       std::span<const sql::CatalogCommand> commands);

  // Storage credentials, which external locations in object stores are opened with. Their secrets come in here and go
  // out by StoresOf alone. Errors: kInvalidParameterValue for a key that cannot be.
  Result<sql::CatalogReply> CreateStorageCredential(const http::Principal& principal, const sql::CatalogCommand& command,
                                                    const objectstore::StoreCredential& credential);
  // Replaces the secret of the one that the command names; drivers use the new one from their next statement on.
  Result<sql::CatalogReply> SetStorageCredential(const http::Principal& principal, const sql::CatalogCommand& command,
                                                 const objectstore::StoreCredential& credential);
  // Whether the credential, which the principal may use, opens the place. Errors: what the store says.
  Status CheckStore(const http::Principal& principal, const std::string& url, const std::string& credential_name);
  // As Resolve of one request, for what opens the relation, its source_roots and its clone_roots, those that lie in
  // object stores. For drivers.
  Result<std::vector<objectstore::StoreAccess>> StoresOf(const http::Principal& principal,
                                                         std::span<const std::string> via_view_ids,
                                                         const sql::ResolveRequest& request);

  // The objects of paths that ResolvePath gave, which decided; opened by their external locations.
  objectstore::ObjectStore& stores();

  // One object that the principal may see. Errors: not found, INSUFFICIENT_PERMISSIONS.
  Result<ObjectInfo> Inspect(const http::Principal& principal, sql::Securable kind,
                             const std::vector<std::string>& name);
  // The objects of a kind that he may see below `where` (a schema, a catalog, or {}), by name; kTable
  // lists views too.
  Result<std::vector<ObjectInfo>> List(const http::Principal& principal, sql::Securable kind,
                                       const std::vector<std::string>& where);
  // What is granted on the object and above it: all of it to those who may grant, one's own to others.
  Result<std::vector<GrantInfo>> Grants(const http::Principal& principal, sql::Securable kind,
                                        const std::vector<std::string>& name);

  // Rechecks MODIFY (or WRITE_FILES), then creates <location>/_delta_log/<version>.json if absent; of a catalog-managed
  // table it ratifies the version (managed_commit.h), and that file follows.
  // kLost: another commit holds the version. A repeated commit of the same text answers kWon. An error
  // means that nothing was committed, save TABLE_OR_VIEW_ALREADY_EXISTS at version 0: the name was taken
  // meanwhile and the new table is gone.
  Result<objectstore::PutOutcome> Commit(const http::Principal& principal, const TableCommit& commit);

  // What is ratified of the table's commits, for who may read or write it; nullopt for a table that is not
  // catalog-managed, or has no version yet.
  Result<std::optional<sql::RatifiedCommits>> Ratified(const http::Principal& principal, const std::string& table_uuid);

  // Ratifies what a client from outside staged, or takes its word that versions are published and looks. Needs MODIFY.
  // A repeated commit is no error. Errors: kInvalidParameterValue for a table that is not catalog-managed, a gap, or a
  // file that cannot be a commit; kAlreadyExists when another commit has the version; kRequestLimitExceeded;
  // kTemporarilyUnavailable when nobody knows.
  Status CommitStaged(const http::Principal& principal, const OutsideCommit& commit);
  // What is ratified and may not be published, for who may read or write the table. Errors: as CommitStaged.
  Result<UnpublishedCommits> Unpublished(const http::Principal& principal, const UnpublishedQuery& query);

  // Whether the commit of that uuid, which was `recorded`, created a version: after a crash too, and when the
  // table is gone since. Nobody may still be committing it. kTemporarilyUnavailable when the log cannot be read.
  Result<bool> WasCommitted(const std::string& commit_uuid);

  // The metastore itself; what everybody may know of it.
  Result<ObjectInfo> Metastore();

  // Rises with every change of an object or grant. Nothing learnt at one epoch holds at another.
  Result<int64_t> Epoch();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ashlar::catalog
