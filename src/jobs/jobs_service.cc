#include "jobs/jobs_service.h"

#include "base/id.h"
#include "base/json.h"
#include "base/text.h"
#include "identity/directory.h"
#include "jobs/run_view.h"

namespace ashlar::jobs {
namespace {

using api::jobs::JobSettings;
using identity::PermissionEvaluator;

constexpr size_t kMaxTokenLength = 64;

identity::ObjectRef RefOf(int64_t job_id) { return {"jobs", std::to_string(job_id)}; }

Error Invalid(std::string message) { return MakeError(ErrorCode::kInvalidParameterValue, std::move(message)); }
Error NoJob(const std::string& id) { return Invalid("Job " + id + " does not exist."); }
Error NoRun(int64_t id) { return Invalid("Run " + std::to_string(id) + " does not exist."); }

Result<JobRow> FindJob(metadb::Transaction& txn, int64_t id) {
  ASSIGN_OR_RETURN(auto row, JobsTable::Find(txn, id));
  if (!row) return NoJob(std::to_string(id));
  return *std::move(row);
}

// Jobs run in the name of who made them.
Status CheckRunAs(const JobSettings& settings, const std::string& creator) {
  if (!settings.run_as.has()) return OkStatus();
  const auto& run_as = *settings.run_as;
  std::string name = run_as.user_name.value_or(run_as.service_principal_name.value_or(creator));
  return name == creator ? OkStatus() : Status(NotImplemented("run_as of another principal than the job's creator"));
}

struct Page {
  size_t begin = 0;
  size_t limit = 0;
};

Result<Page> PageOf(const api::Field<int64_t>& limit, const api::Field<int64_t>& offset,
                    const api::Field<std::string>& token, int64_t max) {
  int64_t size = limit.value_or(20);
  if (size < 0 || size > max) return Invalid("limit must be between 1 and " + std::to_string(max) + ".");
  int64_t begin = offset.value_or(0);
  if (token.has() && !token->empty()) {
    std::optional<int64_t> parsed = ParseInt64(*token);
    if (!parsed) return Invalid("page_token is not one of ours.");
    begin = *parsed;
  }
  if (begin < 0) return Invalid("offset is negative.");
  return Page{static_cast<size_t>(begin), static_cast<size_t>(size == 0 ? 20 : size)};
}

// Cuts the page out of `items` and says what follows.
template <typename Item, typename Answer>
std::vector<Item> Cut(std::vector<Item> items, Page page, Answer& answer) {
  size_t begin = std::min(page.begin, items.size());
  size_t end = std::min(items.size(), begin + page.limit);
  answer.has_more = end < items.size();
  if (end < items.size()) answer.next_page_token = std::to_string(end);
  return {items.begin() + static_cast<ptrdiff_t>(begin), items.begin() + static_cast<ptrdiff_t>(end)};
}

Result<std::optional<std::string>> KeyOf(const api::Field<std::string>& token, const std::string& scope) {
  std::optional<std::string> key;
  if (!token.has() || token->empty()) return key;
  if (token->size() > kMaxTokenLength) return Invalid("idempotency_token has more than 64 characters.");
  key = scope + ":" + *token;
  return key;
}

std::string ParametersText(const std::map<std::string, std::string>& job,
                           const std::map<std::string, std::string>& task) {
  Json json = Json::object();
  json["job"] = Json::object();
  json["task"] = Json::object();
  for (const auto& [name, value] : job) json["job"][name] = value;
  for (const auto& [name, value] : task) json["task"][name] = value;
  return WriteJson(json);
}

template <typename View>
View ViewJob(const JobRow& row, JobSettings settings) {
  View view;
  view.job_id = row.id;
  view.created_time = row.created_ms;
  view.creator_user_name = row.creator_name;
  view.settings = std::move(settings);
  return view;
}

}  // namespace

Result<std::vector<identity::ObjectRef>> JobAncestry::Ancestors(metadb::Transaction& txn,
                                                                const identity::ObjectRef& object) const {
  std::optional<int64_t> id = ParseInt64(object.id);
  if (!id) return NoJob(object.id);
  RETURN_IF_ERROR(FindJob(txn, *id));
  return std::vector<identity::ObjectRef>();
}

Result<api::jobs::CreateResponse> JobsService::CreateJob(const http::RequestContext& context,
                                                         const api::jobs::CreateJobRequest& request) {
  RETURN_IF_ERROR(api::RefuseFields(request, {"access_control_list"}));
  ASSIGN_OR_RETURN(JobSettings settings, api::FromJson<JobSettings>(api::ToJson(request)));
  RETURN_IF_ERROR(WorkOf(settings));
  RETURN_IF_ERROR(CheckRunAs(settings, context.principal.name));
  if (!settings.name.has()) settings.name = "Untitled";
  if (!settings.format.has()) settings.format = std::string_view("MULTI_TASK");
  JobRow row;
  row.id = NewNumericId(random_);
  row.creator_id = context.principal.id;
  row.creator_name = context.principal.name;
  row.name = *settings.name;
  row.settings = api::ToJson(settings);
  row.created_ms = clock_.NowMs();
  RETURN_IF_ERROR(database_.Transact([&](metadb::Transaction& txn) -> Status {
    RETURN_IF_ERROR(JobsTable::Insert(txn, row));
    return PermissionEvaluator::GrantCreator(txn, RefOf(row.id), row.creator_id);
  }));
  api::jobs::CreateResponse answer;
  answer.job_id = row.id;
  return answer;
}

Result<api::jobs::Job> JobsService::GetJob(const http::RequestContext&, const api::jobs::GetJobRequest& request) {
  JobRow row;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(row, FindJob(txn, *request.job_id));
    return OkStatus();
  }));
  ASSIGN_OR_RETURN(JobSettings settings, api::FromJson<JobSettings>(row.settings));
  auto view = ViewJob<api::jobs::Job>(row, std::move(settings));
  view.run_as_user_name = row.creator_name;
  return view;
}

Result<api::jobs::ListJobsResponse> JobsService::ListJobs(const http::RequestContext& context,
                                                          const api::jobs::ListJobsRequest& request) {
  ASSIGN_OR_RETURN(Page page, PageOf(request.limit, request.offset, request.page_token, 100));
  std::vector<JobRow> visible;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    visible.clear();
    ASSIGN_OR_RETURN(auto rows, JobsTable::List(txn));
    for (JobRow& row : rows) {
      if (request.name.has() && !EqualsIgnoreCase(row.name, *request.name)) continue;
      ASSIGN_OR_RETURN(bool may, permissions_.CheckWithin(txn, context.principal.id, RefOf(row.id), "CAN_VIEW"));
      if (may) visible.push_back(std::move(row));
    }
    return OkStatus();
  }));
  api::jobs::ListJobsResponse answer;
  for (const JobRow& row : Cut(std::move(visible), page, answer)) {
    ASSIGN_OR_RETURN(JobSettings settings, api::FromJson<JobSettings>(row.settings));
    if (!request.expand_tasks.value_or(false)) settings.tasks.Clear();
    answer.jobs.Ensure().push_back(ViewJob<api::jobs::BaseJob>(row, std::move(settings)));
  }
  return answer;
}

Status JobsService::UpdateJob(const http::RequestContext&, const api::jobs::UpdateJobRequest& request) {
  return database_.Transact([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(JobRow row, FindJob(txn, *request.job_id));
    ASSIGN_OR_RETURN(JobSettings settings, api::FromJson<JobSettings>(row.settings));
    JobSettings changes = request.new_settings.has() ? *request.new_settings : JobSettings{};
    RETURN_IF_ERROR(UpdateSettings(settings, changes, request.fields_to_remove.value_or({})));
    RETURN_IF_ERROR(WorkOf(settings));
    RETURN_IF_ERROR(CheckRunAs(settings, row.creator_name));
    row.name = settings.name.value_or("Untitled");
    row.settings = api::ToJson(settings);
    return JobsTable::Update(txn, row);
  });
}

Status JobsService::ResetJob(const http::RequestContext&, const api::jobs::ResetJobRequest& request) {
  JobSettings settings = *request.new_settings;
  RETURN_IF_ERROR(WorkOf(settings));
  if (!settings.name.has()) settings.name = "Untitled";
  if (!settings.format.has()) settings.format = std::string_view("MULTI_TASK");
  return database_.Transact([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(JobRow row, FindJob(txn, *request.job_id));
    RETURN_IF_ERROR(CheckRunAs(settings, row.creator_name));
    row.name = *settings.name;
    row.settings = api::ToJson(settings);
    return JobsTable::Update(txn, row);
  });
}

Status JobsService::DeleteJob(const http::RequestContext&, const api::jobs::DeleteJobRequest& request) {
  Status deleted = database_.Transact([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(JobRow row, FindJob(txn, *request.job_id));
    ASSIGN_OR_RETURN(auto active, RunsTable::Active(txn));
    for (const RunRow& run : active) {
      if (run.job_id == row.id) RETURN_IF_ERROR(runner_.RequestStop(txn, run, Stop::kCanceled));
    }
    RETURN_IF_ERROR(PermissionEvaluator::Forget(txn, RefOf(row.id)));
    return JobsTable::Delete(txn, row.id);
  });
  runner_.Wake();
  return deleted;
}

Result<api::jobs::RunNowResponse> JobsService::RunNow(const http::RequestContext& context,
                                                      const api::jobs::RunNowRequest& request) {
  RETURN_IF_ERROR(api::RefuseFields(request, {"dbt_commands", "jar_params", "only", "pipeline_params",
                                              "python_named_params", "python_params", "queue", "spark_submit_params"}));
  ASSIGN_OR_RETURN(auto key, KeyOf(request.idempotency_token, "job " + std::to_string(*request.job_id)));
  RunRow run;
  RETURN_IF_ERROR(database_.Transact([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(JobRow job, FindJob(txn, *request.job_id));
    if (key) {
      ASSIGN_OR_RETURN(auto same, RunsTable::FindByKey(txn, *key));
      if (same) {
        run = *same;
        return OkStatus();
      }
    }
    ASSIGN_OR_RETURN(JobSettings settings, api::FromJson<JobSettings>(job.settings));
    ASSIGN_OR_RETURN(auto values, JobParameterValues(settings, request.job_parameters.value_or({})));
    std::map<std::string, std::string> task_values = request.notebook_params.value_or({});
    for (const auto& [name, value] : request.sql_params.value_or({})) task_values[name] = value;
    ASSIGN_OR_RETURN(int64_t last, RunsTable::LastNumber(txn, job.id));
    run = RunRow();
    run.id = NewNumericId(random_);
    run.job_id = job.id;
    run.number = last + 1;
    run.creator_id = context.principal.id;
    run.creator_name = context.principal.name;
    run.run_as_id = job.creator_id;
    run.name = job.name;
    run.settings = job.settings;
    run.parameters = ParametersText(values, task_values);
    run.idempotency_key = key;
    run.state = "PENDING";
    run.start_ms = clock_.NowMs();
    return runner_.Create(txn, run);
  }));
  runner_.Wake();
  api::jobs::RunNowResponse answer;
  answer.run_id = run.id;
  answer.number_in_job = run.number;
  return answer;
}

Result<api::jobs::SubmitRunResponse> JobsService::SubmitRun(const http::RequestContext& context,
                                                            const api::jobs::SubmitRunRequest& request) {
  RETURN_IF_ERROR(api::RefuseFields(request, {"access_control_list"}));
  ASSIGN_OR_RETURN(JobSettings settings, SettingsOf(request));
  ASSIGN_OR_RETURN(auto key, KeyOf(request.idempotency_token, "user " + std::to_string(context.principal.id)));
  RunRow run;
  RETURN_IF_ERROR(database_.Transact([&](metadb::Transaction& txn) -> Status {
    if (key) {
      ASSIGN_OR_RETURN(auto same, RunsTable::FindByKey(txn, *key));
      if (same) {
        run = *same;
        return OkStatus();
      }
    }
    run = RunRow();
    run.id = NewNumericId(random_);
    run.creator_id = run.run_as_id = context.principal.id;
    run.creator_name = context.principal.name;
    run.name = *settings.name;
    run.settings = api::ToJson(settings);
    run.parameters = ParametersText({}, {});
    run.idempotency_key = key;
    run.state = "PENDING";
    run.start_ms = clock_.NowMs();
    return runner_.Create(txn, run);
  }));
  runner_.Wake();
  api::jobs::SubmitRunResponse answer;
  answer.run_id = run.id;
  return answer;
}

Result<bool> JobsService::MayOnRun(metadb::Transaction& txn, const http::Principal& principal, const RunRow& run,
                                   std::string_view level) const {
  if (run.creator_id == principal.id || principal.is_admin) return true;
  if (run.job_id == 0) return false;
  // Runs of a job that was deleted are left to their makers and the admins.
  ASSIGN_OR_RETURN(auto job, JobsTable::Find(txn, run.job_id));
  if (!job) return false;
  return permissions_.CheckWithin(txn, principal.id, RefOf(run.job_id), level);
}

Result<RunRow> JobsService::FindRun(metadb::Transaction& txn, const http::Principal& principal, int64_t id,
                                    std::string_view level) const {
  ASSIGN_OR_RETURN(auto run, RunsTable::Find(txn, id));
  if (!run) return NoRun(id);
  ASSIGN_OR_RETURN(bool visible, MayOnRun(txn, principal, *run, "CAN_VIEW"));
  if (!visible) return NoRun(id);
  ASSIGN_OR_RETURN(bool may, MayOnRun(txn, principal, *run, level));
  if (may) return *std::move(run);
  return MakeError(ErrorCode::kPermissionDenied,
                   principal.name + " does not have " + std::string(level) + " on job " + std::to_string(run->job_id));
}

Result<api::jobs::Run> JobsService::GetRun(const http::RequestContext& context,
                                           const api::jobs::GetRunRequest& request) {
  RunRow run;
  std::optional<AttemptRow> attempt;
  std::vector<AttemptRow> attempts;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(attempt, AttemptsTable::Find(txn, *request.run_id));
    auto found = FindRun(txn, context.principal, attempt ? attempt->run_id : *request.run_id, "CAN_VIEW");
    if (!found.ok()) return attempt ? NoRun(*request.run_id) : found.error();
    run = *std::move(found);
    ASSIGN_OR_RETURN(attempts, AttemptsTable::OfRun(txn, run.id));
    return OkStatus();
  }));
  return attempt ? ViewAttempt(run, *attempt, context.base_url) : ViewRun(run, attempts, context.base_url);
}

Result<api::jobs::RunOutput> JobsService::GetRunOutput(const http::RequestContext& context,
                                                       const api::jobs::GetRunOutputRequest& request) {
  api::jobs::GetRunRequest get;
  get.run_id = request.run_id;
  ASSIGN_OR_RETURN(api::jobs::Run run, GetRun(context, get));
  if (run.tasks.has() && run.tasks->size() > 1) {
    return Invalid("Retrieving the output of runs with multiple tasks is not supported: ask for one of their task runs.");
  }
  api::jobs::RunOutput output;
  if (run.tasks.has()) {
    const api::jobs::RunTask& task = run.tasks->front();
    std::string message = task.state->state_message.value_or("");
    if (!message.empty()) output.error = message;
    if (task.notebook_task.has()) output.notebook_output = api::jobs::NotebookOutput{};
    if (task.sql_task.has()) {
      api::jobs::SqlQueryOutput query;
      query.warehouse_id = task.sql_task->warehouse_id;
      api::jobs::SqlOutput sql;
      sql.query_output = std::move(query);
      output.sql_output = std::move(sql);
    }
  }
  output.metadata = std::move(run);
  return output;
}

Result<api::jobs::ListRunsResponse> JobsService::ListRuns(const http::RequestContext& context,
                                                          const api::jobs::ListRunsRequest& request) {
  bool active_only = request.active_only.value_or(false);
  bool completed_only = request.completed_only.value_or(false);
  if (active_only && completed_only) return Invalid("active_only and completed_only exclude each other.");
  ASSIGN_OR_RETURN(Page page, PageOf(request.limit, request.offset, request.page_token, 25));
  api::jobs::ListRunsResponse answer;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    answer = api::jobs::ListRunsResponse();
    std::optional<int64_t> job_id;
    if (request.job_id.has()) job_id = *request.job_id;
    ASSIGN_OR_RETURN(auto rows, RunsTable::List(txn, job_id));
    std::vector<RunRow> visible;
    for (RunRow& run : rows) {
      if ((active_only && run.end_ms != 0) || (completed_only && run.end_ms == 0)) continue;
      if (run.start_ms < request.start_time_from.value_or(0)) continue;
      if (run.start_ms > request.start_time_to.value_or(INT64_MAX)) continue;
      std::string_view type = run.job_id == 0 ? "SUBMIT_RUN" : "JOB_RUN";
      if (request.run_type.has() && *request.run_type != type) continue;
      ASSIGN_OR_RETURN(bool may, MayOnRun(txn, context.principal, run, "CAN_VIEW"));
      if (may) visible.push_back(std::move(run));
    }
    for (const RunRow& run : Cut(std::move(visible), page, answer)) {
      ASSIGN_OR_RETURN(auto attempts, AttemptsTable::OfRun(txn, run.id));
      ASSIGN_OR_RETURN(api::jobs::Run view, ViewRun(run, attempts, context.base_url));
      if (!request.expand_tasks.value_or(false)) view.tasks.Clear();
      ASSIGN_OR_RETURN(auto base, api::FromJson<api::jobs::BaseRun>(api::ToJson(view)));
      answer.runs.Ensure().push_back(std::move(base));
    }
    return OkStatus();
  }));
  return answer;
}

Status JobsService::CancelRun(const http::RequestContext& context, const api::jobs::CancelRunRequest& request) {
  Status canceled = database_.Transact([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(RunRow run, FindRun(txn, context.principal, *request.run_id, "CAN_MANAGE_RUN"));
    return runner_.RequestStop(txn, std::move(run), Stop::kCanceled);
  });
  runner_.Wake();
  return canceled;
}

Status JobsService::CancelAllRuns(const http::RequestContext& context,
                                  const api::jobs::CancelAllRunsRequest& request) {
  bool all_queued = request.all_queued_runs.value_or(false);
  if (!request.job_id.has() && !all_queued) return Invalid("cancel-all needs job_id or all_queued_runs.");
  Status canceled = database_.Transact([&](metadb::Transaction& txn) -> Status {
    if (request.job_id.has()) {
      RETURN_IF_ERROR(FindJob(txn, *request.job_id));
      ASSIGN_OR_RETURN(bool may, permissions_.CheckWithin(txn, context.principal.id, RefOf(*request.job_id),
                                                          "CAN_MANAGE_RUN"));
      if (!may) return MakeError(ErrorCode::kPermissionDenied, "cancel-all needs CAN_MANAGE_RUN on the job.");
    }
    ASSIGN_OR_RETURN(auto active, RunsTable::Active(txn));
    for (const RunRow& run : active) {
      if (request.job_id.has() && run.job_id != *request.job_id) continue;
      if (all_queued && run.state != "QUEUED") continue;
      ASSIGN_OR_RETURN(bool may, MayOnRun(txn, context.principal, run, "CAN_MANAGE_RUN"));
      if (may) RETURN_IF_ERROR(runner_.RequestStop(txn, run, Stop::kCanceled));
    }
    return OkStatus();
  });
  runner_.Wake();
  return canceled;
}

Status JobsService::DeleteRun(const http::RequestContext& context, const api::jobs::DeleteRunRequest& request) {
  return database_.Transact([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(RunRow run, FindRun(txn, context.principal, *request.run_id, "CAN_MANAGE_RUN"));
    if (run.end_ms == 0) {
      return Invalid("Run " + std::to_string(run.id) + " is active: cancel it before it is deleted.");
    }
    return RunsTable::Delete(txn, run.id);
  });
}

}  // namespace ashlar::jobs
