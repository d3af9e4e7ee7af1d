// SHOW and DESCRIBE.
#include <array>

#include "base/text.h"
#include "sql/parse/grammar.h"
#include "sql/parse/make_statement.h"
#include "sql/table_path.h"

namespace ashlar::sql {
namespace {

struct ListRow {
  std::string_view word;
  Securable securable;
};
constexpr std::array kLists = {
    ListRow{"CATALOGS", Securable::kCatalog},  ListRow{"SCHEMAS", Securable::kSchema},
    ListRow{"DATABASES", Securable::kSchema},  ListRow{"NAMESPACES", Securable::kSchema},
    ListRow{"TABLES", Securable::kTable},      ListRow{"VIEWS", Securable::kView},
    ListRow{"VOLUMES", Securable::kVolume},
};

constexpr std::array<std::string_view, 18> kUnsupportedLists = {
    "CACHE",   "COLLATIONS", "CONNECTIONS", "CURRENT",    "FOREIGN", "GROUPS",
    "INDEXES", "KEYS",       "LOCKS",       "PARTITION",  "POLICIES", "PRINCIPALS",
    "PROCEDURES", "PROVIDERS", "RECIPIENTS", "SHARES",    "TABLE",   "USERS"};

}  // namespace

Result<Statement> Parser::Show() {
  Advance();
  for (const ListRow& row : kLists) {
    if (AcceptWord(row.word)) return ShowObjects(row.securable, "SHOW " + std::string(row.word));
  }
  if (AcceptWords({"EXTERNAL", "LOCATIONS"})) return ShowObjects(Securable::kExternalLocation, "SHOW EXTERNAL LOCATIONS");
  if (AcceptWords({"STORAGE", "CREDENTIALS"})) return ShowObjects(Securable::kStorageCredential, "SHOW STORAGE CREDENTIALS");
  if (AcceptWord("COLUMNS")) return ShowColumns();
  if (AcceptWords({"CREATE", "TABLE"})) {
    ShowCreateTableStatement show;
    ASSIGN_OR_RETURN(show.table, TableReference());
    AcceptWords({"AS", "SERDE"});
    return MakeStatement(std::move(show));
  }
  if (AcceptWord("TBLPROPERTIES")) {
    ShowTablePropertiesStatement show;
    ASSIGN_OR_RETURN(show.table, TableReference());
    show.table_span = table_span_;
    if (At("(")) {
      ASSIGN_OR_RETURN(std::vector<std::string> keys, PropertyKeys());
      show.key = keys.front();
    }
    return MakeStatement(std::move(show));
  }
  if (AcceptWord("PARTITIONS")) {
    ShowPartitionsStatement show;
    ASSIGN_OR_RETURN(show.table, TableReference());
    show.table_span = table_span_;
    if (AtWord("PARTITION")) return NotImplemented("SHOW PARTITIONS … PARTITION");
    return MakeStatement(std::move(show));
  }
  bool scope = AtAnyWord({"USER", "SYSTEM", "ALL"}) && Peek(1).IsWord("FUNCTIONS");
  if (scope) Advance();
  if (AcceptWord("FUNCTIONS")) {
    if (AtWord("FROM") || AtWord("IN")) return NotImplemented("SHOW FUNCTIONS IN");
    ShowFunctionsStatement show;
    AcceptWord("LIKE");
    if (Peek().kind == TokenKind::kString) {
      ASSIGN_OR_RETURN(show.pattern, String());
    }
    return MakeStatement(std::move(show));
  }
  if (AcceptWord("GRANTS") || AcceptWord("GRANT")) return ShowGrants();
  for (std::string_view word : kUnsupportedLists) {
    if (AtWord(word)) return MakeStatement(UnsupportedStatement{"SHOW " + std::string(word)});
  }
  return SyntaxError();
}

// [{FROM | IN} name] [[LIKE] 'pattern']
Result<Statement> Parser::ShowObjects(Securable securable, std::string what) {
  CatalogCommand command;
  command.action = CatalogAction::kShow;
  command.securable = securable;
  if (AcceptWord("FROM") || AcceptWord("IN")) {
    // What metadata calls of drivers send.
    if (AtWords({"ALL", "CATALOGS"})) return MakeStatement(UnsupportedStatement{what + " IN ALL CATALOGS"});
    if (AtWord("CATALOG") && Peek(1).IsIdentifier()) return MakeStatement(UnsupportedStatement{what + " IN CATALOG"});
    ASSIGN_OR_RETURN(command.name, CatalogName(Securable::kSchema));
  }
  AcceptWord("LIKE");
  if (Peek().kind == TokenKind::kString) {
    ASSIGN_OR_RETURN(command.pattern, String());
  }
  return MakeStatement(CatalogStatement{std::move(command)});
}

// SHOW COLUMNS IN t [IN schema]
Result<Statement> Parser::ShowColumns() {
  if (!AcceptWord("FROM") && !AcceptWord("IN")) return SyntaxError();
  if (AtWord("CATALOG") && Peek(1).IsIdentifier()) return MakeStatement(UnsupportedStatement{"SHOW COLUMNS IN CATALOG"});
  ShowColumnsStatement show;
  ASSIGN_OR_RETURN(show.table, TableReference());
  show.table_span = table_span_;
  if (AcceptWord("FROM") || AcceptWord("IN")) {
    ASSIGN_OR_RETURN(NameParts schema, MultipartName());
    if (show.table.name.size() != 1) return SyntaxError();
    schema.push_back(show.table.name[0]);
    show.table.name = std::move(schema);
  }
  return MakeStatement(std::move(show));
}

// SHOW GRANTS [principal] ON securable
Result<Statement> Parser::ShowGrants() {
  CatalogCommand command;
  command.action = CatalogAction::kShowGrants;
  if (!AtWord("ON")) {
    ASSIGN_OR_RETURN(command.principal, Principal());
  }
  RETURN_IF_ERROR(ExpectWord("ON"));
  RETURN_IF_ERROR(SecurableName(command));
  return MakeStatement(CatalogStatement{std::move(command)});
}

Result<Statement> Parser::Describe() {
  Advance();
  bool name = AtTerminator(1) || Peek(1).IsSymbol(".");
  if (name) return DescribeTable();
  if (AtWord("HISTORY") || AtWord("DETAIL")) {
    DescribeDeltaStatement describe;
    describe.what = Advance().IsWord("HISTORY") ? DescribeDeltaStatement::What::kHistory
                                                : DescribeDeltaStatement::What::kDetail;
    if (Peek().kind == TokenKind::kString) {
      ASSIGN_OR_RETURN(std::string path, String());
      describe.table.name = DeltaPathName(std::move(path));
    } else {
      ASSIGN_OR_RETURN(describe.table, TableReference());
    }
    if (AcceptWord("LIMIT")) {
      describe.limit = Peek().kind == TokenKind::kInteger ? ParseInt64(Peek().text) : std::nullopt;
      if (!describe.limit) return SyntaxError();
      Advance();
    }
    return MakeStatement(std::move(describe));
  }
  bool query = AcceptWord("QUERY");
  if (query || AtAnyWord({"SELECT", "WITH", "VALUES", "FROM"}) || AtQueryInParens()) {
    DescribeQueryStatement describe;
    ASSIGN_OR_RETURN(describe.query, Query());
    return MakeStatement(std::move(describe));
  }
  if (AtWord("FUNCTION")) return MakeStatement(UnsupportedStatement{"DESCRIBE FUNCTION"});
  if (AcceptWord("CATALOG")) return DescribeObject(Securable::kCatalog);
  if (AtAnyWord({"SCHEMA", "DATABASE", "NAMESPACE"})) {
    Advance();
    return DescribeObject(Securable::kSchema);
  }
  if (AcceptWord("VOLUME")) return DescribeObject(Securable::kVolume);
  if (AcceptWords({"EXTERNAL", "LOCATION"})) return DescribeObject(Securable::kExternalLocation);
  if (AcceptWords({"STORAGE", "CREDENTIAL"})) return DescribeObject(Securable::kStorageCredential);
  AcceptWord("TABLE");
  return DescribeTable();
}

Result<Statement> Parser::DescribeObject(Securable securable) {
  CatalogCommand command;
  command.action = CatalogAction::kDescribe;
  command.securable = securable;
  command.extended = AtWord("EXTENDED") && !AtTerminator(1);
  if (command.extended) Advance();
  ASSIGN_OR_RETURN(command.name, CatalogName(securable));
  return MakeStatement(CatalogStatement{std::move(command)});
}

// [EXTENDED | FORMATTED] t [column] [AS JSON]
Result<Statement> Parser::DescribeTable() {
  DescribeTableStatement describe;
  if (AtAnyWord({"EXTENDED", "FORMATTED"}) && !AtTerminator(1) && !Peek(1).IsSymbol(".")) {
    Advance();
    describe.extended = true;
  }
  ASSIGN_OR_RETURN(describe.table, TableReference());
  describe.table_span = table_span_;
  if (AtWord("PARTITION")) return NotImplemented("DESCRIBE TABLE … PARTITION");
  if (Peek().IsIdentifier() && !AtWords({"AS", "JSON"})) {
    ASSIGN_OR_RETURN(describe.column, MultipartName());
  }
  describe.as_json = AcceptWords({"AS", "JSON"});
  return MakeStatement(std::move(describe));
}

}  // namespace ashlar::sql
