// CREATE and DROP.
#include <array>

#include "base/text.h"
#include "sql/parse/grammar.h"
#include "sql/parse/make_statement.h"

namespace ashlar::sql {
namespace {

// Clauses of a view that exclude each other.
Status CheckView(const CreateViewStatement& view, SourceSpan span) {
  if (view.temporary && view.if_not_exists) {
    return MakeSqlError("_LEGACY_ERROR_TEMP_0053", "",
                        "It is not allowed to define a TEMPORARY view with IF NOT EXISTS.", {}, span);
  }
  if (view.temporary && !view.properties.empty()) {
    std::string message = "TBLPROPERTIES can't coexist with CREATE TEMPORARY VIEW";
    return MakeSqlError("_LEGACY_ERROR_TEMP_0035", "", "Operation not allowed: " + message + ".",
                        {{"message", message}}, span);
  }
  return OkStatus();
}

}  // namespace

// A name of a catalog object; IDENTIFIER('a.b') with a string is read at once.
Result<NameParts> Parser::CatalogName(Securable) {
  ASSIGN_OR_RETURN(TableRelation reference, TableReference());
  return PlainName(reference);
}

Result<NameParts> Parser::PlainName(const TableRelation& table) const {
  if (!table.identifier) return table.name;
  const auto* literal = std::get_if<LiteralExpr>(&table.identifier->node);
  const std::string* text = literal == nullptr ? nullptr : std::get_if<std::string>(&literal->value.data);
  if (text == nullptr) return NotImplemented("IDENTIFIER(…) with an expression in this statement");
  return ParseMultipartIdentifier(*text);
}

Result<Statement> Parser::Create() {
  bool replace_only = AtWord("REPLACE");
  Advance();
  bool or_replace = !replace_only && AcceptWords({"OR", "REPLACE"});
  if (AcceptWord("TABLE") || AcceptWords({"EXTERNAL", "TABLE"})) return CreateTable(or_replace, replace_only);
  if (replace_only) return SyntaxError();
  bool view = AtWord("VIEW") || AtWords({"TEMPORARY", "VIEW"}) || AtWords({"TEMP", "VIEW"}) || AtWord("GLOBAL");
  if (view) return CreateView(or_replace);
  if (AcceptWord("CATALOG")) return CreateObject(Securable::kCatalog, or_replace);
  if (AtAnyWord({"SCHEMA", "DATABASE", "NAMESPACE"})) {
    Advance();
    return CreateObject(Securable::kSchema, or_replace);
  }
  if (AcceptWord("VOLUME") || AcceptWords({"EXTERNAL", "VOLUME"})) return CreateObject(Securable::kVolume, or_replace);
  if (AcceptWords({"EXTERNAL", "LOCATION"})) return CreateObject(Securable::kExternalLocation, or_replace);
  if (Peek().kind != TokenKind::kWord) return SyntaxError();
  std::string what = "CREATE " + ToUpperAscii(Peek().text);
  for (std::string_view word : {"FUNCTION", "MATERIALIZED", "STREAMING", "SHARE", "RECIPIENT", "CONNECTION",
                                "STORAGE", "PROCEDURE", "POLICY", "FOREIGN", "FLOW", "GROUP", "BLOOMFILTER",
                                "INDEX", "SERVICE", "PRIVATE", "TEMPORARY", "TEMP", "VARIABLE"}) {
    if (AtWord(word)) return MakeStatement(UnsupportedStatement{what});
  }
  return SyntaxError();
}

// Catalog, schema, volume or external location, with its clauses in any order.
Result<Statement> Parser::CreateObject(Securable securable, bool or_replace) {
  if (or_replace) return SyntaxError();
  bool external_volume = securable == Securable::kVolume && tokens_[at_ - 2].IsWord("EXTERNAL");
  CatalogCommand command;
  command.action = CatalogAction::kCreate;
  command.securable = securable;
  ASSIGN_OR_RETURN(command.if_exists, IfNotExists());
  ASSIGN_OR_RETURN(command.name, CatalogName(securable));
  while (!AtTerminator(0)) {
    if (AtWord("COMMENT")) {
      ASSIGN_OR_RETURN(command.comment, OptionalComment());
    } else if (AcceptWords({"MANAGED", "LOCATION"}) || AcceptWord("LOCATION") || AcceptWord("URL")) {
      ASSIGN_OR_RETURN(command.location, String());
    } else if (AcceptWords({"WITH", "DBPROPERTIES"}) || AcceptWords({"WITH", "PROPERTIES"})) {
      ASSIGN_OR_RETURN(command.properties, PropertyList());
    } else if (securable == Securable::kExternalLocation && AcceptWord("WITH")) {
      RETURN_IF_ERROR(Expect("("));
      AcceptWord("STORAGE");
      RETURN_IF_ERROR(ExpectWord("CREDENTIAL"));
      ASSIGN_OR_RETURN(std::string credential, Identifier());
      command.properties["credential"] = std::move(credential);
      RETURN_IF_ERROR(Expect(")"));
    } else if (AtWord("USING") || AtWord("OPTIONS") || AtWord("DEFAULT")) {
      return NotImplemented("CREATE … " + ToUpperAscii(Peek().text));
    } else {
      return SyntaxError();
    }
  }
  bool needs_location = external_volume || securable == Securable::kExternalLocation;
  if (needs_location && command.location.empty()) return SyntaxError();
  return MakeStatement(CatalogStatement{std::move(command)});
}

Result<Statement> Parser::CreateTable(bool or_replace, bool replace_only) {
  CreateTableStatement table;
  table.or_replace = or_replace;
  table.replace_only = replace_only;
  ASSIGN_OR_RETURN(table.if_not_exists, IfNotExists());
  ASSIGN_OR_RETURN(TableRelation reference, TableReference());
  table.name = std::move(reference.name);
  table.identifier = std::move(reference.identifier);
  if (AtWord("SHALLOW") || AtWord("DEEP") || AtWord("CLONE")) return CloneTable(table);
  if (AcceptWord("LIKE")) {
    ASSIGN_OR_RETURN(table.like, MultipartName());
  } else if (At("(") && !AtQueryInParens()) {
    RETURN_IF_ERROR(TableElements(table));
  }
  RETURN_IF_ERROR(CreateTableClauses(table));
  if (AcceptWord("AS") || AtQuery()) {
    ASSIGN_OR_RETURN(table.query, Query());
  }
  return MakeStatement(std::move(table));
}

Status Parser::CreateTableClauses(CreateTableStatement& table) {
  for (bool matched = true; matched;) RETURN_IF_ERROR(CreateTableClause(table, matched));
  // The property is the comment, unless COMMENT gives one.
  auto comment = table.properties.extract("comment");
  if (!comment.empty() && !table.comment) table.comment = std::move(comment.mapped());
  return OkStatus();
}

Status Parser::CreateTableClause(CreateTableStatement& table, bool& matched) {
  matched = true;
  if (AcceptWord("USING")) {
    ASSIGN_OR_RETURN(NameParts format, MultipartName());
    table.format = ToUpperAscii(Join(format, "."));
  } else if (AtWords({"PARTITIONED", "BY"})) {
    RETURN_IF_ERROR(PartitionedBy(table));
  } else if (AtWords({"CLUSTER", "BY"})) {
    ASSIGN_OR_RETURN(table.cluster_by, ClusterBy());
  } else if (AcceptWord("LOCATION")) {
    ASSIGN_OR_RETURN(table.location, String());
  } else if (AtWord("COMMENT")) {
    ASSIGN_OR_RETURN(table.comment, OptionalComment());
  } else if (AcceptWord("TBLPROPERTIES")) {
    ASSIGN_OR_RETURN(table.properties, PropertyList());
    RETURN_IF_ERROR(CheckSettable(table.properties));
  } else if (AcceptWord("OPTIONS")) {
    ASSIGN_OR_RETURN(table.options, PropertyList());
  } else if (AtWords({"CLUSTERED", "BY"}) || AtWords({"ROW", "FORMAT"}) || AtWords({"STORED", "AS"}) ||
             AtWords({"STORED", "BY"}) || AtWords({"DEFAULT", "COLLATION"}) || AtWords({"WITH", "ROW"})) {
    return NotImplemented("CREATE TABLE … " + ToUpperAscii(Peek().text) + " " + ToUpperAscii(Peek(1).text));
  } else {
    matched = false;
  }
  return OkStatus();
}

// "(a INT NOT NULL, b STRING COMMENT 'x', CONSTRAINT c CHECK (a > 0))"
Status Parser::TableElements(CreateTableStatement& table) {
  RETURN_IF_ERROR(Expect("("));
  if (Accept(")")) return OkStatus();
  do {
    bool constraint = (AtWord("CONSTRAINT") && Peek(1).IsIdentifier() && !AtTerminator(2)) ||
                      AtWords({"PRIMARY", "KEY"}) || AtWords({"FOREIGN", "KEY"}) ||
                      (AtWord("CHECK") && Peek(1).IsSymbol("("));
    if (constraint) {
      RETURN_IF_ERROR(TableConstraint(table));
      continue;
    }
    ASSIGN_OR_RETURN(ColumnDefinition column, ColumnDefinitionItem());
    table.columns.push_back(std::move(column));
  } while (Accept(","));
  return Expect(")");
}

// CONSTRAINT name CHECK (expression)
Status Parser::TableConstraint(CreateTableStatement& table) {
  std::string name;
  if (AcceptWord("CONSTRAINT")) {
    ASSIGN_OR_RETURN(name, Identifier());
  }
  if (!AtWord("CHECK")) return NotImplemented(ToUpperAscii(Peek().text) + " KEY constraints");
  if (name.empty()) return NotImplemented("CHECK constraints without a name");
  Advance();
  RETURN_IF_ERROR(Expect("("));
  size_t begin = at_;
  ASSIGN_OR_RETURN([[maybe_unused]] ExprPtr check, Expression());
  table.check_constraints[name] = TextFrom(begin);
  return Expect(")");
}

// name type {NOT NULL | DEFAULT e | COMMENT '…' | GENERATED ALWAYS AS (e)}
Result<ColumnDefinition> Parser::ColumnDefinitionItem(Generated generated) {
  ColumnDefinition column;
  const size_t begin = at_;
  ASSIGN_OR_RETURN(column.field.name, Identifier());
  ASSIGN_OR_RETURN(column.field.type, Type());
  for (bool matched = true; matched;) {
    if (generated == Generated::kSyntaxError && AtWord("GENERATED")) return SyntaxError();
    Status option = ColumnOption(column, matched);
    if (option.ok()) continue;
    Error error = option.error();
    if (error.condition.starts_with("IDENTITY_COLUMNS_")) error.span = SpanFrom(begin);
    return error;
  }
  if (column.identity && column.identity->step == 0) {
    return MakeSqlError("IDENTITY_COLUMNS_ILLEGAL_STEP", "42611", "IDENTITY column step cannot be 0.", {}, SpanFrom(begin));
  }
  return column;
}

Status Parser::ColumnOption(ColumnDefinition& column, bool& matched) {
  matched = true;
  if (AcceptWords({"NOT", "NULL"})) {
    column.field.nullable = false;
  } else if (AtWord("COMMENT")) {
    ASSIGN_OR_RETURN(std::optional<std::string> comment, OptionalComment());
    column.field.metadata = CommentMetadata(*comment);
  } else if (AcceptWord("DEFAULT")) {
    size_t begin = at_;
    ASSIGN_OR_RETURN(column.default_value, Expression());
    column.default_text = TextFrom(begin);
  } else if (AcceptWord("GENERATED")) {
    bool by_default = AcceptWords({"BY", "DEFAULT", "AS"});
    if (!by_default) RETURN_IF_ERROR(ExpectWords({"ALWAYS", "AS"}));
    if (by_default || AtWord("IDENTITY")) {
      RETURN_IF_ERROR(ExpectWord("IDENTITY"));
      ASSIGN_OR_RETURN(column.identity, Identity());
      column.identity->explicit_insert = by_default;
      return OkStatus();
    }
    RETURN_IF_ERROR(Expect("("));
    size_t begin = at_;
    ASSIGN_OR_RETURN(column.generated_as, Expression());
    column.generated_text = TextFrom(begin);
    return Expect(")");
  } else if (AtAnyWord({"CONSTRAINT", "PRIMARY", "REFERENCES", "MASK", "UNIQUE", "CHECK", "FOREIGN"})) {
    return NotImplemented(ToUpperAscii(Peek().text) + " of a column");
  } else {
    matched = false;
  }
  return OkStatus();
}

// [([START WITH n] [INCREMENT [BY] n])]
Result<IdentityRule> Parser::Identity() {
  IdentityRule rule;
  if (!Accept("(")) return rule;
  int starts = 0, steps = 0;
  while (!Accept(")")) {
    bool start = AcceptWord("START");
    ++(start ? starts : steps);
    if (start) {
      AcceptWord("WITH");
    } else {
      RETURN_IF_ERROR(ExpectWord("INCREMENT"));
      AcceptWord("BY");
    }
    std::string text = Accept("-") ? "-" : "";
    std::optional<int64_t> number;
    if (Peek().kind == TokenKind::kInteger) number = ParseInt64(text + std::string(Peek().text));
    if (!number) return SyntaxError();
    Advance();
    (start ? rule.start : rule.step) = *number;
    Accept(",");
  }
  if (starts <= 1 && steps <= 1) return rule;
  const char* option = starts > 1 ? "START" : "STEP";
  return MakeSqlError("IDENTITY_COLUMNS_DUPLICATED_SEQUENCE_GENERATOR_OPTION", "42601",
                      std::string("Duplicated IDENTITY column sequence generator option: ") + option + ".",
                      {{"sequenceGeneratorOption", option}});
}

// PARTITIONED BY (a, b INT)
Status Parser::PartitionedBy(CreateTableStatement& table) {
  Advance();
  Advance();
  RETURN_IF_ERROR(Expect("("));
  do {
    if (Peek(1).IsSymbol("(")) return NotImplemented("PARTITIONED BY " + std::string(Peek().text) + "(…)");
    if (AtTerminator(1)) {
      Field field;
      ASSIGN_OR_RETURN(field.name, Identifier());
      table.partition_columns.push_back(std::move(field));
    } else {
      ASSIGN_OR_RETURN(Field field, ColumnType());
      table.partition_columns.push_back(std::move(field));
    }
  } while (Accept(","));
  return Expect(")");
}

// CLUSTER BY (a, b.c) | NONE
Result<std::vector<NameParts>> Parser::ClusterBy() {
  Advance();
  Advance();
  std::vector<NameParts> columns;
  if (AcceptWord("NONE")) return columns;
  if (AtWord("AUTO")) return NotImplemented("CLUSTER BY AUTO");
  RETURN_IF_ERROR(Expect("("));
  do {
    ASSIGN_OR_RETURN(NameParts column, MultipartName());
    columns.push_back(std::move(column));
  } while (Accept(","));
  RETURN_IF_ERROR(Expect(")"));
  return columns;
}

Status Parser::CheckSettable(const std::map<std::string, std::string>& properties) const {
  static constexpr std::pair<const char*, const char*> kReserved[] = {
      {"provider", "please use the USING clause to specify it"},
      {"location", "please use the LOCATION clause to specify it"},
      {"owner", "it will be set to the current user"},
      {"external", "please use CREATE EXTERNAL TABLE"}};
  for (const auto& [key, hint] : kReserved) {
    if (!properties.contains(key)) continue;
    return MakeSqlError("UNSUPPORTED_FEATURE.SET_TABLE_PROPERTY", "0A000",
                        std::string("The feature is not supported: ") + key + " is a reserved table property, " + hint + ".",
                        {{"property", key}, {"msg", hint}}, SpanFrom(0));
  }
  return OkStatus();
}

// [GLOBAL] [TEMPORARY] VIEW [IF NOT EXISTS] v [(columns)] {COMMENT | TBLPROPERTIES} AS query
Result<Statement> Parser::CreateView(bool or_replace) {
  size_t begin = or_replace ? at_ - 3 : at_ - 1;
  CreateViewStatement view;
  view.or_replace = or_replace;
  view.global_temporary = AcceptWord("GLOBAL");
  view.temporary = AcceptWord("TEMPORARY") || AcceptWord("TEMP");
  RETURN_IF_ERROR(ExpectWord("VIEW"));
  ASSIGN_OR_RETURN(view.if_not_exists, IfNotExists());
  ASSIGN_OR_RETURN(view.name, CatalogName(Securable::kView));
  if (At("(")) {
    ASSIGN_OR_RETURN(view.columns, ViewColumns());
  }
  while (!AtWord("AS")) {
    if (AtWord("COMMENT")) {
      ASSIGN_OR_RETURN(view.comment, OptionalComment());
    } else if (AcceptWord("TBLPROPERTIES")) {
      ASSIGN_OR_RETURN(view.properties, PropertyList());
    } else if (AtAnyWord({"USING", "PARTITIONED", "WITH", "DEFAULT", "LANGUAGE"})) {
      return NotImplemented("CREATE VIEW … " + ToUpperAscii(Peek().text));
    } else {
      return SyntaxError();
    }
  }
  Advance();
  size_t query = at_;
  ASSIGN_OR_RETURN(view.query, Query());
  view.text = TextFrom(query);
  RETURN_IF_ERROR(CheckView(view, SpanFrom(begin)));
  return MakeStatement(std::move(view));
}

// "(a COMMENT 'x', b)"
Result<std::vector<Field>> Parser::ViewColumns() {
  std::vector<Field> columns;
  RETURN_IF_ERROR(Expect("("));
  do {
    Field field;
    ASSIGN_OR_RETURN(field.name, Identifier());
    ASSIGN_OR_RETURN(std::optional<std::string> comment, OptionalComment());
    if (comment) field.metadata = CommentMetadata(*comment);
    columns.push_back(std::move(field));
  } while (Accept(","));
  RETURN_IF_ERROR(Expect(")"));
  return columns;
}

// DROP securable [IF EXISTS] name [CASCADE | RESTRICT]
Result<Statement> Parser::Drop() {
  Advance();
  CatalogCommand command;
  command.action = CatalogAction::kDrop;
  for (std::string_view word : {"TEMPORARY", "FUNCTION", "SHARE", "RECIPIENT", "CONNECTION", "STORAGE",
                                "PROCEDURE", "MATERIALIZED", "POLICY", "GROUP", "BLOOMFILTER", "INDEX"}) {
    if (AtWord(word)) return MakeStatement(UnsupportedStatement{"DROP " + std::string(word)});
  }
  if (!AcceptSecurable(command.securable)) return SyntaxError();
  bool droppable = command.securable != Securable::kMetastore && command.securable != Securable::kAnyFile;
  if (!droppable) return SyntaxError();
  ASSIGN_OR_RETURN(command.if_exists, IfExists());
  ASSIGN_OR_RETURN(command.name, CatalogName(command.securable));
  if (command.securable == Securable::kTable) {
    AcceptWord("PURGE");
  } else {
    command.cascade = AcceptWord("CASCADE") || (command.securable == Securable::kExternalLocation && AcceptWord("FORCE"));
    if (!command.cascade) AcceptWord("RESTRICT");
  }
  return MakeStatement(CatalogStatement{std::move(command)});
}

}  // namespace ashlar::sql
