#include "base/json.h"

namespace ashlar {
namespace {

// Counts nesting outside strings, so that a hostile document is refused before it is parsed.
bool DeeperThan(std::string_view text, size_t max_depth) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > max_depth) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<Json> ParseJson(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return MakeError(ErrorCode::kMalformedRequest,
                     "JSON document of " + std::to_string(text.size()) + " bytes exceeds the limit of " +
                         std::to_string(limits.max_bytes) + " bytes");
  }
  if (DeeperThan(text, limits.max_depth)) {
    return MakeError(ErrorCode::kMalformedRequest, "JSON document is nested deeper than " +
                                                       std::to_string(limits.max_depth) + " levels");
  }
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception& e) {
    return MakeError(ErrorCode::kMalformedRequest, std::string("Invalid JSON: ") + e.what());
  }
}

std::string WriteJson(const Json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace ashlar
