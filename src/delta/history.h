// History: what each commit of a table did (DESCRIBE HISTORY), which version a time means, and what
// the table is now (DESCRIBE DETAIL).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "delta/snapshot.h"

namespace ashlar::delta {

struct HistoryEntry {
  int64_t version = 0;
  int64_t timestamp_ms = 0;  // ascending with the version, as time travel sees it
  std::string staged = {};   // as in CommitFile
  CommitInfo info;           // without an operation where the commit has no commitInfo
};
// Newest first; at most `limit` entries when given: no other commits are read. Versions whose commit file
// is gone are left out.
Result<std::vector<HistoryEntry>> ReadHistory(const TableLocation& table,
                                              std::optional<int64_t> limit = std::nullopt);

// Versions first … last, oldest first; no other commits are read.
Result<std::vector<HistoryEntry>> ReadHistoryBetween(const TableLocation& table, int64_t first, int64_t last);
// The oldest version committed at or after the time; nullopt when there is none.
Result<std::optional<int64_t>> FirstVersionSince(const TableLocation& table, int64_t timestamp_ms);

// The newest version committed at or before the time. Errors:
// DELTA_TIMESTAMP_EARLIER_THAN_COMMIT_RETENTION, DELTA_TIMESTAMP_GREATER_THAN_COMMIT (42816).
Result<int64_t> VersionAtTimestamp(const TableLocation& table, int64_t timestamp_ms);

struct TableDetail {
  std::string format = "delta";
  std::string id;
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::string location;
  std::optional<int64_t> created_at_ms;
  int64_t last_modified_ms = 0;  // when the newest commit's file was, whatever an in-commit timestamp says
  std::vector<std::string> partition_columns;
  std::vector<std::string> clustering_columns;
  int64_t num_files = 0;
  int64_t size_in_bytes = 0;
  StringMap properties;
  int32_t min_reader_version = 0;
  int32_t min_writer_version = 0;
  std::vector<std::string> table_features;
};
TableDetail DescribeDetail(const Snapshot& snapshot);

}  // namespace ashlar::delta
