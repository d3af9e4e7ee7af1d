#include "delta/transaction.h"

#include <algorithm>

#include "base/failpoint.h"
#include "base/id.h"
#include "base/log.h"
#include "base/saturating.h"
#include "base/text.h"
#include "delta/commit/row_marks.h"
#include "delta/commit/row_tracking.h"
#include "delta/features.h"
#include "delta/log/after_commit.h"
#include "delta/log/file_name.h"
#include "delta/log/log_segment.h"
#include "delta/log/replay.h"

namespace ashlar::delta {
namespace {

// How often one version is tried while its outcome stays unknown.
constexpr int kUnknownAttempts = 3;

Error RetriesExceeded(int attempts, int64_t first_version, int64_t version) {
  Error error = MakeSqlError("DELTA_MAX_COMMIT_RETRIES_EXCEEDED", "40000",
                             "This commit was tried " + std::to_string(attempts) +
                                 " times, from version " + std::to_string(first_version) +
                                 " to version " + std::to_string(version) + ", and always lost.",
                             {{"numAttempts", std::to_string(attempts)},
                              {"startVersion", std::to_string(first_version)},
                              {"failVersion", std::to_string(version)}});
  error.code = ErrorCode::kAborted;
  return error;
}

const CommitInfo* FindCommitInfo(const std::vector<Action>& actions) {
  for (const Action& action : actions) {
    if (const auto* info = std::get_if<CommitInfo>(&action)) return info;
  }
  return nullptr;
}

std::string CommitUuidOf(const TransactionEnvironment& environment) {
  return environment.commit_uuid.empty() ? NewUuid(environment.random) : environment.commit_uuid;
}

}  // namespace

Transaction::Transaction(TableLocation table, Committer& committer,
                         std::shared_ptr<const Snapshot> snapshot, TransactionEnvironment environment)
    : table_(std::move(table)),
      committer_(committer),
      snapshot_(std::move(snapshot)),
      environment_(std::move(environment)),
      commit_uuid_(CommitUuidOf(environment_)) {
  CHECK(snapshot_ != nullptr);
  CHECK(snapshot_->root() == table_.root) << snapshot_->root();
  newest_timestamp_ms_ = snapshot_->timestamp_ms();
}

Transaction::Transaction(TableLocation table, Committer& committer, TableDefinition definition,
                         TransactionEnvironment environment)
    : table_(std::move(table)),
      committer_(committer),
      environment_(std::move(environment)),
      commit_uuid_(CommitUuidOf(environment_)) {
  change_.protocol = std::move(definition.protocol);
  change_.metadata = std::move(definition.metadata);
}

void Transaction::Remove(const AddFile& file) {
  change_.removes.push_back(RemovalOf(file, environment_.clock.NowMs()));
}

void Transaction::RemoveRearranged(const AddFile& file) {
  Remove(file);
  change_.removes.back().data_change = false;
}

void Transaction::MarkRows(MarkedFile marked) {
  Remove(marked.before);
  if (marked.after.has_value()) Add(*marked.after);
  change_.marks.push_back(std::move(marked));
}

void Transaction::SetApplicationVersion(std::string app_id, int64_t version) {
  change_.application_versions.push_back({std::move(app_id), version, environment_.clock.NowMs()});
}

const Metadata& Transaction::metadata() const {
  CHECK(change_.metadata.has_value() || snapshot_ != nullptr);
  return change_.metadata.has_value() ? *change_.metadata : snapshot_->metadata();
}

const Protocol& Transaction::protocol() const {
  CHECK(change_.protocol.has_value() || snapshot_ != nullptr);
  return change_.protocol.has_value() ? *change_.protocol : snapshot_->protocol();
}

IsolationLevel Transaction::Isolation() const {
  if (change_.OnlyRearranges()) return IsolationLevel::kSnapshotIsolation;
  auto it = metadata().configuration.find("delta.isolationLevel");
  bool serializable =
      it != metadata().configuration.end() && EqualsIgnoreCase(it->second, "Serializable");
  return serializable ? IsolationLevel::kSerializable : IsolationLevel::kWriteSerializable;
}

Status Transaction::AddNeededFeatures() {
  if (!change_.metadata.has_value()) return OkStatus();
  ASSIGN_OR_RETURN(Schema schema, Schema::FromJsonText(change_.metadata->schema_string));
  Protocol needed = protocol();
  for (const TableFeature* feature : MissingFeatures(needed, *change_.metadata, schema)) {
    needed = WithFeature(std::move(needed), *feature);
  }
  if (needed != protocol()) change_.protocol = std::move(needed);
  return OkStatus();
}

bool Transaction::EnablesInCommitTimestamps() const {
  return in_commit_timestamps_ && snapshot_ != nullptr && change_.metadata.has_value() &&
         !BooleanProperty(snapshot_->metadata().configuration, "delta.enableInCommitTimestamps", false);
}

std::vector<Action> Transaction::Actions(int64_t version) {
  CommitInfo info;
  int64_t now = environment_.clock.NowMs();
  if (in_commit_timestamps_) {
    now = std::max(now, SaturatingAdd(newest_timestamp_ms_, 1));
    info.in_commit_timestamp_ms = now;
  }
  if (EnablesInCommitTimestamps()) {
    // From here on a version's time is in its commit; readers of older versions look at files' times.
    change_.metadata->configuration["delta.inCommitTimestampEnablementVersion"] = std::to_string(version);
    change_.metadata->configuration["delta.inCommitTimestampEnablementTimestamp"] = std::to_string(now);
  }
  info.timestamp_ms = now;
  info.user_id = operation_.user_id;
  info.user_name = operation_.user_name;
  info.operation = operation_.name;
  info.operation_parameters = operation_.parameters;
  if (snapshot_ != nullptr) info.read_version = snapshot_->version();
  info.isolation_level = IsolationLevelName(Isolation());
  info.is_blind_append = change_.IsBlindAppend();
  info.operation_metrics = operation_.metrics;
  info.user_metadata = operation_.user_metadata;
  info.engine_info = environment_.engine_info;
  info.txn_id = commit_uuid_;

  std::vector<Action> actions;
  actions.push_back(std::move(info));
  if (change_.protocol.has_value()) actions.push_back(*change_.protocol);
  if (change_.metadata.has_value()) actions.push_back(*change_.metadata);
  std::vector<AddFile> adds = change_.adds;
  for (DomainMetadata& domain : GiveRowIds(snapshot_.get(), change_.domains, version, adds)) actions.push_back(std::move(domain));
  actions.insert(actions.end(), change_.application_versions.begin(), change_.application_versions.end());
  actions.insert(actions.end(), change_.removes.begin(), change_.removes.end());
  actions.insert(actions.end(), adds.begin(), adds.end());
  actions.insert(actions.end(), change_.cdc_files.begin(), change_.cdc_files.end());
  return actions;
}

Result<CommitOutcome> Transaction::Settle(int64_t version) const {
  Result<CommitFile> commit = FindCommit(table_, version);
  Result<std::vector<Action>> actions = commit.ok() ? ReadCommit(table_, *commit) : Result<std::vector<Action>>(commit.error());
  if (!actions.ok() && actions.error().code == ErrorCode::kNotFound) return CommitOutcome::kUnknown;
  if (!actions.ok()) return std::move(actions).error();
  const CommitInfo* info = FindCommitInfo(*actions);
  bool own = info != nullptr && info->txn_id == commit_uuid_;
  return own ? CommitOutcome::kWon : CommitOutcome::kLost;
}

Result<CommitOutcome> Transaction::TryVersion(int64_t version) {
  RETURN_IF_ERROR(Failpoint("delta.commit.before_put"));
  actions_ = Actions(version);
  std::string text;
  for (const Action& action : actions_) text += ActionToJson(action) + "\n";
  CommitRequest request{metadata().id, table_.root, version, std::move(text), commit_uuid_};
  bool was_unknown = false;
  for (int attempt = 0; attempt < kUnknownAttempts; ++attempt) {
    Result<CommitOutcome> outcome = committer_.Commit(request);
    // This try failed for certain, an earlier one perhaps not.
    if (!outcome.ok() && was_unknown) return CommitOutcome::kUnknown;
    if (!outcome.ok()) return outcome;
    if (!Failpoint("delta.commit.after_put").ok()) outcome = CommitOutcome::kUnknown;
    if (*outcome == CommitOutcome::kWon) return outcome;
    // Lost, too, is read back: an earlier try whose answer never came may be the winner.
    Result<CommitOutcome> settled = Settle(version);
    if (settled.ok() && *settled != CommitOutcome::kUnknown) return settled;
    was_unknown = true;
  }
  return CommitOutcome::kUnknown;
}

Status Transaction::RebaseOnto(const CommitFile& commit, bool* moved) {
  ASSIGN_OR_RETURN(std::vector<Action> winner, ReadCommit(table_, commit));
  RowRebase rows;
  if (!change_.marks.empty() || change_.reads_rows_to_mark) {
    VectorFileCreated none;
    ASSIGN_OR_RETURN(rows, RebaseMarks({table_, environment_.random, none}, winner, change_));
  }
  RETURN_IF_ERROR(CheckConflict(*snapshot_, change_, Isolation(), {commit.version, winner, rows.settled_paths}));
  *moved = *moved || rows.moved;
  const CommitInfo* info = FindCommitInfo(winner);
  int64_t timestamp = commit.modified_ms;
  if (info != nullptr) timestamp = info->in_commit_timestamp_ms.value_or(timestamp);
  newest_timestamp_ms_ = std::max(newest_timestamp_ms_, timestamp);
  RETURN_IF_ERROR(RebaseRowIds(winner, metadata(), change_.domains));
  for (const Action& action : winner) {
    const auto* changed = std::get_if<Metadata>(&action);
    if (changed == nullptr) continue;
    in_commit_timestamps_ = BooleanProperty(changed->configuration, "delta.enableInCommitTimestamps", false);
  }
  return OkStatus();
}

Result<int64_t> Transaction::Rebase(int64_t lost_version) {
  if (snapshot_ == nullptr) {
    Error error = MakeSqlError("DELTA_PROTOCOL_CHANGED", "2D521",
                               "The table at " + table_.root + " was created by somebody else meanwhile.",
                               {{"tableName", table_.root}});
    error.code = ErrorCode::kAborted;
    return error;
  }
  ASSIGN_OR_RETURN(LogListing listing, FollowLog(table_, lost_version));
  int64_t version = lost_version;
  bool moved = false;
  for (const CommitFile& commit : listing.commits) {
    if (commit.version != version) break;
    RETURN_IF_ERROR(RebaseOnto(commit, &moved));
    ++version;
  }
  if (moved) {
    VectorFileCreated created = [this](const std::string& path) { TrackCreatedFile(path); };
    VectorFiles files{table_, environment_.random, created};
    RETURN_IF_ERROR(Remark(files, environment_.clock.NowMs(), change_));
  }
  if (version == lost_version) {
    return CorruptLog(CommitFileName(version), version, "the commit that won it is gone");
  }
  return version;
}

Result<CommitResult> Transaction::Commit() {
  CHECK(state_ == State::kOpen) << "a transaction commits once";
  CHECK(!operation_.name.empty()) << "a commit needs the name of its operation";
  state_ = State::kFailed;
  RETURN_IF_ERROR(AddNeededFeatures());
  RETURN_IF_ERROR(ValidateChange(snapshot_.get(), change_));
  if (!table_.catalog && IsCatalogManaged(protocol())) return PathAccessBlocked(table_.root);
  in_commit_timestamps_ =
      BooleanProperty(metadata().configuration, "delta.enableInCommitTimestamps", false);
  if (AssignsRowIds(protocol(), metadata())) RETURN_IF_ERROR(BeginRowIds(snapshot_.get(), change_.domains));
  int64_t version = snapshot_ == nullptr ? 0 : snapshot_->version() + 1;
  const int64_t first_version = version;
  for (int attempt = 1; attempt <= environment_.max_attempts; ++attempt) {
    ASSIGN_OR_RETURN(CommitOutcome outcome, TryVersion(version));
    if (outcome == CommitOutcome::kUnknown) {
      state_ = State::kUnknown;
      return MakeError(ErrorCode::kTemporarilyUnavailable,
                       "Whether version " + std::to_string(version) + " of " + table_.root +
                           " was committed is not known (commit " + commit_uuid_ + ").");
    }
    if (outcome == CommitOutcome::kWon) {
      state_ = State::kCommitted;
      NewVersion won{version, actions_, snapshot_};
      CommitResult result{version, commit_uuid_, attempt,
                          AfterCommit(table_, won, environment_.clock, environment_.random)};
      if (result.checkpoint_error) {
        Log(LogLevel::kWarn, "a checkpoint or checksum was not written; its commit stands",
            {{"table", table_.root},
             {"version", std::to_string(version)},
             {"reason", result.checkpoint_error->message}});
      }
      return result;
    }
    ASSIGN_OR_RETURN(version, Rebase(version));
    CHECK_LT(first_version, version);
  }
  return RetriesExceeded(environment_.max_attempts, first_version, version);
}

void Transaction::Abort() {
  if (state_ == State::kCommitted || state_ == State::kUnknown) return;
  state_ = State::kFailed;
  for (const std::string& path : created_) {
    // What stays behind is unreferenced; VACUUM finds it.
    (void)table_.store->Delete(path).ok();
  }
  created_.clear();
}

}  // namespace ashlar::delta
