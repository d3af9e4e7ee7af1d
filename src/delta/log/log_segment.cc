#include "delta/log/log_segment.h"

#include <algorithm>
#include <map>

#include "delta/log/file_name.h"
#include "delta/log/replay.h"
#include "objectstore/store_url.h"

namespace ashlar::delta {
namespace {

constexpr int64_t kMostFollowed = 16;  // commits

// Checkpoint files of one version while they are gathered.
struct Gathered {
  std::optional<std::string> classic;
  std::optional<std::string> uuid;
  bool uuid_json = false;
  std::map<int32_t, std::map<int32_t, std::string>> by_part_count;
};

std::optional<CheckpointFiles> Complete(int64_t version, const Gathered& files) {
  if (files.classic.has_value()) return CheckpointFiles{version, {*files.classic}, false};
  if (files.uuid.has_value()) return CheckpointFiles{version, {*files.uuid}, files.uuid_json};
  for (const auto& [count, parts] : files.by_part_count) {
    if (parts.size() != static_cast<size_t>(count)) continue;
    CheckpointFiles found{version, {}, false};
    for (const auto& [part, name] : parts) found.names.push_back(name);
    return found;
  }
  return std::nullopt;
}

// From the newest commit down, the longest file that ends there and lies in the segment. One that is older than the
// commit it ends with was made of another one.
std::vector<CompactedFile> ChooseCompactions(const std::vector<CompactedFile>& all, const LogSegment& segment) {
  std::vector<CompactedFile> chosen;
  if (segment.commits.empty()) return chosen;
  int64_t first = segment.commits.front().version;
  for (int64_t version = segment.version; version > first;) {
    const CompactedFile* best = nullptr;
    for (const CompactedFile& file : all) {
      const CommitFile& last = segment.commits[static_cast<size_t>(version - first)];
      bool fits = file.last == version && file.first >= first && file.modified_ms >= last.modified_ms;
      if (fits && (best == nullptr || file.first < best->first)) best = &file;
    }
    if (best != nullptr) chosen.push_back(*best);
    version = best != nullptr ? best->first - 1 : version - 1;
  }
  return chosen;
}

void ForgetAfter(int64_t version, LogListing& listing) {
  auto later = [version](const auto& file) { return file.version > version; };
  std::erase_if(listing.commits, later);
  std::erase_if(listing.checkpoints, later);
  std::erase_if(listing.compactions, [version](const CompactedFile& file) { return file.last > version; });
  std::erase_if(listing.checksums, [version](int64_t checksum) { return checksum > version; });
}

void PutCommit(CommitFile commit, std::vector<CommitFile>& commits) {
  auto at = std::ranges::lower_bound(commits, commit.version, {}, &CommitFile::version);
  if (at != commits.end() && at->version == commit.version) *at = std::move(commit);
  else commits.insert(at, std::move(commit));
}

// The catalog's word over what lies in the folder.
Status Overlay(const TableLocation& table, const RatifiedCommits& ratified, int64_t from_version, LogListing& listing) {
  ForgetAfter(ratified.latest_version, listing);
  for (const auto& [version, staged] : ratified.staged) {
    if (version < from_version) continue;
    Result<objectstore::ObjectInfo> file = table.store->Head(objectstore::JoinPath(StagedDirectory(table.root), staged));
    if (file.ok()) {
      PutCommit({version, file->size, file->modified_ms, staged}, listing.commits);
    } else if (file.error().code != ErrorCode::kNotFound) {
      return file.error();
    }
    // Published since the catalog was asked, and cleaned up: it is in the listing.
  }
  if (ratified.latest_version >= from_version && listing.latest() < ratified.latest_version) {
    return CorruptLog(CommitFileName(ratified.latest_version), ratified.latest_version, "the catalog ratified it, and it is gone");
  }
  return OkStatus();
}

Result<objectstore::ObjectInfo> HeadOfCommit(const TableLocation& table, int64_t version) {
  return table.store->Head(objectstore::JoinPath(LogDirectory(table.root), CommitFileName(version)));
}

bool IsNotFound(const Result<objectstore::ObjectInfo>& file) {
  return !file.ok() && file.error().code == ErrorCode::kNotFound;
}

std::optional<LogListing> FollowNames(const TableLocation& table, int64_t from_version) {
  if (table.catalog || objectstore::IsStorePath(table.root)) return std::nullopt;
  LogListing listing;
  for (int64_t version = from_version; version < from_version + kMostFollowed; ++version) {
    auto commit = HeadOfCommit(table, version);
    if (commit.ok()) {
      listing.commits.push_back({version, commit->size, commit->modified_ms});
      continue;
    }
    bool at_the_end = IsNotFound(commit) && IsNotFound(HeadOfCommit(table, version + 1));
    return at_the_end ? std::optional(std::move(listing)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

int64_t LogListing::latest() const {
  int64_t version = commits.empty() ? -1 : commits.back().version;
  return checkpoints.empty() ? version : std::max(version, checkpoints.back().version);
}

LogListing ListingOf(const std::vector<objectstore::ObjectInfo>& objects) {
  LogListing listing;
  std::map<int64_t, Gathered> checkpoints;
  for (const objectstore::ObjectInfo& object : objects) {
    std::optional<LogFileName> file = ParseLogFileName(object.name);
    if (!file.has_value()) continue;
    if (file->kind == LogFileKind::kCommit) {
      listing.commits.push_back({file->version, object.size, object.modified_ms});
      continue;
    }
    if (object.size == 0) continue;  // left behind by a writer that died
    if (file->kind == LogFileKind::kChecksum) listing.checksums.insert(file->version);
    if (file->kind == LogFileKind::kCompacted) listing.compactions.push_back({file->version, file->end_version, object.modified_ms});
    if (file->kind == LogFileKind::kChecksum || file->kind == LogFileKind::kCompacted) continue;
    Gathered& gathered = checkpoints[file->version];
    if (file->kind == LogFileKind::kCheckpoint) gathered.classic = object.name;
    if (file->kind == LogFileKind::kUuidCheckpoint) {
      gathered.uuid = object.name;
      gathered.uuid_json = file->json;
    }
    if (file->kind == LogFileKind::kMultiPartCheckpoint) {
      gathered.by_part_count[file->parts][file->part] = object.name;
    }
  }
  for (const auto& [version, gathered] : checkpoints) {
    std::optional<CheckpointFiles> complete = Complete(version, gathered);
    if (complete.has_value()) listing.checkpoints.push_back(*std::move(complete));
  }
  return listing;
}

Result<LogListing> ListLog(const TableLocation& table, int64_t from_version) {
  // The catalog first: what it forgets is published before.
  std::optional<RatifiedCommits> ratified;
  if (table.catalog) {
    ASSIGN_OR_RETURN(ratified, table.catalog->Ratified());
  }
  ASSIGN_OR_RETURN(std::vector<objectstore::ObjectInfo> objects,
                   table.store->ListFrom(LogDirectory(table.root), PaddedVersion(from_version)));
  LogListing listing = ListingOf(objects);
  if (ratified) RETURN_IF_ERROR(Overlay(table, *ratified, from_version, listing));
  return listing;
}

Result<LogListing> FollowLog(const TableLocation& table, int64_t from_version) {
  std::optional<LogListing> followed = FollowNames(table, from_version);
  return followed ? Result<LogListing>(*std::move(followed)) : ListLog(table, from_version);
}

Result<CommitFile> FindCommit(const TableLocation& table, int64_t version) {
  if (!table.catalog) return CommitFile{version};
  ASSIGN_OR_RETURN(RatifiedCommits ratified, table.catalog->Ratified());
  if (version > ratified.latest_version) {
    return MakeError(ErrorCode::kNotFound, "version " + std::to_string(version) + " of " + table.root + " is not ratified");
  }
  auto staged = ratified.staged.find(version);
  return CommitFile{version, 0, 0, staged == ratified.staged.end() ? std::string() : staged->second};
}

Result<LogSegment> MakeSegment(const TableLocation& table, const LogListing& listing,
                               std::optional<CheckpointFiles> checkpoint, int64_t version) {
  LogSegment segment;
  segment.version = version;
  int64_t expected = checkpoint.has_value() ? checkpoint->version + 1 : 0;
  segment.checkpoint = std::move(checkpoint);
  for (const CommitFile& commit : listing.commits) {
    if (commit.version > version) break;
    if (commit.version == version) segment.version_commit = commit;
    if (commit.version < expected && segment.commits.empty()) continue;
    if (commit.version != expected) {
      bool truncated = segment.commits.empty() && !segment.checkpoint.has_value();
      if (truncated) {
        return MakeSqlError(
            "DELTA_TRUNCATED_TRANSACTION_LOG", "42K03",
            table.root + ": version " + std::to_string(version) + " cannot be rebuilt: the log begins "
            "at version " + std::to_string(commit.version) + " and no checkpoint covers what is gone.",
            {{"path", table.root}, {"version", std::to_string(version)}});
      }
      std::string versions =
          std::to_string(expected - 1) + ", " + std::to_string(commit.version);
      Error error = MakeSqlError("DELTA_VERSIONS_NOT_CONTIGUOUS", "KD00C",
                                 "Versions (" + versions + ") of " + table.root + " are not contiguous.",
                                 {{"versionList", versions}});
      error.code = ErrorCode::kDataLoss;
      return error;
    }
    segment.commits.push_back(commit);
    ++expected;
  }
  if (expected != version + 1) {
    Error error = MakeSqlError("DELTA_LOG_FILE_NOT_FOUND", "42K03",
                               "The log of " + table.root + " has no file for version " +
                                   std::to_string(expected) + ".",
                               {{"version", std::to_string(expected)}, {"logPath", table.root}});
    error.code = ErrorCode::kDataLoss;
    return error;
  }
  segment.compactions = ChooseCompactions(listing.compactions, segment);
  segment.has_checksum = listing.checksums.contains(version);
  return segment;
}

}  // namespace ashlar::delta
