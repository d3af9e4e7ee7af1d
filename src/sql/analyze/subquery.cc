// Subqueries in expressions: scalar, EXISTS and IN, correlated or not.
#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/errors.h"
#include "sql/coercion.h"

namespace ashlar::sql {
namespace {

Error TooManyColumns(size_t count, SourceSpan span) {
  return MakeSqlError("INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN", "42823",
                      "Invalid subquery: Scalar subquery must return only one column, but found " +
                          std::to_string(count) + ".",
                      {{"number", std::to_string(count)}}, span);
}

std::string TypeList(const std::vector<DataType>& types) {
  std::vector<std::string> shown;
  for (const DataType& type : types) shown.push_back(QuoteType(type));
  return "[" + Join(shown, ", ") + "]";
}

}  // namespace

Result<Resolved> Analysis::ResolveSubquery(const SubqueryExpr& node, const ExprEnv& env, SourceSpan span) {
  RelationPtr relation = node.plan;
  if (!relation && node.plan_id) {
    auto it = references_.find(*node.plan_id);
    if (it != references_.end()) relation = it->second;
  }
  if (!relation) return NotImplemented("a subquery whose plan did not come with the statement");

  // Correlation sees the select list's scope, and behind it what HAVING and ORDER BY may still reach.
  Scope around;
  if (env.scope) around = *env.scope;
  if (env.fallback) {
    around.hidden.insert(around.hidden.end(), env.fallback->columns.begin(), env.fallback->columns.end());
    for (const ScopeColumn& column : env.fallback->columns) {
      if (!around.Contains(column.attribute.id)) around.columns.push_back(column);
    }
  }
  const Scope* saved = outer_;
  SubqueryFrame frame{env.scope ? &around : saved, {}};
  outer_ = frame.outer;
  frames_.push_back(&frame);
  Result<Rel> analysed = AnalyzeClosed(relation);
  frames_.pop_back();
  outer_ = saved;
  if (!analysed.ok()) return std::move(analysed).error();
  Rel rel = *std::move(analysed);

  std::vector<std::string> references;
  for (const Attribute& attribute : frame.references) references.push_back(attribute.name);
  std::string inner = Join(references, ", ");
  SubqueryNode subquery{node.kind, rel.plan, {}};
  Resolved result;
  if (node.kind == SubqueryKind::kScalar) {
    if (rel.columns.size() != 1) return TooManyColumns(rel.columns.size(), span);
    const Attribute& column = rel.columns[0].attribute;
    result = {MakeTyped(column.type, true, span, subquery), "scalarsubquery(" + inner + ")", ""};
  } else if (node.kind == SubqueryKind::kExists) {
    result = {MakeTyped(TypeId::kBoolean, false, span, subquery), "exists(" + inner + ")", ""};
  } else {
    ASSIGN_OR_RETURN(result, ResolveInSubquery(node, std::move(rel), inner, env, span));
    subquery.plan = std::get<SubqueryNode>(result.expr->node).plan;
  }
  outer_references_[subquery.plan.get()] = std::move(frame.references);
  return result;
}

Result<Resolved> Analysis::ResolveInSubquery(const SubqueryExpr& node, Rel rel, const std::string& references,
                                             const ExprEnv& env, SourceSpan span) {
  SubqueryNode subquery{node.kind, nullptr, {}};
  std::vector<DataType> left, right, common;
  std::vector<std::string> texts;
  bool nullable = false;
  std::vector<Resolved> values;
  for (const ExprPtr& value : node.in_values) {
    ASSIGN_OR_RETURN(Resolved v, ResolveExpr(value, env));
    values.push_back(std::move(v));
  }
  for (const Resolved& v : values) {
    left.push_back(v.expr->type);
    texts.push_back(v.text);
  }
  for (const ScopeColumn& column : rel.columns) right.push_back(column.attribute.type);
  std::vector<std::string> pairs, left_names, right_names;
  for (const Resolved& v : values) {
    pairs.push_back("'" + (v.name.empty() ? v.text : v.name) + "', " + v.text);
    left_names.push_back(QuoteSql(v.text));
  }
  for (const ScopeColumn& column : rel.columns) right_names.push_back(QuoteSql(column.attribute.name));
  std::string shown = texts.size() == 1 ? texts[0] : "named_struct(" + Join(pairs, ", ") + ")";
  std::string text = "(" + shown + " IN (listquery(" + references + ")))";
  if (left.size() != right.size()) {
    return TypeMismatch("IN_SUBQUERY_LENGTH_MISMATCH", text,
                        "The number of columns in the left hand side of an IN subquery does not match the "
                        "number of columns in the output of subquery.",
                        {{"leftLength", std::to_string(left.size())},
                         {"rightLength", std::to_string(right.size())},
                         {"leftColumns", Join(left_names, ", ")},
                         {"rightColumns", Join(right_names, ", ")}},
                        span);
  }
  for (size_t i = 0; i < left.size(); ++i) {
    auto type = ComparisonType(left[i], right[i], context_.ansi);
    if (!type) {
      return TypeMismatch("IN_SUBQUERY_DATA_TYPE_MISMATCH", text,
                          "The data type of one or more elements in the left hand side of an IN subquery is "
                          "not compatible with the data type of the output of the subquery.",
                          {{"mismatchedColumns", TypeList({left[i], right[i]})},
                           {"leftType", TypeList(left)},
                           {"rightType", TypeList(right)}},
                          span);
    }
    common.push_back(*type);
    subquery.in_values.push_back(ImplicitCast(values[i].expr, *type, span));
    nullable = nullable || subquery.in_values.back()->nullable;
  }
  rel = CastColumns(std::move(rel), common, false);
  for (const ScopeColumn& column : rel.columns) nullable = nullable || column.attribute.nullable;
  subquery.plan = rel.plan;
  return Resolved{MakeTyped(TypeId::kBoolean, nullable, span, std::move(subquery)), text, ""};
}

}  // namespace ashlar::sql
