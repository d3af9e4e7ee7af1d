// ALTER.
#include "base/text.h"
#include "sql/feature_drop.h"
#include "sql/parse/grammar.h"
#include "sql/parse/make_statement.h"

namespace ashlar::sql {
namespace {

using Action = AlterTableStatement::Action;

CatalogCommand Change(CatalogAction action, Securable securable, NameParts name) {
  CatalogCommand command;
  command.action = action;
  command.securable = securable;
  command.name = std::move(name);
  return command;
}

}  // namespace

Result<Statement> Parser::Alter() {
  const size_t begin = at_;
  Advance();
  if (AcceptWord("TABLE")) {
    ASSIGN_OR_RETURN(Statement statement, AlterTable(/*view=*/false));
    if (auto* alter = std::get_if<AlterTableStatement>(&statement.node)) alter->span = SpanFrom(begin);
    return statement;
  }
  if (AcceptWord("VIEW")) return AlterTable(/*view=*/true);
  Securable securable = Securable::kTable;
  if (Peek(0).kind != TokenKind::kWord) return SyntaxError();
  std::string what = "ALTER " + ToUpperAscii(Peek().text);
  if (!AcceptSecurable(securable)) {
    for (std::string_view word : {"SHARE", "RECIPIENT", "CONNECTION", "MATERIALIZED", "STREAMING", "GROUP", "POLICY"}) {
      if (AtWord(word)) return MakeStatement(UnsupportedStatement{what});
    }
    return SyntaxError();
  }
  if (securable == Securable::kFunction || securable == Securable::kMetastore || securable == Securable::kAnyFile ||
      securable == Securable::kStorageCredential) {
    return MakeStatement(UnsupportedStatement{what});
  }
  return AlterObject(securable);
}

// Catalogs, schemas, volumes and external locations.
Result<Statement> Parser::AlterObject(Securable securable) {
  ASSIGN_OR_RETURN(NameParts name, CatalogName(securable));
  CatalogCommand command = Change(CatalogAction::kSetProperties, securable, std::move(name));
  if (AcceptWords({"RENAME", "TO"})) {
    command.action = CatalogAction::kRename;
    ASSIGN_OR_RETURN(command.new_name, CatalogName(securable));
    return MakeStatement(CatalogStatement{std::move(command)});
  }
  bool set = AcceptWord("SET");
  if (AcceptWords({"OWNER", "TO"})) {
    command.action = CatalogAction::kSetOwner;
    ASSIGN_OR_RETURN(command.principal, Principal());
  } else if (set && (AcceptWord("DBPROPERTIES") || AcceptWord("PROPERTIES"))) {
    ASSIGN_OR_RETURN(command.properties, PropertyList());
  } else if (!set && AcceptWord("UNSET") && (AcceptWord("DBPROPERTIES") || AcceptWord("PROPERTIES"))) {
    command.action = CatalogAction::kUnsetProperties;
    ASSIGN_OR_RETURN(command.if_exists, IfExists());
    ASSIGN_OR_RETURN(command.properties, PropertyList());
  } else if (set && (AcceptWord("URL") || (securable == Securable::kSchema && AcceptWord("LOCATION")))) {
    command.action = CatalogAction::kSetLocation;
    ASSIGN_OR_RETURN(command.location, String());
  } else if (set && (AtWord("TAGS") || AtWord("DEFAULT") || AtWord("STORAGE"))) {
    return NotImplemented("ALTER … SET " + ToUpperAscii(Peek().text));
  } else {
    return SyntaxError();
  }
  return MakeStatement(CatalogStatement{std::move(command)});
}

Result<Statement> Parser::AlterTable(bool view) {
  AlterTableStatement alter;
  const size_t begin = at_;
  ASSIGN_OR_RETURN(alter.table, TableReference());
  alter.table_span = SpanFrom(begin);
  if (AtWord("PARTITION")) return NotImplemented("ALTER TABLE … PARTITION");
  return AlterTableAction(std::move(alter), view);
}

Result<Statement> Parser::AlterTableAction(AlterTableStatement alter, bool view) {
  Securable securable = view ? Securable::kView : Securable::kTable;
  if (AcceptWords({"RENAME", "TO"})) {
    ASSIGN_OR_RETURN(NameParts name, PlainName(alter.table));
    CatalogCommand command = Change(CatalogAction::kRename, securable, std::move(name));
    ASSIGN_OR_RETURN(command.new_name, CatalogName(securable));
    return MakeStatement(CatalogStatement{std::move(command)});
  }
  bool set = AcceptWord("SET");
  if (AcceptWords({"OWNER", "TO"})) {
    ASSIGN_OR_RETURN(NameParts name, PlainName(alter.table));
    CatalogCommand command = Change(CatalogAction::kSetOwner, securable, std::move(name));
    ASSIGN_OR_RETURN(command.principal, Principal());
    return MakeStatement(CatalogStatement{std::move(command)});
  }
  if (set) return AlterTableSet(std::move(alter), view);
  if (AcceptWords({"UNSET", "TBLPROPERTIES"})) {
    ASSIGN_OR_RETURN(alter.if_exists, IfExists());
    ASSIGN_OR_RETURN(alter.properties, PropertyList());
    alter.action = Action::kUnsetProperties;
    if (!view) return MakeStatement(std::move(alter));
    ASSIGN_OR_RETURN(NameParts name, PlainName(alter.table));
    CatalogCommand command = Change(CatalogAction::kUnsetProperties, securable, std::move(name));
    command.properties = std::move(alter.properties);
    command.if_exists = alter.if_exists;
    return MakeStatement(CatalogStatement{std::move(command)});
  }
  if (view) {
    if (AtWord("AS") || AtQuery()) return MakeStatement(UnsupportedStatement{"ALTER VIEW … AS"});
    return SyntaxError();
  }
  if (AcceptWords({"RENAME", "COLUMN"})) {
    alter.action = Action::kRenameColumn;
    ASSIGN_OR_RETURN(NameParts from, MultipartName());
    alter.names = {std::move(from)};
    RETURN_IF_ERROR(ExpectWord("TO"));
    ASSIGN_OR_RETURN(alter.new_name, Identifier());
    return MakeStatement(std::move(alter));
  }
  if (AcceptWord("ADD")) return AlterTableAdd(std::move(alter));
  if (AcceptWord("DROP")) return AlterTableDrop(std::move(alter));
  if (AcceptWord("ALTER") || AcceptWord("CHANGE")) return AlterColumn(std::move(alter));
  if (AtWords({"CLUSTER", "BY"})) {
    alter.action = Action::kClusterBy;
    ASSIGN_OR_RETURN(alter.names, ClusterBy());
    return MakeStatement(std::move(alter));
  }
  if (AcceptWords({"REPLACE", "COLUMNS"})) return AlterTableReplace(std::move(alter));
  if (AtAnyWord({"REPLACE", "RECOVER", "SYNC", "ENABLE", "DISABLE"})) {
    return NotImplemented("ALTER TABLE … " + ToUpperAscii(Peek().text));
  }
  return SyntaxError();
}

// After SET.
Result<Statement> Parser::AlterTableSet(AlterTableStatement alter, bool view) {
  Securable securable = view ? Securable::kView : Securable::kTable;
  if (AcceptWord("TBLPROPERTIES")) {
    ASSIGN_OR_RETURN(alter.properties, PropertyList());
    RETURN_IF_ERROR(CheckSettable(alter.properties));
    alter.action = Action::kSetProperties;
    if (!view) return MakeStatement(std::move(alter));
    ASSIGN_OR_RETURN(NameParts name, PlainName(alter.table));
    CatalogCommand command = Change(CatalogAction::kSetProperties, securable, std::move(name));
    command.properties = std::move(alter.properties);
    return MakeStatement(CatalogStatement{std::move(command)});
  }
  if (!view && AcceptWord("LOCATION")) {
    ASSIGN_OR_RETURN(NameParts name, PlainName(alter.table));
    CatalogCommand command = Change(CatalogAction::kSetLocation, securable, std::move(name));
    ASSIGN_OR_RETURN(command.location, String());
    return MakeStatement(CatalogStatement{std::move(command)});
  }
  if (AtAnyWord({"TAGS", "SERDE", "SERDEPROPERTIES", "ROW", "MANAGED"})) {
    return NotImplemented("ALTER TABLE … SET " + ToUpperAscii(Peek().text));
  }
  return SyntaxError();
}

// ADD COLUMN[S] [(] name type … [)] | ADD CONSTRAINT name CHECK (e)
Result<Statement> Parser::AlterTableAdd(AlterTableStatement alter) {
  if (AcceptWord("CONSTRAINT")) {
    alter.action = Action::kAddConstraint;
    ASSIGN_OR_RETURN(alter.new_name, Identifier());
    if (AtWord("PRIMARY") || AtWord("FOREIGN") || AtWord("UNIQUE")) {
      return NotImplemented(ToUpperAscii(Peek().text) + " KEY constraints");
    }
    RETURN_IF_ERROR(ExpectWord("CHECK"));
    RETURN_IF_ERROR(Expect("("));
    size_t begin = at_;
    ASSIGN_OR_RETURN([[maybe_unused]] ExprPtr check, Expression());
    alter.text = TextFrom(begin);
    RETURN_IF_ERROR(Expect(")"));
    return MakeStatement(std::move(alter));
  }
  if (AtWord("PARTITION") || AtWord("IF")) return NotImplemented("ALTER TABLE … ADD PARTITION");
  alter.plural = AtWord("COLUMNS");
  if (!AcceptWord("COLUMN") && !AcceptWord("COLUMNS")) return SyntaxError();
  alter.action = Action::kAddColumns;
  if (AtWords({"IF", "NOT", "EXISTS"})) return NotImplemented("ADD COLUMN IF NOT EXISTS");
  bool parens = Accept("(");
  do {
    ColumnPlacement place;
    const size_t begin = at_;
    while (Peek(1).IsSymbol(".")) {
      ASSIGN_OR_RETURN(std::string part, Identifier());
      place.parent.push_back(std::move(part));
      Advance();
    }
    ASSIGN_OR_RETURN(ColumnDefinition column, ColumnDefinitionItem(Generated::kSyntaxError));
    RETURN_IF_ERROR(Placement(place));
    place.span = SpanFrom(begin);
    alter.columns.push_back(std::move(column));
    alter.placements.push_back(std::move(place));
  } while (Accept(","));
  if (parens) RETURN_IF_ERROR(Expect(")"));
  return MakeStatement(std::move(alter));
}

// REPLACE COLUMNS (name type [COMMENT '…'], …)
Result<Statement> Parser::AlterTableReplace(AlterTableStatement alter) {
  alter.action = Action::kReplaceColumns;
  bool parens = Accept("(");
  do {
    ASSIGN_OR_RETURN(ColumnDefinition column, ColumnDefinitionItem());
    alter.columns.push_back(std::move(column));
  } while (Accept(","));
  if (parens) RETURN_IF_ERROR(Expect(")"));
  for (const ColumnDefinition& column : alter.columns) {
    if (column.generated_as || column.identity) {
      const char* operation = "ALTER TABLE REPLACE COLUMNS";
      return MakeSqlError("INVALID_STATEMENT_OR_CLAUSE", "42601",
                          std::string("The statement or clause: ") + operation + " is not valid.", {{"operation", operation}}, SpanFrom(0));
    }
    if (!column.field.nullable) {
      return MakeSqlError("_LEGACY_ERROR_TEMP_0034", "", "NOT NULL is not supported for Hive-style REPLACE COLUMNS",
                          {{"operation", "NOT NULL"}, {"command", "REPLACE COLUMNS"}, {"msg", ""}}, SpanFrom(0));
    }
    if (column.default_value) {
      return MakeSqlError("UNSUPPORTED_DEFAULT_VALUE.WITHOUT_SUGGESTION", "0A000", "DEFAULT column values is not supported.", {},
                          SpanFrom(0));
    }
  }
  return MakeStatement(std::move(alter));
}

// [FIRST | AFTER a]
Status Parser::Placement(ColumnPlacement& place) {
  place.first = AcceptWord("FIRST");
  if (AcceptWord("AFTER")) {
    ASSIGN_OR_RETURN(place.after, Identifier());
  }
  return OkStatus();
}

// DROP COLUMN[S] [IF EXISTS] [(] a, b.c [)] | DROP CONSTRAINT [IF EXISTS] name | DROP FEATURE name [TRUNCATE HISTORY]
Result<Statement> Parser::AlterTableDrop(AlterTableStatement alter) {
  if (AcceptWord("CONSTRAINT")) {
    alter.action = Action::kDropConstraint;
    ASSIGN_OR_RETURN(alter.if_exists, IfExists());
    ASSIGN_OR_RETURN(alter.new_name, Identifier());
    return MakeStatement(std::move(alter));
  }
  if (AcceptWord("FEATURE")) {
    auto name = Peek().kind == TokenKind::kString ? String() : Identifier();
    if (!name.ok()) return std::move(name).error();
    bool truncates = AcceptWords({"TRUNCATE", "HISTORY"});
    SetFeatureDrop(alter, {*std::move(name), truncates});
    return MakeStatement(std::move(alter));
  }
  if (!AcceptWord("COLUMN") && !AcceptWord("COLUMNS")) {
    return NotImplemented("ALTER TABLE … DROP " + ToUpperAscii(Peek().text));
  }
  alter.action = Action::kDropColumns;
  ASSIGN_OR_RETURN(alter.if_exists, IfExists());
  bool parens = Accept("(");
  do {
    ASSIGN_OR_RETURN(NameParts name, MultipartName());
    alter.names.push_back(std::move(name));
  } while (Accept(","));
  if (parens) RETURN_IF_ERROR(Expect(")"));
  return MakeStatement(std::move(alter));
}

// [COLUMN] a {TYPE t | COMMENT '…' | {SET | DROP} NOT NULL | SET DEFAULT e | DROP DEFAULT | FIRST | AFTER b | SYNC IDENTITY}
Result<Statement> Parser::AlterColumn(AlterTableStatement alter) {
  if (!AtTerminator(1) && !Peek(1).IsSymbol(".")) AcceptWord("COLUMN");
  alter.action = Action::kAlterColumn;
  ASSIGN_OR_RETURN(NameParts name, MultipartName());
  ColumnDefinition column;
  column.field.name = name.back();
  alter.names = {std::move(name)};
  if (AcceptWord("TYPE")) {
    ASSIGN_OR_RETURN(column.field.type, Type());
    alter.set_type = true;
  } else if (AtWord("COMMENT")) {
    ASSIGN_OR_RETURN(std::optional<std::string> comment, OptionalComment());
    column.field.metadata = CommentMetadata(*comment);
    alter.set_comment = true;
  } else if (AcceptWords({"SET", "NOT", "NULL"})) {
    alter.set_nullable = false;
  } else if (AcceptWords({"DROP", "NOT", "NULL"})) {
    alter.set_nullable = true;
  } else if (AcceptWords({"SET", "DEFAULT"})) {
    alter.set_default = true;
    size_t begin = at_;
    ASSIGN_OR_RETURN(column.default_value, Expression());
    column.default_text = TextFrom(begin);
  } else if (AcceptWords({"DROP", "DEFAULT"})) {
    alter.set_default = true;
  } else if (AtAnyWord({"FIRST", "AFTER"})) {
    alter.placements.emplace_back();
    RETURN_IF_ERROR(Placement(alter.placements.back()));
  } else if (AcceptWords({"SYNC", "IDENTITY"})) {
    alter.sync_identity = true;
  } else if (AtWords({"DROP", "IDENTITY"}) || AtWords({"SET", "GENERATED"})) {
    Advance();
    return SyntaxError();
  } else if (AtAnyWord({"SET", "DROP", "SYNC"}) || Peek().IsIdentifier()) {
    return NotImplemented("ALTER COLUMN … " + ToUpperAscii(Peek().text) + " " + ToUpperAscii(Peek(1).text));
  } else {
    return SyntaxError();
  }
  alter.columns = {std::move(column)};
  return MakeStatement(std::move(alter));
}

}  // namespace ashlar::sql
