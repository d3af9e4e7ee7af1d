#include "delta/maintenance/vacuum.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include "base/json.h"
#include "base/text.h"
#include "delta/deletion_vector.h"
#include "delta/log/checkpoint.h"
#include "delta/log/log_segment.h"
#include "delta/log/replay.h"
#include "delta/maintenance/table_folder.h"
#include "delta/maintenance/table_objects.h"
#include "delta/paths.h"
#include "objectstore/store_url.h"

namespace ashlar::delta {
namespace {

constexpr std::string_view kVacuumInfo = "_last_vacuum_info";
constexpr const char* kNewestDone = "latestCommitVersionOutsideOfRetentionWindow";

// Adds the paths below `root` of a file of the table at `table`, and of its deletion vector. Files elsewhere are not ours.
template <typename File, typename Paths>
Status AddPaths(const std::string& root, const std::string& table, const File& file, Paths* paths) {
  auto add = [&](const Result<std::string>& path) -> Status {
    if (path.ok()) {
      if (path->starts_with(root) && path->substr(root.size(), 1) == "/") paths->insert(path->substr(root.size() + 1));
      return OkStatus();
    }
    return path.error().code == ErrorCode::kPermissionDenied ? OkStatus() : Status(path.error());
  };
  std::span<const std::string> shared(&root, 1);
  RETURN_IF_ERROR(add(ResolveLogPath(table, file.path, shared)));
  if (!file.deletion_vector || file.deletion_vector->storage_type == "i") return OkStatus();
  return add(DeletionVectorPath(table, *file.deletion_vector, shared));
}

// The newest commit a VACUUM has dealt with; -1 without one.
int64_t NewestDone(const TableLocation& table) {
  Result<std::string> text = table.store->Read(table.root + "/_delta_log/" + std::string(kVacuumInfo));
  if (!text.ok()) return -1;
  Result<Json> json = ParseJson(*text);
  bool usable = json.ok() && json->is_object() && json->contains(kNewestDone) && (*json)[kNewestDone].is_number_integer();
  return usable ? (*json)[kNewestDone].get<int64_t>() : -1;
}

}  // namespace

int64_t DeletedFileRetentionMs(const Metadata& metadata) {
  auto property = metadata.configuration.find("delta.deletedFileRetentionDuration");
  std::optional<int64_t> parsed;
  if (property != metadata.configuration.end()) parsed = ParseIntervalMs(property->second);
  return parsed.value_or(7 * 24 * kHourMs);
}

Result<Retention> RetentionOf(const Metadata& metadata, std::optional<double> retain_hours, bool check) {
  Retention retention;
  retention.configured_ms = DeletedFileRetentionMs(metadata);
  retention.used_ms = retention.configured_ms;
  if (!retain_hours) return retention;
  if (*retain_hours != 0) {
    double asked = std::min(*retain_hours * static_cast<double>(kHourMs), 1e17);
    retention.used_ms = std::max(retention.configured_ms, static_cast<int64_t>(std::llround(std::max(asked, 0.0))));
    return retention;
  }
  retention.used_ms = 0;
  if (!check || retention.configured_ms == 0) return retention;
  std::string hours = std::to_string(retention.configured_ms / kHourMs);
  return MakeSqlError("DELTA_VACUUM_RETENTION_PERIOD_TOO_SHORT", "22003",
                      "The specified VACUUM retention period is too low and may corrupt this Delta table if any writes "
                      "are in progress.\n\nIf no operations (insert, upsert, delete, optimize) are running, you can "
                      "disable this safety check by setting:\nspark.databricks.delta.retentionDurationCheck.enabled = "
                      "false\n\nOtherwise, use a retention period of at least " + hours + " hours.",
                      {{"configuredRetentionHours", hours}});
}

Status AddNeededPaths(const std::string& root, const Snapshot& snapshot, int64_t cutoff_ms,
                      std::unordered_set<std::string>& paths) {
  paths.reserve(paths.size() + snapshot.files().size());
  for (const AddFile& file : snapshot.files()) RETURN_IF_ERROR(AddPaths(root, snapshot.root(), file, &paths));
  for (const auto& chunk : snapshot.state().tombstones.chunks()) {
    for (const RemoveFile& file : chunk->files) {
      if (file.deletion_timestamp_ms.value_or(0) < cutoff_ms) continue;
      RETURN_IF_ERROR(AddPaths(root, snapshot.root(), file, &paths));
    }
  }
  return OkStatus();
}

bool IsHiddenName(const std::string& name, const std::vector<std::string>& partition_columns) {
  if (!name.starts_with('_') && !name.starts_with('.')) return false;
  if (name == "_change_data" || name.starts_with("_delta_index")) return false;
  return std::ranges::none_of(partition_columns, [&](const std::string& c) { return name.starts_with(c + "="); });
}

int64_t VacuumPlan::bytes() const {
  int64_t total = 0;
  for (const VacuumFile& file : files) total += file.size;
  return total;
}

Result<VacuumPlan> PlanVacuum(const TableLocation& table, const Snapshot& snapshot, const VacuumWindow& window) {
  std::unordered_set<std::string> needed = window.needed_by_clones;
  RETURN_IF_ERROR(AddNeededPaths(snapshot.root(), snapshot, window.cutoff_ms, needed));
  std::vector<std::string> partitions;
  for (const std::string& name : snapshot.partition_columns()) {
    int index = snapshot.schema().IndexOf(name);
    CHECK(index >= 0) << "partition column " << name;
    partitions.push_back(PhysicalName(snapshot.schema().fields[static_cast<size_t>(index)], snapshot.mapping_mode()));
  }
  FolderFilter filter;
  filter.is_hidden = [&](const std::string& name) { return IsHiddenName(name, partitions); };
  filter.is_needed = [&](const std::string& path) { return needed.contains(path); };
  filter.older_than_ms = window.cutoff_ms;
  ASSIGN_OR_RETURN(FolderContents found, objectstore::IsStorePath(table.root) ? ListObjects(table, filter)
                                                                              : ListFolder(table.root, filter));
  VacuumPlan plan;
  for (FolderFile& file : found.files) plan.files.push_back({std::move(file.path), file.size});
  plan.folders = std::move(found.empty_folders);
  plan.folder_count = found.folder_count;
  std::ranges::sort(plan.files, {}, &VacuumFile::path);
  std::ranges::sort(plan.folders);
  return plan;
}

Result<VacuumPlan> PlanVacuumLite(const TableLocation& table, const Snapshot& snapshot, const VacuumWindow& window) {
  std::unordered_set<std::string> needed = window.needed_by_clones;
  RETURN_IF_ERROR(AddNeededPaths(snapshot.root(), snapshot, window.cutoff_ms, needed));
  int64_t first = NewestDone(table) + 1;
  ASSIGN_OR_RETURN(LogListing listing, ListLog(table, first));
  if (listing.commits.empty() || listing.commits.front().version > first) {
    if (first > snapshot.version()) return VacuumPlan();
    return MakeSqlError("DELTA_CANNOT_VACUUM_LITE", "55000",
                        "VACUUM LITE cannot delete all eligible files as some files are not referenced by the Delta "
                        "log. Please run VACUUM FULL.");
  }
  std::set<std::string> removed;
  for (const CommitFile& commit : listing.commits) {
    if (commit.version > snapshot.version()) break;
    ASSIGN_OR_RETURN(std::vector<Action> actions, ReadCommit(table, commit));
    for (const Action& action : actions) {
      auto* file = std::get_if<RemoveFile>(&action);
      if (file == nullptr || file->deletion_timestamp_ms.value_or(0) >= window.cutoff_ms) continue;
      RETURN_IF_ERROR(AddPaths(snapshot.root(), snapshot.root(), *file, &removed));
    }
  }
  VacuumPlan plan;
  plan.folder_count = 1;
  for (const std::string& path : removed) {
    if (needed.contains(path)) continue;
    ASSIGN_OR_RETURN(std::optional<int64_t> size, objectstore::IsStorePath(table.root) ? ObjectSize(table, path)
                                                                                       : FileSize(table.root, path));
    if (size) plan.files.push_back({path, *size});
  }
  return plan;
}

Result<int64_t> DeletePlanned(const TableLocation& table, const VacuumPlan& plan,
                              const std::function<bool()>& cancelled) {
  std::vector<std::string> paths;
  for (const VacuumFile& file : plan.files) paths.push_back(file.path);
  if (objectstore::IsStorePath(table.root)) return DeleteObjects(table, paths, cancelled);
  ASSIGN_OR_RETURN(int64_t deleted, UnlinkFiles(table.root, paths, cancelled));
  RemoveEmptyFolders(table.root, plan.folders);
  return deleted;
}

Status NoteVacuumed(const TableLocation& table, int64_t cutoff_ms) {
  ASSIGN_OR_RETURN(LogListing listing, ListLog(table, 0));
  int64_t newest = -1;
  for (const CommitFile& commit : listing.commits) {
    if (commit.modified_ms < cutoff_ms) newest = commit.version;
  }
  if (newest < 0) return OkStatus();
  Json json = {{kNewestDone, newest}};
  return table.store->PutOverwrite(table.root + "/_delta_log/" + std::string(kVacuumInfo), WriteJson(json));
}

}  // namespace ashlar::delta
