// Expressions but names, functions, windows and subqueries.
#include <algorithm>

#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/constant_folding.h"
#include "sql/analyze/errors.h"
#include "sql/analyze/expr_text.h"
#include "sql/coercion.h"

namespace ashlar::sql {
namespace {

// Below DuckDB's own limit, and well within a thread's stack.
constexpr int kMaxExprDepth = 400;

// A parameter's value written out again where it stands, at the place of the parameter.
Result<ExprPtr> ParameterValue(const ParameterExpr& node, const AnalyzerContext& context, SourceSpan span) {
  if (!node.name.empty()) {
    auto it = context.named_parameters.find(node.name);
    if (it != context.named_parameters.end()) return it->second;
  } else if (node.position >= 0 &&
             static_cast<size_t>(node.position) < context.positional_parameters.size()) {
    return context.positional_parameters[static_cast<size_t>(node.position)];
  }
  std::string name = node.name.empty() ? "_" + std::to_string(node.position + 1) : node.name;
  return MakeSqlError("UNBOUND_SQL_PARAMETER", "42P02",
                      "Found the unbound parameter: " + name +
                          ". Please, fix `args` and provide a mapping of the parameter to either a SQL literal or "
                          "collection constructor functions.",
                      {{"name", name}}, span);
}

// The engine casts in the session's time zone: constants that are cast to instants in another are instants here already.
TypedExprPtr WithInstantsOf(const std::string& time_zone, const TypedExprPtr& expr) {
  return RewriteExpr(expr, [&](const TypedExprPtr& cast) -> TypedExprPtr {
    if (!std::holds_alternative<CastNode>(cast->node) || !cast->type.Is(TypeId::kTimestamp)) return nullptr;
    std::optional<Value> value = FoldExpr(*cast, time_zone);
    return value ? MakeTyped(cast->type, cast->nullable, cast->span, LiteralNode{*std::move(value)}) : nullptr;
  });
}

}  // namespace

TypedExprPtr Analysis::ImplicitCast(TypedExprPtr expr, const DataType& type, std::optional<SourceSpan> place) const {
  TypedExprPtr cast = MakeCast(expr, type, context_.ansi ? TypedCastMode::kAnsi : TypedCastMode::kLegacy);
  if (!place || cast == expr) return cast;
  return std::make_shared<const TypedExpr>(TypedExpr{cast->type, cast->nullable, *place, cast->node});
}

Result<Resolved> Analysis::ResolveExpr(const ExprPtr& expr, const ExprEnv& env) {
  CHECK(expr != nullptr) << "expression without a node";
  if (depth_ >= kMaxExprDepth) {
    return MakeSqlError("UNSUPPORTED_FEATURE", "0A000",
                        "expressions nested more than " + std::to_string(kMaxExprDepth) + " levels deep", {},
                        Span(expr->span));
  }
  ++depth_;
  Result<Resolved> result = ResolveNode(*expr, env);
  --depth_;
  bool zone_of_view = context_.time_zone != session_time_zone_;
  if (zone_of_view && result.ok()) result->expr = WithInstantsOf(context_.time_zone, result->expr);
  return result;
}

Result<Resolved> Analysis::ResolveNode(const Expr& expr, const ExprEnv& env) {
  SourceSpan span = Span(expr.span);
  if (const auto* n = std::get_if<LiteralExpr>(&expr.node)) {
    std::string text = quotes_text_ ? LiteralSql(n->value, context_.time_zone) : LiteralText(n->value, context_.time_zone);
    return Resolved{MakeLiteral(n->value, span), std::move(text), ""};
  }
  if (const auto* n = std::get_if<AttributeExpr>(&expr.node)) return ResolveAttribute(*n, env, span);
  if (const auto* n = std::get_if<FunctionExpr>(&expr.node)) return ResolveFunction(*n, env, span);
  if (const auto* n = std::get_if<CastExpr>(&expr.node)) return ResolveCast(*n, env, span);
  if (const auto* n = std::get_if<ExtractExpr>(&expr.node)) return ResolveExtract(*n, env, span);
  if (const auto* n = std::get_if<WindowExpr>(&expr.node)) return ResolveWindow(*n, env, span);
  if (const auto* n = std::get_if<SubqueryExpr>(&expr.node)) return ResolveSubquery(*n, env, span);
  if (const auto* n = std::get_if<UpdateFieldExpr>(&expr.node)) return ResolveUpdateField(*n, env, span);
  if (const auto* n = std::get_if<ParameterExpr>(&expr.node)) return ResolveParameter(*n, env, span);
  if (const auto* n = std::get_if<IdentifierExpr>(&expr.node)) return ResolveIdentifier(*n, env, span);
  if (const auto* n = std::get_if<AliasExpr>(&expr.node)) {
    ASSIGN_OR_RETURN(Resolved child, ResolveExpr(n->child, env));
    child.name = n->names.empty() ? child.name : n->names[0];
    child.aliased = true;
    if (!n->metadata.empty()) child.metadata = n->metadata;
    return child;
  }
  if (const auto* n = std::get_if<LambdaVariableExpr>(&expr.node)) {
    if (auto found = FindLambdaParameter({n->name}, env, span)) return *std::move(found);
    return UnresolvedColumn({n->name}, Scope{}, span);
  }
  if (std::holds_alternative<StarExpr>(expr.node) || std::holds_alternative<RegexExpr>(expr.node)) {
    return MakeSqlError("INVALID_USAGE_OF_STAR_OR_REGEX", "42000", "Invalid usage of '*' in expression.",
                        {{"elem", "'*'"}, {"prettyName", "expression"}}, span);
  }
  return MakeSqlError("INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION", "42K0D",
                      "Invalid lambda function call. A lambda function should only be used in a higher order "
                      "function.",
                      {}, span);
}

Result<TypedExprPtr> Analysis::ResolveCondition(const ExprPtr& expr, const ExprEnv& env, SourceSpan span) {
  ASSIGN_OR_RETURN(Resolved resolved, ResolveExpr(expr, env));
  if (resolved.expr->type.Is(TypeId::kBoolean)) return resolved.expr;
  return NotBoolean(resolved, span);
}

Error Analysis::NotBoolean(const Resolved& resolved, SourceSpan span) {
  return TypeMismatch("FILTER_NOT_BOOLEAN", resolved.text,
                      "Filter expression " + QuoteSql(resolved.text) + " of type " +
                          QuoteType(resolved.expr->type) + " is not a boolean.",
                      {{"filter", QuoteSql(resolved.text)}, {"type", QuoteType(resolved.expr->type)}}, span);
}

Result<Resolved> Analysis::ResolveCast(const CastExpr& node, const ExprEnv& env, SourceSpan span) {
  ASSIGN_OR_RETURN(Resolved child, ResolveExpr(node.child, env));
  bool is_try = node.mode == CastMode::kTry;
  // CHAR(n) and VARCHAR(n) are for stored columns; a cast makes a STRING.
  DataType type = node.type.Is(TypeId::kString) ? DataType(TypeId::kString) : node.type;
  std::string text = std::string(is_try ? "TRY_CAST(" : "CAST(") + child.text + " AS " + type.Sql() + ")";
  // Spark does not show casts to nested types.
  if (node.type.IsNested()) text = child.text;
  if (!CanCast(child.expr->type, node.type, context_.ansi || is_try)) {
    return CastMismatch(child.expr->type, type, text, context_.ansi, is_try, span);
  }
  TypedCastMode mode = is_try ? TypedCastMode::kTry : context_.ansi ? TypedCastMode::kAnsi : TypedCastMode::kLegacy;
  Resolved result;
  bool same = child.expr->type == type;
  bool forced = is_try ? !CanUpCast(child.expr->type, type) : CastForcesNullable(child.expr->type, type);
  bool nullable = child.expr->nullable || forced;
  result.expr = same ? child.expr : MakeTyped(type, nullable, span, CastNode{child.expr, mode});
  result.text = std::move(text);
  // A cast of a named expression keeps its name.
  if (!child.name.empty()) result.name = child.name;
  return result;
}

Result<Resolved> Analysis::GetField(Resolved child, const std::string& field, SourceSpan span) {
  const DataType& type = child.expr->type;
  const bool in_array = type.Is(TypeId::kArray) && type.element().Is(TypeId::kStruct);
  const std::vector<Field>& fields = in_array ? type.element().fields() : type.fields();
  std::vector<int> found;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (SameName(fields[i].name, field, context_.case_sensitive)) found.push_back(static_cast<int>(i));
  }
  if (found.empty()) return FieldNotFound(field, fields, span);
  if (found.size() > 1) {
    return MakeSqlError("AMBIGUOUS_REFERENCE_TO_FIELDS", "42000",
                        "Ambiguous reference to the field " + QuoteIdentifier(field) + ". It appears " +
                            std::to_string(found.size()) + " times in the schema.",
                        {{"field", QuoteIdentifier(field)}, {"count", std::to_string(found.size())}}, span);
  }
  std::string text = child.text + "." + field;
  if (!in_array) return Resolved{MakeField(child.expr, found[0], span), std::move(text), ""};
  Attribute item = NewAttribute("x", type.element(), type.contains_null());
  TypedExprPtr body = MakeField(MakeColumn(item), found[0]);
  TypedExprPtr lambda = MakeTyped(body->type, body->nullable, span, LambdaNode{{item}, body});
  ASSIGN_OR_RETURN(Resolved mapped,
                   CallFunction("transform", {std::move(child), Resolved{lambda, "", ""}}, span));
  mapped.text = std::move(text);
  return mapped;
}

Result<Resolved> Analysis::GetFields(Resolved child, const NameParts& name, size_t from, SourceSpan span) {
  for (size_t i = from; i < name.size(); ++i) {
    Expr key{span, LiteralExpr{Value::String(name[i])}};
    const DataType& type = child.expr->type;
    bool has_fields = type.Is(TypeId::kStruct) ||
                      (type.Is(TypeId::kArray) && type.element().Is(TypeId::kStruct));
    if (has_fields) {
      ASSIGN_OR_RETURN(child, GetField(std::move(child), name[i], span));
    } else if (type.Is(TypeId::kMap) && type.key().Is(TypeId::kString)) {
      Resolved literal{MakeLiteral(Value::String(name[i]), span), name[i], ""};
      ASSIGN_OR_RETURN(child, CallFunction("$map_item", {std::move(child), std::move(literal)}, span));
    } else if (type.Is(TypeId::kArray)) {
      return UnexpectedInput(child.text + "[" + name[i] + "]", 1, "\"INTEGRAL\"", name[i], TypeId::kString, span);
    } else {
      return NoFieldsIn(child.text, type, span);
    }
  }
  child.name = name.back();
  return child;
}

Result<Resolved> Analysis::ResolveExtract(const ExtractExpr& node, const ExprEnv& env, SourceSpan span) {
  ASSIGN_OR_RETURN(Resolved child, ResolveExpr(node.child, env));
  ASSIGN_OR_RETURN(Resolved key, ResolveExpr(node.key, env));
  child.name.clear();
  const DataType& type = child.expr->type;
  const Value* constant = LiteralValue(*key.expr);
  bool field_name = constant && constant->type.Is(TypeId::kString) && !constant->is_null();
  bool structs = type.Is(TypeId::kStruct) || (type.Is(TypeId::kArray) && type.element().Is(TypeId::kStruct));
  if (structs && field_name) {
    auto field = GetField(std::move(child), std::get<std::string>(constant->data), span);
    if (field.ok() || field.error().condition != "FIELD_NOT_FOUND") return field;
    Error error = std::move(field).error();
    error.span.reset();  // Spark gives a place only for fields of columns
    return error;
  }
  std::vector<Resolved> args = {child, key};
  if (type.Is(TypeId::kArray)) {
    if (!key.expr->type.IsIntegral() && !key.expr->type.Is(TypeId::kNull)) {
      return UnexpectedInput(CallText("$array_item", {child.text, key.text}), 1, "\"INTEGRAL\"", key.text,
                             key.expr->type, span);
    }
    return CallFunction("$array_item", std::move(args), span);
  }
  if (type.Is(TypeId::kMap)) return CallFunction("$map_item", std::move(args), span);
  if (type.Is(TypeId::kStruct)) {
    return MakeSqlError("INVALID_EXTRACT_FIELD_TYPE", "42000",
                        "Field name should be a non-null string literal, but it's " + QuoteSql(key.text) + ".",
                        {{"extraction", QuoteSql(key.text)}}, span);
  }
  return NoFieldsIn(child.text, type, span);
}

// withField and dropFields: the struct is made anew, NULL staying NULL.
Result<Resolved> Analysis::ResolveUpdateField(const UpdateFieldExpr& node, const ExprEnv& env,
                                              SourceSpan span) {
  ASSIGN_OR_RETURN(Resolved child, ResolveExpr(node.child, env));
  std::optional<Resolved> value;
  if (node.value) {
    ASSIGN_OR_RETURN(value, ResolveExpr(node.value, env));
  }
  return UpdateField(std::move(child), SplitName(node.field), value, span);
}

Result<Resolved> Analysis::UpdateField(Resolved child, const NameParts& path, const std::optional<Resolved>& value,
                                       SourceSpan span) {
  if (!child.expr->type.Is(TypeId::kStruct)) {
    return UnexpectedInput("update_fields(" + child.text + ")", 0, "\"STRUCT\"", child.text, child.expr->type,
                           span);
  }
  const NameParts rest(path.begin() + 1, path.end());
  std::vector<Resolved> args;
  bool found = false;
  const std::vector<Field>& fields = child.expr->type.fields();
  auto add = [&](const std::string& name, Resolved made) {
    args.push_back({MakeLiteral(Value::String(name)), name, ""});
    args.push_back(std::move(made));
  };
  for (size_t i = 0; i < fields.size(); ++i) {
    Resolved old{MakeField(child.expr, static_cast<int>(i), span), child.text + "." + fields[i].name, ""};
    if (!SameName(fields[i].name, path[0], context_.case_sensitive)) {
      add(fields[i].name, std::move(old));
      continue;
    }
    found = true;
    if (!rest.empty()) {
      ASSIGN_OR_RETURN(Resolved updated, UpdateField(std::move(old), rest, value, span));
      add(fields[i].name, std::move(updated));
    } else if (value) {
      add(fields[i].name, *value);
    }
  }
  if (!found && value) {
    if (!rest.empty()) return FieldNotFound(path[0], fields, span);
    add(path[0], *value);
  }
  if (args.empty()) {
    return TypeMismatch("CANNOT_DROP_ALL_FIELDS", "update_fields(" + child.text + ")",
                        "Cannot drop all fields in struct.", {}, span);
  }
  ASSIGN_OR_RETURN(Resolved made, CallFunction("named_struct", std::move(args), span));
  if (child.expr->nullable) {
    ASSIGN_OR_RETURN(Resolved present, CallFunction("isnotnull", {child}, span));
    CaseNode guarded{{{present.expr, made.expr}}, nullptr};
    made.expr = MakeTyped(made.expr->type, true, span, std::move(guarded));
  }
  made.text = "update_fields(" + child.text + ")";
  return made;
}

Result<Resolved> Analysis::ResolveParameter(const ParameterExpr& node, const ExprEnv&, SourceSpan span) {
  ASSIGN_OR_RETURN(ExprPtr value, ParameterValue(node, context_, span));
  // Parameters see no columns and no other parameters.
  ExprEnv alone;
  ASSIGN_OR_RETURN(Resolved resolved, ResolveExpr(value, alone));
  resolved.name.clear();
  return resolved;
}

Result<Resolved> Analysis::ResolveIdentifier(const IdentifierExpr& node, const ExprEnv& env,
                                             SourceSpan span) {
  ASSIGN_OR_RETURN(Value name, FoldConstant(node.name));
  if (name.is_null() || !name.type.Is(TypeId::kString)) {
    return MakeSqlError(name.is_null() ? "NOT_A_CONSTANT_STRING.NULL" : "NOT_A_CONSTANT_STRING.WRONG_TYPE", "42601",
                        "The expression used for the routine or clause IDENTIFIER must be a constant STRING "
                        "which is NOT NULL.",
                        {{"name", "IDENTIFIER"}, {"dataType", QuoteType(name.type)}}, span);
  }
  NameParts parts = SplitName(std::get<std::string>(name.data));
  if (!node.is_call) return ResolveAttribute(AttributeExpr{parts, std::nullopt}, env, span);
  FunctionExpr call;
  call.name = parts;
  call.args = node.args;
  return ResolveFunction(call, env, span);
}

}  // namespace ashlar::sql
