// spark.catalog.*: answered by the catalog's own statements, so that its permissions hold here too.
#include "base/text.h"
#include "connect/plan_runner.h"
#include "session/rows.h"

namespace ashlar::connect {
namespace {

using Proto = sc::Catalog;
using Cells = std::vector<std::vector<Value>>;
using session::StatementRun;

struct NamedType {
  const char* name;
  TypeId type = TypeId::kString;
  bool array = false;
};

Rows Answer(StatementRun& run, std::initializer_list<NamedType> columns, Cells rows) {
  Schema schema;
  for (const NamedType& column : columns) {
    DataType type = column.array ? DataType::Array(column.type) : DataType(column.type);
    schema.fields.push_back({column.name, std::move(type), true, "{}"});
  }
  return run.connection().ExecuteValues(schema, rows);
}

Rows AnswerFlag(StatementRun& run, bool flag) { return Answer(run, {{"value", TypeId::kBoolean}}, {{Value::Boolean(flag)}}); }
Rows AnswerText(StatementRun& run, const std::string& text) { return Answer(run, {{"value"}}, {{Value::String(text)}}); }

Value NoText() { return Value::Null(TypeId::kString); }

Value TextArray(const std::string& text) {
  return {DataType::Array(TypeId::kString), std::vector<Value>{Value::String(text)}};
}

// Runs a catalog statement for its effect.
Rows Do(StatementRun& run, sql::CatalogCommand command) {
  ASSIGN_OR_RETURN(auto stream, run.Run(sql::Statement{{}, sql::CatalogStatement{std::move(command)}}));
  stream.reset();
  return std::unique_ptr<engine::ResultStream>();
}

// The rows of a catalog statement, as text; `names` are their columns.
struct Listing {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;

  // The cell of the first column that has one of these names; "" when none does.
  std::string Get(size_t row, std::initializer_list<std::string_view> columns) const {
    for (std::string_view column : columns) {
      for (size_t i = 0; i < names.size(); ++i) {
        if (EqualsIgnoreCase(names[i], column)) return rows[row][i];
      }
    }
    return "";
  }
};

Result<Listing> List(StatementRun& run, sql::Securable securable, sql::NameParts place, const std::string& pattern) {
  sql::CatalogCommand command;
  command.action = sql::CatalogAction::kShow;
  command.securable = securable;
  command.name = std::move(place);
  command.pattern = pattern;
  ASSIGN_OR_RETURN(auto stream, run.Run(sql::Statement{{}, sql::CatalogStatement{std::move(command)}}));
  Listing listing;
  if (!stream) return listing;
  for (const Field& field : stream->schema().fields) listing.names.push_back(field.name);
  ASSIGN_OR_RETURN(Cells cells, engine::CollectRows(*stream));
  for (const auto& row : cells) {
    std::vector<std::string> texts;
    for (const Value& value : row) {
      if (auto* flag = std::get_if<bool>(&value.data)) {
        texts.push_back(*flag ? "true" : "false");
      } else {
        auto* text = std::get_if<std::string>(&value.data);
        texts.push_back(text == nullptr ? "" : *text);
      }
    }
    listing.rows.push_back(std::move(texts));
  }
  return listing;
}

Result<sql::NameParts> NameOf(const std::string& name, const std::string& database) {
  ASSIGN_OR_RETURN(sql::NameParts parts, sql::ParseMultipartIdentifier(name));
  if (database.empty()) return parts;
  ASSIGN_OR_RETURN(sql::NameParts place, sql::ParseMultipartIdentifier(database));
  place.insert(place.end(), parts.begin(), parts.end());
  return place;
}

// True, or false when exactly that is the error.
Result<bool> Found(const Status& status) {
  if (status.ok()) return true;
  const Error& error = status.error();
  bool missing = error.condition.ends_with("NOT_FOUND") || error.code == ErrorCode::kResourceDoesNotExist || error.code == ErrorCode::kNotFound;
  if (missing) return false;
  return error;
}

bool IsTemporaryView(const StatementRun& run, const sql::NameParts& name) {
  return name.size() == 1 && run.state().temporary_views.contains(ToLowerAscii(name[0]));
}

Result<sql::ResolvedRelation> ResolveTable(StatementRun& run, const sql::NameParts& name) {
  sql::TableRelation table;
  table.name = name;
  return run.Resolve(table, sql::Access::kRead);
}

std::vector<Value> TableRow(const sql::ResolvedRelation& relation) {
  const char* type = relation.kind == sql::RelationKind::kView ? "VIEW" : relation.managed ? "MANAGED" : "EXTERNAL";
  return {Value::String(relation.name_parts.back()), Value::String(relation.name_parts[0]), TextArray(relation.name_parts[1]),
          relation.comment.empty() ? NoText() : Value::String(relation.comment), Value::String(type), Value::Boolean(false)};
}

std::vector<Value> TemporaryViewRow(const std::string& name) {
  return {Value::String(name), NoText(), {DataType::Array(TypeId::kString), std::vector<Value>{}}, NoText(), Value::String("TEMPORARY"), Value::Boolean(true)};
}

const std::initializer_list<NamedType> kTableColumns = {{"name"}, {"catalog"}, {"namespace", TypeId::kString, true},
                                                        {"description"}, {"tableType"}, {"isTemporary", TypeId::kBoolean}};

Rows ListTables(StatementRun& run, const std::string& database, const std::string& pattern) {
  sql::NameParts place;
  if (!database.empty()) {
    ASSIGN_OR_RETURN(place, sql::ParseMultipartIdentifier(database));
  }
  ASSIGN_OR_RETURN(Listing tables, List(run, sql::Securable::kTable, place, pattern));
  Cells rows;
  for (size_t i = 0; i < tables.rows.size(); ++i) {
    std::string name = tables.Get(i, {"tableName", "name"});
    if (tables.Get(i, {"isTemporary"}) == "true") {
      rows.push_back(TemporaryViewRow(name));
      continue;
    }
    sql::NameParts full = place;
    full.push_back(name);
    auto relation = ResolveTable(run, full);
    // Listed, but not to be read: BROWSE shows the name and no more.
    if (!relation.ok()) {
      ASSIGN_OR_RETURN(full, run.Complete(full, 3));
      rows.push_back({Value::String(name), Value::String(full[0]), TextArray(full[1]), NoText(), NoText(), Value::Boolean(false)});
      continue;
    }
    rows.push_back(TableRow(*relation));
  }
  if (database.empty() && pattern.empty()) {
    for (const auto& [name, view] : run.state().temporary_views) rows.push_back(TemporaryViewRow(name));
  }
  return Answer(run, kTableColumns, std::move(rows));
}

Rows GetTable(StatementRun& run, const sql::NameParts& name) {
  if (IsTemporaryView(run, name)) return Answer(run, kTableColumns, {TemporaryViewRow(name[0])});
  ASSIGN_OR_RETURN(sql::ResolvedRelation relation, ResolveTable(run, name));
  return Answer(run, kTableColumns, {TableRow(relation)});
}

Rows ListColumns(StatementRun& run, const sql::NameParts& name) {
  sql::TableRelation table;
  table.name = name;
  ASSIGN_OR_RETURN(sql::AnalyzedQuery analyzed, run.Analyze(sql::MakeRelation(std::move(table))));
  std::vector<std::string> partitions;
  if (auto* scan = std::get_if<sql::ScanPlan>(&analyzed.plan->node)) partitions = scan->table->partition_columns();
  Cells rows;
  for (const sql::Attribute& column : analyzed.plan->output) {
    bool partition = std::any_of(partitions.begin(), partitions.end(), [&](const auto& p) { return EqualsIgnoreCase(p, column.name); });
    rows.push_back({Value::String(column.name), NoText(), Value::String(column.type.SimpleString()), Value::Boolean(column.nullable),
                    Value::Boolean(partition), Value::Boolean(false), Value::Boolean(false)});
  }
  return Answer(run,
                {{"name"}, {"description"}, {"dataType"}, {"nullable", TypeId::kBoolean}, {"isPartition", TypeId::kBoolean},
                 {"isBucket", TypeId::kBoolean}, {"isCluster", TypeId::kBoolean}},
                std::move(rows));
}

Rows ListDatabases(StatementRun& run, const std::string& pattern) {
  ASSIGN_OR_RETURN(Listing schemas, List(run, sql::Securable::kSchema, {}, pattern));
  Cells rows;
  for (size_t i = 0; i < schemas.rows.size(); ++i) {
    rows.push_back({Value::String(schemas.Get(i, {"databaseName", "namespace", "name"})), Value::String(run.state().catalog), NoText(), NoText()});
  }
  return Answer(run, {{"name"}, {"catalog"}, {"description"}, {"locationUri"}}, std::move(rows));
}

// A schema is there when it may be used.
Result<bool> SchemaExists(StatementRun& run, const std::string& database) {
  ASSIGN_OR_RETURN(sql::NameParts name, sql::ParseMultipartIdentifier(database));
  sql::CatalogCommand command;
  command.action = sql::CatalogAction::kUse;
  command.securable = sql::Securable::kSchema;
  ASSIGN_OR_RETURN(command.name, run.Complete(name, 2));
  auto reply = run.Execute(command);
  return Found(reply.ok() ? OkStatus() : Status(reply.error()));
}

Rows Use(StatementRun& run, sql::Securable securable, const std::string& name) {
  sql::CatalogCommand command;
  command.action = sql::CatalogAction::kUse;
  command.securable = securable;
  ASSIGN_OR_RETURN(command.name, sql::ParseMultipartIdentifier(name));
  return Do(run, std::move(command));
}

Rows Drop(StatementRun& run, sql::Securable securable, const std::string& name, bool if_exists, bool cascade = false) {
  sql::CatalogCommand command;
  command.action = sql::CatalogAction::kDrop;
  command.securable = securable;
  ASSIGN_OR_RETURN(command.name, sql::ParseMultipartIdentifier(name));
  command.if_exists = if_exists;
  command.cascade = cascade;
  return Do(run, std::move(command));
}

Rows DropTemporaryView(StatementRun& run, const std::string& name) {
  bool dropped = false;
  RETURN_IF_ERROR(run.session().Change([&](session::SessionState& state) {
    dropped = state.temporary_views.erase(ToLowerAscii(name)) > 0;
    return OkStatus();
  }));
  return AnswerFlag(run, dropped);
}

Rows ListOrFindFunctions(const Proto& proto, StatementRun& run) {
  const std::vector<std::string> names = run.environment().functions.Names();
  if (proto.has_function_exists()) {
    const std::string& wanted = proto.function_exists().function_name();
    return AnswerFlag(run, std::any_of(names.begin(), names.end(), [&](const auto& name) { return EqualsIgnoreCase(name, wanted); }));
  }
  if (proto.list_functions().has_pattern()) return NotImplemented("ListFunctions.pattern");
  Cells rows;
  for (const std::string& name : names) {
    rows.push_back({Value::String(name), NoText(), Value::Null(DataType::Array(TypeId::kString)), NoText(), Value::String(""), Value::Boolean(true)});
  }
  return Answer(run, {{"name"}, {"catalog"}, {"namespace", TypeId::kString, true}, {"description"}, {"className"}, {"isTemporary", TypeId::kBoolean}},
                std::move(rows));
}

Rows Change(const Proto& proto, StatementRun& run) {
  switch (proto.cat_type_case()) {
    case Proto::kSetCurrentDatabase: return Use(run, sql::Securable::kSchema, proto.set_current_database().db_name());
    case Proto::kSetCurrentCatalog: return Use(run, sql::Securable::kCatalog, proto.set_current_catalog().catalog_name());
    case Proto::kDropTempView: return DropTemporaryView(run, proto.drop_temp_view().view_name());
    case Proto::kDropTable: return Drop(run, sql::Securable::kTable, proto.drop_table().table_name(), proto.drop_table().if_exists());
    case Proto::kDropView: return Drop(run, sql::Securable::kView, proto.drop_view().view_name(), proto.drop_view().if_exists());
    case Proto::kDropDatabase:
      return Drop(run, sql::Securable::kSchema, proto.drop_database().db_name(), proto.drop_database().if_exists(), proto.drop_database().cascade());
    case Proto::kCreateDatabase: {
      sql::CatalogCommand command;
      command.action = sql::CatalogAction::kCreate;
      command.securable = sql::Securable::kSchema;
      ASSIGN_OR_RETURN(command.name, sql::ParseMultipartIdentifier(proto.create_database().db_name()));
      command.if_exists = proto.create_database().if_not_exists();
      command.properties = {proto.create_database().properties().begin(), proto.create_database().properties().end()};
      return Do(run, std::move(command));
    }
    // Nothing is cached by name: every statement pins its own snapshot.
    case Proto::kIsCached: return AnswerFlag(run, false);
    case Proto::kRefreshTable: {
      ASSIGN_OR_RETURN(sql::NameParts name, NameOf(proto.refresh_table().table_name(), ""));
      if (!IsTemporaryView(run, name)) {
        RETURN_IF_ERROR(ResolveTable(run, name));
      }
      return std::unique_ptr<engine::ResultStream>();
    }
    default: {
      const auto* field = Proto::descriptor()->FindFieldByNumber(proto.cat_type_case());
      return NotImplemented("the Spark Connect catalog operation " + std::string(field == nullptr ? "of unknown kind" : field->name()));
    }
  }
}

}  // namespace

Rows RunCatalog(const Proto& proto, StatementRun& run) {
  switch (proto.cat_type_case()) {
    case Proto::kCurrentDatabase: return AnswerText(run, run.state().schema);
    case Proto::kCurrentCatalog: return AnswerText(run, run.state().catalog);
    case Proto::kListDatabases: return ListDatabases(run, proto.list_databases().pattern());
    case Proto::kListTables: return ListTables(run, proto.list_tables().db_name(), proto.list_tables().pattern());
    case Proto::kListCatalogs: {
      ASSIGN_OR_RETURN(Listing catalogs, List(run, sql::Securable::kCatalog, {}, proto.list_catalogs().pattern()));
      Cells rows;
      for (size_t i = 0; i < catalogs.rows.size(); ++i) rows.push_back({Value::String(catalogs.Get(i, {"catalog", "name"})), NoText()});
      return Answer(run, {{"name"}, {"description"}}, std::move(rows));
    }
    case Proto::kListColumns: {
      ASSIGN_OR_RETURN(sql::NameParts name, NameOf(proto.list_columns().table_name(), proto.list_columns().db_name()));
      return ListColumns(run, name);
    }
    case Proto::kGetTable: {
      ASSIGN_OR_RETURN(sql::NameParts name, NameOf(proto.get_table().table_name(), proto.get_table().db_name()));
      return GetTable(run, name);
    }
    case Proto::kTableExists: {
      ASSIGN_OR_RETURN(sql::NameParts name, NameOf(proto.table_exists().table_name(), proto.table_exists().db_name()));
      if (IsTemporaryView(run, name)) return AnswerFlag(run, true);
      auto relation = ResolveTable(run, name);
      ASSIGN_OR_RETURN(bool found, Found(relation.ok() ? OkStatus() : Status(relation.error())));
      return AnswerFlag(run, found);
    }
    case Proto::kDatabaseExists: {
      ASSIGN_OR_RETURN(bool found, SchemaExists(run, proto.database_exists().db_name()));
      return AnswerFlag(run, found);
    }
    case Proto::kListFunctions:
    case Proto::kFunctionExists: return ListOrFindFunctions(proto, run);
    default: return Change(proto, run);
  }
}

}  // namespace ashlar::connect
