// The shell's own commands, which begin with a backslash.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ashlar::cli {

enum class MetaKind {
  kQuit, kHelp, kCatalogs, kSchemas, kTables, kViews, kVolumes, kFunctions, kDescribe, kUse, kTiming, kExpanded, kOutput,
  kFormat, kInclude, kConnection, kReset, kUnknown
};

struct MetaCommand {
  MetaKind kind = MetaKind::kUnknown;
  std::string argument;
  bool operator==(const MetaCommand&) const = default;
};

// nullopt when the line is no meta command.
std::optional<MetaCommand> ParseMetaCommand(std::string_view line);
// What \? shows.
std::string MetaHelp();
// The SQL a listing command stands for ("\dt sales" → "SHOW TABLES IN sales"); empty for the others.
std::string MetaStatement(const MetaCommand& command);

}  // namespace ashlar::cli
