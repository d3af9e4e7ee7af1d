// How many columns of a terminal text takes, and text made to fit.
#pragma once

#include <string>
#include <string_view>

namespace ashlar::cli {

// By Unicode's width of each grapheme: wide East Asian ones and emoji take two columns, marks none.
size_t DisplayWidth(std::string_view utf8);
// The longest prefix of whole graphemes that takes at most `columns`; when something is cut off, the
// last column is "…".
std::string CutToWidth(std::string_view utf8, size_t columns);
// Control characters as escapes (\n, \t, \u001b) and invalid UTF-8 as U+FFFD, so that data cannot move
// the cursor.
std::string Printable(std::string_view text);

}  // namespace ashlar::cli
