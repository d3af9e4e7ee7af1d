// What of JobSettings is built, and what the runner needs of it. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "api/jobs.h"
#include "compute/resources_table.h"
#include "jobs/dag_state.h"

namespace ashlar::jobs {

enum class WorkKind { kSqlFile, kSqlNotebook };

// One task as it is executed.
struct TaskWork {
  TaskNode node;
  WorkKind kind = WorkKind::kSqlFile;
  std::string path;  // in the workspace
  compute::ResourceKind resource_kind = compute::ResourceKind::kWarehouse;
  std::string resource_id;
  std::map<std::string, std::string> parameters;
  int64_t timeout_ms = 0;  // 0: none
};

// Errors: kNotImplemented naming the option or task type that is not built; kInvalidParameterValue for
// tasks that make no sense. Settings without tasks are fine here.
Result<std::vector<TaskWork>> WorkOf(const api::jobs::JobSettings& settings);
std::vector<TaskNode> NodesOf(const std::vector<TaskWork>& work);

// A submitted run as settings of a job that is nowhere stored.
Result<api::jobs::JobSettings> SettingsOf(const api::jobs::SubmitRunRequest& request);
// An update of settings: top-level fields are replaced, tasks by their key. `removed`: "schedule" or
// "tasks/<key>".
Status UpdateSettings(api::jobs::JobSettings& settings, const api::jobs::JobSettings& changes,
                      const std::vector<std::string>& removed);

// Values of the run: defaults of the job overridden by what the run was given. Error for a name that the
// job does not declare.
Result<std::map<std::string, std::string>> JobParameterValues(const api::jobs::JobSettings& settings,
                                                              const std::map<std::string, std::string>& given);

}  // namespace ashlar::jobs
