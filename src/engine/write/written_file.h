// What a COPY … (FORMAT ashlar_parquet, RETURN_STATS true) made (parquet_files.h), and its texts as values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/stats.h"
#include "engine/duck_connection.h"

namespace duckdb {
class Value;
}

namespace ashlar::engine {

struct WrittenFile {
  // As text; absent where that is not known.
  struct Column {
    std::optional<std::string> min;
    std::optional<std::string> max;
    std::optional<int64_t> null_count;
    bool has_nan = false;
  };

  std::string path;
  int64_t row_count = 0;
  int64_t size = 0;
  std::map<std::string, Column> columns;  // by quoted dotted path ("a"."b")
  std::map<std::string, std::optional<std::string>> partition;
};

// Runs such a COPY.
Status RunCopy(DuckConnection& connection, const std::string& copy, std::vector<WrittenFile>& files);
// One file as WriteParquetFile makes it, of the rows of a query or of those given (value_rows.h); no file where there are none.
Result<WrittenFile> WriteQuery(DuckConnection& connection, const std::string& select, const std::string& path,
                               const std::map<std::string, duckdb::Value>& options);
Result<WrittenFile> WriteValues(DuckConnection& connection, const Schema& schema, const std::vector<std::vector<Value>>& rows,
                                const std::string& path, const std::map<std::string, duckdb::Value>& options);

// What was collected of one column; nothing where that is nothing.
delta::ColumnStats StatsOf(const WrittenFile& file, const delta::LeafColumn& column);

enum class TextForm {
  kStatistics,  // as in RETURN_STATS: booleans 0 and 1, timestamps as UTC text, blobs unused
  kPartition,   // as PartitionTextSql makes: timestamps as microseconds, blobs as hex
};
// nullopt for text that is not of the type.
std::optional<Value> WrittenValue(const std::string& text, const DataType& type, TextForm form);

}  // namespace ashlar::engine
