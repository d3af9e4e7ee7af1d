// libduckdb.so calls this function of its own by way of the dynamic linker, which prefers the program's. Its header is not
// among those that programs include.
#include "engine/snappy/snappy.h"

namespace duckdb_snappy {

bool RawUncompress(const char* compressed, size_t size, char* out);

bool RawUncompress(const char* compressed, size_t size, char* out) {
  return ashlar::engine::UncompressSnappy(compressed, size, out);
}

}  // namespace duckdb_snappy
