// OPTIMIZE, planned: which files are rewritten together, and what is reported of it. Pure. Rules and
// names are delta-spark's (OptimizeTableCommand, OptimizeStats).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "delta/snapshot.h"

namespace ashlar::delta {

struct OptimizeOptions {
  enum class Kind {
    kCompact,  // small files, and those with many deleted rows
    kCluster,  // every file, a partition at a time
    kPurge,    // files with deletion vectors
  };
  Kind kind = Kind::kCompact;
  int64_t target_file_bytes = int64_t{1} << 30;
  double max_deleted_ratio = 0.05;  // above it a file of any size is rewritten
  size_t min_files = 2;             // of a bin
};

// A size as settings have it ("104857600", "100mb"), a bare number in units of 2^`bare_shift` bytes; nullopt for what is none.
std::optional<int64_t> SizeInBytes(std::string_view text, int bare_shift = 0);
// delta.targetFileSize when set, else 1 GiB. Errors: kInvalidParameterValue.
Result<int64_t> TargetFileBytes(const Metadata& metadata);

struct OptimizePlan {
  std::vector<std::vector<size_t>> bins;  // indexes into the snapshot's files; each bin of one partition
  size_t considered = 0;
  size_t skipped = 0;
  size_t partitions = 0;  // with at least one bin
};
// `candidates`: indexes into snapshot.files().
OptimizePlan PlanOptimize(const Snapshot& snapshot, const std::vector<size_t>& candidates,
                          const OptimizeOptions& options);

// Which files an automatic compaction takes: the small ones of those of the given partitions that have at
// least `min_files` of them, of no more than so many partitions.
struct AutoCompactOptions {
  int64_t small_file_bytes = int64_t{64} << 20;
  size_t min_files = 50;
  size_t max_partitions = 128;
  bool every_partition = false;  // not the given ones alone
};
std::vector<size_t> AutoCompactCandidates(const Snapshot& snapshot, const std::set<PartitionValues>& partitions,
                                          const AutoCompactOptions& options);

struct FileSizes {
  int64_t count = 0;
  int64_t total = 0;
  int64_t min = 0;
  int64_t max = 0;
  double average() const { return count == 0 ? 0 : static_cast<double>(total) / static_cast<double>(count); }
};
FileSizes SizesOf(const std::vector<AddFile>& files);

// operationMetrics of the commit: counts, bytes and the distribution of the new files' sizes.
StringMap OptimizeMetrics(const std::vector<AddFile>& removed, const std::vector<AddFile>& added);

}  // namespace ashlar::delta
