// What OPTIMIZE and REORG report of a run: one row of delta-spark's OptimizeMetrics.
#pragma once

#include <string>
#include <vector>

#include "delta/maintenance/optimize.h"
#include "delta/maintenance/zcube.h"
#include "engine/write/rearrange.h"
#include "session/maintain.h"

namespace ashlar::session {

// What OPTIMIZE lays rows out by: ZORDER BY, or the table's clustering columns.
struct OptimizeLayout {
  enum class Kind { kNone, kZOrder, kClustering };
  Kind kind = Kind::kNone;
  engine::RowOrder order;
  std::vector<std::string> names;
};

// What a run did.
struct OptimizeOutcome {
  delta::OptimizePlan plan;
  delta::CubePlan cubes;  // of a clustered table
  std::vector<delta::AddFile> removed;
  std::vector<delta::AddFile> added;
  int64_t started_ms = 0;
};

Rows ReportOptimize(StatementRun& run, const MaintainedTable& table, const OptimizeOutcome& outcome,
                    const OptimizeLayout& layout);

}  // namespace ashlar::session
