#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "engine/cast_lowering.h"
#include "engine/duck_types.h"
#include "engine/lowering/constant_number.h"
#include "engine/lowering/lowerer.h"

namespace ashlar::engine {
namespace {

using sql::TypedExpr;
using sql::TypedExprPtr;

Error TooDeep() {
  return MakeSqlError("EXCEEDED_EXPRESSION_DEPTH", "54001",
                      "The statement is nested more than " + std::to_string(kMaxNesting) + " levels deep.");
}

bool IsWidening(const DataType& from, const DataType& to) {
  if (from == to || from.Is(TypeId::kNull)) return true;
  if (to.Is(TypeId::kString)) return true;
  if (from.IsIntegral() && to.IsIntegral()) return from.id() <= to.id();
  if (from.IsNumeric() && to.IsFractional()) return true;
  if (from.Is(TypeId::kDecimal) && to.Is(TypeId::kDecimal)) {
    return to.scale() >= from.scale() && to.precision() - to.scale() >= from.precision() - from.scale();
  }
  return from.Is(TypeId::kDate) && to.IsDatetime();
}

// Calls `visit` on every direct part of the expression that is an expression.
template <typename Visit>
void ForEachPart(const TypedExpr& expr, Visit visit) {
  auto one = [&](const TypedExprPtr& part) {
    if (part) visit(*part);
  };
  auto all = [&](const std::vector<TypedExprPtr>& parts) { std::ranges::for_each(parts, one); };
  auto orders = [&](const std::vector<sql::TypedSortOrder>& parts) {
    for (const auto& part : parts) one(part.expr);
  };
  if (auto* call = std::get_if<sql::CallNode>(&expr.node)) {
    all(call->args);
  } else if (auto* cast = std::get_if<sql::CastNode>(&expr.node)) {
    one(cast->child);
  } else if (auto* choice = std::get_if<sql::CaseNode>(&expr.node)) {
    for (const auto& [condition, value] : choice->branches) {
      one(condition);
      one(value);
    }
    one(choice->otherwise);
  } else if (auto* field = std::get_if<sql::FieldNode>(&expr.node)) {
    one(field->child);
  } else if (auto* lambda = std::get_if<sql::LambdaNode>(&expr.node)) {
    one(lambda->body);
  } else if (auto* aggregate = std::get_if<sql::AggregateCallNode>(&expr.node)) {
    all(aggregate->args);
    one(aggregate->filter);
    orders(aggregate->order_by);
  } else if (auto* window = std::get_if<sql::WindowNode>(&expr.node)) {
    one(window->function);
    all(window->partition_by);
    orders(window->order_by);
    if (window->frame) {
      one(window->frame->start.offset);
      one(window->frame->end.offset);
    }
  } else if (auto* subquery = std::get_if<sql::SubqueryNode>(&expr.node)) {
    all(subquery->in_values);
  }
}

// a AND (b AND c) as {a, b, c}, without recursion along the left spine.
void Flatten(const TypedExprPtr& expr, std::string_view name, std::vector<TypedExprPtr>& out) {
  auto* call = std::get_if<sql::CallNode>(&expr->node);
  if (call == nullptr || call->name != name) {
    out.push_back(expr);
    return;
  }
  for (const TypedExprPtr& arg : call->args) Flatten(arg, name, out);
}

bool IsNameChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// The index behind the parenthesis that closes the one at `open`; npos when none does.
size_t MatchingParenthesis(std::string_view sql, size_t open) {
  int depth = 0;
  for (size_t i = open; i < sql.size(); ++i) {
    char c = sql[i];
    if (c == '\'' || c == '"') {
      i = sql.find(c, i + 1);
      if (i == std::string_view::npos) return i;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && --depth == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

std::string DecimalPart(const DataType& type, char part) {
  return std::to_string(part == 'p' ? type.precision() : type.scale());
}

// What one placeholder stands for; nullopt when the braces are not one.
std::optional<std::string> Placeholder(std::string_view name, const TemplateInput& input) {
  auto joined = [&](size_t first) {
    std::string out;
    for (size_t i = first; i < input.args.size(); ++i) {
      if (i > first) out += ", ";
      out += input.args[i].sql;
    }
    return out;
  };
  auto index_of = [&](std::string_view digits) -> std::optional<size_t> {
    auto index = ParseInt64(digits);
    if (!index || *index < 0 || static_cast<size_t>(*index) >= input.args.size()) return std::nullopt;
    return static_cast<size_t>(*index);
  };
  if (name == "*") return joined(0);
  if (name == "type") return DuckTypeSql(input.type);
  if (name == "p" || name == "s") return DecimalPart(input.type, name[0]);
  if (name == "tz") return QuoteSqlString(input.time_zone);
  if (name == "span") return std::to_string(input.span.begin) + ", " + std::to_string(input.span.end);
  if (name == "distinct") return input.distinct ? "DISTINCT " : "";
  if (name.ends_with('*')) {
    auto first = ParseInt64(name.substr(0, name.size() - 1));
    if (first && *first >= 0) return joined(static_cast<size_t>(*first));
  }
  if (name.ends_with(".packed") || name.ends_with(".reduce")) {
    if (auto i = index_of(name.substr(0, name.find('.')))) return input.args[*i].sql;
  }
  if (name.starts_with("element")) {
    auto i = index_of(name.substr(7));
    if (i && input.arg_types[*i].Is(TypeId::kArray)) return DuckTypeSql(input.arg_types[*i].element());
  }
  if (name.starts_with("type")) {
    if (auto i = index_of(name.substr(4))) return DuckTypeSql(input.arg_types[*i]);
  }
  if (name.size() > 1 && (name[0] == 'p' || name[0] == 's')) {
    if (auto i = index_of(name.substr(1))) return DecimalPart(input.arg_types[*i], name[0]);
  }
  if (auto i = index_of(name)) return input.args[*i].sql;
  return std::nullopt;
}

// What an operator inherits from its operands.
SqlText Combine(const std::vector<SqlText>& parts) {
  SqlText out;
  for (const SqlText& part : parts) {
    out.depth = std::max(out.depth, part.depth);
    out.once |= part.once;
    out.can_throw |= part.can_throw;
  }
  ++out.depth;
  return out;
}

// Puts `text` before the last closing parenthesis of a call.
void InsertBeforeEnd(std::string& call, std::string_view text) {
  size_t end = call.rfind(')');
  if (end != std::string::npos) call.insert(end, text);
}

}  // namespace

bool CanThrow(const TypedExpr& expr) {
  if (ConstantNumber(expr)) return false;
  if (auto* call = std::get_if<sql::CallNode>(&expr.node); call && call->can_throw) return true;
  if (auto* cast = std::get_if<sql::CastNode>(&expr.node)) {
    if (cast->mode == sql::TypedCastMode::kAnsi && !IsWidening(cast->child->type, expr.type)) return true;
  }
  if (std::holds_alternative<sql::SubqueryNode>(expr.node)) return true;
  bool found = false;
  ForEachPart(expr, [&](const TypedExpr& part) { found = found || CanThrow(part); });
  return found;
}

void CountColumns(const TypedExpr& expr, std::map<sql::AttributeId, int>& counts) {
  if (auto* column = std::get_if<sql::ColumnNode>(&expr.node)) {
    ++counts[column->id];
    return;
  }
  // A lambda's body runs once an element: what it mentions counts as used twice.
  int times = std::holds_alternative<sql::LambdaNode>(expr.node) ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    ForEachPart(expr, [&](const TypedExpr& part) { CountColumns(part, counts); });
  }
}

bool IsInSubquery(const TypedExpr& expr) {
  if (auto* subquery = std::get_if<sql::SubqueryNode>(&expr.node)) return subquery->kind == sql::SubqueryKind::kIn;
  auto* call = std::get_if<sql::CallNode>(&expr.node);
  return call != nullptr && call->name == "not" && call->args.size() == 1 && IsInSubquery(*call->args[0]);
}

bool HasSubquery(const TypedExpr& expr) {
  if (std::holds_alternative<sql::SubqueryNode>(expr.node)) return true;
  bool found = false;
  ForEachPart(expr, [&](const TypedExpr& part) { found = found || HasSubquery(part); });
  return found;
}

std::string AsOperand(std::string sql) {
  size_t name = 0;
  while (name < sql.size() && IsNameChar(sql[name])) ++name;
  if (name == sql.size()) return sql;
  if (sql[name] == '(' && MatchingParenthesis(sql, name) == sql.size()) return sql;
  return "(" + std::move(sql) + ")";
}

std::string CastSql(std::string_view sql, const DataType& from, const DataType& to, sql::TypedCastMode mode) {
  return AsOperand(LowerCast(sql, from, to, mode, {}));
}

std::string ExpandTemplate(std::string_view lowering, const TemplateInput& input) {
  std::string out;
  size_t at = 0;
  while (at < lowering.size()) {
    size_t open = lowering.find('{', at);
    if (open == std::string_view::npos) break;
    out += lowering.substr(at, open - at);
    size_t close = lowering.find('}', open);
    std::optional<std::string> filled;
    if (close != std::string_view::npos) {
      filled = Placeholder(lowering.substr(open + 1, close - open - 1), input);
    }
    out += filled ? *filled : "{";
    at = filled ? close + 1 : open + 1;
  }
  return out.append(lowering.substr(at));
}

Result<SqlText> Lowerer::Expr(const TypedExpr& expr) {
  DepthGuard guard(*this);
  if (guard.exceeded()) return TooDeep();
  if (auto number = ConstantNumber(expr)) return SqlText{.sql = LiteralSql(*number), .is_literal = true};
  return std::visit([&](const auto& node) { return Lower(node, expr); }, expr.node);
}

Result<SqlText> Lowerer::Lower(const sql::LiteralNode& node, const TypedExpr& expr) {
  SqlText text;
  // The literal's own type may be void where the expression's is known.
  text.sql = LiteralSql(node.value.is_null() ? Value::Null(expr.type) : node.value);
  text.is_literal = true;
  return text;
}

Result<SqlText> Lowerer::Lower(const sql::ColumnNode& node, const TypedExpr& expr) {
  if (auto it = lambda_params_.find(node.id); it != lambda_params_.end()) {
    return SqlText{.sql = it->second, .depth = 0};
  }
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    auto it = (*scope)->columns.find(node.id);
    if (it != (*scope)->columns.end()) return it->second;
  }
  return MakeSqlError("INTERNAL_ERROR", "XX000",
                      "Column " + node.name + "#" + std::to_string(node.id) + " is not in scope.", {},
                      expr.span);
}

Result<SqlText> Lowerer::Connective(const sql::CallNode& node) {
  std::vector<TypedExprPtr> parts;
  for (const TypedExprPtr& arg : node.args) Flatten(arg, node.name, parts);
  std::vector<SqlText> texts;
  size_t last_throwing = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    ASSIGN_OR_RETURN(auto text, Expr(*parts[i]));
    texts.push_back(std::move(text));
    if (CanThrow(*parts[i])) last_throwing = i;
  }
  bool is_and = node.name == "and";
  SqlText out = Combine(texts);
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out.sql += is_and ? " AND " : " OR ";
    out.sql += texts[i].sql;
  }
  out.sql = "(" + out.sql + ")";
  if (last_throwing == 0) return out;
  // DuckDB evaluates every operand of a conjunction in a SELECT list: what must not be evaluated when
  // an earlier operand decides goes behind a CASE, which is lazy.
  std::string guarded = "CASE";
  for (size_t i = 0; i < last_throwing; ++i) {
    guarded += (is_and ? " WHEN NOT " : " WHEN ") + texts[i].sql + (is_and ? " THEN FALSE" : " THEN TRUE");
  }
  out.sql = "(" + guarded + " ELSE " + out.sql + " END)";
  ++out.depth;
  return out;
}

Result<SqlText> Lowerer::Lower(const sql::CallNode& node, const TypedExpr& expr) {
  if ((node.name == "and" || node.name == "or") && node.args.size() >= 2) return Connective(node);
  if (node.name == "not" && in_use_ == InUse::kValue && std::holds_alternative<sql::SubqueryNode>(node.args[0]->node)) {
    in_use_ = InUse::kNegated;
  }
  std::vector<SqlText> args;
  std::vector<DataType> arg_types;
  bool indexed_lambda = node.name == "transform" || node.name == "filter";
  for (const TypedExprPtr& arg : node.args) {
    auto* lambda = std::get_if<sql::LambdaNode>(&arg->node);
    if (lambda && indexed_lambda && lambda->params.size() == 2) {
      // DuckDB counts elements from 1, Spark from 0.
      sql::AttributeId id = lambda->params[1].id;
      lambda_params_[id] = "CAST(l" + std::to_string(id) + " - 1 AS INTEGER)";
    }
    std::string place = "{" + std::to_string(args.size());
    bool packed = lambda && node.lowering.find(place + ".packed}") != std::string::npos;
    bool reduces = lambda && node.lowering.find(place + ".reduce}") != std::string::npos;
    ASSIGN_OR_RETURN(auto text, packed || reduces ? StructLambda(*lambda, reduces) : Expr(*arg));
    args.push_back(std::move(text));
    arg_types.push_back(arg->type);
  }
  SqlText out = Combine(args);
  out.once |= !node.deterministic;
  out.can_throw |= node.can_throw;
  out.sql = AsOperand(ExpandTemplate(node.lowering, {.args = args,
                                                     .arg_types = arg_types,
                                                     .type = expr.type,
                                                     .span = expr.span,
                                                     .time_zone = options_.time_zone}));
  return out;
}

Result<SqlText> Lowerer::Lower(const sql::CastNode& node, const TypedExpr& expr) {
  ASSIGN_OR_RETURN(auto child, Expr(*node.child));
  const DataType& from = node.child->type;
  if (from == expr.type) return child;
  SqlText out = Combine({child});
  // raise_error() is void too, and must be called.
  if (from.Is(TypeId::kNull) && !child.can_throw) {
    out.sql = LiteralSql(Value::Null(expr.type));
    return out;
  }
  if (from.Is(TypeId::kNull)) {
    out.sql = "(CASE WHEN " + child.sql + " IS NULL THEN " + LiteralSql(Value::Null(expr.type)) + " END)";
    return out;
  }
  out.sql = AsOperand(LowerCast(child.sql, from, expr.type, node.mode, expr.span));
  return out;
}

Result<SqlText> Lowerer::Lower(const sql::CaseNode& node, const TypedExpr& expr) {
  std::vector<SqlText> parts;
  std::string sql = "(CASE";
  for (const auto& [condition, value] : node.branches) {
    ASSIGN_OR_RETURN(auto when, Expr(*condition));
    ASSIGN_OR_RETURN(auto then, Expr(*value));
    sql += " WHEN " + when.sql + " THEN " + then.sql;
    parts.push_back(std::move(when));
    parts.push_back(std::move(then));
  }
  if (node.otherwise) {
    ASSIGN_OR_RETURN(auto otherwise, Expr(*node.otherwise));
    sql += " ELSE " + otherwise.sql;
    parts.push_back(std::move(otherwise));
  } else {
    sql += " ELSE " + LiteralSql(Value::Null(expr.type));
  }
  SqlText out = Combine(parts);
  out.sql = sql + " END)";
  return out;
}

Result<SqlText> Lowerer::Lower(const sql::FieldNode& node, const TypedExpr&) {
  ASSIGN_OR_RETURN(auto child, Expr(*node.child));
  SqlText out = Combine({child});
  out.sql = "struct_extract(" + child.sql + ", 'f" + std::to_string(node.index) + "')";
  return out;
}

Result<SqlText> Lowerer::Lower(const sql::LambdaNode& node, const TypedExpr&) {
  std::string params;
  for (const sql::Attribute& param : node.params) {
    std::string name = "l" + std::to_string(param.id);
    lambda_params_.try_emplace(param.id, name);
    params += (params.empty() ? "" : ", ") + name;
  }
  ASSIGN_OR_RETURN(auto body, Expr(*node.body));
  for (const sql::Attribute& param : node.params) lambda_params_.erase(param.id);
  SqlText out = Combine({body});
  out.sql = "lambda " + params + ": " + body.sql;
  return out;
}

// DuckDB's lambdas have one element: several parameters come as the fields p0, p1, … of a struct. A
// reducing one has the accumulator in p0 of the left and the element in p1 of the right.
Result<SqlText> Lowerer::StructLambda(const sql::LambdaNode& node, bool reduces) {
  auto name = [](const sql::Attribute& param) { return "l" + std::to_string(param.id); };
  CHECK(!node.params.empty());
  for (size_t i = 0; i < node.params.size(); ++i) {
    const sql::Attribute& holder = node.params[reduces ? i : 0];
    lambda_params_[node.params[i].id] = "struct_extract(" + name(holder) + ", 'p" + std::to_string(i) + "')";
  }
  auto body = Expr(*node.body);
  for (const sql::Attribute& param : node.params) lambda_params_.erase(param.id);
  if (!body.ok()) return body;
  SqlText out = Combine({*body});
  if (!reduces) {
    out.sql = "lambda " + name(node.params[0]) + ": " + body->sql;
    return out;
  }
  CHECK_EQ(node.params.size(), 2u);
  out.sql = "lambda " + name(node.params[0]) + ", " + name(node.params[1]) + ": struct_pack(p0 := " + body->sql +
            ", p1 := CAST(NULL AS " + DuckTypeSql(node.params[1].type) + "))";
  return out;
}

Result<SqlText> Lowerer::Lower(const sql::SubqueryNode& node, const TypedExpr&) {
  InUse use = std::exchange(in_use_, InUse::kValue);
  std::vector<SqlText> values;
  std::string row;
  for (const TypedExprPtr& value : node.in_values) {
    ASSIGN_OR_RETURN(auto text, Expr(*value));
    row += (row.empty() ? "" : ", ") + text.sql;
    values.push_back(std::move(text));
  }
  ASSIGN_OR_RETURN(std::string query, Query(*node.plan));
  SqlText out = Combine(values);
  switch (node.kind) {
    case sql::SubqueryKind::kScalar: out.sql = "(" + query + ")"; break;
    case sql::SubqueryKind::kExists: out.sql = "(EXISTS (" + query + "))"; break;
    case sql::SubqueryKind::kIn:
      out.sql = "((" + row + ") IN (" + query + "))";
      // Where IN is a value, Spark answers what its join does: NULL counts as no match, below NOT as one.
      if (use == InUse::kValue) out.sql = "coalesce(" + out.sql + ", FALSE)";
      if (use == InUse::kNegated) out.sql = "coalesce(" + out.sql + ", TRUE)";
      break;
  }
  return out;
}

Result<SqlText> Lowerer::AggregateCall(const sql::AggregateCallNode& node, const TypedExpr& expr) {
  std::vector<SqlText> args;
  std::vector<DataType> arg_types;
  for (const TypedExprPtr& arg : node.args) {
    ASSIGN_OR_RETURN(auto text, Expr(*arg));
    args.push_back(std::move(text));
    arg_types.push_back(arg->type);
  }
  SqlText out = Combine(args);
  out.sql = ExpandTemplate(node.lowering, {.args = args,
                                           .arg_types = arg_types,
                                           .type = expr.type,
                                           .span = expr.span,
                                           .time_zone = options_.time_zone,
                                           .distinct = node.distinct});
  if (!node.order_by.empty()) {
    ASSIGN_OR_RETURN(std::string order, OrderBy(node.order_by));
    InsertBeforeEnd(out.sql, " ORDER BY " + order);
  }
  if (node.filter) {
    ASSIGN_OR_RETURN(auto filter, Expr(*node.filter));
    out.sql += " FILTER (WHERE " + filter.sql + ")";
  }
  return out;
}

Result<SqlText> Lowerer::Lower(const sql::AggregateCallNode& node, const TypedExpr& expr) {
  ASSIGN_OR_RETURN(auto call, AggregateCall(node, expr));
  if (node.finish.empty()) return call;
  std::vector<SqlText> args = {call};
  call.sql = AsOperand(ExpandTemplate(node.finish, {.args = args,
                                                    .arg_types = {expr.type},
                                                    .type = expr.type,
                                                    .span = expr.span,
                                                    .time_zone = options_.time_zone}));
  return call;
}

Result<std::string> Lowerer::FrameBound(const sql::TypedFrameBound& bound, const sql::WindowNode& window) {
  using Kind = sql::FrameBound::Kind;
  if (bound.kind == Kind::kUnboundedPreceding) return std::string("UNBOUNDED PRECEDING");
  if (bound.kind == Kind::kUnboundedFollowing) return std::string("UNBOUNDED FOLLOWING");
  if (bound.kind == Kind::kCurrentRow) return std::string("CURRENT ROW");
  ASSIGN_OR_RETURN(auto offset, Expr(*bound.offset));
  // Intervals are numbers here, but dates and timestamps need DuckDB's.
  bool over_time = !window.order_by.empty() && window.order_by[0].expr->type.IsDatetime();
  if (over_time && bound.offset->type.Is(TypeId::kDayTimeInterval)) {
    offset.sql = "to_microseconds(" + offset.sql + ")";
  } else if (over_time && bound.offset->type.Is(TypeId::kYearMonthInterval)) {
    offset.sql = "to_months(" + offset.sql + ")";
  }
  return offset.sql + (bound.kind == Kind::kPreceding ? " PRECEDING" : " FOLLOWING");
}

Result<std::string> Lowerer::Over(const sql::WindowNode& node) {
  std::string over;
  for (const TypedExprPtr& key : node.partition_by) {
    ASSIGN_OR_RETURN(auto text, Expr(*key));
    over += (over.empty() ? "PARTITION BY " : ", ") + text.sql;
  }
  if (!node.order_by.empty()) {
    ASSIGN_OR_RETURN(std::string order, OrderBy(node.order_by));
    over += (over.empty() ? "ORDER BY " : " ORDER BY ") + order;
  }
  if (node.frame) {
    ASSIGN_OR_RETURN(std::string start, FrameBound(node.frame->start, node));
    ASSIGN_OR_RETURN(std::string end, FrameBound(node.frame->end, node));
    over += node.frame->unit == sql::FrameUnit::kRows ? " ROWS BETWEEN " : " RANGE BETWEEN ";
    over += start + " AND " + end;
  }
  return " OVER (" + over + ")";
}

namespace {

// first() and last() over a window are DuckDB's window functions, which know IGNORE NULLS; elsewhere
// they are aggregates. nullopt for others.
std::optional<sql::AggregateCallNode> PositionalWindow(const sql::WindowNode& node) {
  auto* aggregate = std::get_if<sql::AggregateCallNode>(&node.function->node);
  if (aggregate == nullptr || aggregate->filter || aggregate->args.empty()) return std::nullopt;
  bool first = aggregate->name == "first" || aggregate->name == "first_value" || aggregate->name == "any_value";
  bool last = aggregate->name == "last" || aggregate->name == "last_value";
  if (!first && !last) return std::nullopt;
  bool ignore_nulls = node.ignore_nulls;
  if (aggregate->args.size() == 2) {
    auto* flag = std::get_if<sql::LiteralNode>(&aggregate->args[1]->node);
    ignore_nulls = ignore_nulls || (flag && flag->value == Value::Boolean(true));
  }
  sql::AggregateCallNode window = *aggregate;
  window.lowering = std::string(first ? "first_value({0}" : "last_value({0}") + (ignore_nulls ? " IGNORE NULLS)" : ")");
  window.finish.clear();
  return window;
}

}  // namespace

Result<SqlText> Lowerer::Lower(const sql::WindowNode& node, const TypedExpr& expr) {
  const TypedExpr& function = *node.function;
  auto* aggregate = std::get_if<sql::AggregateCallNode>(&function.node);
  auto positional = PositionalWindow(node);
  if (positional) aggregate = &*positional;
  SqlText call;
  if (aggregate) {
    ASSIGN_OR_RETURN(call, AggregateCall(*aggregate, function));
  } else {
    ASSIGN_OR_RETURN(call, Expr(function));
  }
  if (node.ignore_nulls && !positional) InsertBeforeEnd(call.sql, " IGNORE NULLS");
  ASSIGN_OR_RETURN(std::string over, Over(node));
  call.sql += over;
  // DuckDB's ranks are BIGINT, Spark's are INT.
  std::string finish = aggregate ? aggregate->finish : "CAST({0} AS {type})";
  if (!finish.empty()) {
    std::vector<SqlText> args = {call};
    call.sql = AsOperand(ExpandTemplate(finish, {.args = args,
                                                 .arg_types = {expr.type},
                                                 .type = expr.type,
                                                 .span = expr.span,
                                                 .time_zone = options_.time_zone}));
  }
  call.once = true;
  ++call.depth;
  return call;
}

Result<SqlText> Lowerer::Lower(const sql::GroupingNode& node, const TypedExpr& expr) {
  std::string keys;
  for (sql::AttributeId id : node.columns) {
    auto it = grouping_keys_.find(id);
    // Without grouping sets nothing is ever grouped away.
    if (it == grouping_keys_.end()) continue;
    keys += (keys.empty() ? "" : ", ") + it->second.sql;
  }
  SqlText out;
  out.depth = 1;
  out.sql = "CAST(" + (keys.empty() ? "0" : "GROUPING(" + keys + ")") + " AS " + DuckTypeSql(expr.type) + ")";
  return out;
}

Result<std::string> Lowerer::OrderBy(const std::vector<sql::TypedSortOrder>& order) {
  std::string out;
  for (const sql::TypedSortOrder& item : order) {
    ASSIGN_OR_RETURN(auto text, Expr(*item.expr));
    out += (out.empty() ? "" : ", ") + text.sql + (item.ascending ? " ASC" : " DESC") +
           (item.nulls_first ? " NULLS FIRST" : " NULLS LAST");
  }
  return out;
}

}  // namespace ashlar::engine
