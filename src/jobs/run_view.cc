#include "jobs/run_view.h"

#include "base/json.h"
#include "jobs/dag_state.h"

namespace ashlar::jobs {
namespace {

using api::jobs::Run;
using api::jobs::RunState;
using api::jobs::RunStatus;
using api::jobs::RunTask;

struct StateRow {
  TaskState state;
  std::string_view life_cycle;
  std::string_view result;
};

constexpr StateRow kStates[] = {{TaskState::kBlocked, "BLOCKED", ""},
                                {TaskState::kWaitingForRetry, "WAITING_FOR_RETRY", ""},
                                {TaskState::kRunning, "RUNNING", ""},
                                {TaskState::kSucceeded, "TERMINATED", "SUCCESS"},
                                {TaskState::kFailed, "TERMINATED", "FAILED"},
                                {TaskState::kTimedOut, "TERMINATED", "TIMEDOUT"},
                                {TaskState::kCanceled, "TERMINATED", "CANCELED"},
                                {TaskState::kUpstreamFailed, "TERMINATED", "UPSTREAM_FAILED"},
                                {TaskState::kUpstreamCanceled, "TERMINATED", "UPSTREAM_CANCELED"},
                                {TaskState::kExcluded, "TERMINATED", "EXCLUDED"},
                                {TaskState::kDisabled, "TERMINATED", "DISABLED"}};

const StateRow& RowOf(int state) {
  for (const StateRow& row : kStates) {
    if (static_cast<int>(row.state) == state) return row;
  }
  CHECK(false) << "no such task state: " << state;
  return kStates[0];
}

struct TerminationRow {
  std::string_view result;
  std::string_view code;
  std::string_view type;
};

constexpr TerminationRow kTerminations[] = {
    {"SUCCESS", "SUCCESS", "SUCCESS"},
    {"SUCCESS_WITH_FAILURES", "SUCCESS_WITH_FAILURES", "SUCCESS"},
    {"CANCELED", "USER_CANCELED", "SUCCESS"},
    {"UPSTREAM_CANCELED", "CANCELED", "SUCCESS"},
    {"EXCLUDED", "SKIPPED", "SUCCESS"},
    {"DISABLED", "DISABLED", "SUCCESS"},
    {"MAXIMUM_CONCURRENT_RUNS_REACHED", "MAX_CONCURRENT_RUNS_EXCEEDED", "CLIENT_ERROR"}};

RunState StateView(std::string_view life_cycle, std::string_view result, const std::string& message) {
  RunState state;
  state.life_cycle_state = life_cycle;
  if (!result.empty()) state.result_state = result;
  state.state_message = message;
  state.user_cancelled_or_timedout = result == "CANCELED" || result == "TIMEDOUT";
  return state;
}

RunStatus StatusView(std::string_view life_cycle, std::string_view result, const std::string& message) {
  RunStatus status;
  std::string_view state = life_cycle;
  if (life_cycle == "SKIPPED") state = "TERMINATED";
  if (life_cycle == "WAITING_FOR_RETRY") state = "WAITING";
  status.state = state;
  if (result.empty()) return status;
  api::jobs::TerminationDetails details;
  details.code = std::string_view("RUN_EXECUTION_ERROR");
  details.type = std::string_view("CLIENT_ERROR");
  for (const TerminationRow& row : kTerminations) {
    if (row.result != result) continue;
    details.code = row.code;
    details.type = row.type;
  }
  details.message = message;
  status.termination_details = details;
  return status;
}

// What runs and attempts have in common.
template <typename View>
void SetTimes(View& view, int64_t start_ms, int64_t end_ms) {
  if (start_ms != 0) view.start_time = start_ms;
  view.end_time = end_ms;
  view.setup_duration = 0;
  view.cleanup_duration = 0;
  view.execution_duration = end_ms != 0 && start_ms != 0 ? end_ms - start_ms : 0;
  if (end_ms != 0 && start_ms != 0) view.run_duration = end_ms - start_ms;
}

std::string PageUrl(const std::string& base_url, const RunRow& run, int64_t id) {
  return base_url + "/#job/" + std::to_string(run.job_id) + "/run/" + std::to_string(id);
}

Result<RunTask> ViewTask(const RunRow& run, const api::jobs::Task& task, const AttemptRow& attempt,
                         const std::string& base_url) {
  ASSIGN_OR_RETURN(RunTask view, api::FromJson<RunTask>(api::ToJson(task)));
  const StateRow& state = RowOf(attempt.state);
  view.run_id = attempt.id;
  view.attempt_number = attempt.attempt;
  view.run_page_url = PageUrl(base_url, run, attempt.id);
  view.state = StateView(state.life_cycle, state.result, attempt.message);
  view.status = StatusView(state.life_cycle, state.result, attempt.message);
  SetTimes(view, attempt.start_ms, attempt.end_ms);
  return view;
}

Result<Run> ViewCommon(const RunRow& run, const api::jobs::JobSettings& settings) {
  Run view;
  if (run.job_id != 0) view.job_id = run.job_id;
  if (run.job_id != 0) view.number_in_job = run.number;
  view.creator_user_name = run.creator_name;
  view.run_name = run.name;
  view.run_type = run.job_id == 0 ? std::string_view("SUBMIT_RUN") : std::string_view("JOB_RUN");
  view.trigger = std::string_view("ONE_TIME");
  ASSIGN_OR_RETURN(Json parameters, ParseJson(run.parameters));
  for (const auto& declared : settings.parameters.value_or({})) {
    api::jobs::JobParameter parameter;
    parameter.name = declared.name;
    parameter.default_ = declared.default_;
    parameter.value = parameters["job"].value(declared.name.value_or(""), declared.default_.value_or(""));
    view.job_parameters.Ensure().push_back(std::move(parameter));
  }
  return view;
}

}  // namespace

Result<Run> ViewRun(const RunRow& run, const std::vector<AttemptRow>& attempts, const std::string& base_url) {
  ASSIGN_OR_RETURN(auto settings, api::FromJson<api::jobs::JobSettings>(run.settings));
  ASSIGN_OR_RETURN(Run view, ViewCommon(run, settings));
  view.run_id = view.job_run_id = view.original_attempt_run_id = run.id;
  view.attempt_number = 0;
  view.run_page_url = PageUrl(base_url, run, run.id);
  view.state = StateView(run.state, run.result, run.message);
  view.status = StatusView(run.state, run.result, run.message);
  SetTimes(view, run.start_ms, run.end_ms);
  for (const auto& task : settings.tasks.value_or({})) {
    const AttemptRow* last = nullptr;
    for (const AttemptRow& attempt : attempts) {
      if (attempt.task_key == task.task_key.value_or("")) last = &attempt;
    }
    CHECK(last != nullptr) << "each task of a run has an attempt";
    ASSIGN_OR_RETURN(RunTask shown, ViewTask(run, task, *last, base_url));
    view.tasks.Ensure().push_back(std::move(shown));
  }
  return view;
}

Result<Run> ViewAttempt(const RunRow& run, const AttemptRow& attempt, const std::string& base_url) {
  ASSIGN_OR_RETURN(auto settings, api::FromJson<api::jobs::JobSettings>(run.settings));
  ASSIGN_OR_RETURN(Run view, ViewCommon(run, settings));
  const StateRow& state = RowOf(attempt.state);
  view.run_id = attempt.id;
  view.job_run_id = run.id;
  view.attempt_number = attempt.attempt;
  view.run_name = attempt.task_key;
  view.run_page_url = PageUrl(base_url, run, attempt.id);
  view.state = StateView(state.life_cycle, state.result, attempt.message);
  view.status = StatusView(state.life_cycle, state.result, attempt.message);
  SetTimes(view, attempt.start_ms, attempt.end_ms);
  for (const auto& task : settings.tasks.value_or({})) {
    if (task.task_key.value_or("") != attempt.task_key) continue;
    ASSIGN_OR_RETURN(RunTask shown, ViewTask(run, task, attempt, base_url));
    view.tasks.Ensure().push_back(std::move(shown));
  }
  return view;
}

}  // namespace ashlar::jobs
