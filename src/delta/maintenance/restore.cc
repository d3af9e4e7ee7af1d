#include "delta/maintenance/restore.h"

#include <algorithm>
#include <set>
#include <string>

#include "delta/clustering.h"
#include "delta/commit/row_tracking.h"

namespace ashlar::delta {
namespace {

using Features = std::optional<std::vector<std::string>>;

Features Union(const Features& a, const Features& b) {
  if (!a || !b) return a ? a : b;
  std::set<std::string> all(a->begin(), a->end());
  all.insert(b->begin(), b->end());
  return std::vector<std::string>(all.begin(), all.end());
}

// The files of `of` that `other` does not have.
std::vector<AddFile> Only(const Snapshot& of, const Snapshot& other) {
  std::vector<AddFile> only;
  for (AddFile file : of.files()) {
    if (!other.files().Find(FileKey(file))) only.push_back(std::move(file));
  }
  return only;
}

int64_t BytesOf(const std::vector<AddFile>& files) {
  int64_t bytes = 0;
  for (const AddFile& file : files) bytes += file.size;
  return bytes;
}

}  // namespace

RestorePlan PlanRestore(const Snapshot& latest, const Snapshot& target) {
  RestorePlan plan;
  plan.restored = Only(target, latest);
  for (AddFile& file : plan.restored) file.data_change = true;
  plan.removed = Only(latest, target);
  plan.metadata = target.metadata();
  plan.metadata.id = latest.metadata().id;
  plan.protocol = latest.protocol();
  const Protocol& old = target.protocol();
  plan.protocol.min_reader_version = std::max(plan.protocol.min_reader_version, old.min_reader_version);
  plan.protocol.min_writer_version = std::max(plan.protocol.min_writer_version, old.min_writer_version);
  plan.protocol.reader_features = Union(plan.protocol.reader_features, old.reader_features);
  plan.protocol.writer_features = Union(plan.protocol.writer_features, old.writer_features);
  const auto& now = latest.state().domain_metadata;
  const auto& then = target.state().domain_metadata;
  for (const auto& [name, domain] : then) {
    auto current = now.find(name);
    // The ids of rows that were are not given again.
    if (name == kRowTrackingDomain && current != now.end()) continue;
    if (current == now.end() || !(current->second == domain)) plan.domains.push_back(domain);
  }
  for (const auto& [name, domain] : now) {
    if (then.contains(name) || name == kRowTrackingDomain) continue;
    // As delta-spark does: what was laid out by columns is by none, its domain stays.
    plan.domains.push_back(name == kClusteringDomain ? ClusteringDomain({}) : DomainMetadata{name, domain.configuration, true});
  }
  plan.metrics = {{"numRestoredFiles", std::to_string(plan.restored.size())},
                  {"restoredFilesSize", std::to_string(BytesOf(plan.restored))},
                  {"numRemovedFiles", std::to_string(plan.removed.size())},
                  {"removedFilesSize", std::to_string(BytesOf(plan.removed))},
                  {"numOfFilesAfterRestore", std::to_string(target.files().size())},
                  {"tableSizeAfterRestore", std::to_string(target.SizeInBytes())}};
  return plan;
}

}  // namespace ashlar::delta
