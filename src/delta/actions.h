// The actions of a Delta log as plain data (Delta protocol, "Actions"). Their JSON is in
// actions_json.cc: unknown fields of metaData and protocol are kept and written back, unknown fields
// of the others and unknown actions are ignored.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace ashlar::delta {

using StringMap = std::map<std::string, std::string>;
// Serialised values by physical column name; nullopt and "" both mean NULL.
using PartitionValues = std::map<std::string, std::optional<std::string>>;

// Where the deleted rows of a file are listed; deletion_vector.h loads it.
struct DeletionVectorDescriptor {
  std::string storage_type;       // "u" relative file, "i" inline, "p" absolute file
  std::string path_or_inline_dv;  // Z85 text, or the absolute path
  std::optional<int32_t> offset;  // of the vector's size field in its file
  int32_t size_in_bytes = 0;
  int64_t cardinality = 0;

  // storageType + pathOrInlineDv + ["@" + offset]: names the vector in a file's key.
  std::string UniqueId() const;
  bool operator==(const DeletionVectorDescriptor&) const = default;
};

struct AddFile {
  // As in the log: a percent-encoded URI, relative to the table or absolute. Snapshot::DataPath gives
  // the file to open; EncodeLogPath (paths.h) makes one.
  std::string path;
  PartitionValues partition_values;
  int64_t size = 0;
  int64_t modification_time_ms = 0;
  bool data_change = true;
  std::optional<std::string> stats;  // JSON text; stats.h parses and builds it
  std::optional<DeletionVectorDescriptor> deletion_vector;
  std::optional<int64_t> base_row_id;
  std::optional<int64_t> default_row_commit_version;
  std::optional<std::string> clustering_provider;
  StringMap tags;
  bool operator==(const AddFile&) const = default;
};

struct RemoveFile {
  std::string path;
  std::optional<int64_t> deletion_timestamp_ms;
  bool data_change = true;
  bool extended_file_metadata = false;
  PartitionValues partition_values;
  std::optional<int64_t> size;
  std::optional<std::string> stats;
  std::optional<DeletionVectorDescriptor> deletion_vector;
  std::optional<int64_t> base_row_id;
  std::optional<int64_t> default_row_commit_version;
  StringMap tags;
  bool operator==(const RemoveFile&) const = default;
};

struct AddCdcFile {
  std::string path;
  PartitionValues partition_values;
  int64_t size = 0;
  StringMap tags;
  bool operator==(const AddCdcFile&) const = default;
};

struct Metadata {
  std::string id;
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::string format_provider = "parquet";
  StringMap format_options;
  std::string schema_string;
  std::vector<std::string> partition_columns;  // logical names
  StringMap configuration;
  std::optional<int64_t> created_time_ms;
  StringMap unknown_fields;  // JSON text by field name
  bool operator==(const Metadata&) const = default;
};

struct Protocol {
  int32_t min_reader_version = 1;
  int32_t min_writer_version = 2;
  std::optional<std::vector<std::string>> reader_features;
  std::optional<std::vector<std::string>> writer_features;
  StringMap unknown_fields;
  bool operator==(const Protocol&) const = default;
};

struct SetTransaction {
  std::string app_id;
  int64_t version = 0;
  std::optional<int64_t> last_updated_ms;
  bool operator==(const SetTransaction&) const = default;
};

struct DomainMetadata {
  std::string domain;
  std::string configuration;
  bool removed = false;
  bool operator==(const DomainMetadata&) const = default;
};

// What DESCRIBE HISTORY shows. All values of parameters and metrics are text; nullopt is JSON's null.
struct CommitInfo {
  std::optional<int64_t> timestamp_ms;
  std::optional<int64_t> in_commit_timestamp_ms;
  std::optional<std::string> user_id;
  std::optional<std::string> user_name;
  std::string operation;
  std::map<std::string, std::optional<std::string>> operation_parameters;
  std::optional<std::string> job;       // JSON text
  std::optional<std::string> notebook;  // JSON text
  std::optional<std::string> cluster_id;
  std::optional<int64_t> read_version;
  std::optional<std::string> isolation_level;
  std::optional<bool> is_blind_append;
  StringMap operation_metrics;
  std::optional<std::string> user_metadata;
  StringMap tags;
  std::optional<std::string> engine_info;
  std::optional<std::string> txn_id;
  bool operator==(const CommitInfo&) const = default;
};

struct CheckpointMetadata {
  int64_t version = 0;
  StringMap tags;
  bool operator==(const CheckpointMetadata&) const = default;
};

struct Sidecar {
  std::string path;
  int64_t size_in_bytes = 0;
  int64_t modification_time_ms = 0;
  StringMap tags;
  bool operator==(const Sidecar&) const = default;
};

using Action = std::variant<CommitInfo, Metadata, Protocol, AddFile, RemoveFile, AddCdcFile,
                            SetTransaction, DomainMetadata, CheckpointMetadata, Sidecar>;

// The logical file an action speaks of: (decoded path, deletion vector id). Spellings of one path
// ("/a%20b", "file:///a b") have one key.
std::string FileKey(std::string_view log_path,
                    const std::optional<DeletionVectorDescriptor>& deletion_vector);
inline std::string FileKey(const AddFile& file) { return FileKey(file.path, file.deletion_vector); }
inline std::string FileKey(const RemoveFile& file) {
  return FileKey(file.path, file.deletion_vector);
}

// The removal of an active file, with everything a reader of change data needs.
RemoveFile RemovalOf(const AddFile& file, int64_t deletion_timestamp_ms);

// One line of a commit file: {"add":{…}}. nullopt for an action this version does not know.
// Errors: kMalformedRequest naming what is wrong.
Result<std::optional<Action>> ActionFromJson(std::string_view line);
// All actions of a commit file in order; empty lines are skipped. Stops at the sink's first error.
Status ParseActions(std::string_view text, const std::function<Status(Action)>& sink);
std::string ActionToJson(const Action& action);

// One row of a checkpoint as JSON: an object with one non-null action. Besides what ActionFromJson
// reads: maps may be [{"key":k,"value":v},…], and add.stats_parsed stands in for absent add.stats.
inline Result<std::optional<Action>> ActionFromCheckpointJson(std::string_view row) {
  return ActionFromJson(row);
}

// "true" as Delta's boolean properties write it; `otherwise` when the key is absent.
bool BooleanProperty(const StringMap& configuration, const std::string& key, bool otherwise);

}  // namespace ashlar::delta
