// How large the data files of a statement's write become.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "delta/actions.h"
#include "session/run_statement.h"

namespace ashlar::session {

// Options of a DataFrame writer; keys in any case.
using WriteOptions = std::map<std::string, std::string>;

// Where a file of a write ends, in bytes: delta.targetFileSize; else, with optimized writes (the option optimizeWrite, before
// spark.databricks.delta.optimizeWrite.enabled, before the table's delta.autoOptimize.optimizeWrite), what
// spark.databricks.delta.optimizeWrite.binSize says; else 128 MiB. Errors: kInvalidParameterValue for what is no size.
Result<int64_t> FileBytesOf(const StatementRun& run, const delta::Metadata& metadata, const WriteOptions& options);

}  // namespace ashlar::session
