#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "delta/features.h"
#include "delta/snapshot.h"
#include "session/commands.h"
#include "session/delta_write.h"
#include "sql/analyze/scope.h"

namespace ashlar::session {
namespace {

// How many name parts a securable of a command has; SHOW names the place it looks in.
size_t PartsOf(const sql::CatalogCommand& command) {
  using sql::Securable;
  switch (command.securable) {
    case Securable::kCatalog:
    case Securable::kExternalLocation:
    case Securable::kStorageCredential: return 1;
    case Securable::kSchema: return 2;
    case Securable::kTable:
    case Securable::kView:
    case Securable::kVolume:
    case Securable::kFunction: return 3;
    case Securable::kMetastore:
    case Securable::kAnyFile: return 0;
  }
  return 0;
}

// The place a SHOW looks in: a catalog for schemas, a schema for tables, views and volumes.
Status CompletePlace(const StatementRun& run, sql::CatalogCommand& command) {
  size_t parts = PartsOf(command);
  if (parts <= 1) return OkStatus();
  size_t place_parts = parts - 1;
  sql::NameParts current = {run.state().catalog, run.state().schema};
  if (command.name.size() > place_parts) {
    return MakeSqlError("REQUIRES_SINGLE_PART_NAMESPACE", "42K05", "The name " + Join(command.name, ".") + " has too many parts.",
                        {{"namespace", Join(command.name, ".")}, {"sessionCatalog", run.state().catalog}});
  }
  current.resize(place_parts);
  std::copy(command.name.begin(), command.name.end(), current.end() - static_cast<long>(command.name.size()));
  command.name = current;
  return OkStatus();
}

Rows UseNamespace(StatementRun& run, sql::CatalogCommand command) {
  // USE a.b and USE b name a schema; USE a falls back to a catalog where no schema has the name.
  RETURN_IF_ERROR([&]() -> Status {
    if (command.securable == sql::Securable::kCatalog) return OkStatus();
    ASSIGN_OR_RETURN(command.name, run.Complete(command.name, 2));
    return OkStatus();
  }());
  RETURN_IF_ERROR(run.Execute(command));
  RETURN_IF_ERROR(run.session().Change([&](SessionState& state) {
    state.catalog = command.name[0];
    state.schema = command.securable == sql::Securable::kCatalog ? "default" : command.name[1];
    return OkStatus();
  }));
  return NoRows();
}

// COMMENT ON TABLE of a Delta table is a change of its log. nullopt where the catalog alone keeps the comment: a view's, and
// that of a table which the asker may manage and not modify.
std::optional<sql::AlterTableStatement> CommentInLog(StatementRun& run, const sql::CatalogCommand& command) {
  if (command.action != sql::CatalogAction::kSetComment || command.securable != sql::Securable::kTable) return std::nullopt;
  sql::AlterTableStatement alter;
  alter.table.name = command.name;
  alter.properties["comment"] = command.comment.value_or("");
  auto relation = run.Resolve(alter.table, sql::Access::kWrite);
  if (!relation.ok() || relation->format != "DELTA") return std::nullopt;
  return alter;
}

// A Delta table's are in its log, with those that stand for its protocol.
Result<std::map<std::string, std::string>> PropertiesOf(StatementRun& run, const sql::ResolvedRelation& relation) {
  if (relation.kind == sql::RelationKind::kView) return sql::ShownViewProperties(relation.properties);
  if (!EqualsIgnoreCase(relation.format, "delta")) return relation.properties;
  ASSIGN_OR_RETURN(auto snapshot, delta::Snapshot::Load(LocationOf(run, relation)));
  std::map<std::string, std::string> properties = snapshot->metadata().configuration;
  const delta::Protocol& protocol = snapshot->protocol();
  properties["delta.minReaderVersion"] = std::to_string(protocol.min_reader_version);
  properties["delta.minWriterVersion"] = std::to_string(protocol.min_writer_version);
  if (protocol.writer_features) {
    for (const std::string& name : delta::ListedFeatures(protocol)) properties["delta.feature." + name] = "supported";
  }
  return properties;
}

// DROP of a table that is not there says where it was looked for.
Error OfDrop(const sql::CatalogCommand& command, Error error) {
  bool table = command.action == sql::CatalogAction::kDrop && command.securable == sql::Securable::kTable && command.name.size() == 3;
  if (table && error.condition == "TABLE_OR_VIEW_NOT_FOUND") {
    error.parameters["searchPath"] = "[" + sql::QuoteName({command.name[0], command.name[1]}) + "]";
  }
  return error;
}

}  // namespace

Rows RunCommand(StatementRun& run, const sql::CatalogStatement& statement) {
  sql::CatalogCommand command = statement.command;
  command.current_catalog = run.state().catalog;
  command.current_schema = run.state().schema;
  if (command.action == sql::CatalogAction::kUse) return UseNamespace(run, std::move(command));
  if (std::optional<sql::AlterTableStatement> comment = CommentInLog(run, command)) return RunCommand(run, *comment);
  size_t parts = PartsOf(command);
  if (command.action == sql::CatalogAction::kShow) {
    RETURN_IF_ERROR(CompletePlace(run, command));
  } else if (parts > 0) {
    // A temporary view hides a table of its name.
    if (command.action == sql::CatalogAction::kDrop && command.securable == sql::Securable::kView && command.name.size() == 1 &&
        run.state().temporary_views.contains(ToLowerAscii(command.name[0]))) {
      RETURN_IF_ERROR(run.session().Change([&](SessionState& state) {
        state.temporary_views.erase(ToLowerAscii(command.name[0]));
        return OkStatus();
      }));
      return NoRows();
    }
    ASSIGN_OR_RETURN(command.name, run.Complete(command.name, parts));
    if (!command.new_name.empty()) {
      sql::NameParts place(command.name.begin(), command.name.end() - 1);
      if (command.new_name.size() == 1) command.new_name.insert(command.new_name.begin(), place.begin(), place.end());
      if (command.new_name.size() == 2 && parts == 3) command.new_name.insert(command.new_name.begin(), command.name[0]);
    }
  }
  auto executed = run.Execute(command);
  if (!executed.ok()) return OfDrop(command, std::move(executed).error());
  sql::CatalogReply reply = *std::move(executed);
  if (reply.schema.fields.empty()) return NoRows();
  std::vector<std::vector<Value>> rows;
  for (const auto& row : reply.rows) {
    std::vector<Value> cells;
    for (size_t i = 0; i < row.size(); ++i) {
      const DataType& type = reply.schema.fields[i].type;
      if (!row[i]) {
        cells.push_back(Value::Null(type));
      } else if (type.Is(TypeId::kBoolean)) {
        cells.push_back(Value::Boolean(*row[i] == "true"));
      } else {
        cells.push_back(Value::String(*row[i]));
      }
    }
    rows.push_back(std::move(cells));
  }
  return run.connection().ExecuteValues(reply.schema, rows);
}

Rows RunCommand(StatementRun& run, const sql::ShowFunctionsStatement& statement) {
  TextRows rows;
  std::string pattern = ToLowerAscii(ReplaceAll(statement.pattern, "*", ""));
  for (const std::string& name : run.environment().functions.Names()) {
    if (name.find(pattern) != std::string::npos) rows.push_back({name});
  }
  return StreamText(run.connection(), {{"function"}}, rows);
}

Rows RunCommand(StatementRun& run, const sql::ShowTablePropertiesStatement& statement) {
  ASSIGN_OR_RETURN(sql::ResolvedRelation relation, run.Resolve(statement.table, sql::Access::kRead, statement.table_span));
  ASSIGN_OR_RETURN(auto properties, PropertiesOf(run, relation));
  if (!statement.key.empty()) {
    auto found = properties.find(statement.key);
    std::string missing = "Table " + relation.full_name + " does not have property: " + statement.key;
    return StreamText(run.connection(), {{"key", "value"}},
                      {{statement.key, found == properties.end() ? missing : found->second}});
  }
  TextRows rows;
  for (const auto& [key, value] : properties) rows.push_back({key, value});
  return StreamText(run.connection(), {{"key", "value"}}, rows);
}

}  // namespace ashlar::session
