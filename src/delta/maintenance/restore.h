// RESTORE, planned: the change that makes a table what it was at an earlier version. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "delta/snapshot.h"

namespace ashlar::delta {

struct RestorePlan {
  std::vector<AddFile> restored;
  std::vector<AddFile> removed;  // of the latest version
  Metadata metadata;
  Protocol protocol;  // never lowered
  std::vector<DomainMetadata> domains;
  // numRestoredFiles, restoredFilesSize, numRemovedFiles, removedFilesSize, numOfFilesAfterRestore,
  // tableSizeAfterRestore
  StringMap metrics;
};
RestorePlan PlanRestore(const Snapshot& latest, const Snapshot& target);

}  // namespace ashlar::delta
