#include "cli/sql/meta_command.h"

#include "base/text.h"

namespace ashlar::cli {
namespace {

struct MetaRow {
  std::string_view name;
  MetaKind kind;
  std::string_view argument;
  std::string_view help;
};

constexpr MetaRow kCommands[] = {
    {"q", MetaKind::kQuit, "", "leave (also Ctrl-D)"},
    {"quit", MetaKind::kQuit, "", ""},
    {"?", MetaKind::kHelp, "", "this list"},
    {"h", MetaKind::kHelp, "", ""},
    {"l", MetaKind::kCatalogs, "", "catalogs"},
    {"dn", MetaKind::kSchemas, "[CATALOG]", "schemas"},
    {"dt", MetaKind::kTables, "[SCHEMA]", "tables"},
    {"dv", MetaKind::kViews, "[SCHEMA]", "views"},
    {"dvol", MetaKind::kVolumes, "[SCHEMA]", "volumes"},
    {"df", MetaKind::kFunctions, "[PATTERN]", "functions"},
    {"d", MetaKind::kDescribe, "[TABLE]", "a table's columns; tables when none is named"},
    {"c", MetaKind::kUse, "[CATALOG.]SCHEMA", "makes it the current schema, as USE does"},
    {"timing", MetaKind::kTiming, "[on|off]", "how long each statement took"},
    {"x", MetaKind::kExpanded, "[on|off]", "a line a value in place of a line a row"},
    {"format", MetaKind::kFormat, "NAME", "table, csv, tsv, json, jsonl or markdown"},
    {"o", MetaKind::kOutput, "[FILE|FORMAT]", "results go to the file, or in the format; alone: to the terminal again"},
    {"i", MetaKind::kInclude, "FILE", "runs the statements of a file"},
    {"r", MetaKind::kReset, "", "forgets the lines typed so far (also Ctrl-C)"},
    {"conninfo", MetaKind::kConnection, "", "where this shell is connected to"},
};

}  // namespace

std::optional<MetaCommand> ParseMetaCommand(std::string_view line) {
  line = Trim(line);
  if (!line.starts_with('\\')) return std::nullopt;
  size_t space = std::min(line.find_first_of(" \t"), line.size());
  std::string_view name = line.substr(1, space - 1);
  std::string argument(Trim(line.substr(space)));
  while (argument.ends_with(';')) argument.pop_back();
  for (const MetaRow& row : kCommands) {
    if (row.name == name) return MetaCommand{row.kind, argument};
  }
  return MetaCommand{MetaKind::kUnknown, std::string(name)};
}

std::string MetaHelp() {
  std::string text = "A statement ends with ';' and may take several lines.\n";
  for (const MetaRow& row : kCommands) {
    if (row.help.empty()) continue;
    std::string left = "  \\" + std::string(row.name) + " " + std::string(row.argument);
    left.resize(std::max<size_t>(left.size() + 1, 26), ' ');
    text += left + std::string(row.help) + "\n";
  }
  return text + "Ctrl-C cancels the running statement; Tab completes keywords and names.\n";
}

std::string MetaStatement(const MetaCommand& command) {
  std::string in = command.argument.empty() ? "" : " IN " + command.argument;
  switch (command.kind) {
    case MetaKind::kCatalogs: return "SHOW CATALOGS";
    case MetaKind::kSchemas: return "SHOW SCHEMAS" + in;
    case MetaKind::kTables: return "SHOW TABLES" + in;
    case MetaKind::kViews: return "SHOW VIEWS" + in;
    case MetaKind::kVolumes: return "SHOW VOLUMES" + in;
    case MetaKind::kFunctions:
      return "SHOW FUNCTIONS" + (command.argument.empty() ? "" : " LIKE '" + ReplaceAll(command.argument, "'", "\\'") + "'");
    case MetaKind::kDescribe: return command.argument.empty() ? "SHOW TABLES" : "DESCRIBE TABLE " + command.argument;
    case MetaKind::kUse: return command.argument.empty() ? "" : "USE " + command.argument;
    default: return "";
  }
}

}  // namespace ashlar::cli
