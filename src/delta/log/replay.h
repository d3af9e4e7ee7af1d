// Replay: from the files of a segment to the state of a version (Delta protocol, "Action
// Reconciliation"). Commits are read newest first; what a newer action decided, an older one does not
// change. Then the checkpoint, or an older snapshot, fills in the rest.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>

#include "delta/log/log_segment.h"
#include "delta/snapshot.h"

namespace ashlar::delta {

// DELTA_TXN_LOG_FAILED_INTEGRITY, kDataLoss: `file` of the log is not what the protocol says.
Error CorruptLog(const std::string& file, int64_t version, const std::string& what);

// The actions of one JSON file of the log, in order; `version` is for messages.
Result<std::vector<Action>> ReadActions(const TableLocation& table, const std::string& name, int64_t version);
// The actions of one commit, in order. Errors: CorruptLog for a torn or empty one.
Result<std::vector<Action>> ReadCommit(const TableLocation& table, const CommitFile& commit);

// What the commit says of itself, empty where it says nothing; what follows is not looked at.
Result<CommitInfo> ReadCommitInfo(const TableLocation& table, const CommitFile& commit);

// The sidecars a checkpoint names.
Result<std::vector<Sidecar>> ReadSidecarNames(const TableLocation& table, const CheckpointFiles& checkpoint);

// Whether reading a checkpoint failed in a way an older checkpoint may not.
bool IsUnreadableCheckpoint(const Error& error);

// Builds the state of the segment. With `base`, the segment's commits follow that snapshot and its
// checkpoint is not read. Errors: CorruptLog, also where the version's checksum file says otherwise; DELTA_STATE_RECOVER_ERROR without protocol or metadata;
// CheckReadable's.
Result<SnapshotState> Replay(const TableLocation& table, const LogSegment& segment,
                             const Snapshot* base);

}  // namespace ashlar::delta
