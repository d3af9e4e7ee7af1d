#include "engine/library_version.h"

#include <duckdb.h>

namespace ashlar::engine {

std::string LibraryVersion() { return duckdb_library_version(); }

}  // namespace ashlar::engine
