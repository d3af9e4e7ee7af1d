// SELECT lists, and what may stand above one and still see through it: HAVING, QUALIFY, WHERE, ORDER BY.
#include <algorithm>

#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/errors.h"
#include "sql/analyze/row_metadata.h"

namespace ashlar::sql {
namespace {

const FunctionExpr* CallUnderAlias(const ExprPtr& expr, std::vector<std::string>& names) {
  const Expr* e = expr.get();
  if (const auto* alias = std::get_if<AliasExpr>(&e->node)) {
    names = alias->names;
    e = alias->child.get();
  }
  return std::get_if<FunctionExpr>(&e->node);
}

// With grouping sets a column that some set leaves out is NULL there: to the select list it is nullable.
void MarkMissingGroups(Rel& input, const AggregateRelation& node, bool case_sensitive) {
  auto mark = [&](const ExprPtr& expr) {
    const auto* name = std::get_if<AttributeExpr>(&expr->node);
    if (!name) return;
    for (ScopeColumn& column : input.columns) {
      if (SameName(column.attribute.name, name->name.back(), case_sensitive)) column.attribute.nullable = true;
    }
  };
  bool all_but_one = node.kind == GroupingKind::kRollup || node.kind == GroupingKind::kCube;
  if (all_but_one) std::ranges::for_each(node.grouping, mark);
  if (node.kind != GroupingKind::kGroupingSets) return;
  auto in_set = [](const std::vector<ExprPtr>& set, const ExprPtr& expr) {
    const auto& name = std::get_if<AttributeExpr>(&expr->node)->name;
    return std::ranges::any_of(set, [&](const ExprPtr& e) {
      const auto* other = std::get_if<AttributeExpr>(&e->node);
      return other && EqualsIgnoreCase(other->name.back(), name.back());
    });
  };
  for (const std::vector<ExprPtr>& set : node.grouping_sets) {
    for (const ExprPtr& expr : set) {
      if (!std::holds_alternative<AttributeExpr>(expr->node)) continue;
      bool always = std::ranges::all_of(node.grouping_sets, [&](const auto& s) { return in_set(s, expr); });
      if (!always) mark(expr);
    }
  }
}

// Ids of items that the projection itself makes, not passes on.
std::map<AttributeId, const SelectItem*> MadeHere(const SelectBlock& block) {
  std::map<AttributeId, const SelectItem*> made;
  for (const SelectItem& item : block.items) {
    const ColumnNode* column = AsColumn(*item.expr);
    if (!column || column->id != item.attribute.id) made[item.attribute.id] = &item;
  }
  return made;
}

std::vector<int> ItemLevels(const std::vector<SelectItem>& items) {
  std::map<AttributeId, int> made;
  std::vector<int> levels;
  for (const SelectItem& item : items) {
    int level = 0;
    VisitExpr(item.expr, [&](const TypedExpr& e) {
      const ColumnNode* column = AsColumn(e);
      if (column && made.contains(column->id)) level = std::max(level, made[column->id] + 1);
      return true;
    });
    const ColumnNode* column = AsColumn(*item.expr);
    if (!column || column->id != item.attribute.id) made[item.attribute.id] = level;
    levels.push_back(level);
  }
  return levels;
}

bool CanBeOrdered(const DataType& type) {
  switch (type.id()) {
    case TypeId::kMap:
    case TypeId::kVariant:
    case TypeId::kCalendarInterval:
      return false;
    case TypeId::kArray:
      return CanBeOrdered(type.element());
    case TypeId::kStruct:
      return std::ranges::all_of(type.fields(), [](const Field& f) { return CanBeOrdered(f.type); });
    default:
      return true;
  }
}

// grouping(c) and grouping_id(): known only above the grouping.
bool HasGroupingCall(const TypedExprPtr& expr) {
  bool found = false;
  VisitExpr(expr, [&](const TypedExpr& e) {
    const auto* call = std::get_if<CallNode>(&e.node);
    found = found || (call && call->name.starts_with("$grouping"));
    return !found;
  });
  return found;
}

// The columns `expr` needs that the items do not put out but the block has below them.
void AddHidden(const SelectBlock& block, const TypedExprPtr& expr, std::vector<SelectItem>& hidden) {
  std::map<AttributeId, Attribute> below;
  for (const ScopeColumn& c : block.input.columns) below[c.attribute.id] = c.attribute;
  for (const ScopeColumn& c : block.input.hidden) below[c.attribute.id] = c.attribute;
  for (const auto* list : {&block.grouping, &block.aggregates, &block.windows}) {
    for (const NamedExpr& e : *list) below[e.attribute.id] = e.attribute;
  }
  VisitExpr(expr, [&](const TypedExpr& e) {
    const ColumnNode* column = AsColumn(e);
    if (!column || !below.contains(column->id)) return true;
    auto has = [&](const SelectItem& item) { return item.attribute.id == column->id; };
    if (std::ranges::any_of(block.items, has) || std::ranges::any_of(hidden, has)) return true;
    const Attribute& a = below[column->id];
    hidden.push_back({a, MakeColumn(a), "", {}, 0});
    return true;
  });
}

}  // namespace

std::vector<ScopeColumn> Analysis::ItemColumns(const SelectBlock& block) const {
  std::vector<ScopeColumn> columns;
  for (const SelectItem& item : block.items) columns.push_back({item.attribute, item.qualifier, item.origin, item.unlisted});
  return columns;
}

void Analysis::AddResolved(SelectBlock& block, Resolved resolved, const Scope& scope) {
  SelectItem item;
  const ColumnNode* column = AsColumn(*resolved.expr);
  const ScopeColumn* source = nullptr;
  if (column && !resolved.aliased) {
    for (const ScopeColumn& c : scope.columns) source = c.attribute.id == column->id ? &c : source;
    for (const ScopeColumn& c : scope.hidden) source = c.attribute.id == column->id ? &c : source;
  }
  std::string name = resolved.name.empty() ? resolved.text : resolved.name;
  if (source) {
    item.attribute = source->attribute;
    item.attribute.name = name;
    item.qualifier = source->qualifier;
    item.origin = source->origin;
    bool taken = std::ranges::any_of(block.items, [&](const SelectItem& i) { return i.attribute.id == column->id; });
    if (taken) {
      item.origin = source->origin != 0 ? source->origin : column->id;
      item.attribute.id = next_id_++;
      sources_[item.attribute.id] = sources_[column->id];
    }
  } else {
    item.attribute = NewAttribute(name, resolved.expr->type, resolved.expr->nullable, resolved.metadata);
    if (!column && resolved.metadata == "{}") item.attribute.metadata = "{}";
  }
  item.expr = std::move(resolved.expr);
  item.text = std::move(resolved.text);
  block.items.push_back(std::move(item));
}

Result<void> Analysis::AddStar(SelectBlock& block, const StarExpr& star, const Scope& scope, SourceSpan span) {
  ASSIGN_OR_RETURN(std::vector<const ScopeColumn*> columns, ExpandStar(star, scope, span));
  if (star.plan_id && plan_outputs_.contains(*star.plan_id)) {
    std::erase_if(columns, [&](const ScopeColumn* c) {
      return std::ranges::none_of(plan_outputs_[*star.plan_id], [&](const std::vector<ScopeColumn>& output) {
        return std::ranges::any_of(output, [&](const ScopeColumn& o) { return o.attribute.id == c->attribute.id; });
      });
    });
  }
  if (columns.empty() && !star.qualifier.empty()) {
    ASSIGN_OR_RETURN(auto fields, ExpandStructStar(star, scope, span));
    if (!fields) {
      std::vector<std::string> names;
      for (const ScopeColumn& c : scope.columns) names.push_back(QuoteIdentifier(c.attribute.name));
      std::ranges::sort(names);
      return MakeSqlError("CANNOT_RESOLVE_STAR_EXPAND", "42704",
                          "Cannot resolve " + QuoteName(star.qualifier) + ".* given input columns " +
                              Join(names, ", ") + ". Please check that the specified table or struct exists and is "
                              "accessible in the input columns.",
                          {{"targetString", QuoteName(star.qualifier)}, {"columns", Join(names, ", ")}}, span);
    }
    for (const ExprPtr& field : *fields) RETURN_IF_ERROR(AddItem(block, field, scope));
    return {};
  }
  for (const ScopeColumn* column : columns) {
    AddResolved(block, UseColumn(*column, column->attribute.name, span), scope);
  }
  return {};
}

Result<void> Analysis::AddGenerator(SelectBlock& block, const FunctionExpr& call,
                                    const std::vector<std::string>& names, const Scope& scope,
                                    SourceSpan span) {
  ExprEnv env;
  env.scope = &scope;
  ASSIGN_OR_RETURN(GeneratorCall generator, ResolveGenerator(call, env, false, names, span));
  for (const Attribute& output : generator.outputs) {
    block.items.push_back({output, MakeColumn(output, span), output.name, {}, 0});
  }
  block.generators.push_back(std::move(generator));
  return {};
}

Result<void> Analysis::AddItem(SelectBlock& block, const ExprPtr& expr, const Scope& scope) {
  SourceSpan span = Span(expr->span);
  if (const auto* star = std::get_if<StarExpr>(&expr->node)) return AddStar(block, *star, scope, span);
  if (std::holds_alternative<RegexExpr>(expr->node)) return NotImplemented("selecting columns by a regular expression");
  std::vector<std::string> names;
  const FunctionExpr* call = CallUnderAlias(expr, names);
  if (call && call->name.size() == 1 && context_.functions.Find(call->name[0]) == FunctionKind::kGenerator) {
    return AddGenerator(block, *call, names, scope, span);
  }
  if (names.size() > 1) {
    return MakeSqlError("MULTI_ALIAS_WITHOUT_GENERATOR", "42K0E",
                        "Multi part aliasing is not supported without a generator function.", {}, span);
  }
  ExprEnv env;
  env.scope = &scope;
  env.aliases = &block.items;
  env.alias_use = AliasUse::kColumn;
  ASSIGN_OR_RETURN(Resolved resolved, ResolveExpr(expr, env));
  AddResolved(block, std::move(resolved), scope);
  return {};
}

// A query over this one may still ask for the table's.
void Analysis::PassRowMetadata(SelectBlock& block) {
  for (const ScopeColumn& column : block.input.columns) {
    auto selected = [&](const SelectItem& item) { return item.attribute.id == column.attribute.id; };
    if (!IsRowMetadata(column) || std::ranges::any_of(block.items, selected)) continue;
    block.items.push_back({column.attribute, MakeColumn(column.attribute), "", column.qualifier, column.origin, /*unlisted=*/true});
  }
}

Result<Open> Analysis::ApplySelect(const std::vector<ExprPtr>& exprs, const AggregateRelation* aggregate,
                                   bool force_aggregate, Rel input, SourceSpan span) {
  auto block = std::make_unique<SelectBlock>();
  ASSIGN_OR_RETURN(block->input, AddTimeWindow(exprs, aggregate, std::move(input), span));
  if (aggregate) MarkMissingGroups(block->input, *aggregate, context_.case_sensitive);
  Scope scope = MakeScope(block->input);
  if (aggregate && aggregate->add_grouping_columns) {
    for (const ExprPtr& expr : aggregate->grouping) RETURN_IF_ERROR(AddItem(*block, expr, scope));
  }
  for (const ExprPtr& expr : exprs) RETURN_IF_ERROR(AddItem(*block, expr, scope));
  auto aggregates = [](const SelectItem& item) { return HasAggregate(item.expr); };
  block->aggregate = force_aggregate || std::ranges::any_of(block->items, aggregates) ||
                     std::ranges::any_of(block->generators, [](const GeneratorCall& generator) {
                       return std::ranges::any_of(generator.plan.args, HasAggregate);
                     });
  if (aggregate) RETURN_IF_ERROR(ResolveGrouping(*block, *aggregate, scope));
  if (block->aggregate) RETURN_IF_ERROR(LiftAggregates(*block, span));
  for (SelectItem& item : block->items) item.expr = OverWindows(*block, item.expr);
  if (!block->aggregate) PassRowMetadata(*block);
  Open open;
  open.rel.columns = ItemColumns(*block);
  open.block = std::move(block);
  return open;
}

TypedExprPtr Analysis::OverWindows(SelectBlock& block, const TypedExprPtr& expr) {
  if (!HasWindow(expr)) return expr;
  std::map<AttributeId, const SelectItem*> made = MadeHere(block);
  // Aliases of the same list do not exist yet where windows are computed: their expressions go in.
  auto inline_aliases = [&](const TypedExprPtr& e) -> TypedExprPtr {
    const ColumnNode* column = AsColumn(*e);
    auto it = column ? made.find(column->id) : made.end();
    return it == made.end() ? nullptr : it->second->expr;
  };
  return RewriteExpr(expr, [&](const TypedExprPtr& e) -> TypedExprPtr {
    if (!std::holds_alternative<WindowNode>(e->node)) return nullptr;
    TypedExprPtr window = RewriteExpr(e, inline_aliases);
    for (const NamedExpr& known : block.windows) {
      if (SameExpr(*known.expr, *window)) return MakeColumn(known.attribute, e->span);
    }
    Attribute attribute = NewAttribute("_w" + std::to_string(block.windows.size()), window->type, window->nullable);
    block.windows.push_back({attribute, window});
    return MakeColumn(attribute, e->span);
  });
}

Result<Resolved> Analysis::ResolveOverBlock(SelectBlock& block, const ExprPtr& expr, SourceSpan span) {
  Scope outputs{ItemColumns(block), {}, outer_};
  Scope inputs = MakeScope(block.input);
  ExprEnv env;
  env.scope = &outputs;
  env.fallback = &inputs;
  ASSIGN_OR_RETURN(Resolved resolved, ResolveExpr(expr, env));
  if (block.aggregate) {
    ASSIGN_OR_RETURN(resolved.expr, OverAggregate(block, resolved.expr));
    std::map<AttributeId, const SelectItem*> made = MadeHere(block);
    if (auto column = UngroupedColumn(block, resolved.expr)) {
      return UnresolvedColumn({column->first}, outputs, column->second);
    }
  } else if (HasAggregate(resolved.expr)) {
    return MakeSqlError("UNSUPPORTED_EXPR_FOR_OPERATOR", "42K0E",
                        "A query operator contains one or more unsupported expressions: " + resolved.text + ".",
                        {{"invalidExprSqls", QuoteSql(resolved.text)}}, span);
  }
  resolved.expr = OverWindows(block, resolved.expr);
  return resolved;
}

Result<Open> Analysis::ApplyHaving(const HavingRelation& node, Open input, SourceSpan span) {
  if (!input.block) {
    ASSIGN_OR_RETURN(Rel rel, ApplyFilter({node.input, node.condition}, std::move(input.rel), span));
    return Open{std::move(rel), nullptr};
  }
  SelectBlock& block = *input.block;
  ASSIGN_OR_RETURN(Resolved condition, ResolveOverBlock(block, node.condition, span));
  if (!condition.expr->type.Is(TypeId::kBoolean)) {
    return TypeMismatch("FILTER_NOT_BOOLEAN", condition.text, "The HAVING condition is not a boolean.",
                        {{"filter", QuoteSql(condition.text)}, {"type", QuoteType(condition.expr->type)}}, span);
  }
  auto made = MadeHere(block);
  TypedExprPtr inlined = RewriteExpr(condition.expr, [&](const TypedExprPtr& e) -> TypedExprPtr {
    const ColumnNode* column = AsColumn(*e);
    auto it = column ? made.find(column->id) : made.end();
    return it == made.end() ? nullptr : it->second->expr;
  });
  block.having = MakeAnd(block.having, std::move(inlined));
  return input;
}

Result<Open> Analysis::ApplyQualify(const QualifyRelation& node, Open input, SourceSpan span) {
  if (!input.block) return NotImplemented("QUALIFY over other than a SELECT");
  SelectBlock& block = *input.block;
  ASSIGN_OR_RETURN(Resolved condition, ResolveOverBlock(block, node.condition, span));
  if (!condition.expr->type.Is(TypeId::kBoolean)) {
    return TypeMismatch("FILTER_NOT_BOOLEAN", condition.text, "The QUALIFY condition is not a boolean.",
                        {{"filter", QuoteSql(condition.text)}, {"type", QuoteType(condition.expr->type)}}, span);
  }
  auto made = MadeHere(block);
  block.qualify = RewriteExpr(condition.expr, [&](const TypedExprPtr& e) -> TypedExprPtr {
    const ColumnNode* column = AsColumn(*e);
    auto it = column ? made.find(column->id) : made.end();
    return it == made.end() ? nullptr : it->second->expr;
  });
  return input;
}

// df.select("a").filter("b > 1"): the condition may use what the SELECT left out.
Result<Open> Analysis::ApplyFilterOpen(const FilterRelation& node, Open input, SourceSpan span) {
  if (!input.block) {
    ASSIGN_OR_RETURN(Rel rel, ApplyFilter(node, std::move(input.rel), span));
    return Open{std::move(rel), nullptr};
  }
  Open copy{input.rel, std::make_unique<SelectBlock>(*input.block)};
  ASSIGN_OR_RETURN(Rel closed, Close(std::move(copy)));
  Result<Rel> plain = ApplyFilter(node, std::move(closed), span);
  if (plain.ok()) return Open{*std::move(plain), nullptr};
  Error first = std::move(plain).error();
  if (!first.condition.starts_with("UNRESOLVED_COLUMN")) return first;
  SelectBlock& block = *input.block;
  auto resolved = ResolveOverBlock(block, node.condition, span);
  if (!resolved.ok() || !resolved->expr->type.Is(TypeId::kBoolean)) return first;
  std::vector<SelectItem> hidden;
  AddHidden(block, resolved->expr, hidden);
  PlanPtr below = BuildBlock(block, hidden);
  Rel rel{MakePlan(below->output, FilterPlan{below, resolved->expr}), ItemColumns(block), {}};
  return Open{Exact(std::move(rel)), nullptr};
}

Result<TypedExprPtr> Analysis::ResolveOrder(const SortRelation& node, const SortOrder& order, Open& input) {
  SourceSpan span = Span(order.expr->span);
  const std::vector<ScopeColumn>& columns = input.rel.columns;
  const auto* literal = std::get_if<LiteralExpr>(&order.expr->node);
  if (node.ordinals && literal && literal->value.type.IsIntegral() && !literal->value.is_null()) {
    int64_t index = std::get<int64_t>(literal->value.data);
    const int64_t listed = std::ranges::count(columns, false, IsRowMetadata);
    if (index < 1 || index > listed) {
      return MakeSqlError("ORDER_BY_POS_OUT_OF_RANGE", "42805",
                          "ORDER BY position " + std::to_string(index) + " is not in select list (valid range is [1, " +
                              std::to_string(listed) + "]).",
                          {{"index", std::to_string(index)}, {"size", std::to_string(listed)}}, span);
    }
    return MakeColumn(columns[static_cast<size_t>(index - 1)].attribute, span);
  }
  Scope outputs{columns, input.rel.hidden, outer_};
  ExprEnv env;
  env.scope = &outputs;
  Result<Resolved> direct = ResolveExpr(order.expr, env);
  bool simple = direct.ok() && !HasAggregate(direct->expr) && !HasWindow(direct->expr) && !HasGroupingCall(direct->expr);
  if (simple) return direct->expr;
  if (!input.block) {
    if (!direct.ok()) return std::move(direct).error();
    return MakeSqlError("UNSUPPORTED_EXPR_FOR_OPERATOR", "42K0E",
                        "A query operator contains one or more unsupported expressions: " + direct->text + ".",
                        {{"invalidExprSqls", QuoteSql(direct->text)}}, span);
  }
  Result<Resolved> through = ResolveOverBlock(*input.block, order.expr, span);
  if (!through.ok()) return direct.ok() ? std::move(through).error() : std::move(direct).error();
  // What an item computes already is taken from there.
  return RewriteExpr(through->expr, [&](const TypedExprPtr& e) -> TypedExprPtr {
    if (LiteralValue(*e)) return nullptr;
    for (const SelectItem& item : input.block->items) {
      if (SameExpr(*item.expr, *e)) return MakeColumn(item.attribute, e->span);
    }
    return nullptr;
  });
}

Result<Open> Analysis::ApplySort(const SortRelation& node, Open input, SourceSpan span) {
  std::vector<TypedSortOrder> orders;
  if (node.order_by_all) {
    SortOrder direction = node.order.empty() ? SortOrder{} : node.order[0];
    bool nulls_first = direction.nulls_first.value_or(direction.ascending);
    for (const ScopeColumn& column : input.rel.columns) {
      if (IsRowMetadata(column)) continue;
      orders.push_back({MakeColumn(column.attribute), direction.ascending, nulls_first});
    }
  } else {
    for (const SortOrder& order : node.order) {
      ASSIGN_OR_RETURN(TypedExprPtr expr, ResolveOrder(node, order, input));
      if (!CanBeOrdered(expr->type)) {
        ASSIGN_OR_RETURN(Rel rel, Close({input.rel, input.block ? std::make_unique<SelectBlock>(*input.block) : nullptr}));
        Scope scope = MakeScope(rel);
        ExprEnv env;
        env.scope = &scope;
        auto shown = ResolveExpr(order.expr, env);
        std::string text = (shown.ok() ? shown->text : std::string("column")) + (order.ascending ? " ASC" : " DESC") +
                           (order.nulls_first.value_or(order.ascending) ? " NULLS FIRST" : " NULLS LAST");
        return TypeMismatch("INVALID_ORDERING_TYPE", text,
                            "The `sortorder` does not support ordering on type " + QuoteType(expr->type) + ".",
                            {{"functionName", "`sortorder`"}, {"dataType", QuoteType(expr->type)}}, span);
      }
      orders.push_back({std::move(expr), order.ascending, order.nulls_first.value_or(order.ascending)});
    }
  }
  if (!input.block) {
    input.rel.plan = MakePlan(input.rel.plan->output, SortPlan{input.rel.plan, std::move(orders)});
    return input;
  }
  std::vector<SelectItem> hidden;
  for (const TypedSortOrder& order : orders) AddHidden(*input.block, order.expr, hidden);
  PlanPtr below = BuildBlock(*input.block, hidden);
  Rel rel{MakePlan(below->output, SortPlan{below, std::move(orders)}), ItemColumns(*input.block), {}};
  if (!hidden.empty()) rel = Exact(std::move(rel));
  return Open{std::move(rel), nullptr};
}

PlanPtr Analysis::BuildBlock(const SelectBlock& block, const std::vector<SelectItem>& hidden) {
  Rel rel{block.input.plan, {}, {}};
  auto append = [&](const std::vector<NamedExpr>& exprs, std::vector<Attribute>& output) {
    for (const NamedExpr& e : exprs) output.push_back(e.attribute);
  };
  if (block.aggregate) {
    std::vector<Attribute> output;
    append(block.grouping, output);
    append(block.aggregates, output);
    AggregatePlan aggregate{rel.plan, block.grouping, block.sets, block.aggregates};
    rel.plan = MakePlan(std::move(output), std::move(aggregate));
  }
  if (block.having) rel.plan = MakePlan(rel.plan->output, FilterPlan{rel.plan, block.having});
  if (!block.windows.empty()) {
    std::vector<Attribute> output = rel.plan->output;
    append(block.windows, output);
    rel.plan = MakePlan(std::move(output), WindowPlan{rel.plan, block.windows});
  }
  if (block.qualify) rel.plan = MakePlan(rel.plan->output, FilterPlan{rel.plan, block.qualify});
  for (const GeneratorCall& generator : block.generators) {
    GeneratePlan generate = generator.plan;
    generate.input = rel.plan;
    std::vector<Attribute> output = rel.plan->output;
    output.insert(output.end(), generator.outputs.begin(), generator.outputs.end());
    rel.plan = MakePlan(std::move(output), std::move(generate));
  }
  // Aliases used by later items are computed a level below those.
  std::vector<int> levels = ItemLevels(block.items);
  int top = levels.empty() ? 0 : *std::ranges::max_element(levels);
  for (int level = 0; level < top; ++level) {
    ProjectPlan project{rel.plan, {}};
    std::vector<Attribute> output;
    for (const Attribute& a : rel.plan->output) project.columns.push_back({a, MakeColumn(a)});
    for (size_t i = 0; i < levels.size(); ++i) {
      const SelectItem& item = block.items[i];
      const ColumnNode* column = AsColumn(*item.expr);
      if (levels[i] != level || (column && column->id == item.attribute.id)) continue;
      project.columns.push_back({item.attribute, item.expr});
    }
    append(project.columns, output);
    rel.plan = MakePlan(std::move(output), std::move(project));
  }
  std::vector<SelectItem> items = block.items;
  for (size_t i = 0; i < levels.size(); ++i) {
    if (levels[i] < top) items[i].expr = AsColumn(*items[i].expr) && AsColumn(*items[i].expr)->id == items[i].attribute.id
                                             ? items[i].expr
                                             : MakeColumn(items[i].attribute);
  }
  items.insert(items.end(), hidden.begin(), hidden.end());
  return Project(std::move(rel), std::move(items)).plan;
}

}  // namespace ashlar::sql
