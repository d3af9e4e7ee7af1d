#include "delta/history.h"

#include <algorithm>

#include "base/clock.h"
#include "base/json.h"
#include "base/saturating.h"
#include "delta/features.h"
#include "delta/log/file_name.h"
#include "delta/log/log_segment.h"
#include "delta/log/replay.h"

namespace ashlar::delta {
namespace {

Result<CommitInfo> InfoOf(const TableLocation& table, int64_t version) {
  ASSIGN_OR_RETURN(std::vector<Action> actions, ReadCommit(table, version));
  for (Action& action : actions) {
    if (auto* info = std::get_if<CommitInfo>(&action)) return std::move(*info);
  }
  return CommitInfo();
}

// Times ascend strictly with the version, whatever clocks and copies did to the files.
void Straighten(std::vector<HistoryEntry>* oldest_first) {
  for (size_t i = 1; i < oldest_first->size(); ++i) {
    int64_t before = (*oldest_first)[i - 1].timestamp_ms;
    (*oldest_first)[i].timestamp_ms = std::max((*oldest_first)[i].timestamp_ms, SaturatingAdd(before, 1));
  }
}

// All commits with their times, oldest first. In-commit timestamps are inside the files, so every file
// is read; the modification time stands in where there is none.
Result<std::vector<HistoryEntry>> AllCommits(const TableLocation& table) {
  ASSIGN_OR_RETURN(LogListing listing, ListLog(table, 0));
  std::vector<HistoryEntry> entries;
  for (const CommitFile& commit : listing.commits) {
    HistoryEntry entry;
    entry.version = commit.version;
    ASSIGN_OR_RETURN(entry.info, InfoOf(table, commit.version));
    entry.timestamp_ms = entry.info.in_commit_timestamp_ms.value_or(commit.modified_ms);
    entries.push_back(std::move(entry));
  }
  Straighten(&entries);
  return entries;
}

}  // namespace

Result<std::vector<HistoryEntry>> ReadHistory(const TableLocation& table,
                                              std::optional<int64_t> limit) {
  ASSIGN_OR_RETURN(std::vector<HistoryEntry> entries, AllCommits(table));
  std::ranges::reverse(entries);
  if (limit.has_value() && static_cast<int64_t>(entries.size()) > std::max<int64_t>(*limit, 0)) {
    entries.resize(static_cast<size_t>(std::max<int64_t>(*limit, 0)));
  }
  return entries;
}

Result<int64_t> VersionAtTimestamp(const TableLocation& table, int64_t timestamp_ms) {
  ASSIGN_OR_RETURN(std::vector<HistoryEntry> entries, AllCommits(table));
  if (entries.empty()) {
    ASSIGN_OR_RETURN(std::shared_ptr<const Snapshot> latest, Snapshot::Load(table));
    return latest->version();
  }
  if (timestamp_ms < entries.front().timestamp_ms) {
    std::string earliest = FormatUtcMs(entries.front().timestamp_ms);
    return MakeSqlError("DELTA_TIMESTAMP_EARLIER_THAN_COMMIT_RETENTION", "42816",
                        "The provided timestamp (" + FormatUtcMs(timestamp_ms) +
                            ") is before the earliest version available to this table (" + earliest + ").",
                        {{"userTimestamp", FormatUtcMs(timestamp_ms)}, {"commitTs", earliest},
                         {"timestampString", earliest}});
  }
  if (timestamp_ms > entries.back().timestamp_ms) {
    std::string latest = FormatUtcMs(entries.back().timestamp_ms);
    return MakeSqlError("DELTA_TIMESTAMP_GREATER_THAN_COMMIT", "42816",
                        "Timestamp " + FormatUtcMs(timestamp_ms) + " is after the table's latest version (" +
                            latest + ").",
                        {{"providedTimestamp", FormatUtcMs(timestamp_ms)},
                         {"lastCommitTimestamp", latest}, {"maximumTimestamp", latest}});
  }
  auto after = std::ranges::upper_bound(entries, timestamp_ms, {}, &HistoryEntry::timestamp_ms);
  return std::prev(after)->version;
}

TableDetail DescribeDetail(const Snapshot& snapshot) {
  const Metadata& metadata = snapshot.metadata();
  TableDetail detail;
  detail.id = metadata.id;
  detail.name = metadata.name;
  detail.description = metadata.description;
  detail.location = snapshot.root();
  detail.created_at_ms = metadata.created_time_ms;
  detail.last_modified_ms = snapshot.timestamp_ms();
  detail.partition_columns = metadata.partition_columns;
  detail.num_files = static_cast<int64_t>(snapshot.files().size());
  detail.size_in_bytes = snapshot.SizeInBytes();
  detail.properties = metadata.configuration;
  detail.min_reader_version = snapshot.protocol().min_reader_version;
  detail.min_writer_version = snapshot.protocol().min_writer_version;
  detail.table_features = ListedFeatures(snapshot.protocol());
  auto clustering = snapshot.state().domain_metadata.find("delta.clustering");
  if (clustering == snapshot.state().domain_metadata.end()) return detail;
  // {"clusteringColumns":[["physical","path"],…]}
  Result<Json> json = ParseJson(clustering->second.configuration);
  if (!json.ok() || !json->is_object() || !json->contains("clusteringColumns")) return detail;
  for (const Json& path : (*json)["clusteringColumns"]) {
    std::string dotted;
    for (const Json& part : path) {
      if (part.is_string()) dotted += (dotted.empty() ? "" : ".") + part.get<std::string>();
    }
    detail.clustering_columns.push_back(std::move(dotted));
  }
  return detail;
}

}  // namespace ashlar::delta
