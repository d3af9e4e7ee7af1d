// Paths as users write them, made canonical. No securables here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ashlar::catalog {

// What a path names before anything is looked up.
struct WrittenPath {
  // /Volumes/<catalog>/<schema>/<volume>: these three; `rest` is what follows, without a leading '/'.
  std::vector<std::string> volume;
  std::string rest;
  // Otherwise: an absolute local path, or the canonical URL of an object store (objectstore/store_url.h).
  std::string plain;
};

// Reads "/a/b", "file:/a/b", "file:///a/b", "/Volumes/…", "dbfs:/Volumes/…", "s3://…", "abfss://…". Errors:
// kInvalidParameterValue for a relative path, one with ".." or NUL; kNotImplemented naming any other
// scheme, or DBFS.
Result<WrittenPath> ParsePath(std::string_view text);

// Resolves every symbolic link of an absolute path, dangling ones too, without needing the file itself to
// exist; URLs of object stores have none. Errors: kInvalidParameterValue for a cycle of links.
Result<std::string> CanonicalPath(const std::string& path);

// Whether `path` is `folder` or lies below it; both canonical. "/ab" is not below "/a".
bool IsWithin(std::string_view path, std::string_view folder);

// The path and every folder above it, deepest first, without "/"; of a URL up to its bucket.
std::vector<std::string> SelfAndParents(const std::string& path);

// Splits a path with wildcards (* ? [ {) into the folder before the first of them and the rest, which is
// empty when there is none or when a file of exactly this name exists.
struct GlobSplit {
  std::string folder;
  std::string pattern;
};
GlobSplit SplitGlob(const std::string& path);

}  // namespace ashlar::catalog
