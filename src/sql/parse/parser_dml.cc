// INSERT, UPDATE, DELETE, MERGE, COPY INTO.
#include <algorithm>

#include "base/text.h"
#include "sql/parse/grammar.h"
#include "sql/parse/keywords.h"
#include "sql/parse/make_statement.h"

namespace ashlar::sql {
namespace {

// Every INSERT of a MERGE has as many values as columns.
Status CheckMergeInserts(const MergeStatement& merge) {
  for (const MergeClause& clause : merge.clauses) {
    if (clause.action != MergeClause::Action::kInsert) continue;
    auto columns = std::ranges::count_if(clause.assignments, [](const Assignment& a) { return !a.column.empty(); });
    auto values = std::ranges::count_if(clause.assignments, [](const Assignment& a) { return a.value != nullptr; });
    if (columns == values) continue;
    return MakeSqlError("MERGE_INSERT_VALUE_COUNT_MISMATCH", "21S01",
                        "MERGE INSERT clause has mismatched column and value counts: expected " +
                            std::to_string(columns) + " value(s) for the specified column list, but found " +
                            std::to_string(values) + ".",
                        {{"expectedCount", std::to_string(columns)}, {"actualCount", std::to_string(values)}}, merge.span);
  }
  return OkStatus();
}

// A clause without a condition takes every row: those after it of its kind would be dead.
Status CheckMergeConditions(const MergeStatement& merge) {
  struct Kind {
    MergeClause::Match match;
    const char* condition;
    const char* name;
  };
  static constexpr Kind kKinds[] = {
      {MergeClause::Match::kMatched, "NON_LAST_MATCHED_CLAUSE_OMIT_CONDITION", "MATCHED"},
      {MergeClause::Match::kNotMatched, "NON_LAST_NOT_MATCHED_BY_TARGET_CLAUSE_OMIT_CONDITION", "NOT MATCHED [BY TARGET]"},
      {MergeClause::Match::kNotMatchedBySource, "NON_LAST_NOT_MATCHED_BY_SOURCE_CLAUSE_OMIT_CONDITION", "NOT MATCHED BY SOURCE"},
  };
  for (const Kind& kind : kKinds) {
    bool takes_every_row = false;
    for (const MergeClause& clause : merge.clauses) {
      if (clause.match != kind.match) continue;
      if (takes_every_row) {
        std::string name = kind.name;
        return MakeSqlError(kind.condition, "42613",
                            "When there are more than one " + name + " clauses in a MERGE statement, only the last " + name +
                                " clause can omit the condition.",
                            {}, merge.span);
      }
      takes_every_row = clause.condition == nullptr;
    }
  }
  return OkStatus();
}

}  // namespace

// INSERT {INTO | OVERWRITE} [TABLE] t [PARTITION (…)] [BY NAME | (columns)] query
// INSERT INTO t REPLACE WHERE condition query
Result<Statement> Parser::Insert(std::vector<CteDefinition> ctes, bool recursive) {
  size_t begin = at_;
  Advance();
  InsertStatement insert;
  if (AcceptWord("OVERWRITE")) {
    insert.mode = InsertMode::kOverwrite;
    if (AtWord("DIRECTORY") || AtWords({"LOCAL", "DIRECTORY"})) {
      return MakeStatement(UnsupportedStatement{"INSERT OVERWRITE DIRECTORY"});
    }
    AcceptWord("INTO");
  } else {
    RETURN_IF_ERROR(ExpectWord("INTO"));
  }
  if (!Peek(1).IsSymbol(".")) AcceptWord("TABLE");
  RETURN_IF_ERROR(InsertTarget(insert));
  if (AtWord("REPLACE") && (Peek(1).IsWord("USING") || Peek(1).IsWord("ON"))) {
    return NotImplemented("INSERT … REPLACE " + ToUpperAscii(Peek(1).text));
  }
  if (AcceptWords({"REPLACE", "WHERE"})) {
    insert.mode = InsertMode::kReplaceWhere;
    ASSIGN_OR_RETURN(insert.replace_where, Expression());
  }
  insert.span = SpanFrom(begin);
  if (ctes.empty()) {
    ASSIGN_OR_RETURN(insert.query, Query());
  } else {
    ASSIGN_OR_RETURN(insert.query, QueryWithCtes(ctes, recursive, at_));
  }
  Statement statement = MakeStatement(std::move(insert));
  statement.span = SpanFrom(begin);
  return statement;
}

// The table and what is said about its columns.
Status Parser::InsertTarget(InsertStatement& insert) {
  ASSIGN_OR_RETURN(insert.table, TableReference());
  insert.table_span = table_span_;
  if (AtWord("WITH") && Peek(1).IsSymbol("(")) {
    Advance();
    ASSIGN_OR_RETURN(insert.options, PropertyList());
  }
  if (AtWord("PARTITION")) RETURN_IF_ERROR(PartitionSpec(insert));
  if (AtWords({"IF", "NOT", "EXISTS"})) return NotImplemented("INSERT … IF NOT EXISTS");
  if (AcceptWords({"BY", "NAME"})) {
    insert.by_name = true;
  } else if (At("(") && !AtQueryInParens()) {
    ASSIGN_OR_RETURN(insert.columns, IdentifierList());
  }
  return OkStatus();
}

// PARTITION (a = 1, b)
Status Parser::PartitionSpec(InsertStatement& insert) {
  Advance();
  RETURN_IF_ERROR(Expect("("));
  do {
    ASSIGN_OR_RETURN(std::string name, Identifier());
    ExprPtr value;
    if (Accept("=")) {
      ASSIGN_OR_RETURN(value, ValueExpression());
    }
    insert.partition.emplace_back(std::move(name), std::move(value));
  } while (Accept(","));
  return Expect(")");
}

// [[AS] alias] of the table an UPDATE, DELETE or MERGE changes.
Result<std::string> Parser::TargetAlias() {
  if (!AcceptWord("AS") && !AtTableAlias()) return std::string();
  return Identifier();
}

// a.b = e, …
Result<std::vector<Assignment>> Parser::Assignments() {
  std::vector<Assignment> assignments;
  do {
    Assignment assignment;
    size_t begin = at_;
    ASSIGN_OR_RETURN(assignment.column, MultipartName());
    if (!Accept("==")) RETURN_IF_ERROR(Expect("="));
    ASSIGN_OR_RETURN(assignment.value, Expression());
    assignment.span = SpanFrom(begin);
    assignments.push_back(std::move(assignment));
  } while (Accept(","));
  return assignments;
}

Result<Statement> Parser::Update() {
  size_t begin = at_;
  Advance();
  UpdateStatement update;
  ASSIGN_OR_RETURN(update.table, TableReference());
  update.table_span = table_span_;
  ASSIGN_OR_RETURN(update.alias, TargetAlias());
  RETURN_IF_ERROR(ExpectWord("SET"));
  ASSIGN_OR_RETURN(update.assignments, Assignments());
  if (AcceptWord("WHERE")) {
    ASSIGN_OR_RETURN(update.condition, Expression());
  }
  update.span = SpanFrom(begin);
  return MakeStatement(std::move(update));
}

Result<Statement> Parser::Delete() {
  size_t begin = at_;
  Advance();
  if (Peek().IsIdentifier() && !AtWord("FROM")) return Missing("FROM");
  RETURN_IF_ERROR(ExpectWord("FROM"));
  DeleteStatement statement;
  ASSIGN_OR_RETURN(statement.table, TableReference());
  statement.table_span = table_span_;
  ASSIGN_OR_RETURN(statement.alias, TargetAlias());
  if (AcceptWord("WHERE")) {
    ASSIGN_OR_RETURN(statement.condition, Expression());
  }
  statement.span = SpanFrom(begin);
  return MakeStatement(std::move(statement));
}

// MERGE [WITH SCHEMA EVOLUTION] INTO t USING s ON c WHEN …
Result<Statement> Parser::Merge() {
  size_t begin = at_;
  Advance();
  MergeStatement merge;
  merge.with_schema_evolution = AcceptWords({"WITH", "SCHEMA", "EVOLUTION"});
  RETURN_IF_ERROR(ExpectWord("INTO"));
  ASSIGN_OR_RETURN(merge.target, TableReference());
  merge.target_span = table_span_;
  ASSIGN_OR_RETURN(merge.target_alias, TargetAlias());
  RETURN_IF_ERROR(ExpectWord("USING"));
  ASSIGN_OR_RETURN(merge.source, RelationPrimary());
  // Spark's parser takes the word for the source's alias.
  if (AcceptWord("WHEN")) return Missing("ON");
  RETURN_IF_ERROR(ExpectWord("ON"));
  ASSIGN_OR_RETURN(merge.condition, Expression());
  while (AtWord("WHEN")) {
    ASSIGN_OR_RETURN(MergeClause clause, MergeWhen());
    merge.clauses.push_back(std::move(clause));
  }
  merge.span = SpanFrom(begin);
  RETURN_IF_ERROR(CheckMergeInserts(merge));
  if (merge.clauses.empty()) {
    if (Peek().kind != TokenKind::kEnd && !At(";")) return SyntaxError();
    return MakeSqlError("MERGE_WITHOUT_WHEN", "42601",
                        "There must be at least one WHEN clause in a MERGE statement.", {}, merge.span);
  }
  RETURN_IF_ERROR(CheckMergeConditions(merge));
  return MakeStatement(std::move(merge));
}

// WHEN [NOT] MATCHED [BY SOURCE | BY TARGET] [AND c] THEN action
Result<MergeClause> Parser::MergeWhen() {
  Advance();
  MergeClause clause;
  if (AcceptWord("NOT")) clause.match = MergeClause::Match::kNotMatched;
  RETURN_IF_ERROR(ExpectWord("MATCHED"));
  if (clause.match == MergeClause::Match::kNotMatched) {
    if (AcceptWords({"BY", "SOURCE"})) clause.match = MergeClause::Match::kNotMatchedBySource;
    AcceptWords({"BY", "TARGET"});
  }
  if (AcceptWord("AND")) {
    ASSIGN_OR_RETURN(clause.condition, Expression());
  }
  RETURN_IF_ERROR(ExpectWord("THEN"));
  RETURN_IF_ERROR(MergeAction(clause));
  return clause;
}

Status Parser::MergeAction(MergeClause& clause) {
  bool inserts = clause.match == MergeClause::Match::kNotMatched;
  if (!inserts && AcceptWord("DELETE")) {
    clause.action = MergeClause::Action::kDelete;
    return OkStatus();
  }
  if (!inserts) {
    RETURN_IF_ERROR(ExpectWords({"UPDATE", "SET"}));
    if (clause.match == MergeClause::Match::kMatched && Accept("*")) {
      clause.action = MergeClause::Action::kUpdateStar;
      return OkStatus();
    }
    clause.action = MergeClause::Action::kUpdate;
    ASSIGN_OR_RETURN(clause.assignments, Assignments());
    return OkStatus();
  }
  RETURN_IF_ERROR(ExpectWord("INSERT"));
  if (Accept("*")) {
    clause.action = MergeClause::Action::kInsertStar;
    return OkStatus();
  }
  clause.action = MergeClause::Action::kInsert;
  if (!Accept("(")) return SyntaxError();
  do {
    Assignment assignment;
    size_t begin = at_;
    ASSIGN_OR_RETURN(assignment.column, MultipartName());
    assignment.span = SpanFrom(begin);
    clause.assignments.push_back(std::move(assignment));
  } while (Accept(","));
  RETURN_IF_ERROR(Expect(")"));
  RETURN_IF_ERROR(ExpectWord("VALUES"));
  RETURN_IF_ERROR(Expect("("));
  ASSIGN_OR_RETURN(std::vector<ExprPtr> values, ExpressionList());
  RETURN_IF_ERROR(Expect(")"));
  // More values than columns stay behind with no column: see CheckMergeInserts.
  if (values.size() > clause.assignments.size()) clause.assignments.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) clause.assignments[i].value = std::move(values[i]);
  return OkStatus();
}

// COPY INTO t FROM source FILEFORMAT = f [VALIDATE …] [FILES = (…)] [PATTERN = …]
// [FORMAT_OPTIONS (…)] [COPY_OPTIONS (…)]
Result<Statement> Parser::CopyInto() {
  Advance();
  RETURN_IF_ERROR(ExpectWord("INTO"));
  CopyIntoStatement copy;
  ASSIGN_OR_RETURN(copy.table, TableReference());
  if (AtWords({"BY", "POSITION"}) || At("(")) return NotImplemented("COPY INTO … BY POSITION or with a column list");
  RETURN_IF_ERROR(ExpectWord("FROM"));
  RETURN_IF_ERROR(CopySource(copy));
  RETURN_IF_ERROR(ExpectWord("FILEFORMAT"));
  RETURN_IF_ERROR(Expect("="));
  ASSIGN_OR_RETURN(std::string format, Identifier());
  copy.format = ToUpperAscii(format);
  for (bool matched = true; matched;) RETURN_IF_ERROR(CopyClause(copy, matched));
  return MakeStatement(std::move(copy));
}

// 'path' or (SELECT … FROM 'path')
Status Parser::CopySource(CopyIntoStatement& copy) {
  bool select = At("(");
  if (select) {
    Advance();
    RETURN_IF_ERROR(ExpectWord("SELECT"));
    ASSIGN_OR_RETURN(copy.select, NamedExpressionList());
    RETURN_IF_ERROR(ExpectWord("FROM"));
  }
  if (Peek().kind == TokenKind::kQuoted) {
    copy.path = IdentifierText(Advance());
  } else {
    ASSIGN_OR_RETURN(copy.path, String());
  }
  if (AtWord("WITH")) return NotImplemented("COPY INTO … WITH (CREDENTIAL …)");
  if (select && AtTableAlias() && !AtWord("WHERE")) return NotImplemented("an alias of COPY INTO's source");
  if (select && AtWord("WHERE")) return NotImplemented("COPY INTO … WHERE");
  if (select) RETURN_IF_ERROR(Expect(")"));
  return OkStatus();
}

Status Parser::CopyClause(CopyIntoStatement& copy, bool& matched) {
  matched = true;
  if (AcceptWord("VALIDATE")) {
    copy.validate_rows = -1;
    if (Peek().kind == TokenKind::kInteger) {
      std::optional<int64_t> rows = ParseInt64(Advance().text);
      if (!rows) return SyntaxError();
      copy.validate_rows = rows;
      return ExpectWord("ROWS");
    }
    AcceptWord("ALL");
    return OkStatus();
  }
  if (AcceptWord("FILES")) {
    RETURN_IF_ERROR(Expect("="));
    RETURN_IF_ERROR(Expect("("));
    do {
      ASSIGN_OR_RETURN(std::string file, String());
      copy.files.push_back(std::move(file));
    } while (Accept(","));
    return Expect(")");
  }
  if (AcceptWord("PATTERN")) {
    RETURN_IF_ERROR(Expect("="));
    ASSIGN_OR_RETURN(copy.pattern, String());
    return OkStatus();
  }
  bool format = AtWord("FORMAT_OPTIONS");
  matched = format || AtWord("COPY_OPTIONS");
  if (!matched) return OkStatus();
  Advance();
  auto& options = format ? copy.format_options : copy.copy_options;
  ASSIGN_OR_RETURN(options, PropertyList());
  return OkStatus();
}

}  // namespace ashlar::sql
