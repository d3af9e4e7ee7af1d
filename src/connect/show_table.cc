#include "connect/show_table.h"

#include <algorithm>

#include "base/text.h"

namespace ashlar::connect {
namespace {

constexpr size_t kMinColumnWidth = 3;
constexpr int kMinTruncateForDots = 4;

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

size_t Characters(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !IsContinuation(c); }));
}

// The code point that starts at `at`.
uint32_t CodePoint(const std::string& text, size_t at) {
  auto lead = static_cast<unsigned char>(text[at]);
  uint32_t code = lead < 0x80 ? lead : lead < 0xE0 ? lead & 0x1F : lead < 0xF0 ? lead & 0x0F : lead & 0x07;
  for (size_t i = at + 1; i < text.size() && IsContinuation(text[i]); ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  return code;
}

// The full-width ranges Spark counts as two columns wide.
bool IsWide(uint32_t c) {
  return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0x303E) || (c >= 0x3041 && c <= 0xA4CF) ||
         (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) ||
         (c >= 0xFF00 && c <= 0xFF60) || (c >= 0xFFE0 && c <= 0xFFE6);
}

size_t Width(const std::string& text) {
  size_t width = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsContinuation(text[i])) width += IsWide(CodePoint(text, i)) ? 2 : 1;
  }
  return width;
}

std::string FirstCharacters(const std::string& text, size_t count) {
  size_t at = 0;
  while (at < text.size() && (count > 0 || IsContinuation(text[at]))) {
    if (!IsContinuation(text[at])) --count;
    ++at;
    while (at < text.size() && IsContinuation(text[at])) ++at;
  }
  return text.substr(0, at);
}

// Control characters as Scala's interpreter would show them, then the cut.
std::string Cell(const std::string& text, int truncate) {
  static constexpr std::pair<char, const char*> kEscapes[] = {
      {'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}, {'\f', "\\f"}, {'\b', "\\b"}, {'\v', "\\v"}, {'\a', "\\a"}};
  std::string escaped;
  for (char c : text) {
    auto found = std::find_if(std::begin(kEscapes), std::end(kEscapes), [c](const auto& entry) { return entry.first == c; });
    if (found == std::end(kEscapes)) {
      escaped += c;
    } else {
      escaped += found->second;
    }
  }
  if (truncate <= 0 || Characters(escaped) <= static_cast<size_t>(truncate)) return escaped;
  if (truncate < kMinTruncateForDots) return FirstCharacters(escaped, static_cast<size_t>(truncate));
  return FirstCharacters(escaped, static_cast<size_t>(truncate) - 3) + "...";
}

void CutCells(ShownRows& shown, int truncate) {
  for (std::string& name : shown.names) name = Cell(name, truncate);
  for (auto& row : shown.rows) {
    for (std::string& cell : row) cell = Cell(cell, truncate);
  }
}

std::string Padded(const std::string& text, size_t width, bool left) {
  size_t used = Width(text);
  std::string padding(width > used ? width - used : 0, ' ');
  return left ? text + padding : padding + text;
}

std::string Line(const std::vector<std::string>& cells, const std::vector<size_t>& widths, bool left) {
  std::string line = "|";
  for (size_t i = 0; i < cells.size(); ++i) line += Padded(cells[i], widths[i], left) + "|";
  return line + "\n";
}

std::string MoreText(const ShownRows& shown) {
  size_t rows = shown.rows.size();
  return "only showing top " + std::to_string(rows) + (rows == 1 ? " row" : " rows");
}

std::string HtmlEscaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

}  // namespace

std::string TableText(ShownRows shown, int truncate) {
  CutCells(shown, truncate);
  bool left = truncate <= 0;
  std::vector<size_t> widths;
  for (const std::string& name : shown.names) widths.push_back(std::max(kMinColumnWidth, Width(name)));
  for (const auto& row : shown.rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string rule = "+";
  for (size_t width : widths) rule += std::string(width, '-') + "+";
  rule += "\n";
  std::string text = rule + Line(shown.names, widths, left) + rule;
  for (const auto& row : shown.rows) text += Line(row, widths, left);
  text += rule;
  if (shown.has_more) text += MoreText(shown) + "\n";
  return text;
}

std::string VerticalText(ShownRows shown, int truncate) {
  CutCells(shown, truncate);
  size_t name_width = kMinColumnWidth;
  size_t value_width = kMinColumnWidth;
  for (const std::string& name : shown.names) name_width = std::max(name_width, Width(name));
  for (const auto& row : shown.rows) {
    for (const std::string& cell : row) value_width = std::max(value_width, Width(cell));
  }
  std::string text;
  for (size_t r = 0; r < shown.rows.size(); ++r) {
    std::string header = "-RECORD " + std::to_string(r);
    size_t width = name_width + value_width + 5;
    text += header + std::string(width > header.size() ? width - header.size() : 0, '-') + "\n";
    for (size_t i = 0; i < shown.names.size(); ++i) {
      text += " " + Padded(shown.names[i], name_width, true) + " | " + Padded(shown.rows[r][i], value_width, true) + " \n";
    }
  }
  if (shown.has_more) return text + MoreText(shown) + "\n";
  return shown.rows.empty() ? "(0 rows)\n" : text;
}

std::string HtmlText(ShownRows shown, int truncate) {
  CutCells(shown, truncate);
  std::string text = "<table border='1'>\n";
  auto add_row = [&text](const std::vector<std::string>& cells, const std::string& tag) {
    text += "<tr>";
    for (const std::string& cell : cells) text += "<" + tag + ">" + HtmlEscaped(cell) + "</" + tag + ">";
    text += "</tr>\n";
  };
  add_row(shown.names, "th");
  for (const auto& row : shown.rows) add_row(row, "td");
  text += "</table>\n";
  if (shown.has_more) text += MoreText(shown) + "\n";
  return text;
}

}  // namespace ashlar::connect
