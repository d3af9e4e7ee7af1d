#include "delta/evolution/drop_feature.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "delta/deletion_vector.h"
#include "delta/evolution/iceberg_compat.h"
#include "delta/paths.h"
#include "delta/schema.h"

namespace ashlar::delta {
namespace {

constexpr std::array<std::string_view, 12> kRemovable = {
    "catalogManaged", "checkConstraints", "checkpointProtection", "columnMapping",       "deletionVectors",
    "domainMetadata",   "inCommitTimestamp",    "rowTracking",         "typeWidening",
    "typeWidening-preview", "v2Checkpoint",     "vacuumProtocolCheck",
};

// A feature and one it cannot do without.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNeeds = {{
    {"clustering", "domainMetadata"},
    {"rowTracking", "domainMetadata"},
    {"variantShredding", "variantType"},
    {"icebergCompatV1", "columnMapping"},
    {"icebergCompatV2", "columnMapping"},
    {"catalogManaged", "inCommitTimestamp"},
    {"catalogManaged", "vacuumProtocolCheck"},
}};

// The highest versions that are not those of named features.
constexpr int kLastReader = 2;
constexpr int kLastWriter = 6;

Error DropError(const std::string& condition, const char* state, std::string message,
                std::map<std::string, std::string> parameters) {
  return MakeSqlError("DELTA_FEATURE_" + condition, state, std::move(message), std::move(parameters));
}

Error Dependent(const std::string& name, const std::vector<std::string>& dependents) {
  std::string list = Join(dependents, ", ");
  return DropError("DROP_DEPENDENT_FEATURE", "55000",
                   "Cannot drop table feature `" + name + "` because some other features (" + list +
                       ") in this table depends on `" + name + "`.\nConsider dropping them first before dropping this feature.",
                   {{"feature", name}, {"dependentFeatures", list}});
}

bool HasVector(const Action& action) {
  if (const auto* add = std::get_if<AddFile>(&action)) return add->deletion_vector.has_value();
  const auto* remove = std::get_if<RemoveFile>(&action);
  return remove != nullptr && remove->deletion_vector.has_value();
}

bool IsOfV2Checkpoints(const Action& action) {
  return std::holds_alternative<CheckpointMetadata>(action) || std::holds_alternative<Sidecar>(action);
}

// Versions that imply exactly these features, where there are such.
std::optional<Protocol> ByVersions(const std::vector<std::string>& names) {
  for (int writer = 1; writer <= kLastWriter; ++writer) {
    for (int reader = 1; reader <= kLastReader; ++reader) {
      Protocol protocol;
      protocol.min_reader_version = reader;
      protocol.min_writer_version = writer;
      if (ListedFeatures(protocol) == names) return protocol;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<const TableFeature*> FeatureToDrop(const Protocol& protocol, const std::string& name, bool truncates_history) {
  auto all = AllTableFeatures();
  auto found = std::ranges::find_if(all, [&](const TableFeature& f) { return EqualsIgnoreCase(f.name, name); });
  if (found == all.end()) {
    return DropError("DROP_UNSUPPORTED_CLIENT_FEATURE", "0AKDC",
                     "Cannot drop " + name + " because it is not supported by this Delta version.\nConsider using Delta "
                     "with a higher version.", {{"feature", name}});
  }
  std::string known(found->name);
  if (std::ranges::find(kRemovable, found->name) == kRemovable.end()) {
    return DropError("DROP_NONREMOVABLE_FEATURE", "0AKDC",
                     "Cannot drop " + known + " because dropping this feature is not supported.", {{"feature", known}});
  }
  if (!IsFeatureListed(protocol, known)) {
    return DropError("DROP_FEATURE_NOT_PRESENT", "55000",
                     "Cannot drop " + known + " from this table because it is not currently present in the table's protocol.",
                     {{"feature", known}});
  }
  bool protects = known == "checkpointProtection";
  if (truncates_history && !found->reader && !protects) {
    return DropError("DROP_HISTORY_TRUNCATION_NOT_ALLOWED", "42000",
                     "The particular feature does not require history truncation.", {});
  }
  if (!truncates_history && protects) {
    return DropError("CAN_ONLY_DROP_CHECKPOINT_PROTECTION_WITH_HISTORY_TRUNCATION", "55000",
                     "Could not drop the Checkpoint Protection feature.\nThis feature can only be dropped by truncating "
                     "history.\nPlease try again with the TRUNCATE HISTORY option:\n\n    ALTER TABLE table_name DROP "
                     "FEATURE checkpointProtection TRUNCATE HISTORY", {});
  }
  std::vector<std::string> dependents;
  for (const auto& [dependent, needed] : kNeeds) {
    if (needed == found->name && IsFeatureListed(protocol, dependent)) dependents.emplace_back(dependent);
  }
  if (!dependents.empty()) return Dependent(known, dependents);
  return &*found;
}

std::vector<std::string_view> NeededBy(std::string_view feature) {
  std::vector<std::string_view> needed;
  for (const auto& [dependent, needs] : kNeeds) {
    if (dependent == feature) needed.push_back(needs);
  }
  return needed;
}

Result<bool> ShowsFeature(const Action& action, const TableFeature& feature) {
  if (feature.name == "deletionVectors" && HasVector(action)) return true;
  if (feature.name == "v2Checkpoint" && IsOfV2Checkpoints(action)) return true;
  const auto* metadata = std::get_if<Metadata>(&action);
  if (metadata == nullptr || feature.in_use == nullptr) return false;
  ASSIGN_OR_RETURN(Schema schema, Schema::FromJsonText(metadata->schema_string));
  return feature.in_use(*metadata, schema);
}

Result<bool> ShowsFeature(const Snapshot& snapshot, const TableFeature& feature) {
  for (size_t i = 0; feature.name == "deletionVectors" && i < snapshot.files().size(); ++i) {
    if (snapshot.files().HasVector(i)) return true;
  }
  return ShowsFeature(Action(snapshot.metadata()), feature);
}

Protocol WithoutFeature(const Protocol& protocol, const TableFeature& feature) {
  std::vector<std::string> names = ListedFeatures(protocol);
  std::erase(names, std::string(feature.name));
  if (std::optional<Protocol> legacy = ByVersions(names)) {
    legacy->unknown_fields = protocol.unknown_fields;
    return *legacy;
  }
  Protocol named = ProtocolNaming(std::move(names));
  named.unknown_fields = protocol.unknown_fields;
  return named;
}

bool TakesFeaturesAway(const Protocol& before, const Protocol& after) {
  std::vector<std::string> names = ListedFeatures(before);
  return std::ranges::any_of(names, [&](const std::string& name) { return !IsFeatureListed(after, name); });
}

std::vector<std::string> RemovedVectorFiles(const Snapshot& snapshot) {
  std::set<std::string> paths;
  std::string below = snapshot.root() + "/";
  for (const auto& chunk : snapshot.state().tombstones.chunks()) {
    for (const RemoveFile& file : chunk->files) {
      if (!file.deletion_vector || file.deletion_vector->storage_type == "i") continue;
      Result<std::string> path = DeletionVectorPath(snapshot.root(), *file.deletion_vector);
      if (path.ok() && path->starts_with(below)) paths.insert(EncodeLogPath(path->substr(below.size())));
    }
  }
  return {paths.begin(), paths.end()};
}

bool IsVectorFile(std::string_view log_path) {
  std::string_view name = log_path.substr(log_path.rfind('/') + 1);
  return name.starts_with("deletion_vector_") && name.ends_with(".bin");
}

Schema WithoutColumnIds(const Schema& schema) {
  DataType plain = RewriteFields(schema.ToStruct(), [](Field field) {
    auto json = ParseJson(field.metadata.empty() ? "{}" : field.metadata);
    if (!json.ok() || !json->is_object()) return field;
    for (const char* key : {kFieldId, kPhysicalName, kNestedIds}) json->erase(key);
    field.metadata = WriteJson(*json);
    return field;
  });
  return Schema{plain.fields()};
}

}  // namespace ashlar::delta
