#include "delta/evolution/properties.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace ashlar::delta {
namespace {

constexpr std::string_view kPrefix = "delta.";
constexpr std::string_view kFeaturePrefix = "delta.feature.";
constexpr std::string_view kUniversalFormats = "delta.universalFormat.enabledFormats";
constexpr std::string_view kMinReader = "delta.minReaderVersion";
constexpr std::string_view kMinWriter = "delta.minWriterVersion";

enum class Takes {
  kText,
  kBoolean,
  kPositive,       // an integer above zero
  kColumnCount,    // an integer from -1 on
  kInterval,       // INTERVAL 7 DAYS
  kIsolation,
  kCheckpointPolicy,
  kAutoCompact,    // a boolean, or how eagerly
  kReaderVersion,
  kWriterVersion,
  kNothing,        // not built
};

struct Property {
  std::string_view name;  // ending in '.': of all names that begin so
  Takes takes = Takes::kText;
};

constexpr std::array kProperties = {
    Property{"delta.appendOnly", Takes::kBoolean},
    Property{"delta.autoOptimize", Takes::kBoolean},
    Property{"delta.autoOptimize.autoCompact", Takes::kAutoCompact},
    Property{"delta.autoOptimize.optimizeWrite", Takes::kBoolean},
    Property{"delta.checkpoint.writeStatsAsJson", Takes::kBoolean},
    Property{"delta.checkpoint.writeStatsAsStruct", Takes::kBoolean},
    Property{"delta.checkpointInterval", Takes::kPositive},
    Property{"delta.checkpointPolicy", Takes::kCheckpointPolicy},
    Property{"delta.checkpointRetentionDuration", Takes::kInterval},
    Property{"delta.columnMapping."},
    Property{"delta.compatibility."},
    Property{"delta.constraints."},
    Property{"delta.dataSkippingNumIndexedCols", Takes::kColumnCount},
    Property{"delta.dataSkippingStatsColumns"},
    Property{"delta.deletedFileRetentionDuration", Takes::kInterval},
    Property{"delta.dropFeatureTruncateHistory.retentionDuration", Takes::kInterval},
    Property{"delta.enableChangeDataFeed", Takes::kBoolean},
    Property{"delta.enableDeletionVectors", Takes::kBoolean},
    Property{"delta.enableExpiredLogCleanup", Takes::kBoolean},
    Property{"delta.enableFullRetentionRollback", Takes::kBoolean},
    Property{"delta.enableIcebergCompatV1", Takes::kBoolean},
    Property{"delta.enableIcebergCompatV2", Takes::kBoolean},
    Property{"delta.enableIcebergCompatV3", Takes::kBoolean},
    Property{"delta.enableInCommitTimestamps", Takes::kBoolean},
    Property{"delta.enableRowTracking", Takes::kBoolean},
    Property{"delta.enableTypeWidening", Takes::kBoolean},
    Property{"delta.enableVariantShredding", Takes::kBoolean},
    Property{"delta.inCommitTimestampEnablementTimestamp"},
    Property{"delta.inCommitTimestampEnablementVersion"},
    Property{"delta.isolationLevel", Takes::kIsolation},
    Property{"delta.logRetentionDuration", Takes::kInterval},
    Property{kMinReader, Takes::kReaderVersion},
    Property{kMinWriter, Takes::kWriterVersion},
    Property{"delta.parquet."},
    Property{"delta.randomPrefixLength", Takes::kPositive},
    Property{"delta.randomizeFilePrefixes", Takes::kBoolean},
    Property{"delta.requireCheckpointProtectionBeforeVersion"},
    Property{"delta.rowTracking."},
    Property{"delta.rowTrackingSuspended", Takes::kBoolean},
    Property{"delta.sampleRetentionDuration", Takes::kInterval},
    Property{"delta.sampling.enabled", Takes::kBoolean},
    Property{"delta.setTransactionRetentionDuration", Takes::kInterval},
    Property{"delta.targetFileSize"},
    Property{"delta.tuneFileSizesForRewrites", Takes::kBoolean},
    Property{kUniversalFormats, Takes::kNothing},
    Property{"delta.universalFormat."},
    Property{"delta.userMetadata"},
};

const Property* Find(std::string_view key) {
  std::string lower = ToLowerAscii(std::string(key));
  for (const Property& property : kProperties) {
    std::string name = ToLowerAscii(std::string(property.name));
    if (name.ends_with('.') ? lower.starts_with(name) : lower == name) return &property;
  }
  return nullptr;
}

Error Invalid(std::string message) { return MakeError(ErrorCode::kInvalidParameterValue, std::move(message)); }

bool IsBoolean(const std::string& value) { return EqualsIgnoreCase(value, "true") || EqualsIgnoreCase(value, "false"); }

bool IsInterval(const std::string& value) {
  static constexpr std::array<std::string_view, 7> kUnits = {"week", "day", "hour", "minute", "second", "millisecond", "microsecond"};
  std::string lower = ToLowerAscii(value);
  std::vector<std::string> words;
  for (std::string_view word : SplitView(lower, ' ')) {
    if (!word.empty()) words.emplace_back(word);
  }
  if (!words.empty() && words[0] == "interval") words.erase(words.begin());
  if (words.empty() || words.size() % 2 != 0) return false;
  for (size_t i = 0; i < words.size(); i += 2) {
    std::string unit = words[i + 1];
    if (unit.ends_with('s')) unit.pop_back();
    if (!ParseInt64(words[i]) || std::ranges::find(kUnits, unit) == kUnits.end()) return false;
  }
  return true;
}

Status CheckNumber(const std::string& key, const std::string& value, int64_t least, const std::string& needs) {
  std::optional<int64_t> number = ParseInt64(value);
  if (number && *number >= least) return OkStatus();
  return Invalid((number ? "requirement failed: " : "") + key + " needs to be " + needs);
}

Status CheckVersion(const std::string& key, const std::string& value, int highest) {
  std::string needs = key + " needs to be one of 1";
  for (int i = 2; i <= highest; ++i) needs += ", " + std::to_string(i);
  std::optional<int64_t> number = ParseInt64(value);
  if (!number) return Invalid(needs + ".");
  if (*number < 1 || *number > highest) return Invalid("requirement failed: " + needs + ".");
  return OkStatus();
}

Status CheckValue(Takes takes, const std::string& key, const std::string& value) {
  switch (takes) {
    case Takes::kText: return OkStatus();
    case Takes::kBoolean:
      return IsBoolean(value) ? OkStatus() : Status(Invalid("For input string: \"" + value + "\""));
    case Takes::kPositive: return CheckNumber(key, value, 1, "a positive integer.");
    case Takes::kColumnCount: return CheckNumber(key, value, -1, "larger than or equal to -1.");
    case Takes::kInterval:
      if (IsInterval(value)) return OkStatus();
      return MakeSqlError("DELTA_INVALID_INTERVAL", "22006", value + " is not a valid INTERVAL.", {{"interval", value}});
    case Takes::kIsolation:
      if (EqualsIgnoreCase(value, "Serializable") || EqualsIgnoreCase(value, "WriteSerializable")) return OkStatus();
      return MakeSqlError("DELTA_INVALID_ISOLATION_LEVEL", "25000", "invalid isolation level '" + value + "'",
                          {{"isolationLevel", value}});
    case Takes::kCheckpointPolicy:
      if (EqualsIgnoreCase(value, "classic") || EqualsIgnoreCase(value, "v2")) return OkStatus();
      return Invalid("Invalid policy " + value);
    case Takes::kAutoCompact:
      if (IsBoolean(value) || EqualsIgnoreCase(value, "auto")) return OkStatus();
      return Invalid("requirement failed: \"" + key + "\" must be one of: (\"true\", \"false\", \"auto\")");
    case Takes::kReaderVersion: return CheckVersion(key, value, 3);
    case Takes::kWriterVersion: return CheckVersion(key, value, 7);
    case Takes::kNothing: return value.empty() ? OkStatus() : Status(NotImplemented(key + " = " + value));
  }
  return OkStatus();
}

Status ReadFeature(const std::string& key, const std::string& value, PropertyRequest& request) {
  std::string name = ToLowerAscii(key.substr(kFeaturePrefix.size()));
  for (const TableFeature& feature : AllTableFeatures()) {
    if (!EqualsIgnoreCase(name, feature.name)) continue;
    if (value != "supported" && value != "enabled") {
      return MakeSqlError("DELTA_UNSUPPORTED_FEATURE_STATUS", "0AKDE",
                          "Expecting the status for table feature " + name + " to be \"supported\", but got \"" + value + "\".",
                          {{"feature", name}, {"status", value}});
    }
    request.features.push_back(&feature);
    return OkStatus();
  }
  return MakeSqlError("DELTA_UNSUPPORTED_FEATURES_IN_CONFIG", "56038",
                      "Table features configured in the following Spark configs or Delta table properties are not "
                      "recognized by this version of Delta Lake: " + std::string(kFeaturePrefix) + name + ".",
                      {{"configs", std::string(kFeaturePrefix) + name}});
}

}  // namespace

std::string CanonicalProperty(const std::string& key) {
  const Property* property = Find(key);
  return property == nullptr || property->name.ends_with('.') ? key : std::string(property->name);
}

Result<PropertyRequest> ReadProperties(const StringMap& given) {
  PropertyRequest request;
  for (const auto& [given_key, value] : given) {
    if (!ToLowerAscii(given_key).starts_with(kPrefix)) {
      request.stored[given_key] = value;
      continue;
    }
    if (ToLowerAscii(given_key).starts_with(kFeaturePrefix)) {
      RETURN_IF_ERROR(ReadFeature(given_key, value, request));
      continue;
    }
    const Property* property = Find(given_key);
    if (property == nullptr) {
      const char* switched_off_by = "spark.databricks.delta.allowArbitraryProperties.enabled";
      return MakeSqlError("DELTA_UNKNOWN_CONFIGURATION", "F0000",
                          "Unknown configuration was specified: " + given_key + "\nTo disable this check, set " +
                              switched_off_by + "=true in the Spark session configuration.",
                          {{"config", given_key}, {"disableCheckConfig", switched_off_by}});
    }
    std::string key = CanonicalProperty(given_key);
    RETURN_IF_ERROR(CheckValue(property->takes, key, value));
    if (key == kMinReader) request.min_reader_version = static_cast<int>(*ParseInt64(value));
    else if (key == kMinWriter) request.min_writer_version = static_cast<int>(*ParseInt64(value));
    else request.stored[key] = value;
  }
  return request;
}

Protocol WithRequest(Protocol protocol, const PropertyRequest& request) {
  // Versions 3 and 7 name no feature, and so ask for nothing by themselves.
  Protocol asked;
  asked.min_reader_version = std::clamp(request.min_reader_version, 1, 2);
  asked.min_writer_version = std::clamp(request.min_writer_version, 1, 6);
  bool by_name = request.min_writer_version == 7;
  if (protocol.writer_features) {
    for (const std::string& name : ListedFeatures(asked)) {
      if (request.min_writer_version > 0 && !by_name) protocol = WithFeature(std::move(protocol), *FindTableFeature(name));
    }
  } else if (!by_name) {
    protocol.min_reader_version = std::max(protocol.min_reader_version, request.min_reader_version > 0 ? asked.min_reader_version : 1);
    protocol.min_writer_version = std::max(protocol.min_writer_version, request.min_writer_version > 0 ? asked.min_writer_version : 1);
  }
  for (const TableFeature* feature : request.features) protocol = WithFeature(std::move(protocol), *feature);
  return protocol;
}

StringMap DefaultProperties(const StringMap& defaults) {
  StringMap properties;
  for (const auto& [name, value] : defaults) {
    std::string key = std::string(kPrefix) + name;
    if (ToLowerAscii(key).starts_with(kFeaturePrefix)) {
      properties[key] = value;
      continue;
    }
    const Property* property = Find(key);
    if (property != nullptr && !property->name.ends_with('.')) properties[std::string(property->name)] = value;
    // The one of column mapping's that a user sets.
    if (EqualsIgnoreCase(key, "delta.columnMapping.mode")) properties["delta.columnMapping.mode"] = value;
  }
  return properties;
}

}  // namespace ashlar::delta
