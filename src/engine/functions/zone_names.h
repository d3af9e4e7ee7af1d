// Names of time zones as Java 17 has them in English, where ICU says only "GMT+1".
#pragma once

#include <optional>
#include <string_view>
#include <utility>

namespace ashlar::engine {

// "CEST" for "Central European Summer Time"; empty where ICU's own abbreviation is Java's.
std::string_view ShortZoneName(std::string_view long_name);

// The short and the long name of a zone ICU has no name for.
std::optional<std::pair<std::string_view, std::string_view>> OwnZoneName(std::string_view id);

}  // namespace ashlar::engine
