// Forward declaration of Json, for headers that only pass it by reference.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace ashlar {
using Json = nlohmann::ordered_json;
}  // namespace ashlar
