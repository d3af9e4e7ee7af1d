#include "cli/sql/statement_splitter.h"

#include "base/text.h"

namespace ashlar::cli {
namespace {

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
}

enum class PieceKind { kEnd, kSpace, kWord, kQuoted, kString, kSymbol };

struct Piece {
  PieceKind kind = PieceKind::kEnd;
  size_t begin = 0;
  size_t end = 0;
  char open = 0;  // not closed before the text ended
};

// Cuts text into pieces; comments count as space.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Piece Next() {
    Piece piece{PieceKind::kEnd, at_, at_, 0};
    if (at_ >= text_.size()) return piece;
    char c = text_[at_];
    if (At("--")) {
      piece.kind = PieceKind::kSpace;
      SkipLineComment();
    } else if (At("/*")) {
      piece.kind = PieceKind::kSpace;
      if (!SkipBlockComment()) piece.open = '*';
    } else if (At("$$")) {
      piece.kind = PieceKind::kString;
      if (!SkipTo("$$")) piece.open = '$';
    } else if (c == '\'' || c == '"') {
      piece.kind = PieceKind::kString;
      if (!SkipString(c, !RawPrefixBefore())) piece.open = c;
    } else if (c == '`') {
      piece.kind = PieceKind::kQuoted;
      if (!SkipString(c, false)) piece.open = c;
    } else if (IsWordByte(c)) {
      piece.kind = PieceKind::kWord;
      while (at_ < text_.size() && IsWordByte(text_[at_])) ++at_;
    } else {
      piece.kind = static_cast<unsigned char>(c) <= ' ' ? PieceKind::kSpace : PieceKind::kSymbol;
      ++at_;
    }
    piece.end = at_;
    return piece;
  }

 private:
  bool At(std::string_view expected) const { return text_.substr(at_).starts_with(expected); }

  // The r of r'…' stands alone before the quote.
  bool RawPrefixBefore() const {
    if (at_ == 0 || (text_[at_ - 1] != 'r' && text_[at_ - 1] != 'R')) return false;
    return at_ == 1 || !IsWordByte(text_[at_ - 2]);
  }

  // A backslash before the line's end carries the comment on.
  void SkipLineComment() {
    while (at_ < text_.size() && text_[at_] != '\n') {
      at_ += text_[at_] == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n' ? 2 : 1;
    }
  }

  bool SkipBlockComment() {
    int depth = 0;
    while (at_ < text_.size()) {
      if (At("/*")) {
        ++depth;
        at_ += 2;
      } else if (At("*/")) {
        at_ += 2;
        if (--depth == 0) return true;
      } else {
        ++at_;
      }
    }
    return false;
  }

  bool SkipTo(std::string_view closing) {
    size_t found = text_.find(closing, at_ + closing.size());
    at_ = found == std::string_view::npos ? text_.size() : found + closing.size();
    return found != std::string_view::npos;
  }

  // A doubled quote reads as the end of one string and the begin of the next: the same for us.
  bool SkipString(char quote, bool escapes) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (escapes && text_[at_] == '\\') {
        if (++at_ == text_.size()) return false;
      } else if (text_[at_] == quote) {
        ++at_;
        return true;
      }
    }
    return false;
  }

  std::string_view text_;
  size_t at_ = 0;
};

StatementText Trimmed(std::string_view text, size_t begin, size_t end) {
  std::string_view raw = text.substr(begin, end - begin);
  std::string_view trimmed = Trim(raw);
  return {std::string(trimmed), begin + static_cast<size_t>(trimmed.data() - raw.data())};
}

}  // namespace

SplitResult SplitStatements(std::string_view text) {
  SplitResult result;
  Scanner scanner(text);
  size_t begin = 0;
  bool blank = true;
  for (Piece piece = scanner.Next(); piece.kind != PieceKind::kEnd; piece = scanner.Next()) {
    result.open = piece.open;
    if (piece.kind == PieceKind::kSymbol && text[piece.begin] == ';') {
      if (!blank) result.statements.push_back(Trimmed(text, begin, piece.begin));
      begin = piece.end;
      blank = true;
    } else if (piece.kind != PieceKind::kSpace || piece.open != 0) {
      blank = false;
    }
  }
  if (!blank) result.rest = Trimmed(text, begin, text.size());
  return result;
}

std::vector<std::string> LeadingTokens(std::string_view statement, size_t limit) {
  std::vector<std::string> tokens;
  Scanner scanner(statement);
  for (Piece piece = scanner.Next(); piece.kind != PieceKind::kEnd && tokens.size() < limit; piece = scanner.Next()) {
    if (piece.kind == PieceKind::kSpace) continue;
    std::string_view text = statement.substr(piece.begin, piece.end - piece.begin);
    if (piece.kind == PieceKind::kQuoted && piece.open == 0) {
      text = text.substr(1, text.size() - 2);
    }
    tokens.emplace_back(text);
  }
  return tokens;
}

}  // namespace ashlar::cli
