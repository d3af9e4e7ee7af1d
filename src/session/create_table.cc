#include <algorithm>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "delta/evolution/iceberg_compat.h"
#include "delta/evolution/properties.h"
#include "delta/features.h"
#include "delta/schema_change.h"
#include "engine/scan/file_table.h"
#include "session/column_checks.h"
#include "session/commands.h"
#include "session/delta_write.h"
#include "sql/column_rules.h"
#include "sql/table_path.h"
#include "types/widening.h"

namespace ashlar::session {
namespace {

using sql::CreateTableStatement;

// What the statement makes: columns from its definition, from LIKE, or from its query.
struct TableShape {
  Schema schema;
  std::vector<std::string> partition_columns;
  sql::PlanPtr rows;  // null without AS
  std::vector<delta::ColumnPath> cluster_by;
};

Status CheckBuilt(const CreateTableStatement& statement) {
  if (statement.identifier) return NotImplemented("IDENTIFIER() as the name of a new table");
  if (statement.replace_only) return NotImplemented("REPLACE TABLE without CREATE");
  return OkStatus();
}

Result<TableShape> ShapeOf(StatementRun& run, const CreateTableStatement& statement) {
  TableShape shape;
  for (const sql::ColumnDefinition& column : statement.columns) {
    ASSIGN_OR_RETURN(Field field, DefinedField(column));
    shape.schema.fields.push_back(std::move(field));
  }
  sql::RelationPtr source = statement.query;
  if (!statement.like.empty()) {
    sql::TableRelation like;
    like.name = statement.like;
    source = sql::MakeRelation(like);
  }
  if (source) {
    ASSIGN_OR_RETURN(sql::AnalyzedQuery analyzed, run.Analyze(source));
    if (!statement.columns.empty()) return NotImplemented("a column list together with AS");
    for (const sql::Attribute& attribute : analyzed.plan->output) {
      if (attribute.type.Is(TypeId::kNull) && statement.query) {
        return NotImplemented("a column of type VOID in a new table");
      }
      // Delta tables made by a query have nullable columns, whatever the query proves.
      DataType type = statement.query ? AsNullable(attribute.type) : attribute.type;
      shape.schema.fields.push_back({attribute.name, type, statement.query || attribute.nullable, attribute.metadata});
    }
    if (statement.query) shape.rows = analyzed.plan;
  }
  for (const Field& column : statement.partition_columns) {
    if (!column.type.Is(TypeId::kNull)) shape.schema.fields.push_back(column);
    int index = shape.schema.IndexOf(column.name);
    if (index < 0) {
      return MakeSqlError("COLUMN_NOT_DEFINED_IN_TABLE", "42703",
                          "partition column " + QuoteIdentifier(column.name) + " is not defined in table.",
                          {{"colType", "partition"}, {"colName", QuoteIdentifier(column.name)}, {"tableName", Join(statement.name, ".")}});
    }
    const Field& field = shape.schema.fields[static_cast<size_t>(index)];
    if (sql::ColumnRulesOf(field).identity) {
      return MakeSqlError("DELTA_IDENTITY_COLUMNS_PARTITION_NOT_SUPPORTED", "42601",
                          "PARTITIONED BY IDENTITY column " + field.name + " is not supported.", {{"colName", field.name}});
    }
    if (std::ranges::count(shape.partition_columns, field.name) > 0) {
      std::string check = "in the partitioning", name = ToLowerAscii(field.name);
      return MakeSqlError("_LEGACY_ERROR_TEMP_3058", "", "Found duplicate column(s) " + check + ": " + name,
                          {{"checkType", check}, {"duplicateColumns", name}});
    }
    shape.partition_columns.push_back(field.name);
  }
  RETURN_IF_ERROR(CheckDistinctNames(shape.schema));
  return shape;
}

sql::CatalogCommand CreateCommand(const CreateTableStatement& statement, const sql::NameParts& name, const TableShape& shape) {
  sql::CatalogCommand command;
  command.action = sql::CatalogAction::kCreate;
  command.securable = sql::Securable::kTable;
  command.name = name;
  command.if_exists = statement.if_not_exists;
  command.or_replace = statement.or_replace;
  command.comment = statement.comment;
  command.properties = statement.properties;
  command.format = statement.format.empty() ? "DELTA" : ToUpperAscii(statement.format);
  command.location = statement.location;
  command.columns = shape.schema.fields;
  command.partition_columns = shape.partition_columns;
  return command;
}

// A folder for a new table's files: the asker may write there, and nothing lies in it yet.
Result<delta::TableLocation> EmptyFolder(StatementRun& run, const std::string& location) {
  sql::ResolveRequest request;
  request.format = "PARQUET";
  request.path = location;
  request.access = sql::Access::kWrite;
  auto places = run.analyzer().catalog.Resolve({}, std::span(&request, 1));
  CHECK(places.size() == 1);
  if (!places[0].ok()) return places[0].error();
  delta::TableLocation place = LocationOf(run, *places[0]);
  ASSIGN_OR_RETURN(bool is_delta, delta::IsDeltaTable(place));
  Result<std::vector<engine::DataFile>> files = engine::ListDataFiles(run.environment().store, place.root);
  bool missing = !files.ok() && files.error().condition == "PATH_NOT_FOUND";
  if (!files.ok() && !missing) return files.error();
  if (!is_delta && (missing || files->empty())) return place;
  std::string setting = "spark.sql.legacy.allowNonEmptyLocationInCTAS";
  return MakeSqlError("_LEGACY_ERROR_TEMP_1241", "",
                      "CREATE-TABLE-AS-SELECT cannot create table with location to a non-empty directory " + place.root +
                          ". To allow overwriting the existing non-empty directory, set '" + setting + "' to true.",
                      {{"tablePath", place.root}, {"config", setting}});
}

// CREATE TABLE … USING parquet LOCATION … AS: first the files, then the table, so that nobody finds a part of it.
Rows CreateParquetAs(StatementRun& run, const sql::CatalogCommand& command, const TableShape& shape) {
  if (command.or_replace) return NotImplemented("CREATE OR REPLACE TABLE AS SELECT in the format PARQUET");
  if (command.location.empty()) return NotImplemented("managed tables of format PARQUET");
  sql::TableRelation named;
  named.name = command.name;
  if (command.if_exists && run.Resolve(named, sql::Access::kRead).ok()) return NoRows();
  engine::WriteTarget target;
  ASSIGN_OR_RETURN(target.table, EmptyFolder(run, command.location));
  target.schema = shape.schema;
  target.partition_columns = shape.partition_columns;
  std::vector<std::string> created;
  Status done = [&]() -> Status {
    RETURN_IF_ERROR(engine::WriteRows(run.connection(), shape.rows, target,
                                      [&](const std::string& path) { created.push_back(path); }));
    RETURN_IF_ERROR(run.CheckCancelled());
    ASSIGN_OR_RETURN(sql::CatalogReply reply, run.Execute(command));
    if (!reply.already_existed) created.clear();
    return OkStatus();
  }();
  // An unknown outcome may be a table.
  if (!done.ok() && done.error().code == ErrorCode::kTemporarilyUnavailable) return std::move(done).error();
  for (const std::string& path : created) {
    Status gone = run.environment().store.Delete(path);
    if (!gone.ok()) Log(LogLevel::kWarn, "a file of no table stays", {{"path", path}, {"reason", gone.error().message}});
  }
  RETURN_IF_ERROR(std::move(done));
  return NoRows();
}

// CREATE TABLE … USING csv|json|parquet: only the catalog knows it.
Rows CreateFileTable(StatementRun& run, sql::CatalogCommand command, const CreateTableStatement& statement, const TableShape& shape) {
  bool parquet = command.format == "PARQUET";
  if (statement.query && !parquet) return NotImplemented("CREATE TABLE AS SELECT in the format " + command.format);
  if (!statement.partition_columns.empty() && !parquet) return NotImplemented("partitioned tables in the format " + command.format);
  if (!statement.cluster_by.empty()) return NotImplemented("CLUSTER BY in the format " + command.format);
  for (const auto& [key, value] : statement.options) command.properties["option." + key] = value;
  if (parquet && shape.partition_columns.size() == command.columns.size() && !command.columns.empty()) {
    return MakeSqlError("ALL_PARTITION_COLUMNS_NOT_ALLOWED", "KD005", "Cannot use all columns for partition columns.");
  }
  // What the folders say stands behind what the files say.
  for (const std::string& name : shape.partition_columns) {
    auto column = std::ranges::find(command.columns, name, &Field::name);
    std::rotate(column, column + 1, command.columns.end());
  }
  if (statement.query) return CreateParquetAs(run, command, shape);
  RETURN_IF_ERROR(run.Execute(command));
  return NoRows();
}

std::string OperationName(const CreateTableStatement& statement) {
  std::string name = statement.or_replace ? "CREATE OR REPLACE TABLE" : "CREATE TABLE";
  return statement.query ? name + " AS SELECT" : name;
}

delta::Operation CreateOperation(const CreateTableStatement& statement, const TableShape& shape,
                                 const delta::Metadata& metadata) {
  delta::Operation operation;
  operation.parameters["partitionBy"] = WriteJson(Json(shape.partition_columns));
  const std::optional<sql::DataFrameSave>& save = statement.save;
  if (save && save->overwrites_schema) operation.parameters["canOverwriteSchema"] = "true";
  if (save && save->merges_schema) operation.parameters["canMergeSchema"] = "true";
  bool at_path = sql::NamesDeltaPath(statement.name);
  if (save && at_path) {
    operation.name = "WRITE";
    operation.parameters["mode"] = save->mode;
    return operation;
  }
  operation.name = OperationName(statement);
  if (save && statement.or_replace) operation.parameters["isV1SaveAsTableOverwrite"] = "true";
  operation.parameters["isManaged"] = statement.location.empty() && !at_path ? "true" : "false";
  operation.parameters["description"] = statement.comment;
  Json clustered = Json::array();
  for (const delta::ColumnPath& column : shape.cluster_by) clustered.push_back(delta::PathText(column));
  operation.parameters["clusterBy"] = WriteJson(clustered);
  operation.parameters["properties"] = WriteJson(Json(metadata.configuration));
  return operation;
}

// The definition with the properties and the description of the table that is there.
Result<delta::TableDefinition> WithOwnMetadata(StatementRun& run, const TableShape& shape, delta::TableDefinition table,
                                               const delta::Snapshot& snapshot) {
  delta::Metadata kept = snapshot.metadata();
  kept.schema_string = table.metadata.schema_string;
  kept.partition_columns = table.metadata.partition_columns;
  ASSIGN_OR_RETURN(delta::ColumnMappingMode mode, delta::MappingModeOf(kept.configuration));
  if (mode != delta::ColumnMappingMode::kNone) {
    Schema schema = shape.schema;
    delta::AssignColumnIds(schema, kept.configuration, false, run.environment().random);
    kept.schema_string = schema.ToJsonText();
  }
  table.metadata = std::move(kept);
  return table;
}

// Writes the first version, or the one that replaces what is there.
Rows WriteTable(StatementRun& run, DeltaTarget target, const CreateTableStatement& statement, const TableShape& shape,
                delta::TableDefinition table) {
  if (target.snapshot && statement.save) {
    ASSIGN_OR_RETURN(table, WithOwnMetadata(run, shape, std::move(table), *target.snapshot));
  }
  bool exists = target.snapshot != nullptr;
  if (exists) RETURN_IF_ERROR(delta::KeepColumnIds(target.snapshot->metadata(), table.metadata, run.environment().random));
  bool clustered = exists && delta::IsFeatureListed(target.snapshot->protocol(), "clustering");
  if (clustered && !shape.partition_columns.empty()) {
    return MakeSqlError("DELTA_CLUSTERING_REPLACE_TABLE_WITH_PARTITIONED_TABLE", "42000",
                        "Replacing a clustered Delta table with a partitioned table is not allowed.");
  }
  DeltaWrite write(run, std::move(target), table);
  if (shape.rows) write.UseOptions(statement.options);  // they are of the rows, not of the table
  if (exists) RETURN_IF_ERROR(write.ReplaceTable(table));
  if (!shape.cluster_by.empty()) {
    RETURN_IF_ERROR(write.ClusterBy(shape.cluster_by));
  } else if (exists) {
    write.ForgetClustering();
  }
  if (shape.rows) RETURN_IF_ERROR(write.AddRows(shape.rows));
  RETURN_IF_ERROR(write.Commit(CreateOperation(statement, shape, table.metadata)));
  if (!shape.rows) return NoRows();
  return write.ReportRows();
}

Error OtherClustering(const TableShape& shape, const delta::Snapshot& snapshot) {
  std::vector<std::string> wanted;
  for (const delta::ColumnPath& column : shape.cluster_by) wanted.push_back(delta::PathText(column));
  std::string specified = Join(wanted, ","), existing = Join(delta::ClusteringTexts(snapshot), ",");
  return MakeSqlError("DELTA_CREATE_TABLE_WITH_DIFFERENT_CLUSTERING", "42KD7",
                      "The specified clustering columns do not match the existing clustering columns at " + snapshot.root() +
                          ".\n\n== Specified ==\n" + specified + "\n\n== Existing ==\n" + existing,
                      {{"path", snapshot.root()}, {"specifiedColumns", specified}, {"existingColumns", existing}});
}

// What the statement wants of a table whose log is there, its own or one that lay at LOCATION.
Rows CreateOverLog(StatementRun& run, const CreateTableStatement& statement, const TableShape& shape,
                   const delta::TableDefinition& table, const sql::CatalogReply& reply) {
  DeltaTarget target{reply.uuid, reply.location, nullptr};
  ASSIGN_OR_RETURN(delta::TableLocation location, LocationOf(run, reply));
  ASSIGN_OR_RETURN(target.snapshot, delta::Snapshot::Load(location));
  if (statement.or_replace) return WriteTable(run, std::move(target), statement, shape, table);
  // The catalog has registered the table, and its data stays. CLUSTER BY says what it is clustered by already.
  bool same = shape.cluster_by.empty() || shape.cluster_by == delta::ClusteringNames(*target.snapshot);
  if (!same) return OtherClustering(shape, *target.snapshot);
  return NoRows();
}

Rows CreateAtPath(StatementRun& run, const CreateTableStatement& statement, const TableShape& shape,
                  const delta::TableDefinition& table) {
  if (!statement.location.empty()) return NotImplemented("LOCATION of a table that is named by its path");
  sql::TableRelation named;
  named.name = statement.name;
  ASSIGN_OR_RETURN(sql::ResolvedRelation place, run.Resolve(named, sql::Access::kWrite));
  Environment& env = run.environment();
  delta::TableLocation location{&env.store, place.location, &env.parquet_actions};
  DeltaTarget target{place.uuid, place.location, nullptr};
  ASSIGN_OR_RETURN(bool exists, delta::IsDeltaTable(location));
  if (exists && statement.if_not_exists) return NoRows();
  if (exists && !statement.or_replace) {
    return MakeSqlError("DELTA_PATH_EXISTS", "42K04",
                        "Cannot write to already existent path " + place.location + " without setting OVERWRITE = 'true'.",
                        {{"path", place.location}});
  }
  if (exists) {
    ASSIGN_OR_RETURN(target.snapshot, delta::Snapshot::Load(location));
  }
  return WriteTable(run, std::move(target), statement, shape, table);
}

// What delta-spark refuses of CLUSTER BY in CREATE, its odd conditions included.
Status CheckClusterBy(const CreateTableStatement& statement, const TableShape& shape, const Schema& schema) {
  if (!shape.partition_columns.empty()) {
    std::string message = "Clustering and partitioning cannot both be specified. Please remove PARTITIONED BY if you want to "
                          "create a Delta table with clustering";
    return MakeSqlError("_LEGACY_ERROR_TEMP_0035", "", message, {{"message", message}});
  }
  for (const auto& [key, value] : statement.properties) {
    if (!EqualsIgnoreCase(key, "delta.feature.clustering")) continue;
    return MakeSqlError("DELTA_CREATE_TABLE_SET_CLUSTERING_TABLE_FEATURE_NOT_ALLOWED", "42000",
                        "Cannot enable clustering table feature using TBLPROPERTIES. Please use CREATE OR REPLACE TABLE CLUSTER BY "
                        "to create a Delta table with clustering.",
                        {{"tableFeature", "clustering"}});
  }
  // The columns as they are spelled, with regard to case.
  std::vector<std::string> unknown;
  for (const sql::NameParts& name : statement.cluster_by) {
    delta::ColumnPath spelled;
    if (delta::FieldAt(name, schema, &spelled) != nullptr && spelled == name) continue;
    std::vector<std::string> quoted;
    for (const std::string& part : name) quoted.push_back(QuoteIdentifier(part));
    unknown.push_back(Join(quoted, "."));
  }
  if (unknown.empty() || statement.cluster_by.size() > delta::kMaxClusteringColumns) return OkStatus();
  std::string columns = Join(unknown, ", ");
  return MakeSqlError("UNSUPPORTED_FEATURE.PARTITION_WITH_NESTED_COLUMN_IS_UNSUPPORTED", "0A000",
                      "The feature is not supported: Invalid partitioning: " + columns + " is missing or is in a map or array.",
                      {{"cols", columns}});
}

// Finds the columns of CLUSTER BY in the table's definition, and gives it what they need.
Status Cluster(const CreateTableStatement& statement, TableShape& shape, delta::TableDefinition& table) {
  if (statement.cluster_by.empty()) return OkStatus();
  ASSIGN_OR_RETURN(Schema schema, Schema::FromJsonText(table.metadata.schema_string));
  RETURN_IF_ERROR(CheckClusterBy(statement, shape, schema));
  ASSIGN_OR_RETURN(shape.cluster_by, delta::FindClusteringColumns(statement.cluster_by, schema, table.metadata));
  table.protocol = delta::WithClustering(table.protocol);
  return OkStatus();
}

}  // namespace

delta::StringMap DefaultProperties(const StatementRun& run) {
  constexpr std::string_view kPrefix = "spark.databricks.delta.properties.defaults.";
  delta::StringMap defaults;
  for (const auto& [key, value] : run.state().confs.All()) {
    if (key.starts_with(kPrefix) && !value.empty()) defaults[key.substr(kPrefix.size())] = value;
  }
  return delta::DefaultProperties(defaults);
}

delta::Operation SaveOperation(const sql::InsertStatement& insert, const sql::ResolvedRelation& table,
                               const delta::Metadata& metadata) {
  CreateTableStatement replace;
  replace.name = insert.table.name;
  replace.location = table.managed ? "" : table.location;
  replace.comment = metadata.description;
  replace.query = insert.query;
  replace.or_replace = true;
  replace.save = insert.save;
  TableShape shape;
  if (!sql::NamesDeltaPath(replace.name)) shape.partition_columns = metadata.partition_columns;
  return CreateOperation(replace, shape, metadata);
}

Rows CreateAtPlace(StatementRun& run, const sql::NameParts& name, const sql::CatalogReply& reply,
                   const std::function<Rows(bool found_log)>& write) {
  Result<delta::TableLocation> location = LocationOf(run, reply);
  Result<bool> found_log = location.ok() ? delta::IsDeltaTable(*location) : Result<bool>(location.error());
  Rows rows = found_log.ok() ? write(*found_log) : Rows(found_log.error());
  // An unknown outcome may be version 0.
  bool failed = !rows.ok() && rows.error().code != ErrorCode::kTemporarilyUnavailable;
  if (!failed || reply.already_existed) return rows;
  sql::CatalogCommand drop;
  drop.action = sql::CatalogAction::kDrop;
  drop.securable = sql::Securable::kTable;
  bool registered = found_log.ok() && *found_log;
  drop.name = registered ? name : sql::NameParts{reply.uuid};  // a uuid alone: an intent, no table
  // Not through the run: it may have been cancelled.
  auto dropped = run.environment().control.Execute(run.session().handle(), drop);
  if (!dropped.ok()) Log(LogLevel::kWarn, "a CREATE that failed is not taken back", {{"reason", dropped.error().message}});
  return rows;
}

namespace {

// The session's defaults, and above them what the statement says.
delta::StringMap StatedProperties(const StatementRun& run, const CreateTableStatement& statement) {
  constexpr const char* kVectors = "delta.enableDeletionVectors";
  delta::StringMap properties = DefaultProperties(run);
  // A default that nobody chose gives way.
  bool ours = !run.state().confs.IsSaid("spark.databricks.delta.properties.defaults.enableDeletionVectors");
  for (const auto& [key, value] : statement.properties) {
    std::string name = delta::CanonicalProperty(key);
    ours = ours && name != kVectors;
    properties[name] = value;
  }
  if (ours && delta::IcebergCompatVersion(properties) > 0) properties.erase(kVectors);
  for (const auto& [constraint, text] : statement.check_constraints) {
    properties["delta.constraints." + ToLowerAscii(constraint)] = text;
  }
  return properties;
}

}  // namespace

Rows RunCommand(StatementRun& run, const CreateTableStatement& statement) {
  RETURN_IF_ERROR(CheckBuilt(statement));
  ASSIGN_OR_RETURN(sql::NameParts name, run.Complete(statement.name, 3));
  ASSIGN_OR_RETURN(TableShape shape, ShapeOf(run, statement));
  sql::CatalogCommand command = CreateCommand(statement, name, shape);
  if (command.format != "DELTA") return CreateFileTable(run, std::move(command), statement, shape);
  Environment& env = run.environment();
  delta::NewTable definition{shape.schema, shape.partition_columns, StatedProperties(run, statement), std::nullopt, statement.comment};
  // Refuses a schema, property or rule that Delta cannot have before anything is made.
  RETURN_IF_ERROR(CheckNestedNotNull(run, shape.schema));
  ASSIGN_OR_RETURN(delta::TableDefinition table, delta::DefineTable(definition, env.clock, env.random));
  RETURN_IF_ERROR(RulesOf(run, table.metadata, shape.schema));
  RETURN_IF_ERROR(Cluster(statement, shape, table));
  bool by_path = sql::NamesDeltaPath(statement.name);
  RETURN_IF_ERROR(CheckPlace(table, by_path ? statement.name[1] : statement.location));
  if (by_path) return CreateAtPath(run, statement, shape, table);
  ASSIGN_OR_RETURN(sql::CatalogReply reply, run.Execute(command));
  if (reply.already_existed && !statement.or_replace) return NoRows();
  return CreateAtPlace(run, name, reply, [&](bool found_log) {
    return found_log ? CreateOverLog(run, statement, shape, table, reply)
                     : WriteTable(run, {reply.uuid, reply.location, nullptr}, statement, shape, table);
  });
}

Rows RunCommand(StatementRun& run, const sql::CreateViewStatement& statement) {
  if (statement.global_temporary) return NotImplemented("global temporary views");
  // Analysed now, so that a view that cannot work is refused when it is made.
  ASSIGN_OR_RETURN(sql::AnalyzedQuery analyzed, run.Analyze(statement.query));
  const std::vector<sql::Attribute>& output = analyzed.plan->output;
  if (!statement.columns.empty() && statement.columns.size() != output.size()) {
    return MakeSqlError("CREATE_VIEW_COLUMN_ARITY_MISMATCH." +
                            std::string(statement.columns.size() > output.size() ? "NOT_ENOUGH_DATA_COLUMNS" : "TOO_MANY_DATA_COLUMNS"),
                        "21S01", "Cannot create view " + Join(statement.name, ".") + ": the column lists differ in length.",
                        {{"viewName", Join(statement.name, ".")}});
  }
  if (statement.temporary) {
    if (statement.name.size() != 1) {
      return MakeSqlError("TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS", "428EK", "A temporary view's name has one part.",
                          {{"actualName", Join(statement.name, ".")}});
    }
    std::string key = ToLowerAscii(statement.name[0]);
    sql::TemporaryView view{statement.query, {}};
    for (const Field& column : statement.columns) view.columns.push_back(column.name);
    RETURN_IF_ERROR(run.session().Change([&](SessionState& state) -> Status {
      if (state.temporary_views.contains(key)) {
        if (statement.if_not_exists) return OkStatus();
        if (!statement.or_replace) {
          return MakeSqlError("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", "42P07",
                              "Cannot create the temporary view " + QuoteIdentifier(statement.name[0]) + " because it already exists.",
                              {{"relationName", QuoteIdentifier(statement.name[0])}});
        }
      }
      state.temporary_views[key] = std::move(view);
      return OkStatus();
    }));
    return NoRows();
  }
  sql::CatalogCommand command;
  command.action = statement.or_replace ? sql::CatalogAction::kReplaceView : sql::CatalogAction::kCreate;
  command.securable = sql::Securable::kView;
  command.or_replace = statement.or_replace;
  ASSIGN_OR_RETURN(command.name, run.Complete(statement.name, 3));
  command.if_exists = statement.if_not_exists;
  command.comment = statement.comment;
  command.properties = statement.properties;
  command.view_text = statement.text;
  command.properties[sql::kViewTimeZone] = run.state().confs.time_zone();
  command.current_catalog = run.state().catalog;
  command.current_schema = run.state().schema;
  for (size_t i = 0; i < output.size(); ++i) {
    Field column{output[i].name, output[i].type, output[i].nullable, output[i].metadata};
    if (!statement.columns.empty()) {
      column.name = statement.columns[i].name;
      column.metadata = statement.columns[i].metadata;
    }
    command.columns.push_back(std::move(column));
  }
  RETURN_IF_ERROR(run.Execute(command));
  return NoRows();
}

}  // namespace ashlar::session
