#include "catalog/local_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <deque>

#include "base/text.h"
#include "objectstore/store_url.h"

namespace ashlar::catalog {
namespace {

constexpr int kMaxLinks = 40;

Error BadPath(std::string_view text, const std::string& why) {
  return MakeError(ErrorCode::kInvalidParameterValue, "Invalid path '" + std::string(text) + "': " + why);
}

std::vector<std::string> Components(std::string_view path) {
  std::vector<std::string> parts;
  for (std::string_view part : SplitView(path, '/')) {
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  return parts;
}

// The target of a symbolic link; nullopt for anything else.
std::optional<std::string> LinkTarget(const std::string& path) {
  char target[PATH_MAX];
  ssize_t length = readlink(path.c_str(), target, sizeof(target));
  if (length < 0) return std::nullopt;
  return std::string(target, static_cast<size_t>(length));
}

// The part after the scheme and its empty authority: "//" + "/a" or "/a".
std::string_view WithoutAuthority(std::string_view text) {
  return text.starts_with("///") ? text.substr(2) : text;
}

}  // namespace

Result<WrittenPath> ParsePath(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return BadPath("", "it contains NUL");
  if (objectstore::HasStoreScheme(text)) {
    ASSIGN_OR_RETURN(objectstore::StoreUrl url, objectstore::ParseStoreUrl(text));
    return WrittenPath{{}, "", url.Text()};
  }
  std::string_view path = text;
  bool is_dbfs = false;
  size_t colon = text.find(':');
  size_t slash = text.find('/');
  if (colon != std::string_view::npos && colon > 0 && (slash == std::string_view::npos || colon < slash)) {
    std::string scheme = ToLowerAscii(text.substr(0, colon));
    path = WithoutAuthority(text.substr(colon + 1));
    is_dbfs = scheme == "dbfs";
    if (!is_dbfs && scheme != "file") return NotImplemented("paths of scheme " + scheme + ":");
    if (path.starts_with("//")) return BadPath(text, "it names a host");
  }
  if (!path.starts_with('/')) return BadPath(text, "it is not absolute");
  std::vector<std::string> parts = Components(path);
  for (const std::string& part : parts) {
    if (part == "..") return BadPath(text, "it contains '..'");
  }
  WrittenPath written;
  bool is_file_url = colon != std::string_view::npos && path.size() != text.size() && !is_dbfs;
  if (!is_file_url && !parts.empty() && parts[0] == "Volumes") {
    if (parts.size() < 4) return BadPath(text, "it must be /Volumes/<catalog>/<schema>/<volume>/…");
    written.volume = {parts[1], parts[2], parts[3]};
    written.rest = Join({parts.begin() + 4, parts.end()}, "/");
    return written;
  }
  if (is_dbfs) return NotImplemented("DBFS paths outside dbfs:/Volumes");
  written.plain = "/" + Join(parts, "/");
  return written;
}

Result<std::string> CanonicalPath(const std::string& path) {
  if (objectstore::IsStorePath(path)) return path;
  CHECK(path.starts_with('/')) << path;
  std::vector<std::string> first = Components(path);
  std::deque<std::string> pending(first.begin(), first.end());
  std::string resolved;
  int links = 0;
  while (!pending.empty()) {
    std::string part = std::move(pending.front());
    pending.pop_front();
    if (part == "..") {  // only out of a link's target
      resolved.erase(std::min(resolved.rfind('/'), resolved.size()));
      continue;
    }
    std::string candidate = resolved + "/" + part;
    std::optional<std::string> target = LinkTarget(candidate);
    if (!target) {
      resolved = std::move(candidate);
      continue;
    }
    if (++links > kMaxLinks) return BadPath(path, "too many symbolic links");
    if (target->starts_with('/')) resolved.clear();
    std::vector<std::string> parts = Components(*target);
    pending.insert(pending.begin(), parts.begin(), parts.end());
  }
  return resolved.empty() ? std::string("/") : resolved;
}

bool IsWithin(std::string_view path, std::string_view folder) {
  if (folder == "/") return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::vector<std::string> SelfAndParents(const std::string& path) {
  // What is left when every folder is gone.
  size_t top = objectstore::IsStorePath(path) ? path.find("://") + 3 : 1;
  std::vector<std::string> all;
  for (std::string current = path; current.size() > top;) {
    all.push_back(current);
    size_t slash = current.rfind('/');
    if (slash < top && top > 1) break;
    current.erase(slash);
  }
  return all;
}

GlobSplit SplitGlob(const std::string& path) {
  size_t wildcard = path.find_first_of("*?[{");
  struct stat status;
  bool plain = wildcard == std::string::npos || (!objectstore::IsStorePath(path) && lstat(path.c_str(), &status) == 0);
  if (plain) return {path, ""};
  size_t slash = path.rfind('/', wildcard);
  CHECK(slash != std::string::npos) << path;
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace ashlar::catalog
