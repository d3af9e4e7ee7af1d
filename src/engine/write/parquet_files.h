// The copy function of data files, `COPY … (FORMAT ashlar_parquet, …)`: Parquet as DuckDB writes it, with its options, and
// what it leaves out:
//
// - TARGET_BYTES: a file that has this size is closed and another one goes on, within a partition too; DuckDB's
//   FILE_SIZE_BYTES excludes PARTITION_BY.
// - FILE_ROWS: a file has so many rows and no more; the row group that it ends with has those that are left of that. A file
//   that may have no more than a row group is one.
// - ROW_GROUP_BYTES: a row group ends early when its rows have this size in memory.
// - ROWS_TO: the binding of ReplacedRows, which are told the last two columns (but those of PARTITION_BY), a file's index and a
//   row's position, of each row that comes to be written. They are not written.
//
// RETURN_STATS shows a row for each partition, of the first of its files; TakeFilesFrom tells of all of them. It counts the
// NULLs of structs, lists and maps and of those inside structs, too, under their own paths. A value within a NULL is NULL.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/write/written_file.h"

namespace duckdb {
class ClientContext;
class ColumnDataCollection;
class DatabaseInstance;
class Value;
}  // namespace duckdb

namespace ashlar::engine {

class ScanRegistry;

// The files of the connection's last statement that begin with the one at `path`: of one partition, whose values are not
// told here. They can be taken once.
std::vector<WrittenFile> TakeFilesFrom(duckdb::ClientContext& context, const std::string& path);

void RegisterParquetFiles(duckdb::DatabaseInstance& database, ScanRegistry& scans);

// The rows as one file, written by the calling thread within a transaction of its: for few rows a COPY takes longer to be
// planned and handed to threads. There must be rows. `options`: as COPY's, without RETURN_STATS and those above.
WrittenFile WriteParquetFile(duckdb::ClientContext& context, const std::string& path,
                             const std::map<std::string, duckdb::Value>& options, const std::vector<std::string>& names,
                             std::unique_ptr<duckdb::ColumnDataCollection> rows);

}  // namespace ashlar::engine
