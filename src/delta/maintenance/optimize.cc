#include "delta/maintenance/optimize.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "delta/stats.h"

namespace ashlar::delta {
namespace {

bool IsCandidate(const AddFile& file, const OptimizeOptions& options) {
  switch (options.kind) {
    case OptimizeOptions::Kind::kCluster: return true;
    case OptimizeOptions::Kind::kPurge: return file.deletion_vector.has_value();
    case OptimizeOptions::Kind::kCompact: break;
  }
  if (file.size < options.target_file_bytes) return true;
  std::optional<int64_t> rows = NumRecords(file);
  if (!file.deletion_vector || !rows || *rows == 0) return false;
  double deleted = static_cast<double>(file.deletion_vector->cardinality) / static_cast<double>(*rows);
  return deleted > options.max_deleted_ratio;
}

// Smallest first, so that a bin holds as many files as fit.
std::vector<std::vector<size_t>> BinsOf(const Snapshot& snapshot, std::vector<size_t> files,
                                        const OptimizeOptions& options) {
  std::vector<std::vector<size_t>> bins;
  if (options.kind == OptimizeOptions::Kind::kCluster) return {std::move(files)};
  std::ranges::stable_sort(files, {}, [&](size_t i) { return snapshot.files().SizeOf(i); });
  int64_t bytes = 0;
  for (size_t file : files) {
    int64_t size = snapshot.files().SizeOf(file);
    if (bins.empty() || bytes + size > options.target_file_bytes) {
      bins.emplace_back();
      bytes = 0;
    }
    bins.back().push_back(file);
    bytes += size;
  }
  size_t least = options.kind == OptimizeOptions::Kind::kPurge ? 1 : options.min_files;
  std::erase_if(bins, [&](const std::vector<size_t>& bin) { return bin.size() < least; });
  return bins;
}

}  // namespace

std::optional<int64_t> SizeInBytes(std::string_view text, int bare_shift) {
  const std::array<std::pair<std::string_view, int>, 10> units = {
      {{"kb", 10}, {"mb", 20}, {"gb", 30}, {"tb", 40}, {"k", 10}, {"m", 20}, {"g", 30}, {"t", 40}, {"b", 0}, {"", bare_shift}}};
  std::string lower = ToLowerAscii(std::string(text));
  for (const auto& [unit, shift] : units) {
    if (!lower.ends_with(unit)) continue;
    std::optional<int64_t> number = ParseInt64(lower.substr(0, lower.size() - unit.size()));
    if (number && *number > 0 && *number <= INT64_MAX >> shift) return *number << shift;
    break;
  }
  return std::nullopt;
}

Result<int64_t> TargetFileBytes(const Metadata& metadata) {
  auto property = metadata.configuration.find("delta.targetFileSize");
  if (property == metadata.configuration.end()) return int64_t{1} << 30;
  if (std::optional<int64_t> bytes = SizeInBytes(property->second)) return *bytes;
  return MakeError(ErrorCode::kInvalidParameterValue,
                   "Table property delta.targetFileSize must be a positive size in bytes: '" + property->second + "'");
}

OptimizePlan PlanOptimize(const Snapshot& snapshot, const std::vector<size_t>& candidates,
                          const OptimizeOptions& options) {
  OptimizePlan plan;
  plan.considered = candidates.size();
  std::map<PartitionValues, std::vector<size_t>> partitions;
  for (size_t i : candidates) {
    const AddFile& file = snapshot.files()[i];
    if (IsCandidate(file, options)) partitions[file.partition_values].push_back(i);
  }
  size_t chosen = 0;
  for (auto& [values, files] : partitions) {
    std::vector<std::vector<size_t>> bins = BinsOf(snapshot, std::move(files), options);
    if (!bins.empty()) ++plan.partitions;
    for (std::vector<size_t>& bin : bins) {
      chosen += bin.size();
      plan.bins.push_back(std::move(bin));
    }
  }
  plan.skipped = plan.considered - chosen;
  return plan;
}

std::vector<size_t> AutoCompactCandidates(const Snapshot& snapshot, const std::set<PartitionValues>& partitions,
                                          const AutoCompactOptions& options) {
  std::map<PartitionValues, std::vector<size_t>> small;
  for (size_t i = 0; i < snapshot.files().size(); ++i) {
    const AddFile& file = snapshot.files()[i];
    bool looked_at = options.every_partition || partitions.contains(file.partition_values);
    if (looked_at && file.size <= options.small_file_bytes) {
      small[file.partition_values].push_back(i);
    }
  }
  std::vector<size_t> candidates;
  size_t taken = 0;
  for (const auto& [values, files] : small) {
    if (files.size() < options.min_files || taken == options.max_partitions) continue;
    candidates.insert(candidates.end(), files.begin(), files.end());
    ++taken;
  }
  return candidates;
}

FileSizes SizesOf(const std::vector<AddFile>& files) {
  FileSizes sizes;
  for (const AddFile& file : files) {
    sizes.min = sizes.count == 0 ? file.size : std::min(sizes.min, file.size);
    sizes.max = std::max(sizes.max, file.size);
    sizes.total += file.size;
    ++sizes.count;
  }
  return sizes;
}

StringMap OptimizeMetrics(const std::vector<AddFile>& removed, const std::vector<AddFile>& added) {
  FileSizes out = SizesOf(removed), in = SizesOf(added);
  int64_t vectors = std::ranges::count_if(removed, [](const AddFile& file) { return file.deletion_vector.has_value(); });
  std::vector<int64_t> sizes;
  for (const AddFile& file : added) sizes.push_back(file.size);
  std::ranges::sort(sizes);
  auto percentile = [&](size_t quarter) {
    return std::to_string(sizes.empty() ? 0 : sizes[std::min(sizes.size() - 1, sizes.size() * quarter / 4)]);
  };
  return {{"numRemovedFiles", std::to_string(out.count)}, {"numRemovedBytes", std::to_string(out.total)},
          {"numAddedFiles", std::to_string(in.count)},    {"numAddedBytes", std::to_string(in.total)},
          {"numDeletionVectorsRemoved", std::to_string(vectors)},
          {"minFileSize", percentile(0)},  {"p25FileSize", percentile(1)}, {"p50FileSize", percentile(2)},
          {"p75FileSize", percentile(3)},  {"maxFileSize", percentile(4)}};
}

}  // namespace ashlar::delta
