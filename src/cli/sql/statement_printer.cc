#include "cli/sql/statement_printer.h"

#include <algorithm>

#include "cli/sql/statement_splitter.h"
#include "cli/terminal.h"

namespace ashlar::cli {
namespace {

constexpr size_t kBufferBytes = 64 * 1024;

// Collects small pieces into large writes.
class BufferedOutput {
 public:
  explicit BufferedOutput(int fd) : fd_(fd) {}
  Status Write(std::string_view text) {
    buffer_ += text;
    return buffer_.size() < kBufferBytes ? OkStatus() : Flush();
  }
  Status Flush() {
    Status written = WriteTo(fd_, buffer_);
    buffer_.clear();
    return written;
  }

 private:
  const int fd_;
  std::string buffer_;
};

std::string Footer(const StatementSummary& summary, bool timing) {
  std::string text;
  if (summary.has_rows) {
    text = "(" + std::to_string(summary.row_count) + (summary.row_count == 1 ? " row" : " rows");
    if (summary.truncated) text += ", truncated";
    text += ")";
  } else {
    text = "OK";
  }
  if (timing) text += "  " + DurationText(summary.elapsed_ms);
  return text + "\n";
}

void PrintError(const Error& error, const std::string& statement) {
  std::string text = "ERROR: " + FullMessage(error) + "\n";
  std::optional<size_t> offset = ErrorOffset(error.message, statement);
  // Spark's own drawing of the place says it already.
  bool drawn = error.message.find("^^^") != std::string::npos;
  if (offset && !drawn) text += CaretLines(statement, *offset) + "\n";
  (void)WriteTo(2, text).ok();
}

}  // namespace

Status StatementPrinter::Print(const std::string& statement) {
  TableStyle style;
  style.expanded = options_.expanded;
  style.styled = IsTerminal(options_.out_fd);
  if (style.styled) style.max_width = TerminalColumns(options_.out_fd);
  BufferedOutput output(options_.out_fd);
  auto writer = MakeRowWriter(options_.format, style, [&](std::string_view text) { return output.Write(text); });
  Result<StatementSummary> summary = runner_.Run(statement, *writer);
  Status flushed = output.Flush();
  if (!summary.ok()) return summary.error();
  RETURN_IF_ERROR(flushed);
  if (options_.format != OutputFormat::kTable) {
    return options_.timing ? WriteTo(2, DurationText(summary->elapsed_ms) + "\n") : OkStatus();
  }
  return WriteTo(options_.out_fd, Footer(*summary, options_.timing));
}

Status StatementPrinter::Run(const std::string& statement) {
  Status printed = Print(statement);
  if (!printed.ok()) {
    PrintError(printed.error(), statement);
    return printed;
  }
  std::string note = SessionNote(statement);
  if (!note.empty()) (void)WriteTo(2, note + "\n").ok();
  return OkStatus();
}

Status StatementPrinter::RunText(std::string_view text, const std::string& origin) {
  SplitResult split = SplitStatements(text);
  if (!split.rest.text.empty()) split.statements.push_back(split.rest);
  for (const StatementText& statement : split.statements) {
    Status done = Run(statement.text);
    if (done.ok()) continue;
    if (!origin.empty()) {
      auto line = 1 + std::ranges::count(text.substr(0, statement.offset), '\n');
      (void)WriteTo(2, "in the statement at " + origin + ":" + std::to_string(line) + "\n").ok();
    }
    return done;
  }
  return OkStatus();
}

}  // namespace ashlar::cli
