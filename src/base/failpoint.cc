#include "base/failpoint.h"

#include <csignal>
#include <cstdlib>

#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "base/text.h"

namespace ashlar {
namespace {

struct Action {
  bool kill = false;
  bool every_time = false;
  int at = 1;
  int reached = 0;
};

struct Registry {
  std::atomic<bool> enabled{false};
  std::mutex mutex;
  std::map<std::string, Action, std::less<>> actions;

  Registry() {
    if (const char* text = std::getenv("ASHLAR_FAILPOINTS")) Configure(text);
  }

  void Configure(std::string_view text) {
    std::lock_guard lock(mutex);
    actions.clear();
    for (std::string_view item : SplitView(text, ';')) {
      size_t equals = item.find('=');
      if (equals == std::string_view::npos) continue;
      std::string_view what = item.substr(equals + 1);
      Action action;
      size_t at = what.find('@');
      if (at != std::string_view::npos) {
        std::string_view count = what.substr(at + 1);
        action.every_time = count == "*";
        if (!action.every_time) action.at = std::atoi(std::string(count).c_str());
        what = what.substr(0, at);
      }
      action.kill = what == "kill";
      actions.emplace(std::string(item.substr(0, equals)), action);
    }
    enabled = !actions.empty();
  }
};

Registry& GetRegistry() {
  static Registry registry;
  return registry;
}

}  // namespace

Status Failpoint(std::string_view name) {
  Registry& registry = GetRegistry();
  if (!registry.enabled.load(std::memory_order_relaxed)) return OkStatus();
  std::lock_guard lock(registry.mutex);
  auto found = registry.actions.find(name);
  if (found == registry.actions.end()) return OkStatus();
  Action& action = found->second;
  ++action.reached;
  if (!action.every_time && action.reached != action.at) return OkStatus();
  if (action.kill) raise(SIGKILL);
  return MakeError(ErrorCode::kIoError, "failpoint " + std::string(name));
}

void SetFailpointsForTest(std::string_view configuration) { GetRegistry().Configure(configuration); }

}  // namespace ashlar
