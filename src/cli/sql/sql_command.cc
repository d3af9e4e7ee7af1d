#include "cli/sql/sql_command.h"

#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "cli/sql/shell.h"
#include "cli/sql/statement_printer.h"
#include "cli/terminal.h"

namespace ashlar::cli {
namespace {

constexpr int kInterruptedExit = 130;

Result<std::string> ReadStandardInput() {
  std::string text;
  char buffer[65536];
  while (true) {
    ssize_t count = read(0, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR && TakeInterrupt()) return MakeError(ErrorCode::kCancelled, "interrupted");
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError("read", "standard input");
    if (count == 0) return text;
    text.append(buffer, static_cast<size_t>(count));
  }
}

int ExitOf(const Status& status) {
  if (status.ok()) return 0;
  return status.error().code == ErrorCode::kCancelled ? kInterruptedExit : 1;
}

int RunFile(StatementPrinter& printer, const std::string& path) {
  Result<std::string> text = path == "-" ? ReadStandardInput() : ReadFile(path);
  if (!text.ok()) {
    Complain(text.error().message);
    return ExitOf(text.error());
  }
  return ExitOf(printer.RunText(*text, path == "-" ? "standard input" : path));
}

}  // namespace

int RunSql(const SqlOptions& options) {
  Result<Connection> connection = ResolveConnection(options.connection, ProcessEnvironment());
  if (!connection.ok()) {
    Complain(connection.error().message);
    return 1;
  }
  CatchInterrupts();
  WorkspaceClient client(*connection);
  // The first Ctrl-C cancels the statement as soon as its id is known; a second one waits for nothing.
  client.set_keep_going([] { return PendingInterrupts() < 2; });
  StatementPrinter printer(client);
  printer.runner().set_current({options.catalog, options.schema});
  printer.options().timing = options.timing;
  printer.options().expanded = options.expanded;
  printer.options().format = *OutputFormatFromName(options.format);
  bool interactive = options.statements.empty() && options.files.empty() && IsTerminal(0);
  if (interactive) {
    printer.options().timing = true;
    return Shell(client, printer, HistoryFile()).Run();
  }
  for (const std::string& statement : options.statements) {
    int exit = ExitOf(printer.RunText(statement, ""));
    if (exit != 0) return exit;
  }
  for (const std::string& file : options.files) {
    int exit = RunFile(printer, file);
    if (exit != 0) return exit;
  }
  return options.statements.empty() && options.files.empty() ? RunFile(printer, "-") : 0;
}

}  // namespace ashlar::cli
