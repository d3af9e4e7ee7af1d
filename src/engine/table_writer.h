// TableWriter: rows of a plan → data files of a Delta table, with statistics, fsynced. Nothing here
// commits: the files count once a transaction adds them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/actions.h"
#include "delta/snapshot.h"
#include "engine/engine.h"
#include "sql/plan.h"

namespace ashlar::engine {

struct WriteTarget {
  delta::TableLocation table;
  Schema schema;                               // logical; what the rows are, column by column
  std::vector<std::string> partition_columns;  // logical names
  delta::Metadata metadata;                    // column mapping, statistics properties
  int64_t target_file_bytes = int64_t{128} << 20;
};

struct WrittenFiles {
  std::vector<delta::AddFile> files;  // data_change = true
  int64_t row_count = 0;
  int64_t byte_count = 0;
};

// Runs `rows` (output[i] is column i of target.schema, already of its type) and writes them.
// `track_created` is told each file's absolute path before it is written. Errors: of the query;
// DELTA_NOT_NULL_CONSTRAINT_VIOLATED (23502) for a NULL in a column that is not nullable;
// kResourceExhausted for a full disk.
Result<WrittenFiles> WriteRows(Connection& connection, const sql::PlanPtr& rows, const WriteTarget& target,
                               const std::function<void(const std::string&)>& track_created);

}  // namespace ashlar::engine
