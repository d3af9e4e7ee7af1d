// Rows of text as df.show() prints them.
#pragma once

#include <string>
#include <vector>

namespace ashlar::connect {

struct ShownRows {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;
  bool has_more = false;  // the result goes on after them
};

// `truncate`: cells longer than this many characters are cut; 0: none is, and cells are left-aligned.
std::string TableText(ShownRows rows, int truncate);
std::string VerticalText(ShownRows rows, int truncate);
std::string HtmlText(ShownRows rows, int truncate);

}  // namespace ashlar::connect
