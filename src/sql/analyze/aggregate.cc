// GROUP BY: what is grouped, which aggregates there are, and expressions over both.
#include <algorithm>

#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/errors.h"

namespace ashlar::sql {
namespace {

constexpr size_t kMaxCubeColumns = 12;

Error GroupByAggregate(const std::string& text, SourceSpan span) {
  return MakeSqlError("GROUP_BY_AGGREGATE", "42903", "Aggregate functions are not allowed in GROUP BY, but found " + text + ".",
                      {{"sqlExpr", text}}, span);
}

// The item of the same list that `expr` names by its alias.
const SelectItem* NamesItem(const SelectBlock& block, const TypedExprPtr& expr) {
  const SelectItem* found = nullptr;
  VisitExpr(expr, [&](const TypedExpr& e) {
    const ColumnNode* column = AsColumn(e);
    if (!column) return true;
    for (const SelectItem& item : block.items) {
      const ColumnNode* own = AsColumn(*item.expr);
      bool made = !own || own->id != item.attribute.id;
      if (made && item.attribute.id == column->id) found = &item;
    }
    return true;
  });
  return found;
}

}  // namespace

Result<Resolved> Analysis::ResolveGroupingExpr(const SelectBlock& block, const AggregateRelation& node,
                                               const ExprPtr& expr, const Scope& scope) {
  SourceSpan span = Span(expr->span);
  const auto* literal = std::get_if<LiteralExpr>(&expr->node);
  if (node.ordinals && literal && literal->value.type.IsIntegral() && !literal->value.is_null()) {
    int64_t index = std::get<int64_t>(literal->value.data);
    auto size = static_cast<int64_t>(block.items.size());
    if (index < 1 || index > size) {
      return MakeSqlError("GROUP_BY_POS_OUT_OF_RANGE", "42805",
                          "GROUP BY position " + std::to_string(index) + " is not in select list (valid range is [1, " +
                              std::to_string(size) + "]).",
                          {{"index", std::to_string(index)}, {"size", std::to_string(size)}}, span);
    }
    const SelectItem& item = block.items[static_cast<size_t>(index - 1)];
    if (HasAggregate(item.expr)) {
      return MakeSqlError("GROUP_BY_POS_AGGREGATE", "42903",
                          "GROUP BY " + std::to_string(index) + " refers to an expression " + item.text +
                              " that contains an aggregate function. Aggregate functions are not allowed in GROUP BY.",
                          {{"index", std::to_string(index)}, {"aggExpr", item.text}}, span);
    }
    return Resolved{item.expr, item.text, item.attribute.name};
  }
  ExprEnv env;
  env.scope = &scope;
  env.aliases = &block.items;
  env.alias_use = AliasUse::kInline;
  return ResolveExpr(expr, env);
}

Result<int> Analysis::AddGrouping(SelectBlock& block, Resolved resolved, SourceSpan span) {
  if (HasAggregate(resolved.expr)) return GroupByAggregate(resolved.text, span);
  if (HasWindow(resolved.expr)) {
    return MakeSqlError("UNSUPPORTED_EXPR_FOR_OPERATOR", "42K0E",
                        "A query operator contains one or more unsupported expressions: " + resolved.text + ".",
                        {{"invalidExprSqls", QuoteSql(resolved.text)}}, span);
  }
  for (size_t i = 0; i < block.grouping.size(); ++i) {
    if (SameExpr(*block.grouping[i].expr, *resolved.expr)) return static_cast<int>(i);
  }
  if (resolved.expr->type.Is(TypeId::kVariant) || resolved.expr->type.Is(TypeId::kCalendarInterval)) {
    return MakeSqlError("GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE", "42822",
                        "The expression " + QuoteSql(resolved.text) +
                            " cannot be used as a grouping expression because its data type " +
                            QuoteType(resolved.expr->type) + " is not an orderable data type.",
                        {{"sqlExpr", QuoteSql(resolved.text)}, {"dataType", QuoteType(resolved.expr->type)}}, span);
  }
  const ColumnNode* column = AsColumn(*resolved.expr);
  std::string name = resolved.name.empty() ? resolved.text : resolved.name;
  // With grouping sets the column is a copy that may be NULL; aggregates still see the input's.
  Attribute attribute = NewAttribute(name, resolved.expr->type, resolved.expr->nullable);
  bool own = column && (MakeScope(block.input).Contains(column->id));
  if (own && !block.has_sets) attribute.id = column->id;
  block.grouping.push_back({std::move(attribute), std::move(resolved.expr)});
  return static_cast<int>(block.grouping.size()) - 1;
}

Result<void> Analysis::ResolveGrouping(SelectBlock& block, const AggregateRelation& node, const Scope& scope) {
  if (node.kind == GroupingKind::kNone && !node.group_by_all) return {};
  block.has_sets = node.kind == GroupingKind::kRollup || node.kind == GroupingKind::kCube ||
                   node.kind == GroupingKind::kGroupingSets;
  if (node.group_by_all) {
    for (const SelectItem& item : block.items) {
      if (HasAggregate(item.expr)) continue;
      if (NamesItem(block, item.expr)) {
        return UnsupportedFeature("LATERAL_COLUMN_ALIAS_IN_GROUP_BY",
                                  "Referencing a lateral column alias via GROUP BY alias/ALL is not supported yet.", {}, {});
      }
      RETURN_IF_ERROR(AddGrouping(block, {item.expr, item.text, item.attribute.name}, item.expr->span));
    }
    return {};
  }
  auto add = [&](const ExprPtr& expr) -> Result<int> {
    ASSIGN_OR_RETURN(Resolved resolved, ResolveGroupingExpr(block, node, expr, scope));
    return AddGrouping(block, std::move(resolved), Span(expr->span));
  };
  std::vector<int> all;
  for (const ExprPtr& expr : node.grouping) {
    ASSIGN_OR_RETURN(int index, add(expr));
    all.push_back(index);
  }
  if (node.kind == GroupingKind::kRollup) {
    for (size_t n = all.size() + 1; n-- > 0;) block.sets.emplace_back(all.begin(), all.begin() + static_cast<long>(n));
  }
  if (node.kind == GroupingKind::kCube) {
    if (all.size() > kMaxCubeColumns) return NotImplemented("CUBE of more than 12 columns");
    for (size_t mask = size_t{1} << all.size(); mask-- > 0;) {
      std::vector<int> set;
      for (size_t i = 0; i < all.size(); ++i) {
        if (mask >> (all.size() - 1 - i) & 1) set.push_back(all[i]);
      }
      block.sets.push_back(std::move(set));
    }
  }
  for (const std::vector<ExprPtr>& exprs : node.grouping_sets) {
    if (node.kind != GroupingKind::kGroupingSets) break;
    std::vector<int> set;
    for (const ExprPtr& expr : exprs) {
      ASSIGN_OR_RETURN(int index, add(expr));
      if (std::ranges::count(set, index) == 0) set.push_back(index);
    }
    block.sets.push_back(std::move(set));
  }
  for (size_t i = 0; i < block.grouping.size(); ++i) {
    for (const std::vector<int>& set : block.sets) {
      if (std::ranges::count(set, static_cast<int>(i)) == 0) block.grouping[i].attribute.nullable = true;
    }
  }
  return {};
}

Result<TypedExprPtr> Analysis::AddAggregate(SelectBlock& block, const TypedExprPtr& call) {
  for (const NamedExpr& known : block.aggregates) {
    if (SameExpr(*known.expr, *call)) return MakeColumn(known.attribute, call->span);
  }
  const SelectItem* alias = NamesItem(block, call);
  if (alias) {
    std::string name = std::get<AggregateCallNode>(call->node).name;
    return UnsupportedFeature("LATERAL_COLUMN_ALIAS_IN_AGGREGATE_FUNC",
                              "Referencing a lateral column alias `" + alias->attribute.name + "` in the aggregate function \"" + name +
                                  "\".",
                              {{"lca", "`" + alias->attribute.name + "`"}, {"aggFunc", QuoteSql(name)}}, call->span);
  }
  std::string name = "_a" + std::to_string(block.aggregates.size());
  Attribute attribute = NewAttribute(name, call->type, call->nullable);
  block.aggregates.push_back({attribute, call});
  return MakeColumn(attribute, call->span);
}

Result<TypedExprPtr> Analysis::GroupingCall(SelectBlock& block, const CallNode& call, SourceSpan span) {
  bool single = call.name == "$grouping";
  if (!block.has_sets) {
    return MakeSqlError("UNSUPPORTED_GROUPING_EXPRESSION", "42K0E",
                        "grouping()/grouping_id() can only be used with GroupingSets/Cube/Rollup.", {}, span);
  }
  GroupingNode node;
  for (const TypedExprPtr& arg : call.args) {
    auto it = std::ranges::find_if(block.grouping, [&](const NamedExpr& g) { return SameExpr(*g.expr, *arg); });
    if (it == block.grouping.end()) {
      std::vector<std::string> names;
      for (const NamedExpr& g : block.grouping) names.push_back(g.attribute.name);
      const ColumnNode* column = AsColumn(*arg);
      std::string shown = column ? column->name : "expression";
      return MakeSqlError(single ? "GROUPING_COLUMN_MISMATCH" : "GROUPING_ID_COLUMN_MISMATCH", "42803",
                          "Column of grouping (" + QuoteSql(shown) + ") can't be found in grouping columns " +
                              Join(names, ",") + ".",
                          {{single ? "grouping" : "groupingIdColumn", QuoteSql(shown)},
                           {single ? "groupingColumns" : "groupByColumns", Join(names, ",")}},
                          span);
    }
    node.columns.push_back(it->attribute.id);
  }
  if (call.args.empty()) {
    for (const NamedExpr& g : block.grouping) node.columns.push_back(g.attribute.id);
  }
  DataType type = single ? TypeId::kByte : TypeId::kLong;
  TypedExprPtr typed = MakeTyped(type, false, span, std::move(node));
  for (const NamedExpr& known : block.aggregates) {
    if (SameExpr(*known.expr, *typed)) return MakeColumn(known.attribute, span);
  }
  Attribute attribute = NewAttribute("_g" + std::to_string(block.aggregates.size()), type, false);
  block.aggregates.push_back({attribute, typed});
  return MakeColumn(attribute, span);
}

Result<TypedExprPtr> Analysis::OverAggregate(SelectBlock& block, const TypedExprPtr& expr) {
  std::optional<Error> failed;
  auto take = [&](Result<TypedExprPtr> result, const TypedExprPtr& e) -> TypedExprPtr {
    if (result.ok()) return *std::move(result);
    if (!failed) failed = std::move(result).error();
    return e;
  };
  std::function<TypedExprPtr(const TypedExprPtr&)> replace = [&](const TypedExprPtr& e) -> TypedExprPtr {
    for (const NamedExpr& g : block.grouping) {
      if (!LiteralValue(*e) && SameExpr(*g.expr, *e)) return MakeColumn(g.attribute, e->span);
    }
    if (std::holds_alternative<AggregateCallNode>(e->node)) return take(AddAggregate(block, e), e);
    const auto* call = std::get_if<CallNode>(&e->node);
    if (call && call->name.starts_with("$grouping")) return take(GroupingCall(block, *call, e->span), e);
    const auto* window = std::get_if<WindowNode>(&e->node);
    if (!window) return nullptr;
    // The window's own function aggregates over the window, not over the group: only its operands change.
    WindowNode changed = *window;
    auto below = [&](const TypedExprPtr& child) { return RewriteExpr(child, replace); };
    const TypedExprPtr function = window->function;
    changed.function = RewriteExpr(function, [&](const TypedExprPtr& c) { return c == function ? nullptr : below(c); });
    for (TypedExprPtr& key : changed.partition_by) key = below(key);
    for (TypedSortOrder& order : changed.order_by) order.expr = below(order.expr);
    return MakeTyped(e->type, e->nullable, e->span, std::move(changed));
  };
  TypedExprPtr result = RewriteExpr(expr, replace);
  if (failed) return *std::move(failed);
  return result;
}

std::optional<std::pair<std::string, SourceSpan>> Analysis::UngroupedColumn(const SelectBlock& block,
                                                                            const TypedExprPtr& expr) const {
  Scope inputs = MakeScope(block.input);
  auto grouped = [&](AttributeId id) {
    return std::ranges::any_of(block.grouping, [id](const NamedExpr& g) { return g.attribute.id == id; });
  };
  // A plain item keeps the input's id; above the grouping it means the item.
  auto is_item = [&](AttributeId id) {
    return std::ranges::any_of(block.items, [&](const SelectItem& item) {
      const ColumnNode* column = AsColumn(*item.expr);
      return item.attribute.id == id && column && column->id != id;
    });
  };
  std::optional<std::pair<std::string, SourceSpan>> found;
  VisitExpr(expr, [&](const TypedExpr& e) {
    auto check = [&](AttributeId id, const std::string& name) {
      if (!found && inputs.Contains(id) && !grouped(id) && !is_item(id)) found = {name, e.span};
    };
    if (const ColumnNode* column = AsColumn(e)) check(column->id, column->name);
    if (const auto* subquery = std::get_if<SubqueryNode>(&e.node)) {
      auto it = outer_references_.find(subquery->plan.get());
      if (it != outer_references_.end()) {
        for (const Attribute& a : it->second) check(a.id, a.name);
      }
    }
    return !found;
  });
  return found;
}

Result<void> Analysis::LiftAggregates(SelectBlock& block, SourceSpan span) {
  auto lift = [&](TypedExprPtr& expr) -> Result<void> {
    ASSIGN_OR_RETURN(expr, OverAggregate(block, expr));
    auto column = UngroupedColumn(block, expr);
    if (!column) return {};
    if (!block.grouping.empty()) return MissingAggregation(column->first);
    return MakeSqlError("MISSING_GROUP_BY", "42803",
                        "The query does not include a GROUP BY clause. Add GROUP BY or turn it into the window "
                        "functions using OVER clauses.",
                        {}, span);
  };
  for (SelectItem& item : block.items) {
    RETURN_IF_ERROR(lift(item.expr));
    item.attribute.nullable = item.expr->nullable;
  }
  for (GeneratorCall& generator : block.generators) {
    for (TypedExprPtr& arg : generator.plan.args) RETURN_IF_ERROR(lift(arg));
  }
  return {};
}

}  // namespace ashlar::sql
