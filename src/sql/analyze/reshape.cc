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
                        {{"aliasesSize", std::to_string(fields.size())}, {"aliasesNames", Join(names, ",")}}, span);
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

// Rows are made by stack(): one for each group of value columns.
Result<Rel> Analysis::ApplyUnpivot(const UnpivotRelation& node, Rel input, SourceSpan span) {
  Scope scope = MakeScope(input);
  ExprEnv env;
  env.scope = &scope;
  std::set<AttributeId> taken;
  auto resolve = [&](const ExprPtr& expr) -> Result<Resolved> {
    ASSIGN_OR_RETURN(Resolved resolved, ResolveExpr(expr, env));
    if (const ColumnNode* column = AsColumn(*resolved.expr)) taken.insert(column->id);
    return resolved;
  };
  std::vector<std::vector<Resolved>> groups;
  std::vector<Resolved> ids;
  for (const ExprPtr& expr : node.ids) {
    ASSIGN_OR_RETURN(Resolved id, resolve(expr));
    ids.push_back(std::move(id));
  }
  for (const std::vector<ExprPtr>& exprs : node.values) {
    groups.emplace_back();
    for (const ExprPtr& expr : exprs) {
      ASSIGN_OR_RETURN(Resolved value, resolve(expr));
      groups.back().push_back(std::move(value));
    }
  }
  for (const ScopeColumn& column : input.columns) {
    if (taken.contains(column.attribute.id)) continue;
    Resolved rest = UseColumn(column, column.attribute.name, span);
    if (node.all_values) groups.push_back({rest});
    else if (node.implicit_ids) ids.push_back(rest);
  }
  if (groups.empty()) {
    return MakeSqlError("UNPIVOT_REQUIRES_VALUE_COLUMNS", "42K0E",
                        "At least one value column needs to be specified for UNPIVOT, all columns specified as ids.",
                        {}, span);
  }
  size_t width = node.value_columns.size();
  GeneratePlan stack{input.plan, GeneratorKind::kStack, {MakeLiteral(Value::Int(static_cast<int32_t>(groups.size())))}, false};
  std::vector<DataType> types(width);
  std::vector<bool> nullable(width, false);
  for (size_t c = 0; c < width; ++c) {
    std::vector<DataType> column;
    for (const auto& group : groups) {
      if (group.size() != width) {
        return MakeSqlError("UNPIVOT_VALUE_SIZE_MISMATCH", "428C4",
                            "All unpivot value columns must have the same size as there are value column names (" +
                                std::to_string(width) + ").",
                            {{"names", std::to_string(width)}}, span);
      }
      column.push_back(group[c].expr->type);
      nullable[c] = nullable[c] || group[c].expr->nullable;
    }
    auto common = CommonType(column, context_.ansi);
    if (!common) {
      return MakeSqlError("UNPIVOT_VALUE_DATA_TYPE_MISMATCH", "42K09",
                          "Unpivot value columns must share a least common type, some types do not.", {}, span);
    }
    types[c] = *common;
  }
  for (size_t g = 0; g < groups.size(); ++g) {
    std::vector<std::string> names;
    for (const Resolved& value : groups[g]) names.push_back(value.name.empty() ? value.text : value.name);
    std::string label = g < node.value_labels.size() ? node.value_labels[g] : "";
    if (label.empty()) label = Join(names, "_");
    stack.args.push_back(MakeLiteral(Value::String(label)));
    for (size_t c = 0; c < width; ++c) stack.args.push_back(ImplicitCast(groups[g][c].expr, types[c]));
  }
  std::vector<Attribute> output = input.plan->output;
  std::vector<SelectItem> items;
  for (const Resolved& id : ids) {
    std::string name = id.name.empty() ? id.text : id.name;
    const ColumnNode* column = AsColumn(*id.expr);
    Attribute attribute = NewAttribute(name, id.expr->type, id.expr->nullable, id.metadata);
    if (column) attribute.id = column->id;
    items.push_back({attribute, id.expr, id.text, {}, 0});
  }
  auto made = [&](const std::string& name, const DataType& type, bool is_nullable) {
    Attribute attribute = NewAttribute(name, type, is_nullable);
    output.push_back(attribute);
    items.push_back({attribute, MakeColumn(attribute), name, {}, 0});
    return attribute;
  };
  made(node.variable_column, TypeId::kString, false);
  TypedExprPtr kept;
  for (size_t c = 0; c < width; ++c) {
    Attribute value = made(node.value_columns[c], types[c], nullable[c]);
    ASSIGN_OR_RETURN(Resolved present, CallFunction("isnotnull", {{MakeColumn(value), value.name, ""}}, span));
    if (!kept) {
      kept = present.expr;
    } else {
      ASSIGN_OR_RETURN(Resolved either, CallFunction("or", {{kept, "", ""}, present}, span));
      kept = either.expr;
    }
  }
  Rel rel{MakePlan(std::move(output), std::move(stack)), {}, {}};
  if (!node.include_nulls) rel.plan = MakePlan(rel.plan->output, FilterPlan{rel.plan, kept});
  return Project(std::move(rel), std::move(items));
}

}  // namespace ashlar::sql
