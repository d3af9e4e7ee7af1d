#include "delta/paths.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "objectstore/store_url.h"

namespace ashlar::delta {
namespace {

// "s3" of "s3://bucket/x"; empty when there is no scheme (RFC 3986, 3.1).
std::string_view SchemeOf(std::string_view path) {
  size_t colon = path.find(':');
  if (colon == std::string_view::npos || colon < 2) return {};
  std::string_view scheme = path.substr(0, colon);
  for (char c : scheme) {
    bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '+' || c == '-' || c == '.';
    if (!allowed) return {};
  }
  return scheme;
}

std::string FoldDots(std::string_view absolute) {
  std::vector<std::string> parts;
  for (std::string_view part : SplitView(absolute, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else {
      parts.emplace_back(part);
    }
  }
  return "/" + Join(parts, "/");
}

// Whether no part of a path that does not begin with '/' is empty, "." or "..".
bool IsFolded(std::string_view relative) {
  for (size_t begin = 0; begin <= relative.size();) {
    size_t end = std::min(relative.find('/', begin), relative.size());
    std::string_view part = relative.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

bool IsUrl(std::string_view root) { return !root.starts_with('/') && !SchemeOf(root).empty(); }

Error OutsideOfTable(std::string_view log_path) {
  return MakeError(ErrorCode::kPermissionDenied,
                   "The transaction log names a file outside of its table: " + std::string(log_path));
}

Error BadUri(std::string_view log_path) {
  std::string uri(log_path);
  return MakeSqlError("DELTA_CANNOT_RECONSTRUCT_PATH_FROM_URI", "22KD1",
                      "The transaction log names a file by a URI that is not a path of this table: " + uri,
                      {{"uri", uri}});
}

bool IsOfStore(std::string_view log_path, std::string_view scheme) {
  return !scheme.empty() && objectstore::HasStoreScheme(log_path);
}

// Of a decoded path that is absolute; nullopt for a URL that names no object.
std::optional<std::string> Canonical(std::string_view absolute) {
  if (absolute.starts_with('/')) return FoldDots(absolute);
  Result<objectstore::StoreUrl> url = objectstore::ParseStoreUrl(absolute);
  return url.ok() ? std::optional(url->Text()) : std::nullopt;
}

bool IsPartitionFolder(std::string_view name) { return name.find('=') != std::string_view::npos; }

}  // namespace

std::optional<std::string> DecodeLogPath(std::string_view log_path) {
  if (log_path.starts_with("file:")) {
    log_path.remove_prefix(5);
    while (log_path.starts_with("//")) log_path.remove_prefix(1);
  }
  if (log_path.find('%') == std::string_view::npos) return std::string(log_path);
  return PercentDecode(log_path);
}

std::string EncodeLogPath(std::string_view relative_path) {
  return PercentEncode(relative_path, "/=+@,;!$&'()*");
}

std::string EncodeAbsoluteLogPath(std::string_view path) {
  if (!objectstore::IsStorePath(path)) return "file:" + EncodeLogPath(path);
  size_t scheme_end = path.find("://") + 3;
  return std::string(path.substr(0, scheme_end)) + EncodeLogPath(path.substr(scheme_end));
}

std::optional<std::string> OtherTableFolder(std::string_view log_path) {
  std::string_view scheme = SchemeOf(log_path);
  if (scheme.empty() && !log_path.starts_with('/')) return std::nullopt;
  std::optional<std::string> decoded = DecodeLogPath(log_path);
  if (!decoded || decoded->find('\0') != std::string::npos) return std::nullopt;
  if (!decoded->starts_with('/') && !IsOfStore(log_path, scheme)) return std::nullopt;
  std::optional<std::string> folder = Canonical(decoded->substr(0, decoded->rfind('/')));
  while (folder && IsPartitionFolder(folder->substr(folder->rfind('/') + 1))) folder->erase(folder->rfind('/'));
  return folder;
}

Result<std::string> ResolveLogPath(std::string_view root, std::string_view log_path,
                                   std::span<const std::string> source_roots) {
  std::string_view scheme = SchemeOf(log_path);
  const bool of_store = IsOfStore(log_path, scheme);
  if (!scheme.empty() && scheme != "file" && !of_store) return BadUri(log_path);
  std::optional<std::string> decoded = DecodeLogPath(log_path);
  if (!decoded.has_value() || decoded->find('\0') != std::string::npos) return BadUri(log_path);
  // Nearly every path, of every file of a table.
  const bool in_store = IsUrl(root);
  bool plain = IsFolded(*decoded) && (in_store || (root.starts_with('/') && IsFolded(root.substr(1))));
  if (plain) return std::string(root) + "/" + *decoded;
  const bool absolute = of_store || decoded->starts_with('/');
  // Object stores have no "..".
  if (in_store && !absolute) return OutsideOfTable(log_path);
  std::string table = in_store ? std::string(root) : FoldDots(root);
  std::optional<std::string> path = Canonical(absolute ? *decoded : table + "/" + *decoded);
  if (!path) return OutsideOfTable(log_path);
  if (path->starts_with(table == "/" ? table : table + "/")) return *path;
  bool shared = absolute && std::ranges::any_of(source_roots, [&](const std::string& r) { return path->starts_with(r + "/"); });
  if (!shared) return OutsideOfTable(log_path);
  return *path;
}

}  // namespace ashlar::delta
