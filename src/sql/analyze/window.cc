// Window functions: partitions, order, frames and their text.
#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/errors.h"
#include "sql/analyze/expr_text.h"

namespace ashlar::sql {
namespace {

// Functions whose frame is given by themselves, as Spark prints it.
std::string OwnFrame(const std::string& name, const TypedExpr& function) {
  static const char* const kRanking[] = {"row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile"};
  for (const char* ranking : kRanking) {
    if (name == ranking) {
      return name == "cume_dist" ? "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
                                 : "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW";
    }
  }
  if (name != "lag" && name != "lead") return "";
  std::string offset = "1";
  if (const auto* call = std::get_if<CallNode>(&function.node); call && call->args.size() > 1) {
    const Value* value = LiteralValue(*call->args[1]);
    if (value && std::holds_alternative<int64_t>(value->data)) offset = std::to_string(std::get<int64_t>(value->data));
  }
  if (name == "lag") offset = offset.starts_with("-") ? offset.substr(1) : "-" + offset;
  return "ROWS BETWEEN " + offset + " FOLLOWING AND " + offset + " FOLLOWING";
}

std::string BoundText(const FrameBound& bound, const std::string& offset) {
  switch (bound.kind) {
    case FrameBound::Kind::kUnboundedPreceding:
      return "UNBOUNDED PRECEDING";
    case FrameBound::Kind::kUnboundedFollowing:
      return "UNBOUNDED FOLLOWING";
    case FrameBound::Kind::kCurrentRow:
      return "CURRENT ROW";
    case FrameBound::Kind::kPreceding:
      return offset + " PRECEDING";
    case FrameBound::Kind::kFollowing:
      return offset + " FOLLOWING";
  }
  return "";
}

}  // namespace

Result<std::optional<TypedFrame>> Analysis::ResolveFrame(const WindowSpec& spec, const WindowNode& window,
                                                         const ExprEnv& env, SourceSpan span) {
  using Frame = std::optional<TypedFrame>;
  TypedFrame frame;
  if (!spec.frame) {
    frame.unit = spec.order_by.empty() ? FrameUnit::kRows : FrameUnit::kRange;
    frame.start.kind = FrameBound::Kind::kUnboundedPreceding;
    frame.end.kind = spec.order_by.empty() ? FrameBound::Kind::kUnboundedFollowing : FrameBound::Kind::kCurrentRow;
    return Frame(frame);
  }
  frame.unit = spec.frame->unit;
  frame.start.kind = spec.frame->start.kind;
  frame.end.kind = spec.frame->end.kind;
  if (frame.start.kind > frame.end.kind) {
    return TypeMismatch("SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON", "window frame",
                        "The lower bound of a window frame must be less than or equal to the upper bound.",
                        {{"comparison", "less than or equal"}}, span);
  }
  auto offset = [&](const FrameBound& bound, TypedFrameBound& typed) -> Result<void> {
    if (!bound.offset) return {};
    ASSIGN_OR_RETURN(Resolved value, ResolveExpr(bound.offset, env));
    typed.offset = value.expr;
    if (frame.unit == FrameUnit::kRows) {
      if (!value.expr->type.IsIntegral()) {
        return TypeMismatch("SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE", value.text,
                            "The data type of the bound does not match the expected data type \"INT\".",
                            {{"location", "bound"},
                             {"exprType", QuoteType(value.expr->type)},
                             {"expectedType", "\"INT\""}},
                            span);
      }
      typed.offset = ImplicitCast(value.expr, TypeId::kInt);
    } else if (window.order_by.size() == 1 && window.order_by[0].expr->type.IsNumeric()) {
      typed.offset = ImplicitCast(value.expr, window.order_by[0].expr->type);
    }
    return {};
  };
  RETURN_IF_ERROR(offset(spec.frame->start, frame.start));
  RETURN_IF_ERROR(offset(spec.frame->end, frame.end));
  bool has_offset = frame.start.offset || frame.end.offset;
  if (frame.unit == FrameUnit::kRange && has_offset && window.order_by.size() == 1) {
    const DataType& type = window.order_by[0].expr->type;
    if (!type.IsNumeric() && !type.IsDatetime() && !type.IsInterval()) {
      std::string accepted = "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")";
      return TypeMismatch("SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE", "window frame",
                          "The data type of the bound does not match the expected data type " + accepted + ".",
                          {{"location", frame.start.offset ? "lower" : "upper"},
                           {"exprType", QuoteType(type)},
                           {"expectedType", accepted}},
                          span);
    }
  }
  if (frame.unit == FrameUnit::kRange && has_offset && window.order_by.size() != 1) {
    std::string sub = window.order_by.empty() ? "RANGE_FRAME_WITHOUT_ORDER" : "RANGE_FRAME_MULTI_ORDER";
    return TypeMismatch(sub, "window", "A range window frame with value boundaries needs exactly one ORDER BY.",
                        {}, span);
  }
  return Frame(frame);
}

Result<Resolved> Analysis::ResolveWindow(const WindowExpr& node, const ExprEnv& env, SourceSpan span) {
  const auto* call = std::get_if<FunctionExpr>(&node.function->node);
  std::string name = call ? ToLowerAscii(call->name.back()) : "";
  auto kind = context_.functions.Find(name);
  ExprEnv inner = env;
  inner.over_window = true;
  // Errors of the function are at the place of the whole window expression.
  Result<Resolved> inside = call ? ResolveFunction(*call, inner, span) : ResolveExpr(node.function, inner);
  if (!inside.ok()) return inside;
  Resolved function = *std::move(inside);
  bool fits = kind == FunctionKind::kWindow || std::holds_alternative<AggregateCallNode>(function.expr->node);
  if (!fits) {
    return MakeSqlError("UNSUPPORTED_EXPR_FOR_WINDOW", "42P20",
                        "Expression " + QuoteSql(function.text) + " not supported within a window function.",
                        {{"sqlExpr", QuoteSql(function.text)}}, span);
  }
  WindowNode window;
  window.function = function.expr;
  window.ignore_nulls = call->ignore_nulls;
  ExprEnv parts = env;
  parts.over_window = false;
  std::vector<std::string> partition, order;
  for (const ExprPtr& expr : node.spec.partition_by) {
    ASSIGN_OR_RETURN(Resolved key, ResolveExpr(expr, parts));
    partition.push_back(key.text);
    window.partition_by.push_back(key.expr);
  }
  for (const SortOrder& sort : node.spec.order_by) {
    ASSIGN_OR_RETURN(Resolved key, ResolveExpr(sort.expr, parts));
    bool nulls_first = sort.nulls_first.value_or(sort.ascending);
    order.push_back(key.text + (sort.ascending ? " ASC" : " DESC") + (nulls_first ? " NULLS FIRST" : " NULLS LAST"));
    window.order_by.push_back({key.expr, sort.ascending, nulls_first});
  }
  if (kind == FunctionKind::kWindow && order.empty() && name != "nth_value") {
    return MakeSqlError("WINDOW_FUNCTION_FRAME_NOT_ORDERED", "42601",
                        "Window function " + function.text + " requires window to be ordered, please add ORDER BY clause.",
                        {{"wf_expr", function.text}, {"wf_name", name}});
  }
  if ((name == "lag" || name == "lead") && node.spec.frame) {
    return MakeSqlError("_LEGACY_ERROR_TEMP_1035", "", "Cannot specify a window frame for the function " + name + ".",
                        {{"prettyName", name}});
  }
  std::string frame_text = OwnFrame(ToLowerAscii(function.text.substr(0, function.text.find('('))), *function.expr);
  if (frame_text.empty()) {
    ASSIGN_OR_RETURN(window.frame, ResolveFrame(node.spec, window, parts, span));
    const TypedFrame& frame = *window.frame;
    auto bound = [&](const TypedFrameBound& b) {
      std::string offset;
      const TypedExpr* e = b.offset.get();
      while (e && std::holds_alternative<CastNode>(e->node)) e = std::get<CastNode>(e->node).child.get();
      if (const Value* value = e ? LiteralValue(*e) : nullptr) offset = LiteralText(*value, context_.time_zone);
      return BoundText({b.kind, nullptr}, offset);
    };
    frame_text = std::string(frame.unit == FrameUnit::kRows ? "ROWS" : "RANGE") + " BETWEEN " + bound(frame.start) +
                 " AND " + bound(frame.end);
  }
  std::string over;
  if (!partition.empty()) over += "PARTITION BY " + Join(partition, ", ") + " ";
  if (!order.empty()) over += "ORDER BY " + Join(order, ", ") + " ";
  Resolved result;
  result.text = function.text + " OVER (" + over + frame_text + ")";
  if (call && call->distinct) {
    return MakeSqlError("DISTINCT_WINDOW_FUNCTION_UNSUPPORTED", "0A000",
                        "Distinct window functions are not supported: " + QuoteSql(result.text) + ".",
                        {{"windowExpr", QuoteSql(result.text)}}, span);
  }
  result.expr = MakeTyped(function.expr->type, function.expr->nullable, span, std::move(window));
  return result;
}

}  // namespace ashlar::sql
