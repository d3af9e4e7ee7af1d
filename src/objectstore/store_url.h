// URLs of object stores, in the one form that tables and locations keep them in:
//   s3://bucket/key                                       also written s3a:
//   abfss://container@account.dfs.core.windows.net/key    also written abfs:, wasb:, wasbs:, and with .blob.
// Keys stand in them as they are, without percent-encoding.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ashlar::objectstore {

enum class StoreKind { kS3, kAzureBlob };

struct StoreUrl {
  StoreKind kind = StoreKind::kS3;
  std::string bucket{};   // Azure: the container
  std::string account{};  // Azure alone
  std::string key{};      // without '/' at its ends; empty: the whole bucket

  // "s3://bucket"
  std::string Root() const;
  // The canonical form, without '/' at its end.
  std::string Text() const;
  bool operator==(const StoreUrl&) const = default;
};

// Whether a canonical path is an object store's: local ones begin with '/'.
inline bool IsStorePath(std::string_view path) { return !path.empty() && path.front() != '/'; }

// Whether the text has a scheme that ParseStoreUrl reads.
bool HasStoreScheme(std::string_view text);

// Errors: kInvalidParameterValue for a URL that does not name a bucket, or has empty or dotted parts.
Result<StoreUrl> ParseStoreUrl(std::string_view text);

}  // namespace ashlar::objectstore
