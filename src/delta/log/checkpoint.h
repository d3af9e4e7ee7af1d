// Writing checkpoints (Delta protocol, "Checkpoints"): the whole state of a version in one Parquet
// file, and the hint that points to it. A Snapshot always has its complete file list, so one is all it
// takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "delta/snapshot.h"

namespace ashlar::delta {

// Writes the classic checkpoint of the snapshot's version and then _last_checkpoint. Tombstones older
// than delta.deletedFileRetentionDuration (one week) are left out. Failpoints:
// delta.checkpoint.before_write, delta.checkpoint.after_write.
Status WriteCheckpoint(const TableLocation& table, const Snapshot& snapshot, int64_t now_ms);

// "interval 1 week", "168 hours", "interval 1 day 12 hours": milliseconds; nullopt for anything else.
std::optional<int64_t> ParseIntervalMs(std::string_view text);

}  // namespace ashlar::delta
