#include "delta/maintenance/restore.h"

#include <algorithm>
#include <string>

#include "delta/clustering.h"
#include "delta/commit/row_tracking.h"
#include "delta/features.h"

namespace ashlar::delta {
namespace {

void AddName(std::optional<std::vector<std::string>>& list, const std::string& name) {
  if (!list) list.emplace();
  if (!std::ranges::count(*list, name)) list->push_back(name);
}

// Everything both protocols list, by name or by version.
Protocol Joined(Protocol protocol, const Protocol& old) {
  for (const std::string& name : ListedFeatures(old)) {
    if (const TableFeature* feature = FindTableFeature(name)) {
      protocol = WithFeature(std::move(protocol), *feature);
      continue;
    }
    // Unknown here: the commit refuses it by its name.
    protocol.min_writer_version = std::max(protocol.min_writer_version, old.min_writer_version);
    AddName(protocol.writer_features, name);
    if (!old.reader_features || !std::ranges::count(*old.reader_features, name)) continue;
    protocol.min_reader_version = std::max(protocol.min_reader_version, old.min_reader_version);
    AddName(protocol.reader_features, name);
  }
  return protocol;
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
  plan.protocol = Joined(latest.protocol(), target.protocol());
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
