#include "delta/history.h"

#include <algorithm>

#include "base/clock.h"
#include "base/json.h"
#include "base/saturating.h"
#include "delta/clustering.h"
#include "delta/features.h"
#include "delta/log/file_name.h"
#include "delta/log/log_segment.h"
#include "delta/log/replay.h"

namespace ashlar::delta {
namespace {

// The commits of a log with their times, oldest first. In-commit timestamps are inside the files; only
// those asked for are read, and none when the table has them no more, as in delta-spark. The modification time
// stands in where there is none.
class Commits {
 public:
  static Result<Commits> Of(const TableLocation& table) {
    ASSIGN_OR_RETURN(LogListing listing, ListLog(table, 0));
    Commits commits(table, std::move(listing.commits));
    if (commits.size() == 0) return commits;
    ASSIGN_OR_RETURN(HistoryEntry newest, commits.At(commits.size() - 1));
    commits.in_commit_timestamps_ = newest.info.in_commit_timestamp_ms.has_value();
    return commits;
  }

  size_t size() const { return files_.size(); }
  int64_t version(size_t i) const { return files_[i].version; }
  Result<HistoryEntry> At(size_t i) const {
    HistoryEntry entry;
    entry.version = files_[i].version;
    ASSIGN_OR_RETURN(entry.info, ReadCommitInfo(table_, files_[i]));
    entry.staged = files_[i].staged;
    entry.timestamp_ms = modified_ms_[i];
    if (in_commit_timestamps_) entry.timestamp_ms = entry.info.in_commit_timestamp_ms.value_or(modified_ms_[i]);
    return entry;
  }
  // Commits begin … end - 1. Their times ascend strictly, whatever clocks and copies did to the files.
  Result<std::vector<HistoryEntry>> Between(size_t begin, size_t end) const {
    std::vector<HistoryEntry> entries;
    for (size_t i = begin; i < end; ++i) {
      ASSIGN_OR_RETURN(HistoryEntry entry, At(i));
      if (!entries.empty()) entry.timestamp_ms = std::max(entry.timestamp_ms, SaturatingAdd(entries.back().timestamp_ms, 1));
      entries.push_back(std::move(entry));
    }
    return entries;
  }
  Result<int64_t> TimeOf(size_t i) const {
    if (!in_commit_timestamps_) return modified_ms_[i];
    ASSIGN_OR_RETURN(HistoryEntry entry, At(i));
    return entry.timestamp_ms;
  }
  // The number of commits before `timestamp_ms`; reads a logarithm of them.
  Result<size_t> CountBefore(int64_t timestamp_ms) const {
    size_t begin = 0, end = size();
    while (begin < end) {
      size_t middle = begin + (end - begin) / 2;
      ASSIGN_OR_RETURN(int64_t time, TimeOf(middle));
      (time < timestamp_ms ? begin : end) = time < timestamp_ms ? middle + 1 : middle;
    }
    return begin;
  }

 private:
  Commits(const TableLocation& table, std::vector<CommitFile> files) : table_(table), files_(std::move(files)) {
    for (const CommitFile& file : files_) {
      int64_t after = modified_ms_.empty() ? INT64_MIN : SaturatingAdd(modified_ms_.back(), 1);
      modified_ms_.push_back(std::max(file.modified_ms, after));
    }
  }

  TableLocation table_;
  std::vector<CommitFile> files_;
  std::vector<int64_t> modified_ms_;  // ascending
  bool in_commit_timestamps_ = false;
};

}  // namespace

Result<std::vector<HistoryEntry>> ReadHistory(const TableLocation& table, std::optional<int64_t> limit) {
  ASSIGN_OR_RETURN(Commits commits, Commits::Of(table));
  size_t count = commits.size();
  if (limit.has_value()) count = std::min(count, static_cast<size_t>(std::max<int64_t>(*limit, 0)));
  ASSIGN_OR_RETURN(std::vector<HistoryEntry> entries, commits.Between(commits.size() - count, commits.size()));
  std::ranges::reverse(entries);
  return entries;
}

Result<std::vector<HistoryEntry>> ReadHistoryBetween(const TableLocation& table, int64_t first, int64_t last) {
  ASSIGN_OR_RETURN(Commits commits, Commits::Of(table));
  size_t begin = 0, end = commits.size();
  while (begin < end && commits.version(begin) < first) ++begin;
  while (end > begin && commits.version(end - 1) > last) --end;
  return commits.Between(begin, end);
}

Result<std::optional<int64_t>> FirstVersionSince(const TableLocation& table, int64_t timestamp_ms) {
  ASSIGN_OR_RETURN(Commits commits, Commits::Of(table));
  ASSIGN_OR_RETURN(size_t before, commits.CountBefore(timestamp_ms));
  if (before == commits.size()) return std::optional<int64_t>();
  return std::optional(commits.version(before));
}

Result<int64_t> VersionAtTimestamp(const TableLocation& table, int64_t timestamp_ms) {
  ASSIGN_OR_RETURN(Commits commits, Commits::Of(table));
  if (commits.size() == 0) {
    ASSIGN_OR_RETURN(std::shared_ptr<const Snapshot> latest, Snapshot::Load(table));
    return latest->version();
  }
  ASSIGN_OR_RETURN(int64_t first_ms, commits.TimeOf(0));
  ASSIGN_OR_RETURN(int64_t last_ms, commits.TimeOf(commits.size() - 1));
  if (timestamp_ms < first_ms) {
    std::string earliest = FormatUtcMs(first_ms);
    return MakeSqlError("DELTA_TIMESTAMP_EARLIER_THAN_COMMIT_RETENTION", "42816",
                        "The provided timestamp (" + FormatUtcMs(timestamp_ms) +
                            ") is before the earliest version available to this table (" + earliest + ").",
                        {{"userTimestamp", FormatUtcMs(timestamp_ms)}, {"commitTs", earliest},
                         {"timestampString", earliest}});
  }
  if (timestamp_ms > last_ms) {
    std::string latest = FormatUtcMs(last_ms);
    return MakeSqlError("DELTA_TIMESTAMP_GREATER_THAN_COMMIT", "42816",
                        "Timestamp " + FormatUtcMs(timestamp_ms) + " is after the table's latest version (" +
                            latest + ").",
                        {{"providedTimestamp", FormatUtcMs(timestamp_ms)},
                         {"lastCommitTimestamp", latest}, {"maximumTimestamp", latest}});
  }
  ASSIGN_OR_RETURN(size_t count, commits.CountBefore(SaturatingAdd(timestamp_ms, 1)));
  return commits.version(std::max<size_t>(count, 1) - 1);
}

TableDetail DescribeDetail(const Snapshot& snapshot) {
  const Metadata& metadata = snapshot.metadata();
  TableDetail detail;
  detail.id = metadata.id;
  detail.name = metadata.name;
  detail.description = metadata.description;
  detail.location = snapshot.root();
  detail.created_at_ms = metadata.created_time_ms;
  detail.last_modified_ms = snapshot.state().commit_modified_ms;
  detail.partition_columns = metadata.partition_columns;
  detail.num_files = static_cast<int64_t>(snapshot.files().size());
  detail.size_in_bytes = snapshot.SizeInBytes();
  detail.properties = metadata.configuration;
  detail.min_reader_version = snapshot.protocol().min_reader_version;
  detail.min_writer_version = snapshot.protocol().min_writer_version;
  detail.table_features = ListedFeatures(snapshot.protocol());
  detail.clustering_columns = ClusteringTexts(snapshot);
  return detail;
}

}  // namespace ashlar::delta
