// Writing checkpoints (Delta protocol, "Checkpoints"): the whole state of a version in Parquet, and the
// hint that points to it. A Snapshot always has its complete file list, so one is all it takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "delta/snapshot.h"

namespace ashlar::delta {

enum class CheckpointForm {
  kClassic,    // <v>.checkpoint.parquet with everything in it
  kV2Json,     // <v>.checkpoint.<uuid>.json, the files in sidecars
  kV2Parquet,  // <v>.checkpoint.<uuid>.parquet, the files in sidecars
};

struct CheckpointRequest {
  int64_t now_ms = 0;
  Random& random;
  // Unset: classic, or with delta.checkpointPolicy=v2 a V2 form; of those, too, one in ten is classic, so
  // that readers without the feature find out by the protocol in it.
  std::optional<CheckpointForm> form = std::nullopt;
  // A sidecar holds this many file actions at most.
  size_t sidecar_actions = 500000;
};

// Writes the checkpoint of the snapshot's version and then _last_checkpoint. Tombstones older than
// delta.deletedFileRetentionDuration (one week) are left out. Errors: kInvalidState for a version of a catalog-managed
// table that is not published. Failpoints:
// delta.checkpoint.before_write, delta.checkpoint.after_write.
Status WriteCheckpoint(const TableLocation& table, const Snapshot& snapshot, const CheckpointRequest& request);

// "interval 1 week", "168 hours", "interval 1 day 12 hours": milliseconds; nullopt for anything else.
std::optional<int64_t> ParseIntervalMs(std::string_view text);

}  // namespace ashlar::delta
