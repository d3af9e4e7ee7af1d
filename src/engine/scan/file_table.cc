#include "engine/scan/file_table.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "delta/partition_values.h"
#include "delta/paths.h"
#include "engine/delta_table_source.h"
#include "engine/duck_connection.h"
#include "engine/duck_types.h"
#include "engine/scan/file_schema.h"
#include "engine/scan/text_table.h"

namespace ashlar::engine {
namespace {

constexpr std::string_view kNullPartition = "__HIVE_DEFAULT_PARTITION__";

// The type all values of a partition column have: int, bigint, double, date or string.
DataType PartitionType(const std::set<std::string>& values) {
  auto all = [&](auto matches) { return std::ranges::all_of(values, matches); };
  auto fits_int = [](const std::string& v) {
    auto number = ParseInt64(v);
    return number && *number >= INT32_MIN && *number <= INT32_MAX;
  };
  if (values.empty()) return TypeId::kString;
  if (all(fits_int)) return TypeId::kInt;
  if (all([](const std::string& v) { return ParseInt64(v).has_value(); })) return TypeId::kLong;
  if (all([](const std::string& v) { return v.size() == 10 && delta::ParseDateText(v).has_value(); })) {
    return TypeId::kDate;
  }
  return TypeId::kString;
}

// The columns that folders make, in the order of the folders of the first file that lies in most.
std::vector<Field> PartitionFields(const std::vector<DataFile>& files, const std::optional<Schema>& schema) {
  std::vector<Field> fields;
  if (files.empty()) return fields;
  auto in_most = std::ranges::max_element(files, {}, [](const DataFile& file) { return file.partition.size(); });
  for (const auto& [key, first_value] : in_most->partition) {
    std::set<std::string> values;
    for (const DataFile& file : files) {
      for (const auto& [k, v] : file.partition) {
        if (k == key && v != kNullPartition) values.insert(v);
      }
    }
    Field field{key, PartitionType(values)};
    int given = schema ? schema->IndexOf(key) : -1;
    if (given >= 0) field = schema->fields[static_cast<size_t>(given)];
    fields.push_back(std::move(field));
  }
  return fields;
}

// A folder of Parquet files as a snapshot: no log, no statistics.
std::shared_ptr<const delta::Snapshot> ParquetSnapshot(const std::string& root, Schema schema,
                                                       const std::vector<Field>& partition,
                                                       const std::vector<DataFile>& files) {
  delta::SnapshotState state;
  state.version = 0;
  for (const Field& field : partition) {
    state.metadata.partition_columns.push_back(field.name);
    if (schema.IndexOf(field.name) < 0) schema.fields.push_back(field);
  }
  state.schema = std::move(schema);
  std::vector<delta::AddFile> adds;
  for (const DataFile& file : files) {
    delta::AddFile add;
    add.path = delta::EncodeLogPath(file.relative_path);
    add.size = file.size;
    add.modification_time_ms = file.modified_ms;
    for (const Field& field : partition) {
      std::optional<std::string>& text = add.partition_values[field.name];
      for (const auto& [key, value] : file.partition) {
        if (EqualsIgnoreCase(key, field.name) && value != kNullPartition) text = value;
      }
    }
    adds.push_back(std::move(add));
  }
  state.files = adds;
  return std::make_shared<const delta::Snapshot>(root, std::move(state));
}

Result<std::shared_ptr<const sql::TableHandle>> OpenParquet(Engine& engine, objectstore::ObjectStore& store,
                                                            const FileTableRequest& request,
                                                            const std::vector<DataFile>& files) {
  Schema schema;
  if (request.schema) {
    schema = *request.schema;
  } else {
    if (files.empty()) {
      return MakeSqlError("UNABLE_TO_INFER_SCHEMA", "42KD9",
                          "Unable to infer schema for Parquet. It must be specified manually.",
                          {{"format", "Parquet"}});
    }
    ASSIGN_OR_RETURN(schema, InferParquetSchema(engine, files.front().path));
  }
  for (Field& field : schema.fields) field.nullable = true;
  std::string root = files.empty() ? request.path
                                   : files.front().path.substr(0, files.front().path.size() -
                                                                      files.front().relative_path.size() - 1);
  auto snapshot = ParquetSnapshot(root, std::move(schema), PartitionFields(files, request.schema), files);
  return std::shared_ptr<const sql::TableHandle>(
      std::make_shared<ParquetTable>(std::move(snapshot), ColumnMatch::kAnyCase, store));
}

}  // namespace

Result<std::shared_ptr<const sql::TableHandle>> OpenFileTable(Engine& engine, objectstore::ObjectStore& store,
                                                              const FileTableRequest& request) {
  bool parquet = request.format == "parquet";
  if (!parquet && request.format != "csv" && request.format != "json") {
    return NotImplemented("reading files of the format " + request.format);
  }
  ASSIGN_OR_RETURN(auto files, ListDataFiles(store, request.path));
  if (parquet) return OpenParquet(engine, store, request, files);
  return OpenTextTable(engine, request, files, PartitionFields(files, request.schema));
}

}  // namespace ashlar::engine
