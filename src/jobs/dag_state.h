// DagState: the tasks of one run, and what each may do next. Pure: no clock, no lock, no I/O; the runner
// stores what this decides. Rules of run_if, retries and results as Databricks documents them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ashlar::jobs {

enum class TaskState {
  kBlocked,          // waits for what it depends on
  kWaitingForRetry,  // a next attempt is due at a known time
  kRunning,
  kSucceeded,
  kFailed,
  kTimedOut,
  kCanceled,
  kUpstreamFailed,
  kUpstreamCanceled,
  kExcluded,  // its run_if was not met; counts as success
  kDisabled,
};

bool IsFinal(TaskState state);

enum class RunIf { kAllSuccess, kAllDone, kNoneFailed, kAtLeastOneSuccess, kAllFailed, kAtLeastOneFailed };

struct TaskNode {
  std::string key;
  std::vector<std::string> depends_on;
  RunIf run_if = RunIf::kAllSuccess;
  bool disabled = false;
  int64_t max_retries = 0;  // -1: without end
  int64_t min_retry_interval_ms = 0;
  bool retry_on_timeout = false;
};

// kInvalidParameterValue: no task, a key twice or malformed, an unknown dependency, a cycle.
Status ValidateDag(const std::vector<TaskNode>& nodes);

// Whether the attempt, counted from 0, that ended in `outcome` is followed by another one.
bool MayRetry(const TaskNode& node, int64_t attempt, TaskState outcome);

class DagState {
 public:
  // `nodes` are valid; `states` has each key.
  DagState(std::vector<TaskNode> nodes, std::map<std::string, TaskState> states);

  // Whether the blocked task's dependencies are over and let it run.
  bool CanStart(const std::string& key) const;
  // Blocked tasks that end without running, in order; call Apply for each, then ask again.
  std::vector<std::pair<std::string, TaskState>> Skips() const;
  // Refused (a bug) from a final state.
  void Apply(const std::string& key, TaskState state);
  TaskState StateOf(const std::string& key) const { return states_.at(key); }

  bool AllFinal() const;
  // "SUCCESS", "SUCCESS_WITH_FAILURES", "FAILED" or "CANCELED"; only when all are final.
  std::string_view Result() const;

 private:
  // kRunning: it may start. kBlocked: not decided yet. Else the final state it gets.
  TaskState Verdict(const TaskNode& node) const;

  std::vector<TaskNode> nodes_;
  std::map<std::string, TaskState> states_;
};

}  // namespace ashlar::jobs
