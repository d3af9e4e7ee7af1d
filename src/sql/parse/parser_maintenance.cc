// OPTIMIZE, REORG, VACUUM, RESTORE, CLONE, GENERATE, CONVERT.
#include <cstdlib>

#include "sql/parse/grammar.h"
#include "sql/parse/make_statement.h"
#include "sql/table_path.h"

namespace ashlar::sql {
namespace {

std::optional<double> HoursOf(const std::string& text) {
  char* end = nullptr;
  double hours = std::strtod(text.c_str(), &end);
  return end == text.c_str() + text.size() ? std::optional(hours) : std::nullopt;
}

}  // namespace

// A table, or the path of one in quotes.
Result<TableRelation> Parser::MaintainedTable() {
  if (Peek().kind != TokenKind::kString) return TableReference();
  TableRelation table;
  ASSIGN_OR_RETURN(std::string path, String());
  table.name = DeltaPathName(std::move(path));
  return table;
}

// OPTIMIZE t [FULL] [WHERE p] [ZORDER BY a, b | ZORDER BY (a, b)]
Result<Statement> Parser::Optimize() {
  Advance();
  OptimizeStatement optimize;
  ASSIGN_OR_RETURN(optimize.table, MaintainedTable());
  optimize.full = AcceptWord("FULL");
  if (AcceptWord("WHERE")) {
    size_t begin = at_;
    ASSIGN_OR_RETURN(optimize.condition, Expression());
    optimize.condition_text = TextFrom(begin);
  }
  if (!AcceptWord("ZORDER")) return MakeStatement(std::move(optimize));
  RETURN_IF_ERROR(ExpectWord("BY"));
  bool parenthesised = Accept("(");
  do {
    ASSIGN_OR_RETURN(NameParts column, MultipartName());
    optimize.zorder_by.push_back(std::move(column));
  } while (Accept(","));
  if (parenthesised) RETURN_IF_ERROR(Expect(")"));
  return MakeStatement(std::move(optimize));
}

// REORG TABLE t [WHERE p] APPLY (PURGE)
Result<Statement> Parser::Reorg() {
  Advance();
  RETURN_IF_ERROR(ExpectWord("TABLE"));
  OptimizeStatement reorg;
  reorg.purge = true;
  ASSIGN_OR_RETURN(reorg.table, TableReference());
  if (AcceptWord("WHERE")) {
    size_t begin = at_;
    ASSIGN_OR_RETURN(reorg.condition, Expression());
    reorg.condition_text = TextFrom(begin);
  }
  RETURN_IF_ERROR(ExpectWord("APPLY"));
  RETURN_IF_ERROR(Expect("("));
  if (AtWord("UPGRADE")) return NotImplemented("REORG TABLE … APPLY (UPGRADE UNIFORM …)");
  RETURN_IF_ERROR(ExpectWord("PURGE"));
  RETURN_IF_ERROR(Expect(")"));
  return MakeStatement(std::move(reorg));
}

// VACUUM t [LITE | FULL] [RETAIN n HOURS] [DRY RUN], in any order
Result<Statement> Parser::Vacuum() {
  Advance();
  VacuumStatement vacuum;
  ASSIGN_OR_RETURN(vacuum.table, MaintainedTable());
  while (!AtTerminator(0)) {
    if (AcceptWord("LITE")) {
      vacuum.lite = true;
    } else if (AcceptWord("FULL")) {
      vacuum.lite = false;
    } else if (AcceptWords({"DRY", "RUN"})) {
      vacuum.dry_run = true;
    } else if (AcceptWord("RETAIN")) {
      std::string sign = Accept("-") ? "-" : "";
      bool number = Peek().kind == TokenKind::kInteger || Peek().kind == TokenKind::kDecimal;
      std::optional<double> hours = number ? HoursOf(sign + std::string(Peek().text)) : std::nullopt;
      if (!hours) return SyntaxError();
      vacuum.retain_hours = hours;
      Advance();
      RETURN_IF_ERROR(ExpectWord("HOURS"));
    } else if (AtWords({"USING", "INVENTORY"})) {
      return NotImplemented("VACUUM … USING INVENTORY");
    } else {
      return SyntaxError();
    }
  }
  return MakeStatement(std::move(vacuum));
}

// {SHALLOW | DEEP} CLONE s [VERSION | TIMESTAMP AS OF v] [TBLPROPERTIES (…)] [LOCATION 'path'] of CREATE
// TABLE. Without a word it is DEEP.
Result<Statement> Parser::CloneTable(const CreateTableStatement& table) {
  if (table.identifier) return NotImplemented("IDENTIFIER() as the name of a new table");
  if (table.replace_only) return NotImplemented("REPLACE TABLE … CLONE without CREATE");
  CloneTableStatement clone;
  clone.name = table.name;
  clone.if_not_exists = table.if_not_exists;
  clone.or_replace = table.or_replace;
  clone.shallow = AcceptWord("SHALLOW");
  if (!clone.shallow) AcceptWord("DEEP");
  RETURN_IF_ERROR(ExpectWord("CLONE"));
  ASSIGN_OR_RETURN(clone.source, TableReference());
  RETURN_IF_ERROR(TemporalClause(clone.source));
  if (AcceptWord("TBLPROPERTIES")) {
    ASSIGN_OR_RETURN(clone.properties, PropertyList());
  }
  if (AcceptWord("LOCATION")) {
    ASSIGN_OR_RETURN(clone.location, String());
  }
  return MakeStatement(std::move(clone));
}

// CONVERT TO DELTA t [NO STATISTICS] [PARTITIONED BY (column type, …)]
Result<Statement> Parser::Convert() {
  Advance();
  RETURN_IF_ERROR(ExpectWords({"TO", "DELTA"}));
  ConvertStatement convert;
  ASSIGN_OR_RETURN(convert.table, TableReference());
  convert.statistics = !AcceptWords({"NO", "STATISTICS"});
  if (!AcceptWords({"PARTITIONED", "BY"})) return MakeStatement(std::move(convert));
  RETURN_IF_ERROR(Expect("("));
  do {
    ASSIGN_OR_RETURN(Field column, ColumnType());
    convert.partition_columns.push_back(std::move(column));
  } while (Accept(","));
  RETURN_IF_ERROR(Expect(")"));
  return MakeStatement(std::move(convert));
}

// GENERATE mode FOR TABLE t
Result<Statement> Parser::Generate() {
  Advance();
  GenerateStatement generate;
  ASSIGN_OR_RETURN(generate.mode, Identifier());
  RETURN_IF_ERROR(ExpectWords({"FOR", "TABLE"}));
  ASSIGN_OR_RETURN(generate.table, TableReference());
  return MakeStatement(std::move(generate));
}

// RESTORE [TABLE] t [TO] {VERSION | TIMESTAMP} AS OF v
Result<Statement> Parser::Restore() {
  Advance();
  if (AtWord("TABLE") && !Peek(1).IsSymbol(".")) Advance();
  RestoreStatement restore;
  ASSIGN_OR_RETURN(restore.table, TableReference());
  AcceptWord("TO");
  RETURN_IF_ERROR(TemporalClause(restore.table));
  if (!restore.table.version_as_of && !restore.table.timestamp_as_of) return SyntaxError();
  return MakeStatement(std::move(restore));
}

}  // namespace ashlar::sql
