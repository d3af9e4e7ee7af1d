// StatementPrinter: runs statements and writes what they answer in the chosen format.
#pragma once

#include <string>
#include <string_view>

#include "cli/sql/statement_runner.h"

namespace ashlar::cli {

struct PrintOptions {
  OutputFormat format = OutputFormat::kTable;
  bool expanded = false;
  bool timing = false;
  int out_fd = 1;
};

class StatementPrinter {
 public:
  explicit StatementPrinter(WorkspaceClient& client) : runner_(client) {}

  PrintOptions& options() { return options_; }
  StatementRunner& runner() { return runner_; }

  // Writes rows and, for tables, a footer. An error is written to stderr, with a caret under its place
  // when the message names one, and returned.
  Status Run(const std::string& statement);
  // The statements of a text in turn, the last one with or without its ';'. Stops at the first error.
  // `origin` ("setup.sql") stands before the line of an error; empty: nothing does.
  Status RunText(std::string_view text, const std::string& origin);

 private:
  Status Print(const std::string& statement);

  StatementRunner runner_;
  PrintOptions options_;
};

}  // namespace ashlar::cli
