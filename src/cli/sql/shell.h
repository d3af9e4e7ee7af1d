// Shell: the interactive side of `ashlar sql`.
#pragma once

#include <string>

#include "cli/sql/line_editor.h"
#include "cli/sql/meta_command.h"
#include "cli/sql/name_source.h"
#include "cli/sql/statement_printer.h"

namespace ashlar::cli {

class Shell {
 public:
  Shell(WorkspaceClient& client, StatementPrinter& printer, std::string history_file);

  // Until \q or Ctrl-D. The process's exit status.
  int Run();

 private:
  std::string Prompt() const;
  // false: leave.
  bool Take(const std::string& line);
  bool RunMeta(const MetaCommand& command);
  void RunStatement(const std::string& statement);
  void SetOutput(const std::string& argument);
  void SetFormat(const std::string& name);
  void Include(const std::string& path);
  void CloseOutput();

  WorkspaceClient& client_;
  StatementPrinter& printer_;
  RemoteNames names_;
  LineEditor editor_;
  std::string pending_;  // the lines of the statement that is being typed
};

// Where the history is kept: under XDG_STATE_HOME, else ~/.local/state. Empty without a home.
std::string HistoryFile();

}  // namespace ashlar::cli
