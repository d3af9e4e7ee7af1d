#include "jobs/runner.h"

#include <chrono>

#include "base/failpoint.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "identity/directory.h"
#include "metadb/outbox_table.h"

namespace ashlar::jobs {
namespace {

constexpr char kTopic[] = "jobs.run";
constexpr int64_t kMessagesAtOnce = 100;
constexpr auto kLookAround = std::chrono::seconds(1);

bool HasBegun(const RunRow& run) { return run.state != "QUEUED" && run.state != "PENDING"; }

std::map<std::string, AttemptRow> LatestOf(const std::vector<AttemptRow>& attempts) {
  std::map<std::string, AttemptRow> latest;
  for (const AttemptRow& attempt : attempts) latest[attempt.task_key] = attempt;
  return latest;
}

DagState DagOf(const std::vector<TaskWork>& work, const std::map<std::string, AttemptRow>& latest) {
  std::map<std::string, TaskState> states;
  for (const auto& [key, attempt] : latest) states[key] = static_cast<TaskState>(attempt.state);
  return DagState(NodesOf(work), std::move(states));
}

// Those of the task, then of the run, then of the job: later ones win.
std::vector<link::StatementParameter> ParametersOf(const TaskWork& work, const std::string& run_parameters) {
  std::map<std::string, std::string> values = work.parameters;
  auto parsed = ParseJson(run_parameters);
  CHECK(parsed.ok()) << "parameters that this process stored";
  for (const char* part : {"task", "job"}) {
    for (const auto& [name, value] : (*parsed)[part].items()) values[name] = value.get<std::string>();
  }
  std::vector<link::StatementParameter> parameters;
  for (const auto& [name, value] : values) parameters.push_back({name, "STRING", value});
  return parameters;
}

}  // namespace

std::shared_ptr<Runner> Runner::Make(RunnerParts parts) { return std::shared_ptr<Runner>(new Runner(parts)); }

Runner::~Runner() { Stop(); }

void Runner::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  thread_.request_stop();
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  std::map<int64_t, std::shared_ptr<Attempt>> executing;
  std::lock_guard lock(mutex_);
  executing.swap(executing_);
}

void Runner::Wake() {
  std::lock_guard lock(mutex_);
  woken_ = true;
  wake_.notify_all();
}

Status Runner::Append(metadb::Transaction& txn, int64_t run_id) {
  return metadb::OutboxTable::Append(txn, parts_.clock, kTopic, std::to_string(run_id));
}

Status Runner::Create(metadb::Transaction& txn, const RunRow& run) {
  ASSIGN_OR_RETURN(auto settings, api::FromJson<api::jobs::JobSettings>(run.settings));
  ASSIGN_OR_RETURN(std::vector<TaskWork> work, WorkOf(settings));
  RETURN_IF_ERROR(ValidateDag(NodesOf(work)));
  RETURN_IF_ERROR(RunsTable::Insert(txn, run));
  for (const TaskWork& task : work) {
    AttemptRow attempt;
    attempt.id = NewNumericId(parts_.random);
    attempt.run_id = run.id;
    attempt.task_key = task.node.key;
    RETURN_IF_ERROR(AttemptsTable::Insert(txn, attempt));
  }
  return Append(txn, run.id);
}

Status Runner::RequestStop(metadb::Transaction& txn, RunRow run, jobs::Stop why) {
  CHECK(why != jobs::Stop::kNone) << "a run is stopped for a reason";
  if (run.end_ms != 0 || run.stop != jobs::Stop::kNone) return OkStatus();
  run.stop = why;
  if (HasBegun(run)) run.state = "TERMINATING";
  RETURN_IF_ERROR(RunsTable::Update(txn, run));
  return Append(txn, run.id);
}

Status Runner::Recover() {
  RETURN_IF_ERROR(parts_.database.Transact([&](metadb::Transaction& txn) -> Status {
    unsettled_.clear();
    ASSIGN_OR_RETURN(auto runs, RunsTable::Active(txn));
    for (const RunRow& run : runs) {
      ASSIGN_OR_RETURN(auto attempts, AttemptsTable::OfRun(txn, run.id));
      for (const AttemptRow& attempt : attempts) {
        if (static_cast<TaskState>(attempt.state) != TaskState::kRunning) continue;
        // The first round settles it, before it looks at the run.
        AttemptOutcome outcome{TaskState::kFailed, "the server restarted"};
        outcome.cut_off = true;
        unsettled_[attempt.id] = std::move(outcome);
      }
      RETURN_IF_ERROR(Append(txn, run.id));
    }
    return OkStatus();
  }));
  thread_ = std::jthread([this](std::stop_token stop) { Work(stop); });
  return OkStatus();
}

void Runner::Work(std::stop_token stop) {
  while (!stop.stop_requested()) {
    Round();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, kLookAround, [this] { return woken_; });
    woken_ = false;
  }
}

Result<std::vector<int64_t>> Runner::TakeMessages() {
  std::vector<int64_t> runs;
  RETURN_IF_ERROR(parts_.database.Transact([&](metadb::Transaction& txn) -> Status {
    // Every run that is not over is looked at below, named or not: a message only brings the round forward.
    ASSIGN_OR_RETURN(auto messages, metadb::OutboxTable::Oldest(txn, kTopic, kMessagesAtOnce));
    for (const auto& message : messages) RETURN_IF_ERROR(metadb::OutboxTable::Delete(txn, message.sequence));
    ASSIGN_OR_RETURN(auto active, RunsTable::Active(txn));
    runs.clear();
    for (const RunRow& run : active) runs.push_back(run.id);
    return OkStatus();
  }));
  return runs;
}

void Runner::Round() {
  std::map<int64_t, AttemptOutcome> unsettled;
  {
    std::lock_guard lock(mutex_);
    unsettled.swap(unsettled_);
  }
  for (auto& [id, outcome] : unsettled) Settle(id, outcome);
  auto runs = TakeMessages();
  if (!runs.ok()) {
    Log(LogLevel::kWarn, "jobs: looking for runs failed", {{"reason", runs.error().message}});
    return;
  }
  for (int64_t id : *runs) {
    Status advanced = Advance(id);
    if (!advanced.ok()) {
      Log(LogLevel::kWarn, "jobs: a run could not be moved on",
          {{"run_id", std::to_string(id)}, {"reason", advanced.error().message}});
    }
  }
}

Status Runner::Advance(int64_t run_id) {
  Plan plan;
  RETURN_IF_ERROR(parts_.database.Transact([&](metadb::Transaction& txn) -> Status {
    plan = Plan();
    ASSIGN_OR_RETURN(auto run, RunsTable::Find(txn, run_id));
    if (!run || run->end_ms != 0) return OkStatus();
    return AdvanceWithin(txn, *std::move(run), plan);
  }));
  for (const auto& [attempt_id, why] : plan.stops) {
    std::shared_ptr<Attempt> attempt;
    {
      std::lock_guard lock(mutex_);
      auto found = executing_.find(attempt_id);
      if (found != executing_.end()) attempt = found->second;
    }
    if (attempt) attempt->Stop(why);
  }
  for (const Launch& launch : plan.starts) Execute(launch);
  return OkStatus();
}

Result<bool> Runner::MayBegin(metadb::Transaction& txn, RunRow& run, const api::jobs::JobSettings& settings) {
  if (HasBegun(run) || run.stop != jobs::Stop::kNone) return true;
  int64_t limit = settings.max_concurrent_runs.value_or(1);
  int64_t before = 0;
  ASSIGN_OR_RETURN(auto active, RunsTable::Active(txn));
  for (const RunRow& other : active) {
    before += run.job_id != 0 && other.job_id == run.job_id && other.number < run.number;
  }
  if (run.job_id == 0 || before < limit) {
    run.state = "RUNNING";
    RETURN_IF_ERROR(RunsTable::Update(txn, run));
    return true;
  }
  if (run.state == "QUEUED") return false;
  bool queue = settings.queue.has() && settings.queue->enabled.value_or(false);
  if (queue) {
    run.state = "QUEUED";
  } else {
    run.state = "SKIPPED";
    run.result = "MAXIMUM_CONCURRENT_RUNS_REACHED";
    run.message = "Another run of this job is active, and max_concurrent_runs is " + std::to_string(limit) + ".";
    run.end_ms = parts_.clock.NowMs();
  }
  RETURN_IF_ERROR(RunsTable::Update(txn, run));
  return false;
}

Status Runner::StopTasks(metadb::Transaction& txn, const RunRow& run, std::map<std::string, AttemptRow>& latest,
                         Plan& plan) {
  TaskState why = run.stop == jobs::Stop::kTimedOut ? TaskState::kTimedOut : TaskState::kCanceled;
  for (auto& [key, attempt] : latest) {
    TaskState state = static_cast<TaskState>(attempt.state);
    if (state == TaskState::kRunning) plan.stops.emplace_back(attempt.id, why);
    if (state != TaskState::kBlocked && state != TaskState::kWaitingForRetry) continue;
    attempt.state = static_cast<int>(TaskState::kCanceled);
    attempt.end_ms = parts_.clock.NowMs();
    RETURN_IF_ERROR(AttemptsTable::Update(txn, attempt));
  }
  return OkStatus();
}

Status Runner::AdvanceWithin(metadb::Transaction& txn, RunRow run, Plan& plan) {
  const int64_t now = parts_.clock.NowMs();
  ASSIGN_OR_RETURN(auto settings, api::FromJson<api::jobs::JobSettings>(run.settings));
  ASSIGN_OR_RETURN(std::vector<TaskWork> work, WorkOf(settings));
  ASSIGN_OR_RETURN(bool begins, MayBegin(txn, run, settings));
  if (!begins) return OkStatus();
  int64_t timeout_ms = settings.timeout_seconds.value_or(0) * 1000;
  if (timeout_ms > 0 && now - run.start_ms >= timeout_ms && run.stop == jobs::Stop::kNone) {
    run.stop = jobs::Stop::kTimedOut;
    run.state = "TERMINATING";
    RETURN_IF_ERROR(RunsTable::Update(txn, run));
  }
  ASSIGN_OR_RETURN(auto attempts, AttemptsTable::OfRun(txn, run.id));
  std::map<std::string, AttemptRow> latest = LatestOf(attempts);
  if (run.stop != jobs::Stop::kNone) RETURN_IF_ERROR(StopTasks(txn, run, latest, plan));
  DagState dag = DagOf(work, latest);
  for (auto skips = dag.Skips(); !skips.empty(); skips = dag.Skips()) {
    for (const auto& [key, state] : skips) {
      dag.Apply(key, state);
      latest[key].state = static_cast<int>(state);
      latest[key].end_ms = now;
      RETURN_IF_ERROR(AttemptsTable::Update(txn, latest[key]));
    }
  }
  for (const TaskWork& task : work) {
    AttemptRow& attempt = latest[task.node.key];
    TaskState state = dag.StateOf(task.node.key);
    bool late = state == TaskState::kRunning && task.timeout_ms > 0 && now - attempt.start_ms >= task.timeout_ms;
    if (late) plan.stops.emplace_back(attempt.id, TaskState::kTimedOut);
    bool retry = state == TaskState::kWaitingForRetry && attempt.not_before_ms <= now;
    if (!retry && !dag.CanStart(task.node.key)) continue;
    dag.Apply(task.node.key, TaskState::kRunning);
    attempt.state = static_cast<int>(TaskState::kRunning);
    attempt.start_ms = now;
    RETURN_IF_ERROR(AttemptsTable::Update(txn, attempt));
    plan.starts.push_back({run, attempt, task});
  }
  return dag.AllFinal() ? End(txn, run, dag, latest) : OkStatus();
}

Status Runner::End(metadb::Transaction& txn, RunRow& run, const DagState& dag,
                   const std::map<std::string, AttemptRow>& latest) {
  run.state = "TERMINATED";
  run.result = dag.Result();
  if (run.stop == jobs::Stop::kTimedOut) run.result = "TIMEDOUT";
  if (run.stop == jobs::Stop::kCanceled) run.result = "CANCELED";
  run.end_ms = parts_.clock.NowMs();
  for (const auto& [key, attempt] : latest) {
    if (attempt.message.empty() || !run.message.empty()) continue;
    run.message = "Task " + key + " failed with message: " + attempt.message;
  }
  if (run.result == "CANCELED") run.message = "Run cancelled.";
  if (run.result == "TIMEDOUT") run.message = "Run timed out.";
  return RunsTable::Update(txn, run);
}

Result<http::Principal> Runner::PrincipalOf(const Launch& launch) {
  bool warehouse = launch.work.resource_kind == compute::ResourceKind::kWarehouse;
  http::Principal principal;
  RETURN_IF_ERROR(parts_.database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(principal, identity::Directory::Load(txn, launch.run.run_as_id));
    return OkStatus();
  }));
  RETURN_IF_ERROR(parts_.compute.Get(launch.work.resource_kind, launch.work.resource_id));
  RETURN_IF_ERROR(parts_.permissions.Require(principal, warehouse ? "CAN_USE" : "CAN_ATTACH_TO",
                                             warehouse ? "warehouses" : "clusters", launch.work.resource_id));
  return principal;
}

Result<std::vector<AttemptStep>> Runner::Prepare(const Launch& launch, const http::Principal& principal) {
  RETURN_IF_ERROR(Failpoint("jobs.run.execute"));
  AttemptRow attempt = launch.attempt;
  if (attempt.resumes == 0) {
    ASSIGN_OR_RETURN(auto statements, StatementsOf(parts_.tree, principal, launch.work));
    attempt.script = ScriptToText(statements);
    RETURN_IF_ERROR(parts_.database.Transact([&](metadb::Transaction& txn) { return AttemptsTable::Update(txn, attempt); }));
  }
  return StepsOf(parts_.database, parts_.catalog, attempt);
}

void Runner::Execute(const Launch& launch) {
  const int64_t id = launch.attempt.id;
  auto fail = [&](const Error& error) { Settle(id, {TaskState::kFailed, FullMessage(error)}); };
  auto principal = PrincipalOf(launch);
  if (!principal.ok()) return fail(principal.error());
  auto steps = Prepare(launch, *principal);
  if (!steps.ok()) return fail(steps.error());
  auto attempt = std::make_shared<Attempt>(
      parts_.compute, parts_.random, *std::move(steps), ParametersOf(launch.work, launch.run.parameters),
      [weak = weak_from_this(), id](AttemptOutcome outcome) {
        if (auto self = weak.lock()) self->Settle(id, std::move(outcome));
      });
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    executing_[id] = attempt;
  }
  statements::SessionRequest request;
  request.kind = launch.work.resource_kind;
  request.resource_id = launch.work.resource_id;
  request.principal = *std::move(principal);
  request.purpose = compute::kJobPurpose;
  attempt->Start(std::move(request));
}

void Runner::Settle(int64_t attempt_id, AttemptOutcome outcome) {
  std::shared_ptr<Attempt> ended;
  {
    std::lock_guard lock(mutex_);
    // The next process settles it.
    if (stopped_) return;
    auto found = executing_.find(attempt_id);
    if (found != executing_.end()) ended = std::move(found->second);
    if (found != executing_.end()) executing_.erase(found);
  }
  Status settled = Failpoint("jobs.run.settle");
  if (settled.ok()) settled = StoreOutcome(attempt_id, outcome);
  if (settled.ok()) return Wake();
  Log(LogLevel::kWarn, "jobs: the outcome of an attempt could not be stored; it is tried again",
      {{"task_run_id", std::to_string(attempt_id)}, {"reason", settled.error().message}});
  std::lock_guard lock(mutex_);
  unsettled_[attempt_id] = std::move(outcome);
}

void Runner::WeighCommits(const std::vector<AttemptStep>& steps, AttemptOutcome& outcome) {
  outcome.committed = static_cast<size_t>(std::ranges::count_if(steps, &AttemptStep::committed));
  if (outcome.committed == 0) return;
  // Statements run one after another: all before the last had succeeded.
  if (steps.back().committed) {
    outcome.state = TaskState::kSucceeded;
    outcome.message.clear();
    return;
  }
  outcome.message += " (" + std::to_string(outcome.committed) + " of " + std::to_string(steps.size()) +
                     " statements had committed; a retry does not repeat them)";
}

Status Runner::StoreOutcome(int64_t attempt_id, AttemptOutcome outcome) {
  if (outcome.cut_off && outcome.state == TaskState::kFailed) {
    std::optional<AttemptRow> attempt;
    RETURN_IF_ERROR(parts_.database.Read([&](metadb::Transaction& txn) -> Status {
      ASSIGN_OR_RETURN(attempt, AttemptsTable::Find(txn, attempt_id));
      return OkStatus();
    }));
    if (!attempt) return OkStatus();
    ASSIGN_OR_RETURN(auto steps, StepsOf(parts_.database, parts_.catalog, *attempt));
    WeighCommits(steps, outcome);
  }
  RETURN_IF_ERROR(parts_.database.Transact([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(auto attempt, AttemptsTable::Find(txn, attempt_id));
    if (!attempt || static_cast<TaskState>(attempt->state) != TaskState::kRunning) return OkStatus();
    RETURN_IF_ERROR(SettleWithin(txn, *attempt, outcome));
    return Append(txn, attempt->run_id);
  }));
  return Failpoint("jobs.run.settled");
}

Status Runner::SettleWithin(metadb::Transaction& txn, AttemptRow attempt, const AttemptOutcome& outcome) {
  CHECK(static_cast<TaskState>(attempt.state) == TaskState::kRunning) << "only what runs ends: " << attempt.id;
  CHECK(IsFinal(outcome.state)) << "an outcome is final";
  attempt.state = static_cast<int>(outcome.state);
  attempt.message = outcome.message;
  attempt.end_ms = parts_.clock.NowMs();
  RETURN_IF_ERROR(AttemptsTable::Update(txn, attempt));
  ASSIGN_OR_RETURN(auto run, RunsTable::Find(txn, attempt.run_id));
  CHECK(run.has_value()) << "a run is not deleted while it goes on";
  ASSIGN_OR_RETURN(auto settings, api::FromJson<api::jobs::JobSettings>(run->settings));
  ASSIGN_OR_RETURN(std::vector<TaskWork> work, WorkOf(settings));
  auto task = std::ranges::find_if(work, [&](const TaskWork& one) { return one.node.key == attempt.task_key; });
  CHECK(task != work.end()) << "an attempt of a task of its run: " << attempt.task_key;
  if (run->stop != jobs::Stop::kNone || !MayRetry(task->node, attempt.attempt, outcome.state)) return OkStatus();
  AttemptRow next;
  next.id = NewNumericId(parts_.random);
  next.run_id = attempt.run_id;
  next.task_key = attempt.task_key;
  next.attempt = attempt.attempt + 1;
  next.state = static_cast<int>(TaskState::kWaitingForRetry);
  next.not_before_ms = attempt.end_ms + task->node.min_retry_interval_ms;
  // Once something was passed over, later attempts must not repeat it either.
  if (outcome.committed > 0 || attempt.resumes != 0) {
    next.resumes = attempt.id;
    next.script = attempt.script;
  }
  return AttemptsTable::Insert(txn, next);
}

}  // namespace ashlar::jobs
