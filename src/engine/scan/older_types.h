// Files from before a column's type was widened.
#pragma once

#include <cstddef>
#include <vector>

#include "base/result.h"
#include "delta/snapshot.h"
#include "engine/engine.h"

namespace ashlar::engine {

// The files of a table (indexes into the snapshot's) that have a column of another type than the table,
// one it was widened from.
Result<std::vector<size_t>> FilesWithOlderTypes(Engine& engine, const delta::Snapshot& snapshot);

}  // namespace ashlar::engine
