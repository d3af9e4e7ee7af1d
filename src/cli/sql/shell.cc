#include "cli/sql/shell.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.h"
#include "base/text.h"
#include "cli/sql/completion.h"
#include "cli/sql/statement_splitter.h"
#include "cli/terminal.h"

namespace ashlar::cli {
namespace {

void Say(std::string_view text) { (void)WriteOut(std::string(text) + "\n").ok(); }

bool Toggled(bool value, const std::string& argument) {
  if (EqualsIgnoreCase(argument, "on")) return true;
  if (EqualsIgnoreCase(argument, "off")) return false;
  return !value;
}

// SELECT and the like leave the catalog as it is; anything else may have changed a name.
bool MayChangeNames(const std::string& statement) {
  std::vector<std::string> first = LeadingTokens(statement, 1);
  for (std::string_view reading : {"SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "VALUES"}) {
    if (!first.empty() && EqualsIgnoreCase(first[0], reading)) return false;
  }
  return true;
}

}  // namespace

std::string HistoryFile() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::string(state) + "/ashlar/sql_history";
  const char* home = std::getenv("HOME");
  return home == nullptr || *home == 0 ? "" : std::string(home) + "/.local/state/ashlar/sql_history";
}

Shell::Shell(WorkspaceClient& client, StatementPrinter& printer, std::string history_file)
    : client_(client), printer_(printer), names_(client), editor_(std::move(history_file)) {
  editor_.set_completer([this](std::string_view before, size_t word_length) {
    return Complete(pending_ + std::string(before), word_length, printer_.runner().current(), names_);
  });
}

std::string Shell::Prompt() const {
  const Namespace& current = printer_.runner().current();
  std::string place = current.catalog.empty() ? "main" : current.catalog;
  place += "." + (current.schema.empty() ? "default" : current.schema);
  SplitResult split = SplitStatements(pending_);
  if (split.rest.text.empty()) return place + "> ";
  std::string mark = split.open == 0 ? "-" : std::string(1, split.open);
  return std::string(place.size() > 1 ? place.size() - 1 : 0, ' ') + mark + "> ";
}

int Shell::Run() {
  Say("Connected to " + client_.connection().host + ". \\? lists commands, \\q leaves.");
  while (true) {
    EditedLine line = editor_.Read(Prompt());
    if (line.kind == LineKind::kEnd) break;
    if (line.kind == LineKind::kInterrupted) {
      pending_.clear();
    } else if (!Take(line.text)) {
      CloseOutput();
      return 0;
    }
  }
  Say("");
  CloseOutput();
  return 0;
}

bool Shell::Take(const std::string& line) {
  if (SplitStatements(pending_).open == 0) {
    std::optional<MetaCommand> meta = ParseMetaCommand(line);
    if (meta) {
      if (pending_.empty()) editor_.Remember(std::string(Trim(line)));
      return RunMeta(*meta);
    }
  }
  if (pending_.empty() && Trim(line).empty()) return true;
  pending_ += line + "\n";
  SplitResult split = SplitStatements(pending_);
  if (split.statements.empty() && !split.rest.text.empty()) return true;
  if (split.statements.empty() && split.open == 0) {  // only comments
    pending_.clear();
    return true;
  }
  if (split.statements.empty()) return true;
  std::string typed = pending_;
  pending_ = split.rest.text.empty() ? "" : split.rest.text + "\n";
  if (pending_.empty()) typed = typed.substr(0, typed.find_last_not_of(" \n") + 1);
  editor_.Remember(pending_.empty() ? typed : typed.substr(0, split.rest.offset));
  for (const StatementText& statement : split.statements) RunStatement(statement.text);
  return true;
}

void Shell::RunStatement(const std::string& statement) {
  // Each statement's error was shown; the shell goes on.
  (void)printer_.Run(statement).ok();
  if (MayChangeNames(statement)) names_.Forget();
}

void Shell::CloseOutput() {
  if (printer_.options().out_fd != 1) close(printer_.options().out_fd);
  printer_.options().out_fd = 1;
}

void Shell::SetFormat(const std::string& name) {
  std::optional<OutputFormat> format = OutputFormatFromName(name);
  if (!format) return Complain("unknown format '" + name + "': table, csv, tsv, json, jsonl or markdown");
  printer_.options().format = *format;
}

void Shell::SetOutput(const std::string& argument) {
  if (OutputFormatFromName(argument)) return SetFormat(argument);
  CloseOutput();
  if (argument.empty()) return;
  int fd = open(argument.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return Complain(ErrnoError("open", argument).message);
  printer_.options().out_fd = fd;
}

void Shell::Include(const std::string& path) {
  Result<std::string> text = ReadFile(path);
  if (!text.ok()) return Complain(text.error().message);
  (void)printer_.RunText(*text, path).ok();
  names_.Forget();
}

bool Shell::RunMeta(const MetaCommand& command) {
  PrintOptions& options = printer_.options();
  switch (command.kind) {
    case MetaKind::kQuit: return false;
    case MetaKind::kHelp: Say(MetaHelp()); break;
    case MetaKind::kTiming:
      options.timing = Toggled(options.timing, command.argument);
      Say(options.timing ? "Timing is on." : "Timing is off.");
      break;
    case MetaKind::kExpanded:
      options.expanded = Toggled(options.expanded, command.argument);
      Say(options.expanded ? "Expanded display is on." : "Expanded display is off.");
      break;
    case MetaKind::kFormat: SetFormat(command.argument); break;
    case MetaKind::kOutput: SetOutput(command.argument); break;
    case MetaKind::kInclude: Include(command.argument); break;
    case MetaKind::kReset: pending_.clear(); break;
    case MetaKind::kConnection: {
      Result<std::string> warehouse = client_.Warehouse();
      Say(client_.connection().host + ", warehouse " + (warehouse.ok() ? *warehouse : "unknown: " + warehouse.error().message));
      break;
    }
    case MetaKind::kUnknown: Complain("unknown command \\" + command.argument + "; \\? lists them"); break;
    default: {
      std::string statement = MetaStatement(command);
      if (statement.empty()) {
        Complain("name a schema: \\c [CATALOG.]SCHEMA");
      } else {
        RunStatement(statement);
      }
    }
  }
  return true;
}

}  // namespace ashlar::cli
