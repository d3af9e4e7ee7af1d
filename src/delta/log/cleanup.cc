#include "delta/log/cleanup.h"

#include <algorithm>
#include <set>

#include "base/failpoint.h"
#include "base/text.h"
#include "delta/evolution/drop_feature.h"
#include "delta/features.h"
#include "delta/log/checkpoint.h"
#include "delta/log/file_name.h"
#include "delta/log/replay.h"
#include "delta/paths.h"

namespace ashlar::delta {
namespace {

constexpr int64_t kDayMs = 24LL * 3600 * 1000;
constexpr int64_t kDefaultLogRetentionMs = 30 * kDayMs;

// The newest commit not younger than the cutoff; times never run backwards along the versions.
int64_t CutoffVersion(const std::vector<CommitFile>& commits, int64_t cutoff_ms) {
  int64_t version = -1;
  int64_t newest_ms = INT64_MIN;
  for (const CommitFile& commit : commits) {
    newest_ms = std::max(newest_ms, commit.modified_ms);
    if (newest_ms > cutoff_ms) break;
    version = commit.version;
  }
  return version;
}

bool IsExpired(const LogFileName& file, int64_t kept_version) {
  if (file.kind == LogFileKind::kCompacted) return file.version <= kept_version;
  return file.version < kept_version;
}

Status RemoveSidecars(const TableLocation& table, int64_t now_ms) {
  std::string folder = objectstore::JoinPath(LogDirectory(table.root), "_sidecars");
  ASSIGN_OR_RETURN(std::vector<objectstore::ObjectInfo> sidecars, table.store->ListFrom(folder, ""));
  std::erase_if(sidecars, [&](const auto& file) { return file.modified_ms > now_ms - kDayMs; });
  if (sidecars.empty()) return OkStatus();
  ASSIGN_OR_RETURN(LogListing listing, ListLog(table, 0));
  std::set<std::string> named;
  for (const CheckpointFiles& checkpoint : listing.checkpoints) {
    // What cannot be read may name any of them.
    ASSIGN_OR_RETURN(std::vector<Sidecar> own, ReadSidecarNames(table, checkpoint));
    for (const Sidecar& sidecar : own) {
      ASSIGN_OR_RETURN(std::string path, ResolveLogPath(folder, sidecar.path));
      named.insert(std::move(path));
    }
  }
  for (const objectstore::ObjectInfo& sidecar : sidecars) {
    std::string path = objectstore::JoinPath(folder, sidecar.name);
    if (!named.contains(path)) RETURN_IF_ERROR(table.store->Delete(path));
  }
  return OkStatus();
}

// Staged commits that the catalog speaks of no more, and those it never ratified and never will.
Status RemoveStaged(const TableLocation& table, const Snapshot& snapshot, int64_t now_ms) {
  if (!table.catalog) return OkStatus();
  // Before the files: what is ratified later has a version above the snapshot's.
  ASSIGN_OR_RETURN(RatifiedCommits ratified, table.catalog->Ratified());
  std::set<std::string> needed;
  for (const auto& [version, name] : ratified.staged) needed.insert(name);
  std::string folder = StagedDirectory(table.root);
  ASSIGN_OR_RETURN(std::vector<objectstore::ObjectInfo> files, table.store->ListFrom(folder, ""));
  for (const objectstore::ObjectInfo& file : files) {
    bool over = StagedVersion(file.name).value_or(INT64_MAX) <= snapshot.version() && !needed.contains(file.name);
    // A day, for those who were told of it just before.
    if (over && file.modified_ms <= now_ms - kDayMs) RETURN_IF_ERROR(table.store->Delete(objectstore::JoinPath(folder, file.name)));
  }
  return OkStatus();
}

}  // namespace

ExpiredLog FindExpiredLog(const std::vector<objectstore::ObjectInfo>& objects, int64_t cutoff_ms) {
  ExpiredLog expired;
  LogListing listing = ListingOf(objects);
  int64_t cutoff = CutoffVersion(listing.commits, cutoff_ms);
  for (const CheckpointFiles& checkpoint : listing.checkpoints) {
    if (checkpoint.version <= cutoff) expired.kept = checkpoint;
  }
  if (expired.kept.names.empty()) return expired;
  for (const objectstore::ObjectInfo& object : objects) {
    std::optional<LogFileName> file = ParseLogFileName(object.name);
    if (file.has_value() && IsExpired(*file, expired.kept.version)) expired.names.push_back(object.name);
  }
  return expired;
}

Status CleanUpLog(const TableLocation& table, const Snapshot& snapshot, int64_t now_ms) {
  if (!BooleanProperty(snapshot.metadata().configuration, "delta.enableExpiredLogCleanup", true)) {
    return OkStatus();
  }
  int64_t retention = ParseIntervalMs(snapshot.Property("delta.logRetentionDuration")).value_or(kDefaultLogRetentionMs);
  int64_t cutoff_ms = (now_ms - retention) / kDayMs * kDayMs;
  RETURN_IF_ERROR(TruncateLog(table, snapshot, cutoff_ms));
  RETURN_IF_ERROR(RemoveSidecars(table, now_ms));
  return RemoveStaged(table, snapshot, now_ms);
}

Status TruncateLog(const TableLocation& table, const Snapshot& snapshot, int64_t cutoff_ms) {
  std::string directory = LogDirectory(table.root);
  ASSIGN_OR_RETURN(std::vector<objectstore::ObjectInfo> objects, table.store->ListFrom(directory, ""));
  ExpiredLog expired = FindExpiredLog(objects, cutoff_ms);
  if (expired.names.empty()) return OkStatus();
  if (IsFeatureListed(snapshot.protocol(), "checkpointProtection") &&
      expired.kept.version < ParseInt64(snapshot.Property(kProtectedBefore)).value_or(0)) {
    return OkStatus();
  }
  // It must really carry the table before what came before it goes.
  ASSIGN_OR_RETURN(LogSegment segment, MakeSegment(table, ListingOf(objects), expired.kept, expired.kept.version));
  RETURN_IF_ERROR(Replay(table, segment, nullptr));
  for (const std::string& name : expired.names) {
    RETURN_IF_ERROR(Failpoint("delta.cleanup.before_delete"));
    RETURN_IF_ERROR(table.store->Delete(objectstore::JoinPath(directory, name)));
  }
  return OkStatus();
}

}  // namespace ashlar::delta
