// Conflict checking: whether a transaction that lost a version may still commit after the winner. The
// pure core of optimistic concurrency; transaction.h drives it. Order and names of the checks are
// delta-spark's, except that winners' files are compared with read predicates by statistics too, not
// by partition values alone.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/actions.h"
#include "delta/deletion_vector.h"
#include "delta/skipping.h"
#include "delta/snapshot.h"

namespace ashlar::delta {

// Snapshot isolation is for commits that only rearrange data; it ignores what others add.
enum class IsolationLevel { kSerializable, kWriteSerializable, kSnapshotIsolation };
std::string_view IsolationLevelName(IsolationLevel level);

// A file some of whose live rows were deleted by a new deletion vector.
struct MarkedFile {
  AddFile before;
  std::optional<AddFile> after;  // nullopt: no live row is left
  std::shared_ptr<const DeletionVector> rows;  // those this change deletes
  int64_t physical_rows = 0;
  std::optional<AddFile> moved_to = std::nullopt;  // while rebasing: what a winner made of the file
};

// What a transaction read and wants to write.
struct StagedChange {
  bool read_whole_table = false;
  // The target was read only to find the rows that are marked or rewritten: what a winner takes out of
  // other rows does not matter.
  bool reads_rows_to_mark = false;
  std::vector<MarkedFile> marks;  // their adds and removes are staged too
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

// A commit that came after the snapshot a change was made from.
struct WinningCommit {
  int64_t version = 0;
  const std::vector<Action>& actions;
  // Decoded paths whose file actions were found harmless by their rows (row_marks.h).
  const std::set<std::string>& settled_paths;
};

// Checks the staged change, made from `read`, against one winner. Errors: SQLSTATE 2D521, code kAborted.
Status CheckConflict(const Snapshot& read, const StagedChange& change, IsolationLevel level,
                     const WinningCommit& winner);

}  // namespace ashlar::delta
