#include "workspace/workspace_path.h"

#include "base/text.h"

namespace ashlar::workspace {
namespace {

constexpr size_t kMaxObjectNameBytes = 255;

Error BadWorkspacePath(std::string_view path, std::string_view why) {
  std::string shown = IsValidUtf8(path) ? std::string(path) : "(not UTF-8)";
  return MakeError(ErrorCode::kInvalidParameterValue, "Path (" + shown + ") " + std::string(why) + ".");
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

Result<std::vector<std::string>> ParseWorkspacePath(std::string_view path) {
  if (!IsValidUtf8(path)) return BadWorkspacePath(path, "is not UTF-8");
  if (!path.starts_with('/')) return BadWorkspacePath(path, "doesn't start with '/'");
  if (std::ranges::any_of(path, IsControl)) return BadWorkspacePath("", "holds control characters");
  std::vector<std::string> names;
  bool first = true;
  for (std::string_view name : SplitView(path, '/')) {
    if (name.empty()) continue;
    if (name == "." || name == "..") return BadWorkspacePath(path, "holds '.' or '..'");
    if (name.size() > kMaxObjectNameBytes) return BadWorkspacePath(path, "holds a name of more than 255 bytes");
    if (!std::exchange(first, false) || name != "Workspace") names.emplace_back(name);
  }
  return names;
}

std::string FormatWorkspacePath(std::span<const std::string> names) {
  std::string path;
  for (const std::string& name : names) path += "/" + name;
  return path.empty() ? "/" : path;
}

}  // namespace ashlar::workspace
