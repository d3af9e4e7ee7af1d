#include "engine/scan/table_scan.h"

#include <cstdlib>

#include "base/check.h"
#include "base/text.h"
#include "delta/stats.h"

namespace ashlar::engine {

std::string RealPath(const std::string& path) {
  char* real = realpath(path.c_str(), nullptr);
  if (real == nullptr) return path;
  std::string out = real;
  free(real);
  return out;
}

Result<std::shared_ptr<const TableScan>> TableScan::Make(std::shared_ptr<const delta::Snapshot> snapshot,
                                                         const std::map<size_t, RowSelection>& files,
                                                         ColumnMatch match, objectstore::ObjectStore& store) {
  std::shared_ptr<TableScan> scan(new TableScan);
  scan->store_ = &store;
  scan->match_ = match;
  scan->real_root_ = RealPath(snapshot->root());
  const auto& partition_columns = snapshot->partition_columns();
  for (const Field& field : snapshot->schema().fields) {
    int index = -1;
    for (size_t i = 0; i < partition_columns.size(); ++i) {
      if (EqualsIgnoreCase(partition_columns[i], field.name)) index = static_cast<int>(i);
    }
    scan->partition_index_.push_back(index);
  }
  scan->files_.reserve(files.size());
  for (const auto& [i, selection] : files) {
    CHECK_LT(i, snapshot->files().size());
    const delta::AddFile& add = snapshot->files()[i];
    File file{.add = &add, .path = {}, .partition = {}, .live_rows = delta::LiveRows(add), .selection = selection};
    ASSIGN_OR_RETURN(file.path, snapshot->DataPath(add));
    for (const std::string& column : partition_columns) {
      ASSIGN_OR_RETURN(Value value, snapshot->PartitionValue(add, column));
      file.partition.push_back(std::move(value));
    }
    scan->files_.push_back(std::move(file));
  }
  scan->snapshot_ = std::move(snapshot);
  return std::shared_ptr<const TableScan>(std::move(scan));
}

Result<RowFilter> TableScan::Rows(const File& file) const {
  RowFilter filter;
  if (file.selection.rows && file.selection.use == RowSelection::Use::kOnly) filter.only = file.selection.rows;
  if (file.selection.rows && file.selection.use == RowSelection::Use::kWithout) {
    filter.without.push_back(file.selection.rows);
  }
  if (file.add->deletion_vector) {
    ASSIGN_OR_RETURN(auto vector,
                     delta::LoadDeletionVector(*store_, snapshot_->root(), *file.add->deletion_vector));
    filter.without.push_back(std::make_shared<const delta::DeletionVector>(std::move(vector)));
  }
  return filter;
}

}  // namespace ashlar::engine
