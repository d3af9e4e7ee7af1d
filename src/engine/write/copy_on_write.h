// CopyOnWrite: the RowChange that writes touched files anew. DELETE, UPDATE and removal are in
// row_change.cc, MERGE in merge_change.cc.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/delta_table_source.h"
#include "engine/duck_connection.h"
#include "engine/lowering/lowering.h"
#include "engine/row_change.h"

namespace ashlar::engine {

// Positions of rows by index of the snapshot's file, each list ascending and without repeats.
using RowsByFile = std::map<size_t, std::vector<uint64_t>>;

// Where a plan with a target scan has the row's file and position, and its columns as SQL.
struct TargetColumns {
  SelectBlock block;  // of the plan's whole output, over the alias
  std::string file;
  std::string row;
};

class CopyOnWrite final : public RowChange {
 public:
  CopyOnWrite(Connection& connection, std::shared_ptr<const delta::Snapshot> snapshot, WriteTarget target,
              FileCreated created);

  Result<RowChangeResult> Delete(const sql::AnalyzedRowChange& change) override;
  Result<RowChangeResult> Update(const sql::AnalyzedRowChange& change) override;
  Result<RowChangeResult> Merge(const sql::AnalyzedMerge& merge) override;
  Result<RowChangeResult> Remove(const sql::TypedExprPtr& condition) override;

 private:
  friend class MergeRun;

  LoweringOptions Options() const;
  // Rows of a query of two columns, file and position.
  Result<RowsByFile> CollectRowPositions(const std::string& query);
  // The table with these rows only, or with the files of these rows but without them.
  std::shared_ptr<const DeltaTable> Only(const RowsByFile& rows) const;
  std::shared_ptr<const DeltaTable> Without(const RowsByFile& rows) const;
  // SELECT k0, k1, … of the target's schema from a part of the table; columns it lacks are NULL.
  Result<std::string> CopySql(const DeltaTable& part, StatementBindings& bindings) const;
  // Rewrites the files of `rows` without them, with the rows of `inserted_sql` (may be empty) added.
  Result<RowChangeResult> Rewrite(const RowsByFile& rows, const std::string& inserted_sql);
  Result<RowChangeResult> DeleteRows(const RowsByFile& rows);
  Result<RowChangeResult> DeleteEverything();

  DuckConnection& connection_;
  std::shared_ptr<const delta::Snapshot> snapshot_;
  WriteTarget target_;
  FileCreated created_;
  std::shared_ptr<const DeltaTable> table_;
  std::map<std::string, size_t> file_index_;  // by path as in the log
};

// Of the one scan with row positions in the plan.
Result<TargetColumns> FindTargetColumns(const sql::Plan& plan, const std::string& alias);
int64_t RowTotal(const RowsByFile& rows);

}  // namespace ashlar::engine
