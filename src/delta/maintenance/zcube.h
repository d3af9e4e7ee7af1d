// Which files of a clustered table OPTIMIZE lays out anew. Pure; rules, names and figures are delta-spark's
// (ClusteringStrategy, ZCube). Files that were laid out together are a cube and carry its id as a tag. A cube
// is finished once it has grown to a size; the others are laid out again together with new files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "delta/snapshot.h"

namespace ashlar::delta {

struct CubeOptions {
  std::vector<std::string> columns;  // logical names as text, in order
  bool full = false;                 // also the files that were laid out by other columns
  int64_t finished_bytes = int64_t{100} << 30;
  int64_t target_bytes = int64_t{150} << 30;  // of a new cube
};

struct CubePlan {
  std::vector<std::vector<size_t>> cubes;  // indexes into the snapshot's files; each becomes one cube
  // What was looked at: files of cubes by these columns (by any, when full), and the others.
  int64_t cube_count = 0;
  std::vector<size_t> cube_files;
  std::vector<size_t> other_files;
};
CubePlan PlanCubes(const Snapshot& snapshot, const CubeOptions& options);

// Marks a file as one of the cube.
void TagWithCube(AddFile& file, const std::string& cube_id, const std::vector<std::string>& columns);

}  // namespace ashlar::delta
