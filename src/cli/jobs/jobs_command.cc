#include "cli/jobs/jobs_command.h"

#include <algorithm>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/jobs/run_progress.h"
#include "cli/sql/result_rows.h"
#include "cli/terminal.h"
#include "cli/workspace_client.h"

namespace ashlar::cli {
namespace {

constexpr int64_t kFirstPauseMs = 50;
constexpr int64_t kLongestPauseMs = 1000;
constexpr int kInterruptedExit = 130;

Error Bad(std::string message) { return MakeError(ErrorCode::kInvalidParameterValue, std::move(message)); }

Result<WorkspaceClient> Connect(const JobsOptions& options) {
  ASSIGN_OR_RETURN(Connection connection, ResolveConnection(options.connection, ProcessEnvironment()));
  return WorkspaceClient(std::move(connection));
}

int ExitWith(const Result<int>& result) {
  if (result.ok()) return *result;
  Complain(result.error().message);
  return 1;
}

void Say(const std::string& line) { (void)WriteOut(line + "\n").ok(); }

// The clock's "10:20:30Z" of a line of progress.
std::string TimeOfDay() { return FormatUtcMs(SystemClock().NowMs()).substr(11, 8) + "Z"; }

Result<int> List(const JobsOptions& options) {
  ASSIGN_OR_RETURN(WorkspaceClient client, Connect(options));
  TableStyle style{.styled = IsTerminal(1)};
  if (style.styled) style.max_width = TerminalColumns(1);
  auto writer = MakeRowWriter(*OutputFormatFromName(options.format), style, WriteOut);
  RETURN_IF_ERROR(writer->Begin({{"job_id", "LONG", "BIGINT"}, {"name", "STRING", "STRING"}, {"creator", "STRING", "STRING"}, {"created", "STRING", "STRING"}}));
  std::string target = "/api/2.2/jobs/list?limit=100";
  if (!options.name.empty()) target += "&name=" + PercentEncode(options.name);
  RETURN_IF_ERROR(client.ForEach(target, "jobs", [&](const Json& job) {
    std::string name = job.contains("settings") ? job["settings"].value("name", "") : "";
    return writer->Row({std::to_string(job.value("job_id", int64_t{0})), name, job.value("creator_user_name", ""),
                        FormatUtcMs(job.value("created_time", int64_t{0}))});
  }));
  RETURN_IF_ERROR(writer->End());
  return 0;
}

// Digits are an id, anything else is a name that one job must have.
Result<int64_t> FindJob(WorkspaceClient& client, const std::string& text) {
  std::optional<int64_t> id = ParseInt64(text);
  if (id) return *id;
  std::vector<int64_t> found;
  RETURN_IF_ERROR(client.ForEach("/api/2.2/jobs/list?limit=100&name=" + PercentEncode(text), "jobs", [&](const Json& job) {
    found.push_back(job.value("job_id", int64_t{0}));
    return OkStatus();
  }));
  if (found.size() == 1) return found[0];
  if (found.empty()) return MakeError(ErrorCode::kNotFound, "no job is called '" + text + "'");
  std::string ids;
  for (int64_t one : found) ids += " " + std::to_string(one);
  return Bad("several jobs are called '" + text + "', name one by its id:" + ids);
}

Result<Json> Parameters(const std::vector<std::string>& pairs) {
  Json parameters = Json::object();
  for (const std::string& pair : pairs) {
    size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) return Bad("--param takes KEY=VALUE, not '" + pair + "'");
    parameters[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return parameters;
}

// What each failed task has to say.
Status ShowErrors(WorkspaceClient& client, const Json& run) {
  if (run.contains("tasks")) {
    for (const Json& task : run["tasks"]) {
      std::string state = StateName(task);
      if (state != "FAILED" && state != "TIMEDOUT" && state != "INTERNAL_ERROR") continue;
      std::string target = "/api/2.2/jobs/runs/get-output?run_id=" + std::to_string(task.value("run_id", int64_t{0}));
      ASSIGN_OR_RETURN(Json output, client.Get(target));
      std::string reason = output.value("error", "");
      if (reason.empty() && task.contains("state")) reason = task["state"].value("state_message", "");
      Complain("task " + task.value("task_key", "") + ": " + reason);
    }
  }
  std::string message = run.contains("state") ? run["state"].value("state_message", "") : "";
  if (!message.empty()) Complain(message);
  return OkStatus();
}

Result<int> Follow(WorkspaceClient& client, int64_t run_id) {
  CatchInterrupts();
  RunProgress progress;
  ProgressLine line;
  std::string id = std::to_string(run_id);
  for (int64_t pause_ms = kFirstPauseMs;; pause_ms = std::min(pause_ms * 2, kLongestPauseMs)) {
    ASSIGN_OR_RETURN(Json run, client.Get("/api/2.2/jobs/runs/get?run_id=" + id));
    for (const std::string& change : progress.Changes(run)) {
      line.Clear();
      Say(TimeOfDay() + "  " + change);
      pause_ms = kFirstPauseMs;
    }
    if (HasEnded(run)) {
      line.Clear();
      std::string state = StateName(run);
      bool success = state == "SUCCESS" || state == "SUCCESS_WITH_FAILURES";
      if (!success) RETURN_IF_ERROR(ShowErrors(client, run));
      Say(TimeOfDay() + "  run " + id + ": " + state);
      return success ? 0 : 1;
    }
    line.Show("run " + id + ": " + StateName(run) + "  " + DurationText(line.ElapsedMs()));
    PauseMs(pause_ms);
    if (TakeInterrupt()) {
      line.Clear();
      Complain("run " + id + " goes on; `ashlar jobs cancel " + id + "` ends it");
      return kInterruptedExit;
    }
  }
}

Result<int> RunJob(const JobsOptions& options) {
  ASSIGN_OR_RETURN(Json parameters, Parameters(options.parameters));
  ASSIGN_OR_RETURN(WorkspaceClient client, Connect(options));
  Json request;
  ASSIGN_OR_RETURN(request["job_id"], FindJob(client, options.job));
  if (!parameters.empty()) request["job_parameters"] = parameters;
  ASSIGN_OR_RETURN(Json answer, client.Post("/api/2.2/jobs/run-now", request));
  auto run_id = answer.value("run_id", int64_t{0});
  Say("run " + std::to_string(run_id) + " of job " + std::to_string(request["job_id"].get<int64_t>()));
  return options.follow ? Follow(client, run_id) : Result<int>(0);
}

Result<int> Cancel(const JobsOptions& options) {
  ASSIGN_OR_RETURN(WorkspaceClient client, Connect(options));
  ASSIGN_OR_RETURN(Json ignored, client.Post("/api/2.2/jobs/runs/cancel", Json{{"run_id", options.run_id}}));
  Say("run " + std::to_string(options.run_id) + " is being cancelled");
  return 0;
}

}  // namespace

int RunJobsList(const JobsOptions& options) { return ExitWith(List(options)); }
int RunJobsRun(const JobsOptions& options) { return ExitWith(RunJob(options)); }
int RunJobsCancel(const JobsOptions& options) { return ExitWith(Cancel(options)); }

}  // namespace ashlar::cli
