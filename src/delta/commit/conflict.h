// Conflict checking: whether a transaction that lost a version may still commit after the winner. The
// pure core of optimistic concurrency; transaction.h drives it. Order and names of the checks are
// delta-spark's, except that winners' files are compared with read predicates by statistics too, not
// by partition values alone.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/actions.h"
#include "delta/skipping.h"
#include "delta/snapshot.h"

namespace ashlar::delta {

// Snapshot isolation is for commits that only rearrange data; it ignores what others add.
enum class IsolationLevel { kSerializable, kWriteSerializable, kSnapshotIsolation };
std::string_view IsolationLevelName(IsolationLevel level);

// What a transaction read and wants to write.
struct StagedChange {
  bool read_whole_table = false;
  std::vector<Predicate> read_predicates;
  std::set<std::string> read_paths;  // decoded
  std::vector<AddFile> adds;
  std::vector<RemoveFile> removes;
  std::vector<AddCdcFile> cdc_files;
  std::optional<Metadata> metadata;
  std::optional<Protocol> protocol;
  std::vector<SetTransaction> application_versions;
  std::vector<DomainMetadata> domains;

  bool ReadsAnything() const {
    return read_whole_table || !read_predicates.empty() || !read_paths.empty();
  }
  bool IsBlindAppend() const { return !ReadsAnything() && removes.empty() && cdc_files.empty(); }
  // Only file actions that say dataChange=false.
  bool OnlyRearranges() const;
};

// Checks the staged change, made from `read`, against one commit that came after it. Errors: SQLSTATE
// 2D521, code kAborted.
Status CheckConflict(const Snapshot& read, const StagedChange& change, IsolationLevel level,
                     int64_t winner_version, const std::vector<Action>& winner);

}  // namespace ashlar::delta
