// CONVERT TO DELTA: a folder of Parquet files becomes a Delta table where it lies. The log's version 0 is written
// first, then the catalog learns of it: a statement that ended between the two is finished by running it again, which
// finds the log and changes nothing but the catalog.
#include <algorithm>
#include <map>

#include "base/failpoint.h"
#include "base/text.h"
#include "delta/evolution/iceberg_compat.h"
#include "delta/paths.h"
#include "delta/stats.h"
#include "engine/scan/file_statistics.h"
#include "engine/scan/file_table.h"
#include "engine/scan/parquet_footers.h"
#include "session/commands.h"
#include "session/delta_write.h"
#include "session/folder_partitions.h"
#include "session/maintain.h"
#include "sql/analyze/scope.h"

namespace ashlar::session {
namespace {

using sql::ConvertStatement;

// PARQUET of parquet.`/x`; empty for a name in the catalog.
std::string FormatOfPath(const sql::NameParts& name) {
  if (name.size() != 2 || name[1].find_first_of("/:") == std::string::npos) return "";
  return ToUpperAscii(name[0]);
}

Error NotParquet(const sql::NameParts& name, const std::string& format) {
  std::string source = ToLowerAscii(format), table = sql::QuoteName(name);
  return MakeSqlError("DELTA_CONVERT_NON_PARQUET_TABLE", "0AKDC",
                      "CONVERT TO DELTA only supports parquet tables, but you are trying to convert a " + source +
                          " source: " + table,
                      {{"sourceName", source}, {"tableId", table}});
}

Result<sql::ResolvedRelation> ResolveTable(StatementRun& run, const sql::TableRelation& table) {
  if (table.name.size() == 1 && table.name[0].starts_with('/')) {
    return MakeSqlError("DELTA_MISSING_PROVIDER_FOR_CONVERT", "0AKDC",
                        "CONVERT TO DELTA only supports parquet tables. Please rewrite your target as parquet.`" + table.name[0] +
                            "` if it's a parquet directory.",
                        {{"path", table.name[0]}});
  }
  ASSIGN_OR_RETURN(sql::ResolvedRelation relation, run.Resolve(table, sql::Access::kRead));
  if (relation.kind != sql::RelationKind::kView) return run.Resolve(table, sql::Access::kWrite);
  std::string operation = "Converting a view to a Delta table", name = sql::QuoteName(table.name);
  return MakeSqlError("DELTA_OPERATION_NOT_ALLOWED_DETAIL", "0AKDC",
                      "Operation not allowed: `" + operation + "` is not supported for Delta tables: " + name,
                      {{"operation", operation}, {"tableName", name}});
}

// What is converted, authorised for reading and for writing.
Result<sql::ResolvedRelation> ResolveTarget(StatementRun& run, const ConvertStatement& statement) {
  if (statement.table.identifier) return NotImplemented("CONVERT TO DELTA IDENTIFIER(…)");
  sql::ResolveRequest request;
  request.format = FormatOfPath(statement.table.name);
  if (request.format == "ICEBERG") return NotImplemented("CONVERT TO DELTA of an Iceberg table");
  if (!request.format.empty() && request.format != "PARQUET" && request.format != "DELTA") {
    return NotParquet(statement.table.name, request.format);
  }
  if (request.format.empty()) return ResolveTable(run, statement.table);
  request.path = statement.table.name[1];
  std::vector<sql::ResolveRequest> requests = {request, request};
  requests[1].access = sql::Access::kWrite;
  auto results = run.analyzer().catalog.Resolve({}, requests);
  CHECK(results.size() == 2);
  if (!results[0].ok()) return results[0].error();
  return std::move(results[1]);
}

Result<std::vector<engine::DataFile>> ListFilesToConvert(StatementRun& run, const std::string& location) {
  ASSIGN_OR_RETURN(std::vector<engine::DataFile> listed, engine::ListDataFiles(run.environment().store, location));
  // A file by itself is no folder.
  bool lone = listed.size() == 1 && listed[0].path == location;
  if (!listed.empty() && !lone) return listed;
  return MakeSqlError("DELTA_EMPTY_DIRECTORY", "42K03", "No file found in the directory: " + location + ".",
                      {{"directory", location}});
}

std::vector<std::string> PathsOf(const std::vector<engine::DataFile>& files) {
  std::vector<std::string> paths;
  for (const engine::DataFile& file : files) paths.push_back(file.path);
  return paths;
}

// The columns of all files together, in the order in which the files, by name, bring them. Footers come in any order:
// what differs from the first is put in order afterwards.
Result<Schema> MergedSchema(StatementRun& run, const std::vector<std::string>& files) {
  std::map<std::string, size_t> distinct;  // schema text → the first file that has it
  RETURN_IF_ERROR(engine::ReadFooters(run.connection(), files, engine::FooterPart::kSchema,
                                      [&](size_t index, const engine::ParquetFooter& footer) -> Status {
    ASSIGN_OR_RETURN(Schema schema, engine::SparkSchemaOf(footer));
    auto [entry, added] = distinct.emplace(schema.ToJsonText(), index);
    if (!added) entry->second = std::min(entry->second, index);
    return run.CheckCancelled();
  }));
  std::map<size_t, std::string> in_order;
  for (const auto& [text, index] : distinct) in_order.emplace(index, text);
  delta::SchemaWriteOptions options;
  options.merge_schema = true;
  options.as_stored = true;
  Schema merged;
  for (const auto& [index, text] : in_order) {
    ASSIGN_OR_RETURN(Schema schema, Schema::FromJsonText(text));
    auto both = delta::SchemaAfterWrite(merged, schema, options);
    if (!both.ok()) {
      Error error = std::move(both).error();
      error.message += " The file is " + files[index] + ".";
      return error;
    }
    merged = *std::move(both);
  }
  return merged;
}

// Partition columns stand where the files have them, else at the end, and have the type they were given.
Schema WithPartitionColumns(Schema schema, const std::vector<Field>& columns) {
  for (const Field& column : columns) {
    Field field = column;
    field.nullable = true;
    int index = schema.IndexOf(column.name);
    if (index >= 0) {
      schema.fields[static_cast<size_t>(index)] = std::move(field);
    } else {
      schema.fields.push_back(std::move(field));
    }
  }
  return schema;
}

// The properties of a table in the catalog, without the options its files are read with.
delta::StringMap TablePropertiesOf(const sql::ResolvedRelation& target) {
  delta::StringMap properties;
  if (target.kind != sql::RelationKind::kTable) return properties;
  for (const auto& [key, value] : target.properties) {
    if (!key.starts_with("option.")) properties[key] = value;
  }
  return properties;
}

// What the table is partitioned by: as the statement says; of a table in the catalog, which cannot say it, as it is
// read until now.
Result<std::vector<Field>> PartitionColumnsOf(StatementRun& run, const ConvertStatement& statement,
                                              const sql::ResolvedRelation& target) {
  std::vector<Field> columns;
  for (const Field& column : statement.partition_columns) columns.push_back({column.name, column.type});
  if (!columns.empty() || target.kind != sql::RelationKind::kTable) return columns;
  ASSIGN_OR_RETURN(auto handle, run.analyzer().tables.Open(target, {}, {}, std::nullopt));
  for (const std::string& name : handle->partition_columns()) {
    columns.push_back(handle->schema().fields[static_cast<size_t>(handle->schema().IndexOf(name))]);
  }
  return columns;
}

// The columns without regard to partitions: the catalog's where it has them, else those of the files.
Result<Schema> DataColumnsOf(StatementRun& run, const sql::ResolvedRelation& target, const std::vector<std::string>& paths) {
  if (target.kind != sql::RelationKind::kTable || target.schema.fields.empty()) return MergedSchema(run, paths);
  Schema schema = target.schema;
  for (Field& field : schema.fields) field.nullable = true;
  return schema;
}

Result<delta::TableDefinition> DefinitionOf(StatementRun& run, const sql::ResolvedRelation& target, Schema schema,
                                            const std::vector<Field>& partition_columns) {
  delta::NewTable table{std::move(schema), {}, DefaultProperties(run), std::nullopt, std::nullopt};
  for (const Field& column : partition_columns) table.partition_columns.push_back(column.name);
  for (const auto& [key, value] : TablePropertiesOf(target)) table.properties[key] = value;
  auto mapping = table.properties.find("delta.columnMapping.mode");
  if (mapping != table.properties.end() && mapping->second != "none") {
    std::string config = "spark.databricks.delta.properties.defaults.columnMapping.mode";
    return MakeSqlError("DELTA_CONVERSION_UNSUPPORTED_COLUMN_MAPPING", "0AKDC",
                        "The configuration '" + config + "' cannot be set to `" + mapping->second + "` when using CONVERT TO DELTA.",
                        {{"config", config}, {"mode", mapping->second}});
  }
  // The files that are there have neither partition columns nor ids.
  if (delta::IcebergCompatVersion(table.properties) > 0) return NotImplemented("CONVERT TO DELTA with Iceberg compatibility");
  return delta::DefineTable(table, run.environment().clock, run.environment().random);
}

Result<std::vector<delta::AddFile>> FilesOf(const std::vector<engine::DataFile>& files, const std::vector<Field>& partition_columns) {
  std::vector<delta::AddFile> adds;
  for (const engine::DataFile& file : files) {
    delta::AddFile add;
    add.path = delta::EncodeLogPath(file.relative_path);
    add.size = file.size;
    add.modification_time_ms = file.modified_ms;
    ASSIGN_OR_RETURN(add.partition_values, FolderPartition(file.relative_path, file.path, partition_columns));
    adds.push_back(std::move(add));
  }
  return adds;
}

// Stages the files. With NO STATISTICS they have their number of rows alone, which every file we commit has. As in
// delta-spark, statistics are of files with rows: those without are left out where there are any.
Status AddFiles(StatementRun& run, const ConvertStatement& statement, const std::vector<std::string>& paths,
                const delta::TableDefinition& definition, std::vector<delta::AddFile> adds, delta::Transaction& transaction) {
  std::vector<delta::LeafColumn> columns;
  if (statement.statistics) {
    ASSIGN_OR_RETURN(Schema schema, Schema::FromJsonText(definition.metadata.schema_string));
    ASSIGN_OR_RETURN(columns, delta::StatisticsColumns(schema, definition.metadata));
  }
  std::vector<bool> is_empty(adds.size());
  RETURN_IF_ERROR(engine::ReadFileStatistics(run.connection(), paths, columns,
                                             [&](size_t index, const engine::FileStatistics& statistics) -> Status {
    is_empty[index] = statement.statistics && statistics.rows == 0;
    adds[index].stats = delta::BuildStats(statistics.rows, statistics.columns);
    return run.CheckCancelled();
  }));
  for (size_t i = 0; i < adds.size(); ++i) {
    if (!is_empty[i]) transaction.Add(std::move(adds[i]));
  }
  return OkStatus();
}

delta::Operation OperationOf(const ConvertStatement& statement, const sql::ResolvedRelation& target, size_t files) {
  std::vector<std::string> partitioned;
  for (const Field& column : statement.partition_columns) partitioned.push_back(column.name);
  delta::Operation operation;
  operation.name = "CONVERT";
  operation.parameters["numFiles"] = std::to_string(files);
  operation.parameters["partitionedBy"] = TextList(partitioned);
  operation.parameters["collectStats"] = statement.statistics ? "true" : "false";
  operation.parameters["sourceFormat"] = "parquet";
  if (target.kind == sql::RelationKind::kTable) operation.parameters["catalogTable"] = sql::QuoteName(target.name_parts);
  operation.metrics["numConvertedFiles"] = std::to_string(files);
  return operation;
}

Status WriteLog(StatementRun& run, const ConvertStatement& statement, const sql::ResolvedRelation& target) {
  ASSIGN_OR_RETURN(std::vector<engine::DataFile> files, ListFilesToConvert(run, target.location));
  std::vector<std::string> paths = PathsOf(files);
  ASSIGN_OR_RETURN(std::vector<Field> partition_columns, PartitionColumnsOf(run, statement, target));
  ASSIGN_OR_RETURN(Schema schema, DataColumnsOf(run, target, paths));
  schema = WithPartitionColumns(std::move(schema), partition_columns);
  ASSIGN_OR_RETURN(delta::TableDefinition definition, DefinitionOf(run, target, std::move(schema), partition_columns));
  ASSIGN_OR_RETURN(std::vector<delta::AddFile> adds, FilesOf(files, partition_columns));
  DeltaWrite write(run, {target.uuid, target.location, nullptr}, definition);
  RETURN_IF_ERROR(AddFiles(run, statement, paths, definition, std::move(adds), write.transaction()));
  return write.Commit(OperationOf(statement, target, files.size()));
}

std::string PropertiesText(const delta::StringMap& properties) {
  std::string text;
  for (const auto& [key, value] : properties) text += (text.empty() ? "[" : ", ") + key + "=" + value;
  return text.empty() ? "[]" : text + "]";
}

// A folder was converted by its path before: the log takes over the properties that the catalog has of the table,
// unless it was given some itself. What the session gives every new table is nobody's.
Status TakeOverProperties(StatementRun& run, const sql::ResolvedRelation& target,
                          const std::shared_ptr<const delta::Snapshot>& snapshot) {
  const delta::StringMap& before = snapshot->metadata().configuration;
  delta::StringMap ours = TablePropertiesOf(target), after = before;
  for (const auto& [key, value] : ours) after[key] = value;
  if (after == before) return OkStatus();
  delta::StringMap by_default = DefaultProperties(run);
  bool given = std::ranges::any_of(before, [&](const auto& property) {
    auto found = by_default.find(property.first);
    return found == by_default.end() || found->second != property.second;
  });
  if (given) {
    std::string setting = "spark.databricks.delta.convert.metadataCheck.enabled";
    return MakeSqlError("DELTA_CONVERT_METASTORE_METADATA_MISMATCH", "42K03",
                        "You are trying to convert a table which already has a delta log where the table properties in the "
                        "catalog don't match the configuration in the delta log.\nTable properties in catalog:\n" +
                            PropertiesText(ours) + "\nDelta configuration:\n" + PropertiesText(before),
                        {{"tableProperties", PropertiesText(ours)},
                         {"configuration", PropertiesText(before)},
                         {"metadataCheckSqlConf", setting}});
  }
  DeltaWrite write(run, {target.uuid, target.location, snapshot});
  write.SetConfiguration(std::move(after));
  ConvertStatement nothing;
  nothing.statistics = false;
  delta::Operation operation = OperationOf(nothing, target, 0);
  operation.metrics.clear();
  return write.Commit(std::move(operation));
}

Status TellCatalog(StatementRun& run, const sql::ResolvedRelation& target,
                   const std::shared_ptr<const delta::Snapshot>& snapshot) {
  sql::CatalogCommand command;
  command.action = sql::CatalogAction::kSetFormat;
  command.securable = sql::Securable::kTable;
  command.name = target.name_parts;
  command.format = "DELTA";
  command.columns = snapshot->schema().fields;
  command.partition_columns = snapshot->partition_columns();
  RETURN_IF_ERROR(run.Execute(command));
  return OkStatus();
}

}  // namespace

Rows RunCommand(StatementRun& run, const ConvertStatement& statement) {
  ASSIGN_OR_RETURN(sql::ResolvedRelation target, ResolveTarget(run, statement));
  if (target.format == "DELTA") return NoRows();
  if (target.format != "PARQUET") return NotParquet(statement.table.name, target.format);
  Environment& env = run.environment();
  delta::TableLocation location{&env.store, target.location, &env.parquet_actions};
  ASSIGN_OR_RETURN(bool converted, delta::IsDeltaTable(location));
  if (!converted) RETURN_IF_ERROR(WriteLog(run, statement, target));
  if (target.kind != sql::RelationKind::kTable) return NoRows();
  RETURN_IF_ERROR(Failpoint("session.convert.before_catalog"));
  ASSIGN_OR_RETURN(std::shared_ptr<const delta::Snapshot> snapshot, delta::Snapshot::Load(location));
  if (converted) RETURN_IF_ERROR(TakeOverProperties(run, target, snapshot));
  RETURN_IF_ERROR(TellCatalog(run, target, snapshot));
  return NoRows();
}

}  // namespace ashlar::session
