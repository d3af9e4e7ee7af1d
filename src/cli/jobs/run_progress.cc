#include "cli/jobs/run_progress.h"

#include "base/json.h"
#include "cli/terminal.h"

namespace ashlar::cli {
namespace {

// The newest attempt of each task, in the order of the run's tasks.
std::vector<const Json*> NewestAttempts(const Json& run) {
  std::vector<const Json*> newest;
  if (!run.contains("tasks")) return newest;
  for (const Json& task : run["tasks"]) {
    bool known = false;
    for (const Json*& other : newest) {
      if (other->value("task_key", "") != task.value("task_key", "")) continue;
      known = true;
      if (task.value("attempt_number", 0) > other->value("attempt_number", 0)) other = &task;
    }
    if (!known) newest.push_back(&task);
  }
  return newest;
}

}  // namespace

std::string StateName(const Json& view) {
  if (!view.contains("state")) return "";
  const Json& state = view["state"];
  std::string result = state.value("result_state", "");
  return result.empty() ? state.value("life_cycle_state", "") : result;
}

bool HasEnded(const Json& run) {
  if (!run.contains("state")) return false;
  std::string state = run["state"].value("life_cycle_state", "");
  return state == "TERMINATED" || state == "SKIPPED" || state == "INTERNAL_ERROR";
}

std::vector<std::string> RunProgress::Changes(const Json& run) {
  std::vector<std::string> lines;
  for (const Json* task : NewestAttempts(run)) {
    std::string key = task->value("task_key", "");
    int attempt = task->value("attempt_number", 0);
    std::string state = StateName(*task);
    if (attempt > 0) state += " (attempt " + std::to_string(attempt + 1) + ")";
    std::string& last = states_[key];
    if (state == last) continue;
    last = state;
    std::string line = key + ": " + state;
    int64_t duration = task->value("execution_duration", int64_t{0});
    if (HasEnded(*task) && duration > 0) line += ", " + DurationText(duration);
    lines.push_back(line);
  }
  return lines;
}

}  // namespace ashlar::cli
