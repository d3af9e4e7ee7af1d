#include "catalog/catalog_service.h"

#include <filesystem>

#include "base/id.h"
#include "catalog/environment.h"
#include "catalog/location_stores.h"
#include "catalog/managed_commit.h"
#include "catalog/migrations.h"
#include "catalog/outside_commit.h"
#include "catalog/path_access.h"
#include "catalog/tables/commits_table.h"
#include "identity/tables/principals_table.h"
#include "objectstore/store_router.h"

namespace ashlar::catalog {
namespace {

using sql::CatalogAction;

using Handler = Result<sql::CatalogReply> (*)(CommandRun&);

Handler HandlerOf(CatalogAction action) {
  switch (action) {
    case CatalogAction::kCreate:
    case CatalogAction::kReplaceView:
      return &Create;
    case CatalogAction::kDrop:
      return &Drop;
    case CatalogAction::kRename:
    case CatalogAction::kSetOwner:
    case CatalogAction::kSetComment:
    case CatalogAction::kSetProperties:
    case CatalogAction::kUnsetProperties:
    case CatalogAction::kSetLocation:
    case CatalogAction::kSetColumns:
    case CatalogAction::kSetFormat:
      return &Alter;
    case CatalogAction::kGrant:
    case CatalogAction::kRevoke:
      return &ChangeGrants;
    case CatalogAction::kShowGrants:
      return &ShowGrants;
    case CatalogAction::kShow:
      return &Show;
    case CatalogAction::kDescribe:
    case CatalogAction::kUse:
      return &Describe;
  }
  CHECK(false) << "catalog action " << static_cast<int>(action);
  return nullptr;
}

bool OnlyReads(CatalogAction action) {
  return action == CatalogAction::kShow || action == CatalogAction::kDescribe ||
         action == CatalogAction::kUse || action == CatalogAction::kShowGrants;
}

}  // namespace

class CatalogService::Impl {
 public:
  Impl(metadb::Database& database, objectstore::ObjectStore& local, const Clock& clock, Random& random,
       CatalogOptions options)
      : mounted(clock, objectstore::MakeCurlTransport({})),
        router(local, [this](const std::string& path) { return Open(path); }),
        environment{database, router, clock, random, std::move(options)} {}

  // Not from within a transaction.
  Result<std::shared_ptr<objectstore::CloudObjectStore>> Open(const std::string& path) {
    objectstore::StoreAccess access;
    RETURN_IF_ERROR(environment.database.Read([&](metadb::Transaction& txn) -> Status {
      ASSIGN_OR_RETURN(access, AccessTo(txn, environment.options, path));
      return OkStatus();
    }));
    return mounted.Mount(access);
  }

  // One command in its transaction.
  template <typename Body>
  Result<sql::CatalogReply> Change(const http::Principal& principal, const sql::CatalogCommand& command, Body body) {
    std::string uuid = NewUuid(environment.random);
    sql::CatalogReply reply;
    RETURN_IF_ERROR(environment.database.Transact([&](metadb::Transaction& txn) -> Status {
      ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, principal.id));
      CommandRun run{environment, authorizer, command, uuid, environment.clock.NowMs()};
      ASSIGN_OR_RETURN(reply, body(run));
      return BumpEpoch(txn);
    }));
    return reply;
  }

  objectstore::MountedStores mounted;
  objectstore::StoreRouter router;
  Environment environment;
};

CatalogService::CatalogService(metadb::Database& database, objectstore::ObjectStore& store,
                               const Clock& clock, Random& random, CatalogOptions options)
    : impl_(std::make_unique<Impl>(database, store, clock, random, std::move(options))) {
  CHECK(impl_->environment.options.data_dir.starts_with('/'));
}

CatalogService::~CatalogService() = default;

Status CatalogService::Recover() {
  const Environment& environment = impl_->environment;
  RETURN_IF_ERROR(MakeFirstObjects(environment));
  RETURN_IF_ERROR(SettleIntents(environment, INT64_MAX));
  PublishUnpublished(environment);
  return FinishDrops(environment);
}

Status CatalogService::Sweep() {
  const Environment& environment = impl_->environment;
  int64_t now_ms = environment.clock.NowMs();
  RETURN_IF_ERROR(SettleIntents(environment, now_ms - kIntentLifetimeMs));
  RETURN_IF_ERROR(environment.database.Transact([&](metadb::Transaction& txn) {
    return CommitsTable::DeleteOlder(txn, now_ms - kCommitRecordLifetimeMs);
  }));
  PublishUnpublished(environment);
  return FinishDrops(environment);
}

std::vector<Result<sql::ResolvedRelation>> CatalogService::Resolve(
    const http::Principal& principal, std::span<const std::string> via_view_ids,
    std::span<const sql::ResolveRequest> requests) {
  std::vector<Result<sql::ResolvedRelation>> answers;
  Status read = impl_->environment.database.Read([&](metadb::Transaction& txn) -> Status {
    answers.clear();
    ASSIGN_OR_RETURN(ViewContext context, EnterViews(txn, principal.id, via_view_ids));
    ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, context.principal_id));
    for (const sql::ResolveRequest& request : requests) {
      if (!via_view_ids.empty() && !OccursIn(request, context.text)) {
        answers.push_back(InsufficientPermissions("The relation is not part of the view."));
        continue;
      }
      answers.push_back(ResolveRequest(authorizer, impl_->environment, request));
    }
    return OkStatus();
  });
  if (read.ok()) return answers;
  return std::vector<Result<sql::ResolvedRelation>>(requests.size(), read.error());
}

Result<ResolvedPath> CatalogService::ResolvePath(const http::Principal& principal,
                                                 const std::string& path, sql::Access access) {
  ResolvedPath resolved;
  RETURN_IF_ERROR(impl_->environment.database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, principal.id));
    ASSIGN_OR_RETURN(resolved, AuthorizePath(authorizer, impl_->environment.options, path, access));
    return OkStatus();
  }));
  return resolved;
}

Result<sql::CatalogReply> CatalogService::Execute(const http::Principal& principal,
                                                  const sql::CatalogCommand& command) {
  return ExecuteAll(principal, std::span(&command, 1));
}

Result<sql::CatalogReply> CatalogService::ExecuteAll(
    const http::Principal& principal, std::span<const sql::CatalogCommand> commands) {
  const Environment& environment = impl_->environment;
  bool reads = true;
  bool drops = false;
  std::vector<std::string> uuids;
  std::vector<std::optional<bool>> has_log;
  for (const sql::CatalogCommand& command : commands) {
    ASSIGN_OR_RETURN(has_log.emplace_back(), LookForLog(environment, principal.id, command));
    reads = reads && OnlyReads(command.action);
    drops = drops || command.action == CatalogAction::kDrop;
    uuids.push_back(NewUuid(environment.random));
  }
  sql::CatalogReply reply;
  auto body = [&](metadb::Transaction& txn) -> Status {
    for (size_t i = 0; i < commands.size(); ++i) {
      // Each command sees the grants and names that the one before it left.
      ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, principal.id));
      CommandRun run{environment, authorizer, commands[i], uuids[i], environment.clock.NowMs(), has_log[i]};
      ASSIGN_OR_RETURN(reply, HandlerOf(commands[i].action)(run));
    }
    return reads ? OkStatus() : BumpEpoch(txn);
  };
  Status done = reads ? environment.database.Read(body) : environment.database.Transact(body);
  if (!done.ok()) {
    // The folders that a failed CREATE made; remove() leaves one with files alone.
    std::error_code ignored;
    for (const std::string& uuid : uuids) {
      std::filesystem::remove(environment.ManagedLocation(uuid), ignored);
    }
    return done.error();
  }
  if (drops) FinishDropsOrLog(environment);
  return reply;
}

Result<sql::CatalogReply> CatalogService::CreateStorageCredential(const http::Principal& principal,
                                                                  const sql::CatalogCommand& command,
                                                                  const objectstore::StoreCredential& credential) {
  if (impl_->environment.options.seal_key.empty()) return NotImplemented("storage credentials without a key to seal them");
  return impl_->Change(principal, command, [&](CommandRun& run) { return CreateCredential(run, credential); });
}

Result<sql::CatalogReply> CatalogService::SetStorageCredential(const http::Principal& principal,
                                                               const sql::CatalogCommand& command,
                                                               const objectstore::StoreCredential& credential) {
  return impl_->Change(principal, command, [&](CommandRun& run) { return SetCredential(run, credential); });
}

Status CatalogService::CheckStore(const http::Principal& principal, const std::string& url,
                                  const std::string& credential_name) {
  ASSIGN_OR_RETURN(objectstore::StoreUrl place, objectstore::ParseStoreUrl(url));
  objectstore::StoreAccess access{.root = place.Text()};
  RETURN_IF_ERROR(impl_->environment.database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, principal.id));
    ASSIGN_OR_RETURN(access.credential, UsableCredential(authorizer, impl_->environment.options, credential_name));
    return OkStatus();
  }));
  ASSIGN_OR_RETURN(auto store, objectstore::OpenCloudStore(access, impl_->environment.clock,
                                                           objectstore::MakeCurlTransport({})));
  // An empty listing, and one request.
  auto listed = store->ListFrom(access.root + "/_ashlar_check", "");
  if (listed.ok()) return OkStatus();
  bool denied = listed.error().code == ErrorCode::kPermissionDenied;
  return MakeError(denied ? ErrorCode::kPermissionDenied : ErrorCode::kInvalidParameterValue,
                   "Storage Credential '" + credential_name + "' does not open the location: " + listed.error().message);
}

Result<std::vector<objectstore::StoreAccess>> CatalogService::StoresOf(const http::Principal& principal,
                                                                       std::span<const std::string> via_view_ids,
                                                                       const sql::ResolveRequest& request) {
  std::vector<objectstore::StoreAccess> accesses;
  RETURN_IF_ERROR(impl_->environment.database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(ViewContext context, EnterViews(txn, principal.id, via_view_ids));
    ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, context.principal_id));
    if (!via_view_ids.empty() && !OccursIn(request, context.text)) {
      return InsufficientPermissions("The relation is not part of the view.");
    }
    ASSIGN_OR_RETURN(accesses, StoresOfRequest(authorizer, impl_->environment, request));
    return OkStatus();
  }));
  return accesses;
}

objectstore::ObjectStore& CatalogService::stores() { return impl_->router; }

Result<ObjectInfo> CatalogService::Inspect(const http::Principal& principal, sql::Securable kind,
                                           const std::vector<std::string>& name) {
  ObjectInfo info;
  RETURN_IF_ERROR(impl_->environment.database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, principal.id));
    ASSIGN_OR_RETURN(Chain chain, authorizer.Find(kind, name));
    RETURN_IF_ERROR(RequireVisible(authorizer, chain));
    ASSIGN_OR_RETURN(info, InfoOf(authorizer, chain));
    return OkStatus();
  }));
  return info;
}

Result<std::vector<ObjectInfo>> CatalogService::List(const http::Principal& principal,
                                                     sql::Securable kind,
                                                     const std::vector<std::string>& where) {
  std::vector<ObjectInfo> infos;
  RETURN_IF_ERROR(impl_->environment.database.Read([&](metadb::Transaction& txn) -> Status {
    infos.clear();
    ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, principal.id));
    ASSIGN_OR_RETURN(Chain above, PlaceToList(authorizer, kind, where));
    ASSIGN_OR_RETURN(auto children, VisibleChildren(authorizer, above, kind));
    for (const Chain& chain : children) {
      ASSIGN_OR_RETURN(ObjectInfo info, InfoOf(authorizer, chain));
      infos.push_back(std::move(info));
    }
    return OkStatus();
  }));
  return infos;
}

Result<std::vector<GrantInfo>> CatalogService::Grants(const http::Principal& principal,
                                                      sql::Securable kind,
                                                      const std::vector<std::string>& name) {
  std::vector<GrantInfo> grants;
  RETURN_IF_ERROR(impl_->environment.database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, principal.id));
    ASSIGN_OR_RETURN(Chain chain, authorizer.Find(kind, name));
    ASSIGN_OR_RETURN(grants, VisibleGrants(authorizer, chain));
    return OkStatus();
  }));
  return grants;
}

Result<objectstore::PutOutcome> CatalogService::Commit(const http::Principal& principal,
                                                       const TableCommit& commit) {
  return CommitVersion(impl_->environment, principal.id, commit);
}

Result<std::optional<sql::RatifiedCommits>> CatalogService::Ratified(const http::Principal& principal,
                                                                     const std::string& table_uuid) {
  std::optional<sql::RatifiedCommits> commits;
  RETURN_IF_ERROR(impl_->environment.database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, principal.id));
    ASSIGN_OR_RETURN(commits, RatifiedFor(authorizer, table_uuid));
    return OkStatus();
  }));
  return commits;
}

Status CatalogService::CommitStaged(const http::Principal& principal, const OutsideCommit& commit) {
  return CommitFromOutside(impl_->environment, principal.id, commit);
}

Result<UnpublishedCommits> CatalogService::Unpublished(const http::Principal& principal, const UnpublishedQuery& query) {
  return FindUnpublished(impl_->environment, principal.id, query);
}

Result<bool> CatalogService::WasCommitted(const std::string& commit_uuid) {
  return FindCommitted(impl_->environment, commit_uuid);
}

Result<ObjectInfo> CatalogService::Metastore() {
  ObjectInfo info;
  RETURN_IF_ERROR(impl_->environment.database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, identity::kAdminsGroup));
    ASSIGN_OR_RETURN(Chain chain, authorizer.Find(sql::Securable::kMetastore, {}));
    ASSIGN_OR_RETURN(info, InfoOf(authorizer, chain));
    return OkStatus();
  }));
  return info;
}

Result<int64_t> CatalogService::Epoch() {
  int64_t epoch = 0;
  RETURN_IF_ERROR(impl_->environment.database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(epoch, ReadEpoch(txn));
    return OkStatus();
  }));
  return epoch;
}

}  // namespace ashlar::catalog
