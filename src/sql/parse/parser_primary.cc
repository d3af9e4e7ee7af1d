// What an expression is made of: literals, names, parentheses, CASE, lambdas. Calls: parser_call.cc.
#include <algorithm>

#include "base/text.h"
#include "sql/parse/grammar.h"
#include "sql/parse/keywords.h"
#include "sql/parse/literal.h"

namespace ashlar::sql {

Result<ExprPtr> Parser::Located(Result<Value> value, SourceSpan span) const {
  if (value.ok()) return MakeExpr(LiteralExpr{*std::move(value)}, span);
  Error error = std::move(value).error();
  // Spark gives these no place.
  bool placed = error.condition != "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION" &&
                error.condition != "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION" &&
                error.condition != "INVALID_INTERVAL_FORMAT.INVALID_FRACTION" &&
                error.condition != "INVALID_INTERVAL_FORMAT.INVALID_UNIT";
  if (placed) error.span = span;
  return error;
}

Result<ExprPtr> Parser::Primary() {
  const Token& token = Peek();
  switch (token.kind) {
    case TokenKind::kWord: return WordPrimary();
    case TokenKind::kQuoted: return NamePrimary();
    case TokenKind::kString: return StringPrimary();
    case TokenKind::kSymbol: return SymbolPrimary();
    case TokenKind::kEnd:
    case TokenKind::kUnrecognized: return SyntaxError();
    default: return NumberPrimary(/*negative=*/false, at_);
  }
}

Result<ExprPtr> Parser::SymbolPrimary() {
  size_t begin = at_;
  if (At("(")) return ParenthesisPrimary();
  if (Accept("*")) return Star({}, begin);
  if (At("-") && Peek(1).IsNumber()) {
    Advance();
    return NumberPrimary(/*negative=*/true, begin);
  }
  if (Accept("?")) {
    ParameterExpr parameter;
    parameter.position = parameters_++;
    return MakeExpr(std::move(parameter), SpanFrom(begin));
  }
  if (Accept(":")) {
    ASSIGN_OR_RETURN(std::string name, Identifier());
    return MakeExpr(ParameterExpr{std::move(name), -1}, SpanFrom(begin));
  }
  return SyntaxError();
}

Result<ExprPtr> Parser::WordPrimary() {
  bool matched = true;
  Result<ExprPtr> keyword = KeywordPrimary(matched);
  if (matched) return keyword;
  return NamePrimary();
}

// The words that are more than names here. `matched` is false when it is a name after all.
Result<ExprPtr> Parser::KeywordPrimary(bool& matched) {
  size_t begin = at_;
  if (Peek(1).kind == TokenKind::kString) return TypedLiteral();
  if (AtInterval()) return IntervalPrimary();
  bool case_name = AtTerminator(1) || Peek(1).IsSymbol(".") || Peek(1).IsWord("END") || Peek(1).IsWord("FROM");
  if (AtWord("CASE") && !case_name) return CaseExpression();
  if (AtWord("EXISTS") && Peek(1).opens_query) {
    Advance();
    ASSIGN_OR_RETURN(ExprPtr query, QueryExpression(SubqueryKind::kExists, {}));
    return MakeExpr(std::get<SubqueryExpr>(query->node), SpanFrom(begin));
  }
  matched = false;
  if (Peek(1).IsSymbol(".") || Peek(1).IsSymbol("->")) return ExprPtr();
  matched = true;
  if (AcceptWord("NULL")) return MakeExpr(LiteralExpr{Value::Null()}, SpanFrom(begin));
  if (AcceptWord("TRUE")) return MakeExpr(LiteralExpr{Value::Boolean(true)}, SpanFrom(begin));
  if (AcceptWord("FALSE")) return MakeExpr(LiteralExpr{Value::Boolean(false)}, SpanFrom(begin));
  matched = false;
  return ExprPtr();
}

// a.b.c, a.b.*, f(…), x -> …
Result<ExprPtr> Parser::NamePrimary() {
  size_t begin = at_;
  NameParts name;
  do {
    if (!name.empty() && Accept("*")) return Star(std::move(name), begin);
    ASSIGN_OR_RETURN(std::string part, Identifier());
    name.push_back(std::move(part));
  } while (Accept("."));
  if (At("(")) return FunctionCall(std::move(name), begin);
  if (At("->") && name.size() == 1) return LambdaFrom(std::move(name), begin);
  return MakeExpr(AttributeExpr{std::move(name), std::nullopt}, SpanFrom(begin));
}

// After the "->" of `params` has been seen.
Result<ExprPtr> Parser::LambdaFrom(std::vector<std::string> params, size_t begin) {
  RETURN_IF_ERROR(Expect("->"));
  ASSIGN_OR_RETURN(ExprPtr body, Expression());
  return MakeExpr(LambdaExpr{std::move(params), std::move(body)}, SpanFrom(begin));
}

// "(x, y) ->"
bool Parser::AtLambdaParameters() const {
  size_t i = 1;
  if (!Peek(2).IsSymbol(",")) return false;
  while (Peek(i).IsIdentifier() && Peek(i + 1).IsSymbol(",")) i += 2;
  return Peek(i).IsIdentifier() && Peek(i + 1).IsSymbol(")") && Peek(i + 2).IsSymbol("->");
}

// After "*": [EXCEPT (a, b.c)].
Result<ExprPtr> Parser::Star(NameParts qualifier, size_t begin) {
  StarExpr star;
  star.qualifier = std::move(qualifier);
  if (AtWord("EXCEPT") && Peek(1).IsSymbol("(") && !Peek(1).opens_query) {
    Advance();
    Advance();
    do {
      ASSIGN_OR_RETURN(NameParts name, MultipartName());
      star.except.push_back(std::move(name));
    } while (Accept(","));
    RETURN_IF_ERROR(Expect(")"));
  }
  return MakeExpr(std::move(star), SpanFrom(begin));
}

// "(…)": a scalar subquery, lambda parameters, one expression or a row.
Result<ExprPtr> Parser::ParenthesisPrimary() {
  size_t begin = at_;
  if (AtQueryInParens()) return QueryExpression(SubqueryKind::kScalar, {});
  if (AtLambdaParameters()) {
    ASSIGN_OR_RETURN(std::vector<std::string> params, IdentifierList());
    return LambdaFrom(std::move(params), begin);
  }
  Advance();
  ASSIGN_OR_RETURN(ExprPtr first, Expression());
  if (Accept(")")) return first;
  std::vector<ExprPtr> fields(1);
  ASSIGN_OR_RETURN(fields[0], OptionalExpressionAlias(std::move(first), begin + 1));
  RETURN_IF_ERROR(Expect(","));
  ASSIGN_OR_RETURN(std::vector<ExprPtr> others, NamedExpressionList());
  fields.insert(fields.end(), others.begin(), others.end());
  RETURN_IF_ERROR(ExpectListEnd(fields.size()));
  return RowConstructor(std::move(fields), SpanFrom(begin));
}

// A struct whose fields are named as Spark names a row's.
ExprPtr Parser::RowConstructor(std::vector<ExprPtr> fields, SourceSpan span) {
  FunctionExpr call;
  call.name = {"named_struct"};
  int position = 0;
  for (ExprPtr& field : fields) {
    std::string name = "col" + std::to_string(++position);
    if (const auto* alias = std::get_if<AliasExpr>(&field->node)) {
      name = alias->names.back();
      ExprPtr child = alias->child;
      field = child;
    } else if (const auto* attribute = std::get_if<AttributeExpr>(&field->node)) {
      name = attribute->name.back();
    }
    call.args.push_back(MakeExpr(LiteralExpr{Value::String(std::move(name))}, field->span));
    call.args.push_back(std::move(field));
  }
  ExprPtr row = MakeExpr(std::move(call), span);
  last_row_ = row;
  return row;
}

// CASE and WHEN could be a column and its alias: what is wrong is then the token after them.
Error Parser::CaseError(size_t begin) const { return SyntaxErrorAt(begin + 2); }

// CASE [x] WHEN c THEN v … [ELSE e] END
Result<ExprPtr> Parser::CaseExpression() {
  size_t begin = at_;
  Advance();
  ExprPtr subject;
  if (!AtWord("WHEN")) {
    ASSIGN_OR_RETURN(subject, Expression());
  }
  FunctionExpr when;
  when.name = {"when"};
  RETURN_IF_ERROR(ExpectWord("WHEN"));
  do {
    size_t condition_begin = at_;
    if (!subject && Peek().kind == TokenKind::kEnd && !when.args.empty()) return CaseError(begin);
    ASSIGN_OR_RETURN(ExprPtr condition, Expression());
    if (subject) {
      FunctionExpr equal;
      equal.name = {"=="};
      equal.args = {subject, std::move(condition)};
      condition = MakeExpr(std::move(equal), SpanFrom(condition_begin));
    }
    if (!AcceptWord("THEN")) return subject ? Missing("THEN") : CaseError(begin);
    ASSIGN_OR_RETURN(ExprPtr value, Expression());
    when.args.push_back(std::move(condition));
    when.args.push_back(std::move(value));
  } while (AcceptWord("WHEN"));
  if (AcceptWord("ELSE")) {
    ASSIGN_OR_RETURN(ExprPtr otherwise, Expression());
    when.args.push_back(std::move(otherwise));
  }
  if (!AcceptWord("END")) return subject ? ExtraInput() : CaseError(begin);
  return MakeExpr(std::move(when), SpanFrom(begin));
}

Result<ExprPtr> Parser::NumberPrimary(bool negative, size_t begin) {
  const Token& token = Advance();
  Result<ExprPtr> literal = Located(NumberLiteral(token.kind, token.text, negative), SpanFrom(begin));
  if (literal.ok() || token.kind != TokenKind::kBigDecimal) return literal;
  Error error = std::move(literal).error();
  error.span = SpanFrom(begin);
  return error;
}

Result<ExprPtr> Parser::StringPrimary() {
  size_t begin = at_;
  ASSIGN_OR_RETURN(std::string text, String());
  return MakeExpr(LiteralExpr{Value::String(std::move(text))}, SpanFrom(begin));
}

// DATE '…', TIMESTAMP '…', INTERVAL '…', X'…': any word before a string names a type.
Result<ExprPtr> Parser::TypedLiteral() {
  size_t begin = at_;
  if (AtInterval() && IsIntervalUnit(Peek(2).text) && Peek(2).kind == TokenKind::kWord) return IntervalPrimary();
  std::string type = ToUpperAscii(Advance().text);
  std::string text = StringText(Advance());
  SourceSpan span = SpanFrom(begin);
  if (type == "X") return Located(BinaryLiteral(text), span);
  if (type == "INTERVAL") return Located(TextInterval(text, TextFrom(begin)), span);
  for (std::string_view known : {"DATE", "TIME", "TIMESTAMP", "TIMESTAMP_LTZ", "TIMESTAMP_NTZ"}) {
    if (type == known) return Located(DatetimeLiteral(type, text, options_.time_zone), span);
  }
  return MakeSqlError("UNSUPPORTED_TYPED_LITERAL", "0A000",
                      "Literals of the type \"" + type +
                          "\" are not supported. Supported types are \"DATE\", \"TIMESTAMP_NTZ\", "
                          "\"TIMESTAMP_LTZ\", \"TIMESTAMP\", \"INTERVAL\", \"X\", \"TIME\".",
                      {{"unsupportedType", "\"" + type + "\""},
                       {"supportedTypes", "\"DATE\", \"TIMESTAMP_NTZ\", \"TIMESTAMP_LTZ\", \"TIMESTAMP\", \"INTERVAL\", \"X\", \"TIME\""}},
                      span);
}

// INTERVAL followed by [+-] number or string.
bool Parser::AtInterval() const {
  if (!AtWord("INTERVAL")) return false;
  size_t i = Peek(1).IsSymbol("-") || Peek(1).IsSymbol("+") ? 2 : 1;
  const Token& value = Peek(i);
  if (value.kind == TokenKind::kString) return i == 1 || IsIntervalUnit(Peek(3).text);
  return value.IsNumber() && (i == 1 || IsIntervalUnit(Peek(i + 1).text));
}

// INTERVAL 1 DAY '2' HOURS …, INTERVAL '1-2' YEAR TO MONTH
Result<ExprPtr> Parser::IntervalPrimary() {
  size_t begin = at_;
  Advance();
  size_t body = at_;
  std::vector<IntervalPart> parts;
  while (true) {
    bool sign = At("-") || At("+");
    const Token& value = Peek(sign ? 1 : 0);
    const Token& unit = Peek(sign ? 2 : 1);
    bool string = value.kind == TokenKind::kString;
    bool is_part = (string || value.IsNumber()) && unit.kind == TokenKind::kWord && IsIntervalUnit(unit.text);
    if (!is_part && !parts.empty() && value.IsNumber() && !sign) return SyntaxErrorAt(at_ + 1);
    if (!is_part) break;
    std::string prefix = sign && At("-") ? "-" : "";
    if (sign) Advance();
    std::string text = string ? StringText(Advance()) : std::string(Advance().text);
    Advance();
    if (parts.empty() && AtWord("TO")) {
      Advance();
      if (Peek().kind != TokenKind::kWord) return SyntaxError();
      const Token& to = Advance();
      if (!string) {
        return MakeSqlError("_LEGACY_ERROR_TEMP_0027", "", "The value of from-to unit must be a string.", {},
                            SpanFrom(body));
      }
      if (prefix == "-") text = text.starts_with('-') ? text.substr(1) : "-" + text;
      Result<ExprPtr> literal = Located(UnitToUnitInterval(text, unit.text, to.text), SpanFrom(body));
      if (!literal.ok()) return literal;
      return MakeExpr(std::get<LiteralExpr>((*literal)->node), SpanFrom(begin));
    }
    bool letters = std::ranges::any_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
    if (string && letters) {
      return MakeSqlError("_LEGACY_ERROR_TEMP_0026", "",
                          "Can only use numbers in the interval value part for multiple unit value pairs "
                          "interval form, but got invalid value: " + text,
                          {{"value", text}}, SpanFrom(body));
    }
    if (prefix == "-") text = text.starts_with('-') ? text.substr(1) : "-" + text;
    parts.push_back({std::move(text), std::string(unit.text)});
  }
  if (parts.empty()) return SyntaxErrorAt(at_ + 1);
  return Located(MultiUnitInterval(parts, TextFrom(begin)), SpanFrom(begin));
}

}  // namespace ashlar::sql
