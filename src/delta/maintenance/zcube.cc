#include "delta/maintenance/zcube.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "base/json.h"
#include "delta/clustering.h"
#include "delta/stats.h"

namespace ashlar::delta {
namespace {

constexpr const char* kId = "ZCUBE_ID";
constexpr const char* kColumns = "ZCUBE_ZORDER_BY";

// The cube a file belongs to; empty for none.
std::string CubeOf(const AddFile& file) {
  auto id = file.tags.find(kId);
  return id == file.tags.end() || !file.tags.contains(kColumns) ? "" : id->second;
}

bool IsLaidOutBy(const AddFile& file, const std::vector<std::string>& columns) {
  Result<Json> json = ParseJson(file.tags.at(kColumns));
  return json.ok() && *json == Json(columns);
}

// The size without the rows that are deleted.
int64_t LiveBytes(const AddFile& file) {
  std::optional<int64_t> rows = NumRecords(file);
  if (!file.deletion_vector || !rows || *rows == 0) return file.size;
  double live = static_cast<double>(*rows - file.deletion_vector->cardinality) / static_cast<double>(*rows);
  return static_cast<int64_t>(static_cast<double>(file.size) * live);
}

// What the plan asks of a file; the list makes it anew each time it is asked.
struct Input {
  size_t index = 0;
  int64_t size = 0;
  int64_t live_bytes = 0;
  std::string cube;  // empty for none
  bool counts = false;     // one of a cube that the plan speaks of
  bool candidate = false;  // one that nobody laid out, or of a cube by these columns
};

class Planner {
 public:
  Planner(const Snapshot& snapshot, const CubeOptions& options) : options_(options) {
    size_t index = 0;
    for (const AddFile& file : snapshot.files()) inputs_.push_back(InputOf(file, index++));
    // Files of no cube come first.
    std::ranges::stable_sort(inputs_, {}, &Input::cube);
  }

  CubePlan Make() const {
    CubePlan plan;
    std::set<std::string> cubes;
    for (const Input& input : inputs_) {
      (input.counts ? plan.cube_files : plan.other_files).push_back(input.index);
      if (input.counts) cubes.insert(input.cube);
    }
    plan.cube_count = static_cast<int64_t>(cubes.size());
    plan.cubes = Bins(Chosen());
    return plan;
  }

 private:
  Input InputOf(const AddFile& file, size_t index) const {
    Input input{index, file.size, LiveBytes(file), CubeOf(file)};
    bool by_columns = !input.cube.empty() && IsLaidOutBy(file, options_.columns);
    bool by_us = !file.clustering_provider || *file.clustering_provider == kClusteringProvider;
    input.counts = by_columns || (options_.full && !input.cube.empty());
    input.candidate = by_us && (input.cube.empty() || by_columns);
    return input;
  }

  std::vector<Input> Chosen() const {
    std::map<std::string, int64_t> bytes;
    bool all_candidates = true;
    for (const Input& input : inputs_) {
      if (input.candidate) bytes[input.cube] += input.live_bytes;
      all_candidates = all_candidates && input.candidate;
    }
    std::vector<Input> chosen;
    for (const Input& input : inputs_) {
      bool unfinished = input.cube.empty() || bytes[input.cube] < options_.finished_bytes;
      if (input.candidate && unfinished) chosen.push_back(input);
    }
    if (options_.full && !all_candidates) {
      std::ranges::copy_if(inputs_, std::back_inserter(chosen), [](const Input& input) { return !input.candidate; });
    } else if (IsOneCube(chosen)) {
      chosen.clear();
    }
    return chosen;
  }

  // One cube alone is as good as it can be.
  static bool IsOneCube(const std::vector<Input>& inputs) {
    if (inputs.empty() || inputs[0].cube.empty()) return false;
    return std::ranges::all_of(inputs, [&](const Input& input) { return input.cube == inputs[0].cube; });
  }

  std::vector<std::vector<size_t>> Bins(const std::vector<Input>& inputs) const {
    int64_t limit = std::max(options_.target_bytes, options_.finished_bytes);
    std::vector<std::vector<size_t>> bins;
    int64_t bytes = 0;
    for (const Input& input : inputs) {
      if (bins.empty() || input.size > limit - bytes) {
        bins.emplace_back();
        bytes = 0;
      }
      bins.back().push_back(input.index);
      bytes += input.size;
    }
    return bins;
  }

  const CubeOptions& options_;
  std::vector<Input> inputs_;
};

}  // namespace

CubePlan PlanCubes(const Snapshot& snapshot, const CubeOptions& options) { return Planner(snapshot, options).Make(); }

void TagWithCube(AddFile& file, const std::string& cube_id, const std::vector<std::string>& columns) {
  file.clustering_provider = kClusteringProvider;
  file.tags[kId] = cube_id;
  file.tags[kColumns] = WriteJson(Json(columns));
}

}  // namespace ashlar::delta
