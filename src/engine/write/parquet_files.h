// The copy function of data files, `COPY … (FORMAT ashlar_parquet, …)`: Parquet as DuckDB writes it, with its options, and
// what it leaves out:
//
// - TARGET_BYTES: a file that has this size is closed and another one goes on, within a partition too; DuckDB's
//   FILE_SIZE_BYTES excludes PARTITION_BY.
// - ROW_GROUP_BYTES: a row group ends early when its rows have this size in memory.
// - ROWS_TO: the binding of ReplacedRows, which are told the last two columns (but those of PARTITION_BY), a file's index and a
//   row's position, of each row that comes to be written. They are not written.
// - RETURN_STATS counts the NULLs of structs, lists and maps and of those inside structs, under their own paths. A value
//   within a NULL is NULL.
//
// RETURN_STATS shows a row for each partition: of the first of its files. What there is to tell of its `n`th further one,
// whose path is that of the first with "-n" behind it, stands among the first one's columns behind a FurtherFileKey.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace duckdb {
class ClientContext;
class ColumnDataCollection;
class DatabaseInstance;
class Value;
struct CopyFunctionFileStatistics;
}  // namespace duckdb

namespace ashlar::engine {

constexpr const char* kRowsInFile = "row_count";
constexpr const char* kBytesOfFile = "file_size_bytes";

// `column`: a path as RETURN_STATS has it, which begins with a quotation mark; "" for kRowsInFile and kBytesOfFile of the file.
inline std::string FurtherFileKey(size_t n, const std::string& column) { return std::to_string(n) + ":" + column; }
inline std::string FurtherFilePath(const std::string& first, size_t n) { return first + "-" + std::to_string(n); }

class ScanRegistry;

void RegisterParquetFiles(duckdb::DatabaseInstance& database, ScanRegistry& scans);

// The rows as one file, written by the calling thread within a transaction of its: for few rows a COPY takes longer to be
// planned and handed to threads. `options`: as COPY's, without RETURN_STATS and those above.
duckdb::CopyFunctionFileStatistics WriteParquetFile(duckdb::ClientContext& context, const std::string& path,
                                                    const std::map<std::string, duckdb::Value>& options,
                                                    const std::vector<std::string>& names,
                                                    std::unique_ptr<duckdb::ColumnDataCollection> rows);

}  // namespace ashlar::engine
