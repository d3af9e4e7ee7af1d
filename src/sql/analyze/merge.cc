// MERGE INTO: clauses with their star forms spelled out, and columns that schema evolution adds.
#include <algorithm>

#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/errors.h"
#include "sql/analyze/row_metadata.h"
#include "sql/column_rules.h"
#include "sql/schema_evolution.h"
#include "types/widening.h"

namespace ashlar::sql {
namespace {

using Match = MergeClause::Match;
using Action = MergeClause::Action;

const ScopeColumn* FindByName(const std::vector<ScopeColumn>& columns, const std::string& name,
                              bool case_sensitive) {
  for (const ScopeColumn& column : columns) {
    if (!column.unlisted && SameName(column.attribute.name, name, case_sensitive)) return &column;
  }
  return nullptr;
}

}  // namespace

// UPDATE SET * and INSERT *: each column from the source's column of the same name.
Result<std::vector<TypedExprPtr>> Analysis::AssignStar(const AnalyzedTarget& target, const Rel& table, const Rel& source,
                                                       bool evolves, bool for_insert, SourceSpan span) {
  std::vector<TypedExprPtr> values;
  const std::vector<Field>& fields = target.relation.schema.fields;
  std::string name = QuoteName(target.relation.name_parts);
  for (size_t i = 0; i < fields.size(); ++i) {
    const ScopeColumn* from = FindByName(source.columns, fields[i].name, context_.case_sensitive);
    if (from) {
      RETURN_IF_ERROR(CheckExplicitValue(fields[i], for_insert));
      Resolved column = UseColumn(*from, from->attribute.name, span);
      ASSIGN_OR_RETURN(TypedExprPtr value, StoreAssign(column.expr, fields[i], column.text));
      values.push_back(std::move(value));
    } else if (ColumnRulesOf(fields[i]).generated_sql) {
      values.push_back(nullptr);
    } else if (!evolves && !MakesItsOwnValue(fields[i])) {
      Scope scope{source.columns, {}, nullptr};
      return UnresolvedColumn({fields[i].name}, scope, span);
    } else if (for_insert) {
      ASSIGN_OR_RETURN(TypedExprPtr value, DefaultValue(fields[i], name));
      values.push_back(std::move(value));
    } else {
      values.push_back(ImplicitCast(MakeColumn(table.columns[i].attribute), StoredType(fields[i].type)));
    }
  }
  RETURN_IF_ERROR(FillGenerated(target.relation.schema, values));
  return values;
}

Result<AnalyzedMergeClause> Analysis::MergeStep(const MergeClause& clause, const MergeStatement& merge,
                                                const AnalyzedMerge& result, const Rel& table, const Rel& source) {
  bool sees_target = clause.match != Match::kNotMatched;
  bool sees_source = clause.match != Match::kNotMatchedBySource;
  Scope scope;
  scope.outer = outer_;
  if (sees_target) scope.columns = table.columns;
  if (sees_source) scope.columns.insert(scope.columns.end(), source.columns.begin(), source.columns.end());
  ExprEnv env;
  env.scope = &scope;
  AnalyzedMergeClause made;
  made.match = clause.match;
  made.action = clause.action;
  if (clause.condition) {
    ASSIGN_OR_RETURN(made.condition, ResolveRowCondition(clause.condition, env));
  }
  bool star = clause.action == Action::kUpdateStar || clause.action == Action::kInsertStar;
  bool insert = clause.action == Action::kInsert || clause.action == Action::kInsertStar;
  if (clause.action == Action::kDelete) return made;
  if (star) {
    made.action = insert ? Action::kInsert : Action::kUpdate;
    ASSIGN_OR_RETURN(made.values, AssignStar(result.target, table, source, merge.with_schema_evolution, insert, {}));
  } else {
    ASSIGN_OR_RETURN(made.values, Assign(clause.assignments, result.target, table, env, insert));
  }
  for (const Field& field : result.new_columns) {
    const ScopeColumn* from = FindByName(source.columns, field.name, context_.case_sensitive);
    bool copies = star && sees_source && from;
    made.values.push_back(copies ? MakeColumn(from->attribute) : MakeLiteral(Value::Null(field.type)));
  }
  return made;
}

Result<AnalyzedMerge> Analysis::Merge(const MergeStatement& merge) {
  AnalyzedMerge result;
  ASSIGN_OR_RETURN(result.target, OpenTarget(merge.target, merge.target_span, "MERGE"));
  Rel table = ScanTarget(result.target, merge.target_alias, true);
  PrefetchNames(merge.source);
  ASSIGN_OR_RETURN(Rel source, AnalyzeClosed(merge.source));
  Scope both = MakeScope(table);
  both.columns.insert(both.columns.end(), source.columns.begin(), source.columns.end());
  ExprEnv env;
  env.scope = &both;
  ASSIGN_OR_RETURN(Resolved condition, ResolveExpr(merge.condition, env));
  RETURN_IF_ERROR(CheckRowExpr(condition.expr, condition.text));
  if (!condition.expr->type.Is(TypeId::kBoolean)) {
    return MakeSqlError("JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE", "42K0E",
                        "The join condition " + QuoteSql(condition.text) + " has the type " +
                            QuoteType(condition.expr->type) + ", expected \"BOOLEAN\".",
                        {{"joinCondition", QuoteSql(condition.text)}, {"conditionType", QuoteType(condition.expr->type)}},
                        Span(merge.span));
  }
  result.condition = condition.expr;
  bool has_star = std::ranges::any_of(merge.clauses, [](const MergeClause& c) {
    return c.action == Action::kUpdateStar || c.action == Action::kInsertStar;
  });
  if (merge.with_schema_evolution && has_star) {
    for (const ScopeColumn& column : source.columns) {
      const Attribute& a = column.attribute;
      if (FindByName(table.columns, a.name, context_.case_sensitive)) continue;
      result.new_columns.push_back({a.name, a.type, true, "{}"});
    }
  }
  if (merge.with_schema_evolution && has_star && merge.target.options.contains(kWidenTypes)) {
    for (Field& field : result.target.relation.schema.fields) {
      const ScopeColumn* from = FindByName(source.columns, field.name, context_.case_sensitive);
      if (from) field.type = WidenedBy(field.type, from->attribute.type);
    }
  }
  for (const MergeClause& clause : merge.clauses) {
    ASSIGN_OR_RETURN(AnalyzedMergeClause made, MergeStep(clause, merge, result, table, source));
    result.clauses.push_back(std::move(made));
  }
  result.target_scan = table.plan;
  result.source = source.plan;
  result.lineage = TakeLineage();
  return result;
}

Result<AnalyzedMerge> AnalyzeMerge(const MergeStatement& merge, AnalyzerContext& context) {
  return AnalyzeWithRowMetadata(context, [&](AnalyzerContext& over) { return Analysis(over, merge.span).Merge(merge); });
}

}  // namespace ashlar::sql
