// The add rows of a checkpoint, from its columns straight into segments of a file list: DuckDB's threads
// hand their chunks to ashlar_take_files(<binding>, …), which packs them where they are.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "delta/files/file_list.h"
#include "engine/scan/scan_binding.h"

namespace duckdb {
class DataChunk;
class DatabaseInstance;
struct LogicalType;
}  // namespace duckdb

namespace ashlar::engine {

// Where the statistics of a checkpoint are taken from.
enum class CheckpointStats {
  kTyped,  // stats_parsed, wherever there is one
  kText,   // stats
};

// What ashlar_take_files is told of a file: which of its columns give what an AddFile has. Nullopt for a
// file whose `add` is not as the protocol has it.
struct TakenColumns {
  std::vector<std::string> sql;  // the arguments but the binding; "add" is the struct column
  bool typed = false;
  std::vector<delta::LeafColumn> stats;  // three arguments each, at the end: minimum, maximum, count of NULL
};
std::optional<TakenColumns> ColumnsToTake(const duckdb::LogicalType& add, CheckpointStats stats);

// Rows of a checkpoint by their numbers, both inclusive.
struct RowRange {
  int64_t first;
  int64_t last;
};

// What one query takes. Its threads call Take at the same time, each with rows that ascend.
class TakenFiles : public ScanTarget {
 public:
  explicit TakenFiles(TakenColumns columns) : columns_(std::move(columns)) {}
  // Gives how many files have neither typed statistics nor the promise that there are none.
  int64_t Take(duckdb::DataChunk& arguments) const;
  // After the query: the rows without a path, files of none, lie between these, if there are any.
  std::optional<RowRange> WithoutPath() const { return without_path_; }
  // After the query: in the order of the file.
  void MoveInto(delta::FileListBuilder& files);

 private:
  // Rows that follow each other in the file, as one thread saw them.
  struct Run {
    delta::FileSegmentBuilder rows;
    int64_t first_row = 0;
    int64_t next_row = -1;
  };
  Run& RunOfThread() const;
  // Cuts the run where it is full or does not go on with this row.
  void StartAt(Run& run, int64_t row) const;
  void Flush(Run& run) const;
  void NoteWithoutPath(RowRange rows) const;

  const TakenColumns columns_;
  mutable std::mutex mutex_;
  mutable std::map<std::thread::id, std::unique_ptr<Run>> runs_;
  mutable std::map<int64_t, std::shared_ptr<const delta::FileSegment>> segments_;  // by first row
  mutable std::optional<RowRange> without_path_;
};

void RegisterTakeFiles(duckdb::DatabaseInstance& database, ScanRegistry& scans);

}  // namespace ashlar::engine
