// The version of the tree the program was built from.
#pragma once

#include <string_view>

namespace ashlar {

// "0.1.0"
std::string_view Version();

}  // namespace ashlar
