#include "sql/parser.h"

#include "base/text.h"
#include "sql/parse/grammar.h"

namespace ashlar::sql {

Parser::Parser(std::string_view text, std::vector<Token> tokens, const ParserOptions& options)
    : text_(text),
      tokens_(std::move(tokens)),
      options_(options),
      stack_base_(static_cast<const char*>(__builtin_frame_address(0))) {
  CHECK(!tokens_.empty() && tokens_.back().kind == TokenKind::kEnd);
}

size_t Parser::StackUsed() const {
  const char* here = static_cast<const char*>(__builtin_frame_address(0));
  return static_cast<size_t>(here < stack_base_ ? stack_base_ - here : here - stack_base_);
}

const Token& Parser::Peek(size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

bool Parser::AtWords(std::initializer_list<std::string_view> words) const {
  size_t i = 0;
  for (std::string_view word : words) {
    if (!Peek(i++).IsWord(word)) return false;
  }
  return true;
}

bool Parser::AtAnyWord(std::initializer_list<std::string_view> words) const {
  for (std::string_view word : words) {
    if (AtWord(word)) return true;
  }
  return false;
}

bool Parser::AtQuery() const {
  return AtAnyWord({"SELECT", "WITH", "VALUES", "FROM", "TABLE"}) || AtQueryInParens();
}

// Nothing of a clause can follow: a word here was a name, not a keyword.
bool Parser::AtTerminator(size_t ahead) const {
  const Token& token = Peek(ahead);
  return token.kind == TokenKind::kEnd || token.IsSymbol(",") || token.IsSymbol(")") || token.IsSymbol(";");
}

// At a word that begins the next clause. It is a name when the clause could not go on after it:
// SELECT 1 FROM, FROM t GROUP, SELECT a FROM WHERE b.
bool Parser::AtClause(bool (*ends)(std::string_view word), size_t ahead) const {
  const Token& token = Peek(ahead);
  if (token.kind != TokenKind::kWord || !ends(token.text) || AtTerminator(ahead + 1)) return false;
  if (token.IsWord("FROM")) return !AtClause(ends, ahead + 1);
  if (token.IsWord("LATERAL")) return Peek(ahead + 1).IsWord("VIEW");
  for (std::string_view word : {"GROUP", "ORDER", "SORT", "CLUSTER", "DISTRIBUTE"}) {
    if (token.IsWord(word)) return Peek(ahead + 1).IsWord("BY") && !AtTerminator(ahead + 2);
  }
  return true;
}

bool Parser::AcceptClause(std::string_view word) {
  if (!AtOperatorWord(word)) return false;
  Advance();
  return true;
}

// ORDER BY and the like.
bool Parser::AcceptClauseBy(std::string_view word) {
  return !AtTerminator(2) && AcceptWords({word, "BY"});
}

const Token& Parser::Advance() {
  const Token& token = Peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool Parser::Accept(std::string_view symbol) {
  if (!At(symbol)) return false;
  Advance();
  return true;
}

bool Parser::AcceptWord(std::string_view word) {
  if (!AtWord(word)) return false;
  Advance();
  return true;
}

bool Parser::AcceptWords(std::initializer_list<std::string_view> words) {
  if (!AtWords(words)) return false;
  for (size_t i = 0; i < words.size(); ++i) Advance();
  return true;
}

// Errors are worded as the generated parser of Spark words them: it names one token too many when
// the next would have fitted, and one missing when it can go on without.
Status Parser::Expect(std::string_view symbol) {
  if (Accept(symbol)) return OkStatus();
  if (Peek(1).IsSymbol(symbol) && Peek().kind != TokenKind::kEnd) return ExtraInput();
  return SyntaxError();
}

Status Parser::ExpectClosing(std::string_view symbol) {
  if (Peek().kind == TokenKind::kEnd) return Missing(symbol);
  return Expect(symbol);
}

// The ")" after a list of `items`.
Status Parser::ExpectListEnd(size_t items) {
  if (items > 1 && !At(")")) return ExtraInput();
  return ExpectClosing(")");
}

Error Parser::ExtraInput() const {
  bool end = Peek().kind == TokenKind::kEnd;
  return SyntaxError(": extra input " + (end ? "end of input" : "'" + std::string(Peek().text) + "'"));
}

Error Parser::Missing(std::string_view token) const {
  return SyntaxError(": missing '" + std::string(token) + "'");
}

Status Parser::ExpectWord(std::string_view word) {
  if (!AcceptWord(word)) return SyntaxError();
  return OkStatus();
}

Status Parser::ExpectWords(std::initializer_list<std::string_view> words) {
  for (std::string_view word : words) RETURN_IF_ERROR(ExpectWord(word));
  return OkStatus();
}

// Spark's parser, when one token too many stands before the end, says so.
Status Parser::ExpectEnd() {
  size_t statement_end = at_;
  while (Accept(";")) {
  }
  if (Peek().kind == TokenKind::kEnd) return OkStatus();
  bool after_semicolon = at_ > statement_end;
  bool one_too_many = after_semicolon || Peek(1).kind == TokenKind::kEnd || Peek(1).IsSymbol(";");
  return one_too_many ? ExtraInput() : SyntaxError();
}

SourceSpan Parser::SpanFrom(size_t first_token) const {
  uint32_t begin = tokens_[first_token].begin;
  uint32_t end = at_ > first_token ? tokens_[at_ - 1].end : tokens_[first_token].end;
  return {begin, end};
}

std::string Parser::TextFrom(size_t first_token) const {
  SourceSpan span = SpanFrom(first_token);
  return std::string(text_.substr(span.begin, span.end - span.begin));
}

Error Parser::SyntaxError(const std::string& hint) const { return SyntaxErrorAt(at_, hint); }

Error Parser::SyntaxErrorAt(size_t token_index, const std::string& hint) const {
  const Token& token = tokens_[std::min(token_index, tokens_.size() - 1)];
  bool end = token.kind == TokenKind::kEnd;
  std::string where = end ? "end of input" : "'" + std::string(token.text) + "'";
  return MakeSqlError("PARSE_SYNTAX_ERROR", "42601", "Syntax error at or near " + where + hint + ".",
                      {{"error", where}, {"hint", hint}}, SourceSpan{token.begin, token.end});
}

Error Parser::TooComplex() const {
  return MakeSqlError("FAILED_TO_PARSE_TOO_COMPLEX", "54001",
                      "The statement, including potential SQL functions and referenced views, was too "
                      "complex to parse. To mitigate this error divide the statement into multiple, less "
                      "complex chunks.",
                      {}, SourceSpan{Peek().begin, Peek().end});
}

Status Parser::Grow(int& height) const {
  if (++height > kMaxHeight) return TooComplex();
  return OkStatus();
}

Result<std::string> Parser::Identifier() {
  if (!Peek().IsIdentifier()) return SyntaxError();
  return IdentifierText(Advance());
}

Result<NameParts> Parser::MultipartName() {
  NameParts parts;
  do {
    ASSIGN_OR_RETURN(std::string part, Identifier());
    parts.push_back(std::move(part));
  } while (Accept("."));
  return parts;
}

// "(a, b)"
Result<std::vector<std::string>> Parser::IdentifierList() {
  std::vector<std::string> names;
  RETURN_IF_ERROR(Expect("("));
  do {
    ASSIGN_OR_RETURN(std::string name, Identifier());
    names.push_back(std::move(name));
  } while (Accept(","));
  RETURN_IF_ERROR(Expect(")"));
  return names;
}

// One string; adjacent ones are one.
Result<std::string> Parser::String() {
  if (Peek().kind != TokenKind::kString) return SyntaxError();
  std::string text;
  while (Peek().kind == TokenKind::kString) text += StringText(Advance());
  return text;
}

// A string, number, boolean or bare word, as text.
Result<std::string> Parser::PropertyValue() {
  if (Peek().kind == TokenKind::kString) return String();
  std::string sign = Accept("-") ? "-" : "";
  if (Peek().IsNumber()) return sign + std::string(Advance().text);
  if (!sign.empty() || !Peek().IsIdentifier()) return SyntaxError();
  if (AtWord("TRUE") || AtWord("FALSE")) return ToLowerAscii(Advance().text);
  return Identifier();
}

// "('a' = 'b', c.d 1, e)": keys are names or strings, the = may be left out.
Result<std::map<std::string, std::string>> Parser::PropertyList() {
  std::map<std::string, std::string> properties;
  RETURN_IF_ERROR(Expect("("));
  do {
    std::string key;
    if (Peek().kind == TokenKind::kString) {
      ASSIGN_OR_RETURN(key, String());
    } else {
      ASSIGN_OR_RETURN(NameParts parts, MultipartName());
      key = Join(parts, ".");
    }
    std::string value;
    if (Accept("=") || !AtTerminator(0)) {
      ASSIGN_OR_RETURN(value, PropertyValue());
    }
    if (!properties.emplace(key, value).second) {
      return MakeSqlError("DUPLICATE_KEY", "23505", "Found duplicate keys " + QuoteIdentifier(key) + ".",
                          {{"keyColumn", QuoteIdentifier(key)}});
    }
  } while (Accept(","));
  RETURN_IF_ERROR(Expect(")"));
  return properties;
}

Result<std::vector<std::string>> Parser::PropertyKeys() {
  ASSIGN_OR_RETURN(auto properties, PropertyList());
  std::vector<std::string> keys;
  for (const auto& [key, value] : properties) keys.push_back(key);
  return keys;
}

Result<std::optional<std::string>> Parser::OptionalComment() {
  if (!AcceptWord("COMMENT")) return std::optional<std::string>();
  ASSIGN_OR_RETURN(std::string comment, String());
  return std::optional<std::string>(std::move(comment));
}

Result<bool> Parser::IfExists() {
  if (!AcceptWord("IF")) return false;
  RETURN_IF_ERROR(ExpectWord("EXISTS"));
  return true;
}

Result<bool> Parser::IfNotExists() {
  if (!AcceptWord("IF")) return false;
  RETURN_IF_ERROR(ExpectWords({"NOT", "EXISTS"}));
  return true;
}

Result<Statement> Parser::WholeStatement() {
  if (Trim(text_).empty()) {
    return MakeSqlError("PARSE_EMPTY_STATEMENT", "42617", "Syntax error, unexpected empty statement.");
  }
  ASSIGN_OR_RETURN(Statement statement, AnyStatement());
  if (statement.span == SourceSpan{}) statement.span = SpanFrom(0);
  // What is refused by name is not read to its end.
  if (std::holds_alternative<UnsupportedStatement>(statement.node)) return statement;
  RETURN_IF_ERROR(ExpectEnd());
  return statement;
}

Result<ExprPtr> Parser::WholeExpression() {
  if (Trim(text_).empty()) {
    return MakeSqlError("PARSE_EMPTY_STATEMENT", "42617", "Syntax error, unexpected empty statement.");
  }
  ASSIGN_OR_RETURN(ExprPtr expr, NamedExpression());
  RETURN_IF_ERROR(ExpectEnd());
  RETURN_IF_ERROR(NoPendingWindow(0));
  return expr;
}

Result<NameParts> Parser::WholeName() {
  if (Peek().kind == TokenKind::kEnd) {
    return MakeSqlError("PARSE_EMPTY_STATEMENT", "42617", "Syntax error, unexpected empty statement.");
  }
  ASSIGN_OR_RETURN(NameParts name, MultipartName());
  if (Peek().kind != TokenKind::kEnd) return SyntaxError();
  return name;
}

// "INT" is a type and "a INT" a column: a second word, or a colon, tells them apart.
Result<DataType> Parser::WholeTypeOrSchema() {
  bool columns = Peek().kind == TokenKind::kEnd || Peek().kind == TokenKind::kQuoted || Peek(1).IsSymbol(":") ||
                 (Peek(1).IsIdentifier() && !AtWord("INTERVAL") && !AtWord("TIMESTAMP") && !AtWord("STRING"));
  if (AtWord("INTERVAL") && Peek(1).IsWord("INTERVAL")) columns = true;
  if (!columns) {
    ASSIGN_OR_RETURN(DataType type, Type());
    if (Peek().kind == TokenKind::kEnd) return type;
    at_ = 0;
  }
  std::vector<Field> fields;
  while (Peek().kind != TokenKind::kEnd) {
    ASSIGN_OR_RETURN(Field field, ColumnType());
    fields.push_back(std::move(field));
    if (!Accept(",") && Peek().kind != TokenKind::kEnd) return SyntaxError();
  }
  return DataType::Struct(std::move(fields));
}

Result<Statement> ParseStatement(std::string_view text, const ParserOptions& options) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(text, options));
  return Parser(text, std::move(tokens), options).WholeStatement();
}

Result<ExprPtr> ParseExpression(std::string_view text, const ParserOptions& options) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(text, options));
  return Parser(text, std::move(tokens), options).WholeExpression();
}

Result<NameParts> ParseMultipartIdentifier(std::string_view text) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(text, {}));
  return Parser(text, std::move(tokens), {}).WholeName();
}

Result<DataType> ParseTypeOrSchema(std::string_view text) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(text, {}));
  return Parser(text, std::move(tokens), {}).WholeTypeOrSchema();
}

std::vector<std::string_view> SplitStatements(std::string_view text) {
  Result<std::vector<Token>> tokens = Tokenize(text, {});
  // Parsing the whole reports what is wrong with it.
  if (!tokens.ok()) return {text};
  std::vector<std::string_view> pieces;
  size_t begin = 0;
  bool empty = true;
  for (const Token& token : *tokens) {
    bool end = token.kind == TokenKind::kEnd || token.IsSymbol(";");
    if (!end) {
      empty = false;
      continue;
    }
    if (!empty) pieces.push_back(Trim(text.substr(begin, token.begin - begin)));
    begin = token.end;
    empty = true;
  }
  return pieces;
}

}  // namespace ashlar::sql
