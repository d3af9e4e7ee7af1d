// Row changes of a Delta table: which files go, which come, and what is counted. Nothing is committed
// here: the caller stages the result in its transaction.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/commit/conflict.h"
#include "delta/skipping.h"
#include "delta/snapshot.h"
#include "engine/engine.h"
#include "engine/table_writer.h"
#include "sql/analyzer.h"

namespace ashlar::engine {

struct RowChangeResult {
  std::vector<delta::AddFile> removed;  // active in the snapshot
  std::vector<delta::AddFile> added;
  std::vector<delta::MarkedFile> marked;  // neither in `removed` nor in `added`
  std::map<size_t, int64_t> identity_last;  // as in WrittenFiles
  std::vector<delta::AddCdcFile> changes;    // for a table with delta.enableChangeDataFeed
  // As delta-spark names them for the operation: numUpdatedRows, numTargetRowsInserted, …
  std::map<std::string, std::string> metrics;
  int64_t updated_rows = 0;
  int64_t deleted_rows = 0;
  int64_t inserted_rows = 0;
  int64_t copied_rows = 0;  // written anew unchanged, as rows of a file that was rewritten
};

// One statement's change. The plans' target scans must be of the snapshot it was made with.
class RowChange {
 public:
  virtual ~RowChange() = default;
  virtual Result<RowChangeResult> Delete(const sql::AnalyzedRowChange& change) = 0;
  virtual Result<RowChangeResult> Update(const sql::AnalyzedRowChange& change) = 0;
  // Errors: DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE (21506).
  virtual Result<RowChangeResult> Merge(const sql::AnalyzedMerge& merge) = 0;
  // The rows that satisfy a condition over the table's columns (ids = indexes of the schema) are taken
  // out: INSERT OVERWRITE of a partition and REPLACE WHERE.
  virtual Result<RowChangeResult> Remove(const sql::TypedExprPtr& condition) = 0;
};

// Copy-on-write: a file with a changed row is written anew without it. `target` is what is written: its
// schema may have more columns than the snapshot's (schema evolution). `connection` outlives the object.
std::unique_ptr<RowChange> MakeCopyOnWrite(Connection& connection, std::shared_ptr<const delta::Snapshot> snapshot,
                                           WriteTarget target, FileCreated created);

// Deletion vectors: rows of a touched file are marked, new forms of rows go into new files, and a file
// without a live row is removed.
std::unique_ptr<RowChange> MakeDeletionVectorChange(Connection& connection,
                                                    std::shared_ptr<const delta::Snapshot> snapshot,
                                                    WriteTarget target, FileCreated created);

// The one that the table's delta.enableDeletionVectors asks for.
std::unique_ptr<RowChange> MakeRowChange(Connection& connection, std::shared_ptr<const delta::Snapshot> snapshot,
                                         WriteTarget target, FileCreated created);

// A typed condition as a predicate for conflict checks and skipping: columns are ids = indexes of the
// schema. What cannot be said is kUnknown, which matches everything. `time_zone`: the session's.
delta::Predicate PredicateOfCondition(const sql::TypedExpr& condition, const Schema& schema,
                                      const std::string& time_zone);
// The same for a condition over a plan that scans its target, or over that and more (MERGE): what it says of
// the target's columns alone.
delta::Predicate PredicateOfTarget(const sql::TypedExpr& condition, const sql::Plan& plan,
                                   const std::string& time_zone);

}  // namespace ashlar::engine
