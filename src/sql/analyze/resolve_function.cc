// Calls: functions of the registry with implicit casts, lambdas, aggregates.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/constant_folding.h"
#include "sql/analyze/errors.h"
#include "sql/analyze/expr_text.h"
#include "sql/coercion.h"

namespace ashlar::sql {
namespace {

std::vector<std::string> Texts(const std::vector<Resolved>& args) {
  std::vector<std::string> texts;
  for (const Resolved& arg : args) texts.push_back(arg.text);
  return texts;
}

FunctionArgument ArgumentOf(const Resolved& value) {
  FunctionArgument argument;
  argument.type = value.expr->type;
  argument.nullable = value.expr->nullable;
  argument.sql = value.text;
  if (const auto* lambda = std::get_if<LambdaNode>(&value.expr->node)) {
    argument.is_lambda = true;
    argument.lambda_params = static_cast<int>(lambda->params.size());
  }
  return argument;
}

std::string SortText(const TypedSortOrder& order, const std::string& text) {
  return text + (order.ascending ? " ASC" : " DESC") + (order.nulls_first ? " NULLS FIRST" : " NULLS LAST");
}

// Conversions by name, int('1'): shown as their argument, like implicit casts.
bool IsCastFunction(std::string_view name) {
  static constexpr std::string_view kNames[] = {"boolean", "tinyint", "smallint", "int",  "bigint", "float",
                                                "double",  "decimal", "date",     "timestamp", "binary", "string"};
  return std::ranges::count(kNames, name) > 0;
}

// Aggregates whose further arguments are not shown.
bool ShowsFirstOnly(std::string_view name) {
  static constexpr std::string_view kNames[] = {"first", "last", "any_value", "first_value", "last_value",
                                                "approx_count_distinct"};
  return std::ranges::count(kNames, name) > 0;
}

// How Spark prints + - * / with dates and intervals, which it resolves to other expressions.
std::optional<std::string> DatetimeArithmeticText(const std::string& op, const std::vector<FunctionArgument>& types,
                                                  const std::vector<std::string>& texts) {
  if (texts.size() != 2 || op.size() != 1 || op.find_first_of("+-*") == std::string::npos) return std::nullopt;
  const DataType& a = types[0].type;
  const DataType& b = types[1].type;
  if (op == "*") {
    if (a.IsNumeric() && b.IsInterval()) return "(" + texts[1] + " * " + texts[0] + ")";
    return std::nullopt;
  }
  if (op == "+" && !a.IsDatetime() && b.IsDatetime()) {
    return DatetimeArithmeticText(op, {types[1], types[0]}, {texts[1], texts[0]});
  }
  if (!a.IsDatetime()) return std::nullopt;
  if (a.Is(TypeId::kDate) && b.IsIntegral()) {
    return std::string(op == "+" ? "date_add(" : "date_sub(") + texts[0] + ", " + texts[1] + ")";
  }
  bool days = b.Is(TypeId::kDayTimeInterval) && b.last_interval_field() == 0;
  if (a.Is(TypeId::kDate) && days) {
    std::string count = "extractansiintervaldays(" + texts[1] + ")";
    return "date_add(" + texts[0] + ", " + (op == "+" ? count : "(- " + count + ")") + ")";
  }
  if (b.IsInterval()) return texts[0] + " " + op + " " + texts[1];
  return std::nullopt;
}

// The p-th share in descending order is the (1 - p)-th in ascending order.
std::optional<double> ShareFromTop(const TypedExpr& share, const std::string& time_zone) {
  auto value = FoldExpr(share, time_zone);
  if (!value || value->is_null()) return std::nullopt;
  if (value->type.IsFractional()) return 1 - std::get<double>(value->data);
  if (value->type.IsIntegral()) return 1 - static_cast<double>(std::get<int64_t>(value->data));
  if (!value->type.Is(TypeId::kDecimal)) return std::nullopt;
  return 1 - static_cast<double>(std::get<Int128>(value->data)) / std::pow(10, value->type.scale());
}

bool IsOrderedSet(std::string_view name) {
  return name == "percentile_cont" || name == "percentile_disc" || name == "mode";
}

bool IsComparison(const std::string& name) {
  return name == "==" || name == "=" || name == "<=>" || name == "<" || name == "<=" || name == ">" || name == ">=";
}

// How Spark shows the comparator of array_sort() when none is given.
constexpr const char* kOwnComparator =
    "lambdafunction((IF(((namedlambdavariable() IS NULL) AND (namedlambdavariable() IS NULL)), 0, "
    "(IF((namedlambdavariable() IS NULL), 1, (IF((namedlambdavariable() IS NULL), -1, "
    "(IF((namedlambdavariable() < namedlambdavariable()), -1, "
    "(IF((namedlambdavariable() > namedlambdavariable()), 1, 0)))))))))), namedlambdavariable(), namedlambdavariable())";

// What a group aggregates must be the same however often it is asked for.
Status CheckDeterministic(const std::vector<TypedExprPtr>& args, const std::string& call_text) {
  for (const TypedExprPtr& arg : args) {
    if (IsDeterministic(arg)) continue;
    const TypedExpr* given = arg.get();
    while (const auto* cast = std::get_if<CastNode>(&given->node)) given = cast->child.get();
    return MakeSqlError("AGGREGATE_FUNCTION_WITH_NONDETERMINISTIC_EXPRESSION", "42845",
                        "Non-deterministic expression " + QuoteSql(call_text) +
                            " should not appear in the arguments of an aggregate function.",
                        {{"sqlExpr", QuoteSql(call_text)}}, given->span);
  }
  return {};
}

bool TakesIgnoreNulls(const std::string& name) {
  return name == "first" || name == "last" || name == "any_value" || name == "first_value" ||
         name == "last_value";
}

}  // namespace

Result<std::vector<ExprPtr>> Analysis::ExpandArgumentStars(const std::vector<ExprPtr>& args,
                                                           const ExprEnv& env) {
  std::vector<ExprPtr> expanded;
  for (const ExprPtr& arg : args) {
    const auto* star = std::get_if<StarExpr>(&arg->node);
    if (!star) {
      expanded.push_back(arg);
      continue;
    }
    const Scope* scope = env.fallback ? env.fallback : env.scope;
    if (!scope) return UnresolvedColumn({"*"}, Scope{}, Span(arg->span));
    ASSIGN_OR_RETURN(auto columns, ExpandStar(*star, *scope, Span(arg->span)));
    for (const ScopeColumn* column : columns) {
      NameParts name = column->qualifier;
      name.push_back(column->attribute.name);
      expanded.push_back(MakeExpr(AttributeExpr{name, std::nullopt}, arg->span));
    }
  }
  return expanded;
}

Result<void> Analysis::AddLambda(const std::string& name, const LambdaExpr& lambda, const ExprEnv& env,
                                 SourceSpan span, CallArguments& arguments) {
  size_t index = arguments.values.size();
  auto fields = context_.functions.LambdaParameters(name, index, static_cast<int>(lambda.params.size()),
                                                    arguments.types);
  if (!fields.ok()) {
    Error error = std::move(fields).error();
    if (!error.span) error.span = span;
    return error;
  }
  LambdaScope scope{env.lambdas, {}};
  for (size_t i = 0; i < lambda.params.size() && i < fields->size(); ++i) {
    scope.params.push_back(NewAttribute(lambda.params[i], (*fields)[i].type, (*fields)[i].nullable));
  }
  ExprEnv inner = env;
  inner.lambdas = &scope;
  ASSIGN_OR_RETURN(Resolved body, ResolveExpr(lambda.body, inner));
  std::string text = "lambdafunction(" + body.text;
  for (size_t i = 0; i < scope.params.size(); ++i) text += ", namedlambdavariable()";
  text += ")";
  TypedExprPtr node = MakeTyped(body.expr->type, body.expr->nullable, span, LambdaNode{scope.params, body.expr});
  arguments.values.push_back({std::move(node), std::move(text), ""});
  arguments.types.push_back(ArgumentOf(arguments.values.back()));
  return {};
}

Result<Analysis::CallArguments> Analysis::ResolveArguments(const std::string& name, const FunctionExpr& call,
                                                           const ExprEnv& env, SourceSpan span) {
  CallArguments arguments;
  ASSIGN_OR_RETURN(std::vector<ExprPtr> args, ExpandArgumentStars(call.args, env));
  // explode(collection => …) has one argument, whatever its place.
  bool only_one = call.args.empty() && call.named_args.size() == 1 &&
                  EqualsIgnoreCase(call.named_args[0].first, "collection");
  if (only_one) args.push_back(call.named_args[0].second);
  if (!call.named_args.empty() && !only_one) return NotImplemented("named arguments of function " + name);
  for (const ExprPtr& arg : args) {
    if (const auto* lambda = std::get_if<LambdaExpr>(&arg->node)) {
      RETURN_IF_ERROR(AddLambda(name, *lambda, env, Span(arg->span), arguments));
      continue;
    }
    ASSIGN_OR_RETURN(Resolved value, ResolveExpr(arg, env));
    arguments.types.push_back(ArgumentOf(value));
    arguments.values.push_back(std::move(value));
  }
  if (call.ignore_nulls && TakesIgnoreNulls(name) && !env.over_window) {
    TypedExprPtr yes = MakeLiteral(Value::Boolean(true), span);
    arguments.values.push_back({yes, "true", ""});
    arguments.types.push_back(ArgumentOf(arguments.values.back()));
  }
  return arguments;
}

// Nullability is asked for after the implicit casts, because a cast may make NULLs.
Result<ResolvedFunction> Analysis::AskRegistry(const std::string& name, const CallArguments& arguments,
                                               const FunctionContext& context) {
  std::vector<FunctionArgument> types = arguments.types;
  std::vector<std::optional<Value>> constants(types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    if (types[i].is_lambda) continue;
    constants[i] = FoldExpr(*arguments.values[i].expr, context_.time_zone);
    if (constants[i]) types[i].constant = &*constants[i];
  }
  auto resolved = context_.functions.Resolve(name, types, context);
  if (!resolved.ok()) {
    Error error = std::move(resolved).error();
    if (!error.span && !(context.span == SourceSpan{})) error.span = context.span;
    // Errors that have no place are marked by an empty one.
    if (context.span == SourceSpan{} || *error.span == SourceSpan{}) error.span.reset();
    return error;
  }
  ResolvedFunction function = *std::move(resolved);
  bool changed = false;
  for (size_t i = 0; i < std::min(types.size(), function.argument_types.size()); ++i) {
    if (!types[i].nullable && CastForcesNullable(types[i].type, function.argument_types[i])) {
      types[i].nullable = true;
      changed = true;
    }
  }
  if (changed) {
    auto again = context_.functions.Resolve(name, types, context);
    if (again.ok()) function.nullable = again->nullable;
  }
  return function;
}

Result<Resolved> Analysis::ResolveFunction(const FunctionExpr& call, const ExprEnv& env, SourceSpan span) {
  CHECK(!call.name.empty()) << "call without a name";
  NameParts name = call.name;
  // system.builtin.f and builtin.f are the registry's.
  if (name.size() == 3 && EqualsIgnoreCase(name[0], "system")) name.erase(name.begin());
  if (name.size() == 2 && EqualsIgnoreCase(name[0], "builtin")) name.erase(name.begin());
  std::string lower = ToLowerAscii(name.back());
  if (lower == "||") lower = "concat";
  if (name.size() == 1) {
    ASSIGN_OR_RETURN(auto special, ResolveSpecial(lower, call, env, span));
    if (special) return *std::move(special);
  }
  auto kind = name.size() == 1 ? context_.functions.Find(lower) : std::nullopt;
  if (!kind) {
    std::string path = "[`system`.`builtin`, `system`.`session`, " +
                       QuoteName({context_.current_catalog, context_.current_schema}) + "]";
    return MakeSqlError("UNRESOLVED_ROUTINE", "42883",
                        "Cannot resolve routine " + QuoteName(call.name) + " on search path " + path + ".",
                        {{"routineName", QuoteName(call.name)}, {"searchPath", path}}, span);
  }
  if (*kind == FunctionKind::kAggregate && env.in_aggregate && !env.over_window) {
    return MakeSqlError("NESTED_AGGREGATE_FUNCTION", "42607",
                        "It is not allowed to use an aggregate function in the argument of another aggregate "
                        "function. Please use the inner aggregate function in a sub-query.",
                        {}, span);
  }
  return ResolveRegistered(lower, call, env, span);
}

Result<Resolved> Analysis::ResolveRegistered(const std::string& name, const FunctionExpr& call,
                                             const ExprEnv& env, SourceSpan span) {
  FunctionKind kind = context_.functions.Find(name).value_or(FunctionKind::kScalar);
  if (kind == FunctionKind::kWindow && !env.over_window) {
    return MakeSqlError("WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE", "42601",
                        "Window function " + QuoteSql(name + "()") + " requires an OVER clause.",
                        {{"funcName", QuoteSql(name + "()")}}, span);
  }
  bool of_aggregates = call.distinct || call.filter;
  if ((kind == FunctionKind::kScalar || kind == FunctionKind::kWindow) && of_aggregates) {
    std::string syntax = call.distinct ? "DISTINCT" : "FILTER CLAUSE";
    return MakeSqlError("INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX", "42000",
                        "Invalid SQL syntax: The function " + QuoteIdentifier(name) + " does not support " + syntax + ".",
                        {{"prettyName", QuoteIdentifier(name)}, {"syntax", syntax}}, span);
  }
  ExprEnv inner = env;
  inner.over_window = false;
  if (kind == FunctionKind::kAggregate && !env.over_window) inner.in_aggregate = true;
  FunctionExpr ordered = call;
  // percentile_cont(0.5) WITHIN GROUP (ORDER BY v): the ordered value is the first argument.
  if (IsOrderedSet(name) && !call.within_group.empty()) {
    ordered.args.insert(ordered.args.begin(), call.within_group[0].expr);
  }
  ASSIGN_OR_RETURN(CallArguments arguments, ResolveArguments(name, ordered, inner, span));
  if (IsComparison(name)) RETURN_IF_ERROR(PadChars(arguments.values, span));
  bool descending = name.starts_with("percentile_") && !call.within_group.empty() && !call.within_group[0].ascending;
  if (descending) {
    auto share = arguments.values.size() > 1 ? ShareFromTop(*arguments.values[1].expr, context_.time_zone) : std::nullopt;
    if (name != "percentile_cont" || !share) return NotImplemented(name + " in descending order");
    arguments.values[1].expr = MakeLiteral(Value::Double(*share), span);
    arguments.types[1] = ArgumentOf(arguments.values[1]);
  }
  FunctionContext context;
  context.ansi = context_.ansi;
  context.last_map_key_wins = context_.last_map_key_wins;
  context.time_zone = context_.time_zone;
  context.span = span;
  context.distinct = call.distinct;
  context.call_sql = CallText(name, Texts(arguments.values), call.distinct);
  ASSIGN_OR_RETURN(ResolvedFunction function, AskRegistry(name, arguments, context));
  return FinishCall(function, ordered, std::move(arguments), inner, span);
}

Result<Resolved> Analysis::FinishCall(const ResolvedFunction& function, const FunctionExpr& call,
                                      CallArguments arguments, const ExprEnv& env, SourceSpan span) {
  std::vector<std::string> texts = Texts(arguments.values);
  for (const Value& added : function.added_arguments) texts.push_back(LiteralText(added, context_.time_zone));
  if (texts.size() > function.shown_arguments) texts.resize(function.shown_arguments);
  if (function.rewrite) {
    ExprEnv inner = env;
    inner.rewrite_args = &arguments.values;
    ASSIGN_OR_RETURN(Resolved rewritten, ResolveExpr(function.rewrite, inner));
    bool hidden = IsCastFunction(function.name) && texts.size() == 1;
    rewritten.text = hidden ? texts[0] : CallText(function.name, texts, call.distinct);
    rewritten.name.clear();
    return rewritten;
  }
  if (function.kind == FunctionKind::kGenerator) {
    std::string text = QuoteSql(CallText(function.name, texts));
    return MakeSqlError("UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS", "42K0E",
                        "The generator is not supported: nested in expressions " + text + ".",
                        {{"expression", text}}, span);
  }
  std::vector<TypedExprPtr> args;
  for (size_t i = 0; i < arguments.values.size(); ++i) {
    TypedExprPtr arg = arguments.values[i].expr;
    if (i < function.argument_types.size()) {
      const DataType& wanted = function.argument_types[i];
      if (const auto* lambda = std::get_if<LambdaNode>(&arg->node)) {
        TypedExprPtr body = ImplicitCast(lambda->body, wanted);
        if (body != lambda->body) {
          arg = MakeTyped(body->type, body->nullable, arg->span, LambdaNode{lambda->params, body});
        }
      } else {
        arg = ImplicitCast(std::move(arg), wanted, span);
      }
    }
    args.push_back(std::move(arg));
  }
  for (const Value& added : function.added_arguments) args.push_back(MakeLiteral(added));
  if (function.kind == FunctionKind::kAggregate) {
    return FinishAggregate(function, call, std::move(args), texts, env, span);
  }
  Resolved result;
  bool hidden = IsCastFunction(function.name) && texts.size() == 1;
  // An operator keeps its sign, whatever function it is.
  bool sign = !call.name.empty() && call.name.back().find_first_of("<>=+-*/%&|^~") != std::string::npos;
  std::string name = sign && call.name.back() != "||" ? call.name.back() : function.name;
  result.text = hidden ? texts[0] : CallText(name, texts, call.distinct);
  if (auto text = DatetimeArithmeticText(name, arguments.types, texts)) result.text = *std::move(text);
  if (name == "array_sort" && texts.size() == 1) {
    result.text.insert(result.text.size() - 1, std::string(", ") + kOwnComparator);
  }
  // aggregate() without a finish shows the identity it uses.
  if ((name == "aggregate" || name == "reduce") && texts.size() == 3) {
    result.text.insert(result.text.size() - 1, ", lambdafunction(namedlambdavariable(), namedlambdavariable())");
  }
  CallNode node{function.name, function.lowering, std::move(args), function.deterministic, function.can_throw};
  result.expr = MakeTyped(function.type, function.nullable, span, std::move(node));
  return result;
}

Result<Resolved> Analysis::FinishAggregate(const ResolvedFunction& function, const FunctionExpr& call,
                                           std::vector<TypedExprPtr> args,
                                           const std::vector<std::string>& texts, const ExprEnv& env,
                                           SourceSpan span) {
  Resolved result;
  std::vector<std::string> shown = texts;
  bool ordered_set = IsOrderedSet(function.name) && !call.within_group.empty();
  if (ordered_set && !shown.empty()) shown.erase(shown.begin());
  if (ShowsFirstOnly(function.name) && shown.size() > 1) shown.resize(1);
  std::string name = function.name;
  if (call.ignore_nulls && name == "first_value") name = "first";
  if (call.ignore_nulls && name == "last_value") name = "last";
  result.text = CallText(name, shown, call.distinct);
  if (env.in_aggregate) RETURN_IF_ERROR(CheckDeterministic(args, result.text));
  AggregateCallNode node{function.name, function.lowering, std::move(args), call.distinct,
                         nullptr,       {},                function.finish};
  std::vector<std::string> orders;
  for (const SortOrder& order : call.within_group) {
    ASSIGN_OR_RETURN(Resolved key, ResolveExpr(order.expr, env));
    TypedSortOrder typed{key.expr, order.ascending, order.nulls_first.value_or(order.ascending)};
    bool descending = ordered_set && (function.name == "mode" || !order.ascending);
    orders.push_back(ordered_set ? key.text + (descending ? " DESC" : "") : SortText(typed, key.text));
    // Percentiles sort by themselves.
    if (!ordered_set || function.name == "mode") node.order_by.push_back(std::move(typed));
  }
  if (!orders.empty()) result.text += " WITHIN GROUP (ORDER BY " + Join(orders, ", ") + ")";
  if (call.filter) {
    ASSIGN_OR_RETURN(Resolved filter, ResolveExpr(call.filter, env));
    if (!filter.expr->type.Is(TypeId::kBoolean)) {
      return MakeSqlError("INVALID_AGGREGATE_FILTER.NOT_BOOLEAN", "42903",
                          "The FILTER expression " + QuoteSql(filter.text) +
                              " in an aggregate function is invalid. FILTER expression is not of type BOOLEAN.",
                          {{"filterExpr", QuoteSql(filter.text)}}, span);
    }
    node.filter = filter.expr;
    result.text += " FILTER (WHERE " + filter.text + ")";
  }
  result.expr = MakeTyped(function.type, function.nullable, span, std::move(node));
  return result;
}

Result<Resolved> Analysis::CallFunction(const std::string& name, std::vector<Resolved> args,
                                        SourceSpan span) {
  CallArguments arguments;
  for (Resolved& arg : args) {
    arguments.types.push_back(ArgumentOf(arg));
    arguments.values.push_back(std::move(arg));
  }
  FunctionContext context;
  context.ansi = context_.ansi;
  context.last_map_key_wins = context_.last_map_key_wins;
  context.time_zone = context_.time_zone;
  context.span = span;
  context.call_sql = CallText(name, Texts(arguments.values));
  ASSIGN_OR_RETURN(ResolvedFunction function, AskRegistry(name, arguments, context));
  FunctionExpr call;
  call.name = {name};
  ExprEnv env;
  return FinishCall(function, call, std::move(arguments), env, span);
}

}  // namespace ashlar::sql
