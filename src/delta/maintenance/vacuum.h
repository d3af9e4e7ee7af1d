// VACUUM: which files of a table's folder nobody needs any more, and their removal. Only what lies in the
// folder itself is looked at: links are neither followed nor removed, and names that begin with "_" or
// "." are left alone (partition folders and _change_data excepted).
//
// A table does not know its shallow clones: which files they need is said by who asks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "delta/snapshot.h"

namespace ashlar::delta {

constexpr int64_t kHourMs = 3'600'000;

// delta.deletedFileRetentionDuration, a week by default.
int64_t DeletedFileRetentionMs(const Metadata& metadata);

struct Retention {
  int64_t configured_ms = 0;
  int64_t used_ms = 0;
};
// RETAIN n HOURS beside the table's own retention: 0 is taken at its word, other values can only keep
// more. Errors: DELTA_VACUUM_RETENTION_PERIOD_TOO_SHORT (22003) for 0 while `check` holds.
Result<Retention> RetentionOf(const Metadata& metadata, std::optional<double> retain_hours, bool check);

// Adds the paths below `root` that stay whatever their age: active files and files removed since the cutoff,
// with their deletion vectors. `snapshot` is of the table at `root`, or of a shallow clone of it.
Status AddNeededPaths(const std::string& root, const Snapshot& snapshot, int64_t cutoff_ms,
                      std::unordered_set<std::string>& paths);

// Whether VACUUM leaves a name alone.
bool IsHiddenName(const std::string& name, const std::vector<std::string>& partition_columns);

struct VacuumFile {
  std::string path;  // below the root
  int64_t size = 0;
  bool operator==(const VacuumFile&) const = default;
};
struct VacuumPlan {
  std::vector<VacuumFile> files;     // by path
  std::vector<std::string> folders;  // empty ones, by path
  int64_t folder_count = 0;          // looked at, the root included
  int64_t bytes() const;
};
// What is deleted: files older than the cutoff that neither the table needs nor its clones (paths below its root).
struct VacuumWindow {
  int64_t cutoff_ms = 0;
  std::unordered_set<std::string> needed_by_clones = {};
};
// By listing the folder.
Result<VacuumPlan> PlanVacuum(const TableLocation& table, const Snapshot& snapshot, const VacuumWindow& window);
// By the log alone (VACUUM LITE): files that commits older than the cutoff removed. Errors:
// DELTA_CANNOT_VACUUM_LITE (55000) when commits since the last VACUUM are gone.
Result<VacuumPlan> PlanVacuumLite(const TableLocation& table, const Snapshot& snapshot, const VacuumWindow& window);

// Deletes what is planned, in parallel; gives the number of files deleted. `cancelled` is asked now and
// then. Errors: kIoError of the first file that could not be deleted; the rest is still tried.
Result<int64_t> DeletePlanned(const TableLocation& table, const VacuumPlan& plan,
                              const std::function<bool()>& cancelled);

// Notes for the next VACUUM LITE which commits need not be looked at again.
Status NoteVacuumed(const TableLocation& table, int64_t cutoff_ms);

}  // namespace ashlar::delta
