#include "session/confs.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace ashlar::session {
namespace {

// kSpelled: a text that stays as it is spelled; of kText with choices stays the choice.
enum class Kind { kText, kSpelled, kBoolean, kInteger, kLong, kPositive, kTimeZone, kStatic };

struct Entry {
  std::string_view key;
  const char* value;
  Kind kind = Kind::kText;
  // Of a text: its values, in Spark's order, those that are not built with a minus; empty: any.
  std::string_view choices = "";
};

// What clients read or set, with Spark 4.2's defaults (session time zone: UTC, as on Databricks).
constexpr std::array kEntries = {
    Entry{"spark.sql.ansi.enabled", "true", Kind::kBoolean},
    Entry{"spark.sql.caseSensitive", "false", Kind::kBoolean},
    Entry{"spark.sql.session.timeZone", "UTC", Kind::kTimeZone},
    Entry{"spark.sql.session.localRelationCacheThreshold", "1048576", Kind::kInteger},
    Entry{"spark.sql.session.localRelationChunkSizeRows", "10000", Kind::kInteger},
    Entry{"spark.sql.session.localRelationChunkSizeBytes", "16777216", Kind::kInteger},
    Entry{"spark.sql.session.localRelationBatchOfChunksSizeBytes", "1073741824", Kind::kInteger},
    Entry{"spark.sql.session.localRelationSizeLimit", "3221225472", Kind::kInteger},
    Entry{"spark.sql.timestampType", "TIMESTAMP_LTZ", Kind::kText, "-TIMESTAMP_NTZ,TIMESTAMP_LTZ"},
    Entry{"spark.sql.shuffle.partitions", "200", Kind::kInteger},
    Entry{"spark.sql.execution.arrow.maxRecordsPerBatch", "10000", Kind::kInteger},
    Entry{"spark.sql.execution.pythonUDF.arrow.enabled", "false", Kind::kBoolean},
    Entry{"spark.sql.execution.pythonUDTF.arrow.enabled", "false", Kind::kBoolean},
    Entry{"spark.sql.connect.serverStacktrace.enabled", "false", Kind::kBoolean},  // there is no JVM to trace
    Entry{"spark.sql.execution.arrow.pyspark.enabled", "true", Kind::kBoolean},
    Entry{"spark.sql.execution.arrow.pyspark.fallback.enabled", "true", Kind::kBoolean},
    Entry{"spark.sql.execution.arrow.pyspark.selfDestruct.enabled", "false", Kind::kBoolean},
    Entry{"spark.sql.execution.arrow.enabled", "true", Kind::kBoolean},
    Entry{"spark.sql.execution.arrow.useLargeVarTypes", "false", Kind::kBoolean},
    Entry{"spark.sql.execution.pandas.convertToArrowArraySafely", "true", Kind::kBoolean},
    Entry{"spark.sql.execution.pandas.inferPandasDictAsMap", "false", Kind::kBoolean},
    Entry{"spark.sql.execution.pandas.structHandlingMode", "legacy"},
    Entry{"spark.sql.execution.pyspark.binaryAsBytes", "true", Kind::kBoolean},
    Entry{"spark.sql.pyspark.inferNestedDictAsStruct.enabled", "false", Kind::kBoolean},
    Entry{"spark.sql.pyspark.legacy.inferArrayTypeFromFirstElement.enabled", "false", Kind::kBoolean},
    Entry{"spark.sql.pyspark.legacy.inferMapTypeFromFirstPair.enabled", "false", Kind::kBoolean},
    Entry{"spark.sql.pyspark.jvmStacktrace.enabled", "false", Kind::kBoolean},
    Entry{"spark.sql.pyspark.plotting.max_rows", "1000", Kind::kInteger},
    Entry{"spark.sql.repl.eagerEval.enabled", "false", Kind::kBoolean},
    Entry{"spark.sql.repl.eagerEval.maxNumRows", "20", Kind::kInteger},
    Entry{"spark.sql.repl.eagerEval.truncate", "20", Kind::kInteger},
    Entry{"spark.sql.crossJoin.enabled", "true", Kind::kBoolean},
    Entry{"spark.sql.mapKeyDedupPolicy", "EXCEPTION", Kind::kText, "EXCEPTION,LAST_WIN"},
    Entry{"spark.sql.storeAssignmentPolicy", "ANSI", Kind::kText, "ANSI,-LEGACY,-STRICT"},
    Entry{"spark.sql.legacy.timeParserPolicy", "CORRECTED", Kind::kText, "EXCEPTION,-LEGACY,CORRECTED"},
    Entry{"spark.sql.parquet.compression.codec", "snappy", Kind::kSpelled, "brotli,uncompressed,-lzo,snappy,lz4_raw,none,zstd,-lz4,gzip"},
    Entry{"spark.sql.files.maxRecordsPerFile", "0", Kind::kLong},
    Entry{"spark.sql.groupByOrdinal", "true", Kind::kBoolean},
    Entry{"spark.sql.groupByAliases", "true", Kind::kBoolean},
    Entry{"spark.sql.orderByOrdinal", "true", Kind::kBoolean},
    Entry{"spark.sql.sources.partitionOverwriteMode", "STATIC"},
    Entry{"spark.sql.sources.default", "delta"},
    Entry{"spark.sql.adaptive.enabled", "true", Kind::kBoolean},
    Entry{"spark.connect.session.planCompression.threshold", "-1", Kind::kInteger},
    Entry{"spark.connect.session.planCompression.defaultAlgorithm", "NONE"},
    // As on Databricks (delta-spark has none): text, for what is wrong with it shows where a table is made.
    Entry{"spark.databricks.delta.properties.defaults.enableDeletionVectors", "true"},
    Entry{"spark.databricks.delta.autoCompact.maxFileSize", nullptr, Kind::kPositive},
    Entry{"spark.databricks.delta.autoCompact.maxNumModifiedPartitions", nullptr, Kind::kPositive},
    Entry{"spark.databricks.delta.autoCompact.minFileSize", nullptr, Kind::kPositive},
    Entry{"spark.databricks.delta.autoCompact.minNumFiles", nullptr, Kind::kPositive},
    Entry{"spark.databricks.delta.autoCompact.modifiedPartitionsOnly.enabled", nullptr, Kind::kBoolean},
    Entry{"spark.databricks.delta.autoCompact.nonBlindAppend.enabled", nullptr, Kind::kBoolean},
    Entry{"spark.databricks.delta.optimizeWrite.enabled", nullptr, Kind::kBoolean},
    Entry{"spark.databricks.delta.schema.autoMerge.enabled", "false", Kind::kBoolean},
    Entry{"spark.databricks.clusterUsageTags.sparkVersion", "4.2.x-ashlar"},
    Entry{"spark.sql.warehouse.dir", nullptr, Kind::kStatic},
    Entry{"spark.sql.extensions", nullptr, Kind::kStatic},
    Entry{"spark.sql.catalogImplementation", "in-memory", Kind::kStatic},
    Entry{"spark.sql.globalTempDatabase", "global_temp", Kind::kStatic},
};

const Entry* FindEntry(std::string_view key) {
  for (const Entry& entry : kEntries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

Error BadValue(const Entry& entry, const std::string& value, const std::string& requirement) {
  return MakeSqlError("INVALID_CONF_VALUE.REQUIREMENT", "22022",
                      "The value '" + value + "' in the config \"" + std::string(entry.key) +
                          "\" is invalid. " + requirement,
                      {{"confName", std::string(entry.key)}, {"confValue", value},
                       {"confRequirement", requirement}});
}

Error OfWrongType(const Entry& entry, const std::string& value, const std::string& type) {
  return MakeSqlError("INVALID_CONF_VALUE.TYPE_MISMATCH", "22022",
                      "The value '" + value + "' in the config \"" + std::string(entry.key) + "\" is invalid. It should be a/an '" +
                          type + "' value.",
                      {{"confName", std::string(entry.key)}, {"confValue", value}, {"confType", type}});
}

// The one of the entry's values that this is. Errors: INVALID_CONF_VALUE, or that the value is not built.
Result<std::string> Chosen(const Entry& entry, const std::string& value) {
  std::string all;
  for (std::string_view choice : SplitView(entry.choices, ',')) {
    bool built = !choice.starts_with('-');
    if (!built) choice.remove_prefix(1);
    if (EqualsIgnoreCase(choice, value)) {
      if (!built) return NotImplemented(std::string(entry.key) + " = " + std::string(choice));
      return entry.kind == Kind::kSpelled ? value : std::string(choice);
    }
    all += (all.empty() ? "" : ", ") + std::string(choice);
  }
  return MakeSqlError("INVALID_CONF_VALUE.OUT_OF_RANGE_OF_OPTIONS", "22022",
                      "The value '" + value + "' in the config \"" + std::string(entry.key) + "\" is invalid. It should be one of '" +
                          all + "'.",
                      {{"confName", std::string(entry.key)}, {"confValue", value}, {"confOptions", all}});
}

// The value as it is kept.
Result<std::string> Checked(const std::string& key, const std::string& value) {
  const Entry* entry = FindEntry(key);
  if (entry == nullptr) return value;
  if (entry->kind == Kind::kStatic) {
    return MakeSqlError("CANNOT_MODIFY_CONFIG", "46110",
                        "Cannot modify the value of the Spark config: \"" + key + "\".",
                        {{"key", "\"" + key + "\""}, {"docroot", ""}});
  }
  if (entry->kind == Kind::kBoolean) {
    std::string lower = ToLowerAscii(value);
    if (lower == "true" || lower == "false") return lower;
    return OfWrongType(*entry, value, "boolean");
  }
  bool number = entry->kind == Kind::kInteger || entry->kind == Kind::kLong;
  if (number && !ParseInt64(Trim(value))) return OfWrongType(*entry, value, entry->kind == Kind::kLong ? "long" : "int");
  if (entry->kind == Kind::kPositive && ParseInt64(value).value_or(0) < 1) {
    return BadValue(*entry, value, key + " should be a positive number, but was " + value);
  }
  return entry->choices.empty() ? value : Chosen(*entry, value);
}

}  // namespace

Status Confs::Set(const std::string& key, const std::string& value) {
  ASSIGN_OR_RETURN(values_[key], Checked(key, value));
  return OkStatus();
}

Status Confs::SetDefault(const std::string& key, const std::string& value) {
  ASSIGN_OR_RETURN(defaults_[key], Checked(key, value));
  return OkStatus();
}

Status Confs::Reset(const std::string& key) {
  if (IsStatic(key)) return Set(key, "");
  values_.erase(key);
  return OkStatus();
}

std::optional<std::string> Confs::Get(const std::string& key) const {
  auto found = values_.find(key);
  if (found != values_.end()) return found->second;
  found = defaults_.find(key);
  if (found != defaults_.end()) return found->second;
  const Entry* entry = FindEntry(key);
  if (entry == nullptr || entry->value == nullptr) return std::nullopt;
  return entry->value;
}

std::string Confs::GetOr(const std::string& key, std::string_view fallback) const {
  return Get(key).value_or(std::string(fallback));
}

std::map<std::string, std::string> Confs::All() const {
  std::map<std::string, std::string> all;
  for (const Entry& entry : kEntries) {
    if (entry.value != nullptr) all.emplace(entry.key, entry.value);
  }
  for (const auto* layer : {&defaults_, &values_}) {
    for (const auto& [key, value] : *layer) all[key] = value;
  }
  return all;
}

bool Confs::IsStatic(std::string_view key) {
  const Entry* entry = FindEntry(key);
  return entry != nullptr && entry->kind == Kind::kStatic;
}

bool Confs::IsKnown(std::string_view key) { return FindEntry(key) != nullptr; }

}  // namespace ashlar::session
