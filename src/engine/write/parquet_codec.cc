#include "engine/parquet_codec.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace ashlar::engine {
namespace {

constexpr std::array kCodecs = {
    ParquetCodec(),                                ParquetCodec{"zstd", "zstd", ".zstd"},
    ParquetCodec{"gzip", "gzip", ".gz"},           ParquetCodec{"lz4_raw", "lz4_raw", ".lz4raw"},
    ParquetCodec{"brotli", "brotli", ".br"},       ParquetCodec{"uncompressed", "uncompressed", ""},
    ParquetCodec{"none", "uncompressed", ""},
};

}  // namespace

std::optional<ParquetCodec> FindParquetCodec(std::string_view name) {
  auto found = std::ranges::find_if(kCodecs, [&](const ParquetCodec& codec) { return EqualsIgnoreCase(codec.name, name); });
  return found == kCodecs.end() ? std::nullopt : std::optional(*found);
}

}  // namespace ashlar::engine
