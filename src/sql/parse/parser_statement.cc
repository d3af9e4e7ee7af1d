// Which statement it is, and the small ones: EXPLAIN, USE, SET, RESET, TRUNCATE, GRANT, COMMENT ON.
#include <array>

#include "base/text.h"
#include "sql/parse/grammar.h"
#include "sql/parse/make_statement.h"

namespace ashlar::sql {
namespace {

// Known statements that are refused by name.
constexpr auto kUnsupported = std::to_array<std::string_view>({
    "ADD", "ANALYZE", "APPLY", "BEGIN", "CACHE", "CALL", "CLEAR", "COMMIT", "DECLARE",
    "DENY", "DFS", "EXPORT", "FETCH", "GET", "IMPORT", "LIST", "LOAD", "LOCK", "LOOP", "MSCK",
    "OPEN", "PUT", "REFRESH", "REMOVE", "REPAIR", "ROLLBACK", "START", "SYNC", "UNCACHE",
    "UNDROP", "UNLOCK"});

}  // namespace

Result<Statement> Parser::AnyStatement() {
  Nesting nesting(*this);
  if (nesting.TooDeep()) return TooComplex();
  if (AtWord("WITH")) return WithStatement();
  if (AtQuery() || At("(")) {
    ASSIGN_OR_RETURN(RelationPtr query, Query());
    return MakeStatement(QueryStatement{std::move(query)});
  }
  if (AtWord("INSERT")) return Insert({}, false);
  if (AtWord("EXPLAIN")) return Explain();
  if (AtWord("CREATE") || AtWord("REPLACE")) return Create();
  if (AtWord("DROP")) return Drop();
  if (AtWord("ALTER")) return Alter();
  if (AtWord("UPDATE")) return Update();
  if (AtWord("DELETE")) return Delete();
  if (AtWord("MERGE")) return Merge();
  if (AtWord("COPY")) return CopyInto();
  if (AtWord("TRUNCATE")) return Truncate();
  if (AtWord("OPTIMIZE")) return Optimize();
  if (AtWord("REORG")) return Reorg();
  if (AtWord("VACUUM")) return Vacuum();
  if (AtWord("RESTORE")) return Restore();
  if (AtWord("GENERATE")) return Generate();
  if (AtWord("CONVERT")) return Convert();
  if (AtWord("SHOW")) return Show();
  if (AtWord("DESCRIBE") || AtWord("DESC")) return Describe();
  if (AtWord("USE")) return Use();
  if (AtWord("SET")) return Set();
  if (AtWord("RESET")) return Reset();
  if (AtWord("GRANT")) return Grant(CatalogAction::kGrant);
  if (AtWord("REVOKE")) return Grant(CatalogAction::kRevoke);
  if (AtWord("COMMENT")) return CommentOn();
  return Unsupported();
}

Result<Statement> Parser::Unsupported() {
  for (std::string_view word : kUnsupported) {
    if (AtWord(word)) return MakeStatement(UnsupportedStatement{std::string(word)});
  }
  if (AtWords({"EXECUTE", "IMMEDIATE"})) return MakeStatement(UnsupportedStatement{"EXECUTE IMMEDIATE"});
  return SyntaxError();
}

// WITH … SELECT, WITH … INSERT INTO
Result<Statement> Parser::WithStatement() {
  std::vector<CteDefinition> ctes;
  bool recursive = false;
  size_t begin = at_;
  RETURN_IF_ERROR(CteList(ctes, recursive));
  if (AtWord("INSERT")) return Insert(std::move(ctes), recursive);
  if (AtAnyWord({"UPDATE", "DELETE", "MERGE"})) return NotImplemented("WITH before " + ToUpperAscii(Peek().text));
  ASSIGN_OR_RETURN(RelationPtr query, QueryWithCtes(ctes, recursive, begin));
  return MakeStatement(QueryStatement{std::move(query)});
}

Result<Statement> Parser::Explain() {
  Advance();
  ExplainStatement explain;
  if (AcceptWord("EXTENDED")) {
    explain.mode = ExplainMode::kExtended;
  } else if (AcceptWord("CODEGEN")) {
    explain.mode = ExplainMode::kCodegen;
  } else if (AcceptWord("COST")) {
    explain.mode = ExplainMode::kCost;
  } else if (AcceptWord("FORMATTED")) {
    explain.mode = ExplainMode::kFormatted;
  } else if (AtWord("LOGICAL")) {
    return NotImplemented("EXPLAIN LOGICAL");
  }
  size_t begin = at_;
  ASSIGN_OR_RETURN(Statement inner, AnyStatement());
  inner.span = SpanFrom(begin);
  if (std::holds_alternative<UnsupportedStatement>(inner.node)) return inner;
  explain.statement = std::make_shared<const Statement>(std::move(inner));
  return MakeStatement(std::move(explain));
}

// USE [SCHEMA | DATABASE | NAMESPACE] s, USE CATALOG c
Result<Statement> Parser::Use() {
  Advance();
  CatalogCommand command;
  command.action = CatalogAction::kUse;
  command.securable = Securable::kSchema;
  if (!AtTerminator(1) && !Peek(1).IsSymbol(".")) {
    if (AcceptWord("CATALOG")) {
      command.securable = Securable::kCatalog;
    } else if (AtAnyWord({"SCHEMA", "DATABASE", "NAMESPACE"})) {
      Advance();
    }
  }
  if (Peek().kind == TokenKind::kString) {
    ASSIGN_OR_RETURN(std::string name, String());
    command.name = {std::move(name)};
  } else {
    ASSIGN_OR_RETURN(command.name, CatalogName(command.securable));
  }
  return MakeStatement(CatalogStatement{std::move(command)});
}

// SET, SET k, SET k = v: key and value are the text as it stands, unless in backticks.
Result<Statement> Parser::Set() {
  Advance();
  ConfigStatement config;
  if (AtTerminator(0)) return MakeStatement(std::move(config));
  if (AtWord("CATALOG") && !Peek(1).IsSymbol("=") && !AtTerminator(1)) {
    Advance();
    CatalogCommand command;
    command.action = CatalogAction::kUse;
    command.securable = Securable::kCatalog;
    if (Peek().kind == TokenKind::kString) {
      ASSIGN_OR_RETURN(std::string name, String());
      command.name = {std::move(name)};
    } else {
      ASSIGN_OR_RETURN(command.name, CatalogName(command.securable));
    }
    return MakeStatement(CatalogStatement{std::move(command)});
  }
  if (AtWords({"TIME", "ZONE"})) return SetTimeZone();
  bool variable = AtAnyWord({"VAR", "VARIABLE", "ROLE", "RECIPIENT", "TAG"}) && Peek(1).IsIdentifier();
  if (variable || At("-")) {
    return MakeStatement(UnsupportedStatement{"SET " + ToUpperAscii(Peek().text)});
  }
  size_t begin = at_;
  size_t equals = 0;
  while (!AtTerminator(0) || At(",") || At(")")) {
    if (At("=") && equals == 0) equals = at_;
    Advance();
  }
  size_t end = at_;
  auto text = [&](size_t first, size_t last) -> std::string {
    if (first >= last) return "";
    if (last == first + 1 && tokens_[first].kind == TokenKind::kQuoted) return IdentifierText(tokens_[first]);
    return std::string(text_.substr(tokens_[first].begin, tokens_[last - 1].end - tokens_[first].begin));
  };
  config.action = equals > 0 ? ConfigStatement::Action::kSet : ConfigStatement::Action::kGet;
  config.key = text(begin, equals > 0 ? equals : end);
  if (equals > 0) config.value = text(equals + 1, end);
  bool spaced = config.key.find_first_of(" \t\n") != std::string::npos && tokens_[begin].kind != TokenKind::kQuoted;
  if (spaced || config.key.empty()) {
    return MakeSqlError("INVALID_SET_SYNTAX", "42000",
                        "Expected format is 'SET', 'SET key', or 'SET key=value'. If you want to include "
                        "special characters in key, or include semicolon in value, please use backquotes, "
                        "e.g., SET `key`=`value`.",
                        {}, SourceSpan{tokens_[begin - 1].begin, tokens_[end - 1].end});
  }
  return MakeStatement(std::move(config));
}

// SET TIME ZONE LOCAL | 'zone' | INTERVAL …
Result<Statement> Parser::SetTimeZone() {
  Advance();
  Advance();
  ConfigStatement config;
  config.action = ConfigStatement::Action::kSet;
  config.key = "spark.sql.session.timeZone";
  if (Peek().kind == TokenKind::kString) {
    ASSIGN_OR_RETURN(config.value, String());
    return MakeStatement(std::move(config));
  }
  if (AtWord("LOCAL")) return NotImplemented("SET TIME ZONE LOCAL");
  ASSIGN_OR_RETURN(ExprPtr interval, IntervalPrimary());
  const Value& value = std::get<LiteralExpr>(interval->node).value;
  bool hours = value.type.Is(TypeId::kDayTimeInterval);
  int64_t minutes = hours ? std::get<int64_t>(value.data) / 60'000'000 : 0;
  if (!hours || minutes < -18 * 60 || minutes > 18 * 60 || std::get<int64_t>(value.data) % 60'000'000 != 0) {
    return MakeSqlError("INVALID_INTERVAL_FORMAT.TIMEZONE_INTERVAL_OUT_OF_RANGE", "22006",
                        "The interval value must be in the range of [-18, +18] hours with second precision.",
                        {{"input", TextFrom(at_ - 1)}}, interval->span);
  }
  char sign = minutes < 0 ? '-' : '+';
  minutes = std::abs(minutes);
  auto two = [](int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  config.value = sign + two(minutes / 60) + ":" + two(minutes % 60);
  return MakeStatement(std::move(config));
}

Result<Statement> Parser::Reset() {
  Advance();
  ConfigStatement config;
  config.action = AtTerminator(0) ? ConfigStatement::Action::kResetAll : ConfigStatement::Action::kReset;
  if (!AtTerminator(0)) {
    size_t begin = at_;
    ASSIGN_OR_RETURN(NameParts key, MultipartName());
    config.key = key.size() == 1 ? key[0] : TextFrom(begin);
  }
  return MakeStatement(std::move(config));
}

Result<Statement> Parser::Truncate() {
  Advance();
  if (Peek().IsIdentifier() && !AtWord("TABLE")) return Missing("TABLE");
  RETURN_IF_ERROR(ExpectWord("TABLE"));
  TruncateStatement truncate;
  ASSIGN_OR_RETURN(truncate.table, TableReference());
  truncate.table_span = table_span_;
  if (AtWord("PARTITION")) return NotImplemented("TRUNCATE TABLE … PARTITION");
  return MakeStatement(std::move(truncate));
}

// After ON, TO and the like: CATALOG, SCHEMA, EXTERNAL LOCATION, …. False, and nothing read, when the
// next word is a name.
bool Parser::AcceptSecurable(Securable& securable) {
  struct Row {
    std::string_view first;
    std::string_view second;
    Securable securable;
  };
  static constexpr std::array kRows = {
      Row{"METASTORE", "", Securable::kMetastore},  Row{"CATALOG", "", Securable::kCatalog},
      Row{"SCHEMA", "", Securable::kSchema},        Row{"DATABASE", "", Securable::kSchema},
      Row{"NAMESPACE", "", Securable::kSchema},     Row{"TABLE", "", Securable::kTable},
      Row{"VIEW", "", Securable::kView},            Row{"VOLUME", "", Securable::kVolume},
      Row{"FUNCTION", "", Securable::kFunction},    Row{"ANY", "FILE", Securable::kAnyFile},
      Row{"EXTERNAL", "LOCATION", Securable::kExternalLocation},
      Row{"STORAGE", "CREDENTIAL", Securable::kStorageCredential},
  };
  for (const Row& row : kRows) {
    if (!AtWord(row.first) || (!row.second.empty() && !Peek(1).IsWord(row.second))) continue;
    if (Peek(1).IsSymbol(".")) continue;
    Advance();
    if (!row.second.empty()) Advance();
    securable = row.securable;
    return true;
  }
  return false;
}

// GRANT privileges ON securable TO principal, REVOKE privileges ON securable FROM principal
Result<Statement> Parser::Grant(CatalogAction action) {
  Advance();
  CatalogCommand command;
  command.action = action;
  ASSIGN_OR_RETURN(command.privileges, Privileges());
  RETURN_IF_ERROR(ExpectWord("ON"));
  RETURN_IF_ERROR(SecurableName(command));
  RETURN_IF_ERROR(ExpectWord(action == CatalogAction::kGrant ? "TO" : "FROM"));
  ASSIGN_OR_RETURN(command.principal, Principal());
  return MakeStatement(CatalogStatement{std::move(command)});
}

// "USE CATALOG, SELECT" → USE_CATALOG, SELECT
Result<std::vector<std::string>> Parser::Privileges() {
  std::vector<std::string> privileges;
  do {
    std::vector<std::string> words;
    while (Peek().kind == TokenKind::kWord && !AtWord("ON")) words.push_back(ToUpperAscii(Advance().text));
    if (words.empty()) return SyntaxError();
    privileges.push_back(Join(words, "_"));
  } while (Accept(","));
  return privileges;
}

// [TABLE] t, CATALOG c, METASTORE, ANY FILE, …
Status Parser::SecurableName(CatalogCommand& command) {
  command.securable = Securable::kTable;
  AcceptSecurable(command.securable);
  bool unnamed = command.securable == Securable::kMetastore || command.securable == Securable::kAnyFile;
  if (unnamed) return OkStatus();
  ASSIGN_OR_RETURN(command.name, CatalogName(command.securable));
  return OkStatus();
}

Result<std::string> Parser::Principal() {
  if (Peek().kind == TokenKind::kString) return String();
  for (std::string_view word : {"USER", "GROUP"}) {
    if (AtWord(word) && Peek(1).IsIdentifier()) Advance();
  }
  return Identifier();
}

// COMMENT ON securable name IS 'text' | NULL
Result<Statement> Parser::CommentOn() {
  Advance();
  RETURN_IF_ERROR(ExpectWord("ON"));
  bool column = AcceptWord("COLUMN");
  CatalogCommand command;
  command.action = CatalogAction::kSetComment;
  if (!column && !AcceptSecurable(command.securable)) return SyntaxError();
  ASSIGN_OR_RETURN(command.name, CatalogName(command.securable));
  RETURN_IF_ERROR(ExpectWord("IS"));
  std::string comment;
  if (!AcceptWord("NULL")) {
    ASSIGN_OR_RETURN(comment, String());
  }
  if (!column) {
    command.comment = std::move(comment);
    return MakeStatement(CatalogStatement{std::move(command)});
  }
  if (command.name.size() < 2) return SyntaxError();
  AlterTableStatement alter;
  alter.action = AlterTableStatement::Action::kAlterColumn;
  alter.names = {{command.name.back()}};
  command.name.pop_back();
  alter.table.name = std::move(command.name);
  alter.set_comment = true;
  ColumnDefinition definition;
  definition.field.name = alter.names[0][0];
  definition.field.metadata = CommentMetadata(comment);
  alter.columns = {std::move(definition)};
  return MakeStatement(std::move(alter));
}

}  // namespace ashlar::sql
