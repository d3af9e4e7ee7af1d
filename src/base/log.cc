#include "base/log.h"

#include <unistd.h>

#include <array>
#include <atomic>

#include "base/clock.h"
#include "base/json.h"

namespace ashlar {
namespace {

std::atomic<LogLevel> g_level{LogLevel::kInfo};
constexpr std::array<const char*, 4> kLevelNames = {"debug", "info", "warn", "error"};

}  // namespace

void SetLogLevel(LogLevel level) { g_level = level; }

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level < g_level.load(std::memory_order_relaxed)) return;
  Json line;
  line["ts"] = FormatUtcMs(SystemClock().NowMs());
  line["level"] = kLevelNames[static_cast<size_t>(level)];
  line["msg"] = message;
  for (const auto& [name, value] : fields) line[std::string(name)] = value;
  std::string text = WriteJson(line) + "\n";
  // One write a line, so that lines of several processes do not mix.
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace ashlar
