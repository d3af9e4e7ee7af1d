#include "sql/analyzer.h"

#include "sql/analyze/analysis.h"
#include "sql/analyze/constant_folding.h"
#include "sql/analyze/errors.h"
#include "sql/analyze/row_metadata.h"

namespace ashlar::sql {

Result<Value> Analysis::FoldConstant(const ExprPtr& expr) {
  ExprEnv alone;
  ASSIGN_OR_RETURN(Resolved resolved, ResolveExpr(expr, alone));
  if (auto value = FoldExpr(*resolved.expr, context_.time_zone)) return *std::move(value);
  return MakeSqlError("NON_FOLDABLE_ARGUMENT", "42K08",
                      "The expression " + QuoteSql(resolved.text) + " must be a constant.",
                      {{"expr", QuoteSql(resolved.text)}}, Span(expr->span));
}

Lineage Analysis::TakeLineage() {
  Lineage lineage;
  for (const auto& [relation, columns] : used_) {
    lineage.columns_by_relation[relation].assign(columns.begin(), columns.end());
  }
  return lineage;
}

Result<AnalyzedQuery> Analysis::AnalyzeStatement(const RelationPtr& query) {
  PrefetchNames(query);
  ASSIGN_OR_RETURN(Rel rel, AnalyzeClosed(query));
  return AnalyzedQuery{rel.plan, TakeLineage()};
}

Result<AnalyzedQuery> AnalyzeQuery(const RelationPtr& query, AnalyzerContext& context) {
  return AnalyzeWithRowMetadata(context, [&](AnalyzerContext& over) { return Analysis(over).AnalyzeStatement(query); });
}

Result<TypedExprPtr> AnalyzeOverSchema(const ExprPtr& expr, const Schema& schema, AnalyzerContext& context,
                                       std::string* text) {
  Analysis analysis(context);
  return analysis.ResolveOverSchema(expr, schema, text);
}

Result<TypedExprPtr> Analysis::ResolveOverSchema(const ExprPtr& expr, const Schema& schema, std::string* text) {
  Scope scope;
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    const Field& field = schema.fields[i];
    DataType type = field.type.Is(TypeId::kString) ? DataType(TypeId::kString) : field.type;
    scope.columns.push_back({{static_cast<AttributeId>(i), field.name, type, field.nullable, field.metadata}, {}, 0});
  }
  // Ids below are the columns'; everything made here counts on from there.
  next_id_ = std::max<AttributeId>(next_id_, static_cast<AttributeId>(schema.fields.size()) + 1);
  ExprEnv env;
  env.scope = &scope;
  quotes_text_ = text != nullptr;
  Result<Resolved> result = ResolveExpr(expr, env);
  quotes_text_ = false;
  ASSIGN_OR_RETURN(Resolved resolved, std::move(result));
  if (HasAggregate(resolved.expr) || HasWindow(resolved.expr)) {
    return MakeSqlError("UNSUPPORTED_EXPR_FOR_OPERATOR", "42K0E",
                        "Aggregates and windows are not allowed in " + QuoteSql(resolved.text) + ".",
                        {{"invalidExprSqls", QuoteSql(resolved.text)}}, Span(expr->span));
  }
  if (text != nullptr) *text = resolved.text;
  return resolved.expr;
}

}  // namespace ashlar::sql
