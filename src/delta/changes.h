// Change data feed (Delta protocol, "Change Data Files"): which rows each version inserted, updated and
// deleted. A version with cdc files says it itself; for others it follows from the files that came and went.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "delta/deletion_vector.h"
#include "delta/snapshot.h"

namespace ashlar::delta {

inline constexpr const char* kChangeType = "_change_type";
inline constexpr const char* kCommitVersion = "_commit_version";
inline constexpr const char* kCommitTimestamp = "_commit_timestamp";

// A part of the feed, dressed as a table: its schema is that of the feed, its files are data or cdc
// files, and what the files do not hold are partition columns. No file occurs twice in one part.
struct ChangesPart {
  std::shared_ptr<const Snapshot> files;
  // By index into files->files(): the rows that changed; null: all live ones.
  std::vector<std::shared_ptr<const DeletionVector>> rows;
};

struct TableChanges {
  Schema schema;  // the table's at the last version, then the three columns above
  std::vector<std::string> partition_columns;
  std::vector<ChangesPart> parts;
};

// The version at which a range by time starts or ends: the first at or after the time, the last at or
// before it. Errors: as VersionAtTimestamp (history.h).
Result<std::optional<int64_t>> ChangesBoundary(const TableLocation& table, int64_t timestamp_ms, bool start);

// Versions `first` to `last`, both included; `last` defaults to the latest one. Errors:
// DELTA_MISSING_CHANGE_DATA (KD002) for a version at which the feed was off, DELTA_INVALID_CDC_RANGE and
// DELTA_CDC_START_VERSION_AFTER_LATEST (22003), DELTA_VERSION_NOT_FOUND.
Result<TableChanges> ReadChanges(const TableLocation& table, int64_t first, std::optional<int64_t> last);

}  // namespace ashlar::delta
