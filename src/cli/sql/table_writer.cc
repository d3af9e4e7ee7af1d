#include "cli/sql/table_writer.h"

#include <algorithm>

#include "cli/sql/text_width.h"

namespace ashlar::cli {
namespace {

constexpr size_t kSampleRows = 1000;
constexpr size_t kMinWidth = 4;
constexpr std::string_view kFaint = "\x1b[2m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kPlain = "\x1b[0m";

std::string Styled(bool styled, std::string_view attribute, std::string text) {
  return styled ? std::string(attribute) + text + std::string(kPlain) : text;
}

// NULL stands bare; a string of these four letters stands in quotes.
std::string CellText(const std::optional<std::string>& cell) {
  if (!cell) return "NULL";
  return *cell == "NULL" ? "\"NULL\"" : Printable(*cell);
}

std::string Spaces(size_t count) { return std::string(count, ' '); }

class TableWriter final : public RowWriter {
 public:
  TableWriter(const TableStyle& style, TextSink sink) : style_(style), sink_(std::move(sink)) {}

  Status Begin(const std::vector<ResultColumn>& columns) override {
    columns_ = columns;
    for (const ResultColumn& column : columns) widths_.push_back(DisplayWidth(Printable(column.name)));
    return OkStatus();
  }

  Status Row(const ResultRow& row) override {
    if (headed_) return sink_(Line(row));
    for (size_t i = 0; i < row.size(); ++i) widths_[i] = std::max(widths_[i], DisplayWidth(CellText(row[i])));
    sample_.push_back(row);
    return sample_.size() < kSampleRows ? OkStatus() : WriteSample();
  }

  Status End() override { return headed_ || columns_.empty() ? OkStatus() : WriteSample(); }

 private:
  Status WriteSample() {
    headed_ = true;
    if (style_.max_width > 0) {
      size_t frame = 3 * columns_.size() - 1;
      widths_ = FitWidths(widths_, style_.max_width > frame ? style_.max_width - frame : 0);
    }
    std::string text;
    std::string rule;
    for (size_t i = 0; i < columns_.size(); ++i) {
      std::string name = CutToWidth(Printable(columns_[i].name), widths_[i]);
      size_t space = widths_[i] - DisplayWidth(name);
      bool last = i + 1 == columns_.size();
      std::string cell = Spaces(space / 2) + Styled(style_.styled, kBold, name) + Spaces(space - space / 2);
      text += (i > 0 ? "| " : " ") + cell + " ";
      for (size_t k = 0; k < widths_[i] + 2; ++k) rule += '-';
      if (!last) rule += '+';
    }
    RETURN_IF_ERROR(sink_(text + "\n" + rule + "\n"));
    for (const ResultRow& row : sample_) RETURN_IF_ERROR(sink_(Line(row)));
    sample_.clear();
    return OkStatus();
  }

  std::string Line(const ResultRow& row) const {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      std::string text = CellText(row[i]);
      if (style_.max_width > 0) text = CutToWidth(text, widths_[i]);
      size_t width = DisplayWidth(text);
      size_t space = widths_[i] > width ? widths_[i] - width : 0;
      if (!row[i]) text = Styled(style_.styled, kFaint, text);
      bool last = i + 1 == row.size();
      line += i > 0 ? "| " : " ";
      line += IsNumeric(columns_[i]) ? Spaces(space) + text : text + Spaces(last ? 0 : space);
      if (!last) line += " ";
    }
    return line + "\n";
  }

  const TableStyle style_;
  TextSink sink_;
  std::vector<ResultColumn> columns_;
  std::vector<size_t> widths_;
  std::vector<ResultRow> sample_;
  bool headed_ = false;
};

class ExpandedWriter final : public RowWriter {
 public:
  ExpandedWriter(const TableStyle& style, TextSink sink) : style_(style), sink_(std::move(sink)) {}

  Status Begin(const std::vector<ResultColumn>& columns) override {
    for (const ResultColumn& column : columns) {
      names_.push_back(Printable(column.name));
      width_ = std::max(width_, DisplayWidth(names_.back()));
    }
    return OkStatus();
  }

  Status Row(const ResultRow& row) override {
    std::string text = "-[ RECORD " + std::to_string(++count_) + " ]-\n";
    for (size_t i = 0; i < row.size(); ++i) {
      std::string value = CellText(row[i]);
      if (style_.max_width > width_ + 3 + kMinWidth) value = CutToWidth(value, style_.max_width - width_ - 3);
      if (!row[i]) value = Styled(style_.styled, kFaint, value);
      text += Styled(style_.styled, kBold, names_[i]) + Spaces(width_ - DisplayWidth(names_[i])) + " | " + value + "\n";
    }
    return sink_(text);
  }

  Status End() override { return OkStatus(); }

 private:
  const TableStyle style_;
  TextSink sink_;
  std::vector<std::string> names_;
  size_t width_ = 0;
  int64_t count_ = 0;
};

}  // namespace

std::vector<size_t> FitWidths(std::vector<size_t> widths, size_t available) {
  size_t total = 0;
  for (size_t width : widths) total += width;
  // The widest come down together to the next width, until the rest fits.
  while (total > available) {
    size_t widest = *std::ranges::max_element(widths);
    if (widest <= kMinWidth) break;
    size_t next = kMinWidth;
    size_t count = 0;
    for (size_t width : widths) {
      if (width == widest) ++count;
      if (width < widest) next = std::max(next, width);
    }
    size_t excess = (total - available + count - 1) / count;
    size_t cut = std::min(widest - next, std::max<size_t>(excess, 1));
    for (size_t& width : widths) {
      if (width == widest) width -= cut;
    }
    total -= cut * count;
  }
  return widths;
}

std::unique_ptr<RowWriter> MakeTableWriter(const TableStyle& style, TextSink sink) {
  return std::make_unique<TableWriter>(style, std::move(sink));
}

std::unique_ptr<RowWriter> MakeExpandedWriter(const TableStyle& style, TextSink sink) {
  return std::make_unique<ExpandedWriter>(style, std::move(sink));
}

}  // namespace ashlar::cli
