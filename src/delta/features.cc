#include "delta/features.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "delta/evolution/drop_feature.h"
#include "delta/evolution/type_widening.h"
#include "delta/schema.h"

namespace ashlar::delta {
namespace {

constexpr int kMaxReaderVersion = 3;
constexpr int kMaxWriterVersion = 7;

template <size_t N>
struct Literal {
  constexpr Literal(const char (&text)[N]) { std::copy_n(text, N, value); }
  char value[N];
};

template <Literal Key>
bool PropertyIsTrue(const Metadata& metadata, const Schema&) {
  return BooleanProperty(metadata.configuration, Key.value, false);
}

template <Literal Key>
bool FieldHas(const Metadata&, const Schema& schema) {
  return AnyField(schema, [](const Field& field) {
    return FieldMetadata(field, Key.value).has_value();
  });
}

template <TypeId Id>
bool HasType(const Metadata&, const Schema& schema) {
  std::function<bool(const DataType&)> uses = [&](const DataType& type) {
    if (type.Is(Id)) return true;
    if (type.Is(TypeId::kArray)) return uses(type.element());
    if (type.Is(TypeId::kMap)) return uses(type.key()) || uses(type.map_value());
    return false;
  };
  return AnyField(schema, [&](const Field& field) { return uses(field.type); });
}

bool HasConstraints(const Metadata& metadata, const Schema&) {
  return std::ranges::any_of(metadata.configuration, [](const auto& entry) {
    return entry.first.starts_with("delta.constraints.");
  });
}

bool IsMapped(const Metadata& metadata, const Schema&) {
  auto it = metadata.configuration.find("delta.columnMapping.mode");
  return it != metadata.configuration.end() && it->second != "none";
}

bool WidensTypes(const Metadata& metadata, const Schema& schema) {
  return PropertyIsTrue<"delta.enableTypeWidening">(metadata, schema) ||
         FieldHas<"delta.typeChanges">(metadata, schema);
}

bool UsesV2Checkpoints(const Metadata& metadata, const Schema&) {
  auto it = metadata.configuration.find("delta.checkpointPolicy");
  return it != metadata.configuration.end() && EqualsIgnoreCase(it->second, "v2");
}

constexpr Support kYes = Support::kYes;
constexpr Support kNo = Support::kNo;

// name, reader feature, legacy reader and writer version, read, write, in use
constexpr std::array kFeatures = {
    TableFeature{"appendOnly", false, 0, 2, kYes, kYes, PropertyIsTrue<"delta.appendOnly">},
    TableFeature{"invariants", false, 0, 2, kYes, kYes, FieldHas<"delta.invariants">},
    TableFeature{"checkConstraints", false, 0, 3, kYes, kYes, HasConstraints},
    TableFeature{"changeDataFeed", false, 0, 4, kYes, kYes,
                 PropertyIsTrue<"delta.enableChangeDataFeed">},
    TableFeature{"generatedColumns", false, 0, 4, kYes, kYes,
                 FieldHas<"delta.generationExpression">},
    TableFeature{"columnMapping", true, 2, 5, kYes, kYes, IsMapped},
    TableFeature{"identityColumns", false, 0, 6, kYes, kYes, FieldHas<"delta.identity.start">},
    TableFeature{"deletionVectors", true, 0, 0, kYes, kYes,
                 PropertyIsTrue<"delta.enableDeletionVectors">},
    TableFeature{"timestampNtz", true, 0, 0, kYes, kYes, HasType<TypeId::kTimestampNtz>},
    // An alias some writers use.
    TableFeature{"timestampWithoutTimezone", true, 0, 0, kYes, kYes, nullptr},
    TableFeature{"domainMetadata", false, 0, 0, kYes, kYes, nullptr},
    TableFeature{"v2Checkpoint", true, 0, 0, kYes, kYes, UsesV2Checkpoints},
    TableFeature{"inCommitTimestamp", false, 0, 0, kYes, kYes,
                 PropertyIsTrue<"delta.enableInCommitTimestamps">},
    TableFeature{"vacuumProtocolCheck", true, 0, 0, kYes, kYes, nullptr},
    TableFeature{"allowColumnDefaults", false, 0, 0, kYes, kYes, FieldHas<"CURRENT_DEFAULT">},
    TableFeature{"rowTracking", false, 0, 0, kYes, kYes, PropertyIsTrue<"delta.enableRowTracking">},
    TableFeature{"clustering", false, 0, 0, kYes, kYes, nullptr},
    TableFeature{"typeWidening", true, 0, 0, kYes, kYes, WidensTypes},
    TableFeature{"typeWidening-preview", true, 0, 0, kYes, kYes, WidensTypes},
    TableFeature{"variantType", true, 0, 0, kYes, kYes, HasType<TypeId::kVariant>},
    TableFeature{"variantType-preview", true, 0, 0, kYes, kYes, HasType<TypeId::kVariant>},
    TableFeature{"variantShredding", true, 0, 0, kYes, kYes, PropertyIsTrue<"delta.enableVariantShredding">},
    TableFeature{"variantShredding-preview", true, 0, 0, kYes, kYes,
                 PropertyIsTrue<"delta.enableVariantShredding">},
    TableFeature{"icebergCompatV1", false, 0, 0, kYes, kYes,
                 PropertyIsTrue<"delta.enableIcebergCompatV1">},
    TableFeature{"icebergCompatV2", false, 0, 0, kYes, kYes,
                 PropertyIsTrue<"delta.enableIcebergCompatV2">},
    TableFeature{"icebergCompatV3", false, 0, 0, kYes, kNo,
                 PropertyIsTrue<"delta.enableIcebergCompatV3">},
    // Only where its catalog says what the commits are (catalog_commits.h).
    TableFeature{"catalogManaged", true, 0, 0, kYes, kYes, nullptr},
    TableFeature{"catalogOwned-preview", true, 0, 0, kNo, kNo, nullptr},
    TableFeature{"coordinatedCommits-preview", false, 0, 0, kYes, kNo, nullptr},
    TableFeature{"checkpointProtection", false, 0, 0, kYes, kYes, nullptr},
    TableFeature{"collations-preview", false, 0, 0, kYes, kNo, nullptr},
};

bool Contains(const std::optional<std::vector<std::string>>& names, std::string_view name) {
  return names.has_value() && std::ranges::find(*names, name) != names->end();
}

// Those that readers must know too.
std::vector<std::string> ReaderFeatures(const std::vector<std::string>& names) {
  std::vector<std::string> of_readers;
  for (const std::string& name : names) {
    const TableFeature* known = FindTableFeature(name);
    if (known != nullptr && known->reader) of_readers.push_back(name);
  }
  return of_readers;
}

Error UnsupportedVersions(const Protocol& protocol) {
  std::string required = std::to_string(protocol.min_reader_version) + "," +
                         std::to_string(protocol.min_writer_version);
  std::string supported =
      std::to_string(kMaxReaderVersion) + "," + std::to_string(kMaxWriterVersion);
  Error error = MakeSqlError("DELTA_INVALID_PROTOCOL_VERSION", "KD004",
                             "The table requires protocol versions (reader, writer) " + required +
                                 "; up to " + supported + " are supported.",
                             {{"required", required}, {"supported", supported}});
  return error;
}

Error UnsupportedFeatures(bool write, const std::set<std::string>& names) {
  std::string list = Join(std::vector<std::string>(names.begin(), names.end()), ", ");
  std::string mode = write ? "write" : "read";
  return MakeSqlError(write ? "DELTA_UNSUPPORTED_FEATURES_FOR_WRITE"
                            : "DELTA_UNSUPPORTED_FEATURES_FOR_READ",
                      "56038",
                      "Unable to " + mode + " this table because it requires table feature(s) that are "
                      "not supported for " + mode + ": " + list + ".",
                      {{"unsupported", list}});
}

}  // namespace

std::span<const TableFeature> AllTableFeatures() { return kFeatures; }

const TableFeature* FindTableFeature(std::string_view name) {
  auto it = std::ranges::find(kFeatures, name, &TableFeature::name);
  return it == kFeatures.end() ? nullptr : &*it;
}

bool IsFeatureListed(const Protocol& protocol, std::string_view name) {
  if (Contains(protocol.writer_features, name) || Contains(protocol.reader_features, name)) {
    return true;
  }
  const TableFeature* feature = FindTableFeature(name);
  if (feature == nullptr) return false;
  bool by_writer = feature->legacy_writer > 0 && protocol.min_writer_version < kMaxWriterVersion &&
                   protocol.min_writer_version >= feature->legacy_writer;
  return by_writer && (!feature->reader || protocol.min_reader_version >= feature->legacy_reader);
}

std::vector<std::string> ListedFeatures(const Protocol& protocol) {
  std::set<std::string> names;
  for (const TableFeature& feature : kFeatures) {
    if (IsFeatureListed(protocol, feature.name)) names.emplace(feature.name);
  }
  for (const auto* list : {&protocol.reader_features, &protocol.writer_features}) {
    if (list->has_value()) names.insert((*list)->begin(), (*list)->end());
  }
  return {names.begin(), names.end()};
}

Protocol ProtocolNaming(std::vector<std::string> names) {
  std::vector<std::string> of_readers = ReaderFeatures(names);
  Protocol protocol;
  protocol.min_writer_version = kMaxWriterVersion;
  protocol.writer_features = std::move(names);
  protocol.min_reader_version = 1;
  bool by_version = true;
  for (const std::string& name : of_readers) {
    int version = FindTableFeature(name)->legacy_reader;
    by_version = by_version && version > 0;
    protocol.min_reader_version = std::max(protocol.min_reader_version, version);
  }
  if (by_version) return protocol;
  protocol.min_reader_version = kMaxReaderVersion;
  protocol.reader_features = std::move(of_readers);
  return protocol;
}

Protocol WithFeature(Protocol protocol, const TableFeature& feature) {
  std::vector<std::string> listed = ListedFeatures(protocol);
  size_t before = listed.size();
  std::vector<std::string_view> wanted = {feature.name};
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!IsFeatureListed(protocol, wanted[i])) listed.emplace_back(wanted[i]);
    for (std::string_view needed : NeededBy(wanted[i])) {
      if (std::ranges::find(wanted, needed) == wanted.end()) wanted.push_back(needed);
    }
  }
  if (listed.size() == before) return protocol;
  bool by_name = protocol.min_writer_version >= kMaxWriterVersion || feature.legacy_writer == 0;
  if (!by_name) {
    protocol.min_writer_version = std::max(protocol.min_writer_version, feature.legacy_writer);
    protocol.min_reader_version = std::max(protocol.min_reader_version, feature.legacy_reader);
    return protocol;
  }
  std::ranges::sort(listed);
  Protocol named = ProtocolNaming(std::move(listed));
  // Readers that have to look at names already are given them all.
  if (protocol.min_reader_version == kMaxReaderVersion && named.min_reader_version < kMaxReaderVersion) {
    named.min_reader_version = kMaxReaderVersion;
    named.reader_features = ReaderFeatures(*named.writer_features);
  }
  named.min_reader_version = std::max(named.min_reader_version, protocol.min_reader_version);
  named.unknown_fields = std::move(protocol.unknown_fields);
  return named;
}

std::vector<const TableFeature*> MissingFeatures(const Protocol& protocol, const Metadata& metadata,
                                                 const Schema& schema) {
  std::vector<const TableFeature*> missing;
  for (const TableFeature& feature : kFeatures) {
    // Previews and extensions share their condition with the feature itself.
    bool is_variation = feature.name.ends_with("-preview");
    if (is_variation || feature.in_use == nullptr || !feature.in_use(metadata, schema)) continue;
    if (IsFeatureListed(protocol, feature.name)) continue;
    std::string preview = std::string(feature.name) + "-preview";
    bool alias = feature.name == "timestampNtz" &&
                 IsFeatureListed(protocol, "timestampWithoutTimezone");
    if (!alias && !IsFeatureListed(protocol, preview)) missing.push_back(&feature);
  }
  // With one that is known by name alone the others are named, too; their versions would imply more than them.
  std::stable_partition(missing.begin(), missing.end(), [](const TableFeature* feature) { return feature->legacy_writer == 0; });
  return missing;
}

Status CheckReadable(const Protocol& protocol, const Schema& schema) {
  if (protocol.min_reader_version < 1 || protocol.min_reader_version > kMaxReaderVersion) {
    return UnsupportedVersions(protocol);
  }
  std::set<std::string> unsupported;
  if (protocol.reader_features.has_value()) {
    for (const std::string& name : *protocol.reader_features) {
      const TableFeature* feature = FindTableFeature(name);
      if (feature == nullptr || feature->read == Support::kNo) {
        unsupported.insert(name);
      }
    }
  }
  if (!unsupported.empty()) return UnsupportedFeatures(false, unsupported);
  return CheckTypeChanges(schema);
}

Status CheckWritable(const Protocol& protocol, const Metadata& metadata, const Schema& schema) {
  RETURN_IF_ERROR(CheckReadable(protocol, schema));
  if (protocol.min_writer_version < 1 || protocol.min_writer_version > kMaxWriterVersion) {
    return UnsupportedVersions(protocol);
  }
  std::set<std::string> unsupported;
  for (const std::string& name : ListedFeatures(protocol)) {
    const TableFeature* feature = FindTableFeature(name);
    if (feature == nullptr || feature->write == Support::kNo) {
      unsupported.insert(name);
    }
  }
  // Constraints count even where an old writer forgot to raise the protocol.
  std::set<std::string> missing;
  for (const TableFeature* feature : MissingFeatures(protocol, metadata, schema)) {
    if (feature->write != Support::kYes) unsupported.emplace(feature->name);
    if (feature->legacy_writer == 0) missing.emplace(feature->name);
  }
  if (!unsupported.empty()) return UnsupportedFeatures(true, unsupported);
  if (!missing.empty()) {
    std::string list = Join(std::vector<std::string>(missing.begin(), missing.end()), ", ");
    return MakeSqlError("DELTA_FEATURES_PROTOCOL_METADATA_MISMATCH", "KD004",
                        "These table features are in use by the metadata but not listed in the "
                        "protocol: " + list + ".",
                        {{"features", list}});
  }
  return OkStatus();
}

}  // namespace ashlar::delta
