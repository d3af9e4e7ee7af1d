// RowChange: how UPDATE, DELETE and MERGE change the rows of a Delta table. One interface, behind which
// files are rewritten (copy-on-write); deletion vectors come behind the same. Nothing here commits.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/actions.h"
#include "engine/engine.h"
#include "engine/table_writer.h"
#include "sql/analyzer.h"

namespace ashlar::engine {

struct RowChangeResult {
  std::vector<delta::AddFile> added;
  std::vector<delta::AddFile> removed;  // as in the snapshot
  // operationMetrics, named as delta-spark names them: numDeletedRows, numUpdatedRows, numCopiedRows,
  // numTargetRowsInserted, numTargetRowsUpdated, numTargetRowsDeleted, numAddedFiles, numRemovedFiles …
  std::map<std::string, std::string> metrics;
  int64_t inserted_rows = 0;
  int64_t updated_rows = 0;
  int64_t deleted_rows = 0;
};

// One statement's change, over the snapshot its target was opened at.
class RowChange {
 public:
  virtual ~RowChange() = default;
  virtual Result<RowChangeResult> Delete(const sql::AnalyzedRowChange& change) = 0;
  virtual Result<RowChangeResult> Update(const sql::AnalyzedRowChange& change) = 0;
  // Errors: DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE (21506).
  virtual Result<RowChangeResult> Merge(const sql::AnalyzedMerge& merge) = 0;
};

// `snapshot`: the one behind the analysed target's handle; `target.schema` is the table's schema after
// the change (with evolved columns).
std::unique_ptr<RowChange> MakeCopyOnWrite(Connection& connection, std::shared_ptr<const delta::Snapshot> snapshot,
                                           WriteTarget target,
                                           std::function<void(const std::string&)> track_created);

}  // namespace ashlar::engine
