// Row changes by deletion vectors. Rows are found as copy-on-write finds them; instead of a copy of the
// file without them, the file gets a vector.
#include "base/check.h"
#include "base/clock.h"
#include "delta/commit/row_marks.h"
#include "delta/stats.h"
#include "engine/duck_types.h"
#include "engine/write/copy_on_write.h"
#include "engine/write/row_counts.h"

namespace ashlar::engine {
namespace {

class DeletionVectorChange final : public CopyOnWrite {
 public:
  using CopyOnWrite::CopyOnWrite;

 private:
  Result<RowChangeResult> Rewrite(const RowsByFile& rows, const std::string& inserted_sql) override {
    RowChangeResult result;
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
    if (!inserted_sql.empty()) {
      ASSIGN_OR_RETURN(WrittenFiles written, WriteSql(connection_, inserted_sql, target_, created_));
      result.added = std::move(written.files);
      result.identity_last = std::move(written.identity_last);
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
