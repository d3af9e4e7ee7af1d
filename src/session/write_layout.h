// How the data files of a statement's write are laid out.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "delta/actions.h"
#include "engine/parquet_codec.h"
#include "session/run_statement.h"

namespace ashlar::session {

// Options of a DataFrame writer; keys in any case.
using WriteOptions = std::map<std::string, std::string>;

struct WriteLayout {
  int64_t file_bytes = 0;  // where a file ends
  int64_t file_rows = 0;   // where it ends at the latest; 0: anywhere
  engine::ParquetCodec codec;
};

// Where a file ends: delta.targetFileSize; else, with optimized writes (the option optimizeWrite, before
// spark.databricks.delta.optimizeWrite.enabled, before the table's delta.autoOptimize.optimizeWrite), what
// spark.databricks.delta.optimizeWrite.binSize says; else 128 MiB. The codec: the option compression, before
// spark.sql.parquet.compression.codec, before the table's delta.parquet.compression.codec, else snappy. The rows: the
// option maxRecordsPerFile, before spark.sql.files.maxRecordsPerFile; as in Spark any number where it is not positive.
// Errors: kInvalidParameterValue for what is no size, no codec or no number; kNotImplemented for lz4 and lzo.
Result<WriteLayout> LayoutOf(const StatementRun& run, const delta::Metadata& metadata, const WriteOptions& options);

}  // namespace ashlar::session
