// Runner: moves runs on. What is decided is stored first, with a message in the outbox that names the run,
// in one transaction; then attempts start. One thread takes the messages and, every second, looks at all
// runs that are not over: for retries that are due, timeouts, and runs that wait for others of their job.
//
// Life of a run: QUEUED → PENDING → RUNNING → TERMINATED, or SKIPPED when its job runs too often already.
// An attempt that was cut off, by a restart or by the end of its driver, is settled by its commits: when its
// last statement had committed it is SUCCESS, else FAILED, and its retries pass over what had committed
// (docs/adr/0004-cut-off-attempts.md). Failpoints: jobs.run.execute, before the statements of an attempt that
// is stored as running; jobs.run.settle and jobs.run.settled, around storing its outcome.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "jobs/attempt.h"
#include "jobs/tables/jobs_table.h"

namespace ashlar::jobs {

struct RunnerParts {
  metadb::Database& database;
  compute::Compute& compute;
  catalog::CatalogService& catalog;
  workspace::WorkspaceTree& tree;
  const identity::PermissionEvaluator& permissions;
  const Clock& clock;
  Random& random;
};

// Thread safe. Always held by a shared_ptr: attempts that end late must find it gone or whole.
class Runner : public std::enable_shared_from_this<Runner> {
 public:
  static std::shared_ptr<Runner> Make(RunnerParts parts);
  ~Runner();

  // Once at start, after the catalog's: takes up what the last process left, and begins to work.
  Status Recover();
  // Stops working; statements that run are not waited for. Before the compute goes.
  void Stop();

  // Inside the caller's transaction: a new run with its first attempts, and its message.
  Status Create(metadb::Transaction& txn, const RunRow& run);
  // Inside the caller's transaction: the run is to end.
  Status RequestStop(metadb::Transaction& txn, RunRow run, jobs::Stop why);
  // After such a transaction.
  void Wake();

 private:
  explicit Runner(RunnerParts parts) : parts_(parts) {}

  struct Launch {
    RunRow run;
    AttemptRow attempt;
    TaskWork work;
  };
  struct Plan {
    std::vector<Launch> starts;
    std::vector<std::pair<int64_t, TaskState>> stops;  // attempt id, why
  };

  void Work(std::stop_token stop);
  void Round();
  Result<std::vector<int64_t>> TakeMessages();
  Status Advance(int64_t run_id);
  Status AdvanceWithin(metadb::Transaction& txn, RunRow run, Plan& plan);
  Result<bool> MayBegin(metadb::Transaction& txn, RunRow& run, const api::jobs::JobSettings& settings);
  Status StopTasks(metadb::Transaction& txn, const RunRow& run, std::map<std::string, AttemptRow>& latest, Plan& plan);
  Status End(metadb::Transaction& txn, RunRow& run, const DagState& dag, const std::map<std::string, AttemptRow>& latest);
  Status Append(metadb::Transaction& txn, int64_t run_id);
  void Execute(const Launch& launch);
  Result<http::Principal> PrincipalOf(const Launch& launch);
  // The steps of an attempt that starts, stored with it.
  Result<std::vector<AttemptStep>> Prepare(const Launch& launch, const http::Principal& principal);
  void Settle(int64_t attempt_id, AttemptOutcome outcome);
  Status StoreOutcome(int64_t attempt_id, AttemptOutcome outcome);
  Status SettleWithin(metadb::Transaction& txn, AttemptRow attempt, const AttemptOutcome& outcome);
  static void WeighCommits(const std::vector<AttemptStep>& steps, AttemptOutcome& outcome);

  const RunnerParts parts_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool woken_ = false;
  bool stopped_ = false;
  std::map<int64_t, std::shared_ptr<Attempt>> executing_;
  std::map<int64_t, AttemptOutcome> unsettled_;  // whose outcome could not be stored yet
  std::jthread thread_;
};

}  // namespace ashlar::jobs
