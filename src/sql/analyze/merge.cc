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

// "s.id" for "`s`.`id`".
std::string Unquoted(const std::string& name) {
  if (name.size() < 2) return name;
  std::string inner = name.substr(1, name.size() - 2);
  NameParts parts;
  for (size_t begin = 0, end = 0; begin <= inner.size(); begin = end + 3) {
    end = std::min(inner.find("`.`", begin), inner.size());
    parts.push_back(QuoteIfNeeded(ReplaceAll(inner.substr(begin, end - begin), "``", "`")));
  }
  return Join(parts, ".");
}

// What delta-spark says of names that it does not find in a part of MERGE.
Error MergeError(Error error, const std::string& clause, const std::vector<ScopeColumn>& columns) {
  if (error.condition == "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN") {
    std::string details = "The type path of the target object is:\n- root class: \"boolean\"\nYou can either add an explicit cast "
                          "to the input data or choose a higher precision type of the field in the target object";
    std::string source = error.parameters["type"], target = QuoteType(TypeId::kBoolean);
    return MakeSqlError("CANNOT_UP_CAST_DATATYPE", "42846", "Cannot up cast input from " + source + " to " + target + ".\n" + details,
                        {{"expression", "input"}, {"sourceType", source}, {"targetType", target}, {"details", details}});
  }
  if (MissesRowMetadata(error)) return error;
  const bool unreadable = error.condition == "DELTA_CANNOT_RESOLVE_COLUMN";  // the target's _metadata
  if (!unreadable && !error.condition.starts_with("UNRESOLVED_COLUMN")) return error;
  std::vector<std::string> names;
  for (const ScopeColumn& column : columns) {
    if (column.unlisted) continue;
    NameParts parts;
    for (const std::string& part : column.qualifier) parts.push_back(QuoteIfNeeded(part));
    parts.push_back(QuoteIfNeeded(column.attribute.name));
    names.push_back(Join(parts, "."));
  }
  if (unreadable) {
    std::string missing = error.parameters["columnName"], input = Join(names, ", ");
    return MakeSqlError("DELTA_MERGE_RESOLVED_ATTRIBUTE_MISSING_FROM_INPUT", "42601",
                        "Resolved attribute(s) " + missing + " missing from " + input + " in operator " + clause + ".",
                        {{"missingAttributes", missing}, {"input", input}, {"merge", clause}});
  }
  std::string name = Unquoted(error.parameters["objectName"]), given = "columns " + Join(names, ", ");
  return MakeSqlError("DELTA_MERGE_UNRESOLVED_EXPRESSION", "42601", "Cannot resolve " + name + " in " + clause + " given " + given + ".",
                      {{"sqlExpr", name}, {"clause", clause}, {"cols", given}}, error.span);
}

const char* ClauseVerb(Action action) {
  if (action == Action::kDelete) return "DELETE";
  return action == Action::kUpdate || action == Action::kUpdateStar ? "UPDATE" : "INSERT";
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
      ASSIGN_OR_RETURN(TypedExprPtr value, DefaultOrNull(fields[i], name));
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
  const std::string verb = ClauseVerb(clause.action);
  if (clause.condition) {
    auto condition = ResolveRowCondition(clause.condition, env);
    if (!condition.ok()) return MergeError(std::move(condition).error(), verb + " condition", scope.columns);
    made.condition = *std::move(condition);
  }
  bool star = clause.action == Action::kUpdateStar || clause.action == Action::kInsertStar;
  bool insert = clause.action == Action::kInsert || clause.action == Action::kInsertStar;
  if (clause.action == Action::kDelete) return made;
  if (star) {
    made.action = insert ? Action::kInsert : Action::kUpdate;
  }
  auto values = star ? AssignStar(result.target, table, source, merge.with_schema_evolution, insert, {})
                     : Assign(clause.assignments, result.target, table, env, insert);
  if (!values.ok()) return MergeError(std::move(values).error(), verb + " clause", scope.columns);
  made.values = *std::move(values);
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
  auto on = ResolveExpr(merge.condition, env);
  if (!on.ok()) return MergeError(std::move(on).error(), "search condition", both.columns);
  Resolved condition = *std::move(on);
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
      result.new_columns.push_back({a.name, AsNullable(a.type), true, "{}"});
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
