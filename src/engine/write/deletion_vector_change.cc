// Row changes by deletion vectors. Instead of a copy of the file without its changed rows, the file gets a vector. The rows are
// found as copy-on-write finds them, or told by the write of their new forms.
#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/clock.h"
#include "delta/commit/row_marks.h"
#include "delta/stats.h"
#include "engine/duck_types.h"
#include "engine/lowering/lowerer.h"
#include "engine/write/copy_on_write.h"
#include "engine/write/row_counts.h"

namespace ashlar::engine {
namespace {

// False where it is not worth asking DuckDB whether its reader narrows rows by it: conditions of several columns, and those
// that can fail, are never the reader's.
bool MayNarrow(const sql::TypedExpr& condition) {
  auto* call = std::get_if<sql::CallNode>(&condition.node);
  if (call != nullptr && call->name == "and") {
    return std::ranges::all_of(call->args, [](const sql::TypedExprPtr& arg) { return MayNarrow(*arg); });
  }
  std::map<sql::AttributeId, int> columns;
  CountColumns(condition, columns);
  return columns.size() <= 1 && !CanThrow(condition);
}

class DeletionVectorChange final : public CopyOnWrite {
 public:
  using CopyOnWrite::CopyOnWrite;

 private:
  Result<RowChangeResult> Rewrite(const RowsByFile& rows, const std::string& inserted_sql) override {
    WrittenFiles written;
    if (!inserted_sql.empty()) {
      ASSIGN_OR_RETURN(written, WriteSql(connection_, inserted_sql, target_, created_));
    }
    return Replace(rows, std::move(written));
  }

  // Two passes decode the columns of the condition twice, but the second knows its rows before it reads. One does where the
  // reader itself narrows the rows; where rows are filtered above it, it would read all columns of all of them. A CHECK
  // constraint would be such a filter, and DuckDB might ask it of a row that is not updated.
  Result<std::optional<RowChangeResult>> UpdateInOnePass(const sql::AnalyzedRowChange& change, const NewValues& values,
                                                         const std::set<size_t>& files, StatementBindings& bindings) override {
    std::optional<RowChangeResult> result;
    if (files.empty() || FeedsChanges() || TracksRows() || !target_.constraints.empty()) return result;
    if (change.condition && !MayNarrow(*change.condition)) return result;
    ASSIGN_OR_RETURN(std::string found, FoundSql(change, values.columns, files, bindings));
    std::string select = "SELECT " + values.sql + ", " + values.columns.file + " AS k_file, " + values.columns.row + " AS k_row " + found;
    ASSIGN_OR_RETURN(bool one_scan, connection_.OnlyScans(select));
    if (!one_scan) return result;
    ReplacedRows replaced(*snapshot_);
    ASSIGN_OR_RETURN(WrittenFiles written, WriteSql(connection_, select, target_, created_, &replaced));
    RowsByFile rows = replaced.Build();
    CHECK_EQ(written.row_count, RowTotal(rows));
    ASSIGN_OR_RETURN(result, Replace(rows, std::move(written)));
    result->updated_rows = RowTotal(rows);
    return result;
  }

  // `rows` go, `written` comes.
  Result<RowChangeResult> Replace(const RowsByFile& rows, WrittenFiles written) {
    RowChangeResult result;
    result.added = std::move(written.files);
    result.identity_last = std::move(written.identity_last);
    std::vector<delta::RowMark> marks;
    for (const auto& [file, positions] : rows) {
      const delta::AddFile& add = snapshot_->files()[file];
      // A file with a vector must say how many rows it has.
      ASSIGN_OR_RETURN(int64_t physical_rows, PhysicalRows(connection_, *snapshot_, add));
      int64_t deleted = add.deletion_vector ? add.deletion_vector->cardinality : 0;
      if (physical_rows - deleted == static_cast<int64_t>(positions->cardinality())) {
        result.removed.push_back(add);
        continue;
      }
      marks.push_back({add, physical_rows, positions});
    }
    delta::VectorFiles files{target_.table, SystemRandom(), created_};
    ASSIGN_OR_RETURN(result.marked, delta::MarkRows(files, std::move(marks)));
    return result;
  }
};

}  // namespace

std::unique_ptr<RowChange> MakeDeletionVectorChange(Connection& connection,
                                                    std::shared_ptr<const delta::Snapshot> snapshot,
                                                    WriteTarget target, FileCreated created) {
  return std::make_unique<DeletionVectorChange>(connection, std::move(snapshot), std::move(target), std::move(created));
}

}  // namespace ashlar::engine
