// FROM: tables, joins, subqueries, table functions, LATERAL VIEW, PIVOT, UNPIVOT, TABLESAMPLE.
#include <charconv>

#include "base/text.h"
#include "sql/parse/grammar.h"
#include "sql/parse/keywords.h"

namespace ashlar::sql {
namespace {

Error SampleFraction(double fraction) {
  char text[32];
  auto [end, error] = std::to_chars(text, text + sizeof(text), fraction);
  std::string shown(text, end);
  if (shown.find_first_not_of("-0123456789") == std::string::npos) shown += ".0";
  std::string message = "Sampling fraction (" + shown + ") must be on interval [0, 1]";
  return MakeSqlError("_LEGACY_ERROR_TEMP_0064", "", message, {{"msg", message}});
}

}  // namespace

// FROM a, b JOIN c …
Result<RelationPtr> Parser::FromClause() {
  RETURN_IF_ERROR(ExpectWord("FROM"));
  size_t begin = at_;
  bool lateral = false;
  ASSIGN_OR_RETURN(RelationPtr from, JoinedRelation(lateral));
  while (Accept(",")) {
    JoinRelation join;
    join.left = std::move(from);
    int left_height = height_;
    ASSIGN_OR_RETURN(join.right, JoinedRelation(join.lateral));
    height_ = std::max(height_, left_height);
    RETURN_IF_ERROR(Grow(height_));
    from = MakeRelation(std::move(join), SpanFrom(begin));
  }
  while (AtWords({"LATERAL", "VIEW"})) {
    ASSIGN_OR_RETURN(from, LateralView(std::move(from)));
  }
  return from;
}

// [LATERAL] relation {join | pivot | unpivot}
Result<RelationPtr> Parser::JoinedRelation(bool& lateral) {
  lateral = AtWord("LATERAL") && !Peek(1).IsWord("VIEW");
  if (lateral) Advance();
  ASSIGN_OR_RETURN(RelationPtr relation, RelationPrimary());
  for (bool matched = true; matched;) {
    if (AtWord("PIVOT") && Peek(1).IsSymbol("(")) {
      ASSIGN_OR_RETURN(relation, Pivot(std::move(relation)));
    } else if (AtWord("UNPIVOT")) {
      ASSIGN_OR_RETURN(relation, Unpivot(std::move(relation)));
    } else {
      ASSIGN_OR_RETURN(relation, JoinTail(std::move(relation), matched));
    }
    if (matched) RETURN_IF_ERROR(Grow(height_));
  }
  return relation;
}

Result<RelationPtr> Parser::JoinTail(RelationPtr left, bool& matched) {
  size_t begin = at_;
  JoinRelation join;
  join.natural = AcceptWord("NATURAL");
  if (AcceptWord("CROSS")) {
    join.kind = JoinKind::kCross;
  } else if (AtWord("LEFT") || AtWord("SEMI") || AtWord("ANTI")) {
    join.kind = JoinKind::kLeft;
    AcceptWord("LEFT");
    if (AcceptWord("SEMI")) join.kind = JoinKind::kLeftSemi;
    if (join.kind == JoinKind::kLeft && AcceptWord("ANTI")) join.kind = JoinKind::kLeftAnti;
  } else if (AcceptWord("RIGHT")) {
    join.kind = JoinKind::kRight;
  } else if (AcceptWord("FULL")) {
    join.kind = JoinKind::kFull;
  } else {
    AcceptWord("INNER");
  }
  bool outer = join.kind == JoinKind::kLeft || join.kind == JoinKind::kRight || join.kind == JoinKind::kFull;
  if (outer) AcceptWord("OUTER");
  matched = at_ != begin || AtWord("JOIN");
  if (!matched) return left;
  if (!AtWord("JOIN") && (Peek().IsIdentifier() || At("("))) return Missing("JOIN");
  RETURN_IF_ERROR(ExpectWord("JOIN"));
  join.lateral = AcceptWord("LATERAL");
  join.left = std::move(left);
  int left_height = height_;
  ASSIGN_OR_RETURN(join.right, RelationPrimary());
  height_ = std::max(height_, left_height);
  if (!join.natural && AcceptWord("ON")) {
    ASSIGN_OR_RETURN(join.condition, Expression());
  } else if (!join.natural && AcceptWord("USING")) {
    if (Peek().IsIdentifier()) return Missing("(");
    ASSIGN_OR_RETURN(join.using_columns, IdentifierList());
  }
  return MakeRelation(std::move(join), SpanFrom(begin));
}

Result<RelationPtr> Parser::RelationPrimary() {
  if (At("(")) return ParenthesizedRelation();
  if (AtWord("VALUES") && !AtTerminator(1) && !Peek(1).IsSymbol(".")) return InlineTable();
  if (AtWord("STREAM") && (Peek(1).IsIdentifier() || Peek(1).IsSymbol("(")) && !Peek(1).IsWord("AS")) {
    return NotImplemented("STREAM tables in a query");
  }
  return NamedRelation();
}

// "(query) [sample] [alias]" or "(relation) [sample] [alias]"
Result<RelationPtr> Parser::ParenthesizedRelation() {
  Nesting nesting(*this);
  if (nesting.TooDeep()) return TooComplex();
  size_t begin = at_;
  bool query = AtQueryInParens();
  Advance();
  RelationPtr relation;
  if (query) {
    ASSIGN_OR_RETURN(relation, Query());
  } else {
    bool lateral = false;
    ASSIGN_OR_RETURN(relation, JoinedRelation(lateral));
    if (At(",")) return Missing(")");
  }
  RETURN_IF_ERROR(ExpectClosing(")"));
  ASSIGN_OR_RETURN(relation, OptionalSample(std::move(relation)));
  return OptionalAlias(std::move(relation), begin);
}

// A table with its version and options, or IDENTIFIER('f')(…).
Result<RelationPtr> Parser::TableOrIdentifierFunction() {
  size_t begin = at_;
  ASSIGN_OR_RETURN(TableRelation table, TableReference());
  if (table.identifier && At("(")) {
    ASSIGN_OR_RETURN(NameParts name, PlainName(table));
    ASSIGN_OR_RETURN(FunctionExpr call, TableFunctionCall(std::move(name)));
    return MakeRelation(TableFunctionRelation{std::move(call)}, SpanFrom(begin));
  }
  SourceSpan span = SpanFrom(begin);
  RETURN_IF_ERROR(TemporalClause(table));
  if (AtWord("WITH") && Peek(1).IsSymbol("(")) {
    Advance();
    ASSIGN_OR_RETURN(table.options, PropertyList());
  }
  return MakeRelation(std::move(table), span);
}

// A table, or a table function.
Result<RelationPtr> Parser::NamedRelation() {
  size_t begin = at_;
  bool identifier = AtWord("IDENTIFIER") && Peek(1).IsSymbol("(");
  size_t after_name = 1;
  while (Peek(after_name).IsSymbol(".") && Peek(after_name + 1).IsIdentifier()) after_name += 2;
  RelationPtr relation;
  if (!identifier && Peek().IsIdentifier() && Peek(after_name).IsSymbol("(")) {
    ASSIGN_OR_RETURN(NameParts name, MultipartName());
    ASSIGN_OR_RETURN(FunctionExpr call, TableFunctionCall(std::move(name)));
    relation = MakeRelation(TableFunctionRelation{std::move(call)}, SpanFrom(begin));
  } else {
    ASSIGN_OR_RETURN(relation, TableOrIdentifierFunction());
  }
  ASSIGN_OR_RETURN(relation, OptionalSample(std::move(relation)));
  return OptionalAlias(std::move(relation), begin);
}

// a.b.c or IDENTIFIER(…)
Result<TableRelation> Parser::TableReference() {
  TableRelation table;
  size_t begin = at_;
  if (AtWord("IDENTIFIER") && Peek(1).IsSymbol("(")) {
    Advance();
    Advance();
    ASSIGN_OR_RETURN(table.identifier, Expression());
    RETURN_IF_ERROR(Expect(")"));
  } else {
    ASSIGN_OR_RETURN(table.name, MultipartName());
    // t@v3 is Databricks': Spark's grammar has no such name.
    if (At("@") && Peek().begin == tokens_[at_ - 1].end) return SyntaxError();
  }
  table_span_ = SpanFrom(begin);
  return table;
}

// [FOR] {VERSION | SYSTEM_VERSION} AS OF n, [FOR] {TIMESTAMP | SYSTEM_TIME} AS OF e
Status Parser::TemporalClause(TableRelation& table) {
  size_t ahead = AtWord("FOR") ? 1 : 0;
  const Token& word = Peek(ahead);
  bool version = word.IsWord("VERSION") || word.IsWord("SYSTEM_VERSION");
  bool timestamp = word.IsWord("TIMESTAMP") || word.IsWord("SYSTEM_TIME");
  if ((!version && !timestamp) || !Peek(ahead + 1).IsWord("AS") || !Peek(ahead + 2).IsWord("OF")) return OkStatus();
  for (size_t i = 0; i < ahead + 3; ++i) Advance();
  if (timestamp) {
    ASSIGN_OR_RETURN(table.timestamp_as_of, ValueExpression());
    return OkStatus();
  }
  bool literal = Peek().kind == TokenKind::kInteger || Peek().kind == TokenKind::kString || At(":") || At("?");
  if (!literal) return SyntaxError();
  ASSIGN_OR_RETURN(table.version_as_of, Primary());
  return OkStatus();
}

// TABLESAMPLE (10 PERCENT | 5 ROWS | BUCKET 1 OUT OF 4) [REPEATABLE (seed)]
Result<RelationPtr> Parser::OptionalSample(RelationPtr input) {
  if (!AtWord("TABLESAMPLE")) return input;
  size_t begin = at_;
  Advance();
  AcceptWord("SYSTEM");
  AcceptWord("BERNOULLI");
  RETURN_IF_ERROR(Expect("("));
  ASSIGN_OR_RETURN(RelationPtr sample, SampleBody(std::move(input), begin));
  return sample;
}

Result<RelationPtr> Parser::SampleBody(RelationPtr input, size_t begin) {
  SampleRelation sample;
  sample.input = std::move(input);
  auto number = [&]() -> Result<double> {
    double sign = Accept("-") ? -1 : 1;
    if (!Peek().IsNumber()) return SyntaxError();
    return sign * std::strtod(std::string(Advance().text).c_str(), nullptr);
  };
  bool bucket = AcceptWord("BUCKET");
  ASSIGN_OR_RETURN(double amount, number());
  if (bucket) {
    RETURN_IF_ERROR(ExpectWords({"OUT", "OF"}));
    ASSIGN_OR_RETURN(double buckets, number());
    if (AtWord("ON")) return NotImplemented("TABLESAMPLE (BUCKET … ON …)");
    sample.upper = amount / buckets;
  } else if (AcceptWord("ROWS")) {
    sample.rows = static_cast<int64_t>(amount);
  } else {
    if (Peek().IsIdentifier() && !AtWord("PERCENT")) return NotImplemented("TABLESAMPLE by size");
    RETURN_IF_ERROR(ExpectWord("PERCENT"));
    sample.upper = amount / 100;
  }
  RETURN_IF_ERROR(Expect(")"));
  if (!(sample.upper >= 0 && sample.upper <= 1)) {
    Error error = SampleFraction(sample.upper);
    error.span = SpanFrom(begin);
    return error;
  }
  if (AcceptWord("REPEATABLE")) {
    RETURN_IF_ERROR(Expect("("));
    std::optional<int64_t> seed = ParseInt64(Peek().text);
    if (!seed) return SyntaxError();
    Advance();
    sample.seed = seed;
    RETURN_IF_ERROR(Expect(")"));
  }
  return MakeRelation(std::move(sample), SpanFrom(begin));
}

// A word here names the relation unless it is strict or begins the next clause.
bool Parser::AtTableAlias() const {
  const Token& token = Peek();
  if (token.kind == TokenKind::kQuoted) return true;
  if (token.kind != TokenKind::kWord || IsStrictNonReserved(token.text)) return false;
  return !AtClause(EndsTableReference);
}

// [[AS] name [(columns)]]
Result<RelationPtr> Parser::OptionalAlias(RelationPtr input, size_t begin) {
  // Before a word that can be no alias AS is one itself: FROM t AS JOIN u.
  bool strict = Peek(1).kind == TokenKind::kWord && IsStrictNonReserved(Peek(1).text);
  bool as = strict ? AtWord("AS") : AcceptWord("AS");
  if (!as && !AtTableAlias()) return input;
  AliasRelation alias;
  alias.input = std::move(input);
  ASSIGN_OR_RETURN(std::string name, Identifier());
  alias.alias = {std::move(name)};
  if (At("(")) {
    ASSIGN_OR_RETURN(alias.columns, IdentifierList());
  }
  return MakeRelation(std::move(alias), SpanFrom(begin));
}

// LATERAL VIEW [OUTER] f(…) t [AS] a, b
Result<RelationPtr> Parser::LateralView(RelationPtr input) {
  size_t begin = at_;
  Advance();
  Advance();
  GenerateRelation generate;
  generate.input = std::move(input);
  generate.outer = AtWord("OUTER") && Peek(1).IsIdentifier();
  if (generate.outer) Advance();
  ASSIGN_OR_RETURN(NameParts name, MultipartName());
  ASSIGN_OR_RETURN(generate.generator, TableFunctionCall(std::move(name)));
  if (!AtWord("AS")) {
    if (Peek().kind == TokenKind::kWord && IsStrictNonReserved(Peek().text)) return SyntaxError();
    ASSIGN_OR_RETURN(generate.alias, Identifier());
  }
  bool as = AcceptWord("AS");
  if (as || (!AtWords({"LATERAL", "VIEW"}) && AtTableAlias())) {
    do {
      ASSIGN_OR_RETURN(std::string column, Identifier());
      generate.columns.push_back(std::move(column));
    } while (Accept(","));
  }
  RETURN_IF_ERROR(Grow(height_));
  return MakeRelation(std::move(generate), SpanFrom(begin));
}

// PIVOT (aggregates FOR column IN (values)) [alias]
Result<RelationPtr> Parser::Pivot(RelationPtr input) {
  size_t begin = at_;
  Advance();
  RETURN_IF_ERROR(Expect("("));
  PivotRelation pivot;
  pivot.input = std::move(input);
  ASSIGN_OR_RETURN(pivot.aggregates, NamedExpressionList());
  RETURN_IF_ERROR(ExpectWord("FOR"));
  bool several = Accept("(");
  do {
    size_t column_begin = at_;
    ASSIGN_OR_RETURN(NameParts name, MultipartName());
    pivot.pivot_columns.push_back(MakeExpr(AttributeExpr{std::move(name), std::nullopt}, SpanFrom(column_begin)));
  } while (several && Accept(","));
  if (several) RETURN_IF_ERROR(Expect(")"));
  RETURN_IF_ERROR(ExpectWord("IN"));
  RETURN_IF_ERROR(Expect("("));
  do {
    ASSIGN_OR_RETURN(ExprPtr value, NamedExpression());
    if (const auto* alias = std::get_if<AliasExpr>(&value->node)) {
      pivot.values.push_back({alias->child, alias->names.front()});
    } else {
      pivot.values.push_back({std::move(value), ""});
    }
  } while (Accept(","));
  RETURN_IF_ERROR(Expect(")"));
  RETURN_IF_ERROR(Expect(")"));
  RelationPtr relation = MakeRelation(std::move(pivot), SpanFrom(begin));
  return OptionalAlias(std::move(relation), begin);
}

// UNPIVOT [INCLUDE | EXCLUDE NULLS] (value FOR name IN (a [AS x], b)) [alias], or with (v, w) and
// ((a, b) [AS x], …).
Result<RelationPtr> Parser::Unpivot(RelationPtr input) {
  size_t begin = at_;
  Advance();
  UnpivotRelation unpivot;
  unpivot.input = std::move(input);
  if (AtWord("INCLUDE") || AtWord("EXCLUDE")) {
    unpivot.include_nulls = Advance().IsWord("INCLUDE");
    RETURN_IF_ERROR(ExpectWord("NULLS"));
  }
  RETURN_IF_ERROR(Expect("("));
  bool wide = At("(");
  if (wide) {
    ASSIGN_OR_RETURN(unpivot.value_columns, IdentifierList());
  } else {
    ASSIGN_OR_RETURN(std::string column, Identifier());
    unpivot.value_columns = {std::move(column)};
  }
  RETURN_IF_ERROR(ExpectWord("FOR"));
  ASSIGN_OR_RETURN(unpivot.variable_column, Identifier());
  RETURN_IF_ERROR(ExpectWord("IN"));
  RETURN_IF_ERROR(Expect("("));
  do {
    RETURN_IF_ERROR(UnpivotColumn(unpivot, wide));
  } while (Accept(","));
  RETURN_IF_ERROR(Expect(")"));
  RETURN_IF_ERROR(Expect(")"));
  RelationPtr relation = MakeRelation(std::move(unpivot), SpanFrom(begin));
  return OptionalAlias(std::move(relation), begin);
}

Status Parser::UnpivotColumn(UnpivotRelation& unpivot, bool wide) {
  std::vector<ExprPtr> columns;
  if (wide) RETURN_IF_ERROR(Expect("("));
  do {
    size_t begin = at_;
    ASSIGN_OR_RETURN(NameParts name, MultipartName());
    columns.push_back(MakeExpr(AttributeExpr{std::move(name), std::nullopt}, SpanFrom(begin)));
  } while (wide && Accept(","));
  if (wide) RETURN_IF_ERROR(Expect(")"));
  std::string label;
  if (AcceptWord("AS") || Peek().IsIdentifier()) {
    ASSIGN_OR_RETURN(label, Identifier());
  }
  unpivot.values.push_back(std::move(columns));
  unpivot.value_labels.push_back(std::move(label));
  return OkStatus();
}

}  // namespace ashlar::sql
