// JobsService: /api/2.2/jobs (and 2.1, 2.0). Who may see a job may see its runs; a submitted run is its
// maker's and the admins'.
#pragma once

#include "api/jobs.h"
#include "identity/permission_evaluator.h"
#include "jobs/runner.h"

namespace ashlar::jobs {

// Register for "jobs": a job that does not exist is said to, as Databricks says it (400).
class JobAncestry final : public identity::ObjectAncestry {
 public:
  Result<std::vector<identity::ObjectRef>> Ancestors(metadb::Transaction& txn,
                                                     const identity::ObjectRef& object) const override;
};

class JobsService final : public api::jobs::JobsService {
 public:
  JobsService(metadb::Database& database, Runner& runner, const identity::PermissionEvaluator& permissions,
              const Clock& clock, Random& random)
      : database_(database), runner_(runner), permissions_(permissions), clock_(clock), random_(random) {}

  Result<api::jobs::CreateResponse> CreateJob(const http::RequestContext& context,
                                              const api::jobs::CreateJobRequest& request) override;
  Result<api::jobs::Job> GetJob(const http::RequestContext& context,
                                const api::jobs::GetJobRequest& request) override;
  Result<api::jobs::ListJobsResponse> ListJobs(const http::RequestContext& context,
                                               const api::jobs::ListJobsRequest& request) override;
  Status UpdateJob(const http::RequestContext& context, const api::jobs::UpdateJobRequest& request) override;
  Status ResetJob(const http::RequestContext& context, const api::jobs::ResetJobRequest& request) override;
  Status DeleteJob(const http::RequestContext& context, const api::jobs::DeleteJobRequest& request) override;
  Result<api::jobs::RunNowResponse> RunNow(const http::RequestContext& context,
                                           const api::jobs::RunNowRequest& request) override;
  Result<api::jobs::SubmitRunResponse> SubmitRun(const http::RequestContext& context,
                                                 const api::jobs::SubmitRunRequest& request) override;
  Result<api::jobs::Run> GetRun(const http::RequestContext& context,
                                const api::jobs::GetRunRequest& request) override;
  Result<api::jobs::RunOutput> GetRunOutput(const http::RequestContext& context,
                                            const api::jobs::GetRunOutputRequest& request) override;
  Result<api::jobs::ListRunsResponse> ListRuns(const http::RequestContext& context,
                                               const api::jobs::ListRunsRequest& request) override;
  Status CancelRun(const http::RequestContext& context, const api::jobs::CancelRunRequest& request) override;
  Status CancelAllRuns(const http::RequestContext& context,
                       const api::jobs::CancelAllRunsRequest& request) override;
  Status DeleteRun(const http::RequestContext& context, const api::jobs::DeleteRunRequest& request) override;

 private:
  Result<bool> MayOnRun(metadb::Transaction& txn, const http::Principal& principal, const RunRow& run,
                        std::string_view level) const;
  // "Run … does not exist." for a run that the caller may not see.
  Result<RunRow> FindRun(metadb::Transaction& txn, const http::Principal& principal, int64_t id,
                         std::string_view level) const;

  metadb::Database& database_;
  Runner& runner_;
  const identity::PermissionEvaluator& permissions_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace ashlar::jobs
