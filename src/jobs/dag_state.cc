#include "jobs/dag_state.h"

#include <algorithm>
#include <set>

namespace ashlar::jobs {
namespace {

constexpr size_t kMaxTasks = 1000;
constexpr size_t kMaxKeyLength = 100;

Error Invalid(std::string message) { return MakeError(ErrorCode::kInvalidParameterValue, std::move(message)); }

bool IsKeyCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool IsSuccess(TaskState state) { return state == TaskState::kSucceeded; }
bool IsSkipped(TaskState state) { return state == TaskState::kExcluded || state == TaskState::kDisabled; }
bool IsCanceled(TaskState state) { return state == TaskState::kCanceled || state == TaskState::kUpstreamCanceled; }
bool IsFailure(TaskState state) {
  return state == TaskState::kFailed || state == TaskState::kTimedOut || state == TaskState::kUpstreamFailed;
}

bool Satisfied(RunIf rule, const std::vector<TaskState>& states) {
  switch (rule) {
    case RunIf::kAllSuccess:
      return std::ranges::all_of(states, [](TaskState s) { return IsSuccess(s) || IsSkipped(s); });
    case RunIf::kAllDone:
      return true;
    case RunIf::kNoneFailed:
      return std::ranges::none_of(states, [](TaskState s) { return IsFailure(s) || IsCanceled(s); });
    case RunIf::kAtLeastOneSuccess:
      return std::ranges::any_of(states, IsSuccess);
    case RunIf::kAllFailed:
      return std::ranges::all_of(states, IsFailure);
    case RunIf::kAtLeastOneFailed:
      return std::ranges::any_of(states, IsFailure);
  }
  CHECK(false) << "no such rule";
  return false;
}

}  // namespace

bool IsFinal(TaskState state) {
  return state != TaskState::kBlocked && state != TaskState::kWaitingForRetry && state != TaskState::kRunning;
}

Status ValidateDag(const std::vector<TaskNode>& nodes) {
  if (nodes.empty()) return Invalid("The job has no tasks.");
  if (nodes.size() > kMaxTasks) return Invalid("A job has at most 1000 tasks.");
  std::set<std::string> keys;
  for (const TaskNode& node : nodes) {
    bool well_formed = !node.key.empty() && node.key.size() <= kMaxKeyLength && std::ranges::all_of(node.key, IsKeyCharacter);
    if (!well_formed) return Invalid("Not a task key: '" + node.key + "'.");
    if (!keys.insert(node.key).second) return Invalid("The task key '" + node.key + "' occurs twice.");
    if (node.max_retries < -1) return Invalid("max_retries of task '" + node.key + "' is below -1.");
  }
  std::set<std::string> done;
  for (const TaskNode& node : nodes) {
    for (const std::string& key : node.depends_on) {
      if (!keys.contains(key)) return Invalid("Task '" + node.key + "' depends on '" + key + "', which does not exist.");
    }
  }
  // Each round takes the tasks whose dependencies are done; a round that takes none found a cycle.
  while (done.size() < nodes.size()) {
    size_t before = done.size();
    for (const TaskNode& node : nodes) {
      if (std::ranges::all_of(node.depends_on, [&](const std::string& key) { return done.contains(key); })) {
        done.insert(node.key);
      }
    }
    if (done.size() == before) return Invalid("The tasks depend on each other in a cycle.");
  }
  return OkStatus();
}

bool MayRetry(const TaskNode& node, int64_t attempt, TaskState outcome) {
  CHECK(IsFinal(outcome)) << "only an attempt that ended may be followed by another";
  bool retried = outcome == TaskState::kFailed || (outcome == TaskState::kTimedOut && node.retry_on_timeout);
  return retried && (node.max_retries == -1 || attempt < node.max_retries);
}

DagState::DagState(std::vector<TaskNode> nodes, std::map<std::string, TaskState> states)
    : nodes_(std::move(nodes)), states_(std::move(states)) {
  CHECK(nodes_.size() == states_.size()) << "each task has a state";
  for (const TaskNode& node : nodes_) CHECK(states_.contains(node.key)) << node.key;
}

TaskState DagState::Verdict(const TaskNode& node) const {
  std::vector<TaskState> upstream;
  for (const std::string& key : node.depends_on) upstream.push_back(states_.at(key));
  if (!std::ranges::all_of(upstream, IsFinal)) return TaskState::kBlocked;
  if (node.disabled) return TaskState::kDisabled;
  if (upstream.empty()) return TaskState::kRunning;
  // Without anything that ran upstream there is nothing to react to.
  if (std::ranges::all_of(upstream, IsSkipped)) return TaskState::kExcluded;
  if (Satisfied(node.run_if, upstream)) return TaskState::kRunning;
  if (node.run_if == RunIf::kAllFailed || node.run_if == RunIf::kAtLeastOneFailed) return TaskState::kExcluded;
  return std::ranges::any_of(upstream, IsCanceled) ? TaskState::kUpstreamCanceled : TaskState::kUpstreamFailed;
}

bool DagState::CanStart(const std::string& key) const {
  auto node = std::ranges::find(nodes_, key, &TaskNode::key);
  CHECK(node != nodes_.end()) << key;
  return states_.at(key) == TaskState::kBlocked && Verdict(*node) == TaskState::kRunning;
}

std::vector<std::pair<std::string, TaskState>> DagState::Skips() const {
  std::vector<std::pair<std::string, TaskState>> skips;
  for (const TaskNode& node : nodes_) {
    if (states_.at(node.key) != TaskState::kBlocked) continue;
    TaskState verdict = Verdict(node);
    if (IsFinal(verdict)) skips.emplace_back(node.key, verdict);
  }
  return skips;
}

void DagState::Apply(const std::string& key, TaskState state) {
  CHECK(states_.contains(key)) << key;
  CHECK(!IsFinal(states_[key])) << "a task that ended stays as it is: " << key;
  states_[key] = state;
}

bool DagState::AllFinal() const {
  return std::ranges::all_of(states_, [](const auto& entry) { return IsFinal(entry.second); });
}

std::string_view DagState::Result() const {
  CHECK(AllFinal()) << "a run that goes on has no result";
  std::set<std::string> inner;
  for (const TaskNode& node : nodes_) inner.insert(node.depends_on.begin(), node.depends_on.end());
  bool failed_leaf = false, canceled = false, failed = false;
  for (const auto& [key, state] : states_) {
    failed |= IsFailure(state);
    failed_leaf |= IsFailure(state) && !inner.contains(key);
    canceled |= IsCanceled(state) && !inner.contains(key);
  }
  if (failed_leaf) return "FAILED";
  if (canceled) return "CANCELED";
  return failed ? "SUCCESS_WITH_FAILURES" : "SUCCESS";
}

}  // namespace ashlar::jobs
