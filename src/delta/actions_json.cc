#include <simdjson.h>

#include "base/json.h"
#include "base/text.h"
#include "delta/actions.h"

namespace ashlar::delta {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

Error Bad(std::string_view key, std::string_view expected) {
  return MakeError(ErrorCode::kMalformedRequest,
                   "field '" + std::string(key) + "' is not " + std::string(expected));
}

std::string JsonText(const element& value) { return simdjson::minify(value); }

// A string as it is, anything else as its JSON text.
std::string PlainText(const element& value) {
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? std::string(text) : JsonText(value);
}

Status Read(std::string_view key, const element& value, std::string* out) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return Bad(key, "a string");
  out->assign(text);
  return OkStatus();
}

Status Read(std::string_view key, const element& value, int64_t* out) {
  if (value.get(*out) != simdjson::SUCCESS) return Bad(key, "a 64-bit integer");
  return OkStatus();
}

Status Read(std::string_view key, const element& value, int32_t* out) {
  int64_t wide = 0;
  if (value.get(wide) != simdjson::SUCCESS || wide != static_cast<int32_t>(wide)) {
    return Bad(key, "a 32-bit integer");
  }
  *out = static_cast<int32_t>(wide);
  return OkStatus();
}

Status Read(std::string_view key, const element& value, bool* out) {
  if (value.get(*out) != simdjson::SUCCESS) return Bad(key, "a boolean");
  return OkStatus();
}

Status Read(std::string_view key, const element& value, std::vector<std::string>* out);
Status Read(std::string_view key, const element& value, DeletionVectorDescriptor* out);

template <typename T>
Status Read(std::string_view key, const element& value, std::optional<T>* out) {
  return Read(key, value, &out->emplace());
}

Status Read(std::string_view key, const element& value, std::vector<std::string>* out) {
  simdjson::dom::array items;
  if (value.get(items) != simdjson::SUCCESS) return Bad(key, "a list");
  for (element item : items) RETURN_IF_ERROR(Read(key, item, &out->emplace_back()));
  return OkStatus();
}

// A map, as an object or as Parquet's list of entries.
Status ReadEntries(std::string_view key, const element& value,
                   const std::function<void(std::string, const element&)>& entry) {
  object fields;
  if (value.get(fields) == simdjson::SUCCESS) {
    for (auto field : fields) entry(std::string(field.key), field.value);
    return OkStatus();
  }
  simdjson::dom::array items;
  if (value.get(items) != simdjson::SUCCESS) return Bad(key, "a map");
  for (element item : items) {
    std::string_view name;
    element held;
    if (item["key"].get(name) != simdjson::SUCCESS || item["value"].get(held) != simdjson::SUCCESS) {
      return Bad(key, "a map");
    }
    entry(std::string(name), held);
  }
  return OkStatus();
}

Status Read(std::string_view key, const element& value, StringMap* out) {
  return ReadEntries(key, value, [&](std::string name, const element& held) {
    if (!held.is_null()) out->insert_or_assign(std::move(name), PlainText(held));
  });
}

Status Read(std::string_view key, const element& value,
            std::map<std::string, std::optional<std::string>>* out) {
  return ReadEntries(key, value, [&](std::string name, const element& held) {
    out->insert_or_assign(std::move(name), held.is_null() ? std::nullopt
                                                          : std::optional(PlainText(held)));
  });
}

// Calls `read(key, value)` for each field that is not null.
template <typename F>
Status ForEachField(std::string_view what, const element& value, F read) {
  object fields;
  if (value.get(fields) != simdjson::SUCCESS) return Bad(what, "an object");
  for (auto field : fields) {
    if (!field.value.is_null()) RETURN_IF_ERROR(read(field.key, field.value));
  }
  return OkStatus();
}

Status Read(std::string_view key, const element& value, DeletionVectorDescriptor* out) {
  return ForEachField(key, value, [&](std::string_view k, const element& v) -> Status {
    if (k == "storageType") return Read(k, v, &out->storage_type);
    if (k == "pathOrInlineDv") return Read(k, v, &out->path_or_inline_dv);
    if (k == "offset") return Read(k, v, &out->offset);
    if (k == "sizeInBytes") return Read(k, v, &out->size_in_bytes);
    if (k == "cardinality") return Read(k, v, &out->cardinality);
    return OkStatus();
  });
}

// The fields that add and remove share. `known` tells whether the key was one of them.
template <typename File>
Status ReadFileField(std::string_view k, const element& v, File* file, bool* known) {
  *known = true;
  if (k == "path") return Read(k, v, &file->path);
  if (k == "partitionValues") return Read(k, v, &file->partition_values);
  if (k == "size") return Read(k, v, &file->size);
  if (k == "dataChange") return Read(k, v, &file->data_change);
  if (k == "stats") return Read(k, v, &file->stats);
  if (k == "tags") return Read(k, v, &file->tags);
  if (k == "deletionVector") return Read(k, v, &file->deletion_vector);
  if (k == "baseRowId") return Read(k, v, &file->base_row_id);
  if (k == "defaultRowCommitVersion") return Read(k, v, &file->default_row_commit_version);
  *known = false;
  return OkStatus();
}

Status Require(bool present, std::string_view action, std::string_view field) {
  if (present) return OkStatus();
  return MakeError(ErrorCode::kMalformedRequest,
                   std::string(action) + " action without '" + std::string(field) + "'");
}

Result<Action> ParseAdd(const element& json) {
  AddFile add;
  std::optional<std::string> parsed_stats;
  bool known = false;
  RETURN_IF_ERROR(ForEachField("add", json, [&](std::string_view k, const element& v) -> Status {
    RETURN_IF_ERROR(ReadFileField(k, v, &add, &known));
    if (known) return OkStatus();
    if (k == "modificationTime") return Read(k, v, &add.modification_time_ms);
    if (k == "clusteringProvider") return Read(k, v, &add.clustering_provider);
    if (k == "stats_parsed") parsed_stats = JsonText(v);
    return OkStatus();
  }));
  if (!add.stats.has_value()) add.stats = std::move(parsed_stats);
  RETURN_IF_ERROR(Require(!add.path.empty(), "add", "path"));
  return Action(std::move(add));
}

Result<Action> ParseRemove(const element& json) {
  RemoveFile remove;
  bool known = false;
  RETURN_IF_ERROR(ForEachField("remove", json, [&](std::string_view k, const element& v) -> Status {
    RETURN_IF_ERROR(ReadFileField(k, v, &remove, &known));
    if (known) return OkStatus();
    if (k == "deletionTimestamp") return Read(k, v, &remove.deletion_timestamp_ms);
    if (k == "extendedFileMetadata") return Read(k, v, &remove.extended_file_metadata);
    return OkStatus();
  }));
  RETURN_IF_ERROR(Require(!remove.path.empty(), "remove", "path"));
  return Action(std::move(remove));
}

Result<Action> ParseCdc(const element& json) {
  AddCdcFile cdc;
  RETURN_IF_ERROR(ForEachField("cdc", json, [&](std::string_view k, const element& v) -> Status {
    if (k == "path") return Read(k, v, &cdc.path);
    if (k == "partitionValues") return Read(k, v, &cdc.partition_values);
    if (k == "size") return Read(k, v, &cdc.size);
    if (k == "tags") return Read(k, v, &cdc.tags);
    return OkStatus();
  }));
  return Action(std::move(cdc));
}

Result<Action> ParseMetadata(const element& json) {
  Metadata m;
  RETURN_IF_ERROR(ForEachField("metaData", json, [&](std::string_view k, const element& v) -> Status {
    if (k == "id") return Read(k, v, &m.id);
    if (k == "name") return Read(k, v, &m.name);
    if (k == "description") return Read(k, v, &m.description);
    if (k == "schemaString") return Read(k, v, &m.schema_string);
    if (k == "partitionColumns") return Read(k, v, &m.partition_columns);
    if (k == "configuration") return Read(k, v, &m.configuration);
    if (k == "createdTime") return Read(k, v, &m.created_time_ms);
    if (k == "format") {
      return ForEachField(k, v, [&](std::string_view fk, const element& fv) -> Status {
        if (fk == "provider") return Read(fk, fv, &m.format_provider);
        if (fk == "options") return Read(fk, fv, &m.format_options);
        return OkStatus();
      });
    }
    m.unknown_fields.emplace(k, JsonText(v));
    return OkStatus();
  }));
  return Action(std::move(m));
}

Result<Action> ParseProtocol(const element& json) {
  Protocol p;
  bool versions = false;
  RETURN_IF_ERROR(ForEachField("protocol", json, [&](std::string_view k, const element& v) -> Status {
    if (k == "minReaderVersion") {
      versions = true;
      return Read(k, v, &p.min_reader_version);
    }
    if (k == "minWriterVersion") return Read(k, v, &p.min_writer_version);
    if (k == "readerFeatures") return Read(k, v, &p.reader_features);
    if (k == "writerFeatures") return Read(k, v, &p.writer_features);
    p.unknown_fields.emplace(k, JsonText(v));
    return OkStatus();
  }));
  RETURN_IF_ERROR(Require(versions, "protocol", "minReaderVersion"));
  return Action(std::move(p));
}

Result<Action> ParseTxn(const element& json) {
  SetTransaction txn;
  RETURN_IF_ERROR(ForEachField("txn", json, [&](std::string_view k, const element& v) -> Status {
    if (k == "appId") return Read(k, v, &txn.app_id);
    if (k == "version") return Read(k, v, &txn.version);
    if (k == "lastUpdated") return Read(k, v, &txn.last_updated_ms);
    return OkStatus();
  }));
  return Action(std::move(txn));
}

Result<Action> ParseDomain(const element& json) {
  DomainMetadata d;
  RETURN_IF_ERROR(
      ForEachField("domainMetadata", json, [&](std::string_view k, const element& v) -> Status {
        if (k == "domain") return Read(k, v, &d.domain);
        if (k == "configuration") return Read(k, v, &d.configuration);
        if (k == "removed") return Read(k, v, &d.removed);
        return OkStatus();
      }));
  return Action(std::move(d));
}

// Lenient: writers put what they like here, and history must still be readable.
Result<Action> ParseCommitInfo(const element& json) {
  CommitInfo c;
  RETURN_IF_ERROR(ForEachField("commitInfo", json, [&](std::string_view k, const element& v) -> Status {
    int64_t number = 0;
    bool is_number = v.get(number) == simdjson::SUCCESS;
    bool flag = false;
    if (k == "timestamp" && is_number) c.timestamp_ms = number;
    if (k == "inCommitTimestamp" && is_number) c.in_commit_timestamp_ms = number;
    if (k == "userId") c.user_id = PlainText(v);
    if (k == "userName") c.user_name = PlainText(v);
    if (k == "operation") c.operation = PlainText(v);
    if (k == "operationParameters" && v.is_object()) return Read(k, v, &c.operation_parameters);
    if (k == "job") c.job = JsonText(v);
    if (k == "notebook") c.notebook = JsonText(v);
    if (k == "clusterId") c.cluster_id = PlainText(v);
    if (k == "readVersion" && is_number) c.read_version = number;
    if (k == "isolationLevel") c.isolation_level = PlainText(v);
    if (k == "isBlindAppend" && v.get(flag) == simdjson::SUCCESS) c.is_blind_append = flag;
    if (k == "operationMetrics" && v.is_object()) return Read(k, v, &c.operation_metrics);
    if (k == "userMetadata") c.user_metadata = PlainText(v);
    if (k == "tags" && v.is_object()) return Read(k, v, &c.tags);
    if (k == "engineInfo") c.engine_info = PlainText(v);
    if (k == "txnId") c.txn_id = PlainText(v);
    return OkStatus();
  }));
  return Action(std::move(c));
}

Result<Action> ParseCheckpointMetadata(const element& json) {
  CheckpointMetadata c;
  RETURN_IF_ERROR(
      ForEachField("checkpointMetadata", json, [&](std::string_view k, const element& v) -> Status {
        if (k == "version") return Read(k, v, &c.version);
        if (k == "tags") return Read(k, v, &c.tags);
        return OkStatus();
      }));
  return Action(std::move(c));
}

Result<Action> ParseSidecar(const element& json) {
  Sidecar s;
  RETURN_IF_ERROR(ForEachField("sidecar", json, [&](std::string_view k, const element& v) -> Status {
    if (k == "path") return Read(k, v, &s.path);
    if (k == "sizeInBytes") return Read(k, v, &s.size_in_bytes);
    if (k == "modificationTime") return Read(k, v, &s.modification_time_ms);
    if (k == "tags") return Read(k, v, &s.tags);
    return OkStatus();
  }));
  RETURN_IF_ERROR(Require(!s.path.empty(), "sidecar", "path"));
  return Action(std::move(s));
}

struct ActionParser {
  std::string_view name;
  Result<Action> (*parse)(const element&);
};
constexpr ActionParser kParsers[] = {
    {"add", ParseAdd},
    {"remove", ParseRemove},
    {"commitInfo", ParseCommitInfo},
    {"metaData", ParseMetadata},
    {"protocol", ParseProtocol},
    {"txn", ParseTxn},
    {"domainMetadata", ParseDomain},
    {"cdc", ParseCdc},
    {"checkpointMetadata", ParseCheckpointMetadata},
    {"sidecar", ParseSidecar},
};

// `bytes` is followed by at least SIMDJSON_PADDING readable bytes.
Result<std::optional<Action>> ParseLine(simdjson::dom::parser* parser, const char* bytes,
                                        size_t length) {
  element root;
  if (auto error = parser->parse(bytes, length, false).get(root)) {
    return MakeError(ErrorCode::kMalformedRequest,
                     std::string("invalid JSON: ") + simdjson::error_message(error));
  }
  object fields;
  if (root.get(fields) != simdjson::SUCCESS) {
    return MakeError(ErrorCode::kMalformedRequest, "an action is not a JSON object");
  }
  for (auto field : fields) {
    if (field.value.is_null()) continue;
    for (const ActionParser& row : kParsers) {
      if (row.name != field.key) continue;
      ASSIGN_OR_RETURN(Action action, row.parse(field.value));
      return std::optional(std::move(action));
    }
  }
  return std::optional<Action>();
}

template <typename T>
void Put(Json* json, const char* key, const std::optional<T>& value) {
  if (value.has_value()) (*json)[key] = *value;
}

Json MapJson(const StringMap& map) {
  Json json = Json::object();
  for (const auto& [key, value] : map) json[key] = value;
  return json;
}

Json NullableMapJson(const std::map<std::string, std::optional<std::string>>& map) {
  Json json = Json::object();
  for (const auto& [key, value] : map) json[key] = value.has_value() ? Json(*value) : Json();
  return json;
}

// JSON text that came out of a parser; text that is none is kept as a string.
Json RawJson(const std::string& text) {
  Result<Json> parsed = ParseJson(text);
  return parsed.ok() ? *std::move(parsed) : Json(text);
}

void PutUnknown(Json* json, const StringMap& unknown) {
  for (const auto& [key, text] : unknown) (*json)[key] = RawJson(text);
}

template <typename File>
void PutFileTail(Json* json, const File& file) {
  Put(json, "stats", file.stats);
  if (!file.tags.empty()) (*json)["tags"] = MapJson(file.tags);
  if (file.deletion_vector.has_value()) {
    const DeletionVectorDescriptor& dv = *file.deletion_vector;
    Json vector;
    vector["storageType"] = dv.storage_type;
    vector["pathOrInlineDv"] = dv.path_or_inline_dv;
    Put(&vector, "offset", dv.offset);
    vector["sizeInBytes"] = dv.size_in_bytes;
    vector["cardinality"] = dv.cardinality;
    (*json)["deletionVector"] = std::move(vector);
  }
  Put(json, "baseRowId", file.base_row_id);
  Put(json, "defaultRowCommitVersion", file.default_row_commit_version);
}

struct JsonWriter {
  Json operator()(const AddFile& a) const {
    Json json;
    json["path"] = a.path;
    json["partitionValues"] = NullableMapJson(a.partition_values);
    json["size"] = a.size;
    json["modificationTime"] = a.modification_time_ms;
    json["dataChange"] = a.data_change;
    PutFileTail(&json, a);
    Put(&json, "clusteringProvider", a.clustering_provider);
    return Json{{"add", std::move(json)}};
  }
  Json operator()(const RemoveFile& r) const {
    Json json;
    json["path"] = r.path;
    Put(&json, "deletionTimestamp", r.deletion_timestamp_ms);
    json["dataChange"] = r.data_change;
    if (r.extended_file_metadata) json["extendedFileMetadata"] = true;
    if (r.extended_file_metadata || !r.partition_values.empty()) json["partitionValues"] = NullableMapJson(r.partition_values);
    Put(&json, "size", r.size);
    PutFileTail(&json, r);
    return Json{{"remove", std::move(json)}};
  }
  Json operator()(const AddCdcFile& c) const {
    Json json;
    json["path"] = c.path;
    json["partitionValues"] = NullableMapJson(c.partition_values);
    json["size"] = c.size;
    json["dataChange"] = false;
    if (!c.tags.empty()) json["tags"] = MapJson(c.tags);
    return Json{{"cdc", std::move(json)}};
  }
  Json operator()(const Metadata& m) const {
    Json json;
    json["id"] = m.id;
    Put(&json, "name", m.name);
    Put(&json, "description", m.description);
    json["format"]["provider"] = m.format_provider;
    json["format"]["options"] = MapJson(m.format_options);
    if (!m.schema_string.empty()) json["schemaString"] = m.schema_string;
    json["partitionColumns"] = Json(m.partition_columns);
    json["configuration"] = MapJson(m.configuration);
    Put(&json, "createdTime", m.created_time_ms);
    PutUnknown(&json, m.unknown_fields);
    return Json{{"metaData", std::move(json)}};
  }
  Json operator()(const Protocol& p) const {
    Json json;
    json["minReaderVersion"] = p.min_reader_version;
    json["minWriterVersion"] = p.min_writer_version;
    if (p.reader_features.has_value()) json["readerFeatures"] = Json(*p.reader_features);
    if (p.writer_features.has_value()) json["writerFeatures"] = Json(*p.writer_features);
    PutUnknown(&json, p.unknown_fields);
    return Json{{"protocol", std::move(json)}};
  }
  Json operator()(const SetTransaction& t) const {
    Json json;
    json["appId"] = t.app_id;
    json["version"] = t.version;
    Put(&json, "lastUpdated", t.last_updated_ms);
    return Json{{"txn", std::move(json)}};
  }
  Json operator()(const DomainMetadata& d) const {
    Json json;
    json["domain"] = d.domain;
    json["configuration"] = d.configuration;
    json["removed"] = d.removed;
    return Json{{"domainMetadata", std::move(json)}};
  }
  Json operator()(const CheckpointMetadata& c) const {
    Json json;
    json["version"] = c.version;
    if (!c.tags.empty()) json["tags"] = MapJson(c.tags);
    return Json{{"checkpointMetadata", std::move(json)}};
  }
  Json operator()(const Sidecar& s) const {
    Json json;
    json["path"] = s.path;
    json["sizeInBytes"] = s.size_in_bytes;
    json["modificationTime"] = s.modification_time_ms;
    if (!s.tags.empty()) json["tags"] = MapJson(s.tags);
    return Json{{"sidecar", std::move(json)}};
  }
  Json operator()(const CommitInfo& c) const {
    Json json;
    // Readers of in-commit timestamps look at the first field of the first action.
    Put(&json, "inCommitTimestamp", c.in_commit_timestamp_ms);
    Put(&json, "timestamp", c.timestamp_ms);
    Put(&json, "userId", c.user_id);
    Put(&json, "userName", c.user_name);
    json["operation"] = c.operation;
    json["operationParameters"] = NullableMapJson(c.operation_parameters);
    if (c.job.has_value()) json["job"] = RawJson(*c.job);
    if (c.notebook.has_value()) json["notebook"] = RawJson(*c.notebook);
    Put(&json, "clusterId", c.cluster_id);
    Put(&json, "readVersion", c.read_version);
    Put(&json, "isolationLevel", c.isolation_level);
    Put(&json, "isBlindAppend", c.is_blind_append);
    json["operationMetrics"] = MapJson(c.operation_metrics);
    Put(&json, "userMetadata", c.user_metadata);
    if (!c.tags.empty()) json["tags"] = MapJson(c.tags);
    Put(&json, "engineInfo", c.engine_info);
    Put(&json, "txnId", c.txn_id);
    return Json{{"commitInfo", std::move(json)}};
  }
};

}  // namespace

Result<std::optional<Action>> ActionFromJson(std::string_view line) {
  simdjson::padded_string padded(line);
  simdjson::dom::parser parser;
  return ParseLine(&parser, padded.data(), padded.size());
}

Status ParseActions(std::string_view text, const std::function<Status(Action)>& sink) {
  simdjson::padded_string padded(text);
  simdjson::dom::parser parser;
  std::string_view rest(padded.data(), padded.size());
  for (int line_number = 1; !rest.empty(); ++line_number) {
    size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = Trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    Result<std::optional<Action>> action = ParseLine(&parser, line.data(), line.size());
    if (!action.ok()) {
      Error error = std::move(action).error();
      error.message = "line " + std::to_string(line_number) + ": " + error.message;
      return error;
    }
    if (action->has_value()) RETURN_IF_ERROR(sink(**std::move(action)));
  }
  return OkStatus();
}

std::string ActionToJson(const Action& action) { return WriteJson(std::visit(JsonWriter(), action)); }

}  // namespace ashlar::delta
