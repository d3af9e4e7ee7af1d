// Generators, PIVOT and UNPIVOT.
#include <algorithm>

#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/constant_folding.h"
#include "sql/analyze/errors.h"
#include "sql/analyze/expr_text.h"
#include "sql/coercion.h"

namespace ashlar::sql {
namespace {

ExprPtr Call(const std::string& name, std::vector<ExprPtr> args) {
  FunctionExpr call;
  call.name = {name};
  call.args = std::move(args);
  return MakeExpr(std::move(call));
}

ExprPtr ColumnExpr(const ScopeColumn& column) {
  NameParts name = column.qualifier;
  name.push_back(column.attribute.name);
  return MakeExpr(AttributeExpr{std::move(name), std::nullopt});
}

// Every aggregate in `expr` counts only rows where `condition` holds.
ExprPtr FilterAggregates(const ExprPtr& expr, const ExprPtr& condition, const FunctionRegistry& functions) {
  const auto* call = std::get_if<FunctionExpr>(&expr->node);
  if (call && functions.Find(call->name.back()) == FunctionKind::kAggregate) {
    FunctionExpr filtered = *call;
    filtered.filter = call->filter ? Call("and", {call->filter, condition}) : condition;
    return MakeExpr(std::move(filtered), expr->span);
  }
  if (call) {
    FunctionExpr changed = *call;
    for (ExprPtr& arg : changed.args) arg = FilterAggregates(arg, condition, functions);
    return MakeExpr(std::move(changed), expr->span);
  }
  if (const auto* cast = std::get_if<CastExpr>(&expr->node)) {
    CastExpr changed = *cast;
    changed.child = FilterAggregates(cast->child, condition, functions);
    return MakeExpr(std::move(changed), expr->span);
  }
  return expr;
}

// How Spark prints a pivot value as part of a column name.
std::string PivotText(const Value& value, const std::string& time_zone) {
  if (value.is_null()) return "null";
  if (value.type.Is(TypeId::kStruct)) {
    std::vector<std::string> parts;
    for (const Value& item : std::get<std::vector<Value>>(value.data)) parts.push_back(PivotText(item, time_zone));
    return "{" + Join(parts, ", ") + "}";
  }
  std::string text = LiteralText(value, time_zone);
  // DATE '2024-01-01' is named 2024-01-01.
  size_t quote = text.find('\'');
  bool typed = value.type.IsDatetime() || value.type.Is(TypeId::kBinary);
  return typed && quote != std::string::npos ? text.substr(quote + 1, text.size() - quote - 2) : text;
}

}  // namespace

Result<GeneratorCall> Analysis::ResolveGenerator(const FunctionExpr& call, const ExprEnv& env, bool outer,
                                                 const std::vector<std::string>& names, SourceSpan span) {
  std::string name = ToLowerAscii(call.name.back());
  if (context_.functions.Find(name) != FunctionKind::kGenerator) {
    return MakeSqlError("UNSUPPORTED_GENERATOR.NOT_GENERATOR", "42K0E",
                        "The generator is not supported: " + QuoteIdentifier(name) +
                            " is expected to be a generator. However, its class is not, which is not a generator.",
                        {{"functionName", QuoteIdentifier(name)}, {"classCanonicalName", name}}, span);
  }
  ASSIGN_OR_RETURN(CallArguments arguments, ResolveArguments(name, call, env, span));
  FunctionContext context;
  context.ansi = context_.ansi;
  context.last_map_key_wins = context_.last_map_key_wins;
  context.time_zone = context_.time_zone;
  context.span = span;
  std::vector<std::string> texts;
  for (const Resolved& value : arguments.values) texts.push_back(value.text);
  context.call_sql = CallText(name, texts);
  ASSIGN_OR_RETURN(ResolvedFunction function, AskRegistry(name, arguments, context));
  GeneratorCall made;
  made.plan.kind = function.generator;
  made.plan.outer = outer || function.generator_outer;
  for (size_t i = 0; i < arguments.values.size(); ++i) {
    TypedExprPtr arg = arguments.values[i].expr;
    if (i < function.argument_types.size()) arg = ImplicitCast(std::move(arg), function.argument_types[i]);
    made.plan.args.push_back(std::move(arg));
  }
  for (const Value& added : function.added_arguments) made.plan.args.push_back(MakeLiteral(added));
  CHECK(function.type.Is(TypeId::kStruct)) << "a generator's type is the struct of its columns: " << name;
  const std::vector<Field>& fields = function.type.fields();
  if (!names.empty() && names.size() != fields.size()) {
    return MakeSqlError("UDTF_ALIAS_NUMBER_MISMATCH", "42802",
                        "The number of aliases supplied in the AS clause does not match the number of columns output "
                        "by the UDTF. Expected " + std::to_string(fields.size()) + " aliases, but got " +
                            Join(names, ",") + ".",
                        {{"aliasesSize", std::to_string(fields.size())}, {"aliasesNames", Join(names, ",")}});
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string& shown = names.empty() ? fields[i].name : names[i];
    bool nullable = fields[i].nullable || made.plan.outer || made.plan.kind == GeneratorKind::kStack;
    made.outputs.push_back(NewAttribute(shown, fields[i].type, nullable));
  }
  return made;
}

Result<Rel> Analysis::ApplyGenerate(const GenerateRelation& node, Rel input, SourceSpan span) {
  Scope scope = MakeScope(input);
  ExprEnv env;
  env.scope = &scope;
  ASSIGN_OR_RETURN(GeneratorCall call, ResolveGenerator(node.generator, env, node.outer, node.columns, span));
  call.plan.input = input.plan;
  std::vector<Attribute> output = input.plan->output;
  NameParts qualifier;
  if (!node.alias.empty()) qualifier = {node.alias};
  for (const Attribute& made : call.outputs) {
    output.push_back(made);
    input.columns.push_back({made, qualifier, 0});
  }
  input.plan = MakePlan(std::move(output), std::move(call.plan));
  return input;
}

// Each value becomes filtered aggregates; NULL where the group has no row of the value.
Result<Rel> Analysis::ApplyPivot(const PivotRelation& node, Rel input, SourceSpan span) {
  if (node.values.empty()) return NotImplemented("pivot() without its list of values");
  Scope scope = MakeScope(input);
  ExprEnv env;
  env.scope = &scope;
  AggregateRelation aggregate;
  aggregate.ordinals = false;
  std::set<AttributeId> used;
  auto note = [&](const ExprPtr& expr) -> Result<void> {
    ASSIGN_OR_RETURN(Resolved resolved, ResolveExpr(expr, env));
    VisitExpr(resolved.expr, [&](const TypedExpr& e) {
      if (const ColumnNode* column = AsColumn(e)) used.insert(column->id);
      return true;
    });
    return {};
  };
  for (const ExprPtr& expr : node.aggregates) RETURN_IF_ERROR(note(expr));
  for (const ExprPtr& expr : node.pivot_columns) RETURN_IF_ERROR(note(expr));
  aggregate.grouping = node.grouping;
  if (node.implicit_grouping) {
    for (const ScopeColumn& column : input.columns) {
      if (!used.contains(column.attribute.id)) aggregate.grouping.push_back(ColumnExpr(column));
    }
  }
  aggregate.exprs = aggregate.grouping;
  ExprPtr pivot = node.pivot_columns.size() == 1 ? node.pivot_columns[0] : Call("struct", node.pivot_columns);
  for (const PivotValue& value : node.values) {
    std::string shown = value.alias;
    ExprPtr wanted = value.value;
    if (shown.empty()) {
      ASSIGN_OR_RETURN(Resolved resolved, ResolveExpr(value.value, ExprEnv{}));
      auto folded = FoldExpr(*resolved.expr, context_.time_zone);
      shown = folded ? PivotText(*folded, context_.time_zone) : resolved.text;
      if (!resolved.name.empty()) shown = resolved.name;
      // struct(1, 2) is named {1, 2}.
      if (!folded && shown.starts_with("struct(")) shown = "{" + shown.substr(7, shown.size() - 8) + "}";
    }
    ExprPtr condition = Call("<=>", {pivot, wanted});
    FunctionExpr rows;
    rows.name = {"count"};
    rows.args = {MakeExpr(LiteralExpr{Value::Int(1)})};
    rows.filter = condition;
    ExprPtr present = Call(">", {MakeExpr(std::move(rows)), MakeExpr(LiteralExpr{Value::Int(0)})});
    for (const ExprPtr& expr : node.aggregates) {
      const auto* alias = std::get_if<AliasExpr>(&expr->node);
      ASSIGN_OR_RETURN(Resolved plain, ResolveExpr(expr, env));
      std::string name = shown;
      if (node.aggregates.size() > 1) name += "_" + (plain.name.empty() ? plain.text : plain.name);
      ExprPtr filtered = FilterAggregates(alias ? alias->child : expr, condition, context_.functions);
      ExprPtr guarded = Call("when", {present, filtered});
      aggregate.exprs.push_back(MakeExpr(AliasExpr{guarded, {name}, ""}, expr->span));
    }
  }
  ASSIGN_OR_RETURN(Open open, ApplySelect(aggregate.exprs, &aggregate, true, std::move(input), span));
  return Close(std::move(open));
}

// Which columns stay and which become rows.
Result<Analysis::UnpivotColumns> Analysis::ResolveUnpivot(const UnpivotRelation& node, const Rel& input,
                                                          SourceSpan span) {
  Scope scope = MakeScope(input);
  ExprEnv env;
  env.scope = &scope;
  std::set<AttributeId> taken;
  UnpivotColumns columns;
  auto resolve = [&](const std::vector<ExprPtr>& exprs, std::vector<Resolved>& out) -> Result<void> {
    for (const ExprPtr& expr : exprs) {
      ASSIGN_OR_RETURN(Resolved resolved, ResolveExpr(expr, env));
      if (const ColumnNode* column = AsColumn(*resolved.expr)) taken.insert(column->id);
      out.push_back(std::move(resolved));
    }
    return {};
  };
  RETURN_IF_ERROR(resolve(node.ids, columns.ids));
  for (const std::vector<ExprPtr>& exprs : node.values) {
    columns.groups.emplace_back();
    RETURN_IF_ERROR(resolve(exprs, columns.groups.back()));
  }
  for (const ScopeColumn& column : input.columns) {
    if (taken.contains(column.attribute.id)) continue;
    Resolved rest = UseColumn(column, column.attribute.name, span);
    if (node.all_values) {
      columns.groups.push_back({rest});
    } else if (node.implicit_ids) {
      columns.ids.push_back(rest);
    }
  }
  if (columns.groups.empty()) {
    return MakeSqlError("UNPIVOT_REQUIRES_VALUE_COLUMNS", "42K0E",
                        "At least one value column needs to be specified for UNPIVOT, all columns specified as ids.",
                        {}, span);
  }
  for (const std::vector<Resolved>& group : columns.groups) {
    if (group.size() == node.value_columns.size()) continue;
    return MakeSqlError("UNPIVOT_VALUE_SIZE_MISMATCH", "428C4",
                        "All unpivot value columns must have the same size as there are value column names (" +
                            std::to_string(node.value_columns.size()) + ").",
                        {{"names", std::to_string(node.value_columns.size())}}, span);
  }
  return columns;
}

// The rows are made by stack(n, label, value…, label, value…).
Result<GeneratorCall> Analysis::UnpivotStack(const UnpivotRelation& node, const UnpivotColumns& columns) {
  GeneratorCall stack;
  stack.plan.kind = GeneratorKind::kStack;
  stack.plan.args.push_back(MakeLiteral(Value::Int(static_cast<int32_t>(columns.groups.size()))));
  stack.outputs.push_back(NewAttribute(node.variable_column, TypeId::kString, false));
  for (size_t c = 0; c < node.value_columns.size(); ++c) {
    std::vector<DataType> types;
    bool nullable = false;
    for (const std::vector<Resolved>& group : columns.groups) {
      types.push_back(group[c].expr->type);
      nullable = nullable || group[c].expr->nullable;
    }
    auto common = CommonType(types, context_.ansi);
    // Strings are not promoted here.
    bool mixed = common && std::ranges::any_of(types, [](const DataType& t) { return t.Is(TypeId::kString); }) &&
                 !common->Is(TypeId::kString);
    if (!common || mixed) {
      std::vector<std::string> shown;
      for (const std::vector<Resolved>& group : columns.groups) {
        shown.push_back(QuoteType(group[c].expr->type) + " (" + QuoteIdentifier(group[c].text) + ")");
      }
      return MakeSqlError("UNPIVOT_VALUE_DATA_TYPE_MISMATCH", "42K09",
                          "Unpivot value columns must share a least common type, some types do not: [" +
                              Join(shown, ", ") + "].",
                          {{"types", Join(shown, ", ")}});
    }
    stack.outputs.push_back(NewAttribute(node.value_columns[c], *common, nullable));
  }
  for (size_t g = 0; g < columns.groups.size(); ++g) {
    std::vector<std::string> names;
    for (const Resolved& value : columns.groups[g]) names.push_back(value.name.empty() ? value.text : value.name);
    std::string label = g < node.value_labels.size() ? node.value_labels[g] : "";
    if (label.empty()) label = Join(names, "_");
    stack.plan.args.push_back(MakeLiteral(Value::String(label)));
    for (size_t c = 0; c < node.value_columns.size(); ++c) {
      stack.plan.args.push_back(ImplicitCast(columns.groups[g][c].expr, stack.outputs[c + 1].type));
    }
  }
  return stack;
}

Result<Rel> Analysis::ApplyUnpivot(const UnpivotRelation& node, Rel input, SourceSpan span) {
  ASSIGN_OR_RETURN(UnpivotColumns columns, ResolveUnpivot(node, input, span));
  ASSIGN_OR_RETURN(GeneratorCall stack, UnpivotStack(node, columns));
  std::vector<Attribute> output = input.plan->output;
  output.insert(output.end(), stack.outputs.begin(), stack.outputs.end());
  std::vector<SelectItem> items;
  for (const Resolved& id : columns.ids) {
    std::string name = id.name.empty() ? id.text : id.name;
    const ColumnNode* column = AsColumn(*id.expr);
    Attribute attribute = NewAttribute(name, id.expr->type, id.expr->nullable, id.metadata);
    if (column) attribute.id = column->id;
    items.push_back({attribute, id.expr, id.text, {}, 0});
  }
  TypedExprPtr kept;
  for (const Attribute& made : stack.outputs) {
    items.push_back({made, MakeColumn(made), made.name, {}, 0});
    if (made.id == stack.outputs[0].id) continue;
    ASSIGN_OR_RETURN(Resolved present, CallFunction("isnotnull", {{MakeColumn(made), made.name, ""}}, span));
    if (kept) {
      ASSIGN_OR_RETURN(present, CallFunction("or", {{kept, "", ""}, present}, span));
    }
    kept = present.expr;
  }
  stack.plan.input = input.plan;
  Rel rel{MakePlan(std::move(output), std::move(stack.plan)), {}, {}};
  if (!node.include_nulls) rel.plan = MakePlan(rel.plan->output, FilterPlan{rel.plan, kept});
  return Project(std::move(rel), std::move(items));
}

}  // namespace ashlar::sql
