// Calls: f(…), the calls with a grammar of their own (CAST, EXTRACT, …), aggregate and window clauses.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "sql/parse/grammar.h"
#include "sql/parse/keywords.h"

namespace ashlar::sql {
namespace {

ExprPtr Text(std::string text, SourceSpan span) {
  return MakeExpr(LiteralExpr{Value::String(std::move(text))}, span);
}

ExprPtr Finish(const char* name, std::vector<ExprPtr> args, SourceSpan span) {
  FunctionExpr call;
  call.name = {name};
  call.args = std::move(args);
  return MakeExpr(std::move(call), span);
}

}  // namespace

// `name` has been read; "(" stands next.
Result<ExprPtr> Parser::FunctionCall(NameParts name, size_t begin) {
  FunctionExpr call;
  call.name = std::move(name);
  Advance();
  bool plain = call.name.size() == 1 && tokens_[begin].kind == TokenKind::kWord;
  if (plain) {
    ASSIGN_OR_RETURN(ExprPtr special, SpecialCall(call, begin));
    if (special) return special;
  }
  RETURN_IF_ERROR(Arguments(call));
  return CallTail(std::move(call), begin);
}

Result<ExprPtr> Parser::SpecialCall(FunctionExpr& call, size_t begin) {
  std::string upper = ToUpperAscii(call.name[0]);
  if (upper == "CAST") return CastCall(CastMode::kDefault, begin);
  if (upper == "TRY_CAST") return CastCall(CastMode::kTry, begin);
  if (upper == "EXTRACT") return ExtractCall(call, begin);
  if (upper == "TRIM") return TrimCall(call, begin);
  if (upper == "SUBSTRING" || upper == "SUBSTR") return SubstringCall(call, begin);
  if (upper == "POSITION") return PositionCall(call, begin);
  if (upper == "OVERLAY") return OverlayCall(call, begin);
  if (upper == "TIMESTAMPADD" || upper == "DATEADD" || upper == "DATE_ADD") {
    return DatetimeUnitCall("timestampadd", call, begin);
  }
  if (upper == "TIMESTAMPDIFF" || upper == "DATEDIFF" || upper == "DATE_DIFF" || upper == "TIMEDIFF") {
    return DatetimeUnitCall("timestampdiff", call, begin);
  }
  if (upper == "STRUCT" && !At(")")) return StructCall(begin);
  if (upper == "IDENTIFIER") return IdentifierCall(begin);
  return ExprPtr();
}

Result<ExprPtr> Parser::CastCall(CastMode mode, size_t begin) {
  ASSIGN_OR_RETURN(ExprPtr child, Expression());
  if (!AtWord("AS") && Peek(1).IsSymbol(")")) return ExtraInput();
  RETURN_IF_ERROR(ExpectWord("AS"));
  ASSIGN_OR_RETURN(DataType type, Type());
  RETURN_IF_ERROR(Expect(")"));
  return MakeExpr(CastExpr{std::move(child), std::move(type), mode}, SpanFrom(begin));
}

// EXTRACT(field FROM source)
Result<ExprPtr> Parser::ExtractCall(FunctionExpr&, size_t begin) {
  if (!Peek().IsIdentifier() || !Peek(1).IsWord("FROM")) return ExprPtr();
  size_t field_begin = at_;
  ASSIGN_OR_RETURN(std::string field, Identifier());
  SourceSpan field_span = SpanFrom(field_begin);
  Advance();
  ASSIGN_OR_RETURN(ExprPtr source, ValueExpression());
  RETURN_IF_ERROR(Expect(")"));
  return Finish("extract", {Text(std::move(field), field_span), std::move(source)}, SpanFrom(begin));
}

// TRIM([BOTH | LEADING | TRAILING] [characters] FROM text); the function takes (characters, text).
Result<ExprPtr> Parser::TrimCall(FunctionExpr& call, size_t begin) {
  const char* name = "trim";
  bool option = AtWord("BOTH") || AtWord("LEADING") || AtWord("TRAILING");
  option = option && !AtTerminator(1) && !Peek(1).IsSymbol(".");
  if (option) name = AtWord("LEADING") ? "ltrim" : AtWord("TRAILING") ? "rtrim" : "trim";
  if (option) Advance();
  if (At(")") || AtWord("DISTINCT")) return ExprPtr();
  std::vector<ExprPtr> args;
  if (!option || !AtWord("FROM")) {
    ASSIGN_OR_RETURN(ExprPtr characters, Expression());
    args.push_back(std::move(characters));
  }
  if (!option && !AtWord("FROM")) {
    call.args = std::move(args);
    return ExprPtr();
  }
  RETURN_IF_ERROR(ExpectWord("FROM"));
  ASSIGN_OR_RETURN(ExprPtr source, ValueExpression());
  args.push_back(std::move(source));
  RETURN_IF_ERROR(Expect(")"));
  return Finish(name, std::move(args), SpanFrom(begin));
}

// SUBSTRING(text FROM position [FOR length])
Result<ExprPtr> Parser::SubstringCall(FunctionExpr& call, size_t begin) {
  if (At(")")) return ExprPtr();
  ASSIGN_OR_RETURN(ExprPtr text, Expression());
  call.args = {std::move(text)};
  if (!AcceptWord("FROM")) return ExprPtr();
  ASSIGN_OR_RETURN(ExprPtr position, ValueExpression());
  call.args.push_back(std::move(position));
  if (AcceptWord("FOR")) {
    ASSIGN_OR_RETURN(ExprPtr length, ValueExpression());
    call.args.push_back(std::move(length));
  }
  RETURN_IF_ERROR(Expect(")"));
  return Finish("substring", std::move(call.args), SpanFrom(begin));
}

// POSITION(part IN text)
Result<ExprPtr> Parser::PositionCall(FunctionExpr& call, size_t begin) {
  if (At(")")) return ExprPtr();
  ASSIGN_OR_RETURN(ExprPtr part, ValueExpression());
  call.args = {std::move(part)};
  if (!AcceptWord("IN")) return ExprPtr();
  ASSIGN_OR_RETURN(ExprPtr text, ValueExpression());
  RETURN_IF_ERROR(Expect(")"));
  return Finish("locate", {std::move(call.args[0]), std::move(text)}, SpanFrom(begin));
}

// OVERLAY(text PLACING part FROM position [FOR length])
Result<ExprPtr> Parser::OverlayCall(FunctionExpr& call, size_t begin) {
  if (At(")")) return ExprPtr();
  ASSIGN_OR_RETURN(ExprPtr text, Expression());
  call.args = {std::move(text)};
  if (!AcceptWord("PLACING")) return ExprPtr();
  ASSIGN_OR_RETURN(ExprPtr part, ValueExpression());
  RETURN_IF_ERROR(ExpectWord("FROM"));
  ASSIGN_OR_RETURN(ExprPtr position, ValueExpression());
  call.args.push_back(std::move(part));
  call.args.push_back(std::move(position));
  if (AcceptWord("FOR")) {
    ASSIGN_OR_RETURN(ExprPtr length, ValueExpression());
    call.args.push_back(std::move(length));
  }
  RETURN_IF_ERROR(Expect(")"));
  return Finish("overlay", std::move(call.args), SpanFrom(begin));
}

// TIMESTAMPADD(DAY, 1, t), TIMESTAMPDIFF(HOUR, a, b). With fewer arguments DAY is a column:
// datediff(day, other).
Result<ExprPtr> Parser::DatetimeUnitCall(const char* name, FunctionExpr& call, size_t begin) {
  bool unit = Peek().kind == TokenKind::kWord && IsDatetimeUnit(Peek().text) && Peek(1).IsSymbol(",");
  bool quoted = Peek().kind == TokenKind::kString && Peek(1).IsSymbol(",");
  if (!unit && !quoted) return ExprPtr();
  size_t unit_begin = at_;
  std::string text = quoted ? StringText(Advance()) : std::string(Advance().text);
  SourceSpan unit_span = SpanFrom(unit_begin);
  Advance();
  ASSIGN_OR_RETURN(std::vector<ExprPtr> args, ExpressionList());
  if (args.size() != 2 || !At(")")) {
    ExprPtr first = quoted ? Text(text, unit_span) : MakeExpr(AttributeExpr{{text}, std::nullopt}, unit_span);
    call.args = {std::move(first)};
    call.args.insert(call.args.end(), args.begin(), args.end());
    return ExprPtr();
  }
  Advance();
  if (quoted) {
    std::string function = QuoteIdentifier(call.name[0]);
    return MakeSqlError("INVALID_PARAMETER_VALUE.DATETIME_UNIT", "22023",
                        "The value of parameter(s) `unit` in " + function +
                            " is invalid: expects one of the units without quotes YEAR, QUARTER, MONTH, WEEK, "
                            "DAY, DAYOFYEAR, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND, but got the "
                            "string literal '" + text + "'.",
                        {{"functionName", function}, {"parameter", "`unit`"}, {"invalidValue", "'" + text + "'"}},
                        SpanFrom(begin));
  }
  return Finish(name, {Text(ToUpperAscii(text), unit_span), std::move(args[0]), std::move(args[1])}, SpanFrom(begin));
}

// struct(1 AS a, b): the only call whose arguments may be named with AS.
Result<ExprPtr> Parser::StructCall(size_t begin) {
  FunctionExpr call;
  call.name = {"struct"};
  ASSIGN_OR_RETURN(call.args, NamedExpressionList());
  RETURN_IF_ERROR(Expect(")"));
  return MakeExpr(std::move(call), SpanFrom(begin));
}

// IDENTIFIER('a.b') and IDENTIFIER('f')(args)
Result<ExprPtr> Parser::IdentifierCall(size_t begin) {
  IdentifierExpr identifier;
  ASSIGN_OR_RETURN(identifier.name, Expression());
  RETURN_IF_ERROR(Expect(")"));
  if (Accept("(")) {
    identifier.is_call = true;
    if (!At(")")) {
      ASSIGN_OR_RETURN(identifier.args, ExpressionList());
    }
    RETURN_IF_ERROR(Expect(")"));
  }
  return MakeExpr(std::move(identifier), SpanFrom(begin));
}

// Up to and with ")": [DISTINCT | ALL] a, b, name => c, in first(a IGNORE NULLS) that too. Arguments may have
// been read already.
Status Parser::Arguments(FunctionExpr& call) {
  bool first = call.args.empty();
  if (first && Accept(")")) return OkStatus();
  if (first && !AtTerminator(1)) {
    call.distinct = AcceptWord("DISTINCT");
    if (!call.distinct && AtWord("ALL") && !Peek(1).IsSymbol(".")) Advance();
  }
  size_t open = at_ - 1;
  size_t count = first ? 0 : call.args.size();
  while (first || Accept(",")) {
    first = false;
    ++count;
    if (AtWord("TABLE") && (Peek(1).IsIdentifier() || Peek(1).IsSymbol("("))) {
      return NotImplemented("table arguments of functions");
    }
    if (Peek().IsIdentifier() && Peek(1).IsSymbol("=>")) {
      std::string name = IdentifierText(Advance());
      Advance();
      ASSIGN_OR_RETURN(ExprPtr value, Expression());
      call.named_args.emplace_back(std::move(name), std::move(value));
      continue;
    }
    size_t begin = at_;
    ASSIGN_OR_RETURN(ExprPtr arg, Expression());
    if (!call.named_args.empty()) {
      return MakeSqlError("UNEXPECTED_POSITIONAL_ARGUMENT", "4274K",
                          "Cannot invoke routine " + QuoteIdentifier(Join(call.name, ".")) +
                              " because it contains positional argument(s) following the named argument assigned to " +
                              QuoteIdentifier(call.named_args.back().first) +
                              "; please rearrange them so the positional arguments come first and then retry the query again.",
                          {{"routineName", QuoteIdentifier(Join(call.name, "."))},
                           {"parameterName", QuoteIdentifier(call.named_args.back().first)}},
                          SpanFrom(begin));
    }
    call.args.push_back(std::move(arg));
  }
  bool nulls = EqualsIgnoreCase(call.name[0], "first") || EqualsIgnoreCase(call.name[0], "last") ||
               EqualsIgnoreCase(call.name[0], "any_value");
  if (nulls && AcceptWords({"IGNORE", "NULLS"})) call.ignore_nulls = true;
  bool query = tokens_[open].opens_query && !At(")") && !Peek(1).IsSymbol(")");
  if (query) return SyntaxErrorAt(open);
  return ExpectListEnd(count);
}

// What may follow the ")": WITHIN GROUP, FILTER, IGNORE NULLS, OVER.
Result<ExprPtr> Parser::CallTail(FunctionExpr call, size_t begin) {
  // count(*) counts rows: count(1).
  if (call.args.size() == 1 && call.name.size() == 1 && EqualsIgnoreCase(call.name[0], "count") && !call.distinct) {
    const auto* star = std::get_if<StarExpr>(&call.args[0]->node);
    if (star != nullptr && star->qualifier.empty() && star->except.empty()) {
      call.args[0] = MakeExpr(LiteralExpr{Value::Int(1)}, call.args[0]->span);
    }
  }
  if (AcceptWords({"WITHIN", "GROUP"})) {
    RETURN_IF_ERROR(Expect("("));
    RETURN_IF_ERROR(ExpectWords({"ORDER", "BY"}));
    ASSIGN_OR_RETURN(call.within_group, SortItems());
    RETURN_IF_ERROR(Expect(")"));
  }
  if (AtWord("FILTER") && Peek(1).IsSymbol("(")) {
    Advance();
    if (!Peek(1).IsWord("WHERE")) return SyntaxError();
    Advance();
    Advance();
    ASSIGN_OR_RETURN(call.filter, Expression());
    RETURN_IF_ERROR(Expect(")"));
  }
  if (AcceptWords({"IGNORE", "NULLS"})) call.ignore_nulls = true;
  AcceptWords({"RESPECT", "NULLS"});
  bool over = AtWord("OVER") && (Peek(1).IsSymbol("(") || Peek(1).IsIdentifier());
  ExprPtr function = MakeExpr(std::move(call), SpanFrom(begin));
  if (!over) return function;
  return OverClause(std::move(function), begin);
}

// "(" stands next.
Result<FunctionExpr> Parser::TableFunctionCall(NameParts name) {
  FunctionExpr call;
  call.name = std::move(name);
  RETURN_IF_ERROR(Expect("("));
  RETURN_IF_ERROR(Arguments(call));
  return call;
}

// OVER w | OVER (w) | OVER (PARTITION BY … ORDER BY … frame)
Result<ExprPtr> Parser::OverClause(ExprPtr function, size_t begin) {
  Advance();
  RETURN_IF_ERROR(Grow(height_));
  bool named_in_parens = At("(") && Peek(1).IsIdentifier() && Peek(2).IsSymbol(")");
  if (!At("(") || named_in_parens) {
    if (named_in_parens) Advance();
    ASSIGN_OR_RETURN(std::string name, Identifier());
    if (named_in_parens) Advance();
    SourceSpan span = SpanFrom(begin);
    auto expr = std::make_shared<Expr>(Expr{span, WindowExpr{std::move(function), {}}});
    pending_windows_.push_back({expr, std::move(name), span});
    return ExprPtr(std::move(expr));
  }
  ASSIGN_OR_RETURN(WindowSpec spec, WindowSpecification());
  return MakeExpr(WindowExpr{std::move(function), std::move(spec)}, SpanFrom(begin));
}

Result<WindowSpec> Parser::WindowSpecification() {
  WindowSpec spec;
  // A named window cannot be added to: OVER (w ROWS …).
  bool clause = Peek(1).IsSymbol(")") || Peek(1).IsWord("ROWS") || Peek(1).IsWord("RANGE");
  for (std::string_view word : {"CLUSTER", "PARTITION", "DISTRIBUTE", "ORDER", "SORT"}) {
    clause = clause || (Peek(1).IsWord(word) && Peek(2).IsWord("BY"));
  }
  if (!clause) return SyntaxError();
  RETURN_IF_ERROR(Expect("("));
  if (AcceptWords({"CLUSTER", "BY"})) {
    ASSIGN_OR_RETURN(spec.partition_by, ExpressionList());
    for (const ExprPtr& expr : spec.partition_by) spec.order_by.push_back({expr, true, std::nullopt});
  } else {
    if (AcceptWords({"PARTITION", "BY"}) || AcceptWords({"DISTRIBUTE", "BY"})) {
      ASSIGN_OR_RETURN(spec.partition_by, ExpressionList());
    }
    if (AcceptWords({"ORDER", "BY"}) || AcceptWords({"SORT", "BY"})) {
      ASSIGN_OR_RETURN(spec.order_by, SortItems());
    }
  }
  ASSIGN_OR_RETURN(spec.frame, OptionalFrame());
  RETURN_IF_ERROR(Expect(")"));
  return spec;
}

Result<std::optional<WindowFrame>> Parser::OptionalFrame() {
  bool rows = AtWord("ROWS");
  if (!rows && !AtWord("RANGE")) return std::optional<WindowFrame>();
  Advance();
  WindowFrame frame;
  frame.unit = rows ? FrameUnit::kRows : FrameUnit::kRange;
  if (AcceptWord("BETWEEN")) {
    ASSIGN_OR_RETURN(frame.start, Bound());
    RETURN_IF_ERROR(ExpectWord("AND"));
    ASSIGN_OR_RETURN(frame.end, Bound());
  } else {
    ASSIGN_OR_RETURN(frame.start, Bound());
  }
  return std::optional<WindowFrame>(std::move(frame));
}

// A constant without calls: what Spark takes for a frame's bound.
bool Parser::IsFoldable(const Expr& expr) {
  if (std::holds_alternative<LiteralExpr>(expr.node) || std::holds_alternative<ParameterExpr>(expr.node)) return true;
  if (const auto* cast = std::get_if<CastExpr>(&expr.node)) return IsFoldable(*cast->child);
  const auto* call = std::get_if<FunctionExpr>(&expr.node);
  if (call == nullptr) return false;
  bool operation = call->name[0].find_first_not_of("+-*/%") == std::string::npos || call->name[0] == "negative" ||
                   call->name[0] == "positive";
  return operation && std::ranges::all_of(call->args, [](const ExprPtr& arg) { return IsFoldable(*arg); });
}

Result<FrameBound> Parser::Bound() {
  FrameBound bound;
  if (AcceptWords({"CURRENT", "ROW"})) return bound;
  bool unbounded = AtWord("UNBOUNDED") && (Peek(1).IsWord("PRECEDING") || Peek(1).IsWord("FOLLOWING"));
  if (unbounded) {
    Advance();
  } else {
    size_t begin = at_;
    ASSIGN_OR_RETURN(bound.offset, Expression());
    bool end = AtWord("PRECEDING") || AtWord("FOLLOWING");
    if (end && !IsFoldable(*bound.offset)) {
      Advance();
      std::string message = "Frame bound value must be a literal.";
      return MakeSqlError("_LEGACY_ERROR_TEMP_0064", "", message, {{"msg", message}}, SpanFrom(begin));
    }
  }
  bool preceding = AtWord("PRECEDING");
  if (!preceding && !AtWord("FOLLOWING")) return SyntaxError();
  Advance();
  if (unbounded) {
    bound.kind = preceding ? FrameBound::Kind::kUnboundedPreceding : FrameBound::Kind::kUnboundedFollowing;
  } else {
    bound.kind = preceding ? FrameBound::Kind::kPreceding : FrameBound::Kind::kFollowing;
  }
  return bound;
}

}  // namespace ashlar::sql
