// LogSegment: the files that together are one version of a table: a checkpoint, or none, and the
// commits after it without a gap (Delta protocol, "Checkpoints", "Action Reconciliation").
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/snapshot.h"

namespace ashlar::delta {

struct CommitFile {
  int64_t version = 0;
  int64_t size = 0;
  int64_t modified_ms = 0;
  std::string staged = {};  // its name below _staged_commits, where the catalog gives one: it counts, not <v>.json
  bool operator==(const CommitFile&) const = default;
};

struct CheckpointFiles {
  int64_t version = 0;
  std::vector<std::string> names;
  bool json = false;
};

// The actions of the commits first … last, reconciled into one file.
struct CompactedFile {
  int64_t first = 0;
  int64_t last = 0;
  int64_t modified_ms = 0;
};

// What _delta_log holds from some version on. Commits and checkpoints ascend; only complete
// checkpoints are there.
struct LogListing {
  std::vector<CommitFile> commits;
  std::vector<CheckpointFiles> checkpoints;
  std::vector<CompactedFile> compactions;
  std::set<int64_t> checksums;

  bool empty() const { return commits.empty() && checkpoints.empty(); }
  // The newest version any file speaks of; -1 when there is none.
  int64_t latest() const;
};
LogListing ListingOf(const std::vector<objectstore::ObjectInfo>& objects);
// Of a catalog-managed table: what is published and what the catalog ratified, nothing beyond it. Errors there:
// kDataLoss when a ratified version is nowhere.
Result<LogListing> ListLog(const TableLocation& table, int64_t from_version);
// ListLog for its commits, asked for by their names where that tells: to list a folder takes time for each version there
// ever was. It takes a listing for many commits, a gap, an error, a catalog; in object stores one is as cheap.
Result<LogListing> FollowLog(const TableLocation& table, int64_t from_version);
// Where the commit of one version is. Errors: kNotFound when the catalog does not know the version; of a table without
// a catalog nothing is looked up.
Result<CommitFile> FindCommit(const TableLocation& table, int64_t version);

struct LogSegment {
  int64_t version = 0;
  std::optional<CheckpointFiles> checkpoint;
  std::vector<CommitFile> commits;                // after the checkpoint, ascending, contiguous
  // Stand for commits of their range; apart from each other, newest first.
  std::vector<CompactedFile> compactions;
  bool has_checksum = false;                      // of `version`
  std::optional<CommitFile> version_commit;       // the commit of `version`, when it is still there
};
// The segment of `version` on top of `checkpoint` (nullopt: from version 0). Errors:
// DELTA_VERSIONS_NOT_CONTIGUOUS; DELTA_TRUNCATED_TRANSACTION_LOG when the first commits are gone.
Result<LogSegment> MakeSegment(const TableLocation& table, const LogListing& listing,
                               std::optional<CheckpointFiles> checkpoint, int64_t version);

}  // namespace ashlar::delta
