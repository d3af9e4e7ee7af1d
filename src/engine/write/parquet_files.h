// The copy function of data files, `COPY … (FORMAT ashlar_parquet, …)`: Parquet as DuckDB writes it, with its options, and
// what it leaves out:
//
// - TARGET_BYTES: a file that has this size is closed and another one goes on, within a partition too; DuckDB's
//   FILE_SIZE_BYTES excludes PARTITION_BY.
// - FILE_ROWS: a file has so many rows and no more; the row group that it ends with has those that are left of that. A file
//   that may have no more than a row group is one.
// - ROW_GROUP_BYTES: a row group ends early when its rows have this size in memory.
// - RETURN_STATS counts the NULLs of structs, lists and maps and of those inside structs, under their own paths. A value
//   within a NULL is NULL.
//
// RETURN_STATS shows a row for each partition: of the first of its files. What there is to tell of its `n`th further one,
// whose path is that of the first with "-n" behind it, stands among the first one's columns behind a FurtherFileKey.
#pragma once

#include <cstddef>
#include <string>

namespace duckdb {
class DatabaseInstance;
}

namespace ashlar::engine {

constexpr const char* kRowsInFile = "row_count";
constexpr const char* kBytesOfFile = "file_size_bytes";

// `column`: a path as RETURN_STATS has it, which begins with a quotation mark; "" for kRowsInFile and kBytesOfFile of the file.
inline std::string FurtherFileKey(size_t n, const std::string& column) { return std::to_string(n) + ":" + column; }
inline std::string FurtherFilePath(const std::string& first, size_t n) { return first + "-" + std::to_string(n); }

void RegisterParquetFiles(duckdb::DatabaseInstance& database);

}  // namespace ashlar::engine
