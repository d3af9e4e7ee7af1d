#include "catalog/managed_commit.h"

#include "base/log.h"
#include "catalog/tables/commits_table.h"
#include "catalog/tables/ratified_commits_table.h"
#include "delta/catalog_commits.h"
#include "delta/log/file_name.h"

namespace ashlar::catalog {
namespace {

using delta::CommitOutcome;
using objectstore::PutOutcome;
using sql::Securable;

// One table of the metadb, for delta's committer. `attempt`: what it ratifies; null where it only publishes.
class ManagedTable final : public delta::ManagingCatalog {
 public:
  ManagedTable(const Environment& environment, std::string uuid, const CommitAttempt* attempt)
      : environment_(environment), uuid_(std::move(uuid)), attempt_(attempt) {}

  Result<delta::RatifiedCommits> Ratified() override {
    std::optional<sql::RatifiedCommits> found;
    RETURN_IF_ERROR(environment_.database.Read([&](metadb::Transaction& txn) -> Status {
      ASSIGN_OR_RETURN(found, RatifiedCommitsTable::Find(txn, uuid_));
      return OkStatus();
    }));
    if (!found) return delta::RatifiedCommits();
    return delta::RatifiedCommits{found->latest_version, std::move(found->staged)};
  }

  Status NotePublished(int64_t version) override {
    return environment_.database.Transact(
        [&](metadb::Transaction& txn) { return RatifiedCommitsTable::ForgetUpTo(txn, uuid_, version); });
  }

  Result<CommitOutcome> Ratify(const delta::CommitRequest& request, const std::string& staged) override {
    CHECK(attempt_ != nullptr);
    bool advanced = false;
    Status done = environment_.database.Transact([&](metadb::Transaction& txn) -> Status {
      ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, attempt_->principal_id));
      RETURN_IF_ERROR(AuthorizeCommit(authorizer, attempt_->commit));
      ASSIGN_OR_RETURN(advanced, RatifiedCommitsTable::Advance(txn, {uuid_, request.version, staged, request.commit_uuid}));
      return advanced ? Record(txn) : OkStatus();
    });
    // The connection broke while it committed.
    if (!done.ok() && done.error().code == ErrorCode::kAborted) return CommitOutcome::kUnknown;
    if (attempt_->creates()) done = SettleCreate(environment_, attempt_->table, std::move(done));
    RETURN_IF_ERROR(done);
    if (advanced) return CommitOutcome::kWon;
    return Settle(request);
  }

 private:
  Status Record(metadb::Transaction& txn) {
    const TableCommit& commit = attempt_->commit;
    int64_t now_ms = environment_.clock.NowMs();
    if (attempt_->creates() || attempt_->meta) RETURN_IF_ERROR(RecordVersion(txn, *attempt_, now_ms));
    if (!commit.recorded) return OkStatus();
    return CommitsTable::Put(txn, {commit.commit_uuid, commit.location, commit.version, true, now_ms});
  }

  // The version was not the next one: whose is it?
  Result<CommitOutcome> Settle(const delta::CommitRequest& request) {
    std::optional<sql::RatifiedCommits> ratified;
    std::optional<std::string> holder;
    RETURN_IF_ERROR(environment_.database.Read([&](metadb::Transaction& txn) -> Status {
      ASSIGN_OR_RETURN(ratified, RatifiedCommitsTable::Find(txn, uuid_));
      ASSIGN_OR_RETURN(holder, RatifiedCommitsTable::CommitAt(txn, uuid_, request.version));
      return OkStatus();
    }));
    if (!ratified || ratified->latest_version < request.version) {
      return MakeError(ErrorCode::kInvalidState, "Version " + std::to_string(request.version) +
                                                     " does not follow the last version of the table");
    }
    if (holder) return *holder == request.commit_uuid ? CommitOutcome::kWon : CommitOutcome::kLost;
    // Published, and forgotten here.
    Result<std::string> published =
        environment_.store.Read(delta::LogDirectory(request.root) + "/" + delta::CommitFileName(request.version));
    if (!published.ok() && published.error().code != ErrorCode::kNotFound) return CommitOutcome::kUnknown;
    return published.ok() && *published == request.actions_text ? CommitOutcome::kWon : CommitOutcome::kLost;
  }

  const Environment& environment_;
  const std::string uuid_;
  const CommitAttempt* const attempt_;
};

// `staged`: the file's name where it lies there already.
Result<PutOutcome> CommitTo(const Environment& environment, const CommitAttempt& attempt, const std::optional<std::string>& staged) {
  const TableCommit& commit = attempt.commit;
  if (commit.version < 0) return MakeError(ErrorCode::kInvalidParameterValue, "negative table version");
  ManagedTable table(environment, attempt.table.uuid, &attempt);
  delta::CatalogCommitter committer(environment.store, table, environment.random);
  delta::CommitRequest request{attempt.table.uuid, attempt.table.location, commit.version, commit.actions, commit.commit_uuid};
  ASSIGN_OR_RETURN(CommitOutcome outcome, staged ? committer.CommitStaged(request, *staged) : committer.Commit(request));
  switch (outcome) {
    case CommitOutcome::kWon: return PutOutcome::kWon;
    case CommitOutcome::kLost: return PutOutcome::kLost;
    case CommitOutcome::kUnknown: return PutOutcome::kUnknown;
  }
  return PutOutcome::kUnknown;
}

}  // namespace

Result<PutOutcome> CommitManaged(const Environment& environment, const CommitAttempt& attempt) {
  return CommitTo(environment, attempt, std::nullopt);
}

Result<PutOutcome> CommitStaged(const Environment& environment, const CommitAttempt& attempt, const std::string& staged) {
  return CommitTo(environment, attempt, staged);
}

Status PublishTable(const Environment& environment, const SecurableRow& row) {
  ManagedTable table(environment, row.uuid, nullptr);
  return delta::PublishRatified(environment.store, row.location, table);
}

void PublishUnpublished(const Environment& environment) {
  std::vector<SecurableRow> tables;
  Status read = environment.database.Read([&](metadb::Transaction& txn) -> Status {
    tables.clear();
    ASSIGN_OR_RETURN(std::vector<std::string> uuids, RatifiedCommitsTable::Unpublished(txn));
    for (const std::string& uuid : uuids) {
      ASSIGN_OR_RETURN(auto row, SecurablesTable::Find(txn, uuid));
      if (row && row->state == SecurableState::kActive) tables.push_back(*std::move(row));
    }
    return OkStatus();
  });
  if (!read.ok()) Log(LogLevel::kWarn, "unpublished commits were not looked for", {{"reason", read.error().message}});
  for (const SecurableRow& row : tables) {
    Status published = PublishTable(environment, row);
    if (published.ok()) continue;
    Log(LogLevel::kWarn, "commits were not published", {{"table", row.location}, {"reason", published.error().message}});
  }
}

Result<std::optional<sql::RatifiedCommits>> RatifiedFor(Authorizer& authorizer, const std::string& table_uuid) {
  ASSIGN_OR_RETURN(auto row, SecurablesTable::Find(authorizer.txn(), table_uuid));
  if (!row || row->kind != Securable::kTable || row->state == SecurableState::kDeleting) {
    return NotFound(Securable::kTable, {table_uuid});
  }
  if (row->state == SecurableState::kCreating) {
    if (row->created_by != authorizer.subject().id) return NotFound(Securable::kTable, {table_uuid});
    return std::optional<sql::RatifiedCommits>();
  }
  ASSIGN_OR_RETURN(Chain chain, authorizer.ChainOf(*row));
  if (!authorizer.Require(chain, "MODIFY").ok()) RETURN_IF_ERROR(authorizer.Require(chain, "SELECT"));
  return RatifiedCommitsTable::Find(authorizer.txn(), table_uuid);
}

}  // namespace ashlar::catalog
