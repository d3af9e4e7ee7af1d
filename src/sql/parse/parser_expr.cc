// Operators. From loose to tight: OR, AND, NOT, predicates (BETWEEN, IN, LIKE, IS), comparison, |, ^,
// &, shifts, + - ||, * / % DIV, unary, and what follows a primary ([], ., ::).
#include "sql/parse/grammar.h"
#include "sql/parse/keywords.h"

namespace ashlar::sql {

struct Parser::BinaryOperator {
  const char* function = nullptr;  // null: no operator here
  int precedence = 0;
  int tokens = 1;
};

namespace {

struct OperatorRow {
  std::string_view symbol;
  const char* function;
  int precedence;
};
constexpr OperatorRow kOperators[] = {
    {"=", "==", 1},  {"==", "==", 1}, {"<=>", "<=>", 1}, {"<>", "!=", 1}, {"!=", "!=", 1},
    {"<", "<", 1},   {"<=", "<=", 1}, {">", ">", 1},     {">=", ">=", 1}, {"!<", ">=", 1},
    {"!>", "<=", 1}, {"|", "|", 2},   {"^", "^", 3},     {"&", "&", 4},   {"+", "+", 6},
    {"-", "-", 6},   {"||", "||", 6}, {"*", "*", 7},     {"/", "/", 7},   {"%", "%", 7},
};
constexpr int kShift = 5;
constexpr int kMultiply = 7;

bool Adjacent(const Token& a, const Token& b) { return a.end == b.begin; }

ExprPtr Call(const char* name, std::vector<ExprPtr> args, SourceSpan span) {
  FunctionExpr call;
  call.name = {name};
  call.args = std::move(args);
  return MakeExpr(std::move(call), span);
}

ExprPtr NegateIf(bool negated, ExprPtr expr, SourceSpan span) {
  if (!negated) return expr;
  return Call("not", {std::move(expr)}, span);
}

// terms[low..high] as a tree as flat as it can be; the split is Spark's, so that names come out alike.
ExprPtr BalancedRange(const char* name, const std::vector<ExprPtr>& terms, size_t low, size_t high,
                      SourceSpan span) {
  if (low == high) return terms[low];
  size_t middle = low + (high - low) / 2;
  return Call(name, {BalancedRange(name, terms, low, middle, span),
                     BalancedRange(name, terms, middle + 1, high, span)}, span);
}

}  // namespace

ExprPtr Parser::Balanced(const char* name, std::vector<ExprPtr> terms, SourceSpan span) {
  for (size_t n = 1; n < terms.size(); n *= 2) ++height_;
  return BalancedRange(name, terms, 0, terms.size() - 1, span);
}

Result<ExprPtr> Parser::Expression() {
  Nesting nesting(*this);
  if (nesting.TooDeep()) return TooComplex();
  int outside = height_;
  height_ = 0;
  ASSIGN_OR_RETURN(ExprPtr expr, OrExpression());
  RETURN_IF_ERROR(Grow(height_));
  height_ = std::max(height_, outside);
  return expr;
}

Result<ExprPtr> Parser::OrExpression() {
  size_t begin = at_;
  ASSIGN_OR_RETURN(ExprPtr first, AndExpression());
  if (!AtOperatorWord("OR")) return first;
  std::vector<ExprPtr> terms = {std::move(first)};
  while (AtOperatorWord("OR")) {
    Advance();
    ASSIGN_OR_RETURN(ExprPtr term, AndExpression());
    terms.push_back(std::move(term));
  }
  return Balanced("or", std::move(terms), SpanFrom(begin));
}

Result<ExprPtr> Parser::AndExpression() {
  size_t begin = at_;
  ASSIGN_OR_RETURN(ExprPtr first, NotExpression());
  if (!AtOperatorWord("AND")) return first;
  std::vector<ExprPtr> terms = {std::move(first)};
  while (AtOperatorWord("AND")) {
    Advance();
    ASSIGN_OR_RETURN(ExprPtr term, NotExpression());
    terms.push_back(std::move(term));
  }
  return Balanced("and", std::move(terms), SpanFrom(begin));
}

Result<ExprPtr> Parser::NotExpression() {
  std::vector<size_t> begins;
  while (AtOperatorWord("NOT") || At("!")) {
    begins.push_back(at_);
    Advance();
  }
  ASSIGN_OR_RETURN(ExprPtr expr, PredicateExpression());
  for (; !begins.empty(); begins.pop_back()) {
    RETURN_IF_ERROR(Grow(height_));
    expr = Call("not", {std::move(expr)}, SpanFrom(begins.back()));
  }
  return expr;
}

Result<ExprPtr> Parser::PredicateExpression() {
  size_t begin = at_;
  ASSIGN_OR_RETURN(ExprPtr left, ValueExpression());
  return PredicateTail(std::move(left), begin);
}

// At most one predicate follows a value: a IS NULL IS NULL is no expression.
Result<ExprPtr> Parser::PredicateTail(ExprPtr left, size_t begin) {
  if (Peek().kind != TokenKind::kWord) return left;
  if (AtWord("IS")) {
    for (std::string_view word : {"NOT", "NULL", "TRUE", "FALSE", "UNKNOWN", "DISTINCT"}) {
      if (Peek(1).IsWord(word)) return IsTail(std::move(left), begin);
    }
    return left;
  }
  size_t ahead = AtWord("NOT") ? 1 : 0;
  const Token& word = Peek(ahead);
  bool between = word.IsWord("BETWEEN");
  bool in = word.IsWord("IN");
  bool like = word.IsWord("LIKE") || word.IsWord("ILIKE");
  bool rlike = word.IsWord("RLIKE") || word.IsWord("REGEXP");
  if ((!between && !in && !like && !rlike) || AtTerminator(ahead + 1)) return left;
  if (ahead > 0) Advance();
  height_ += 2;
  if (in) {
    ASSIGN_OR_RETURN(ExprPtr expr, InTail(std::move(left), begin));
    return NegateIf(ahead > 0, std::move(expr), SpanFrom(begin));
  }
  if (like) return LikeTail(std::move(left), begin, ahead > 0);
  Advance();
  ASSIGN_OR_RETURN(ExprPtr second, ValueExpression());
  std::vector<ExprPtr> args = {std::move(left), std::move(second)};
  if (between) {
    RETURN_IF_ERROR(ExpectWord("AND"));
    ASSIGN_OR_RETURN(ExprPtr upper, ValueExpression());
    args.push_back(std::move(upper));
  }
  SourceSpan span = SpanFrom(begin);
  return NegateIf(ahead > 0, Call(between ? "between" : "rlike", std::move(args), span), span);
}

Result<ExprPtr> Parser::InTail(ExprPtr left, size_t begin) {
  Advance();
  if (AtQueryInParens()) {
    std::vector<ExprPtr> values = {left};
    if (left == last_row_) {
      const auto& row = std::get<FunctionExpr>(left->node).args;
      values.clear();
      for (size_t i = 1; i < row.size(); i += 2) values.push_back(row[i]);
    }
    ASSIGN_OR_RETURN(ExprPtr query, QueryExpression(SubqueryKind::kIn, std::move(values)));
    return MakeExpr(std::get<SubqueryExpr>(query->node), SpanFrom(begin));
  }
  size_t in = at_ - 1;
  RETURN_IF_ERROR(Expect("("));
  if (Accept(")")) {
    size_t predicate = tokens_[in - 1].IsWord("NOT") ? in - 1 : in;
    return MakeSqlError("INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE", "42000",
                        "Invalid SQL syntax: IN predicate requires at least one value. Empty IN clauses like "
                        "'IN ()' are not allowed. Consider using 'WHERE FALSE' if you need an always-false "
                        "condition, or provide at least one value in the IN list.",
                        {}, SpanFrom(predicate));
  }
  std::vector<ExprPtr> args = {std::move(left)};
  ASSIGN_OR_RETURN(std::vector<ExprPtr> items, ExpressionList());
  RETURN_IF_ERROR(ExpectListEnd(items.size()));
  args.insert(args.end(), items.begin(), items.end());
  return Call("in", std::move(args), SpanFrom(begin));
}

// LIKE p [ESCAPE e], LIKE ANY (…), LIKE ALL (…); negation applies to each pattern.
Result<ExprPtr> Parser::LikeTail(ExprPtr left, size_t begin, bool negated) {
  size_t predicate = negated ? at_ - 1 : at_;
  const char* name = Advance().IsWord("ILIKE") ? "ilike" : "like";
  bool any = AtWord("ANY") || AtWord("SOME");
  if ((any || AtWord("ALL")) && Peek(1).IsSymbol("(")) {
    Advance();
    Advance();
    if (Accept(")")) {
      return MakeSqlError("_LEGACY_ERROR_TEMP_0064", "", "Expected something between '(' and ')'.",
                          {{"msg", "Expected something between '(' and ')'."}}, SpanFrom(predicate));
    }
    ASSIGN_OR_RETURN(std::vector<ExprPtr> patterns, ExpressionList());
    RETURN_IF_ERROR(Expect(")"));
    SourceSpan span = SpanFrom(begin);
    std::vector<ExprPtr> terms;
    for (ExprPtr& pattern : patterns) {
      terms.push_back(NegateIf(negated, Call(name, {left, std::move(pattern)}, span), span));
    }
    return Balanced(any ? "or" : "and", std::move(terms), span);
  }
  ASSIGN_OR_RETURN(ExprPtr pattern, ValueExpression());
  std::vector<ExprPtr> args = {std::move(left), std::move(pattern)};
  if (AtWord("ESCAPE") && Peek(1).kind == TokenKind::kString) {
    Advance();
    size_t escape_begin = at_;
    ASSIGN_OR_RETURN(std::string escape, String());
    bool one = escape.size() == 1 || (!escape.empty() && (escape[0] & 0x80) != 0 && escape.size() <= 4);
    if (!one) {
      return MakeSqlError("INVALID_ESC", "42604",
                          "Found an invalid escape string: '" + escape + "'. The escape string must contain only one character.",
                          {{"invalidEscape", "'" + escape + "'"}}, SpanFrom(predicate));
    }
    args.push_back(MakeExpr(LiteralExpr{Value::String(escape)}, SpanFrom(escape_begin)));
  }
  SourceSpan span = SpanFrom(begin);
  return NegateIf(negated, Call(name, std::move(args), span), span);
}

// IS [NOT] NULL | TRUE | FALSE | UNKNOWN | DISTINCT FROM e
Result<ExprPtr> Parser::IsTail(ExprPtr left, size_t begin) {
  Advance();
  bool negated = AcceptWord("NOT");
  height_ += 2;
  if (AcceptWord("NULL")) return Call(negated ? "isnotnull" : "isnull", {std::move(left)}, SpanFrom(begin));
  if (AcceptWord("UNKNOWN")) return Call(negated ? "isnotnull" : "isnull", {std::move(left)}, SpanFrom(begin));
  if (AcceptWord("DISTINCT")) {
    RETURN_IF_ERROR(ExpectWord("FROM"));
    ASSIGN_OR_RETURN(ExprPtr right, ValueExpression());
    SourceSpan span = SpanFrom(begin);
    return NegateIf(!negated, Call("<=>", {std::move(left), std::move(right)}, span), span);
  }
  bool truth = AtWord("TRUE");
  if (!truth && !AtWord("FALSE")) return SyntaxError();
  size_t literal_begin = at_;
  Advance();
  ExprPtr literal = MakeExpr(LiteralExpr{Value::Boolean(truth)}, SpanFrom(literal_begin));
  SourceSpan span = SpanFrom(begin);
  return NegateIf(negated, Call("<=>", {std::move(left), std::move(literal)}, span), span);
}

Parser::BinaryOperator Parser::AtBinaryOperator() const {
  const Token& token = Peek();
  if (token.kind == TokenKind::kWord) {
    if (token.IsWord("DIV") && !AtTerminator(1)) return {"div", kMultiply, 1};
    return {};
  }
  if (token.kind != TokenKind::kSymbol) return {};
  if ((token.text == "<" || token.text == ">") && Peek(1).text == token.text && Adjacent(token, Peek(1))) {
    if (token.text == "<") return {"<<", kShift, 2};
    bool third = Peek(2).text == ">" && Adjacent(Peek(1), Peek(2));
    return {third ? ">>>" : ">>", kShift, third ? 3 : 2};
  }
  for (const OperatorRow& row : kOperators) {
    if (row.symbol == token.text) return {row.function, row.precedence, 1};
  }
  return {};
}

Result<ExprPtr> Parser::ValueExpression(int min_precedence) {
  size_t begin = at_;
  int outside = height_;
  height_ = 0;
  ASSIGN_OR_RETURN(ExprPtr left, UnaryExpression());
  for (BinaryOperator op = AtBinaryOperator(); op.function != nullptr && op.precedence > min_precedence;
       op = AtBinaryOperator()) {
    for (int i = 0; i < op.tokens; ++i) Advance();
    int left_height = height_;
    ASSIGN_OR_RETURN(ExprPtr right, ValueExpression(op.precedence));
    height_ = std::max(left_height, height_);
    RETURN_IF_ERROR(Grow(height_));
    left = Call(op.function, {std::move(left), std::move(right)}, SpanFrom(begin));
  }
  height_ = std::max(height_, outside);
  return left;
}

// -1 is a literal; -x, +1 and ~x are calls.
Result<ExprPtr> Parser::UnaryExpression() {
  std::vector<size_t> begins;
  while (At("+") || At("-") || At("~")) {
    if (At("-") && Peek(1).IsNumber()) break;
    begins.push_back(at_);
    Advance();
  }
  ASSIGN_OR_RETURN(ExprPtr expr, PostfixExpression());
  for (; !begins.empty(); begins.pop_back()) {
    RETURN_IF_ERROR(Grow(height_));
    std::string_view symbol = tokens_[begins.back()].text;
    const char* name = symbol == "-" ? "negative" : symbol == "+" ? "positive" : "~";
    expr = Call(name, {std::move(expr)}, SpanFrom(begins.back()));
  }
  return expr;
}

Result<ExprPtr> Parser::PostfixExpression() {
  size_t begin = at_;
  ASSIGN_OR_RETURN(ExprPtr expr, Primary());
  return PostfixTail(std::move(expr), begin);
}

Result<ExprPtr> Parser::PostfixTail(ExprPtr expr, size_t begin) {
  while (true) {
    if (Accept("[")) {
      ASSIGN_OR_RETURN(ExprPtr key, Expression());
      RETURN_IF_ERROR(ExpectClosing("]"));
      expr = MakeExpr(ExtractExpr{std::move(expr), std::move(key)}, SpanFrom(begin));
    } else if (At(".") && Peek(1).IsIdentifier()) {
      Advance();
      size_t field_begin = at_;
      ASSIGN_OR_RETURN(std::string field, Identifier());
      ExprPtr key = MakeExpr(LiteralExpr{Value::String(std::move(field))}, SpanFrom(field_begin));
      expr = MakeExpr(ExtractExpr{std::move(expr), std::move(key)}, SpanFrom(begin));
    } else if (Accept("::")) {
      ASSIGN_OR_RETURN(DataType type, Type());
      expr = MakeExpr(CastExpr{std::move(expr), std::move(type), CastMode::kDefault}, SpanFrom(begin));
    } else if (AtWord("COLLATE") && Peek(1).IsWord("UTF8_BINARY")) {
      // How strings compare anyway.
      Advance();
      Advance();
      FunctionExpr call;
      call.name = {"collate"};
      call.args = {std::move(expr), MakeExpr(LiteralExpr{Value::String("UTF8_BINARY")}, SpanFrom(begin))};
      expr = MakeExpr(std::move(call), SpanFrom(begin));
    } else if (AtWord("COLLATE") && Peek(1).IsIdentifier()) {
      return NotImplemented("COLLATE");
    } else if (At(":") && (Peek(1).IsIdentifier() || Peek(1).IsSymbol("["))) {
      ASSIGN_OR_RETURN(expr, PathTail(std::move(expr), begin));
    } else {
      return expr;
    }
    RETURN_IF_ERROR(Grow(height_));
  }
}

// expr:name.name[0]['name']: the call $path(expr, '$.name…', last name).
Result<ExprPtr> Parser::PathTail(ExprPtr expr, size_t begin) {
  Advance();
  std::string path = "$", last;
  size_t path_begin = at_;
  auto add_name = [&]() -> Status {
    ASSIGN_OR_RETURN(last, Identifier());
    bool plain = last.find_first_of(".[]'\" ") == std::string::npos;
    path += plain ? "." + last : "['" + last + "']";
    return {};
  };
  if (!At("[")) RETURN_IF_ERROR(add_name());
  while (At("[") || (At(".") && Peek(1).IsIdentifier())) {
    if (Accept(".")) {
      RETURN_IF_ERROR(add_name());
      continue;
    }
    Advance();
    if (Peek().kind == TokenKind::kString) {
      ASSIGN_OR_RETURN(last, String());
      path += "['" + last + "']";
    } else {
      if (Peek().kind != TokenKind::kInteger) return SyntaxError();
      path += "[" + std::string(Advance().text) + "]";
    }
    RETURN_IF_ERROR(ExpectClosing("]"));
  }
  SourceSpan span = SpanFrom(path_begin);
  FunctionExpr call;
  call.name = {"$path"};
  call.args = {std::move(expr), MakeExpr(LiteralExpr{Value::String(std::move(path))}, span),
               MakeExpr(LiteralExpr{Value::String(std::move(last))}, span)};
  return MakeExpr(std::move(call), SpanFrom(begin));
}

Result<std::vector<ExprPtr>> Parser::ExpressionList() {
  std::vector<ExprPtr> exprs;
  do {
    ASSIGN_OR_RETURN(ExprPtr expr, Expression());
    exprs.push_back(std::move(expr));
  } while (Accept(","));
  return exprs;
}

Result<ExprPtr> Parser::NamedExpression() {
  size_t begin = at_;
  ASSIGN_OR_RETURN(ExprPtr expr, Expression());
  return OptionalExpressionAlias(std::move(expr), begin);
}

// [[AS] name | [AS] (a, b)]
Result<ExprPtr> Parser::OptionalExpressionAlias(ExprPtr expr, size_t begin) {
  // AS before what can be no name is one itself: SELECT a AS FROM t.
  bool name_follows = Peek(1).IsIdentifier() && !AtClause(EndsSelectItem, 1);
  bool as_name = AtWord("AS") && !AtTerminator(1) && !Peek(1).IsSymbol("(") && !name_follows;
  bool as = as_name || (AtWord("AS") && !AtTerminator(1));
  if (as && !as_name) Advance();
  if (At("(")) {
    ASSIGN_OR_RETURN(std::vector<std::string> names, IdentifierList());
    return MakeExpr(AliasExpr{std::move(expr), std::move(names), ""}, SpanFrom(begin));
  }
  // A word that would begin the next clause is a name when no clause follows: SELECT 1 FROM.
  if (!as && (!Peek().IsIdentifier() || AtClause(EndsSelectItem))) return expr;
  ASSIGN_OR_RETURN(std::string name, Identifier());
  return MakeExpr(AliasExpr{std::move(expr), {std::move(name)}, ""}, SpanFrom(begin));
}

Result<std::vector<ExprPtr>> Parser::NamedExpressionList() {
  std::vector<ExprPtr> exprs;
  do {
    ASSIGN_OR_RETURN(ExprPtr expr, NamedExpression());
    exprs.push_back(std::move(expr));
  } while (Accept(","));
  return exprs;
}

Result<SortOrder> Parser::SortItem() {
  SortOrder order;
  ASSIGN_OR_RETURN(order.expr, Expression());
  if (AcceptWord("DESC")) {
    order.ascending = false;
  } else {
    AcceptWord("ASC");
  }
  if (AcceptWord("NULLS")) {
    order.nulls_first = AtWord("FIRST");
    if (!AcceptWord("FIRST") && !AcceptWord("LAST")) return SyntaxError();
  }
  return order;
}

Result<std::vector<SortOrder>> Parser::SortItems() {
  std::vector<SortOrder> items;
  do {
    ASSIGN_OR_RETURN(SortOrder item, SortItem());
    items.push_back(std::move(item));
  } while (Accept(","));
  return items;
}

// "(query)"
Result<ExprPtr> Parser::QueryExpression(SubqueryKind kind, std::vector<ExprPtr> in_values) {
  size_t begin = at_;
  RETURN_IF_ERROR(Expect("("));
  SubqueryExpr subquery;
  subquery.kind = kind;
  ASSIGN_OR_RETURN(subquery.plan, Query());
  subquery.in_values = std::move(in_values);
  RETURN_IF_ERROR(Expect(")"));
  return MakeExpr(std::move(subquery), SpanFrom(begin));
}

}  // namespace ashlar::sql
