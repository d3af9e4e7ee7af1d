#include "session/operation_text.h"

#include "base/check.h"
#include "engine/engine.h"
#include "sql/analyze/optimized_condition.h"
#include "sql/analyze/plan_text.h"
#include "sql/analyze/typed_tree.h"

namespace ashlar::session {
namespace {

using Match = sql::MergeClause::Match;
using Action = sql::MergeClause::Action;

std::string ConditionText(StatementRun& run, const sql::TypedExprPtr& condition) {
  // Where evaluation fails, the row that needs the value will say so.
  auto evaluate = [&run](const sql::TypedExprPtr& expr) -> std::optional<Value> {
    Result<Value> value = ValueOf(run, expr);
    return value.ok() ? std::optional(*std::move(value)) : std::nullopt;
  };
  return sql::PlanText(*sql::OptimizedCondition(condition, evaluate), run.connection().time_zone());
}

std::string ConditionList(StatementRun& run, const sql::TypedExprPtr& condition) {
  Json texts = Json::array();
  if (condition) texts.push_back(ConditionText(run, condition));
  return WriteJson(texts);
}

std::string ClauseList(StatementRun& run, const sql::AnalyzedMerge& merge, Match match) {
  Json clauses = Json::array();
  for (const sql::AnalyzedMergeClause& clause : merge.clauses) {
    if (clause.match != match) continue;
    Json entry;
    if (clause.condition) entry["predicate"] = ConditionText(run, clause.condition);
    entry["actionType"] = clause.action == Action::kUpdate ? "update" : clause.action == Action::kDelete ? "delete" : "insert";
    clauses.push_back(std::move(entry));
  }
  return WriteJson(clauses);
}

}  // namespace

Result<Value> ValueOf(StatementRun& run, const sql::TypedExprPtr& expr) {
  sql::Attribute column{1, "value", expr->type, expr->nullable};
  auto one_row = std::make_shared<const sql::Plan>(sql::Plan{{}, sql::OneRowPlan{}});
  sql::ProjectPlan project{std::move(one_row), {{column, expr}}};
  ASSIGN_OR_RETURN(auto stream, run.connection().Execute(std::make_shared<const sql::Plan>(sql::Plan{{column}, std::move(project)}), {}));
  ASSIGN_OR_RETURN(auto rows, engine::CollectRows(*stream));
  CHECK_EQ(rows.size(), 1u);
  return std::move(rows[0][0]);
}

Json ColumnJson(const std::vector<std::string>& parent, const Field& field) {
  auto quoted = [](const std::string& name) { return name.find('.') == std::string::npos ? name : "`" + name + "`"; };
  std::string path;
  for (const std::string& name : parent) path += quoted(name) + ".";
  Result<Json> schema = ParseJson(Schema{{field}}.ToJsonText());
  CHECK(schema.ok()) << "a schema of ours that cannot be read";
  Json column = (*schema)["fields"][0];
  column["name"] = path + quoted(field.name);
  if (column["type"].is_object()) column["type"] = column["type"]["type"].get<std::string>();
  return column;
}

OperationParameters UpdateParameters(StatementRun& run, const sql::TypedExprPtr& condition) {
  return {{"predicate", ConditionList(run, condition)}};
}

OperationParameters DeleteParameters(StatementRun& run, const sql::TypedExprPtr& condition) {
  return {{"predicate", condition ? ConditionList(run, condition) : R"(["true"])"}};
}

OperationParameters MergeParameters(StatementRun& run, const sql::AnalyzedMerge& merge) {
  return {{"predicate", ConditionList(run, merge.condition)},
          {"matchedPredicates", ClauseList(run, merge, Match::kMatched)},
          {"notMatchedPredicates", ClauseList(run, merge, Match::kNotMatched)},
          {"notMatchedBySourcePredicates", ClauseList(run, merge, Match::kNotMatchedBySource)}};
}

}  // namespace ashlar::session
