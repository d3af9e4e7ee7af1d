// Transaction: the one way to change a table. Bound to the snapshot the statement read; records what
// was read and stages what is to be written; commits optimistically: on loss of a version it checks
// the winners for conflicts, rebases and tries the next one.
//
//   Transaction txn(location, committer, snapshot, {.clock = clock, .random = random});
//   txn.ReadPredicate(predicate);                 // what the statement depends on
//   txn.TrackCreatedFile(path);                   // every data file, before it is written
//   txn.Remove(old); txn.Add(added);
//   txn.SetOperation({.name = "UPDATE", …});
//   ASSIGN_OR_RETURN(CommitResult done, txn.Commit());
//
// Data files must be fsynced, with their folders, before Commit. Not thread safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "delta/actions.h"
#include "delta/committer.h"
#include "delta/commit/conflict.h"
#include "delta/log/log_segment.h"
#include "delta/skipping.h"
#include "delta/snapshot.h"

namespace ashlar::delta {

// What commitInfo says. Named as delta-spark names them:
//   WRITE                          mode, partitionBy                | numFiles numOutputRows numOutputBytes
//   CREATE TABLE                   description, partitionBy, isManaged, properties |
//   CREATE TABLE AS SELECT         the same                         | as WRITE
//   CREATE OR REPLACE TABLE [AS SELECT], REPLACE TABLE [AS SELECT]  | as WRITE
//   DELETE                         predicate | numRemovedFiles numAddedFiles numDeletedRows numCopiedRows …
//   UPDATE                         predicate | numRemovedFiles numAddedFiles numUpdatedRows numCopiedRows …
//   MERGE                          predicate, matchedPredicates, notMatchedPredicates,
//                                  notMatchedBySourcePredicates | numTargetRowsInserted …Updated …Deleted …
//   COPY INTO                      sourcePath | as WRITE
//   SET TBLPROPERTIES              properties |
struct Operation {
  std::string name;
  std::map<std::string, std::optional<std::string>> parameters;
  StringMap metrics;
  std::optional<std::string> user_metadata;
  std::optional<std::string> user_id;
  std::optional<std::string> user_name;
};

struct TransactionEnvironment {
  const Clock& clock;
  Random& random;
  std::string engine_info = "Ashlar";
  // After this many lost versions: DELTA_MAX_COMMIT_RETRIES_EXCEEDED.
  int max_attempts = 10000;
  // What the commit carries; empty: a new uuid. Of use to whoever must find it again after a crash.
  std::string commit_uuid = {};
};

struct CommitResult {
  int64_t version = 0;
  std::string commit_uuid;
  int attempts = 1;
  // Why the checksum or checkpoint due after this commit was not written; the commit stands.
  std::optional<Error> checkpoint_error;
};

class Transaction {
 public:
  // On an existing table. Isolation is delta.isolationLevel, WriteSerializable when unset.
  Transaction(TableLocation table, Committer& committer, std::shared_ptr<const Snapshot> snapshot,
              TransactionEnvironment environment);
  // Creates the table: version 0 is protocol, metadata and what is added. Fails with
  // DELTA_PROTOCOL_CHANGED (2D521) when somebody else created it first.
  Transaction(TableLocation table, Committer& committer, TableDefinition definition,
              TransactionEnvironment environment);

  // What was read. A transaction that calls none of these and removes nothing is a blind append.
  void ReadWholeTable() { change_.read_whole_table = true; }
  void ReadPredicate(Predicate predicate) {
    change_.read_predicates.push_back(std::move(predicate));
  }
  void ReadFile(const AddFile& file) { change_.read_paths.insert(FileKey(file.path, std::nullopt)); }

  void Add(AddFile file) { change_.adds.push_back(std::move(file)); }
  // `file` must be active in the snapshot. Does not count as read: say that too where it was.
  void Remove(const AddFile& file);
  // As Remove, for commits that only rearrange rows (OPTIMIZE): dataChange=false. Their adds must say
  // so too.
  void RemoveRearranged(const AddFile& file);
  // Rows deleted by a vector: the file's old form goes, its new one comes. A concurrent commit that
  // marked other rows of the file is joined with, not conflicted with.
  void MarkRows(MarkedFile marked);
  // The target was read only to find the rows this change marks or rewrites.
  void ReadRowsToMark() { change_.reads_rows_to_mark = true; }
  void AddCdc(AddCdcFile file) { change_.cdc_files.push_back(std::move(file)); }
  // A new schema, partitioning or properties; `id` must be the table's. The features it puts to use
  // are added to the protocol.
  void SetMetadata(Metadata metadata) { change_.metadata = std::move(metadata); }
  void SetProtocol(Protocol protocol) { change_.protocol = std::move(protocol); }
  // Idempotence: of all commits with one (app_id, version) at most one succeeds. The others fail with
  // DELTA_CONCURRENT_TRANSACTION; look at Snapshot::TransactionVersion first.
  void SetApplicationVersion(std::string app_id, int64_t version);
  void SetDomainMetadata(DomainMetadata domain) { change_.domains.push_back(std::move(domain)); }
  void SetOperation(Operation operation) { operation_ = std::move(operation); }

  // Every file this statement creates, absolute: Abort deletes these and nothing else.
  void TrackCreatedFile(std::string absolute_path) { created_.insert(std::move(absolute_path)); }

  // Whether it only adds, and depends on nothing it read.
  bool IsBlindAppend() const { return change_.IsBlindAppend(); }
  // Null while the table is being created.
  const std::shared_ptr<const Snapshot>& snapshot() const { return snapshot_; }
  // The uuid the commit carries as commitInfo.txnId; known before Commit, for recovery.
  const std::string& commit_uuid() const { return commit_uuid_; }

  // Once. Errors: CheckWritable's; validation (DELTA_CANNOT_MODIFY_APPEND_ONLY,
  // DELTA_DUPLICATE_ACTIONS_FOUND, DELTA_INVALID_PARTITIONING_SCHEMA, …); conflicts of SQLSTATE 2D521
  // (DELTA_CONCURRENT_APPEND, DELTA_CONCURRENT_DELETE_READ, DELTA_CONCURRENT_DELETE_DELETE,
  // DELTA_CONCURRENT_TRANSACTION, DELTA_METADATA_CHANGED, DELTA_PROTOCOL_CHANGED), code kAborted. After
  // an error nothing was committed, except where its code is kTemporarilyUnavailable: then the outcome
  // stayed unknown, and Abort keeps the files.
  Result<CommitResult> Commit();
  // Deletes the files this transaction created, unless its commit succeeded or stayed unknown.
  void Abort();

 private:
  const Metadata& metadata() const;
  const Protocol& protocol() const;
  IsolationLevel Isolation() const;
  Status AddNeededFeatures();
  std::vector<Action> Actions(int64_t version);
  // The table's in-commit timestamps begin with this commit.
  bool EnablesInCommitTimestamps() const;
  Result<CommitOutcome> TryVersion(int64_t version);
  // Whose commit `version` is, read back; kUnknown when nobody's.
  Result<CommitOutcome> Settle(int64_t version) const;
  // Checks all commits from `lost_version` on and gives the next version to try.
  Result<int64_t> Rebase(int64_t lost_version);
  Status RebaseOnto(const CommitFile& commit, bool* moved);

  TableLocation table_;
  Committer& committer_;
  std::shared_ptr<const Snapshot> snapshot_;
  TransactionEnvironment environment_;
  std::string commit_uuid_;
  StagedChange change_;
  Operation operation_;
  std::set<std::string> created_;
  std::vector<Action> actions_;  // of the newest try
  // Of the newest commit seen; an in-commit timestamp must be greater.
  int64_t newest_timestamp_ms_ = 0;
  // A winner may have switched them on.
  bool in_commit_timestamps_ = false;
  enum class State { kOpen, kCommitted, kUnknown, kFailed };
  State state_ = State::kOpen;
};

// What Commit checks before it tries: the change by itself and against the snapshot it was made from
// (null while creating).
Status ValidateChange(const Snapshot* snapshot, const StagedChange& change);

}  // namespace ashlar::delta
