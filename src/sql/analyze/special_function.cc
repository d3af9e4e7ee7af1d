// Calls that are more than a function: CASE, IN, struct(…) with its names, grouping(…), constants of
// the session.
#include <algorithm>

#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/errors.h"
#include "sql/analyze/expr_text.h"
#include "sql/coercion.h"

namespace ashlar::sql {

// current_user() and the like are the same for the whole statement.
std::optional<Resolved> Analysis::SessionConstant(const std::string& name, SourceSpan span) const {
  auto text = [&](const std::string& value, const std::string& shown) {
    return Resolved{MakeLiteral(Value::String(value), span), shown + "()", ""};
  };
  TypedExprPtr now = MakeLiteral(Value::Timestamp(context_.now_micros), span);
  if (name == "current_timestamp" || name == "now") return Resolved{now, name + "()", ""};
  // Dates and wall clocks depend on the zone: left to the engine as casts of the instant.
  if (name == "current_date" || name == "curdate") {
    return Resolved{MakeTyped(TypeId::kDate, false, span, CastNode{now, TypedCastMode::kAnsi}), "current_date()", ""};
  }
  if (name == "localtimestamp") {
    return Resolved{MakeTyped(TypeId::kTimestampNtz, false, span, CastNode{now, TypedCastMode::kAnsi}),
                    "localtimestamp()", ""};
  }
  if (name == "current_user" || name == "user" || name == "session_user") return text(context_.user, name);
  if (name == "current_catalog") return text(context_.current_catalog, name);
  if (name == "current_database" || name == "current_schema") return text(context_.current_schema, "current_schema");
  if (name == "current_timezone") return text(session_time_zone_, name);
  return std::nullopt;
}

Result<std::optional<Resolved>> Analysis::ResolveSpecial(const std::string& name, const FunctionExpr& call,
                                                         const ExprEnv& env, SourceSpan span) {
  using Found = std::optional<Resolved>;
  auto found = [](Result<Resolved> result) -> Result<Found> {
    if (!result.ok()) return std::move(result).error();
    return Found(*std::move(result));
  };
  if (name == "when") return found(ResolveCase(call, env, span));
  if (name == "in") return found(ResolveIn(call, env, span));
  if (name == "struct") return found(ResolveStruct(call, env, span));
  if (name == "collate" && call.args.size() == 2) {
    ASSIGN_OR_RETURN(Value collation, FoldConstant(call.args[1]));
    bool binary = collation.type.Is(TypeId::kString) && !collation.is_null() && std::get<std::string>(collation.data) == "UTF8_BINARY";
    if (!binary) return NotImplemented("COLLATE");
    ASSIGN_OR_RETURN(Resolved text, ResolveExpr(call.args[0], env));
    return Found(Resolved{text.expr, "collate(" + text.text + ", UTF8_BINARY)", ""});
  }
  if (name == "$path") return found(ResolvePath(call, env, span));
  if (name == "window" || name == "session_window") {
    const ScopeColumn* column = TimeWindowColumn(name, env);
    if (column == nullptr) return NotImplemented(name + "() outside a select list and GROUP BY");
    return Found(UseColumn(*column, name, span));
  }
  if (name == "grouping" || name == "grouping_id") {
    return found(ResolveGroupingFunction(name, call, env, span));
  }
  if (call.args.empty() && call.named_args.empty()) {
    if (auto constant = SessionConstant(name, span)) return Found(*std::move(constant));
  }
  bool not_equal = name == "!=" || name == "<>";
  if (not_equal && call.args.size() == 2) {
    FunctionExpr equal{{"=="}, call.args, {}, false, false, nullptr, {}};
    FunctionExpr negation{{"not"}, {MakeExpr(std::move(equal), span)}, {}, false, false, nullptr, {}};
    return found(ResolveFunction(negation, env, span));
  }
  bool counts_rows = name == "count" && call.args.size() == 1 && !call.distinct;
  if (counts_rows) {
    const auto* star = std::get_if<StarExpr>(&call.args[0]->node);
    if (star && star->qualifier.empty() && star->except.empty()) {
      FunctionExpr one = call;
      one.args = {MakeExpr(LiteralExpr{Value::Int(1)}, call.args[0]->span)};
      return found(ResolveFunction(one, env, span));
    }
  }
  return Found();
}

// expr:path of a variant, or of text that is JSON. The column is named as the last field.
Result<Resolved> Analysis::ResolvePath(const FunctionExpr& call, const ExprEnv& env, SourceSpan span) {
  ASSIGN_OR_RETURN(Resolved child, ResolveExpr(call.args[0], env));
  bool variant = child.expr->type.Is(TypeId::kVariant);
  if (!variant && !child.expr->type.Is(TypeId::kString)) {
    return TypeMismatch("UNEXPECTED_INPUT_TYPE", child.text,
                        "The first parameter requires the \"VARIANT\" or \"STRING\" type, however " + QuoteSql(child.text) +
                            " has the type " + QuoteType(child.expr->type) + ".",
                        {{"paramIndex", "first"}, {"inputSql", QuoteSql(child.text)},
                         {"inputType", QuoteType(child.expr->type)}, {"requiredType", R"(("VARIANT" or "STRING"))"}},
                        span);
  }
  FunctionExpr get;
  get.name = {variant ? "variant_get" : "get_json_object"};
  get.args = {call.args[0], call.args[1]};
  ASSIGN_OR_RETURN(Resolved resolved, ResolveFunction(get, env, span));
  resolved.name = std::get<std::string>(std::get<LiteralExpr>(call.args[2]->node).value.data);
  return resolved;
}

Result<Resolved> Analysis::ResolveCase(const FunctionExpr& call, const ExprEnv& env, SourceSpan span) {
  std::vector<Resolved> parts;
  std::vector<std::string> texts;
  for (const ExprPtr& arg : call.args) {
    ASSIGN_OR_RETURN(Resolved part, ResolveExpr(arg, env));
    texts.push_back(part.text);
    parts.push_back(std::move(part));
  }
  std::string text = CallText("when", texts);
  CaseNode node;
  std::vector<DataType> types;
  for (size_t i = 0; i < parts.size(); ++i) {
    bool is_condition = i % 2 == 0 && i + 1 < parts.size();
    if (!is_condition) {
      types.push_back(parts[i].expr->type);
      continue;
    }
    const DataType& type = parts[i].expr->type;
    if (!type.Is(TypeId::kBoolean)) {
      return UnexpectedInput(text, i, "\"BOOLEAN\"", parts[i].text, type, span);
    }
  }
  auto common = CommonType(types, context_.ansi);
  if (!common) return DataDiffTypes(text, "casewhen", types, span);
  bool nullable = false;
  auto value = [&](const Resolved& part) {
    TypedExprPtr cast = ImplicitCast(part.expr, *common, span);
    nullable = nullable || cast->nullable;
    return cast;
  };
  size_t i = 0;
  for (; i + 1 < parts.size(); i += 2) {
    TypedExprPtr condition = ImplicitCast(parts[i].expr, TypeId::kBoolean, span);
    node.branches.emplace_back(std::move(condition), value(parts[i + 1]));
  }
  if (i < parts.size()) {
    node.otherwise = value(parts[i]);
  } else {
    nullable = true;
  }
  // A first condition that is true decides.
  const Value* first = LiteralValue(*parts[0].expr);
  bool decided = parts.size() > 1 && first && *first == Value::Boolean(true);
  if (decided) nullable = node.branches[0].second->nullable;
  return Resolved{MakeTyped(*common, nullable, span, std::move(node)), std::move(text), ""};
}

Result<Resolved> Analysis::ResolveIn(const FunctionExpr& call, const ExprEnv& env, SourceSpan span) {
  std::vector<Resolved> parts;
  std::vector<std::string> texts;
  std::vector<DataType> types;
  for (const ExprPtr& arg : call.args) {
    ASSIGN_OR_RETURN(Resolved part, ResolveExpr(arg, env));
    texts.push_back(part.text);
    types.push_back(part.expr->type);
    parts.push_back(std::move(part));
  }
  std::string text = CallText("in", texts);
  RETURN_IF_ERROR(PadChars(parts, span));
  auto common = CommonType(types, context_.ansi);
  if (!common) return DataDiffTypes(text, "in", types, span);
  CallNode node;
  node.name = "in";
  node.lowering = "({0} IN ({1*}))";
  bool nullable = false;
  for (Resolved& part : parts) {
    node.args.push_back(ImplicitCast(std::move(part.expr), *common, span));
    nullable = nullable || node.args.back()->nullable;
  }
  return Resolved{MakeTyped(TypeId::kBoolean, nullable, span, std::move(node)), std::move(text), ""};
}

// struct(a, b AS c, 1) is named_struct('a', a, 'c', b, 'col3', 1).
Result<Resolved> Analysis::ResolveStruct(const FunctionExpr& call, const ExprEnv& env, SourceSpan span) {
  ASSIGN_OR_RETURN(std::vector<ExprPtr> args, ExpandArgumentStars(call.args, env));
  std::vector<Resolved> fields;
  std::vector<std::string> texts;
  for (size_t i = 0; i < args.size(); ++i) {
    ASSIGN_OR_RETURN(Resolved value, ResolveExpr(args[i], env));
    std::string name = value.name;
    bool is_cast = std::holds_alternative<CastExpr>(args[i]->node);
    if (name.empty() || is_cast) name = "col" + std::to_string(i + 1);
    texts.push_back(value.aliased ? value.text + " AS " + QuoteIfNeeded(name) : value.text);
    fields.push_back({MakeLiteral(Value::String(name), span), name, ""});
    fields.push_back(std::move(value));
  }
  ASSIGN_OR_RETURN(Resolved made, CallFunction("named_struct", std::move(fields), span));
  made.text = "struct(" + Join(texts, ", ") + ")";
  return made;
}

// Stands as a call of an internal name until the grouping columns are known (GroupingCall).
Result<Resolved> Analysis::ResolveGroupingFunction(const std::string& name, const FunctionExpr& call,
                                                   const ExprEnv& env, SourceSpan span) {
  CallNode node;
  node.name = "$" + name;
  std::vector<std::string> texts;
  for (const ExprPtr& arg : call.args) {
    ASSIGN_OR_RETURN(Resolved value, ResolveExpr(arg, env));
    texts.push_back(value.text);
    node.args.push_back(value.expr);
  }
  DataType type = name == "grouping" ? TypeId::kByte : TypeId::kLong;
  return Resolved{MakeTyped(type, false, span, std::move(node)), CallText(name, texts), ""};
}

}  // namespace ashlar::sql
