#include "sql/analyze/typed_tree.h"

#include <algorithm>

#include "sql/coercion.h"

namespace ashlar::sql {
namespace {

using Replace = std::function<TypedExprPtr(const TypedExprPtr&)>;

template <typename... F>
struct Overload : F... {
  using F::operator()...;
};
template <typename... F>
Overload(F...) -> Overload<F...>;

void MapOrders(std::vector<TypedSortOrder>& orders, const Replace& map) {
  for (TypedSortOrder& order : orders) order.expr = map(order.expr);
}
void MapAll(std::vector<TypedExprPtr>& exprs, const Replace& map) {
  for (TypedExprPtr& expr : exprs) expr = map(expr);
}
void MapOne(TypedExprPtr& expr, const Replace& map) {
  if (expr) expr = map(expr);
}

// Calls `map` on every operand of the node and stores what it answers.
template <typename Node>
void MapOperands(Node& node, const Replace& map) {
  std::visit(
      Overload{
          [](LiteralNode&) {},
          [](ColumnNode&) {},
          [](GroupingNode&) {},
          [&](CallNode& n) { MapAll(n.args, map); },
          [&](CastNode& n) { MapOne(n.child, map); },
          [&](CaseNode& n) {
            for (auto& [condition, value] : n.branches) {
              MapOne(condition, map);
              MapOne(value, map);
            }
            MapOne(n.otherwise, map);
          },
          [&](FieldNode& n) { MapOne(n.child, map); },
          [&](LambdaNode& n) { MapOne(n.body, map); },
          [&](AggregateCallNode& n) {
            MapAll(n.args, map);
            MapOne(n.filter, map);
            MapOrders(n.order_by, map);
          },
          [&](WindowNode& n) {
            MapOne(n.function, map);
            MapAll(n.partition_by, map);
            MapOrders(n.order_by, map);
            if (n.frame) {
              MapOne(n.frame->start.offset, map);
              MapOne(n.frame->end.offset, map);
            }
          },
          [&](SubqueryNode& n) { MapAll(n.in_values, map); },
      },
      node);
}

using Renames = std::vector<std::pair<AttributeId, AttributeId>>;

bool SameNode(const TypedExpr& a, const TypedExpr& b, Renames& renames);

bool SameOrders(const std::vector<TypedSortOrder>& a, const std::vector<TypedSortOrder>& b) {
  return std::ranges::equal(a, b, [](const TypedSortOrder& x, const TypedSortOrder& y) {
    return x.ascending == y.ascending && x.nulls_first == y.nulls_first;
  });
}

bool SameFrame(const std::optional<TypedFrame>& a, const std::optional<TypedFrame>& b) {
  if (a.has_value() != b.has_value()) return false;
  if (!a) return true;
  return a->unit == b->unit && a->start.kind == b->start.kind && a->end.kind == b->end.kind;
}

// What the node says besides its operands.
bool SameShape(const TypedExpr& a, const TypedExpr& b, Renames& renames) {
  if (a.node.index() != b.node.index() || !(a.type == b.type)) return false;
  return std::visit(
      Overload{
          [&](const LiteralNode& x) { return x.value == std::get<LiteralNode>(b.node).value; },
          [&](const ColumnNode& x) {
            AttributeId id = std::get<ColumnNode>(b.node).id;
            for (const auto& [from, to] : renames) {
              if (from == x.id) return to == id;
            }
            return x.id == id;
          },
          [&](const CallNode& x) {
            const auto& y = std::get<CallNode>(b.node);
            return x.name == y.name && x.lowering == y.lowering && x.deterministic && y.deterministic;
          },
          [&](const CastNode& x) { return x.mode == std::get<CastNode>(b.node).mode; },
          [&](const CaseNode& x) {
            const auto& y = std::get<CaseNode>(b.node);
            return x.branches.size() == y.branches.size() && !x.otherwise == !y.otherwise;
          },
          [&](const FieldNode& x) { return x.index == std::get<FieldNode>(b.node).index; },
          [&](const LambdaNode& x) {
            const auto& y = std::get<LambdaNode>(b.node);
            if (x.params.size() != y.params.size()) return false;
            for (size_t i = 0; i < x.params.size(); ++i) renames.emplace_back(x.params[i].id, y.params[i].id);
            return true;
          },
          [&](const AggregateCallNode& x) {
            const auto& y = std::get<AggregateCallNode>(b.node);
            return x.name == y.name && x.lowering == y.lowering && x.finish == y.finish &&
                   x.distinct == y.distinct && !x.filter == !y.filter && SameOrders(x.order_by, y.order_by);
          },
          [&](const WindowNode& x) {
            const auto& y = std::get<WindowNode>(b.node);
            return x.ignore_nulls == y.ignore_nulls && x.partition_by.size() == y.partition_by.size() &&
                   SameOrders(x.order_by, y.order_by) && SameFrame(x.frame, y.frame);
          },
          [&](const SubqueryNode& x) {
            const auto& y = std::get<SubqueryNode>(b.node);
            return x.kind == y.kind && x.plan == y.plan;
          },
          [&](const GroupingNode& x) { return x.columns == std::get<GroupingNode>(b.node).columns; },
      },
      a.node);
}

bool SameNode(const TypedExpr& a, const TypedExpr& b, Renames& renames) {
  if (!SameShape(a, b, renames)) return false;
  std::vector<TypedExprPtr> left = Children(a);
  std::vector<TypedExprPtr> right = Children(b);
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    if (!SameNode(*left[i], *right[i], renames)) return false;
  }
  return true;
}

bool Any(const TypedExprPtr& expr, const std::function<bool(const TypedExpr&)>& test) {
  bool found = false;
  VisitExpr(expr, [&](const TypedExpr& e) {
    found = found || test(e);
    return !found;
  });
  return found;
}

}  // namespace

TypedExprPtr MakeLiteral(Value value, SourceSpan span) {
  DataType type = value.type;
  bool nullable = value.is_null();
  return MakeTyped(std::move(type), nullable, span, LiteralNode{std::move(value)});
}

TypedExprPtr MakeColumn(const Attribute& attribute, SourceSpan span) {
  return MakeTyped(attribute.type, attribute.nullable, span, ColumnNode{attribute.id, attribute.name});
}

TypedExprPtr MakeCast(TypedExprPtr expr, const DataType& type, TypedCastMode mode) {
  if (expr->type == type) return expr;
  bool nullable = expr->nullable || mode == TypedCastMode::kTry || CastForcesNullable(expr->type, type);
  SourceSpan span = expr->span;
  return MakeTyped(type, nullable, span, CastNode{std::move(expr), mode});
}

TypedExprPtr MakeField(TypedExprPtr child, int index, SourceSpan span) {
  const Field& field = child->type.fields()[static_cast<size_t>(index)];
  bool nullable = child->nullable || field.nullable;
  return MakeTyped(field.type, nullable, span, FieldNode{std::move(child), index});
}

TypedExprPtr MakeAnd(TypedExprPtr a, TypedExprPtr b) {
  if (!a) return b;
  if (!b) return a;
  bool nullable = a->nullable || b->nullable;
  CallNode call{"and", "({0} AND {1})", {std::move(a), std::move(b)}};
  return MakeTyped(TypeId::kBoolean, nullable, SourceSpan{}, std::move(call));
}

const Value* LiteralValue(const TypedExpr& expr) {
  const auto* literal = std::get_if<LiteralNode>(&expr.node);
  return literal ? &literal->value : nullptr;
}

const ColumnNode* AsColumn(const TypedExpr& expr) { return std::get_if<ColumnNode>(&expr.node); }

std::vector<TypedExprPtr> Children(const TypedExpr& expr) {
  std::vector<TypedExprPtr> children;
  auto node = expr.node;
  MapOperands(node, [&](const TypedExprPtr& child) {
    children.push_back(child);
    return child;
  });
  return children;
}

void VisitExpr(const TypedExprPtr& expr, const std::function<bool(const TypedExpr&)>& visit) {
  if (!expr || !visit(*expr)) return;
  if (std::holds_alternative<LiteralNode>(expr->node) || std::holds_alternative<ColumnNode>(expr->node)) return;
  for (const TypedExprPtr& child : Children(*expr)) VisitExpr(child, visit);
}

TypedExprPtr RewriteExpr(const TypedExprPtr& expr, const Replace& replace) {
  if (TypedExprPtr replaced = replace(expr)) return replaced;
  if (std::holds_alternative<LiteralNode>(expr->node) || std::holds_alternative<ColumnNode>(expr->node)) {
    return expr;
  }
  auto node = expr->node;
  bool changed = false;
  MapOperands(node, [&](const TypedExprPtr& child) {
    TypedExprPtr rewritten = RewriteExpr(child, replace);
    changed = changed || rewritten != child;
    return rewritten;
  });
  if (!changed) return expr;
  return std::make_shared<const TypedExpr>(TypedExpr{expr->type, expr->nullable, expr->span, std::move(node)});
}

bool SameExpr(const TypedExpr& a, const TypedExpr& b) {
  Renames renames;
  return SameNode(a, b, renames);
}

bool HasAggregate(const TypedExprPtr& expr) {
  bool found = false;
  VisitExpr(expr, [&](const TypedExpr& e) {
    if (std::holds_alternative<AggregateCallNode>(e.node)) found = true;
    if (const auto* window = std::get_if<WindowNode>(&e.node)) {
      for (const TypedExprPtr& child : Children(*window->function)) found = found || HasAggregate(child);
      for (const TypedExprPtr& child : window->partition_by) found = found || HasAggregate(child);
      for (const TypedSortOrder& order : window->order_by) found = found || HasAggregate(order.expr);
      return false;
    }
    return !found;
  });
  return found;
}

bool HasWindow(const TypedExprPtr& expr) {
  return Any(expr, [](const TypedExpr& e) { return std::holds_alternative<WindowNode>(e.node); });
}

bool IsDeterministic(const TypedExprPtr& expr) {
  return !Any(expr, [](const TypedExpr& e) {
    const auto* call = std::get_if<CallNode>(&e.node);
    return call && !call->deterministic;
  });
}

void VisitPlanExprs(const Plan& plan, const std::function<void(const TypedExprPtr&)>& visit) {
  auto named = [&](const std::vector<NamedExpr>& exprs) {
    for (const NamedExpr& e : exprs) visit(e.expr);
  };
  std::visit(Overload{
                 [&](const ValuesPlan& n) {
                   for (const auto& row : n.rows) {
                     for (const TypedExprPtr& cell : row) visit(cell);
                   }
                 },
                 [&](const ProjectPlan& n) { named(n.columns); },
                 [&](const FilterPlan& n) { visit(n.condition); },
                 [&](const AggregatePlan& n) {
                   named(n.grouping);
                   named(n.aggregates);
                 },
                 [&](const WindowPlan& n) { named(n.windows); },
                 [&](const JoinPlan& n) {
                   if (n.condition) visit(n.condition);
                 },
                 [&](const SortPlan& n) {
                   for (const TypedSortOrder& order : n.order) visit(order.expr);
                 },
                 [&](const GeneratePlan& n) {
                   for (const TypedExprPtr& arg : n.args) visit(arg);
                 },
                 [](const auto&) {},
             },
             plan.node);
}

std::vector<PlanPtr> PlanInputs(const Plan& plan) {
  return std::visit(
      [](const auto& n) -> std::vector<PlanPtr> {
        using Node = std::decay_t<decltype(n)>;
        if constexpr (std::is_same_v<Node, JoinPlan> || std::is_same_v<Node, SetOpPlan>) {
          return {n.left, n.right};
        } else if constexpr (std::is_same_v<Node, CtePlan>) {
          std::vector<PlanPtr> inputs;
          for (const CteDefinitionPlan& d : n.definitions) {
            inputs.push_back(d.plan);
            if (d.recursive_plan) inputs.push_back(d.recursive_plan);
          }
          inputs.push_back(n.input);
          return inputs;
        } else if constexpr (requires { n.input; }) {
          return {n.input};
        } else {
          return {};
        }
      },
      plan.node);
}

}  // namespace ashlar::sql
