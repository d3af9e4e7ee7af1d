// Snappy's block format (google/snappy, format_description.txt), unpacked fast: most Parquet files are compressed with it,
// and to read them is mostly to unpack them. Safe in any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ashlar::engine {

// Unpacks the `size` bytes at `compressed` into `out`, which has room for the length that the block begins with.
// False: the block is not valid, and what `out` holds is of no use. Touches no byte outside of the two.
bool UncompressSnappy(const char* compressed, size_t size, char* out);

// How often that was called in this process. Nothing else shows whether DuckDB's reader calls it (duck_snappy.cc).
uint64_t SnappyBlocksUncompressed();

// The same as UncompressSnappy without what only newer processors have (fast_units.h).
bool UncompressSnappyPortably(const char* compressed, size_t size, char* out);

}  // namespace ashlar::engine
