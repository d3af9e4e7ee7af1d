// TableScan: the Parquet files one scan reads, as columns k0, k1, … of ashlar_scan(<binding>). A Delta
// snapshot, or a plain folder of Parquet files dressed as one (no statistics, no deletion vectors).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "delta/deletion_vector.h"
#include "delta/partition_values.h"
#include "delta/skipping.h"
#include "delta/snapshot.h"
#include "delta/stats.h"
#include "engine/scan/scan_binding.h"
#include "objectstore/object_store.h"

namespace duckdb {
class DatabaseInstance;
}

namespace ashlar::engine {

// Bounds of a table are worth a little planning time, not more.
inline constexpr size_t kMaxFilesForBounds = 200;

// How the columns of files are found.
enum class ColumnMatch {
  kName,     // by physical name, as written; without column mapping as kAnyCase
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

// A time zone's clock, for partition values without a zone; none for UTC.
delta::WallClock WallClockOf(const std::string& time_zone);

// Immutable and shared by every scan of the statement, on any thread.
class TableScan : public ScanTarget {
 public:
  // `files`: indexes into snapshot->files(), with a selection of rows where one is wanted; nullopt: all of
  // them. `store` reads deletion vectors and outlives the scan. `time_zone`: the session's.
  static Result<std::shared_ptr<const TableScan>> Make(std::shared_ptr<const delta::Snapshot> snapshot,
                                                       std::optional<std::map<size_t, RowSelection>> files,
                                                       ColumnMatch match, objectstore::ObjectStore& store,
                                                       const std::string& time_zone);

  struct File {
    delta::AddFile add;
    std::string path;              // to open
    std::vector<Value> partition;  // parallel to partition_columns()
    RowSelection selection;
    bool whole() const { return !add.deletion_vector && !selection.rows; }
  };

  const delta::Snapshot& snapshot() const { return *snapshot_; }
  const Schema& schema() const { return snapshot_->schema(); }
  ColumnMatch match() const { return match_; }
  // Its files have the numbers 0 … file_count() - 1.
  size_t file_count() const { return chosen_ ? chosen_->size() : snapshot_->files().size(); }
  // The file's index in snapshot().files().
  size_t SnapshotIndex(size_t number) const { return chosen_ ? (*chosen_)[number].first : number; }
  // Errors: a partition value or path of the file that cannot be understood.
  Result<File> MakeFile(size_t number) const;
  // Of `files`, ascending numbers, those that may have a row that satisfies the predicate.
  std::vector<size_t> Select(delta::Predicate predicate, const std::vector<size_t>& files) const;
  // Rows the log says the files have; nullopt when it does not.
  std::optional<int64_t> LiveRows(const std::vector<size_t>& files) const;
  // Index into a file's partition values of a column of the schema; -1 when it is in the files.
  int PartitionIndex(size_t column) const { return partition_index_[column]; }
  // What the statistics of all files say of a column of the schema together; nothing set where one file
  // says nothing. Not for scans of more than kMaxFilesForBounds files.
  delta::ColumnBounds Bounds(size_t column) const;
  // Loads the file's deletion vector.
  Result<RowFilter> Rows(const File& file) const;
  // Whether the file really lies where the table's files may: below its folder, or one that a clone shares files of.
  bool MayOpen(const std::string& path) const;

 private:
  TableScan() = default;
  std::vector<delta::ColumnBounds> BoundsOfAllColumns() const;

  std::shared_ptr<const delta::Snapshot> snapshot_;
  objectstore::ObjectStore* store_ = nullptr;
  ColumnMatch match_ = ColumnMatch::kName;
  delta::WallClock clock_;
  std::optional<std::vector<std::pair<size_t, RowSelection>>> chosen_;
  std::vector<int> partition_index_;
  std::vector<std::string> real_roots_;
  mutable std::once_flag bounds_made_;
  mutable std::vector<delta::ColumnBounds> bounds_;
};

// The canonical path with links followed; the path itself when there is nothing, or no links (object stores).
std::string RealPath(const std::string& path);

// The table function ashlar_scan(<binding>): DuckDB's Parquet reader over a TableScan. Virtual columns:
// filename (as in the log), file_index (of the snapshot's files) and file_row_number (physical).
void RegisterTableScan(duckdb::DatabaseInstance& database, ScanRegistry& scans);

}  // namespace ashlar::engine
