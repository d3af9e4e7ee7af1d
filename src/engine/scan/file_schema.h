// The schema of files that do not come with one, as Spark infers it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "types/data_type.h"

namespace ashlar::engine {

// Of one Parquet file: what Spark wrote in its footer, else the file's own types.
Result<Schema> InferParquetSchema(Engine& engine, const std::string& file);

// Of JSON files: all numbers without a fraction bigint, with one double, fields by name; dates and
// times stay strings. `options_sql`: further arguments of read_json.
Result<Schema> InferJsonSchema(Engine& engine, const std::vector<std::string>& files,
                               const std::string& options_sql);

// CSV with inferSchema: `from_sql` has the columns k0, k1, … as text. The narrowest of int, bigint,
// double, date, timestamp, boolean that takes every value; else string.
Result<std::vector<DataType>> InferTextTypes(Engine& engine, const std::string& from_sql, size_t columns);

}  // namespace ashlar::engine
