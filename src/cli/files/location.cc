#include "cli/files/location.h"

namespace ashlar::cli {
namespace {

constexpr std::string_view kVolumes = "/Volumes/";

}  // namespace

Result<Location> ParseLocation(std::string_view text) {
  Location location;
  std::string_view path = text;
  bool dbfs = path.starts_with("dbfs:");
  bool file = path.starts_with("file:");
  if (dbfs || file) path.remove_prefix(5);
  while (dbfs && path.starts_with("//")) path.remove_prefix(1);
  location.remote = !file && (path.starts_with(kVolumes) || path == "/Volumes");
  if (dbfs && !location.remote) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     std::string(text) + " is in no volume: remote paths are /Volumes/CATALOG/SCHEMA/VOLUME/…");
  }
  if (path.empty()) return MakeError(ErrorCode::kInvalidParameterValue, "an empty path");
  location.names_folder = path.ends_with('/');
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  location.path = std::string(path);
  return location;
}

std::string BaseName(std::string_view path) {
  size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

Location Child(const Location& folder, std::string_view name) {
  std::string path = folder.path == "/" ? "/" : folder.path + "/";
  return {folder.remote, path + std::string(name), false};
}

}  // namespace ashlar::cli
