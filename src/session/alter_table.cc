// ALTER TABLE of a Delta table: one commit of new metadata.
#include "base/json.h"
#include "base/text.h"
#include "delta/evolution/properties.h"
#include "delta/evolution/replace_columns.h"
#include "delta/evolution/type_widening.h"
#include "delta/schema_change.h"
#include "session/column_checks.h"
#include "session/commands.h"
#include "session/delta_write.h"
#include "session/drop_feature.h"
#include "session/operation_text.h"
#include "session/row_tracking.h"
#include "sql/column_rules.h"
#include "types/widening.h"

namespace ashlar::session {
namespace {

using Action = sql::AlterTableStatement::Action;
using Parameters = std::map<std::string, std::optional<std::string>>;

// The property that is the table's comment, and no part of its configuration.
constexpr const char* kComment = "comment";

std::string PathText(const sql::NameParts& path) {
  std::vector<std::string> parts;
  for (const std::string& part : path) parts.push_back(QuoteIfNeeded(part));
  return Join(parts, ".");
}

// One ALTER TABLE: what it changes in the write, and what history says of it.
class Alteration {
 public:
  Alteration(StatementRun& run, const sql::AlterTableStatement& statement, const sql::ResolvedRelation& relation, DeltaWrite& write)
      : run_(run), statement_(statement), relation_(relation), write_(write), schema_(write.schema()) {}

  Status Apply() {
    switch (statement_.action) {
      case Action::kAddColumns: return AddColumns();
      case Action::kDropColumns: return DropColumns();
      case Action::kRenameColumn: return RenameColumn();
      case Action::kAlterColumn: return AlterColumn();
      case Action::kSetProperties: return SetProperties();
      case Action::kUnsetProperties: return UnsetProperties();
      case Action::kAddConstraint: return AddConstraint();
      case Action::kDropConstraint: return DropConstraint();
      case Action::kClusterBy: return ClusterBy();
      case Action::kReplaceColumns: return ReplaceColumns();
    }
    CHECK(false) << "unknown alteration";
    return OkStatus();
  }
  delta::Operation TakeOperation() { return std::move(operation_); }
  bool changes() const { return changes_; }

 private:
  Status AddColumns() {
    Json columns = Json::array();
    for (size_t i = 0; i < statement_.columns.size(); ++i) {
      const sql::ColumnDefinition& column = statement_.columns[i];
      CHECK(!column.generated_as && !column.identity) << "an added column that the parser lets not pass";
      if (!column.field.nullable) {
        std::string operation = "NOT NULL in ALTER TABLE ADD COLUMNS";
        return MakeSqlError("DELTA_OPERATION_NOT_ALLOWED", "0AKDC", "Operation not allowed: `" + operation + "` is not supported for Delta tables",
                            {{"operation", operation}});
      }
      RETURN_IF_ERROR(CheckNestedNotNull(run_, Schema{{column.field}}));
      // Rows that are there would have to get the default: Delta refuses it too.
      if (column.default_value) {
        return MakeSqlError("WRONG_COLUMN_DEFAULTS_FOR_DELTA_ALTER_TABLE_ADD_COLUMN_NOT_SUPPORTED", "0AKDC",
                            "Failed to execute the command because DEFAULT values are not supported when adding new columns "
                            "to previously existing Delta tables; please add the column without a default value first, then "
                            "run a second ALTER TABLE ALTER COLUMN SET DEFAULT command to apply for future inserted rows "
                            "instead.");
      }
      const sql::ColumnPlacement& place = statement_.placements[i];
      RETURN_IF_ERROR(delta::AddColumn(schema_, place.parent, column.field, {place.first, place.after}));
      Json entry;
      entry["column"] = ColumnJson(place.parent, column.field);
      if (place.first) entry["position"] = "FIRST";
      if (place.after) entry["position"] = "AFTER " + *place.after;
      columns.push_back(std::move(entry));
    }
    write_.SetSchema(schema_);
    return Named("ADD COLUMNS", {{"columns", WriteJson(columns)}});
  }

  // A column that a rule speaks of or that clusters the table is not left out: delta-spark does so, and the table cannot be
  // written then.
  Status ReplaceColumns() {
    if (std::ranges::any_of(schema_.fields, [](const Field& field) { return sql::ColumnRulesOf(field).identity.has_value(); })) {
      return MakeSqlError("DELTA_IDENTITY_COLUMNS_REPLACE_COLUMN_NOT_SUPPORTED", "429BQ",
                          "ALTER TABLE REPLACE COLUMNS is not supported for table with IDENTITY columns.");
    }
    Schema wanted;
    Json columns = Json::array();
    for (const sql::ColumnDefinition& column : statement_.columns) {
      wanted.fields.push_back(column.field);
      columns.push_back(ColumnJson({}, column.field));
    }
    RETURN_IF_ERROR(CheckDistinctNames(wanted));
    const delta::StringMap& properties = write_.metadata().configuration;
    ASSIGN_OR_RETURN(delta::ColumnMappingMode mode, delta::MappingModeOf(properties));
    delta::ReplaceRules rules{mode != delta::ColumnMappingMode::kNone,
                              delta::BooleanProperty(properties, "delta.enableTypeWidening", false)};
    ASSIGN_OR_RETURN(Schema replaced, delta::ReplaceColumns(schema_, wanted, rules));
    std::vector<sql::NameParts> dropped;
    for (const Field& field : schema_.fields) {
      if (replaced.IndexOf(field.name) < 0) dropped.push_back({field.name});
    }
    for (const sql::NameParts& path : dropped) {
      if (IsPartitionColumn(path)) return MissingPartitionColumn(path, replaced);
      Status unnamed = NotNamedByRules(path, "drop");
      bool generates = !unnamed.ok() && unnamed.error().message.find("Generated Column -> ") != std::string::npos;
      if (generates) {
        return MakeSqlError("DELTA_INVALID_GENERATED_COLUMN_REFERENCES", "42621",
                            "A generated column cannot use a non-existent column or another generated column");
      }
      RETURN_IF_ERROR(std::move(unnamed));
    }
    RETURN_IF_ERROR(NoneClusters(dropped));
    // Also where nothing changes: delta-spark commits, too.
    write_.SetSchema(delta::WithTypeChanges(schema_, replaced));
    return Named("REPLACE COLUMNS", {{"columns", WriteJson(columns)}});
  }

  static Error MissingPartitionColumn(const sql::NameParts& path, const Schema& schema) {
    std::vector<std::string> names;
    for (const Field& field : schema.fields) names.push_back(QuoteIdentifier(field.name));
    return MakeSqlError("FIELD_NOT_FOUND", "42704", "No such struct field " + QuoteIdentifier(path[0]) + " in " + Join(names, ", ") + ".",
                        {{"fieldName", QuoteIdentifier(path[0])}, {"fields", Join(names, ", ")}});
  }

  Status NeedsMapping(const char* condition, const char* what) const {
    auto mode = delta::MappingModeOf(write_.metadata().configuration);
    if (mode.ok() && *mode != delta::ColumnMappingMode::kNone) return OkStatus();
    std::string advice =
        "\nPlease enable Column Mapping on your Delta table with mapping mode 'name'.\nYou can use one of the following "
        "commands.\n\nALTER TABLE table_name SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name')\n\nNote, if your table "
        "is not on the required protocol version it will be upgraded.\nColumn mapping requires at least protocol (2, 5)\n";
    return MakeSqlError(condition, "0AKDC", std::string(what) + " column is not supported for your Delta table. " + advice,
                        {{"advice", advice}});
  }

  // A column that a rule speaks of stays as it is.
  Status NotNamedByRules(const sql::NameParts& path, const std::string& operation) const {
    int index = write_.schema().IndexOf(path[0]);
    if (index < 0) return OkStatus();
    ASSIGN_OR_RETURN(std::vector<std::string> rules,
                     RulesThatName(run_, write_.metadata(), write_.schema(), static_cast<size_t>(index)));
    if (rules.empty()) return OkStatus();
    return MakeSqlError("DELTA_CONSTRAINT_DEPENDENT_COLUMN_CHANGE", "42K09",
                        "Cannot " + operation + " column " + PathText(path) +
                            " because this column is referenced by the following check constraint(s):\n" + Join(rules, "\n"),
                        {{"operation", operation}, {"columnName", PathText(path)}, {"constraints", Join(rules, "\n")}});
  }

  bool IsPartitionColumn(const sql::NameParts& path) const {
    return path.size() == 1 && std::ranges::any_of(write_.metadata().partition_columns, [&](const std::string& name) {
             return EqualsIgnoreCase(name, path[0]);
           });
  }

  Status DropColumns() {
    RETURN_IF_ERROR(NeedsMapping("DELTA_UNSUPPORTED_DROP_COLUMN", "DROP"));
    RETURN_IF_ERROR(NoneClusters(statement_.names));
    Json dropped = Json::array();
    for (const sql::NameParts& path : statement_.names) {
      if (IsPartitionColumn(path)) {
        return MakeSqlError("DELTA_UNSUPPORTED_DROP_PARTITION_COLUMN", "0AKDC",
                            "Dropping partition columns (" + PathText(path) + ") is not allowed.", {{"columnList", PathText(path)}});
      }
      RETURN_IF_ERROR(NotNamedByRules(path, "drop"));
      Status done = delta::DropColumn(schema_, path);
      bool missing = !done.ok() && done.error().condition == "FIELD_NOT_FOUND";
      if (missing && statement_.if_exists) continue;
      RETURN_IF_ERROR(done);
      dropped.push_back(PathText(path));
    }
    if (dropped.empty()) return NoChange();
    write_.SetSchema(schema_);
    return Named("DROP COLUMNS", {{"columns", WriteJson(dropped)}});
  }

  Status RenameColumn() {
    RETURN_IF_ERROR(NeedsMapping("DELTA_UNSUPPORTED_RENAME_COLUMN", "RENAME"));
    const sql::NameParts& path = statement_.names[0];
    RETURN_IF_ERROR(NotNamedByRules(path, "rename"));
    sql::NameParts renamed = path;
    renamed.back() = statement_.new_name;
    RETURN_IF_ERROR(delta::ChangeColumn(schema_, path, [&](Field& field) {
      field.name = statement_.new_name;
      return OkStatus();
    }));
    RETURN_IF_ERROR(delta::CheckTableSchema(schema_, {}, delta::ColumnMappingMode::kName));
    if (IsPartitionColumn(path)) write_.RenamePartitionColumn(path[0], statement_.new_name);
    write_.SetSchema(schema_);
    return Named("RENAME COLUMN", {{"oldColumnPath", PathText(path)}, {"newColumnPath", PathText(renamed)}});
  }

  Status AlterColumn() {
    const sql::NameParts& path = statement_.names[0];
    const sql::ColumnDefinition& wanted = statement_.columns[0];
    if (statement_.sync_identity) return SyncIdentity(path);
    if (statement_.set_type) return ChangeType(path, wanted.field.type);
    Field changed;
    RETURN_IF_ERROR(delta::ChangeColumn(schema_, path, [&](Field& field) -> Status {
      RETURN_IF_ERROR(CheckIdentityStays(field));
      if (statement_.set_nullable) RETURN_IF_ERROR(ChangeNullability(field, *statement_.set_nullable, path));
      if (statement_.set_comment) SetComment(field, wanted.field);
      if (statement_.set_default) {
        sql::ColumnRules rules = sql::ColumnRulesOf(field);
        rules.default_sql = wanted.default_value ? std::optional(wanted.default_text) : std::nullopt;
        field = sql::WithColumnRules(field, rules);
      }
      changed = field;
      return OkStatus();
    }));
    if (!statement_.placements.empty()) {
      const sql::ColumnPlacement& place = statement_.placements[0];
      RETURN_IF_ERROR(delta::MoveColumn(schema_, path, {place.first, place.after}));
    }
    write_.SetSchema(schema_);
    return Named("CHANGE COLUMN", {{"column", WriteJson(ColumnJson({path.begin(), path.end() - 1}, changed))}});
  }

  // What numbers its rows has no other values, and no NULLs.
  Status CheckIdentityStays(const Field& field) const {
    const bool harmless = !statement_.set_default && statement_.set_nullable != true;
    if (harmless || !sql::ColumnRulesOf(field).identity) return OkStatus();
    return MakeSqlError("DELTA_IDENTITY_COLUMNS_ALTER_COLUMN_NOT_SUPPORTED", "429BQ",
                        "ALTER TABLE ALTER COLUMN is not supported for the IDENTITY column " + field.name + ".");
  }

  // Widens the type at a path that may lead into arrays and maps.
  Status ChangeType(const sql::NameParts& path, const DataType& wanted) {
    bool changes = false;
    RETURN_IF_ERROR(delta::ChangeColumnType(schema_, path, [&](const DataType& type) -> Result<DataType> {
      changes = !(type == wanted);
      RETURN_IF_ERROR(CheckNewType(statement_, relation_, type));
      RETURN_IF_ERROR(CheckTypeChange(type, wanted, path));
      return wanted;
    }));
    if (changes) RETURN_IF_ERROR(NotNamedByRules(path, "alter"));
    Field top = schema_.fields[static_cast<size_t>(schema_.IndexOf(path[0]))];
    write_.WidenSchema(schema_);
    Field changed = FieldAt(std::move(top), path);
    return Named("CHANGE COLUMN", {{"column", WriteJson(ColumnJson({path.begin(), path.end() - 1}, changed))}});
  }

  // What a path leads to: a field, or the element, key or value of a nested type as one.
  static Field FieldAt(Field field, const sql::NameParts& path) {
    for (size_t i = 1; i < path.size(); ++i) {
      const DataType type = field.type;
      if (type.Is(TypeId::kStruct)) {
        auto found = std::ranges::find_if(type.fields(), [&](const Field& f) { return EqualsIgnoreCase(f.name, path[i]); });
        CHECK(found != type.fields().end());
        field = *found;
      } else if (type.Is(TypeId::kArray)) {
        field = {"element", type.element(), type.contains_null()};
      } else if (EqualsIgnoreCase(path[i], "key")) {
        field = {"key", type.key(), false};
      } else {
        field = {"value", type.map_value(), type.value_contains_null()};
      }
    }
    return field;
  }

  Status CheckTypeChange(const DataType& type, const DataType& wanted, const sql::NameParts& path) const {
    bool longer_text = type.Is(TypeId::kString) && wanted.Is(TypeId::kString) && !type.is_char() && !wanted.is_char() &&
                       (!wanted.is_varchar() || (type.is_varchar() && wanted.char_length() >= type.char_length()));
    bool widens = delta::BooleanProperty(write_.metadata().configuration, "delta.enableTypeWidening", false) &&
                  IsWidening(type, wanted);
    if (type == wanted || longer_text || widens) return OkStatus();
    return MakeSqlError("DELTA_UNSUPPORTED_ALTER_TABLE_CHANGE_COL_OP", "0AKDC",
                        "ALTER TABLE CHANGE COLUMN is not supported for changing column " + PathText(path) + " from " +
                            type.Sql() + " to " + wanted.Sql() + ".",
                        {{"fieldPath", PathText(path)}, {"oldField", type.Sql()}, {"newField", wanted.Sql()}});
  }

  Status ChangeNullability(Field& field, bool nullable, const sql::NameParts& path) const {
    if (field.nullable && !nullable) {
      return MakeSqlError("_LEGACY_ERROR_TEMP_2330", "", "Cannot change nullable column to non-nullable: " + PathText(path) + ".",
                          {{"fieldName", PathText(path)}}, statement_.span);
    }
    field.nullable = nullable;
    return OkStatus();
  }

  static void SetComment(Field& field, const Field& wanted) {
    auto ours = ParseJson(field.metadata.empty() ? "{}" : field.metadata);
    auto given = ParseJson(wanted.metadata);
    Json json = ours.ok() && ours->is_object() ? *std::move(ours) : Json::object();
    json.erase("comment");
    if (given.ok() && given->is_object() && given->contains("comment")) json["comment"] = (*given)["comment"];
    field.metadata = WriteJson(json);
  }

  // What a value of a property cannot be, as a change of the table.
  static Error AsTableChange(Error error) {
    if (!error.condition.empty()) return error;
    return MakeSqlError("UNSUPPORTED_TABLE_CHANGE", "0A000", "Unsupported table change: " + error.message,
                        {{"message", error.message}});
  }

  Status SetProperties() {
    Json named = Json::object();
    for (const auto& [key, value] : statement_.properties) {
      if (key == "clusteringColumns") {
        return MakeSqlError("DELTA_CANNOT_MODIFY_TABLE_PROPERTY", "42939",
                            "The Delta table configuration clusteringColumns cannot be specified by the user.",
                            {{"prop", "clusteringColumns"}});
      }
      std::string name = delta::CanonicalProperty(key);
      if (name.starts_with("delta.constraints.")) {
        return MakeSqlError("DELTA_ADD_CONSTRAINTS", "0A000", "Please use ALTER TABLE ADD CONSTRAINT to add CHECK constraints.");
      }
      named[name.starts_with("delta.feature.") ? ToLowerAscii(name) : name] = value;
    }
    auto request = delta::ReadProperties(statement_.properties);
    if (!request.ok()) return AsTableChange(std::move(request).error());
    delta::StringMap configuration = write_.metadata().configuration;
    for (const auto& [key, value] : request->stored) configuration[key] = value;
    if (request->stored.contains(kComment)) {
      write_.SetDescription(configuration[kComment]);
      configuration.erase(kComment);
    }
    RETURN_IF_ERROR(ChangeConfiguration(std::move(configuration)));
    const delta::Protocol& before = write_.snapshot().protocol();
    delta::Protocol after = delta::WithRequest(before, *request);
    if (after != before) write_.SetProtocol(std::move(after));
    return Named("SET TBLPROPERTIES", {{"properties", WriteJson(named)}});
  }

  // One that is not there is no error, as in delta-spark.
  Status UnsetProperties() {
    delta::StringMap configuration = write_.metadata().configuration;
    Json keys = Json::array();
    for (const auto& [key, value] : statement_.properties) {
      std::string name = delta::CanonicalProperty(key);
      keys.push_back(name.starts_with("delta.feature.") ? ToLowerAscii(name) : name);
      configuration.erase(name);
      if (name == kComment) write_.SetDescription(std::nullopt);
    }
    RETURN_IF_ERROR(ChangeConfiguration(std::move(configuration)));
    return Named("UNSET TBLPROPERTIES", {{"properties", WriteJson(keys)}, {"ifExists", "true"}});
  }

  Status ChangeConfiguration(delta::StringMap configuration) {
    ASSIGN_OR_RETURN(delta::ColumnMappingMode before, delta::MappingModeOf(write_.metadata().configuration));
    ASSIGN_OR_RETURN(delta::ColumnMappingMode after, delta::MappingModeOf(configuration));
    bool allowed = before == after || (before == delta::ColumnMappingMode::kNone && after == delta::ColumnMappingMode::kName);
    if (!allowed) {
      auto text = [](delta::ColumnMappingMode mode) {
        if (mode == delta::ColumnMappingMode::kNone) return std::string("none");
        return std::string(mode == delta::ColumnMappingMode::kName ? "name" : "id");
      };
      return MakeSqlError("DELTA_UNSUPPORTED_COLUMN_MAPPING_MODE_CHANGE", "0AKDC",
                          "Changing column mapping mode from '" + text(before) + "' to '" + text(after) + "' is not supported.",
                          {{"oldMode", text(before)}, {"newMode", text(after)}});
    }
    write_.SetConfiguration(std::move(configuration));
    return OkStatus();
  }

  // The rows that are there must obey it as well.
  Status AddConstraint() {
    std::string key = "delta.constraints." + ToLowerAscii(statement_.new_name);
    delta::StringMap configuration = write_.metadata().configuration;
    if (configuration.contains(key)) {
      return MakeSqlError("DELTA_CONSTRAINT_ALREADY_EXISTS", "42710",
                          "Constraint '" + statement_.new_name + "' already exists. Please delete the old constraint first.\n"
                          "Old constraint:\n" + configuration[key],
                          {{"constraintName", statement_.new_name}, {"oldConstraint", configuration[key]}});
    }
    configuration[key] = statement_.text;
    delta::Metadata wanted = write_.metadata();
    wanted.configuration = configuration;
    RETURN_IF_ERROR(RulesOf(run_, wanted, write_.schema()));
    ASSIGN_OR_RETURN(int64_t violating, CountViolations());
    if (violating > 0) {
      return MakeSqlError("DELTA_NEW_CHECK_CONSTRAINT_VIOLATION", "23512",
                          std::to_string(violating) + " rows in " + relation_.full_name +
                              " violate the new CHECK constraint (" + statement_.text + ").",
                          {{"numRows", std::to_string(violating)},
                           {"tableName", relation_.full_name},
                           {"checkConstraint", statement_.text}});
    }
    write_.transaction().ReadWholeTable();
    write_.SetConfiguration(std::move(configuration));
    return Named("ADD CONSTRAINT", {{"name", statement_.new_name}, {"expr", statement_.text}});
  }

  Result<int64_t> CountViolations() {
    sql::FilterRelation violating{sql::MakeRelation(statement_.table), nullptr};
    ASSIGN_OR_RETURN(violating.condition, sql::ParseExpression("NOT coalesce((" + statement_.text + "), false)",
                                                                {.time_zone = run_.state().confs.time_zone()}));
    sql::AggregateRelation count;
    count.input = sql::MakeRelation(std::move(violating));
    ASSIGN_OR_RETURN(sql::ExprPtr counted, sql::ParseExpression("count(*)"));
    count.exprs = {std::move(counted)};
    ASSIGN_OR_RETURN(Value number, OneValue(sql::MakeRelation(std::move(count))));
    return std::get<int64_t>(number.data);
  }

  // Of a query of one row and column.
  Result<Value> OneValue(const sql::RelationPtr& query) {
    ASSIGN_OR_RETURN(sql::AnalyzedQuery analyzed, run_.Analyze(query));
    ASSIGN_OR_RETURN(auto stream, run_.connection().Execute(analyzed.plan, {}));
    ASSIGN_OR_RETURN(auto rows, engine::CollectRows(*stream));
    CHECK_EQ(rows.size(), 1u);
    return rows[0][0];
  }


  // The next number of the column is beyond all that the table holds.
  Status SyncIdentity(const sql::NameParts& path) {
    Field before;
    RETURN_IF_ERROR(delta::ChangeColumn(schema_, path, [&](Field& field) -> Status {
      before = field;
      sql::ColumnRules rules = sql::ColumnRulesOf(field);
      if (path.size() > 1 || !rules.identity) {
        return MakeSqlError("DELTA_IDENTITY_COLUMNS_ALTER_NON_IDENTITY_COLUMN", "429BQ",
                            "SYNC IDENTITY is for IDENTITY columns, which " + PathText(path) + " is not.");
      }
      sql::AggregateRelation farthest;
      farthest.input = sql::MakeRelation(statement_.table);
      std::string text = (rules.identity->step > 0 ? "max(" : "min(") + QuoteIdentifier(field.name) + ")";
      ASSIGN_OR_RETURN(sql::ExprPtr expr, sql::ParseExpression(text));
      farthest.exprs = {std::move(expr)};
      ASSIGN_OR_RETURN(Value number, OneValue(sql::MakeRelation(std::move(farthest))));
      if (number.is_null()) return OkStatus();
      rules.identity->high_water_mark = sql::SyncedHighWaterMark(*rules.identity, std::get<int64_t>(number.data));
      field = sql::WithColumnRules(field, rules);
      return OkStatus();
    }));
    write_.transaction().ReadWholeTable();
    write_.SetSchema(schema_);
    // delta-spark tells of the column as it was.
    return Named("CHANGE COLUMN", {{"column", WriteJson(ColumnJson({}, before))}});
  }

  Status DropConstraint() {
    std::string key = "delta.constraints." + ToLowerAscii(statement_.new_name);
    delta::StringMap configuration = write_.metadata().configuration;
    if (configuration.erase(key) == 0) {
      if (statement_.if_exists) return NoChange();
      return MakeSqlError("DELTA_CONSTRAINT_DOES_NOT_EXIST", "42704",
                          "Cannot drop nonexistent constraint " + statement_.new_name + " from table " + relation_.full_name +
                              ". To avoid throwing an error, provide the parameter IF EXISTS or set the SQL session "
                              "configuration spark.databricks.delta.constraints.assumesDropIfExists.enabled to true.",
                          {{"constraintName", statement_.new_name},
                           {"tableName", relation_.full_name},
                           {"config", "spark.databricks.delta.constraints.assumesDropIfExists.enabled"},
                           {"confValue", "true"}});
    }
    std::string expr = write_.metadata().configuration.at(key);
    write_.SetConfiguration(std::move(configuration));
    return Named("DROP CONSTRAINT", {{"name", statement_.new_name}, {"expr", expr}, {"existed", "true"}});
  }

  Status ClusterBy() {
    if (!write_.metadata().partition_columns.empty()) {
      return MakeSqlError("DELTA_ALTER_TABLE_CLUSTER_BY_ON_PARTITIONED_TABLE_NOT_ALLOWED", "42000",
                          "ALTER TABLE CLUSTER BY cannot be applied to a partitioned table.");
    }
    // NONE does not make a table one of clustering.
    bool listed = delta::IsFeatureListed(write_.snapshot().protocol(), "clustering");
    if (statement_.names.empty() && !listed) return NoChange();
    ASSIGN_OR_RETURN(std::vector<delta::ColumnPath> columns,
                     delta::FindClusteringColumns(statement_.names, write_.schema(), write_.metadata()));
    RETURN_IF_ERROR(write_.ClusterBy(columns));
    std::vector<std::string> names;
    for (const delta::ColumnPath& column : columns) names.push_back(delta::PathText(column));
    return Named("CLUSTER BY", {{"oldClusteringColumns", Join(delta::ClusteringTexts(write_.snapshot()), ",")}, {"newClusteringColumns", Join(names, ",")}});
  }

  // A dropped struct takes its fields with it.
  Status NoneClusters(const std::vector<sql::NameParts>& dropped) const {
    std::vector<std::string> clustering;
    for (const std::string& name : delta::ClusteringTexts(write_.snapshot())) {
      std::string column = ToLowerAscii(name);
      bool goes = std::ranges::any_of(dropped, [&](const sql::NameParts& path) {
        std::string text = ToLowerAscii(PathText(path));
        return column == text || column.starts_with(text + ".");
      });
      if (goes) clustering.push_back(name);
    }
    if (clustering.empty()) return OkStatus();
    std::string list = Join(clustering, ",");
    return MakeSqlError("DELTA_UNSUPPORTED_DROP_CLUSTERING_COLUMN", "0AKDC",
                        "Dropping clustering columns (" + list + ") is not allowed.", {{"columnList", list}});
  }

  Status Named(std::string name, Parameters parameters) {
    operation_.name = std::move(name);
    operation_.parameters = std::move(parameters);
    return OkStatus();
  }
  Status NoChange() {
    changes_ = false;
    return OkStatus();
  }

  StatementRun& run_;
  const sql::AlterTableStatement& statement_;
  const sql::ResolvedRelation& relation_;
  DeltaWrite& write_;
  Schema schema_;
  delta::Operation operation_;
  bool changes_ = true;
};

// The log says nothing of a comment any more, which tells the catalog nothing.
Status ForgetComment(StatementRun& run, const sql::ResolvedRelation& relation) {
  sql::CatalogCommand command;
  command.action = sql::CatalogAction::kSetComment;
  command.securable = sql::Securable::kTable;
  command.name = relation.name_parts;
  command.comment = "";
  RETURN_IF_ERROR(run.Execute(command));
  return OkStatus();
}

}  // namespace

Rows RunCommand(StatementRun& run, const sql::AlterTableStatement& statement) {
  ASSIGN_OR_RETURN(sql::ResolvedRelation relation, ResolveAltered(run, statement));
  if (relation.format != "DELTA") return NotImplemented("ALTER TABLE of a table that is not Delta");
  DeltaTarget target{relation.uuid, relation.location, nullptr};
  ASSIGN_OR_RETURN(target.snapshot, delta::Snapshot::Load(LocationOf(run, relation)));
  if (std::optional<sql::FeatureDrop> drop = sql::FeatureDropOf(statement)) {
    return DropFeature(run, {relation, target.snapshot}, *drop);
  }
  RETURN_IF_ERROR(CheckNames(statement, target.snapshot->schema()));
  if (statement.action == Action::kSetProperties && EnablesRowTracking(*target.snapshot, statement.properties)) {
    MaintainedTable table{relation, target.snapshot};
    RETURN_IF_ERROR(BackfillRowIds(run, table));
    target.snapshot = table.snapshot;
  }
  DeltaWrite write(run, std::move(target));
  Alteration alteration(run, statement, relation, write);
  RETURN_IF_ERROR(alteration.Apply());
  if (!alteration.changes()) return NoRows();
  RETURN_IF_ERROR(write.Commit(alteration.TakeOperation()));
  bool uncommented = statement.action == Action::kUnsetProperties && statement.properties.contains(kComment);
  if (uncommented && relation.kind == sql::RelationKind::kTable) RETURN_IF_ERROR(ForgetComment(run, relation));
  return NoRows();
}

}  // namespace ashlar::session
