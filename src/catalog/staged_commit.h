// What clients from outside say of the commits of catalog-managed tables, and what they are told (Unity Catalog's REST,
// delta/preview/commits). Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ashlar::catalog {

// A commit as the file that was staged for it.
struct StagedCommit {
  int64_t version = 0;
  int64_t timestamp_ms = 0;  // its inCommitTimestamp
  std::string file_name;     // below _staged_commits
  int64_t file_size = 0;     // bytes
  int64_t file_modified_ms = 0;
};

struct OutsideCommit {
  std::string table_uuid;
  std::string location;                            // of the table, as the client spells it: "file:///…"
  std::optional<StagedCommit> staged = {};         // none: the client only says what is published
  std::optional<int64_t> latest_published = {};    // up to this version
  std::optional<std::string> property_id = {};     // kUnityTableId in the properties it says the table has now
};

struct UnpublishedQuery {
  std::string table_uuid;
  std::string location;
  int64_t first = 0;
  int64_t last = INT64_MAX;  // inclusive
};

struct UnpublishedCommits {
  int64_t latest_version = 0;  // of the table, published or not
  std::vector<StagedCommit> commits = {};  // newest first
};

}  // namespace ashlar::catalog
