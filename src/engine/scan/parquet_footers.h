// The footers of Parquet files: the columns in Spark's types, and what is known of the values in each row group.
// Parquet format, "File format" and "Logical types"; the types as Spark's reader gives them.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "types/data_type.h"

namespace ashlar::engine {

// A node of a file's schema. They stand in the order of the footer: the root first, what is in a group after it.
struct ParquetNode {
  std::string name;
  std::string physical_type;   // INT32, BYTE_ARRAY, …; empty of a group
  std::string repetition;      // REQUIRED, OPTIONAL, REPEATED
  std::string converted_type;  // UTF8, LIST, …; empty when there is none
  std::string logical_type;    // "TimestampType(isAdjustedToUTC=1, …)"; empty when there is none
  int64_t children = 0;
  int precision = 0;
  int scale = 0;
};

// One column in one row group. Bounds are text, times in UTC; absent where the file says nothing.
struct ParquetChunk {
  size_t leaf = 0;     // which node without children, from 0
  int64_t values = 0;  // NULLs included
  std::optional<std::string> min;
  std::optional<std::string> max;
  std::optional<int64_t> null_count;
};

struct ParquetFooter {
  int64_t rows = 0;
  std::string created_by;
  std::string spark_schema;  // JSON, as Spark writes it into its files; empty in others
  std::vector<ParquetNode> nodes;
  std::vector<ParquetChunk> chunks;  // FooterPart::kStatistics alone
};

enum class FooterPart { kSchema, kStatistics };
// Reads the footers of some files side by side, and shows each, with its index, one after the other; holds few at a
// time. Errors: `consume`'s first; DELTA_FAILED_READ_FILE_FOOTER (KD001) naming the file.
Status ReadFooters(Connection& connection, std::span<const std::string> files, FooterPart part,
                   const std::function<Status(size_t index, const ParquetFooter& footer)>& consume);

// The columns as Spark reads them: what Spark wrote down, else by the file's own types. All of it nullable, with
// comments and no other metadata. Errors: PARQUET_TYPE_ILLEGAL (42846) for a type Spark does not read.
Result<Schema> SparkSchemaOf(const ParquetFooter& footer);

// The files as a list of DuckDB's table functions, which would expand patterns: each name stands for itself.
std::string FileListSql(std::span<const std::string> files);

// Where a column lies in a file: names joined by a NUL byte, in lower case.
std::string FooterPath(const std::vector<std::string>& names);
// A column of the file that is in no list or map.
struct FooterColumn {
  std::string path;       // FooterPath
  size_t first_leaf = 0;
  bool repeated = false;  // a list or map: `first_leaf` is the first in it
};
std::vector<FooterColumn> ColumnsOf(const ParquetFooter& footer);

}  // namespace ashlar::engine
