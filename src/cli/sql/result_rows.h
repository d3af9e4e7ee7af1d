// The rows of a result as the API gives them, and what they can be written as.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ashlar::cli {

struct ResultColumn {
  std::string name;
  std::string type_name;  // "LONG"
  std::string type_text;  // "ARRAY<INT>"
};

using ResultRow = std::vector<std::optional<std::string>>;  // nullopt: NULL

// Takes text as it is made. An error ends the output.
using TextSink = std::function<Status(std::string_view text)>;

// Begin once, then the rows, then End: streamed, whatever the size of the result.
class RowWriter {
 public:
  virtual ~RowWriter() = default;
  virtual Status Begin(const std::vector<ResultColumn>& columns) = 0;
  virtual Status Row(const ResultRow& row) = 0;
  virtual Status End() = 0;
};

enum class OutputFormat { kTable, kCsv, kTsv, kJson, kJsonLines, kMarkdown };
std::optional<OutputFormat> OutputFormatFromName(std::string_view name);

struct TableStyle {
  size_t max_width = 0;   // columns of the terminal; 0: no limit
  bool expanded = false;  // a line a value in place of a line a row
  bool styled = false;    // NULL and headings with terminal attributes
};

std::unique_ptr<RowWriter> MakeRowWriter(OutputFormat format, const TableStyle& style, TextSink sink);

// Whether values of the type stand at the right of their column.
bool IsNumeric(const ResultColumn& column);

}  // namespace ashlar::cli
