// Structured logs: one JSON object a line on standard error.
//
//   Log(LogLevel::kInfo, "driver started", {{"driver", id}, {"pid", std::to_string(pid)}});
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace ashlar {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
using LogField = std::pair<std::string_view, std::string>;

void SetLogLevel(LogLevel level);
// Thread safe. `message` is constant text; what varies goes into the fields.
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

}  // namespace ashlar
