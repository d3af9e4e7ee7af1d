#include "base/text.h"
#include "connect/decode/decoder.h"
#include "spark/connect/expressions.pb.h"

namespace ashlar::connect {
namespace {

using Proto = sc::Expression;

template <typename Message>
std::optional<int64_t> PlanIdOf(const Message& proto) {
  if (!proto.has_plan_id()) return std::nullopt;
  return proto.plan_id();
}

const Value* LiteralOf(const sql::ExprPtr& expr) {
  auto* literal = std::get_if<sql::LiteralExpr>(&expr->node);
  return literal == nullptr ? nullptr : &literal->value;
}

// The DataFrame API passes IGNORE NULLS as a last boolean argument.
void TakeIgnoreNulls(sql::FunctionExpr& call) {
  static constexpr std::array<std::pair<std::string_view, size_t>, 6> kFunctions = {
      {{"first", 2}, {"first_value", 2}, {"last", 2}, {"last_value", 2}, {"any_value", 2}, {"nth_value", 3}}};
  for (const auto& [name, args] : kFunctions) {
    if (!EqualsIgnoreCase(call.name.back(), name) || call.args.size() != args) continue;
    const Value* value = LiteralOf(call.args.back());
    if (value == nullptr || !std::holds_alternative<bool>(value->data)) return;
    call.ignore_nulls = std::get<bool>(value->data);
    call.args.pop_back();
    return;
  }
}

Result<sql::ExprPtr> DecodeAttribute(const sc::Expression_UnresolvedAttribute& proto) {
  if (proto.is_metadata_column()) return NotImplemented("UnresolvedAttribute.is_metadata_column");
  ASSIGN_OR_RETURN(sql::NameParts name, sql::ParseMultipartIdentifier(proto.unparsed_identifier()));
  return sql::MakeExpr(sql::AttributeExpr{std::move(name), PlanIdOf(proto)});
}

Result<sql::ExprPtr> DecodeStar(const sc::Expression_UnresolvedStar& proto) {
  sql::StarExpr star;
  star.plan_id = PlanIdOf(proto);
  std::string target = proto.unparsed_target();
  if (target.ends_with(".*")) target.resize(target.size() - 2);
  if (!target.empty()) {
    ASSIGN_OR_RETURN(star.qualifier, sql::ParseMultipartIdentifier(target));
  }
  return sql::MakeExpr(std::move(star));
}

// df.colRegex: a name in backticks is a pattern, anything else a column.
Result<sql::ExprPtr> DecodeRegex(const sc::Expression_UnresolvedRegex& proto) {
  const std::string& name = proto.col_name();
  if (name.size() > 2 && name.front() == '`' && name.back() == '`') {
    return sql::MakeExpr(sql::RegexExpr{name.substr(1, name.size() - 2), PlanIdOf(proto)});
  }
  ASSIGN_OR_RETURN(sql::NameParts parts, sql::ParseMultipartIdentifier(name));
  return sql::MakeExpr(sql::AttributeExpr{std::move(parts), PlanIdOf(proto)});
}

Result<sql::SubqueryKind> KindOf(const sc::SubqueryExpression& proto) {
  switch (proto.subquery_type()) {
    case sc::SubqueryExpression::SUBQUERY_TYPE_SCALAR: return sql::SubqueryKind::kScalar;
    case sc::SubqueryExpression::SUBQUERY_TYPE_EXISTS: return sql::SubqueryKind::kExists;
    case sc::SubqueryExpression::SUBQUERY_TYPE_IN: return sql::SubqueryKind::kIn;
    case sc::SubqueryExpression::SUBQUERY_TYPE_TABLE_ARG: return NotImplemented("SubqueryExpression of type TABLE_ARG");
    default: return InvalidPlan("a subquery without a type");
  }
}

}  // namespace

Result<sql::ExprPtr> Decoder::Expression(const Proto& proto) {
  Level level(*this);
  RETURN_IF_ERROR(level.Check());
  switch (proto.expr_type_case()) {
    case Proto::kLiteral: {
      ASSIGN_OR_RETURN(Value value, DecodeLiteral(proto.literal()));
      return sql::MakeExpr(sql::LiteralExpr{std::move(value)});
    }
    case Proto::kUnresolvedAttribute: return DecodeAttribute(proto.unresolved_attribute());
    case Proto::kUnresolvedFunction: return FunctionCall(proto.unresolved_function());
    case Proto::kExpressionString: return sql::ParseExpression(proto.expression_string().expression(), context_.parser);
    case Proto::kUnresolvedStar: return DecodeStar(proto.unresolved_star());
    case Proto::kAlias: {
      ASSIGN_OR_RETURN(sql::ExprPtr child, Expression(proto.alias().expr()));
      sql::AliasExpr alias{std::move(child), {proto.alias().name().begin(), proto.alias().name().end()},
                           proto.alias().metadata()};
      return sql::MakeExpr(std::move(alias));
    }
    case Proto::kCast: {
      const auto& cast = proto.cast();
      ASSIGN_OR_RETURN(sql::ExprPtr child, Expression(cast.expr()));
      ASSIGN_OR_RETURN(DataType type, cast.has_type() ? DecodeType(cast.type()) : sql::ParseTypeOrSchema(cast.type_str()));
      bool is_try = cast.eval_mode() == sc::Expression_Cast::EVAL_MODE_TRY;
      return sql::MakeExpr(sql::CastExpr{std::move(child), std::move(type), is_try ? sql::CastMode::kTry : sql::CastMode::kDefault});
    }
    case Proto::kUnresolvedRegex: return DecodeRegex(proto.unresolved_regex());
    case Proto::kWindow: return WindowCall(proto.window());
    case Proto::kUnresolvedExtractValue: {
      ASSIGN_OR_RETURN(sql::ExprPtr child, Expression(proto.unresolved_extract_value().child()));
      ASSIGN_OR_RETURN(sql::ExprPtr key, Expression(proto.unresolved_extract_value().extraction()));
      return sql::MakeExpr(sql::ExtractExpr{std::move(child), std::move(key)});
    }
    default: return Other(proto);
  }
}

Result<sql::ExprPtr> Decoder::Other(const Proto& proto) {
  switch (proto.expr_type_case()) {
    case Proto::kLambdaFunction: {
      sql::LambdaExpr lambda;
      for (const auto& argument : proto.lambda_function().arguments()) {
        if (argument.name_parts_size() != 1) return InvalidPlan("a lambda parameter with a qualified name");
        lambda.params.push_back(argument.name_parts(0));
      }
      ASSIGN_OR_RETURN(lambda.body, Expression(proto.lambda_function().function()));
      return sql::MakeExpr(std::move(lambda));
    }
    case Proto::kUnresolvedNamedLambdaVariable: {
      const auto& parts = proto.unresolved_named_lambda_variable().name_parts();
      if (parts.empty()) return InvalidPlan("a lambda variable without a name");
      sql::ExprPtr variable = sql::MakeExpr(sql::LambdaVariableExpr{parts[0]});
      for (int i = 1; i < parts.size(); ++i) {
        sql::ExprPtr key = sql::MakeExpr(sql::LiteralExpr{Value::String(parts[i])});
        variable = sql::MakeExpr(sql::ExtractExpr{std::move(variable), std::move(key)});
      }
      return variable;
    }
    case Proto::kUpdateFields: {
      sql::UpdateFieldExpr update;
      ASSIGN_OR_RETURN(update.child, Expression(proto.update_fields().struct_expression()));
      update.field = proto.update_fields().field_name();
      if (proto.update_fields().has_value_expression()) {
        ASSIGN_OR_RETURN(update.value, Expression(proto.update_fields().value_expression()));
      }
      return sql::MakeExpr(std::move(update));
    }
    case Proto::kCallFunction: {
      sql::FunctionExpr call;
      ASSIGN_OR_RETURN(call.name, sql::ParseMultipartIdentifier(proto.call_function().function_name()));
      ASSIGN_OR_RETURN(call.args, Expressions(proto.call_function().arguments()));
      return sql::MakeExpr(std::move(call));
    }
    case Proto::kSubqueryExpression: {
      const auto& subquery = proto.subquery_expression();
      sql::SubqueryExpr decoded;
      ASSIGN_OR_RETURN(decoded.kind, KindOf(subquery));
      ASSIGN_OR_RETURN(decoded.in_values, Expressions(subquery.in_subquery_values()));
      decoded.plan_id = subquery.plan_id();
      return sql::MakeExpr(std::move(decoded));
    }
    case Proto::kSortOrder: return NotImplemented("Expression.sort_order outside of a sort");
    case Proto::kCommonInlineUserDefinedFunction:
      return NotImplemented("Expression.common_inline_user_defined_function (the Python UDF " +
                            proto.common_inline_user_defined_function().function_name() + ")");
    case Proto::kNamedArgumentExpression: return InvalidPlan("a named argument outside of a function call");
    case Proto::kMergeAction: return InvalidPlan("a merge action outside of MERGE");
    case Proto::kTypedAggregateExpression: return NotImplemented("Expression.typed_aggregate_expression");
    case Proto::kDirectShufflePartitionId: return NotImplemented("Expression.direct_shuffle_partition_id");
    case Proto::kExtension: return NotImplemented("Expression.extension (" + proto.extension().type_url() + ")");
    default: return InvalidPlan("an expression of unknown kind");
  }
}

Result<sql::ExprPtr> Decoder::FunctionCall(const sc::Expression_UnresolvedFunction& proto) {
  sql::FunctionExpr call;
  if (proto.is_user_defined_function()) {
    ASSIGN_OR_RETURN(call.name, sql::ParseMultipartIdentifier(proto.function_name()));
  } else {
    call.name = {proto.function_name()};
  }
  call.distinct = proto.is_distinct();
  for (const Proto& argument : proto.arguments()) {
    if (argument.has_named_argument_expression()) {
      const auto& named = argument.named_argument_expression();
      ASSIGN_OR_RETURN(sql::ExprPtr value, Expression(named.value()));
      call.named_args.emplace_back(named.key(), std::move(value));
    } else {
      ASSIGN_OR_RETURN(sql::ExprPtr value, Expression(argument));
      call.args.push_back(std::move(value));
    }
  }
  TakeIgnoreNulls(call);
  return sql::MakeExpr(std::move(call));
}

Result<sql::SortOrder> Decoder::Order(const sc::Expression_SortOrder& proto) {
  sql::SortOrder order;
  ASSIGN_OR_RETURN(order.expr, Expression(proto.child()));
  order.ascending = proto.direction() != sc::Expression_SortOrder::SORT_DIRECTION_DESCENDING;
  if (proto.null_ordering() != sc::Expression_SortOrder::SORT_NULLS_UNSPECIFIED) {
    order.nulls_first = proto.null_ordering() == sc::Expression_SortOrder::SORT_NULLS_FIRST;
  }
  return order;
}

Result<sql::FrameBound> Decoder::Bound(const sc::Expression_Window_WindowFrame_FrameBoundary& proto, bool lower) {
  using Kind = sql::FrameBound::Kind;
  if (proto.current_row()) return sql::FrameBound{Kind::kCurrentRow, nullptr};
  if (proto.unbounded()) return sql::FrameBound{lower ? Kind::kUnboundedPreceding : Kind::kUnboundedFollowing, nullptr};
  if (!proto.has_value()) return InvalidPlan("a window frame without a boundary");
  ASSIGN_OR_RETURN(sql::ExprPtr offset, Expression(proto.value()));
  // A negative offset means preceding.
  const Value* literal = LiteralOf(offset);
  if (literal == nullptr) return sql::FrameBound{Kind::kFollowing, std::move(offset)};
  Value value = *literal;
  bool negative = false;
  if (auto* number = std::get_if<int64_t>(&value.data)) {
    if (*number == 0) return sql::FrameBound{Kind::kCurrentRow, nullptr};
    if (*number == std::numeric_limits<int64_t>::min()) return sql::FrameBound{Kind::kUnboundedPreceding, nullptr};
    negative = *number < 0;
    if (negative) *number = -*number;
  } else if (auto* fraction = std::get_if<double>(&value.data)) {
    negative = *fraction < 0;
    if (negative) *fraction = -*fraction;
  }
  return sql::FrameBound{negative ? Kind::kPreceding : Kind::kFollowing, sql::MakeExpr(sql::LiteralExpr{std::move(value)})};
}

Result<sql::ExprPtr> Decoder::WindowCall(const sc::Expression_Window& proto) {
  sql::WindowExpr window;
  ASSIGN_OR_RETURN(window.function, Expression(proto.window_function()));
  ASSIGN_OR_RETURN(window.spec.partition_by, Expressions(proto.partition_spec()));
  ASSIGN_OR_RETURN(window.spec.order_by, Orders(proto.order_spec()));
  if (proto.has_frame_spec()) {
    sql::WindowFrame frame;
    bool rows = proto.frame_spec().frame_type() == sc::Expression_Window_WindowFrame::FRAME_TYPE_ROW;
    frame.unit = rows ? sql::FrameUnit::kRows : sql::FrameUnit::kRange;
    ASSIGN_OR_RETURN(frame.start, Bound(proto.frame_spec().lower(), true));
    ASSIGN_OR_RETURN(frame.end, Bound(proto.frame_spec().upper(), false));
    window.spec.frame = std::move(frame);
  }
  return sql::MakeExpr(std::move(window));
}

}  // namespace ashlar::connect
