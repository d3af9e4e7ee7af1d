#include "session/table_rules.h"

#include "base/json.h"
#include "base/text.h"
#include "delta/schema.h"
#include "sql/analyze/typed_tree.h"
#include "sql/column_rules.h"

namespace ashlar::session {
namespace {

constexpr std::string_view kConstraintPrefix = "delta.constraints.";

struct RuleText {
  std::string name;  // as delta-spark's error names it
  std::string sql;
  engine::RowConstraint::Kind kind = engine::RowConstraint::Kind::kConstraint;
};

// {"expression":{"expression":"x > 3"}}
std::optional<std::string> InvariantOf(const Field& field) {
  std::optional<std::string> text = delta::FieldMetadata(field, "delta.invariants");
  if (!text) return std::nullopt;
  auto json = ParseJson(*text);
  if (!json.ok() || !json->is_object() || !json->contains("expression")) return std::nullopt;
  const Json& inner = (*json)["expression"];
  if (!inner.is_object() || !inner.contains("expression") || !inner["expression"].is_string()) return std::nullopt;
  return inner["expression"].get<std::string>();
}

std::vector<RuleText> RuleTexts(const delta::Metadata& metadata, const Schema& schema) {
  std::vector<RuleText> rules;
  for (const auto& [key, text] : metadata.configuration) {
    if (key.starts_with(kConstraintPrefix)) rules.push_back({key.substr(kConstraintPrefix.size()), text});
  }
  for (const Field& field : schema.fields) {
    if (auto invariant = InvariantOf(field)) rules.push_back({"EXPRESSION(" + *invariant + ")", *invariant});
    if (auto generated = sql::ColumnRulesOf(field).generated_sql) {
      rules.push_back({"Generated Column", QuoteIdentifier(field.name) + " <=> (" + *generated + ")",
                       engine::RowConstraint::Kind::kGenerated});
    }
  }
  return rules;
}

}  // namespace

Result<TableRules> RulesOf(StatementRun& run, const delta::Metadata& metadata, const Schema& schema) {
  TableRules rules;
  for (RuleText& rule : RuleTexts(metadata, schema)) {
    ASSIGN_OR_RETURN(sql::ExprPtr parsed, sql::ParseExpression(rule.sql, {.time_zone = run.state().confs.time_zone()}));
    std::string text;
    ASSIGN_OR_RETURN(sql::TypedExprPtr condition, sql::AnalyzeOverSchema(parsed, schema, run.analyzer(), &text));
    rules.constraints.push_back({std::move(rule.name), std::move(text), std::move(condition), rule.kind});
  }
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    auto identity = sql::ColumnRulesOf(schema.fields[i]).identity;
    if (!identity) continue;
    int64_t next = identity->start;
    if (identity->high_water_mark && __builtin_add_overflow(*identity->high_water_mark, identity->step, &next)) {
      return MakeSqlError("ARITHMETIC_OVERFLOW", "22003", "The numbers of the IDENTITY column " + schema.fields[i].name +
                                                              " are used up.");
    }
    rules.identities.push_back({i, next, identity->step});
  }
  return rules;
}

Result<Field> DefinedField(const sql::ColumnDefinition& definition) {
  sql::ColumnRules rules;
  if (definition.default_value) rules.default_sql = definition.default_text;
  if (definition.generated_as) rules.generated_sql = definition.generated_text;
  rules.identity = definition.identity;
  if (rules.identity && !definition.field.type.Is(TypeId::kLong)) {
    auto json = definition.field.type.ToJson();
    std::string type = json.is_string() ? json.get<std::string>() : definition.field.type.SimpleString();
    return MakeSqlError("DELTA_IDENTITY_COLUMNS_UNSUPPORTED_DATA_TYPE", "428H2",
                        "DataType " + type + " is not supported for IDENTITY columns.", {{"dataType", type}});
  }
  if (rules.identity && rules.default_sql) {
    std::string spec = "IdentityColumnSpec{start=" + std::to_string(rules.identity->start) + ", step=" + std::to_string(rules.identity->step) +
                       ", allowExplicitInsert=" + (rules.identity->explicit_insert ? "true" : "false") + "}";
    return MakeSqlError("IDENTITY_COLUMN_WITH_DEFAULT_VALUE", "42623",
                        "A column cannot have both a default value and an identity column specification but column " +
                            definition.field.name + " has default value: (" + *rules.default_sql + ") and identity column specification: (" +
                            spec + ").",
                        {{"colName", definition.field.name}, {"defaultValue", *rules.default_sql}, {"identityColumnSpec", spec}});
  }
  if (!rules.default_sql && !rules.generated_sql && !rules.identity) return definition.field;
  return sql::WithColumnRules(definition.field, rules);
}

Schema WithIdentityNumbers(Schema schema, const std::map<size_t, int64_t>& last) {
  for (const auto& [column, number] : last) {
    Field& field = schema.fields[column];
    sql::ColumnRules rules = sql::ColumnRulesOf(field);
    CHECK(rules.identity.has_value()) << "numbers for a column that takes none";
    rules.identity->high_water_mark = number;
    field = sql::WithColumnRules(field, rules);
  }
  return schema;
}

Result<std::vector<std::string>> RulesThatName(StatementRun& run, const delta::Metadata& metadata, const Schema& schema,
                                               size_t column) {
  std::vector<std::string> names;
  for (const RuleText& rule : RuleTexts(metadata, schema)) {
    ASSIGN_OR_RETURN(sql::ExprPtr parsed, sql::ParseExpression(rule.sql, {.time_zone = run.state().confs.time_zone()}));
    ASSIGN_OR_RETURN(sql::TypedExprPtr condition, sql::AnalyzeOverSchema(parsed, schema, run.analyzer()));
    bool named = false;
    sql::VisitExpr(condition, [&](const sql::TypedExpr& expr) {
      const sql::ColumnNode* node = sql::AsColumn(expr);
      if (node != nullptr && static_cast<size_t>(node->id) == column) named = true;
      return !named;
    });
    if (named) names.push_back(rule.name + " -> " + rule.sql);
  }
  return names;
}

}  // namespace ashlar::session
