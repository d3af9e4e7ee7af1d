#include "delta/log/replay.h"

#include <algorithm>

#include "delta/features.h"
#include "delta/log/file_name.h"
#include "delta/log/version_checksum.h"
#include "delta/paths.h"

namespace ashlar::delta {
namespace {

class Reconciliation {
 public:
  // The actions of one commit; call with the newest commit first.
  Status AddCommit(std::vector<Action> actions) {
    // Later lines win over earlier ones, as a newer commit wins over an older one.
    for (auto it = actions.rbegin(); it != actions.rend(); ++it) TakeNewest(std::move(*it));
    std::ranges::reverse(pending_adds_);
    tail_adds_.push_back(std::move(pending_adds_));
    pending_adds_.clear();
    return OkStatus();
  }

  // A checkpoint follows: its files go into the builder.
  FileListBuilder& BeginCheckpoint() {
    checkpoint_read_ = true;
    return checkpoint_files_;
  }

  // Any other action of the checkpoint, any order.
  Status AddCheckpointAction(Action action) {
    if (auto* add = std::get_if<AddFile>(&action)) {
      checkpoint_files_.Add(*add);
    } else if (auto* remove = std::get_if<RemoveFile>(&action)) {
      checkpoint_tombstones_.push_back(std::move(*remove));
    } else {
      TakeNewest(std::move(action));
    }
    return OkStatus();
  }

  void AddBase(const SnapshotState& base) {
    state_.files = base.files;
    state_.tombstones = base.tombstones;
    if (!protocol_.has_value()) protocol_ = base.protocol;
    if (!metadata_.has_value()) metadata_ = base.metadata;
    for (const auto& [id, txn] : base.transactions) state_.transactions.emplace(id, txn);
    for (const auto& [name, domain] : base.domain_metadata) domains_.emplace(name, domain);
  }

  // The newest commit's in-commit timestamp, once the newest commit was added.
  std::optional<int64_t> in_commit_timestamp_ms() const { return in_commit_timestamp_ms_; }

  Result<SnapshotState> Finish(const LogSegment& segment, const std::string& root) && {
    state_.version = segment.version;
    std::vector<AddFile> adds;
    for (auto commit = tail_adds_.rbegin(); commit != tail_adds_.rend(); ++commit) {
      std::ranges::move(*commit, std::back_inserter(adds));
    }
    if (checkpoint_read_) {
      state_.files = std::move(checkpoint_files_).Finish();
      state_.tombstones = std::move(checkpoint_tombstones_);
    }
    state_.files = state_.files.After(seen_, adds);
    state_.tombstones = state_.tombstones.After(seen_, std::move(tail_removes_));
    for (auto& [name, domain] : domains_) {
      if (!domain.removed) state_.domain_metadata.emplace(name, std::move(domain));
    }
    if (!protocol_.has_value() || !metadata_.has_value()) {
      std::string operation = protocol_.has_value() ? "metadata" : "protocol";
      Error error = MakeSqlError(
          "DELTA_STATE_RECOVER_ERROR", "XXKDS",
          "The " + operation + " of the Delta table at " + root + " could not be recovered for version " +
              std::to_string(segment.version) + ".",
          {{"operation", operation}, {"version", std::to_string(segment.version)}});
      error.code = ErrorCode::kDataLoss;
      return error;
    }
    state_.protocol = *std::move(protocol_);
    state_.metadata = *std::move(metadata_);
    return std::move(state_);
  }

 private:
  void TakeNewest(Action action) {
    if (auto* add = std::get_if<AddFile>(&action)) {
      if (seen_.insert(FileKey(*add)).second) pending_adds_.push_back(std::move(*add));
    } else if (auto* remove = std::get_if<RemoveFile>(&action)) {
      if (seen_.insert(FileKey(*remove)).second) tail_removes_.push_back(std::move(*remove));
    } else if (auto* protocol = std::get_if<Protocol>(&action)) {
      if (!protocol_.has_value()) protocol_ = std::move(*protocol);
    } else if (auto* metadata = std::get_if<Metadata>(&action)) {
      if (!metadata_.has_value()) metadata_ = std::move(*metadata);
    } else if (auto* txn = std::get_if<SetTransaction>(&action)) {
      std::string id = txn->app_id;
      state_.transactions.emplace(std::move(id), std::move(*txn));
    } else if (auto* domain = std::get_if<DomainMetadata>(&action)) {
      std::string name = domain->domain;
      domains_.emplace(std::move(name), std::move(*domain));
    } else if (auto* info = std::get_if<CommitInfo>(&action)) {
      if (tail_adds_.empty()) in_commit_timestamp_ms_ = info->in_commit_timestamp_ms;
    }
  }

  SnapshotState state_;
  std::optional<Protocol> protocol_;
  std::optional<Metadata> metadata_;
  std::map<std::string, DomainMetadata> domains_;
  // The keys of files the commits speak of: what is older says nothing of them any more.
  std::unordered_set<std::string> seen_;
  bool checkpoint_read_ = false;
  FileListBuilder checkpoint_files_;
  std::vector<RemoveFile> checkpoint_tombstones_;
  std::vector<AddFile> pending_adds_;
  std::vector<std::vector<AddFile>> tail_adds_;  // newest commit first
  std::vector<RemoveFile> tail_removes_;
  std::optional<int64_t> in_commit_timestamp_ms_;
};

Error NeedsParquet(const std::string& name) {
  return NotImplemented("reading the Parquet checkpoint " + name + " without a Parquet reader");
}

// The actions of a checkpoint's own files; its sidecars are collected, its adds too where `files` is there.
Status ReadTopFiles(const TableLocation& table, const CheckpointFiles& checkpoint, std::vector<Sidecar>* sidecars,
                    FileListBuilder* files, const ActionSink& others) {
  ActionSink sink = [&](Action action) -> Status {
    if (auto* sidecar = std::get_if<Sidecar>(&action)) {
      sidecars->push_back(std::move(*sidecar));
      return OkStatus();
    }
    return others(std::move(action));
  };
  for (const std::string& name : checkpoint.names) {
    std::string path = objectstore::JoinPath(LogDirectory(table.root), name);
    if (checkpoint.json) {
      ASSIGN_OR_RETURN(std::string text, table.store->Read(path));
      Status parsed = ParseActions(text, sink);
      if (!parsed.ok()) return CorruptLog(name, checkpoint.version, parsed.error().message);
    } else {
      if (table.parquet == nullptr) return NeedsParquet(name);
      RETURN_IF_ERROR(files != nullptr ? table.parquet->ReadFiles(path, *files, sink) : table.parquet->Read(path, sink));
    }
  }
  return OkStatus();
}

Status ReadCheckpoint(const TableLocation& table, const CheckpointFiles& checkpoint,
                      Reconciliation* state) {
  std::vector<Sidecar> sidecars;
  ActionSink sink = [&](Action action) { return state->AddCheckpointAction(std::move(action)); };
  FileListBuilder& files = state->BeginCheckpoint();
  RETURN_IF_ERROR(ReadTopFiles(table, checkpoint, &sidecars, &files, sink));
  std::string folder = objectstore::JoinPath(LogDirectory(table.root), "_sidecars");
  for (const Sidecar& sidecar : sidecars) {
    if (table.parquet == nullptr) return NeedsParquet(sidecar.path);
    ASSIGN_OR_RETURN(std::string path, ResolveLogPath(folder, sidecar.path));
    RETURN_IF_ERROR(table.parquet->ReadFiles(path, files, sink));
  }
  return OkStatus();
}

// The commits of the segment, newest first; compacted files stand for those of their range. Answers
// whether the newest commit itself was read.
Result<bool> ReadCommits(const TableLocation& table, const LogSegment& segment, Reconciliation* state) {
  bool read_newest = false;
  auto compacted = segment.compactions.begin();
  for (auto commit = segment.commits.rbegin(); commit != segment.commits.rend();) {
    if (compacted != segment.compactions.end() && compacted->last == commit->version) {
      Result<std::vector<Action>> actions =
          ReadActions(table, CompactedFileName(compacted->first, compacted->last), compacted->last);
      int64_t first = compacted->first;
      ++compacted;
      // One that cannot be read costs time: the commits are there.
      if (actions.ok()) {
        RETURN_IF_ERROR(state->AddCommit(*std::move(actions)));
        while (commit != segment.commits.rend() && commit->version >= first) ++commit;
        continue;
      }
    }
    read_newest = read_newest || commit->version == segment.version;
    ASSIGN_OR_RETURN(std::vector<Action> actions, ReadCommit(table, *commit));
    RETURN_IF_ERROR(state->AddCommit(std::move(actions)));
    ++commit;
  }
  return read_newest;
}

// The text of a commit, from the file that counts.
Result<std::string> ReadCommitText(const TableLocation& table, const CommitFile& commit) {
  if (!commit.staged.empty()) {
    Result<std::string> staged = table.store->Read(objectstore::JoinPath(StagedDirectory(table.root), commit.staged));
    // Published and cleaned up since the catalog named it: its text is the same.
    if (staged.ok() || staged.error().code != ErrorCode::kNotFound) return staged;
  }
  return table.store->Read(objectstore::JoinPath(LogDirectory(table.root), CommitFileName(commit.version)));
}

Result<std::vector<Action>> ActionsOf(const std::string& text, const std::string& name, int64_t version) {
  if (text.empty()) return CorruptLog(name, version, "the file is empty");
  std::vector<Action> actions;
  Status parsed = ParseActions(text, [&](Action action) {
    actions.push_back(std::move(action));
    return OkStatus();
  });
  if (!parsed.ok()) return CorruptLog(name, version, parsed.error().message);
  return actions;
}

Status CompareWithChecksum(const TableLocation& table, const SnapshotState& state) {
  std::string name = ChecksumFileName(state.version);
  Result<std::string> text = table.store->Read(objectstore::JoinPath(LogDirectory(table.root), name));
  if (!text.ok()) return OkStatus();
  Result<VersionChecksum> checksum = ParseChecksum(*text);
  if (!checksum.ok()) return OkStatus();  // torn: it says nothing
  std::string mismatch = ChecksumMismatch(*checksum, state);
  if (mismatch.empty()) return OkStatus();
  return CorruptLog(name, state.version, mismatch);
}

// What follows from the actions: schema, mapping and whether this version can be read at all. `before`: an
// older version, or null.
Status Interpret(SnapshotState* state, const Snapshot* before) {
  if (before != nullptr && before->metadata() == state->metadata && before->protocol() == state->protocol) {
    state->schema = before->schema();
    state->mapping_mode = before->mapping_mode();
    return OkStatus();
  }
  // Old writers left the schema out of a table without columns.
  Result<Schema> schema = state->metadata.schema_string.empty()
                              ? Schema()
                              : Schema::FromJsonText(state->metadata.schema_string);
  if (!schema.ok()) {
    // A type this version does not know belongs to a feature it does not know: name that first.
    RETURN_IF_ERROR(CheckReadable(state->protocol, Schema()));
    return std::move(schema).error();
  }
  state->schema = *std::move(schema);
  RETURN_IF_ERROR(CheckReadable(state->protocol, state->schema));
  for (const std::string& column : state->metadata.partition_columns) {
    if (state->schema.IndexOf(column) >= 0) continue;
    return CorruptLog("of the newest metaData", state->version, "the partition column " + column + " is not in the schema");
  }
  ASSIGN_OR_RETURN(state->mapping_mode, MappingModeOf(state->metadata.configuration));
  return OkStatus();
}

}  // namespace

Error CorruptLog(const std::string& file, int64_t version, const std::string& what) {
  Error error = MakeSqlError("DELTA_TXN_LOG_FAILED_INTEGRITY", "XXKDS",
                             "The transaction log failed its integrity check at version " +
                                 std::to_string(version) + ", file " + file + ": " + what,
                             {{"version", std::to_string(version)}, {"mismatchStringOpt", what}});
  error.code = ErrorCode::kDataLoss;
  return error;
}

Result<std::vector<Action>> ReadActions(const TableLocation& table, const std::string& name, int64_t version) {
  ASSIGN_OR_RETURN(std::string text,
                   table.store->Read(objectstore::JoinPath(LogDirectory(table.root), name)));
  return ActionsOf(text, name, version);
}

Result<std::vector<Action>> ReadCommit(const TableLocation& table, const CommitFile& commit) {
  ASSIGN_OR_RETURN(std::string text, ReadCommitText(table, commit));
  return ActionsOf(text, CommitFileName(commit.version), commit.version);
}

Result<CommitInfo> ReadCommitInfo(const TableLocation& table, const CommitFile& commit) {
  std::string name = CommitFileName(commit.version);
  ASSIGN_OR_RETURN(std::string text, ReadCommitText(table, commit));
  if (text.empty()) return CorruptLog(name, commit.version, "the file is empty");
  std::optional<CommitInfo> info;
  Status parsed = ParseActions(text, [&](Action action) -> Status {
    auto* found = std::get_if<CommitInfo>(&action);
    if (found == nullptr) return OkStatus();
    info = std::move(*found);
    return MakeError(ErrorCode::kAborted, "no need to read on");
  });
  if (info) return *std::move(info);
  if (!parsed.ok()) return CorruptLog(name, commit.version, parsed.error().message);
  return CommitInfo();
}

Result<std::vector<Sidecar>> ReadSidecarNames(const TableLocation& table, const CheckpointFiles& checkpoint) {
  std::vector<Sidecar> sidecars;
  RETURN_IF_ERROR(ReadTopFiles(table, checkpoint, &sidecars, nullptr, [](const Action&) { return OkStatus(); }));
  return sidecars;
}

bool IsUnreadableCheckpoint(const Error& error) {
  return error.code == ErrorCode::kDataLoss || error.code == ErrorCode::kNotFound ||
         error.code == ErrorCode::kIoError || error.code == ErrorCode::kMalformedRequest ||
         error.code == ErrorCode::kNotImplemented;
}

Result<SnapshotState> Replay(const TableLocation& table, const LogSegment& segment,
                             const Snapshot* base) {
  Reconciliation reconciliation;
  ASSIGN_OR_RETURN(bool read_newest, ReadCommits(table, segment, &reconciliation));
  std::optional<int64_t> in_commit_timestamp;
  if (read_newest) in_commit_timestamp = reconciliation.in_commit_timestamp_ms();
  if (base != nullptr) {
    reconciliation.AddBase(base->state());
  } else if (segment.checkpoint.has_value()) {
    RETURN_IF_ERROR(ReadCheckpoint(table, *segment.checkpoint, &reconciliation));
  }
  ASSIGN_OR_RETURN(SnapshotState state, std::move(reconciliation).Finish(segment, table.root));
  if (!table.catalog && IsCatalogManaged(state.protocol)) return PathAccessBlocked(table.root);
  RETURN_IF_ERROR(Interpret(&state, base));
  if (segment.version_commit.has_value()) {
    state.commit_size = segment.version_commit->size;
    state.commit_modified_ms = segment.version_commit->modified_ms;
    state.timestamp_ms = state.commit_modified_ms;
  }
  if (BooleanProperty(state.metadata.configuration, "delta.enableInCommitTimestamps", false)) {
    if (!read_newest && segment.version_commit.has_value()) {
      ASSIGN_OR_RETURN(std::vector<Action> actions, ReadCommit(table, *segment.version_commit));
      for (const Action& action : actions) {
        const auto* info = std::get_if<CommitInfo>(&action);
        if (info != nullptr) in_commit_timestamp = info->in_commit_timestamp_ms;
      }
    }
    state.timestamp_ms = in_commit_timestamp.value_or(state.timestamp_ms);
  }
  if (segment.has_checksum && base == nullptr) RETURN_IF_ERROR(CompareWithChecksum(table, state));
  return state;
}

}  // namespace ashlar::delta
