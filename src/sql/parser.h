// The SQL front end's entry: text to Statement. Errors: PARSE_SYNTAX_ERROR (42601) and Spark's other
// parse conditions, with the span of the offending token. Offsets are bytes into `text`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/statement.h"

namespace ashlar::sql {

struct ParserOptions {
  bool ansi = true;
  // spark.sql.ansi.doubleQuotedIdentifiers
  bool double_quoted_identifiers = false;
  // Of TIMESTAMP literals that name no zone.
  std::string time_zone = "UTC";
};

// Exactly one statement; a trailing semicolon is allowed.
Result<Statement> ParseStatement(std::string_view text, const ParserOptions& options = {});
// A single expression (expr("…"), CHECK constraints, replaceWhere).
Result<ExprPtr> ParseExpression(std::string_view text, const ParserOptions& options = {});
// "a.b.`c d`" as in spark.table(…).
Result<NameParts> ParseMultipartIdentifier(std::string_view text);
// A column list as in createDataFrame(schema="a INT, b STRING"), or a single type.
Result<DataType> ParseTypeOrSchema(std::string_view text);
// Splits a script at semicolons outside strings, comments and quoted names; empty pieces are left out.
std::vector<std::string_view> SplitStatements(std::string_view text);

}  // namespace ashlar::sql
