#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "delta/evolution/properties.h"
#include "delta/features.h"
#include "delta/schema_change.h"
#include "session/commands.h"
#include "session/delta_write.h"

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
      shape.schema.fields.push_back({attribute.name, attribute.type, true, attribute.metadata});
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
    shape.partition_columns.push_back(shape.schema.fields[static_cast<size_t>(index)].name);
  }
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

// CREATE TABLE … USING csv|json|parquet: only the catalog knows it.
Rows CreateFileTable(StatementRun& run, sql::CatalogCommand command, const CreateTableStatement& statement) {
  if (statement.query) return NotImplemented("CREATE TABLE AS SELECT in the format " + command.format);
  if (!statement.partition_columns.empty()) return NotImplemented("partitioned tables in the format " + command.format);
  if (!statement.cluster_by.empty()) return NotImplemented("CLUSTER BY in the format " + command.format);
  for (const auto& [key, value] : statement.options) command.properties["option." + key] = value;
  RETURN_IF_ERROR(run.Execute(command));
  return NoRows();
}

std::string OperationName(const CreateTableStatement& statement) {
  std::string name = statement.or_replace ? "CREATE OR REPLACE TABLE" : "CREATE TABLE";
  return statement.query ? name + " AS SELECT" : name;
}

// CREATE TABLE delta.`/path`: what Resolve takes for a path.
bool NamesPath(const sql::NameParts& name) { return name.size() == 2 && EqualsIgnoreCase(name[0], "delta"); }

delta::Operation CreateOperation(const CreateTableStatement& statement, const TableShape& shape,
                                 const delta::Metadata& metadata) {
  delta::Operation operation;
  operation.name = OperationName(statement);
  operation.parameters["isManaged"] = statement.location.empty() && !NamesPath(statement.name) ? "true" : "false";
  operation.parameters["description"] = statement.comment;
  operation.parameters["partitionBy"] = WriteJson(Json(shape.partition_columns));
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
  if (target.snapshot && statement.keep_metadata) {
    ASSIGN_OR_RETURN(table, WithOwnMetadata(run, shape, std::move(table), *target.snapshot));
  }
  bool exists = target.snapshot != nullptr;
  bool clustered = exists && delta::IsFeatureListed(target.snapshot->protocol(), "clustering");
  if (clustered && !shape.partition_columns.empty()) {
    return MakeSqlError("DELTA_CLUSTERING_REPLACE_TABLE_WITH_PARTITIONED_TABLE", "42000",
                        "Replacing a clustered Delta table with a partitioned table is not allowed.");
  }
  DeltaWrite write(run, std::move(target), table);
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

Status CheckSameClustering(const TableShape& shape, const Result<std::shared_ptr<const delta::Snapshot>>& snapshot) {
  if (!snapshot.ok()) return snapshot.error();
  if (shape.cluster_by.empty() || shape.cluster_by == delta::ClusteringNames(**snapshot)) return OkStatus();
  return OtherClustering(shape, **snapshot);
}

// A log that lies at LOCATION can be read, and is clustered as CLUSTER BY says; else the catalog forgets it again, and
// the log stays.
Status CheckTakenOver(StatementRun& run, const sql::CatalogCommand& create, const TableShape& shape,
                      const sql::CatalogReply& reply) {
  if (create.location.empty() || create.or_replace) return OkStatus();
  ASSIGN_OR_RETURN(delta::TableLocation location, LocationOf(run, reply));
  ASSIGN_OR_RETURN(bool exists, delta::IsDeltaTable(location));
  if (!exists) return OkStatus();
  Status usable = CheckSameClustering(shape, delta::Snapshot::Load(location));
  if (usable.ok()) return usable;
  sql::CatalogCommand drop;
  drop.action = sql::CatalogAction::kDrop;
  drop.securable = sql::Securable::kTable;
  drop.name = create.name;
  RETURN_IF_ERROR(run.Execute(drop));
  return usable;
}

// What the statement wants, at the place that the catalog gave it.
Rows CreateInCatalog(StatementRun& run, const CreateTableStatement& statement, const TableShape& shape,
                     const delta::TableDefinition& table, const sql::CatalogReply& reply) {
  DeltaTarget target{reply.uuid, reply.location, nullptr};
  ASSIGN_OR_RETURN(delta::TableLocation location, LocationOf(run, reply));
  ASSIGN_OR_RETURN(bool exists, delta::IsDeltaTable(location));
  if (exists) {
    ASSIGN_OR_RETURN(target.snapshot, delta::Snapshot::Load(location));
    // A log that was there before, at LOCATION: the catalog has registered it, and its data stays.
    if (!statement.or_replace) return NoRows();
  }
  return WriteTable(run, std::move(target), statement, shape, table);
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

void AbandonCreate(StatementRun& run, const std::string& uuid) {
  sql::CatalogCommand command;
  command.action = sql::CatalogAction::kDrop;
  command.securable = sql::Securable::kTable;
  command.name = {uuid};  // alone: an intent, no table
  // Not through the run: it may have been cancelled.
  auto abandoned = run.environment().control.Execute(run.session().handle(), command);
  if (!abandoned.ok()) Log(LogLevel::kWarn, "an unfinished CREATE is left to the sweep", {{"reason", abandoned.error().message}});
}

Rows RunCommand(StatementRun& run, const CreateTableStatement& statement) {
  RETURN_IF_ERROR(CheckBuilt(statement));
  ASSIGN_OR_RETURN(sql::NameParts name, run.Complete(statement.name, 3));
  ASSIGN_OR_RETURN(TableShape shape, ShapeOf(run, statement));
  sql::CatalogCommand command = CreateCommand(statement, name, shape);
  if (command.format != "DELTA") return CreateFileTable(run, std::move(command), statement);
  Environment& env = run.environment();
  delta::NewTable definition{shape.schema, shape.partition_columns, DefaultProperties(run), std::nullopt, statement.comment};
  for (const auto& [key, value] : statement.properties) definition.properties[delta::CanonicalProperty(key)] = value;
  for (const auto& [constraint, text] : statement.check_constraints) {
    definition.properties["delta.constraints." + ToLowerAscii(constraint)] = text;
  }
  // Refuses a schema, property or rule that Delta cannot have before anything is made.
  ASSIGN_OR_RETURN(delta::TableDefinition table, delta::DefineTable(definition, env.clock, env.random));
  RETURN_IF_ERROR(RulesOf(run, table.metadata, shape.schema));
  RETURN_IF_ERROR(Cluster(statement, shape, table));
  RETURN_IF_ERROR(CheckPlace(table, NamesPath(statement.name) ? statement.name[1] : statement.location));
  if (NamesPath(statement.name)) return CreateAtPath(run, statement, shape, table);
  ASSIGN_OR_RETURN(sql::CatalogReply reply, run.Execute(command));
  if (reply.already_existed && !statement.or_replace) return NoRows();
  RETURN_IF_ERROR(CheckTakenOver(run, command, shape, reply));
  Rows rows = CreateInCatalog(run, statement, shape, table, reply);
  // An unknown outcome may be version 0.
  bool failed = !rows.ok() && rows.error().code != ErrorCode::kTemporarilyUnavailable;
  if (failed && !reply.already_existed) AbandonCreate(run, reply.uuid);
  return rows;
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
