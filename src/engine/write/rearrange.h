// Writing the rows of some files of a table anew without changing them: OPTIMIZE, REORG and clustering.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "delta/snapshot.h"
#include "engine/engine.h"
#include "engine/table_writer.h"
#include "sql/plan.h"

namespace ashlar::engine {

// How rows are to lie: those that are near each other in all of the columns (expressions over the table's
// columns, ids = indexes of the schema) near each other; anyhow without columns.
struct RowOrder {
  enum class Curve { kZ, kHilbert };
  std::vector<sql::TypedExprPtr> columns;
  Curve curve = Curve::kZ;
};

// The live rows of these files (indexes into the snapshot's), all of one partition, as new files that say
// dataChange=false. `target` is the snapshot's own.
Result<std::vector<delta::AddFile>> Rearrange(Connection& connection,
                                              const std::shared_ptr<const delta::Snapshot>& snapshot,
                                              const std::vector<size_t>& files,
                                              const RowOrder& order, WriteTarget target,
                                              const FileCreated& created);

// Which files' partition satisfies the condition, whose columns are partition columns only.
Result<std::vector<size_t>> FilesOfPartitions(Connection& connection, const delta::Snapshot& snapshot,
                                              const sql::TypedExpr& condition);

}  // namespace ashlar::engine
