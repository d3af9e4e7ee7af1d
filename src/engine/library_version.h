// Of the loaded DuckDB: "v1.5.6".
#pragma once

#include <string>

namespace ashlar::engine {

std::string LibraryVersion();

}  // namespace ashlar::engine
