// Deleting rows by marking them: the files that get a new deletion vector, and what a concurrent commit
// that marked other rows of the same files means for them (row-level concurrency).
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "delta/actions.h"
#include "delta/commit/conflict.h"
#include "delta/deletion_vector.h"
#include "delta/snapshot.h"

namespace ashlar::delta {

// Rows of an active file that a statement takes out; `physical_rows` counts all rows of the file.
struct RowMark {
  AddFile file;
  int64_t physical_rows = 0;
  std::shared_ptr<const DeletionVector> rows;
};

// The table the vectors are of. Does not own what it points to.
struct VectorFiles {
  const TableLocation& table;
  Random& random;
  const VectorFileCreated& created;
};

// Joins the marks with the vectors the files have and writes the new ones. A file without a live row
// after it has no `after`. Errors: LoadDeletionVector's.
Result<std::vector<MarkedFile>> MarkRows(const VectorFiles& files, std::vector<RowMark> marks);

// A commit that came first, seen from a change that marks rows.
struct RowRebase {
  // Decoded paths of files where the winner only marked rows this change does not touch: no conflict.
  std::set<std::string> settled_paths;
  // Whether files of the change itself are among them: Remark them before the next try.
  bool moved = false;
};
// Moves each mark whose file the winner marked elsewhere onto the winner's form of the file. Where the
// change read more than the rows it marks (StagedChange::reads_rows_to_mark), no file settles.
Result<RowRebase> RebaseMarks(const VectorFiles& files, const std::vector<Action>& winner, StagedChange& change);

// Writes new vectors for the marks that were moved, and restages their adds and removes.
Status Remark(const VectorFiles& files, int64_t now_ms, StagedChange& change);

}  // namespace ashlar::delta
