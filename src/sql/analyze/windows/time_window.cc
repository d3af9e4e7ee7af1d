// window(…) and session_window(…): the window of a row becomes a column below the SELECT that calls it,
// so that `window.start` and GROUP BY mean that column. `*` does not list it.
#include <algorithm>

#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/errors.h"
#include "sql/analyze/expr_text.h"
#include "sql/parse/literal.h"

namespace ashlar::sql {
namespace {

struct WindowCall {
  const FunctionExpr* call = nullptr;
  SourceSpan span;
};

bool IsTimeWindow(const FunctionExpr& call) {
  return EqualsIgnoreCase(call.name.back(), "window") || EqualsIgnoreCase(call.name.back(), "session_window");
}

void FindCalls(const ExprPtr& expr, std::vector<WindowCall>& found) {
  if (!expr) return;
  auto all = [&](const std::vector<ExprPtr>& exprs) {
    for (const ExprPtr& e : exprs) FindCalls(e, found);
  };
  if (const auto* call = std::get_if<FunctionExpr>(&expr->node)) {
    if (IsTimeWindow(*call)) found.push_back({call, expr->span});
    all(call->args);
    FindCalls(call->filter, found);
  } else if (const auto* cast = std::get_if<CastExpr>(&expr->node)) {
    FindCalls(cast->child, found);
  } else if (const auto* alias = std::get_if<AliasExpr>(&expr->node)) {
    FindCalls(alias->child, found);
  } else if (const auto* extract = std::get_if<ExtractExpr>(&expr->node)) {
    FindCalls(extract->child, found);
  } else if (const auto* window = std::get_if<WindowExpr>(&expr->node)) {
    FindCalls(window->function, found);
    all(window->spec.partition_by);
  }
}

ExprPtr Call(const char* name, std::vector<ExprPtr> args, SourceSpan span) {
  FunctionExpr call;
  call.name = {name};
  call.args = std::move(args);
  return MakeExpr(std::move(call), span);
}
ExprPtr Column(NameParts name) { return MakeExpr(AttributeExpr{std::move(name), std::nullopt}); }
ExprPtr Number(int64_t value) { return MakeExpr(LiteralExpr{Value::Long(value)}); }

// Microseconds of a duration. Errors: CANNOT_PARSE_INTERVAL; months have no length.
Result<int64_t> Micros(const std::string& text, SourceSpan span) {
  Result<Value> value = TextInterval(text, text);
  if (!value.ok()) {
    return MakeSqlError("CANNOT_PARSE_INTERVAL", "22006",
                        "Unable to parse '" + text + "'. Please ensure that the value provided is in a valid format for "
                        "defining an interval.",
                        {{"intervalString", "'" + text + "'"}}, span);
  }
  if (!value->type.Is(TypeId::kDayTimeInterval)) {
    return MakeSqlError("_LEGACY_ERROR_TEMP_3231", "", "Intervals greater than a month is not supported (" + text + ").",
                        {{"interval", text}});
  }
  return std::get<int64_t>(value->data);
}

struct Durations {
  int64_t window = 0, slide = 0, start = 0;
};

Status CheckDurations(const Durations& d, const std::string& text, SourceSpan span) {
  auto shown = [](int64_t value) { return std::to_string(value) + "L"; };
  for (const auto& [name, value] : {std::pair{"`window_duration`", d.window}, std::pair{"`slide_duration`", d.slide}}) {
    if (value > 0) continue;
    return TypeMismatch("VALUE_OUT_OF_RANGE", text,
                        std::string("The ") + name + " must be between (0, 9223372036854775807] (current value = " + shown(value) + ").",
                        {{"exprName", name}, {"valueRange", "(0, 9223372036854775807]"}, {"currentValue", shown(value)}}, span);
  }
  auto constraint = [&](const char* left, int64_t l, const char* sign, const char* right, int64_t r) {
    return TypeMismatch("PARAMETER_CONSTRAINT_VIOLATION", text,
                        std::string("The ") + left + " (" + shown(l) + ") must be " + sign + " the " + right + " (" + shown(r) + ").",
                        {{"constraint", sign}, {"leftExprName", left}, {"leftExprValue", shown(l)},
                         {"rightExprName", right}, {"rightExprValue", shown(r)}},
                        span);
  };
  if (d.slide > d.window) return constraint("`slide_duration`", d.slide, "<=", "`window_duration`", d.window);
  if (std::abs(d.start) >= d.slide) return constraint("`abs(start_time)`", std::abs(d.start), "<", "`slide_duration`", d.slide);
  return {};
}

}  // namespace

const ScopeColumn* Analysis::TimeWindowColumn(const std::string& name, const ExprEnv& env) const {
  for (const Scope* scope : {env.scope, env.fallback}) {
    if (scope == nullptr) continue;
    for (const ScopeColumn& column : scope->columns) {
      if (column.unlisted && column.attribute.name == name) return &column;
    }
  }
  return nullptr;
}

Result<Rel> Analysis::AddTimeWindow(const std::vector<ExprPtr>& exprs, const AggregateRelation* aggregate, Rel input,
                                    SourceSpan span) {
  std::vector<WindowCall> calls;
  for (const ExprPtr& expr : exprs) FindCalls(expr, calls);
  if (aggregate) {
    for (const ExprPtr& expr : aggregate->grouping) FindCalls(expr, calls);
  }
  if (calls.empty()) return input;
  std::string name = ToLowerAscii(calls[0].call->name.back());
  Scope scope = MakeScope(input);
  ExprEnv env;
  env.scope = &scope;
  // All calls mean the same column.
  for (size_t i = 1; i < calls.size(); ++i) {
    bool same = EqualsIgnoreCase(calls[i].call->name.back(), name) && calls[i].call->args.size() == calls[0].call->args.size();
    for (size_t k = 0; same && k < calls[i].call->args.size(); ++k) {
      ASSIGN_OR_RETURN(Resolved a, ResolveExpr(calls[0].call->args[k], env));
      ASSIGN_OR_RETURN(Resolved b, ResolveExpr(calls[i].call->args[k], env));
      same = SameExpr(*a.expr, *b.expr);
    }
    if (!same) {
      return MakeSqlError("_LEGACY_ERROR_TEMP_1039", "",
                          "Multiple time/session window expressions would result in a cartesian product of rows, therefore "
                          "they are currently not supported.", {}, span);
    }
  }
  if (name == "window") return AddFixedWindow(*calls[0].call, std::move(input), Span(calls[0].span));
  return AddSessionWindow(*calls[0].call, exprs, aggregate, std::move(input), Span(calls[0].span));
}

Rel Analysis::AddColumn(Rel input, const std::string& name, TypedExprPtr expr, DataType type, bool nullable) {
  Attribute attribute = NewAttribute(name, std::move(type), nullable);
  ProjectPlan project{input.plan, {}};
  std::vector<Attribute> output = input.plan->output;
  for (const Attribute& a : output) project.columns.push_back({a, MakeColumn(a)});
  bool windowed = std::holds_alternative<WindowNode>(expr->node);
  output.push_back(attribute);
  if (windowed) {
    input.plan = MakePlan(std::move(output), WindowPlan{input.plan, {{attribute, std::move(expr)}}});
  } else {
    project.columns.push_back({attribute, std::move(expr)});
    input.plan = MakePlan(std::move(output), std::move(project));
  }
  ScopeColumn column{attribute, {}, 0};
  column.unlisted = true;
  input.columns.push_back(std::move(column));
  return input;
}

Result<Rel> Analysis::AddFixedWindow(const FunctionExpr& call, Rel input, SourceSpan span) {
  size_t count = call.args.size();
  if (count < 2 || count > 4) {
    return MakeSqlError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605",
                        "The `window` requires [2, 3, 4] parameters but the actual number is " + std::to_string(count) + ".",
                        {{"functionName", "`window`"}, {"expectedNum", "[2, 3, 4]"}, {"actualNum", std::to_string(count)},
                         {"docroot", "https://spark.apache.org/docs/latest"}},
                        span);
  }
  Durations d;
  std::array<int64_t*, 3> places = {&d.window, &d.slide, &d.start};
  for (size_t i = 1; i < count; ++i) {
    Result<Value> text = FoldConstant(call.args[i]);
    if (!text.ok() || !text->type.Is(TypeId::kString) || text->is_null()) {
      return MakeSqlError("_LEGACY_ERROR_TEMP_1207", "", "The duration and time inputs to window must be an integer, long or string literal.",
                          {}, span);
    }
    ASSIGN_OR_RETURN(*places[i - 1], Micros(std::get<std::string>(text->data), span));
  }
  if (count == 2) d.slide = d.window;
  Scope scope = MakeScope(input);
  ExprEnv env;
  env.scope = &scope;
  ASSIGN_OR_RETURN(Resolved time, ResolveExpr(call.args[0], env));
  std::string text = "window(" + time.text + ", " + std::to_string(d.window) + ", " + std::to_string(d.slide) + ", " +
                     std::to_string(d.start) + ")";
  const DataType& type = time.expr->type;
  if (!type.IsDatetime() && !type.Is(TypeId::kString) && !type.Is(TypeId::kNull)) {
    if (type.Is(TypeId::kStruct)) return NotImplemented("window() of a window");
    std::string required = R"x(("(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)" or "STRUCT<start: TIMESTAMP, end: TIMESTAMP>" or )x"
                           R"x("STRUCT<start: TIMESTAMP_NTZ, end: TIMESTAMP_NTZ>"))x";
    return TypeMismatch("UNEXPECTED_INPUT_TYPE", text,
                        "The first parameter requires the " + required + " type, however " + QuoteSql(time.text) +
                            " has the type " + QuoteType(type) + ".",
                        {{"paramIndex", "first"}, {"inputSql", QuoteSql(time.text)}, {"inputType", QuoteType(type)},
                         {"requiredType", required}},
                        span);
  }
  RETURN_IF_ERROR(CheckDurations(d, text, span));
  ASSIGN_OR_RETURN(Resolved known, ResolveExpr(Call("isnotnull", {call.args[0]}, span), env));
  input.plan = MakePlan(input.plan->output, FilterPlan{input.plan, known.expr});
  std::vector<ExprPtr> args = {call.args[0], Number(d.window), Number(d.slide), Number(d.start)};
  if (d.slide == d.window) {
    ASSIGN_OR_RETURN(Resolved window, ResolveExpr(Call("$window", std::move(args), span), env));
    DataType window_type = window.expr->type;
    return AddColumn(std::move(input), "window", std::move(window.expr), std::move(window_type), false);
  }
  FunctionExpr explode;
  explode.name = {"explode"};
  explode.args = {Call("$windows", std::move(args), span)};
  ASSIGN_OR_RETURN(GeneratorCall generator, ResolveGenerator(explode, env, false, {"window"}, span));
  GeneratePlan generate = generator.plan;
  generate.input = input.plan;
  Attribute attribute = generator.outputs[0];
  attribute.nullable = true;
  std::vector<Attribute> output = input.plan->output;
  output.push_back(attribute);
  input.plan = MakePlan(std::move(output), std::move(generate));
  ScopeColumn column{attribute, {}, 0};
  column.unlisted = true;
  input.columns.push_back(std::move(column));
  return input;
}

// A row's session is [time, time + gap). Grouped, sessions of the same keys that touch are one:
// a row begins a session when no earlier one of its keys reaches it.
Result<Rel> Analysis::AddSessionWindow(const FunctionExpr& call, const std::vector<ExprPtr>& exprs,
                                       const AggregateRelation* aggregate, Rel input, SourceSpan span) {
  if (call.args.size() != 2) {
    return MakeSqlError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605", "The `session_window` requires 2 parameters.",
                        {{"functionName", "`session_window`"}, {"expectedNum", "2"},
                         {"actualNum", std::to_string(call.args.size())},
                         {"docroot", "https://spark.apache.org/docs/latest"}},
                        span);
  }
  auto resolve = [&](const ExprPtr& expr) -> Result<Resolved> {
    Scope scope = MakeScope(input);
    ExprEnv env;
    env.scope = &scope;
    return ResolveExpr(expr, env);
  };
  auto add = [&](const char* name, const ExprPtr& expr) -> Status {
    ASSIGN_OR_RETURN(Resolved resolved, resolve(expr));
    DataType type = resolved.expr->type;
    bool nullable = resolved.expr->nullable;
    input = AddColumn(std::move(input), name, std::move(resolved.expr), std::move(type), nullable);
    return {};
  };
  ASSIGN_OR_RETURN(Resolved time, resolve(call.args[0]));
  DataType type = time.expr->type.Is(TypeId::kTimestampNtz) ? TypeId::kTimestampNtz : TypeId::kTimestamp;
  RETURN_IF_ERROR(add("$start", MakeExpr(CastExpr{call.args[0], type, CastMode::kDefault}, span)));
  ExprPtr gap = MakeExpr(CastExpr{call.args[1], TypeId::kCalendarInterval, CastMode::kDefault}, span);
  RETURN_IF_ERROR(add("$end", Call("+", {Column({"$start"}), gap}, span)));
  ASSIGN_OR_RETURN(Resolved lasts, resolve(Call(">", {Column({"$end"}), Column({"$start"})}, span)));
  input.plan = MakePlan(input.plan->output, FilterPlan{input.plan, lasts.expr});

  std::string start = "$start", end = "$end";
  if (aggregate && !aggregate->grouping.empty()) {
    if (aggregate->kind != GroupingKind::kGroupBy) return NotImplemented("session_window in grouping sets");
    WindowSpec rows;
    for (const ExprPtr& key : aggregate->grouping) {
      std::vector<WindowCall> own;
      FindCalls(key, own);
      if (own.empty()) rows.partition_by.push_back(GroupingKey(key, exprs, input));
    }
    rows.order_by.push_back({Column({"$start"}), true, true});
    WindowSpec before = rows, upto = rows;
    before.frame = WindowFrame{FrameUnit::kRows, {FrameBound::Kind::kUnboundedPreceding, nullptr},
                               {FrameBound::Kind::kPreceding, MakeExpr(LiteralExpr{Value::Int(1)})}};
    // Rows that begin at the same time are peers: the first of them counts for all.
    upto.frame = WindowFrame{FrameUnit::kRange, {FrameBound::Kind::kUnboundedPreceding, nullptr},
                             {FrameBound::Kind::kCurrentRow, nullptr}};
    auto over = [&](const char* function, const char* column, const WindowSpec& spec) {
      return MakeExpr(WindowExpr{Call(function, {Column({column})}, span), spec}, span);
    };
    RETURN_IF_ERROR(add("$reach", over("max", "$end", before)));
    RETURN_IF_ERROR(add("$begins", Call("if", {Call(">=", {Column({"$reach"}), Column({"$start"})}, span), Number(0), Number(1)}, span)));
    RETURN_IF_ERROR(add("$session", over("sum", "$begins", upto)));
    WindowSpec session{rows.partition_by, {}, std::nullopt};
    session.partition_by.push_back(Column({"$session"}));
    RETURN_IF_ERROR(add("$first", over("min", "$start", session)));
    RETURN_IF_ERROR(add("$last", over("max", "$end", session)));
    start = "$first", end = "$last";
  }
  ASSIGN_OR_RETURN(Resolved window, resolve(Call("named_struct", {MakeExpr(LiteralExpr{Value::String("start")}), Column({start}),
                                                                MakeExpr(LiteralExpr{Value::String("end")}), Column({end})}, span)));
  DataType shape = DataType::Struct({{"start", type, true}, {"end", type, true}});
  TypedExpr typed = *window.expr;
  typed.type = shape;
  std::erase_if(input.columns, [](const ScopeColumn& c) { return c.unlisted && c.attribute.name.starts_with('$'); });
  return AddColumn(std::move(input), "session_window", std::make_shared<const TypedExpr>(std::move(typed)), shape, false);
}

// What GROUP BY means by `key`: an item by its place or its alias, or an expression over the input.
ExprPtr Analysis::GroupingKey(const ExprPtr& key, const std::vector<ExprPtr>& exprs, const Rel& input) {
  auto below = [](const ExprPtr& expr) {
    const auto* alias = std::get_if<AliasExpr>(&expr->node);
    return alias ? alias->child : expr;
  };
  const auto* literal = std::get_if<LiteralExpr>(&key->node);
  if (literal && literal->value.type.IsIntegral() && !literal->value.is_null()) {
    int64_t at = std::get<int64_t>(literal->value.data);
    if (at >= 1 && at <= static_cast<int64_t>(exprs.size())) return below(exprs[static_cast<size_t>(at - 1)]);
  }
  const auto* name = std::get_if<AttributeExpr>(&key->node);
  if (!name || name->name.size() != 1) return key;
  auto match = FindColumn(MakeScope(input), name->name, context_.case_sensitive, key->span);
  if (match.ok() && *match) return key;
  for (const ExprPtr& expr : exprs) {
    const auto* alias = std::get_if<AliasExpr>(&expr->node);
    if (alias && alias->names.size() == 1 && EqualsIgnoreCase(alias->names[0], name->name[0])) return alias->child;
  }
  return key;
}

}  // namespace ashlar::sql
