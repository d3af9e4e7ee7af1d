// CopyOnWrite: the RowChange that writes touched files anew. DELETE, UPDATE and removal are in
// row_change.cc, MERGE in merge_change.cc.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/delta_table_source.h"
#include "engine/duck_connection.h"
#include "engine/lowering/lowering.h"
#include "engine/row_change.h"
#include "engine/write/row_collector.h"

namespace ashlar::engine {

// Rows of a query, evaluated once: what is written twice must be the same both times.
class TemporaryRows {
 public:
  explicit TemporaryRows(DuckConnection& connection);
  ~TemporaryRows();
  TemporaryRows(const TemporaryRows&) = delete;
  TemporaryRows& operator=(const TemporaryRows&) = delete;
  // The SELECT that reads them back. Once.
  Result<std::string> Keep(const std::string& select);

 private:
  DuckConnection& connection_;
  std::string table_;
};

// Where a plan with a target scan has the row's file and position, and its columns as SQL.
struct TargetColumns {
  SelectBlock block;  // of the plan's whole output, over the alias
  std::string file;
  std::string row;
};

// The time since it was made, in laps.
class LapClock {
 public:
  // Milliseconds of the lap that ends now.
  std::string LapMs();

 private:
  int64_t began_nanos_ = SystemClock().MonotonicNanos();
};

class CopyOnWrite : public RowChange {
 public:
  CopyOnWrite(Connection& connection, std::shared_ptr<const delta::Snapshot> snapshot, WriteTarget target,
              FileCreated created);

  Result<RowChangeResult> Delete(const sql::AnalyzedRowChange& change) override;
  Result<RowChangeResult> Update(const sql::AnalyzedRowChange& change) override;
  Result<RowChangeResult> Merge(const sql::AnalyzedMerge& merge) override;
  Result<RowChangeResult> Remove(const sql::TypedExprPtr& condition) override;

 protected:
  friend class MergeRun;

  // Takes `rows` out of their files, and adds the rows of `inserted_sql` (may be empty): here by writing
  // the files anew.
  virtual Result<RowChangeResult> Rewrite(const RowsByFile& rows, const std::string& inserted_sql);

  // What an UPDATE selects: "… AS k0, …" over the columns of its scan, whose alias is q.
  struct NewValues {
    TargetColumns columns;
    std::string sql;
  };
  // Finds the rows of these files and writes their new forms as it reads them, or does nothing where two passes are better.
  // The result is without metrics.
  virtual Result<std::optional<RowChangeResult>> UpdateInOnePass(const sql::AnalyzedRowChange& change, const NewValues& values,
                                                                 const std::set<size_t>& files, StatementBindings& bindings);

  LoweringOptions Options() const;
  // Rows of a query of two columns, file and position; each once, however often it comes.
  Result<RowsByFile> CollectRowPositions(const std::string& query);
  // The table with these rows only, or with the files of these rows but without them.
  std::shared_ptr<const DeltaTable> Only(const RowsByFile& rows) const;
  std::shared_ptr<const DeltaTable> Without(const RowsByFile& rows) const;
  // SELECT k0, k1, … of the target's schema from a part of the table, and the rows' ids where it tracks rows;
  // columns it lacks are NULL.
  Result<std::string> CopySql(const DeltaTable& part, StatementBindings& bindings) const;
  // With row tracking, changed rows keep their ids: ", i.k_row_id AS k_row_id, …" for the select list, and
  // "JOIN (…) AS i ON …" with the ids of these rows of the target, whose file and position the columns
  // have; else both empty.
  bool TracksRows() const;
  std::string KeptIdsSql() const;
  Result<std::string> IdsOfSql(const RowsByFile& rows, const std::string& file_column, const std::string& row_column,
                               StatementBindings& bindings) const;
  // The same for rows that are new.
  std::string NewIdsSql() const;
  Result<RowChangeResult> DeleteRows(const RowsByFile& rows);
  // `scan_ms`: of the lap that found the rows.
  Result<RowChangeResult> DeleteTimed(const sql::AnalyzedRowChange& change, LapClock& clock, std::string& scan_ms);
  // Takes out whole files, unread.
  Result<RowChangeResult> RemoveFiles(const std::set<size_t>& files);
  std::set<size_t> AllFiles() const;
  // By the snapshot's index: files all of whose rows satisfy a condition, and those that may have such rows.
  struct FilesToChange {
    std::set<size_t> whole;
    std::set<size_t> partly;
  };
  FilesToChange FilesMatching(const sql::Plan& scan, const sql::TypedExpr& condition) const;
  std::shared_ptr<const DeltaTable> Part(const std::set<size_t>& files) const;
  // "FROM (…) AS q WHERE …": the rows of these files that satisfy the change's condition.
  Result<std::string> FoundSql(const sql::AnalyzedRowChange& change, const TargetColumns& columns,
                               const std::set<size_t>& files, StatementBindings& bindings) const;
  Result<RowsByFile> FindRows(const sql::AnalyzedRowChange& change, const std::set<size_t>& files,
                              StatementBindings& bindings);
  Result<NewValues> NewValuesOf(const sql::AnalyzedRowChange& change, StatementBindings& bindings) const;
  // Gives these rows their new forms. Without metrics.
  Result<RowChangeResult> UpdateRows(const sql::AnalyzedRowChange& change, const NewValues& values, const RowsByFile& rows,
                                     StatementBindings& bindings);
  bool FeedsChanges() const;
  // Writes cdc files of `select`: columns k0, k1, … of the target's schema and k_change, the kind of change.
  Status WriteChanges(const std::string& select, RowChangeResult& result);
  // The rows as they are in the table, with their kind of change.
  Result<std::string> UnchangedSql(const RowsByFile& rows, const std::string& kind, StatementBindings& bindings) const;

  DuckConnection& connection_;
  std::shared_ptr<const delta::Snapshot> snapshot_;
  WriteTarget target_;
  FileCreated created_;
  std::shared_ptr<const DeltaTable> table_;
};

// Of the one scan with row positions in the plan.
Result<TargetColumns> FindTargetColumns(const sql::Plan& plan, const std::string& alias);
// The file metrics of DELETE and UPDATE.
void CountFiles(RowChangeResult& result);
// Of the vectors a change added, removed and replaced.
struct VectorCounts {
  int64_t added = 0;
  int64_t removed = 0;
  int64_t updated = 0;
};
VectorCounts CountVectors(const RowChangeResult& result);
int64_t RowTotal(const RowsByFile& rows);

}  // namespace ashlar::engine
