// Lexer: SQL text to tokens with exact byte offsets. Comments and hints vanish. Nothing is rejected
// here but an unclosed comment: a character no token begins with becomes kUnrecognized, and the parser
// reports it where it stands, as Spark does. Follows the lexical rules of Spark's SQL reference.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/parser.h"

namespace ashlar::sql {

enum class TokenKind : uint8_t {
  kEnd,
  kWord,    // keyword or plain identifier; also 1_000 and 2nd
  kQuoted,  // `name`, or "name" with double_quoted_identifiers
  kString,  // '…', "…", r'…'
  kInteger,
  kDecimal,   // 1.5
  kExponent,  // 1e3
  kTinyInt,   // 1Y
  kSmallInt,  // 1S
  kBigInt,    // 1L
  kFloat,     // 1F
  kDouble,    // 1D
  kBigDecimal,  // 1.5BD
  kSymbol,
  kUnrecognized,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  // Of a "(": what it encloses is a query, not an expression or relation.
  bool opens_query = false;
  uint32_t begin = 0;
  uint32_t end = 0;
  std::string_view text;

  bool IsWord(std::string_view upper) const;
  bool IsSymbol(std::string_view symbol) const {
    return kind == TokenKind::kSymbol && text == symbol;
  }
  bool IsIdentifier() const { return kind == TokenKind::kWord || kind == TokenKind::kQuoted; }
  bool IsNumber() const { return kind >= TokenKind::kInteger && kind <= TokenKind::kBigDecimal; }
};

// The last token is always kEnd. Errors: UNCLOSED_BRACKETED_COMMENT.
Result<std::vector<Token>> Tokenize(std::string_view text, const ParserOptions& options);

// The name an identifier token stands for.
std::string IdentifierText(const Token& token);
// The text a string token stands for, its escapes resolved.
std::string StringText(const Token& token);

}  // namespace ashlar::sql
