#include "base/error_position.h"

#include <algorithm>

#include "base/check.h"

namespace ashlar {
namespace {

// Longer lines are shown only around the place.
constexpr size_t kMaxShownBytes = 1000;

bool Continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

size_t CharactersIn(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char byte) { return !Continues(byte); }));
}

struct Place {
  size_t line = 1;           // from 1
  size_t column = 0;         // characters, from 0
  std::string_view before;   // of the line, perhaps shortened
  std::string_view marked;
  std::string_view after;
};

Place PlaceOf(SourceSpan span, std::string_view sql) {
  Place place;
  size_t line_begin = span.begin == 0 ? 0 : sql.rfind('\n', span.begin - 1) + 1;  // npos + 1 is 0
  size_t line_end = std::min(sql.find('\n', span.begin), sql.size());
  place.line += static_cast<size_t>(std::count(sql.begin(), sql.begin() + span.begin, '\n'));
  place.before = sql.substr(line_begin, span.begin - line_begin);
  place.column = CharactersIn(place.before);
  size_t marked_end = std::min<size_t>(span.end, line_end);
  place.marked = sql.substr(span.begin, marked_end - span.begin);
  place.after = sql.substr(marked_end, line_end - marked_end);
  if (line_end - line_begin <= kMaxShownBytes) return place;
  auto shorten_to = [](std::string_view text, size_t from, size_t to) {
    while (from < text.size() && Continues(text[from])) ++from;
    while (to < text.size() && Continues(text[to])) ++to;
    return text.substr(from, std::max(from, to) - from);
  };
  constexpr size_t kThird = kMaxShownBytes / 3;
  if (place.before.size() > kThird) place.before = shorten_to(place.before, place.before.size() - kThird, place.before.size());
  if (place.marked.size() > kThird) place.marked = shorten_to(place.marked, 0, kThird);
  if (place.after.size() > kThird) place.after = shorten_to(place.after, 0, kThird);
  return place;
}

bool IsSyntaxError(const Error& error) { return error.sqlstate == "42601" || error.condition.starts_with("PARSE_"); }

// Found while rows are made, not by the analyzer.
bool IsOfTheData(const Error& error) {
  return error.sqlstate.starts_with("22") || error.sqlstate.starts_with("P0") || error.sqlstate.starts_with("21");
}

}  // namespace

bool HasPosition(const Error& error, std::string_view sql) {
  return error.span && error.span->begin <= error.span->end && error.span->end <= sql.size() &&
         (error.span->begin < error.span->end || error.span->begin == sql.size());
}

std::string PositionSummary(const Error& error, std::string_view sql) {
  CHECK(HasPosition(error, sql));
  Place place = PlaceOf(*error.span, sql);
  bool syntax = IsSyntaxError(error);
  std::string summary = "== SQL";
  if (!syntax) summary += " (line " + std::to_string(place.line) + ", position " + std::to_string(place.column + 1) + ")";
  summary.append(" ==\n").append(place.before).append(place.marked).append(place.after).append("\n");
  size_t indent = CharactersIn(place.before);
  if (syntax) return summary + std::string(indent, '-') + "^^^\n";
  return summary + std::string(indent, ' ') + std::string(std::max<size_t>(1, CharactersIn(place.marked)), '^') + "\n";
}

std::string PositionedMessage(const Error& error, std::string_view sql) {
  std::string message = FullMessage(error);
  if (error.condition.empty() || !HasPosition(error, sql)) return message;
  if (IsOfTheData(error)) return message + "\n" + PositionSummary(error, sql);
  Place place = PlaceOf(*error.span, sql);
  std::string line = std::to_string(place.line), column = std::to_string(place.column);
  if (!IsSyntaxError(error)) return message + "; line " + line + " pos " + column;
  return message + " (line " + line + ", pos " + column + ")\n\n" + PositionSummary(error, sql);
}

}  // namespace ashlar
