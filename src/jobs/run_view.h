// Runs and attempts as the API shows them. Pure.
#pragma once

#include "api/jobs.h"
#include "jobs/tables/jobs_table.h"

namespace ashlar::jobs {

// `base_url`: of the workspace, for links. `attempts`: of the run, by task key and attempt; the last of
// each task is shown.
Result<api::jobs::Run> ViewRun(const RunRow& run, const std::vector<AttemptRow>& attempts,
                               const std::string& base_url);
// One attempt as a run of its own: runs/get with the id of a task run.
Result<api::jobs::Run> ViewAttempt(const RunRow& run, const AttemptRow& attempt, const std::string& base_url);

}  // namespace ashlar::jobs
