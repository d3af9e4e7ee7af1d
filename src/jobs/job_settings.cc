#include "jobs/job_settings.h"

#include <algorithm>

namespace ashlar::jobs {
namespace {

using api::jobs::JobSettings;
using api::jobs::Task;

constexpr int64_t kMaxTimeoutSeconds = int64_t{1} << 31;

Error Invalid(std::string message) { return MakeError(ErrorCode::kInvalidParameterValue, std::move(message)); }

struct RunIfRow {
  std::string_view name;
  RunIf rule;
};
constexpr RunIfRow kRunIf[] = {{"ALL_SUCCESS", RunIf::kAllSuccess},
                               {"ALL_DONE", RunIf::kAllDone},
                               {"NONE_FAILED", RunIf::kNoneFailed},
                               {"AT_LEAST_ONE_SUCCESS", RunIf::kAtLeastOneSuccess},
                               {"ALL_FAILED", RunIf::kAllFailed},
                               {"AT_LEAST_ONE_FAILED", RunIf::kAtLeastOneFailed}};

Result<int64_t> MillisOf(const api::Field<int64_t>& seconds, std::string_view name) {
  int64_t value = seconds.value_or(0);
  if (value < 0 || value > kMaxTimeoutSeconds) return Invalid(std::string(name) + " is out of range.");
  return value * 1000;
}

// Notifications are not sent: only empty ones are taken.
template <typename Holder>
Status RefuseNotifications(const Holder& holder) {
  if (holder.email_notifications.has()) {
    const auto& mail = *holder.email_notifications;
    for (const auto* list : {&mail.on_failure, &mail.on_start, &mail.on_success,
                             &mail.on_duration_warning_threshold_exceeded, &mail.on_streaming_backlog_exceeded}) {
      if (list->has() && !(*list)->empty()) return NotImplemented("email_notifications of jobs");
    }
  }
  bool webhooks = holder.webhook_notifications.has() && api::ToJson(*holder.webhook_notifications) != "{}";
  if (webhooks) return NotImplemented("webhook_notifications of jobs");
  bool health = holder.health.has() && api::ToJson(*holder.health) != "{}";
  return health ? Status(NotImplemented("health rules of jobs")) : OkStatus();
}

// A reference such as {{job.run_id}} would reach the statement as it stands.
Status RefuseReferences(const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) {
    if (value.find("{{") != std::string::npos) return NotImplemented("dynamic value references in parameters: " + value);
  }
  return OkStatus();
}

Status CheckTaskBuilt(const Task& task) {
  RETURN_IF_ERROR(api::RefuseFields(
      task, {"ai_runtime_task", "alert_task", "clean_rooms_notebook_task", "condition_task", "dashboard_task",
             "dbt_cloud_task", "dbt_platform_task", "dbt_task", "for_each_task", "gen_ai_compute_task", "pipeline_task",
             "power_bi_task", "python_operator_task", "python_wheel_task", "run_job_task", "spark_jar_task",
             "spark_python_task", "spark_submit_task", "new_cluster", "job_cluster_key", "environment_key",
             "environment_variables_key", "compute"}));
  if (task.libraries.has() && !task.libraries->empty()) return NotImplemented("libraries of tasks");
  if (!task.unknown_fields.empty() && task.unknown_fields.find("_task\"") != std::string::npos) {
    return NotImplemented("the type of task '" + *task.task_key + "': " + task.unknown_fields);
  }
  return RefuseNotifications(task);
}

Status ReadSqlTask(const api::jobs::SqlTask& task, TaskWork& work) {
  RETURN_IF_ERROR(api::RefuseFields(task, {"alert", "dashboard", "query"}));
  if (!task.file.has() || !task.file->path.has()) return Invalid("sql_task needs `file.path`.");
  if (task.file->source.has() && task.file->source->value == "GIT") return NotImplemented("sql_task files from GIT");
  work.kind = WorkKind::kSqlFile;
  work.path = *task.file->path;
  work.resource_id = task.warehouse_id.value_or("");
  work.parameters = task.parameters.value_or({});
  return OkStatus();
}

Status ReadNotebookTask(const Task& holder, TaskWork& work) {
  const api::jobs::NotebookTask& task = *holder.notebook_task;
  if (task.source.has() && task.source->value == "GIT") return NotImplemented("notebook_task from GIT");
  work.kind = WorkKind::kSqlNotebook;
  work.path = task.notebook_path.value_or("");
  work.resource_id = task.warehouse_id.value_or("");
  if (work.resource_id.empty() && holder.existing_cluster_id.has()) {
    work.resource_kind = compute::ResourceKind::kCluster;
    work.resource_id = *holder.existing_cluster_id;
  }
  work.parameters = task.base_parameters.value_or({});
  return OkStatus();
}

Result<TaskNode> NodeOf(const Task& task) {
  TaskNode node;
  node.key = task.task_key.value_or("");
  for (const auto& dependency : task.depends_on.value_or({})) {
    if (dependency.outcome.has()) return NotImplemented("depends_on with an outcome, of condition tasks");
    node.depends_on.push_back(dependency.task_key.value_or(""));
  }
  std::string rule = task.run_if.has() ? task.run_if->value : "ALL_SUCCESS";
  auto row = std::ranges::find(kRunIf, rule, &RunIfRow::name);
  if (row == std::end(kRunIf)) return Invalid("Not a value of run_if: " + rule);
  node.run_if = row->rule;
  node.disabled = task.disabled.value_or(false);
  node.max_retries = task.max_retries.value_or(0);
  node.min_retry_interval_ms = std::max<int64_t>(0, task.min_retry_interval_millis.value_or(0));
  node.retry_on_timeout = task.retry_on_timeout.value_or(false);
  return node;
}

Result<TaskWork> WorkOfTask(const Task& task) {
  TaskWork work;
  ASSIGN_OR_RETURN(work.node, NodeOf(task));
  RETURN_IF_ERROR(CheckTaskBuilt(task));
  if (task.sql_task.has() == task.notebook_task.has()) {
    return Invalid("Task '" + work.node.key + "' needs one of sql_task and notebook_task.");
  }
  RETURN_IF_ERROR(task.sql_task.has() ? ReadSqlTask(*task.sql_task, work) : ReadNotebookTask(task, work));
  if (work.path.empty()) return Invalid("Task '" + work.node.key + "' names no file or notebook.");
  if (work.resource_id.empty()) {
    return NotImplemented("tasks without warehouse_id or existing_cluster_id (task '" + work.node.key + "')");
  }
  RETURN_IF_ERROR(RefuseReferences(work.parameters));
  ASSIGN_OR_RETURN(work.timeout_ms, MillisOf(task.timeout_seconds, "timeout_seconds"));
  return work;
}

}  // namespace

Result<std::vector<TaskWork>> WorkOf(const JobSettings& settings) {
  RETURN_IF_ERROR(api::RefuseFields(
      settings, {"continuous", "environment_variables", "git_source", "new_cluster", "notebook_task", "schedule",
                 "spark_jar_task", "spark_python_task", "spark_submit_task", "trigger", "existing_cluster_id"}));
  if (settings.triggers.has() && !settings.triggers->empty()) return NotImplemented("triggers of jobs");
  if (settings.job_clusters.has() && !settings.job_clusters->empty()) return NotImplemented("job_clusters of jobs");
  if (settings.environments.has() && !settings.environments->empty()) return NotImplemented("environments of jobs");
  RETURN_IF_ERROR(RefuseNotifications(settings));
  RETURN_IF_ERROR(MillisOf(settings.timeout_seconds, "timeout_seconds"));
  int64_t concurrent = settings.max_concurrent_runs.value_or(1);
  if (concurrent < 0 || concurrent > 1000) return Invalid("max_concurrent_runs must be between 0 and 1000.");
  std::vector<TaskWork> work;
  for (const Task& task : settings.tasks.value_or({})) {
    ASSIGN_OR_RETURN(TaskWork one, WorkOfTask(task));
    work.push_back(std::move(one));
  }
  if (!work.empty()) RETURN_IF_ERROR(ValidateDag(NodesOf(work)));
  RETURN_IF_ERROR(JobParameterValues(settings, {}));
  return work;
}

std::vector<TaskNode> NodesOf(const std::vector<TaskWork>& work) {
  std::vector<TaskNode> nodes;
  for (const TaskWork& one : work) nodes.push_back(one.node);
  return nodes;
}

Result<JobSettings> SettingsOf(const api::jobs::SubmitRunRequest& request) {
  RETURN_IF_ERROR(api::RefuseFields(
      request, {"environment_variables", "git_source", "run_as", "existing_cluster_id", "new_cluster", "notebook_task",
                "spark_python_task", "spark_jar_task", "spark_submit_task"}));
  JobSettings settings;
  settings.name = request.run_name.value_or("Untitled");
  settings.timeout_seconds = request.timeout_seconds;
  settings.email_notifications = request.email_notifications;
  settings.webhook_notifications = request.webhook_notifications;
  settings.health = request.health;
  settings.environments = request.environments;
  for (const api::jobs::SubmitTask& task : request.tasks.value_or({})) {
    ASSIGN_OR_RETURN(Task converted, api::FromJson<Task>(api::ToJson(task)));
    settings.tasks.Ensure().push_back(std::move(converted));
  }
  return settings;
}

Status UpdateSettings(JobSettings& settings, const JobSettings& changes, const std::vector<std::string>& removed) {
  std::vector<Task> tasks = settings.tasks.value_or({});
  std::vector<std::string> fields;
  for (const std::string& path : removed) {
    constexpr std::string_view kTasks = "tasks/";
    if (!path.starts_with(kTasks)) {
      fields.push_back(path);
      continue;
    }
    std::erase_if(tasks, [&](const Task& task) { return task.task_key.value_or("") == path.substr(kTasks.size()); });
  }
  for (const Task& task : changes.tasks.value_or({})) {
    auto same = std::ranges::find_if(tasks, [&](const Task& old) { return old.task_key == task.task_key; });
    same == tasks.end() ? tasks.push_back(task) : void(*same = task);
  }
  bool had_tasks = settings.tasks.has() || changes.tasks.has();
  api::Merge(settings, changes);
  if (had_tasks) settings.tasks = tasks;
  return api::MergeMasked(settings, JobSettings{}, fields);
}

Result<std::map<std::string, std::string>> JobParameterValues(const JobSettings& settings,
                                                              const std::map<std::string, std::string>& given) {
  std::map<std::string, std::string> values;
  for (const auto& parameter : settings.parameters.value_or({})) {
    values[parameter.name.value_or("")] = parameter.default_.value_or("");
  }
  for (const auto& [name, value] : given) {
    if (!values.contains(name)) return Invalid("The job has no parameter '" + name + "'.");
    values[name] = value;
  }
  RETURN_IF_ERROR(RefuseReferences(values));
  return values;
}

}  // namespace ashlar::jobs
