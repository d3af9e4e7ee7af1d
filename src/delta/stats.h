// Statistics of a data file (Delta protocol, "Per-file Statistics"): read for skipping, built for
// writing. Absent is never zero.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "delta/schema.h"
#include "types/value.h"

namespace ashlar::delta {

// What is known of one column: `min` ≤ every value that is not NULL ≤ `max`. Both are already widened
// for what writers cut off: max of strings is as written, of timestamps a millisecond later.
struct ColumnBounds {
  std::optional<Value> min;
  std::optional<Value> max;
  std::optional<int64_t> null_count;
};

struct FileStats {
  std::optional<int64_t> num_records;  // physical rows, deleted ones included
  bool tight_bounds = true;
  std::vector<ColumnBounds> columns;   // parallel to the columns asked for
};

// Parses only the columns asked for. Text that is not JSON, or a bound that is not of its column's
// type, is like an absent one. Floating-point maxima are dropped: writers leave NaN out of them, and
// NaN is the greatest value.
FileStats ParseStats(std::string_view json, const std::vector<LeafColumn>& columns);
// The same, with bounds as they are written: not widened for skipping.
FileStats ParseStatsAsWritten(std::string_view json, const std::vector<LeafColumn>& columns);
// Bounds as written, made those of ParseStats; and of a column of times in microseconds.
ColumnBounds BoundsForSkipping(ColumnBounds written);
int64_t MinMicrosForSkipping(int64_t micros, const DataType& type);
int64_t MaxMicrosForSkipping(int64_t micros, const DataType& type);
// ParseStatsAsWritten of many texts: what parsing needs is allocated once. Not thread safe.
class StatsReader {
 public:
  explicit StatsReader(std::vector<LeafColumn> columns);
  ~StatsReader();
  // `text` is followed by kPadding bytes that can be read. The answer holds until the next call.
  const FileStats& Read(std::string_view text);
  static constexpr size_t kPadding = 64;

 private:
  struct Buffers;
  const std::vector<LeafColumn> columns_;
  std::unique_ptr<Buffers> buffers_;
};
// The text that says what `stats` does: what ParseStatsAsWritten reads from it.
std::string StatsText(const FileStats& stats, const std::vector<LeafColumn>& columns);
// numRecords alone, as cheaply as possible.
std::optional<int64_t> NumRecords(const AddFile& file);
// numRecords less the rows its deletion vector deletes.
std::optional<int64_t> LiveRows(const AddFile& file);

// The statistics of a file from which rows are taken by a deletion vector: the same, but with
// tightBounds=false and numRecords. Absent or unusable text gives these two alone.
std::string WideStats(const std::optional<std::string>& stats, int64_t num_records);

// What the writer of a file saw in one column. Nothing set: nothing known.
struct ColumnStats {
  LeafColumn column;
  std::optional<Value> min;
  std::optional<Value> max;
  std::optional<int64_t> null_count;
};
// The stats text of an AddFile. Give the columns of StatisticsColumns (schema.h), physical paths.
// Strings longer than 32 characters are cut: min to its prefix, max to the prefix and a greater
// character; timestamps are cut down to milliseconds; NaN, infinite and unorderable bounds are left
// out.
std::string BuildStats(int64_t num_records, const std::vector<ColumnStats>& columns);

}  // namespace ashlar::delta
