// What data files are compressed with.
#pragma once

#include <optional>
#include <string_view>

namespace ashlar::engine {

struct ParquetCodec {
  std::string_view name = "snappy";          // Spark's (spark.sql.parquet.compression.codec)
  std::string_view duck_name = "snappy";     // of COPY
  std::string_view file_suffix = ".snappy";  // before ".parquet", as Spark names files
};

// By Spark's name, in any case. nullopt: no codec of Parquet, or one that is not built (lz4, Hadoop's framing, and lzo).
std::optional<ParquetCodec> FindParquetCodec(std::string_view name);

}  // namespace ashlar::engine
