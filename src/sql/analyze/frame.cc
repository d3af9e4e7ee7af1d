// Steps of the DataFrame API on whole relations, and projections in general.
#include <algorithm>

#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/errors.h"
#include "sql/analyze/row_metadata.h"
#include "sql/coercion.h"

namespace ashlar::sql {
namespace {

// Merging stops here, so that no expression outgrows the engine's parser.
constexpr int kMaxMergedDepth = 60;

int ExprDepth(const TypedExprPtr& expr) {
  int deepest = 0;
  for (const TypedExprPtr& child : Children(*expr)) deepest = std::max(deepest, ExprDepth(child));
  return deepest + 1;
}

bool IsTrivial(const TypedExprPtr& expr) { return AsColumn(*expr) || LiteralValue(*expr); }

bool HasSubquery(const TypedExprPtr& expr) {
  bool found = false;
  VisitExpr(expr, [&](const TypedExpr& e) {
    found = found || std::holds_alternative<SubqueryNode>(e.node);
    return !found;
  });
  return found;
}

// Whether the upper items may take the lower columns' expressions in: nothing is computed twice, nothing
// random moves, and nothing that can fail is dropped or moved.
bool CanMerge(const std::vector<SelectItem>& items, const ProjectPlan& lower) {
  std::map<AttributeId, const TypedExprPtr*> computed;
  for (const NamedExpr& column : lower.columns) {
    if (!IsTrivial(column.expr)) computed[column.attribute.id] = &column.expr;
  }
  std::map<AttributeId, int> uses;
  bool fits = true;
  for (const SelectItem& item : items) {
    if (HasSubquery(item.expr)) return false;
    int used_depth = 0;
    VisitExpr(item.expr, [&](const TypedExpr& e) {
      const ColumnNode* column = AsColumn(e);
      auto it = column ? computed.find(column->id) : computed.end();
      if (it != computed.end()) {
        ++uses[column->id];
        used_depth = std::max(used_depth, ExprDepth(*it->second));
      }
      return true;
    });
    if (used_depth > 0 && !AsColumn(*item.expr)) fits = fits && used_depth + ExprDepth(item.expr) <= kMaxMergedDepth;
  }
  for (const auto& [id, expr] : computed) fits = fits && uses[id] == 1 && IsDeterministic(*expr);
  return fits;
}

bool IsFloating(const DataType& type) { return type.IsFractional(); }

bool FillFits(const Value& value, const DataType& type) {
  if (value.type.IsNumeric()) return type.IsNumeric();
  return value.type.id() == type.id();
}

}  // namespace

Rel Analysis::Project(Rel input, std::vector<SelectItem> items) {
  PlanPtr below = input.plan;
  const auto* lower = std::get_if<ProjectPlan>(&below->node);
  if (lower && CanMerge(items, *lower)) {
    std::map<AttributeId, TypedExprPtr> exprs;
    for (const NamedExpr& column : lower->columns) exprs[column.attribute.id] = column.expr;
    for (SelectItem& item : items) {
      item.expr = RewriteExpr(item.expr, [&](const TypedExprPtr& e) -> TypedExprPtr {
        const ColumnNode* column = AsColumn(*e);
        auto it = column ? exprs.find(column->id) : exprs.end();
        return it == exprs.end() ? nullptr : it->second;
      });
    }
    below = lower->input;
  }
  Rel rel;
  ProjectPlan project{below, {}};
  std::vector<Attribute> output;
  bool same = below->output.size() == items.size();
  for (size_t i = 0; i < items.size(); ++i) {
    SelectItem& item = items[i];
    const ColumnNode* column = AsColumn(*item.expr);
    same = same && column && column->id == item.attribute.id && below->output[i].id == column->id &&
           below->output[i].name == item.attribute.name && below->output[i].nullable == item.attribute.nullable;
    rel.columns.push_back({item.attribute, item.qualifier, item.origin});
    output.push_back(item.attribute);
    project.columns.push_back({item.attribute, std::move(item.expr)});
  }
  rel.plan = same ? below : MakePlan(std::move(output), std::move(project));
  return rel;
}

Result<int> Analysis::ColumnIndex(const Rel& rel, const std::string& name) {
  Scope scope{rel.columns, {}, nullptr};
  ASSIGN_OR_RETURN(auto match, FindColumn(scope, {name}, context_.case_sensitive, {}));
  if (!match) {
    Error error = UnresolvedColumn({name}, scope, {});
    error.span.reset();
    return error;
  }
  return static_cast<int>(match->column - scope.columns.data());
}

Result<Rel> Analysis::Apply(const WithColumnsRelation& node, Rel input) {
  Scope scope = MakeScope(input);
  SelectBlock added;
  added.input = input;
  for (const ExprPtr& alias : node.aliases) RETURN_IF_ERROR(AddItem(added, alias, scope));
  SelectBlock block;
  block.generators = std::move(added.generators);
  std::vector<bool> placed(added.items.size(), false);
  for (const ScopeColumn& column : input.columns) {
    if (IsRowMetadata(column)) continue;
    auto replaced = std::ranges::find_if(added.items, [&](const SelectItem& item) {
      return SameName(item.attribute.name, column.attribute.name, context_.case_sensitive);
    });
    if (replaced == added.items.end()) {
      block.items.push_back({column.attribute, MakeColumn(column.attribute), "", column.qualifier, column.origin});
      continue;
    }
    auto index = static_cast<size_t>(replaced - added.items.begin());
    block.items.push_back(*replaced);
    if (placed[index]) block.items.back().attribute.id = next_id_++;
    placed[index] = true;
  }
  for (size_t i = 0; i < added.items.size(); ++i) {
    if (!placed[i]) block.items.push_back(added.items[i]);
  }
  for (const SelectItem& item : block.items) {
    if (!HasAggregate(item.expr)) continue;
    return MakeSqlError("MISSING_GROUP_BY", "42803",
                        "The query does not include a GROUP BY clause. Add GROUP BY or turn it into the window "
                        "functions using OVER clauses.",
                        {}, item.expr->span);
  }
  block.input = std::move(input);
  for (SelectItem& item : block.items) item.expr = OverWindows(block, item.expr);
  std::vector<ScopeColumn> columns = ItemColumns(block);
  return Rel{BuildBlock(block, {}), std::move(columns), {}};
}

Result<Rel> Analysis::Apply(const RenameColumnsRelation& node, Rel input) {
  for (const auto& [from, to] : node.renames) {
    for (ScopeColumn& column : input.columns) {
      if (!SameName(column.attribute.name, from, context_.case_sensitive)) continue;
      column.attribute.name = to;
      column.qualifier.clear();
    }
  }
  input.hidden.clear();
  return input;
}

Result<Rel> Analysis::Apply(const DropColumnsRelation& node, Rel input) {
  Scope scope = MakeScope(input);
  ExprEnv env;
  env.scope = &scope;
  std::set<AttributeId> dropped;
  for (const ExprPtr& expr : node.columns) {
    auto resolved = ResolveExpr(expr, env);
    // A column that is not there is dropped already.
    if (!resolved.ok()) {
      if (resolved.error().condition.starts_with("UNRESOLVED_COLUMN")) continue;
      return std::move(resolved).error();
    }
    if (const ColumnNode* column = AsColumn(*resolved->expr)) dropped.insert(column->id);
  }
  std::erase_if(input.columns, [&](const ScopeColumn& column) {
    if (dropped.contains(column.attribute.id)) return true;
    return std::ranges::any_of(node.names, [&](const std::string& name) {
      return SameName(column.attribute.name, name, context_.case_sensitive);
    });
  });
  input.hidden.clear();
  return input;
}

Result<Rel> Analysis::Apply(const ToDfRelation& node, Rel input) {
  AliasRelation renamed{nullptr, {}, node.names};
  if (node.names.empty()) return input;
  ASSIGN_OR_RETURN(input, Apply(renamed, std::move(input), SourceSpan{}));
  for (ScopeColumn& column : input.columns) column.qualifier.clear();
  return input;
}

Result<Rel> Analysis::Apply(const ToSchemaRelation& node, Rel input) {
  std::vector<SelectItem> items;
  for (const Field& field : node.schema.fields) {
    int index = -1;
    for (size_t i = 0; i < input.columns.size(); ++i) {
      if (SameName(input.columns[i].attribute.name, field.name, context_.case_sensitive)) index = static_cast<int>(i);
    }
    std::string quoted = QuoteIdentifier(field.name);
    if (index < 0 && !field.nullable) {
      Scope scope{input.columns, {}, nullptr};
      return UnresolvedColumn({field.name}, scope, {});
    }
    TypedExprPtr expr = index < 0 ? MakeLiteral(Value::Null(field.type))
                                  : MakeColumn(input.columns[static_cast<size_t>(index)].attribute);
    if (expr->nullable && !field.nullable) {
      return MakeSqlError("NULLABLE_COLUMN_OR_FIELD", "42000",
                          "Column or field " + quoted + " is nullable while it's required to be non-nullable.",
                          {{"name", quoted}});
    }
    if (!(expr->type == field.type) && !CanStoreAssign(expr->type, field.type)) {
      return MakeSqlError("INVALID_COLUMN_OR_FIELD_DATA_TYPE", "42000",
                          "Column or field " + quoted + " is of type " + QuoteType(expr->type) +
                              " while it's required to be " + QuoteType(field.type) + ".",
                          {{"name", quoted}, {"type", QuoteType(expr->type)}, {"expectedType", QuoteType(field.type)}});
    }
    expr = MakeCast(expr, field.type, TypedCastMode::kAnsi);
    Attribute attribute = NewAttribute(field.name, field.type, field.nullable && expr->nullable, field.metadata);
    items.push_back({attribute, std::move(expr), "", {}, 0});
  }
  return Project(std::move(input), std::move(items));
}

Result<Rel> Analysis::Apply(const FillNaRelation& node, Rel input) {
  std::map<size_t, Value> fills;
  if (node.values.empty()) return input;
  if (node.columns.empty()) {
    for (size_t i = 0; i < input.columns.size(); ++i) {
      if (FillFits(node.values[0], input.columns[i].attribute.type)) fills[i] = node.values[0];
    }
  }
  for (size_t n = 0; n < node.columns.size(); ++n) {
    ASSIGN_OR_RETURN(int index, ColumnIndex(input, node.columns[n]));
    const Value& value = node.values[node.values.size() == 1 ? 0 : n];
    auto i = static_cast<size_t>(index);
    if (FillFits(value, input.columns[i].attribute.type)) fills[i] = value;
  }
  std::vector<SelectItem> items;
  for (size_t i = 0; i < input.columns.size(); ++i) {
    const ScopeColumn& column = input.columns[i];
    SelectItem item{column.attribute, MakeColumn(column.attribute), "", column.qualifier, column.origin};
    auto fill = fills.find(i);
    if (fill != fills.end()) {
      Resolved value{item.expr, column.attribute.name, ""};
      if (IsFloating(column.attribute.type)) {
        TypedExprPtr null = MakeLiteral(Value::Null(column.attribute.type));
        ASSIGN_OR_RETURN(value, CallFunction("nanvl", {value, {null, "NULL", ""}}, {}));
      }
      Resolved other{ImplicitCast(MakeLiteral(fill->second), column.attribute.type), "", ""};
      ASSIGN_OR_RETURN(value, CallFunction("coalesce", {value, other}, {}));
      item.expr = value.expr;
      item.attribute = NewAttribute(column.attribute.name, value.expr->type, value.expr->nullable);
    }
    items.push_back(std::move(item));
  }
  return Project(std::move(input), std::move(items));
}

Result<Rel> Analysis::Apply(const DropNaRelation& node, Rel input) {
  std::vector<size_t> checked;
  for (const std::string& name : node.columns) {
    ASSIGN_OR_RETURN(int index, ColumnIndex(input, name));
    checked.push_back(static_cast<size_t>(index));
  }
  if (node.columns.empty()) {
    for (size_t i = 0; i < input.columns.size(); ++i) checked.push_back(i);
  }
  int wanted = node.min_non_nulls.value_or(static_cast<int>(checked.size()));
  std::optional<Resolved> count;
  TypedExprPtr all;
  for (size_t i : checked) {
    const Attribute& a = input.columns[i].attribute;
    Resolved column{MakeColumn(a), a.name, ""};
    ASSIGN_OR_RETURN(Resolved present, CallFunction("isnotnull", {column}, {}));
    if (IsFloating(a.type)) {
      ASSIGN_OR_RETURN(Resolved nan, CallFunction("isnan", {column}, {}));
      ASSIGN_OR_RETURN(Resolved number, CallFunction("not", {nan}, {}));
      ASSIGN_OR_RETURN(present, CallFunction("and", {present, number}, {}));
    }
    all = MakeAnd(std::move(all), present.expr);
    CaseNode one{{{present.expr, MakeLiteral(Value::Int(1))}}, MakeLiteral(Value::Int(0))};
    Resolved counted{MakeTyped(TypeId::kInt, false, SourceSpan{}, std::move(one)), "1", ""};
    if (!count) {
      count = counted;
    } else {
      ASSIGN_OR_RETURN(count, CallFunction("+", {*count, counted}, {}));
    }
  }
  if (!count || wanted <= 0) return input;
  TypedExprPtr condition = all;
  if (wanted < static_cast<int>(checked.size())) {
    ASSIGN_OR_RETURN(Resolved enough, CallFunction(">=", {*count, {MakeLiteral(Value::Int(wanted)), "", ""}}, {}));
    condition = enough.expr;
  } else if (wanted > static_cast<int>(checked.size())) {
    condition = MakeLiteral(Value::Boolean(false));
  }
  input.plan = MakePlan(input.plan->output, FilterPlan{input.plan, std::move(condition)});
  return input;
}

Result<Rel> Analysis::Apply(const ReplaceNaRelation& node, Rel input) {
  std::vector<SelectItem> items;
  for (const ScopeColumn& column : input.columns) {
    SelectItem item{column.attribute, MakeColumn(column.attribute), "", column.qualifier, column.origin};
    bool listed = node.columns.empty() || std::ranges::any_of(node.columns, [&](const std::string& name) {
      return SameName(name, column.attribute.name, context_.case_sensitive);
    });
    CaseNode replaced;
    bool nullable = column.attribute.nullable;
    for (const auto& [from, to] : node.replacements) {
      const Value& kind = from.is_null() ? to : from;
      if (!listed || !FillFits(kind, column.attribute.type)) continue;
      Resolved old{ImplicitCast(MakeLiteral(from), column.attribute.type), "", ""};
      ASSIGN_OR_RETURN(Resolved same, CallFunction("<=>", {{item.expr, column.attribute.name, ""}, old}, {}));
      TypedExprPtr value = ImplicitCast(MakeLiteral(to), column.attribute.type);
      nullable = nullable || value->nullable;
      replaced.branches.emplace_back(same.expr, std::move(value));
    }
    if (!replaced.branches.empty()) {
      replaced.otherwise = item.expr;
      item.expr = MakeTyped(column.attribute.type, nullable, SourceSpan{}, std::move(replaced));
      item.attribute = NewAttribute(column.attribute.name, column.attribute.type, nullable);
    }
    items.push_back(std::move(item));
  }
  return Project(std::move(input), std::move(items));
}

// One global aggregation and one row of text for each statistic.
Result<Rel> Analysis::Apply(const SummaryRelation& node, Rel input) {
  std::vector<std::string> statistics = node.statistics;
  if (statistics.empty()) statistics = {"count", "mean", "stddev", "min", "max"};
  std::vector<ScopeColumn> columns;
  for (const std::string& name : node.columns) {
    ASSIGN_OR_RETURN(int index, ColumnIndex(input, name));
    columns.push_back(input.columns[static_cast<size_t>(index)]);
  }
  for (const ScopeColumn& column : input.columns) {
    bool fits = column.attribute.type.IsNumeric() || column.attribute.type.Is(TypeId::kString);
    if (node.columns.empty() && fits) columns.push_back(column);
  }
  auto call = [](const std::string& name, std::vector<ExprPtr> args) {
    FunctionExpr f;
    f.name = {name};
    f.args = std::move(args);
    return MakeExpr(std::move(f));
  };
  std::optional<Rel> all;
  for (const std::string& statistic : statistics) {
    AggregateRelation aggregate;
    aggregate.kind = GroupingKind::kNone;
    aggregate.exprs.push_back(MakeExpr(AliasExpr{MakeExpr(LiteralExpr{Value::String(statistic)}), {"summary"}, ""}));
    for (const ScopeColumn& column : columns) {
      NameParts name = column.qualifier;
      name.push_back(column.attribute.name);
      ExprPtr value = MakeExpr(AttributeExpr{std::move(name), std::nullopt});
      bool text = column.attribute.type.Is(TypeId::kString);
      bool measures = statistic != "count" && statistic != "min" && statistic != "max" && !statistic.starts_with("count");
      if (text && measures) value = MakeExpr(CastExpr{value, TypeId::kDouble, CastMode::kTry});
      ExprPtr result;
      if (statistic.ends_with("%")) {
        std::string digits = statistic.substr(0, statistic.size() - 1);
        double percent = std::atof(digits.c_str()) / 100;
        result = call("percentile_approx", {value, MakeExpr(LiteralExpr{Value::Double(percent)})});
      } else {
        result = call(statistic, {value});
      }
      result = MakeExpr(CastExpr{result, TypeId::kString, CastMode::kDefault});
      aggregate.exprs.push_back(MakeExpr(AliasExpr{result, {column.attribute.name}, ""}));
    }
    ASSIGN_OR_RETURN(Open open, ApplySelect(aggregate.exprs, &aggregate, true, input, {}));
    ASSIGN_OR_RETURN(Rel row, Close(std::move(open)));
    if (!all) {
      all = std::move(row);
      continue;
    }
    std::vector<Attribute> output = all->plan->output;
    for (size_t i = 0; i < output.size(); ++i) {
      output[i].nullable = output[i].nullable || row.plan->output[i].nullable;
      all->columns[i].attribute.nullable = output[i].nullable;
    }
    all->plan = MakePlan(std::move(output), SetOpPlan{all->plan, row.plan, SetOpKind::kUnion, true});
  }
  return *std::move(all);
}

}  // namespace ashlar::sql
