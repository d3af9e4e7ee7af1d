#include "workspace/volume_path.h"

#include <ctime>

#include "base/text.h"

namespace ashlar::workspace {
namespace {

constexpr size_t kMaxNameBytes = 255;
constexpr size_t kRootDepth = 4;  // Volumes, catalog, schema, volume

Error BadPath(std::string_view path, std::string_view why) {
  return MakeError(ErrorCode::kInvalidParameterValue,
                   "Invalid path: " + std::string(why) + ": " + std::string(path));
}

}  // namespace

Result<VolumePath> ParseVolumePath(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) return BadPath("", "it holds a NUL character");
  if (!IsValidUtf8(path)) return BadPath("", "it is not UTF-8");
  VolumePath parsed;
  size_t depth = 0;
  for (std::string_view name : SplitView(path, '/')) {
    if (name.empty()) continue;
    if (name == "." || name == "..") return BadPath(path, "'.' and '..' are not allowed");
    if (name.size() > kMaxNameBytes) return BadPath(path, "a name is longer than 255 bytes");
    if (depth == 0 && name != "Volumes") break;
    parsed.path += '/';
    parsed.path += name;
    ++depth;
  }
  if (depth < kRootDepth) return BadPath(path, "expected /Volumes/<catalog>/<schema>/<volume>/…");
  parsed.is_volume_root = depth == kRootDepth;
  return parsed;
}

Result<std::optional<ByteRange>> ParseRange(std::string_view header, int64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  std::optional<ByteRange> none;
  if (!header.starts_with(kUnit)) return none;
  std::string_view text = Trim(header.substr(kUnit.size()));
  size_t dash = text.find('-');
  if (dash == std::string_view::npos || text.find(',') != std::string_view::npos) return none;
  std::optional<int64_t> first = ParseInt64(text.substr(0, dash));
  std::optional<int64_t> last = ParseInt64(text.substr(dash + 1));
  if ((dash > 0 && !first) || (dash + 1 < text.size() && !last)) return none;
  if (!first && !last) return none;
  ByteRange range{0, size};
  if (!first) {
    range.begin = std::max<int64_t>(0, size - *last);
  } else {
    if (last && *last < *first) return none;
    range.begin = *first;
    if (last) range.end = std::min(size, *last == INT64_MAX ? size : *last + 1);
  }
  if (range.begin >= size) {
    return MakeError(ErrorCode::kInvalidParameterValue, "the range " + std::string(header) + " lies outside of the " +
                                                            std::to_string(size) + " bytes of the file");
  }
  return std::optional(range);
}

std::string HttpDate(int64_t ms) {
  time_t seconds = static_cast<time_t>(ms / 1000);
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  size_t length = strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return std::string(text, length);
}

}  // namespace ashlar::workspace
