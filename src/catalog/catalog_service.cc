#include "catalog/catalog_service.h"

#include <filesystem>

#include "base/id.h"
#include "catalog/environment.h"
#include "catalog/migrations.h"
#include "catalog/path_access.h"

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
  explicit Impl(Environment environment) : environment(std::move(environment)) {}
  Environment environment;
};

CatalogService::CatalogService(metadb::Database& database, objectstore::ObjectStore& store,
                               const Clock& clock, Random& random, CatalogOptions options)
    : impl_(std::make_unique<Impl>(
          Environment{database, store, clock, random, std::move(options)})) {
  CHECK(impl_->environment.options.data_dir.starts_with('/'));
}

CatalogService::~CatalogService() = default;

Status CatalogService::Recover() {
  const Environment& environment = impl_->environment;
  RETURN_IF_ERROR(MakeFirstObjects(environment));
  RETURN_IF_ERROR(SettleIntents(environment, INT64_MAX));
  return FinishDrops(environment);
}

Status CatalogService::Sweep() {
  const Environment& environment = impl_->environment;
  RETURN_IF_ERROR(SettleIntents(environment, environment.clock.NowMs() - kIntentLifetimeMs));
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
  const Environment& environment = impl_->environment;
  sql::CatalogReply reply;
  std::string uuid = NewUuid(environment.random);
  auto body = [&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, principal.id));
    CommandRun run{environment, authorizer, command, uuid, environment.clock.NowMs()};
    ASSIGN_OR_RETURN(reply, HandlerOf(command.action)(run));
    return OnlyReads(command.action) ? OkStatus() : BumpEpoch(txn);
  };
  if (OnlyReads(command.action)) {
    RETURN_IF_ERROR(environment.database.Read(body));
    return reply;
  }
  Status done = environment.database.Transact(body);
  if (!done.ok()) {
    // The folder that a failed CREATE made; remove() leaves one with files alone.
    std::error_code ignored;
    std::filesystem::remove(environment.ManagedLocation(uuid), ignored);
    return done.error();
  }
  if (command.action == CatalogAction::kDrop) RETURN_IF_ERROR(FinishDrops(environment));
  return reply;
}

Result<objectstore::PutOutcome> CatalogService::Commit(const http::Principal& principal,
                                                       const TableCommit& commit) {
  return CommitVersion(impl_->environment, principal.id, commit);
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
