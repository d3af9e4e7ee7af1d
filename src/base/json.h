// Json: the one JSON value type. Keeps the order of keys, so that what was read is written back alike.
// Include in .cc files; headers include json_fwd.h.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/json_fwd.h"
#include "base/result.h"

namespace ashlar {

struct JsonLimits {
  size_t max_depth = 128;
  size_t max_bytes = size_t{64} << 20;
};

// Parses one JSON document. Errors: kMalformedRequest for text that is not JSON, is nested deeper or
// is longer than the limits. Duplicate keys: the last one wins. Never throws.
Result<Json> ParseJson(std::string_view text, const JsonLimits& limits = {});

// Writes compact JSON; invalid UTF-8 becomes U+FFFD. Never throws.
std::string WriteJson(const Json& value);

}  // namespace ashlar
