// The path rules of the Files API: /Volumes/<catalog>/<schema>/<volume>/… as clients write it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ashlar::workspace {

struct VolumePath {
  std::string path;            // normal form: single slashes, none at the end
  bool is_volume_root = false; // /Volumes/<catalog>/<schema>/<volume> itself
};

// Any Unicode name is fine. Errors, kInvalidParameterValue: no path of a volume, "." or "..", NUL, text
// that is not UTF-8, a name of more than 255 bytes.
Result<VolumePath> ParseVolumePath(std::string_view path);

struct ByteRange {
  int64_t begin = 0;
  int64_t end = 0;  // exclusive
  bool operator==(const ByteRange&) const = default;
};

// A Range header with one range (RFC 9110 §14.2). nullopt: to be ignored, the whole file is answered.
// Error: kInvalidParameterValue for a range that lies outside of the file.
Result<std::optional<ByteRange>> ParseRange(std::string_view header, int64_t size);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string HttpDate(int64_t ms);

}  // namespace ashlar::workspace
