// Deleting what the log no longer needs (Delta protocol, "Metadata Cleanup"). Without a checkpoint old
// enough that can be read, nothing is deleted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/log/log_segment.h"
#include "delta/snapshot.h"
#include "objectstore/object_store.h"

namespace ashlar::delta {

// What may go once `kept` is the oldest checkpoint that stays.
struct ExpiredLog {
  CheckpointFiles kept;
  std::vector<std::string> names;  // in _delta_log, oldest first
};

// From the names in _delta_log: everything before the newest complete checkpoint that is not younger than
// the newest commit older than `cutoff_ms`. That checkpoint, its commit and all after it stay. Nothing when
// there is no such checkpoint.
ExpiredLog FindExpiredLog(const std::vector<objectstore::ObjectInfo>& objects, int64_t cutoff_ms);

// Cleans up by delta.enableExpiredLogCleanup and delta.logRetentionDuration (30 days, counted in whole
// days), and sidecars that no checkpoint names and that are older than a day; so staged
// commits that are published, or lost.
Status CleanUpLog(const TableLocation& table, const Snapshot& snapshot, int64_t now_ms);

// Deletes what FindExpiredLog names, unless that would leave a part of a history that
// delta.requireCheckpointProtectionBeforeVersion protects.
Status TruncateLog(const TableLocation& table, const Snapshot& snapshot, int64_t cutoff_ms);

}  // namespace ashlar::delta
