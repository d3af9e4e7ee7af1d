#include <map>

#include "base/text.h"
#include "cli/sql/json_value.h"
#include "cli/sql/result_rows.h"
#include "cli/sql/table_writer.h"

namespace ashlar::cli {
namespace {

// A line of names, then a line a row.
class LineWriter : public RowWriter {
 public:
  explicit LineWriter(TextSink sink) : sink_(std::move(sink)) {}

  Status Begin(const std::vector<ResultColumn>& columns) override {
    ResultRow names;
    for (const ResultColumn& column : columns) names.emplace_back(column.name);
    return names.empty() ? OkStatus() : Row(names);
  }
  Status Row(const ResultRow& row) override { return sink_(Line(row)); }
  Status End() override { return OkStatus(); }

 private:
  virtual std::string Line(const ResultRow& row) const = 0;

  TextSink sink_;
};

// RFC 4180. NULL is an empty field, an empty string is "".
class CsvWriter final : public LineWriter {
 public:
  using LineWriter::LineWriter;

 private:
  std::string Line(const ResultRow& row) const override {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += ',';
      if (row[i]) line += Field(*row[i]);
    }
    return line + "\r\n";
  }
  static std::string Field(const std::string& text) {
    if (!text.empty() && text.find_first_of(",\"\r\n") == std::string::npos) return text;
    return "\"" + ReplaceAll(text, "\"", "\"\"") + "\"";
  }
};

// The text format of PostgreSQL's COPY: tab, newline, return and backslash escaped, NULL is \N.
class TsvWriter final : public LineWriter {
 public:
  using LineWriter::LineWriter;

 private:
  std::string Line(const ResultRow& row) const override {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += '\t';
      AppendField(row[i], &line);
    }
    return line + "\n";
  }
  static void AppendField(const std::optional<std::string>& cell, std::string* line) {
    if (!cell) {
      *line += "\\N";
      return;
    }
    for (char c : *cell) {
      switch (c) {
        case '\t': *line += "\\t"; break;
        case '\n': *line += "\\n"; break;
        case '\r': *line += "\\r"; break;
        case '\\': *line += "\\\\"; break;
        default: *line += c;
      }
    }
  }
};

// One array of objects, or an object a line. A column whose name came before gets a number.
class JsonWriter final : public RowWriter {
 public:
  JsonWriter(bool lines, TextSink sink) : lines_(lines), sink_(std::move(sink)) {}

  Status Begin(const std::vector<ResultColumn>& columns) override {
    std::map<std::string, int> seen;
    for (const ResultColumn& column : columns) ++seen[column.name];
    std::map<std::string, int> used;
    for (const ResultColumn& column : columns) {
      std::string name = column.name;
      while (used[name]++ > 0) name = column.name + "_" + std::to_string(++seen[column.name]);
      std::string key;
      AppendJsonString(name, &key);
      keys_.push_back(key + ":");
      types_.push_back(column.type_text);
    }
    return lines_ ? OkStatus() : sink_("[");
  }
  Status Row(const ResultRow& row) override {
    std::string text = lines_ || first_ ? "{" : ",\n {";
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += ',';
      text += keys_[i];
      AppendJsonValue(types_[i], row[i], &text);
    }
    first_ = false;
    return sink_(text + (lines_ ? "}\n" : "}"));
  }
  Status End() override { return lines_ ? OkStatus() : sink_("]\n"); }

 private:
  const bool lines_;
  TextSink sink_;
  bool first_ = true;
  std::vector<std::string> keys_;
  std::vector<std::string> types_;
};

class MarkdownWriter final : public RowWriter {
 public:
  explicit MarkdownWriter(TextSink sink) : sink_(std::move(sink)) {}

  Status Begin(const std::vector<ResultColumn>& columns) override {
    if (columns.empty()) return OkStatus();
    std::string head = "|";
    std::string rule = "|";
    for (const ResultColumn& column : columns) {
      head += " " + Field(column.name) + " |";
      rule += IsNumeric(column) ? " ---: |" : " --- |";
    }
    return sink_(head + "\n" + rule + "\n");
  }
  Status Row(const ResultRow& row) override {
    std::string line = "|";
    for (const auto& cell : row) line += " " + (cell ? Field(*cell) : "*NULL*") + " |";
    return sink_(line + "\n");
  }
  Status End() override { return OkStatus(); }

 private:
  static std::string Field(std::string text) {
    text = ReplaceAll(ReplaceAll(std::move(text), "\\", "\\\\"), "|", "\\|");
    return ReplaceAll(ReplaceAll(std::move(text), "\r", ""), "\n", "<br>");
  }

  TextSink sink_;
};

}  // namespace

std::optional<OutputFormat> OutputFormatFromName(std::string_view name) {
  static constexpr std::pair<std::string_view, OutputFormat> kNames[] = {
      {"table", OutputFormat::kTable}, {"csv", OutputFormat::kCsv},         {"tsv", OutputFormat::kTsv},
      {"json", OutputFormat::kJson},   {"jsonl", OutputFormat::kJsonLines}, {"markdown", OutputFormat::kMarkdown}};
  for (const auto& [known, format] : kNames) {
    if (known == name) return format;
  }
  return std::nullopt;
}

bool IsNumeric(const ResultColumn& column) {
  static constexpr std::string_view kNumbers[] = {"BYTE", "SHORT", "INT", "LONG", "FLOAT", "DOUBLE", "DECIMAL"};
  return std::ranges::find(kNumbers, column.type_name) != std::end(kNumbers);
}

std::unique_ptr<RowWriter> MakeRowWriter(OutputFormat format, const TableStyle& style, TextSink sink) {
  switch (format) {
    case OutputFormat::kTable:
      if (style.expanded) return MakeExpandedWriter(style, std::move(sink));
      return MakeTableWriter(style, std::move(sink));
    case OutputFormat::kCsv: return std::make_unique<CsvWriter>(std::move(sink));
    case OutputFormat::kTsv: return std::make_unique<TsvWriter>(std::move(sink));
    case OutputFormat::kJson: return std::make_unique<JsonWriter>(false, std::move(sink));
    case OutputFormat::kJsonLines: return std::make_unique<JsonWriter>(true, std::move(sink));
    case OutputFormat::kMarkdown: return std::make_unique<MarkdownWriter>(std::move(sink));
  }
  return nullptr;
}

}  // namespace ashlar::cli
