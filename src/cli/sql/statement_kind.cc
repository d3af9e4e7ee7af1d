#include "cli/sql/statement_kind.h"

#include <algorithm>

#include "base/text.h"
#include "cli/sql/statement_splitter.h"
#include "cli/sql/text_width.h"

namespace ashlar::cli {
namespace {

constexpr size_t kLeadingTokens = 12;

// "7, pos 3" from the front of `text`: the number, and what follows it.
std::optional<size_t> TakeNumber(std::string_view* text) {
  size_t end = 0;
  while (end < text->size() && (*text)[end] >= '0' && (*text)[end] <= '9') ++end;
  std::optional<int64_t> value = ParseInt64(text->substr(0, end));
  if (!value || *value < 0) return std::nullopt;
  text->remove_prefix(end);
  return static_cast<size_t>(*value);
}

bool TakePrefix(std::string_view* text, std::string_view prefix) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

struct LineAndColumn {
  size_t line = 0;    // from 1
  size_t column = 0;  // characters, from 0
};

std::optional<LineAndColumn> PlaceIn(std::string_view message) {
  for (size_t at = message.find("line "); at != std::string_view::npos; at = message.find("line ", at + 1)) {
    std::string_view rest = message.substr(at + 5);
    std::optional<size_t> line = TakeNumber(&rest);
    TakePrefix(&rest, ",");
    bool from_one = rest.starts_with(" position ");
    if (!line || *line == 0 || !(TakePrefix(&rest, " position ") || TakePrefix(&rest, " pos "))) continue;
    std::optional<size_t> column = TakeNumber(&rest);
    if (!column || (from_one && *column == 0)) continue;
    return LineAndColumn{*line, from_one ? *column - 1 : *column};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Namespace> NamespaceAfter(std::string_view statement, const Namespace& current) {
  std::vector<std::string> tokens = LeadingTokens(statement, kLeadingTokens);
  if (tokens.size() < 2) return std::nullopt;
  bool set = EqualsIgnoreCase(tokens[0], "SET") && EqualsIgnoreCase(tokens[1], "CATALOG");
  if (!set && !EqualsIgnoreCase(tokens[0], "USE")) return std::nullopt;
  size_t at = 1;
  bool catalog = false;
  if (tokens.size() > 2 && tokens[2] != ".") {
    catalog = EqualsIgnoreCase(tokens[1], "CATALOG");
    ++at;
  }
  std::vector<std::string> name = {tokens[at]};
  for (++at; at + 1 < tokens.size() && tokens[at] == "."; at += 2) name.push_back(tokens[at + 1]);
  if (at != tokens.size() || name.size() > 2) return std::nullopt;
  if (catalog) return name.size() == 1 ? std::optional(Namespace{name[0], "default"}) : std::nullopt;
  if (name.size() == 2) return Namespace{name[0], name[1]};
  return Namespace{current.catalog, name[0]};
}

std::string SessionNote(std::string_view statement) {
  std::vector<std::string> tokens = LeadingTokens(statement, kLeadingTokens);
  auto word = [&](size_t i, std::string_view expected) { return i < tokens.size() && EqualsIgnoreCase(tokens[i], expected); };
  std::string_view what;
  if (word(0, "CREATE")) {
    size_t at = word(1, "OR") && word(2, "REPLACE") ? 3 : 1;
    if (word(at, "GLOBAL")) ++at;
    if (word(at, "TEMP") || word(at, "TEMPORARY")) what = "what CREATE TEMPORARY makes";
  } else if (word(0, "CACHE")) {
    what = "a cached table";
  } else if (word(0, "DECLARE")) {
    what = "a variable";
  } else if (word(0, "SET") && tokens.size() > 2 && !word(1, "CATALOG")) {
    what = "a setting";
  }
  if (what.empty()) return "";
  return "note: each statement has a session of its own; " + std::string(what) + " ended with it";
}

std::optional<size_t> ErrorOffset(std::string_view message, std::string_view statement) {
  std::optional<LineAndColumn> place = PlaceIn(message);
  if (!place) return std::nullopt;
  size_t offset = 0;
  for (size_t line = 1; line < place->line; ++line) {
    size_t newline = statement.find('\n', offset);
    if (newline == std::string_view::npos) return std::nullopt;
    offset = newline + 1;
  }
  for (size_t i = 0; i < place->column; ++i) {
    if (offset >= statement.size() || statement[offset] == '\n') return std::nullopt;
    do {
      ++offset;
    } while (offset < statement.size() && (statement[offset] & 0xC0) == 0x80);
  }
  return offset;
}

std::string CaretLines(std::string_view statement, size_t offset) {
  size_t begin = offset == 0 ? std::string_view::npos : statement.rfind('\n', offset - 1);
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  size_t end = std::min(statement.find('\n', offset), statement.size());
  // Tabs would move the caret.
  std::string before = ReplaceAll(std::string(statement.substr(begin, offset - begin)), "\t", " ");
  std::string after = ReplaceAll(std::string(statement.substr(offset, end - offset)), "\t", " ");
  std::string shown = Printable(before);
  return "  " + shown + Printable(after) + "\n  " + std::string(DisplayWidth(shown), ' ') + "^";
}

}  // namespace ashlar::cli
