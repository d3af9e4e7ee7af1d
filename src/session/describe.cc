#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "delta/clustering.h"
#include "delta/history.h"
#include "delta/snapshot.h"
#include "session/commands.h"
#include "session/delta_write.h"
#include "sql/analyze/errors.h"

namespace ashlar::session {
namespace {

// The columns of a table or view as a query of it would show them.
Result<Schema> ColumnsOf(StatementRun& run, const sql::TableRelation& table, SourceSpan span = {}) {
  ASSIGN_OR_RETURN(sql::AnalyzedQuery analyzed, run.Analyze(sql::MakeRelation(table, span)));
  Schema schema;
  for (const sql::Attribute& attribute : analyzed.plan->output) {
    schema.fields.push_back({attribute.name, attribute.type, attribute.nullable, attribute.metadata});
  }
  return schema;
}

std::optional<std::string> CommentOf(const Field& field) {
  Result<Json> metadata = ParseJson(field.metadata);
  if (!metadata.ok() || !metadata->contains("comment") || !(*metadata)["comment"].is_string()) return std::nullopt;
  return (*metadata)["comment"].get<std::string>();
}

bool IsTemporaryView(const StatementRun& run, const sql::TableRelation& table) {
  return table.name.size() == 1 && run.state().temporary_views.contains(ToLowerAscii(table.name[0]));
}

Result<std::shared_ptr<const delta::Snapshot>> LoadSnapshot(StatementRun& run, const sql::ResolvedRelation& relation) {
  if (relation.format != "DELTA") {
    return MakeSqlError("DELTA_TABLE_ONLY_OPERATION", "0AKDD",
                        relation.full_name + " is not a Delta table. This operation is only supported on Delta tables.",
                        {{"tableName", relation.full_name}, {"operation", "DESCRIBE"}});
  }
  return delta::Snapshot::Load(LocationOf(run, relation));
}

void AddDetails(const sql::ResolvedRelation& relation, TextRows* rows) {
  bool view = relation.kind == sql::RelationKind::kView;
  rows->push_back({"", "", ""});
  rows->push_back({"# Detailed Table Information", "", ""});
  if (relation.name_parts.size() == 3) {
    rows->push_back({"Catalog", relation.name_parts[0], ""});
    rows->push_back({"Database", relation.name_parts[1], ""});
    rows->push_back({"Table", relation.name_parts[2], ""});
  }
  if (!relation.comment.empty()) rows->push_back({"Comment", relation.comment, ""});
  rows->push_back({"Owner", relation.owner, ""});
  rows->push_back({"Type", view ? "VIEW" : relation.managed ? "MANAGED" : "EXTERNAL", ""});
  if (view) {
    rows->push_back({"View Text", relation.view_text, ""});
    rows->push_back({"View Catalog and Namespace", relation.view_catalog + "." + relation.view_schema, ""});
    return;
  }
  rows->push_back({"Location", relation.location, ""});
  rows->push_back({"Provider", ToLowerAscii(relation.format), ""});
  std::vector<std::string> properties;
  for (const auto& [key, value] : relation.properties) properties.push_back(key + "=" + value);
  rows->push_back({"Table Properties", "[" + Join(properties, ",") + "]", ""});
}

void AddColumns(const char* title, const std::vector<std::pair<std::string, const Field*>>& columns, TextRows* rows) {
  if (columns.empty()) return;
  rows->push_back({title, "", ""});
  rows->push_back({"# col_name", "data_type", "comment"});
  for (const auto& [name, field] : columns) rows->push_back({name, field->type.SimpleString(), CommentOf(*field)});
}

// Of a table that is not in Delta, the columns whose values the names of its folders are; none of a view.
Result<std::vector<std::string>> FolderColumns(StatementRun& run, const sql::ResolvedRelation& relation) {
  if (relation.kind == sql::RelationKind::kView) return std::vector<std::string>();
  ASSIGN_OR_RETURN(auto handle, run.analyzer().tables.Open(relation, {}, {}, std::nullopt));
  return handle->partition_columns();
}

void AddPartitions(const std::vector<std::string>& columns, const Schema& schema, TextRows* rows) {
  std::vector<std::pair<std::string, const Field*>> partitions;
  for (const std::string& name : columns) {
    const Field* field = delta::FieldAt({name}, schema);
    if (field != nullptr) partitions.emplace_back(field->name, field);
  }
  AddColumns("# Partition Information", partitions, rows);
}

// What the files of the table lie by.
void AddLayout(const delta::Snapshot& snapshot, TextRows* rows) {
  AddPartitions(snapshot.partition_columns(), snapshot.schema(), rows);
  std::vector<std::pair<std::string, const Field*>> clusters;
  for (const delta::ColumnPath& path : delta::ClusteringNames(snapshot)) {
    const Field* field = delta::FieldAt(path, snapshot.schema());
    if (field != nullptr) clusters.emplace_back(delta::PathText(path), field);
  }
  AddColumns("# Clustering Information", clusters, rows);
}

// "PARTITIONED BY (a)\n", or nothing.
std::string PartitionClause(const std::vector<std::string>& columns) {
  std::vector<std::string> quoted;
  for (const std::string& name : columns) quoted.push_back(QuoteIfNeeded(name));
  return quoted.empty() ? "" : "PARTITIONED BY (" + Join(quoted, ", ") + ")\n";
}

// The same of a Delta table, or "CLUSTER BY (a, b.c)\n".
std::string LayoutClause(const delta::Snapshot& snapshot) {
  std::vector<std::string> clusters = delta::ClusteringTexts(snapshot);
  return clusters.empty() ? PartitionClause(snapshot.partition_columns()) : "CLUSTER BY (" + Join(clusters, ", ") + ")\n";
}

Value OptionalText(const std::optional<std::string>& text) {
  return text ? Value::String(*text) : Value::Null(TypeId::kString);
}

const DataType kTextMap = DataType::Map(TypeId::kString, TypeId::kString);

template <typename Map>
Value TextMap(const Map& map) {
  std::vector<Value> items;
  for (const auto& [key, value] : map) {
    items.push_back(Value::String(key));
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>) {
      items.push_back(Value::String(value));
    } else {
      items.push_back(OptionalText(value));
    }
  }
  return {kTextMap, std::move(items)};
}

// The order in which delta-spark writes them; the log's reader keeps none. Those not named follow.
constexpr std::string_view kParameterOrder[] = {
    "mode",      "partitionBy",       "predicate",            "zOrderBy",
    "clusterBy", "auto",              "description",          "isManaged",
    "properties", "matchedPredicates",
    "version",   "notMatchedPredicates", "notMatchedBySourcePredicates", "timestamp",
    "name",      "expr",
};

Value ParameterMap(const std::map<std::string, std::optional<std::string>>& parameters) {
  std::vector<std::pair<std::string, std::optional<std::string>>> ordered;
  for (std::string_view name : kParameterOrder) {
    auto found = parameters.find(std::string(name));
    if (found != parameters.end()) ordered.emplace_back(*found);
  }
  for (const auto& parameter : parameters) {
    if (std::ranges::find(kParameterOrder, parameter.first) == std::end(kParameterOrder)) ordered.emplace_back(parameter);
  }
  return TextMap(ordered);
}

Value TextArray(const std::vector<std::string>& texts) {
  std::vector<Value> items;
  for (const std::string& text : texts) items.push_back(Value::String(text));
  return {DataType::Array(TypeId::kString), std::move(items)};
}

Rows DescribeHistory(StatementRun& run, const sql::ResolvedRelation& relation, std::optional<int64_t> limit) {
  RETURN_IF_ERROR(LoadSnapshot(run, relation));
  ASSIGN_OR_RETURN(std::vector<delta::HistoryEntry> history,
                   delta::ReadHistory(LocationOf(run, relation), limit));
  Schema schema{{{"version", TypeId::kLong},
                 {"timestamp", TypeId::kTimestamp},
                 {"userId", TypeId::kString},
                 {"userName", TypeId::kString},
                 {"operation", TypeId::kString},
                 {"operationParameters", kTextMap},
                 {"readVersion", TypeId::kLong},
                 {"isolationLevel", TypeId::kString},
                 {"isBlindAppend", TypeId::kBoolean},
                 {"operationMetrics", kTextMap},
                 {"userMetadata", TypeId::kString},
                 {"engineInfo", TypeId::kString}}};
  std::vector<std::vector<Value>> rows;
  for (const delta::HistoryEntry& entry : history) {
    const delta::CommitInfo& info = entry.info;
    rows.push_back({Value::Long(entry.version), Value::Timestamp(entry.timestamp_ms * 1000),
                    OptionalText(info.user_id), OptionalText(info.user_name), OptionalText(info.operation),
                    ParameterMap(info.operation_parameters),
                    info.read_version ? Value::Long(*info.read_version) : Value::Null(TypeId::kLong),
                    OptionalText(info.isolation_level),
                    info.is_blind_append ? Value::Boolean(*info.is_blind_append) : Value::Null(TypeId::kBoolean),
                    TextMap(info.operation_metrics), OptionalText(info.user_metadata),
                    OptionalText(info.engine_info)});
  }
  return run.connection().ExecuteValues(schema, rows);
}

Rows DescribeDetail(StatementRun& run, const sql::ResolvedRelation& relation) {
  ASSIGN_OR_RETURN(std::shared_ptr<const delta::Snapshot> snapshot, LoadSnapshot(run, relation));
  delta::TableDetail detail = delta::DescribeDetail(*snapshot);
  const DataType text_array = DataType::Array(TypeId::kString);
  Schema schema{{{"format", TypeId::kString},
                 {"id", TypeId::kString},
                 {"name", TypeId::kString},
                 {"description", TypeId::kString},
                 {"location", TypeId::kString},
                 {"createdAt", TypeId::kTimestamp},
                 {"lastModified", TypeId::kTimestamp},
                 {"partitionColumns", text_array},
                 {"clusteringColumns", text_array},
                 {"numFiles", TypeId::kLong},
                 {"sizeInBytes", TypeId::kLong},
                 {"properties", kTextMap},
                 {"minReaderVersion", TypeId::kInt},
                 {"minWriterVersion", TypeId::kInt},
                 {"tableFeatures", text_array}}};
  std::string name = relation.uuid.empty() ? "" : relation.full_name;
  std::vector<Value> row = {
      Value::String(detail.format), Value::String(detail.id),
      name.empty() ? OptionalText(detail.name) : Value::String(name), OptionalText(detail.description),
      Value::String(detail.location),
      detail.created_at_ms ? Value::Timestamp(*detail.created_at_ms * 1000) : Value::Null(TypeId::kTimestamp),
      Value::Timestamp(detail.last_modified_ms * 1000), TextArray(detail.partition_columns),
      TextArray(detail.clustering_columns), Value::Long(detail.num_files), Value::Long(detail.size_in_bytes),
      TextMap(detail.properties), Value::Int(detail.min_reader_version), Value::Int(detail.min_writer_version),
      TextArray(detail.table_features)};
  return run.connection().ExecuteValues(schema, {std::move(row)});
}

}  // namespace

Rows RunCommand(StatementRun& run, const sql::DescribeDeltaStatement& statement) {
  ASSIGN_OR_RETURN(sql::ResolvedRelation relation, run.Resolve(statement.table, sql::Access::kRead));
  bool history_of_view = statement.what == sql::DescribeDeltaStatement::What::kHistory && relation.kind == sql::RelationKind::kView;
  if (history_of_view) return sql::ExpectTable(relation.name_parts, "DESCRIBE HISTORY", {});
  return statement.what == sql::DescribeDeltaStatement::What::kHistory ? DescribeHistory(run, relation, statement.limit)
                                                                      : DescribeDetail(run, relation);
}

Rows RunCommand(StatementRun& run, const sql::DescribeTableStatement& statement) {
  if (statement.as_json) return NotImplemented("DESCRIBE … AS JSON");
  ASSIGN_OR_RETURN(Schema schema, ColumnsOf(run, statement.table, statement.table_span));
  TextRows rows;
  if (!statement.column.empty()) {
    int index = schema.IndexOf(statement.column.back());
    if (index < 0) {
      return MakeSqlError("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "42703",
                          "A column, variable, or function parameter with name " + QuoteIdentifier(statement.column.back()) + " cannot be resolved.",
                          {{"objectName", QuoteIdentifier(statement.column.back())}});
    }
    const Field& field = schema.fields[static_cast<size_t>(index)];
    rows = {{"col_name", field.name}, {"data_type", field.type.SimpleString()},
            {"comment", CommentOf(field).value_or("NULL")}};
    return StreamText(run.connection(), {{"info_name", "info_value"}}, rows);
  }
  for (const Field& field : schema.fields) {
    rows.push_back({field.name, field.type.SimpleString(), CommentOf(field)});
  }
  if (!IsTemporaryView(run, statement.table)) {
    ASSIGN_OR_RETURN(sql::ResolvedRelation relation, run.Resolve(statement.table, sql::Access::kRead));
    if (relation.format == "DELTA") {
      ASSIGN_OR_RETURN(std::shared_ptr<const delta::Snapshot> snapshot, LoadSnapshot(run, relation));
      AddLayout(*snapshot, &rows);
    } else {
      ASSIGN_OR_RETURN(std::vector<std::string> partitions, FolderColumns(run, relation));
      AddPartitions(partitions, schema, &rows);
    }
    if (statement.extended) AddDetails(relation, &rows);
  }
  return StreamText(run.connection(), {{"col_name", "data_type"}, {"comment"}}, rows);
}

Rows RunCommand(StatementRun& run, const sql::DescribeQueryStatement& statement) {
  ASSIGN_OR_RETURN(sql::AnalyzedQuery analyzed, run.Analyze(statement.query));
  TextRows rows;
  for (const sql::Attribute& attribute : analyzed.plan->output) {
    rows.push_back({attribute.name, attribute.type.SimpleString(), std::nullopt});
  }
  return StreamText(run.connection(), {{"col_name", "data_type"}, {"comment"}}, rows);
}

Rows RunCommand(StatementRun& run, const sql::ShowColumnsStatement& statement) {
  if (!IsTemporaryView(run, statement.table)) RETURN_IF_ERROR(run.Resolve(statement.table, sql::Access::kRead, statement.table_span));
  ASSIGN_OR_RETURN(Schema schema, ColumnsOf(run, statement.table));
  TextRows rows;
  for (const Field& field : schema.fields) rows.push_back({field.name});
  return StreamText(run.connection(), {{}, {"col_name"}}, rows);
}

Rows RunCommand(StatementRun& run, const sql::ShowCreateTableStatement& statement) {
  ASSIGN_OR_RETURN(Schema schema, ColumnsOf(run, statement.table));
  ASSIGN_OR_RETURN(sql::ResolvedRelation relation, run.Resolve(statement.table, sql::Access::kRead));
  std::vector<std::string> quoted;
  for (const std::string& part : relation.name_parts) quoted.push_back(QuoteIfNeeded(part));
  std::string name = Join(quoted, ".");
  std::string text;
  if (relation.kind == sql::RelationKind::kView) {
    std::vector<std::string> columns;
    for (const Field& field : schema.fields) columns.push_back("  " + QuoteIfNeeded(field.name));
    text = "CREATE VIEW " + name + " (\n" + Join(columns, ",\n") + ")\nAS " + relation.view_text + "\n";
  } else {
    std::vector<std::string> columns;
    for (const Field& field : schema.fields) columns.push_back("  " + Schema{{field}}.ToDdl());
    text = "CREATE TABLE " + name + " (\n" + Join(columns, ",\n") + ")\nUSING " + ToLowerAscii(relation.format) + "\n";
    if (relation.format == "DELTA") {
      ASSIGN_OR_RETURN(std::shared_ptr<const delta::Snapshot> snapshot, LoadSnapshot(run, relation));
      text += LayoutClause(*snapshot);
    } else {
      ASSIGN_OR_RETURN(std::vector<std::string> partitions, FolderColumns(run, relation));
      text += PartitionClause(partitions);
    }
    if (!relation.managed) text += "LOCATION '" + relation.location + "'\n";
  }
  return StreamText(run.connection(), {{"createtab_stmt"}}, {{text}});
}

Rows RunCommand(StatementRun& run, const sql::ShowPartitionsStatement& statement) {
  ASSIGN_OR_RETURN(sql::ResolvedRelation relation, run.Resolve(statement.table, sql::Access::kRead, statement.table_span));
  ASSIGN_OR_RETURN(std::shared_ptr<const delta::Snapshot> snapshot, LoadSnapshot(run, relation));
  if (snapshot->partition_columns().empty()) {
    return MakeSqlError("DELTA_SHOW_PARTITION_IN_NON_PARTITIONED_TABLE", "42809",
                        "SHOW PARTITIONS needs a partitioned table: " + relation.full_name + " is not.",
                        {{"tableName", relation.full_name}});
  }
  std::set<std::vector<std::optional<std::string>>> seen;
  for (const delta::PartitionValues& values : snapshot->files().Partitions()) {
    std::vector<std::optional<std::string>> row;
    for (const std::string& column : snapshot->partition_columns()) {
      const Field& field = snapshot->schema().fields[static_cast<size_t>(snapshot->schema().IndexOf(column))];
      auto value = values.find(delta::PhysicalName(field, snapshot->mapping_mode()));
      row.push_back(value == values.end() ? std::nullopt : std::optional<std::string>(value->second));
    }
    seen.insert(std::move(row));
  }
  return StreamText(run.connection(), {{}, snapshot->partition_columns()}, TextRows(seen.begin(), seen.end()));
}

}  // namespace ashlar::session
