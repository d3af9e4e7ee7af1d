// What follows a commit that was won: checksum, checkpoint, clean-up. The commit stands whatever becomes
// of it.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "base/clock.h"
#include "base/error.h"
#include "delta/actions.h"
#include "delta/snapshot.h"

namespace ashlar::delta {

struct NewVersion {
  int64_t version = 0;
  std::span<const Action> actions;
  // What the commit was made from, some versions older perhaps; null when it made the table.
  std::shared_ptr<const Snapshot> base;
};

// Writes <v>.crc when the version before is known, and where delta.checkpointInterval (10) says so a
// checkpoint, and deletes the log's expired part. The first failure, or nothing.
std::optional<Error> AfterCommit(const TableLocation& table, const NewVersion& commit, const Clock& clock,
                                 Random& random);

}  // namespace ashlar::delta
