#include "cli/sql/text_width.h"

#include <utf8proc.h>

#include <cstdio>

namespace ashlar::cli {
namespace {

constexpr utf8proc_int32_t kEmojiPresentation = 0xFE0F;

struct Grapheme {
  size_t bytes = 0;
  size_t width = 0;
};

struct CodePoint {
  utf8proc_int32_t value = 0xFFFD;
  size_t bytes = 1;
  bool valid = false;
};

CodePoint Decode(std::string_view text) {
  CodePoint point;
  utf8proc_int32_t value = 0;
  utf8proc_ssize_t bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                            static_cast<utf8proc_ssize_t>(text.size()), &value);
  if (bytes > 0) point = {value, static_cast<size_t>(bytes), true};
  return point;
}

// The grapheme `text` begins with; `text` is not empty.
Grapheme FirstGrapheme(std::string_view text) {
  Grapheme grapheme;
  utf8proc_int32_t state = 0;
  utf8proc_int32_t previous = 0;
  while (grapheme.bytes < text.size()) {
    CodePoint point = Decode(text.substr(grapheme.bytes));
    if (grapheme.bytes > 0 && utf8proc_grapheme_break_stateful(previous, point.value, &state)) break;
    auto width = static_cast<size_t>(utf8proc_charwidth(point.value));
    if (point.value == kEmojiPresentation) width = 2;
    grapheme.width = std::max(grapheme.width, width);
    grapheme.bytes += point.bytes;
    previous = point.value;
  }
  return grapheme;
}

}  // namespace

size_t DisplayWidth(std::string_view utf8) {
  size_t width = 0;
  while (!utf8.empty()) {
    // Nearly all text: a printable ASCII character that no mark follows.
    bool plain = utf8[0] >= ' ' && utf8[0] < 0x7f && (utf8.size() == 1 || (utf8[1] & 0x80) == 0);
    Grapheme grapheme = plain ? Grapheme{1, 1} : FirstGrapheme(utf8);
    width += grapheme.width;
    utf8.remove_prefix(grapheme.bytes);
  }
  return width;
}

std::string CutToWidth(std::string_view utf8, size_t columns) {
  if (DisplayWidth(utf8) <= columns) return std::string(utf8);
  if (columns == 0) return "";
  size_t width = 0;
  size_t end = 0;
  while (end < utf8.size()) {
    Grapheme grapheme = FirstGrapheme(utf8.substr(end));
    if (width + grapheme.width > columns - 1) break;
    width += grapheme.width;
    end += grapheme.bytes;
  }
  return std::string(utf8.substr(0, end)) + "…";
}

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    CodePoint point = Decode(text);
    if (!point.valid) {
      out += "\xEF\xBF\xBD";
    } else if (point.value == '\n') {
      out += "\\n";
    } else if (point.value == '\t') {
      out += "\\t";
    } else if (point.value == '\r') {
      out += "\\r";
    } else if (point.value < ' ' || (point.value >= 0x7f && point.value < 0xa0)) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(point.value));
      out += escape;
    } else {
      out += text.substr(0, point.bytes);
    }
    text.remove_prefix(point.bytes);
  }
  return out;
}

}  // namespace ashlar::cli
