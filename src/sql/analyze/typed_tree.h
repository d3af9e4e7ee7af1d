// Building, walking and rewriting typed expressions and plans. All trees are immutable: a rewrite shares
// what it does not change.
#pragma once

#include <functional>
#include <vector>

#include "sql/plan.h"

namespace ashlar::sql {

template <typename Node>
TypedExprPtr MakeTyped(DataType type, bool nullable, SourceSpan span, Node node) {
  return std::make_shared<const TypedExpr>(TypedExpr{std::move(type), nullable, span, std::move(node)});
}
template <typename Node>
PlanPtr MakePlan(std::vector<Attribute> output, Node node) {
  return std::make_shared<const Plan>(Plan{std::move(output), std::move(node)});
}

TypedExprPtr MakeLiteral(Value value, SourceSpan span = {});
TypedExprPtr MakeColumn(const Attribute& attribute, SourceSpan span = {});
// `expr` itself when it has the type already.
TypedExprPtr MakeCast(TypedExprPtr expr, const DataType& type, TypedCastMode mode);
TypedExprPtr MakeField(TypedExprPtr child, int index, SourceSpan span = {});
// Conjunction; null stands for true.
TypedExprPtr MakeAnd(TypedExprPtr a, TypedExprPtr b);

// The literal's value; null when `expr` is not one.
const Value* LiteralValue(const TypedExpr& expr);
const ColumnNode* AsColumn(const TypedExpr& expr);

// Direct operands: arguments, branches, window parts, IN values; not the plans of subqueries.
std::vector<TypedExprPtr> Children(const TypedExpr& expr);
// Pre-order; `visit` answers whether to go below. Lambdas' bodies are entered.
void VisitExpr(const TypedExprPtr& expr, const std::function<bool(const TypedExpr&)>& visit);
// Top-down: where `replace` answers an expression it stands for the whole subtree, where it answers
// null the operands are rewritten.
TypedExprPtr RewriteExpr(const TypedExprPtr& expr,
                         const std::function<TypedExprPtr(const TypedExprPtr&)>& replace);

// The same computation: spans do not count, columns are compared by id, lambdas' parameters by place.
bool SameExpr(const TypedExpr& a, const TypedExpr& b);

// Whether an AggregateCallNode stands outside the function of a window.
bool HasAggregate(const TypedExprPtr& expr);
bool HasWindow(const TypedExprPtr& expr);
bool IsDeterministic(const TypedExprPtr& expr);

// Expressions of a plan node, and its inputs.
void VisitPlanExprs(const Plan& plan, const std::function<void(const TypedExprPtr&)>& visit);
std::vector<PlanPtr> PlanInputs(const Plan& plan);

}  // namespace ashlar::sql
