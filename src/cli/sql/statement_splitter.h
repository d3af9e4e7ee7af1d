// Splitting text into SQL statements at ';' outside of strings, quoted identifiers and comments, by the
// lexical rules of Spark: '…' and "…" with backslash escapes, r'…' without, `…`, -- and nested /* */,
// and the $$…$$ bodies of functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ashlar::cli {

struct StatementText {
  std::string text;   // without the ';' and without space around
  size_t offset = 0;  // of its first byte in the whole text
  bool operator==(const StatementText&) const = default;
};

struct SplitResult {
  std::vector<StatementText> statements;  // those a ';' ended; none is blank
  StatementText rest;                     // after the last ';'; empty when only space and comments are left
  char open = 0;                          // what the text ends inside of: ' " ` * (comment) $; 0: none
};

SplitResult SplitStatements(std::string_view text);

// The words and quoted names of a statement without comments, at most `limit`: enough to tell what kind
// of statement it is. Quoted names come without their backticks; symbols come as one character each.
std::vector<std::string> LeadingTokens(std::string_view statement, size_t limit);

}  // namespace ashlar::cli
