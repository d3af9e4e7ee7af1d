// Statistics of Parquet files that others wrote: out of their footers; where a footer is silent about a column or may
// leave values out (NaN), out of the column itself.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/schema.h"
#include "delta/stats.h"
#include "engine/engine.h"

namespace ashlar::engine {

struct FileStatistics {
  int64_t rows = 0;
  // Parallel to the columns asked for. A column that the file lacks is NULL in every row; of VARIANTs nothing is known.
  std::vector<delta::ColumnStats> columns;
};

// Of each file, with its index, in some order; holds those of few files at a time. Without columns: rows alone.
// Errors: `consume`'s first; ReadFooters' (parquet_footers.h).
Status ReadFileStatistics(Connection& connection, std::span<const std::string> files,
                          const std::vector<delta::LeafColumn>& columns,
                          const std::function<Status(size_t index, const FileStatistics& statistics)>& consume);

}  // namespace ashlar::engine
