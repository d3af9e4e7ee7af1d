#include "engine/write/write_checks.h"

#include <map>

#include "base/text.h"
#include "engine/char_text.h"
#include "engine/duck_types.h"
#include "engine/lowering/lowering.h"
#include "engine/spark_error.h"
#include "sql/analyze/typed_tree.h"

namespace ashlar::engine {
namespace {

// Raises inside SQL, as a value of the type.
std::string RaiseSql(const Error& error, const DataType& type) {
  return "CAST(error(" + QuoteSqlString(EncodeSparkError(error)) + ") AS " + DuckTypeSql(type) + ")";
}

Error NotNullError(const std::string& column) {
  return MakeSqlError("DELTA_NOT_NULL_CONSTRAINT_VIOLATED", "23502",
                      "NOT NULL constraint violated for column: " + column + ".\n", {{"columnName", column}});
}

// Conditions under which a NULL stands where none may, with the column's path; a NULL struct has NULL fields. Inside
// structs only: delta-spark enforces no more.
void NullChecks(const Field& field, const std::string& sql, const std::string& path,
                std::vector<std::pair<std::string, std::string>>& checks) {
  if (!field.nullable) checks.emplace_back(sql + " IS NULL", path);
  if (!field.type.Is(TypeId::kStruct)) return;
  for (size_t i = 0; i < field.type.fields().size(); ++i) {
    const Field& inner = field.type.fields()[i];
    NullChecks(inner, "struct_extract(" + sql + ", 'f" + std::to_string(i) + "')", path + "." + inner.name, checks);
  }
}

// 'text' → the text as the inside of a JSON string, in SQL.
std::string JsonInner(const std::string& sql) {
  std::string quoted = "CAST(to_json(coalesce(CAST(" + sql + " AS VARCHAR), 'null')) AS VARCHAR)";
  return "substr(" + quoted + ", 2, length(" + quoted + ") - 2)";
}

// Raises inside SQL, as a value of the field's type.
std::string TooLongSql(const Field& field, const std::string& sql, const std::string& check) {
  constexpr std::string_view kMark = "@@value@@";
  std::string mark(kMark);
  Error error = MakeSqlError("DELTA_EXCEED_CHAR_VARCHAR_LIMIT", "22001",
                             "The value \"" + mark + "\" is longer than the char or varchar type of its column allows: " + check + ".",
                             {{"value", mark}, {"expr", check}});
  return "CAST(error(replace(" + QuoteSqlString(EncodeSparkError(error)) + ", " + QuoteSqlString(mark) + ", " + JsonInner(sql) +
         ")) AS " + DuckTypeSql(field.type) + ")";
}

// The value, its CHARs filled with blanks, where no text in it is too long.
std::string LengthChecked(const std::string& sql, const Field& field) {
  std::optional<LengthCondition> fits = FitsLengths(field.type, sql, QuoteIfNeeded(field.name));
  if (!fits) return sql;
  return "CASE WHEN " + fits->sql + " THEN " + FilledSql(field.type, sql) + " ELSE " + TooLongSql(field, sql, fits->text) + " END";
}

// A value as Spark tells it of a row that breaks a rule: times as microseconds.
std::string ToldValue(const std::string& sql, const DataType& type) {
  return type.Is(TypeId::kTimestamp) ? "epoch_us(" + sql + ")" : sql;
}

// The encoded error with the row's values in place of a mark, in SQL.
std::string ConstraintErrorSql(const RowConstraint& constraint, const Schema& schema, const std::string& alias) {
  constexpr std::string_view kMark = "@@values@@";
  std::string mark(kMark);
  std::string message =
      "CHECK constraint " + constraint.name + " " + constraint.sql + " violated by row with values:\n" + mark;
  Error error = MakeSqlError("DELTA_VIOLATE_CONSTRAINT_WITH_VALUES", "23001", message,
                             {{"constraintName", constraint.name}, {"expression", constraint.sql}, {"values", mark}});
  if (constraint.kind == RowConstraint::Kind::kReplaceWhere) {
    message = "[DELTA_VIOLATE_CONSTRAINT_WITH_VALUES] " + message;
    error = MakeSqlError("DELTA_REPLACE_WHERE_MISMATCH", "44000",
                         "Written data does not conform to partial table overwrite condition or constraint '" +
                             constraint.sql + "'.\n" + message,
                         {{"replaceWhere", constraint.sql}, {"message", message}});
  }
  std::map<std::string, size_t> columns;  // those the condition speaks of, by name
  sql::VisitExpr(constraint.condition, [&](const sql::TypedExpr& expr) {
    if (auto* column = std::get_if<sql::ColumnNode>(&expr.node)) {
      columns[schema.fields[static_cast<size_t>(column->id)].name] = static_cast<size_t>(column->id);
    }
    return true;
  });
  std::string values = columns.empty() ? "''" : "";
  for (const auto& [name, i] : columns) {
    values += (values.empty() ? "" : " || '\\n' || ") + QuoteSqlString(" - " + name + " : ") + " || " +
              JsonInner(ToldValue(alias + ".k" + std::to_string(i), schema.fields[i].type));
  }
  return "replace(" + QuoteSqlString(EncodeSparkError(error)) + ", " + QuoteSqlString(mark) + ", " + values + ")";
}

}  // namespace

std::vector<std::string> CheckedColumns(const Schema& schema, const std::string& alias) {
  std::vector<std::string> columns;
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    const Field& field = schema.fields[i];
    std::string sql = alias + ".k" + std::to_string(i);
    std::string checked = LengthChecked(sql, field);
    std::vector<std::pair<std::string, std::string>> checks;
    NullChecks(field, sql, field.name, checks);
    std::string guards;
    for (const auto& [condition, path] : checks) {
      guards += " WHEN " + condition + " THEN " + RaiseSql(NotNullError(path), field.type);
    }
    columns.push_back(guards.empty() ? checked : "CASE" + guards + " ELSE " + checked + " END");
  }
  return columns;
}

Result<ConstraintSql> ConstraintConditions(const WriteTarget& target, const std::string& alias,
                                           const std::string& time_zone, StatementBindings& bindings) {
  SelectBlock block;
  for (size_t i = 0; i < target.schema.fields.size(); ++i) {
    block.Add(static_cast<sql::AttributeId>(i), {.sql = alias + ".k" + std::to_string(i)});
  }
  ConstraintSql sql;
  for (const RowConstraint& constraint : target.constraints) {
    std::string& out = constraint.kind == RowConstraint::Kind::kGenerated ? sql.after : sql.before;
    ASSIGN_OR_RETURN(std::string condition,
                     LowerOverBlock(*constraint.condition, block, {.time_zone = time_zone}, bindings));
    out += (out.empty() ? "" : " AND ") + ("CASE WHEN " + condition) + " THEN TRUE ELSE CAST(error(" +
           ConstraintErrorSql(constraint, target.schema, alias) + ") AS BOOLEAN) END";
  }
  return sql;
}

}  // namespace ashlar::engine
