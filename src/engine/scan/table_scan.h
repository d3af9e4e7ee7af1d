// TableScan: the Parquet files one scan reads, as columns k0, k1, … of ashlar_scan(<binding>). A Delta
// snapshot, or a plain folder of Parquet files dressed as one (no statistics, no deletion vectors).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/deletion_vector.h"
#include "delta/snapshot.h"
#include "delta/stats.h"
#include "engine/scan/scan_binding.h"
#include "objectstore/object_store.h"

namespace duckdb {
class DatabaseInstance;
}

namespace ashlar::engine {

// Parsing statistics costs some microseconds a file.
inline constexpr size_t kMaxFilesForBounds = 200;

// How the columns of files are found.
enum class ColumnMatch {
  kName,     // by physical name, as written
  kAnyCase,  // by name without regard to case: files no Delta log describes
  kFieldId,  // by Parquet field id where the file has ids, else by physical name
};

// A choice among the live rows of one file, by physical position.
struct RowSelection {
  std::shared_ptr<const delta::DeletionVector> rows;
  enum class Use { kOnly, kWithout } use = Use::kWithout;
};

// Which rows of a file a scan shows: those in `only` (null: all) that are in none of `without`.
struct RowFilter {
  std::shared_ptr<const delta::DeletionVector> only;
  std::vector<std::shared_ptr<const delta::DeletionVector>> without;
};

// Immutable and shared by every scan of the statement, on any thread.
class TableScan : public ScanTarget {
 public:
  // `files`: indexes into snapshot->files(), with a selection of rows where one is wanted. `store` reads
  // deletion vectors and outlives the scan.
  // Errors: a partition value or path of a file that cannot be understood.
  static Result<std::shared_ptr<const TableScan>> Make(std::shared_ptr<const delta::Snapshot> snapshot,
                                                       const std::map<size_t, RowSelection>& files,
                                                       ColumnMatch match, objectstore::ObjectStore& store);

  struct File {
    const delta::AddFile* add = nullptr;  // owned by the snapshot
    std::string path;                     // to open
    std::vector<Value> partition;         // parallel to partition_columns()
    std::optional<int64_t> live_rows;
    RowSelection selection;
    bool whole() const { return !add->deletion_vector && !selection.rows; }
  };

  const delta::Snapshot& snapshot() const { return *snapshot_; }
  const Schema& schema() const { return snapshot_->schema(); }
  ColumnMatch match() const { return match_; }
  const std::vector<File>& files() const { return files_; }
  // Index into a file's partition values of a column of the schema; -1 when it is in the files.
  int PartitionIndex(size_t column) const { return partition_index_[column]; }
  // What the statistics of all files say of a column of the schema together; nothing set where one file
  // says nothing. Not for scans of more than kMaxFilesForBounds files.
  delta::ColumnBounds Bounds(size_t column) const;
  // Loads the file's deletion vector.
  Result<RowFilter> Rows(const File& file) const;
  // Where the table's folder really is: every opened file must lie below it.
  const std::string& real_root() const { return real_root_; }

 private:
  TableScan() = default;
  std::vector<delta::ColumnBounds> BoundsOfAllColumns() const;

  std::shared_ptr<const delta::Snapshot> snapshot_;
  objectstore::ObjectStore* store_ = nullptr;
  ColumnMatch match_ = ColumnMatch::kName;
  std::vector<File> files_;
  std::vector<int> partition_index_;
  std::string real_root_;
  mutable std::once_flag bounds_made_;
  mutable std::vector<delta::ColumnBounds> bounds_;
};

// The canonical path with links followed; the path itself when there is nothing.
std::string RealPath(const std::string& path);

// The table function ashlar_scan(<binding>): DuckDB's Parquet reader over a TableScan. Virtual columns:
// filename (as in the log), file_index (of the snapshot's files) and file_row_number (physical).
void RegisterTableScan(duckdb::DatabaseInstance& database, ScanRegistry& scans);

}  // namespace ashlar::engine
