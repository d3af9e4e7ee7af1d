// How many rows data files have; the files themselves are asked where their writer left numRecords out.
#pragma once

#include <vector>

#include "base/result.h"
#include "delta/snapshot.h"
#include "engine/engine.h"

namespace ashlar::engine {

// The rows of a file of this snapshot, those its deletion vector deletes included. Errors: those of reading it.
Result<int64_t> PhysicalRows(Connection& connection, const delta::Snapshot& snapshot, const delta::AddFile& file);

// Gives numRecords to those of the files (of this snapshot) that lack it: a commit of ours adds none without.
Status FillRowCounts(Connection& connection, const delta::Snapshot& snapshot, std::vector<delta::AddFile>& files);

}  // namespace ashlar::engine
