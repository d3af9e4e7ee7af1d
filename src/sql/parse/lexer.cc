#include "sql/parse/lexer.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"

namespace ashlar::sql {
namespace {

// Longest first where one begins with another. ">>" is left out: "array<array<int>>" ends in two ">",
// so shifts are put together by the expression parser.
constexpr std::array<std::string_view, 36> kSymbols = {
    "<=>", "<=", "<>", ">=", "!=", "!<", "!>", "==", "||", "->", "=>", "::", "|>",
    "(",   ")",  "[",  "]",  ",",  ".",  ";",  ":",  "+",  "-",  "*",  "/",  "%",
    "=",   "<",  ">",  "!",  "~",  "&",  "|",  "^",  "?",  "@"};

bool IsWordChar(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// The longest number at the start of `text`; length 0 when there is none.
struct NumberMatch {
  size_t length = 0;
  TokenKind kind = TokenKind::kInteger;
};

class Lexer {
 public:
  Lexer(std::string_view text, const ParserOptions& options) : text_(text), options_(options) {}

  Result<std::vector<Token>> Run() {
    while (true) {
      RETURN_IF_ERROR(SkipSpaceAndComments());
      if (at_ >= text_.size()) break;
      Next();
    }
    Add(TokenKind::kEnd, 0);
    MarkQueries();
    return std::move(tokens_);
  }

 private:
  char At(size_t position) const { return position < text_.size() ? text_[position] : '\0'; }
  bool StartsWith(std::string_view s) const { return text_.substr(at_).starts_with(s); }

  void Add(TokenKind kind, size_t length) {
    tokens_.push_back({kind, false, static_cast<uint32_t>(at_), static_cast<uint32_t>(at_ + length),
                       text_.substr(std::min(at_, text_.size()), length)});
    at_ += length;
  }

  Status SkipSpaceAndComments() {
    while (at_ < text_.size()) {
      if (IsSpace(text_[at_])) {
        ++at_;
      } else if (StartsWith("\xC2\xA0")) {  // no-break space, common in pasted text
        at_ += 2;
      } else if (StartsWith("--")) {
        while (at_ < text_.size() && text_[at_] != '\n') {
          at_ += text_[at_] == '\\' && At(at_ + 1) == '\n' ? 2 : 1;
        }
      } else if (StartsWith("/*")) {
        RETURN_IF_ERROR(SkipBracketedComment());
      } else {
        break;
      }
    }
    return OkStatus();
  }

  Status SkipBracketedComment() {
    size_t begin = at_;
    int depth = 0;
    do {
      if (at_ >= text_.size()) {
        return MakeSqlError("UNCLOSED_BRACKETED_COMMENT", "42601",
                            "Found an unclosed bracketed comment. Please, append */ at the end of the comment.",
                            {}, SourceSpan{static_cast<uint32_t>(begin), static_cast<uint32_t>(text_.size())});
      }
      if (StartsWith("/*")) {
        ++depth;
        at_ += 2;
      } else if (StartsWith("*/")) {
        --depth;
        at_ += 2;
      } else {
        ++at_;
      }
    } while (depth > 0);
    return OkStatus();
  }

  void Next() {
    char c = text_[at_];
    if (c == '\'' || c == '"') return Quoted(at_, c, /*escapes=*/true);
    if ((c == 'r' || c == 'R') && (At(at_ + 1) == '\'' || At(at_ + 1) == '"')) {
      return Quoted(at_ + 1, At(at_ + 1), /*escapes=*/false);
    }
    if (c == '`') return Backticked();
    if (IsDigit(c) || (c == '.' && IsDigit(At(at_ + 1)))) {
      NumberMatch number = MatchNumber();
      if (number.length > 0 && number.length >= WordLength()) return Add(number.kind, number.length);
    }
    if (size_t length = WordLength(); length > 0) return Add(TokenKind::kWord, length);
    for (std::string_view symbol : kSymbols) {
      if (StartsWith(symbol)) return Add(TokenKind::kSymbol, symbol.size());
    }
    Add(TokenKind::kUnrecognized, 1);
  }

  size_t WordLength() const {
    size_t end = at_;
    while (end < text_.size() && IsWordChar(text_[end])) ++end;
    return end - at_;
  }

  void Quoted(size_t open, char quote, bool escapes) {
    for (size_t i = open + 1; i < text_.size(); ++i) {
      if (escapes && text_[i] == '\\') {
        ++i;
      } else if (text_[i] == quote) {
        if (escapes && At(i + 1) == quote) {
          ++i;
          continue;
        }
        bool identifier = quote == '"' && escapes && options_.double_quoted_identifiers;
        return Add(identifier ? TokenKind::kQuoted : TokenKind::kString, i + 1 - at_);
      }
    }
    // Unterminated: the quote alone cannot be read; of a raw string the letter before it can.
    Add(open == at_ ? TokenKind::kUnrecognized : TokenKind::kWord, 1);
  }

  void Backticked() {
    for (size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] != '`') continue;
      if (At(i + 1) != '`') return Add(TokenKind::kQuoted, i + 1 - at_);
      ++i;
    }
    Add(TokenKind::kUnrecognized, 1);
  }

  size_t SkipDigits(size_t i) const {
    while (IsDigit(At(i))) ++i;
    return i;
  }

  // The end of an exponent at `i`, or `i` when there is none.
  size_t SkipExponent(size_t i) const {
    if (Upper(At(i)) != 'E') return i;
    size_t digits = i + 1;
    if (At(digits) == '+' || At(digits) == '-') ++digits;
    size_t end = SkipDigits(digits);
    return end > digits ? end : i;
  }

  NumberMatch MatchNumber() const {
    size_t integer_end = SkipDigits(at_);
    if (At(integer_end) == '.') {
      NumberMatch match = MatchSuffix(SkipDigits(integer_end + 1), /*has_point=*/true);
      // "1.a" is a 1, a point and a name; "1.5" is a number.
      if (!IsWordChar(At(at_ + match.length))) return match;
      if (integer_end == at_) return {};
    }
    return MatchSuffix(integer_end, /*has_point=*/false);
  }

  // The mantissa ends at `end`: adds exponent and type letter.
  NumberMatch MatchSuffix(size_t end, bool has_point) const {
    NumberMatch match{end - at_, has_point ? TokenKind::kDecimal : TokenKind::kInteger};
    if (!has_point) {
      switch (Upper(At(end))) {
        case 'L': return {end + 1 - at_, TokenKind::kBigInt};
        case 'S': return {end + 1 - at_, TokenKind::kSmallInt};
        case 'Y': return {end + 1 - at_, TokenKind::kTinyInt};
        default: break;
      }
    }
    size_t exponent_end = SkipExponent(end);
    if (exponent_end > end) match = {exponent_end - at_, TokenKind::kExponent};
    switch (Upper(At(exponent_end))) {
      case 'F': return {exponent_end + 1 - at_, TokenKind::kFloat};
      case 'D': return {exponent_end + 1 - at_, TokenKind::kDouble};
      case 'B':
        if (Upper(At(exponent_end + 1)) == 'D') return {exponent_end + 2 - at_, TokenKind::kBigDecimal};
        break;
      default: break;
    }
    return match;
  }

  // "(" is followed by what begins a query.
  bool BeginsQuery(size_t i) const {
    const Token& first = tokens_[i];
    const Token& second = tokens_[std::min(i + 1, tokens_.size() - 1)];
    if (first.IsWord("SELECT")) {
      return second.kind != TokenKind::kEnd && !second.IsSymbol(")") && !second.IsSymbol(",") &&
             !second.IsSymbol(".") && !second.IsSymbol("=");
    }
    if (first.IsWord("WITH") || first.IsWord("TABLE")) return second.IsIdentifier();
    if (first.IsWord("FROM")) return second.IsIdentifier() || second.IsSymbol("(");
    if (first.IsWord("VALUES")) {
      return second.IsSymbol("(") || second.IsNumber() || second.kind == TokenKind::kString ||
             second.IsIdentifier();
    }
    return false;
  }

  static bool ContinuesQuery(const Token& token) {
    for (std::string_view word : {"UNION", "EXCEPT", "MINUS", "INTERSECT", "ORDER", "SORT", "CLUSTER",
                                  "DISTRIBUTE", "LIMIT", "OFFSET"}) {
      if (token.IsWord(word)) return true;
    }
    return token.IsSymbol(")");
  }

  // Decides for every "(" whether a query stands in it, innermost first, so that the parser never has
  // to try and come back: ((SELECT 1) + 1) is an expression, ((SELECT 1) UNION …) a query.
  void MarkQueries() {
    std::vector<size_t> closers;
    std::vector<size_t> match(tokens_.size(), 0);
    for (size_t i = tokens_.size(); i-- > 0;) {
      Token& token = tokens_[i];
      if (token.IsSymbol(")")) {
        closers.push_back(i);
      } else if (token.IsSymbol("(")) {
        size_t closer = tokens_.size() - 1;
        if (!closers.empty()) {
          closer = closers.back();
          closers.pop_back();
        }
        match[i] = closer;
        const Token& next = tokens_[i + 1];
        token.opens_query =
            BeginsQuery(i + 1) ||
            (next.opens_query && match[i + 1] + 1 < tokens_.size() && ContinuesQuery(tokens_[match[i + 1] + 1]));
      }
    }
  }

  std::string_view text_;
  const ParserOptions& options_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
};

void AppendUtf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  c = Upper(c);
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Exactly `digits` hexadecimal digits at the start of `text`, a code point; -1 otherwise.
int64_t ReadCodePoint(std::string_view text, size_t digits) {
  if (text.size() < digits) return -1;
  int64_t code = 0;
  for (char c : text.substr(0, digits)) {
    int digit = HexDigit(c);
    if (digit < 0) return -1;
    code = code * 16 + digit;
  }
  return code <= 0x10FFFF ? code : -1;
}

// Resolves the escape whose backslash stands before `body[i]`; returns the index after it.
size_t AppendEscape(std::string_view body, size_t i, std::string& out) {
  char c = body[i];
  if (c == 'u' || c == 'U') {
    size_t digits = c == 'u' ? 4 : 8;
    int64_t code = ReadCodePoint(body.substr(i + 1), digits);
    if (code >= 0) {
      size_t end = i + 1 + digits;
      bool high = c == 'u' && code >= 0xD800 && code < 0xDC00;
      if (high && body.substr(end).starts_with("\\u")) {
        int64_t low = ReadCodePoint(body.substr(end + 2), 4);
        if (low >= 0xDC00 && low < 0xE000) {
          code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
          end += 6;
        }
      }
      // A lone half of a surrogate pair has no UTF-8 form; Java prints it as "?".
      if (code >= 0xD800 && code < 0xE000) code = '?';
      AppendUtf8(static_cast<uint32_t>(code), out);
      return end;
    }
  }
  auto octal = [&](size_t at, char max) { return at < body.size() && body[at] >= '0' && body[at] <= max; };
  if (octal(i, '1') && octal(i + 1, '7') && octal(i + 2, '7')) {
    AppendUtf8(static_cast<uint32_t>((body[i] - '0') * 64 + (body[i + 1] - '0') * 8 + (body[i + 2] - '0')), out);
    return i + 3;
  }
  switch (c) {
    case '0': out += '\0'; break;
    case 'b': out += '\b'; break;
    case 'n': out += '\n'; break;
    case 'r': out += '\r'; break;
    case 't': out += '\t'; break;
    case 'Z': out += '\x1A'; break;
    case '%': out += "\\%"; break;
    case '_': out += "\\_"; break;
    default: out += c;
  }
  return i + 1;
}

std::string Undouble(std::string_view body, char quote) {
  std::string text;
  for (size_t i = 0; i < body.size(); ++i) {
    text += body[i];
    if (body[i] == quote && i + 1 < body.size() && body[i + 1] == quote) ++i;
  }
  return text;
}

}  // namespace

bool Token::IsWord(std::string_view upper) const {
  if (kind != TokenKind::kWord || text.size() != upper.size()) return false;
  for (size_t i = 0; i < upper.size(); ++i) {
    if (Upper(text[i]) != upper[i]) return false;
  }
  return true;
}

Result<std::vector<Token>> Tokenize(std::string_view text, const ParserOptions& options) {
  if (text.size() >= std::numeric_limits<uint32_t>::max()) {
    return MakeError(ErrorCode::kResourceExhausted, "The statement is longer than 4 GiB.");
  }
  return Lexer(text, options).Run();
}

std::string IdentifierText(const Token& token) {
  if (token.kind != TokenKind::kQuoted) return std::string(token.text);
  return Undouble(token.text.substr(1, token.text.size() - 2), token.text.front());
}

std::string StringText(const Token& token) {
  std::string_view body = token.text;
  bool raw = body.front() == 'r' || body.front() == 'R';
  if (raw) return std::string(body.substr(2, body.size() - 3));
  char quote = body.front();
  body = body.substr(1, body.size() - 2);
  std::string text;
  text.reserve(body.size());
  for (size_t i = 0; i < body.size();) {
    if (body[i] == '\\' && i + 1 < body.size()) {
      i = AppendEscape(body, i + 1, text);
    } else {
      if (body[i] == quote) ++i;  // doubled
      text += body[i++];
    }
  }
  return text;
}

}  // namespace ashlar::sql
