#include "session/column_checks.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "delta/schema_change.h"
#include "sql/analyze/errors.h"
#include "sql/analyze/scope.h"
#include "sql/coercion.h"
#include "sql/feature_drop.h"

namespace ashlar::session {
namespace {

using AlterAction = sql::AlterTableStatement::Action;

constexpr const char* kUnenforcedNotNull = "spark.databricks.delta.constraints.allowUnenforcedNotNull.enabled";

// The words in which Spark names the action; those of its own parser have places in its errors, Delta's have none.
struct AlterWords {
  const char* operation;
  bool of_delta = false;
};

AlterWords WordsOf(const sql::AlterTableStatement& statement) {
  if (sql::FeatureDropOf(statement)) return {"ALTER TABLE ... DROP FEATURE", true};
  switch (statement.action) {
    case AlterAction::kAddColumns: return {statement.plural ? "ALTER TABLE ... ADD COLUMNS" : "ALTER TABLE ... ADD COLUMN"};
    case AlterAction::kDropColumns: return {"ALTER TABLE ... DROP COLUMNS"};
    case AlterAction::kRenameColumn: return {"ALTER TABLE ... RENAME COLUMN"};
    case AlterAction::kAlterColumn: return {"ALTER TABLE ... ALTER COLUMN", statement.sync_identity};
    case AlterAction::kSetProperties: return {"ALTER TABLE ... SET TBLPROPERTIES"};
    case AlterAction::kUnsetProperties: return {"ALTER TABLE ... UNSET TBLPROPERTIES"};
    case AlterAction::kAddConstraint: return {"ALTER TABLE ... ADD CONSTRAINT", true};
    case AlterAction::kDropConstraint: return {"ALTER TABLE ... DROP CONSTRAINT", true};
    case AlterAction::kClusterBy: return {"ALTER TABLE ... CLUSTER BY", true};
    case AlterAction::kReplaceColumns: return {"ALTER TABLE ... REPLACE COLUMNS"};
  }
  return {"ALTER TABLE"};
}

// The type at a path that may lead into arrays and maps.
std::optional<DataType> TypeAt(const Schema& schema, const sql::NameParts& path) {
  std::optional<DataType> found;
  Schema copy = schema;
  Status reached = delta::ChangeColumnType(copy, path, [&](const DataType& type) -> Result<DataType> {
    found = type;
    return type;
  });
  return reached.ok() ? found : std::nullopt;
}

sql::NameParts Sibling(sql::NameParts path, const std::string& name) {
  path.back() = name;
  return path;
}

Error NoSuchColumn(const sql::NameParts& path, const Schema& schema, SourceSpan span) {
  std::vector<std::string> names;
  for (const Field& field : schema.fields) names.push_back(QuoteIdentifier(field.name));
  std::string name = sql::QuoteName(path), proposal = Join(names, ", ");
  return MakeSqlError("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703",
                      "A column, variable, or function parameter with name " + name +
                          " cannot be resolved. Did you mean one of the following? [" + proposal + "].",
                      {{"objectName", name}, {"proposal", proposal}}, span);
}

Error ColumnIsThere(const char* operation, const sql::NameParts& path, const Schema& schema, SourceSpan span) {
  std::string name = sql::QuoteName(path), type = sql::QuoteType(schema.ToStruct());
  return MakeSqlError("FIELD_ALREADY_EXISTS", "42710",
                      "Cannot " + std::string(operation) + " column, because " + name + " already exists in " + type + ".",
                      {{"op", operation}, {"fieldNames", name}, {"struct", type}}, span);
}

Status CheckAdded(const sql::AlterTableStatement& statement, const Schema& schema) {
  std::vector<sql::NameParts> paths;
  for (size_t i = 0; i < statement.columns.size(); ++i) {
    const sql::ColumnPlacement& place = statement.placements[i];
    paths.push_back(place.parent);
    paths.back().push_back(statement.columns[i].field.name);
    if (place.parent.empty()) continue;
    std::optional<DataType> parent = TypeAt(schema, place.parent);
    if (!parent) return NoSuchColumn(place.parent, schema, place.span);
    if (parent->Is(TypeId::kStruct)) continue;
    std::string name = sql::QuoteName(paths.back()), path = sql::QuoteName(place.parent);
    return MakeSqlError("INVALID_FIELD_NAME", "42000", "Field name " + name + " is invalid: " + path + " is not a struct.",
                        {{"fieldName", name}, {"path", path}}, place.span);
  }
  for (const sql::NameParts& path : paths) {
    if (TypeAt(schema, path)) return ColumnIsThere("add", path, schema, statement.span);
  }
  for (size_t i = 0; i < paths.size(); ++i) {
    std::string name = ToLowerAscii(sql::QuoteName(paths[i]));
    for (size_t k = 0; k < i; ++k) {
      if (ToLowerAscii(sql::QuoteName(paths[k])) == name) return sql::ColumnAlreadyExists(name);
    }
  }
  return OkStatus();
}

Status DistinctBelow(const DataType& type, const sql::NameParts& path) {
  auto below = [&](const std::string& part, const DataType& inner) {
    sql::NameParts longer = path;
    longer.push_back(part);
    return DistinctBelow(inner, longer);
  };
  if (type.Is(TypeId::kArray)) return below("element", type.element());
  if (type.Is(TypeId::kMap)) {
    RETURN_IF_ERROR(below("key", type.key()));
    return below("value", type.map_value());
  }
  if (!type.Is(TypeId::kStruct)) return OkStatus();
  std::set<std::string> names;
  for (const Field& field : type.fields()) {
    sql::NameParts full = path;
    full.push_back(ToLowerAscii(field.name));
    if (!names.insert(full.back()).second) return sql::ColumnAlreadyExists(sql::QuoteName(full));
  }
  for (const Field& field : type.fields()) RETURN_IF_ERROR(below(field.name, field.type));
  return OkStatus();
}

// As Jackson writes it for readers.
std::string PrettyJson(const Json& json, const std::string& indent = "") {
  if (!json.is_structured()) return WriteJson(json);
  if (json.empty()) return json.is_object() ? "{ }" : "[ ]";
  std::vector<std::string> parts;
  if (json.is_array()) {
    for (const Json& item : json) parts.push_back(PrettyJson(item, indent));
    return "[ " + Join(parts, ", ") + " ]";
  }
  const std::string inner = indent + "  ";
  for (const auto& [key, value] : json.items()) parts.push_back(inner + WriteJson(Json(key)) + " : " + PrettyJson(value, inner));
  return "{\n" + Join(parts, ",\n") + "\n" + indent + "}";
}

bool HasNotNull(const DataType& type) {
  if (type.Is(TypeId::kArray)) return HasNotNull(type.element());
  if (type.Is(TypeId::kMap)) return HasNotNull(type.key()) || HasNotNull(type.map_value());
  if (!type.Is(TypeId::kStruct)) return false;
  return std::ranges::any_of(type.fields(), [](const Field& field) { return !field.nullable || HasNotNull(field.type); });
}

Status NestedNotNull(const DataType& type, const sql::NameParts& path) {
  auto part = [&](const std::string& kind, const DataType& nested) -> Status {
    if (!HasNotNull(nested)) return OkStatus();
    std::string parent = Join(path, "."), json = PrettyJson(nested.ToJson());
    return MakeSqlError("DELTA_NESTED_NOT_NULL_CONSTRAINT", "0AKDC",
                        "The " + kind + " type of the field " + parent +
                            " contains a NOT NULL constraint. Delta does not support NOT NULL constraints nested within arrays or maps. "
                            "To suppress this error and silently ignore the specified constraints, set " + kUnenforcedNotNull +
                            " = true.\nParsed " + kind + " type:\n" + json,
                        {{"parent", parent}, {"nestType", kind}, {"configKey", kUnenforcedNotNull}, {"nestedPrettyJson", json}});
  };
  if (type.Is(TypeId::kArray)) return part("element", type.element());
  if (type.Is(TypeId::kMap)) {
    RETURN_IF_ERROR(part("key", type.key()));
    return part("value", type.map_value());
  }
  if (!type.Is(TypeId::kStruct)) return OkStatus();
  for (const Field& field : type.fields()) {
    sql::NameParts inner = path;
    inner.push_back(field.name);
    RETURN_IF_ERROR(NestedNotNull(field.type, inner));
  }
  return OkStatus();
}

// Whether Spark lets a column of one type become one of the other.
bool MayBecome(const DataType& from, const DataType& to) {
  bool bounds = to.is_char() || to.is_varchar();
  if (!bounds || !from.Is(TypeId::kString)) return sql::CanUpCast(from, to);
  if (to.is_char()) return from.is_char() && from.char_length() == to.char_length();
  return (from.is_char() || from.is_varchar()) && from.char_length() <= to.char_length();
}

}  // namespace

Result<sql::ResolvedRelation> ResolveAltered(StatementRun& run, const sql::AlterTableStatement& statement) {
  AlterWords words = WordsOf(statement);
  auto relation = run.Resolve(statement.table, sql::Access::kWrite, words.of_delta ? SourceSpan{} : statement.table_span, words.operation);
  bool of_properties = !words.of_delta && (statement.action == AlterAction::kSetProperties || statement.action == AlterAction::kUnsetProperties);
  if (relation.ok() || !of_properties || relation.error().condition != "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE") return relation;
  Error error = std::move(relation).error();
  error.condition = "EXPECT_TABLE_NOT_VIEW.USE_ALTER_VIEW";
  error.message += " Please use ALTER VIEW instead.";
  return error;
}

Status CheckNames(const sql::AlterTableStatement& statement, const Schema& schema) {
  if (statement.action == AlterAction::kAddColumns) return CheckAdded(statement, schema);
  bool names = statement.action == AlterAction::kRenameColumn || statement.action == AlterAction::kAlterColumn ||
               (statement.action == AlterAction::kDropColumns && !statement.if_exists);
  if (!names || sql::FeatureDropOf(statement)) return OkStatus();
  SourceSpan span = statement.sync_identity ? SourceSpan{} : statement.span;
  for (const sql::NameParts& path : statement.names) {
    if (!TypeAt(schema, path)) return NoSuchColumn(path, schema, span);
  }
  const sql::NameParts& path = statement.names[0];
  if (statement.action == AlterAction::kRenameColumn) {
    sql::NameParts renamed = Sibling(path, statement.new_name);
    bool other = !EqualsIgnoreCase(path.back(), statement.new_name);
    if (other && TypeAt(schema, renamed)) return ColumnIsThere("rename", renamed, schema, span);
  }
  bool moves = statement.action == AlterAction::kAlterColumn && !statement.placements.empty() && statement.placements[0].after;
  if (!moves) return OkStatus();
  sql::NameParts after = Sibling(path, *statement.placements[0].after);
  return TypeAt(schema, after) ? OkStatus() : Status(NoSuchColumn(after, schema, span));
}

Status CheckNewType(const sql::AlterTableStatement& statement, const sql::ResolvedRelation& table, const DataType& type) {
  const DataType& wanted = statement.columns[0].field.type;
  std::string name = sql::QuoteName(statement.names[0]), table_name = sql::QuoteName(table.name_parts);
  if (wanted.IsNested()) {
    const char* kind = wanted.Is(TypeId::kStruct) ? "STRUCT_TYPE" : wanted.Is(TypeId::kMap) ? "MAP_TYPE" : "ARRAY_TYPE";
    return MakeSqlError("CANNOT_UPDATE_FIELD." + std::string(kind), "0A000",
                        "Cannot update " + table_name + " field " + name + " type: Update a nested type by its parts.",
                        {{"fieldName", name}, {"table", table_name}}, statement.span);
  }
  if (MayBecome(type, wanted)) return OkStatus();
  return MakeSqlError("NOT_SUPPORTED_CHANGE_COLUMN", "0A000",
                      "ALTER TABLE ALTER/CHANGE COLUMN is not supported for changing " + table_name + "'s column " + name + " with type " +
                          sql::QuoteType(type) + " to " + name + " with type " + sql::QuoteType(wanted) + ".",
                      {{"table", table_name}, {"originName", name}, {"originType", sql::QuoteType(type)}, {"newName", name},
                       {"newType", sql::QuoteType(wanted)}},
                      statement.span);
}

Status CheckDistinctNames(const Schema& schema) { return DistinctBelow(schema.ToStruct(), {}); }

Status CheckNestedNotNull(const StatementRun& run, const Schema& schema) {
  if (run.state().confs.GetOr(kUnenforcedNotNull, "false") == "true") return OkStatus();
  return NestedNotNull(schema.ToStruct(), {});
}

}  // namespace ashlar::session
