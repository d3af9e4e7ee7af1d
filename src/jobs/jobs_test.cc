#include <gtest/gtest.h>

#include <thread>

#include "catalog/tables/commits_table.h"
#include "catalog/test_workspace.h"
#include "identity/bootstrap.h"
#include "identity/directory.h"
#include "identity/migrations.h"
#include "jobs/jobs_service.h"
#include "metadb/test_databases.h"

namespace ashlar::jobs {
namespace {

using enum TaskState;

TaskNode Node(std::string key, std::vector<std::string> depends_on, RunIf rule = RunIf::kAllSuccess) {
  TaskNode node;
  node.key = std::move(key);
  node.depends_on = std::move(depends_on);
  node.run_if = rule;
  return node;
}

TEST(Dag, RefusesWhatIsNoDag) {
  EXPECT_TRUE(ValidateDag({Node("b", {"a"}), Node("a", {})}).ok());
  EXPECT_FALSE(ValidateDag({}).ok());
  EXPECT_FALSE(ValidateDag({Node("a", {}), Node("a", {})}).ok());
  EXPECT_FALSE(ValidateDag({Node("a", {"b"})}).ok());
  EXPECT_FALSE(ValidateDag({Node("a", {"a"})}).ok());
  EXPECT_FALSE(ValidateDag({Node("a", {"c"}), Node("b", {"a"}), Node("c", {"b"})}).ok());
  EXPECT_FALSE(ValidateDag({Node("a b", {})}).ok());
}

// What becomes of a task after upstream tasks x and y, as documented for run_if.
TEST(Dag, RunIfTable) {
  struct Case {
    RunIf rule;
    TaskState x, y, verdict;  // kRunning: it may start
  };
  const Case cases[] = {
      {RunIf::kAllSuccess, kSucceeded, kSucceeded, kRunning},
      {RunIf::kAllSuccess, kSucceeded, kFailed, kUpstreamFailed},
      {RunIf::kAllSuccess, kSucceeded, kExcluded, kRunning},
      {RunIf::kAllSuccess, kSucceeded, kCanceled, kUpstreamCanceled},
      {RunIf::kAllSuccess, kExcluded, kExcluded, kExcluded},
      {RunIf::kAllSuccess, kSucceeded, kRunning, kBlocked},
      {RunIf::kAllDone, kFailed, kCanceled, kRunning},
      {RunIf::kNoneFailed, kSucceeded, kExcluded, kRunning},
      {RunIf::kNoneFailed, kSucceeded, kTimedOut, kUpstreamFailed},
      {RunIf::kAtLeastOneSuccess, kFailed, kSucceeded, kRunning},
      {RunIf::kAtLeastOneSuccess, kFailed, kFailed, kUpstreamFailed},
      {RunIf::kAllFailed, kFailed, kFailed, kRunning},
      {RunIf::kAllFailed, kFailed, kSucceeded, kExcluded},
      {RunIf::kAtLeastOneFailed, kFailed, kSucceeded, kRunning},
      {RunIf::kAtLeastOneFailed, kSucceeded, kSucceeded, kExcluded},
  };
  for (const Case& c : cases) {
    DagState dag({Node("x", {}), Node("y", {}), Node("t", {"x", "y"}, c.rule)},
                 {{"x", c.x}, {"y", c.y}, {"t", kBlocked}});
    auto skips = dag.Skips();
    TaskState verdict = dag.CanStart("t") ? kRunning : skips.empty() ? kBlocked : skips[0].second;
    EXPECT_EQ(verdict, c.verdict) << static_cast<int>(c.rule) << " " << static_cast<int>(c.x) << " "
                                  << static_cast<int>(c.y);
  }
}

TEST(Dag, ResultComesFromTheLeaves) {
  auto result = [](TaskState inner, TaskState leaf) {
    return DagState({Node("i", {}), Node("l", {"i"}, RunIf::kAllDone)}, {{"i", inner}, {"l", leaf}}).Result();
  };
  EXPECT_EQ(result(kSucceeded, kSucceeded), "SUCCESS");
  EXPECT_EQ(result(kFailed, kSucceeded), "SUCCESS_WITH_FAILURES");
  EXPECT_EQ(result(kSucceeded, kFailed), "FAILED");
  EXPECT_EQ(result(kSucceeded, kUpstreamFailed), "FAILED");
  EXPECT_EQ(result(kFailed, kExcluded), "SUCCESS_WITH_FAILURES");
  EXPECT_EQ(result(kSucceeded, kCanceled), "CANCELED");
}

TEST(Dag, Retries) {
  TaskNode node = Node("a", {});
  EXPECT_FALSE(MayRetry(node, 0, kFailed));
  node.max_retries = 2;
  EXPECT_TRUE(MayRetry(node, 1, kFailed));
  EXPECT_FALSE(MayRetry(node, 2, kFailed));
  EXPECT_FALSE(MayRetry(node, 0, kTimedOut));
  EXPECT_FALSE(MayRetry(node, 0, kCanceled));
  node.retry_on_timeout = true;
  EXPECT_TRUE(MayRetry(node, 0, kTimedOut));
  node.max_retries = -1;
  EXPECT_TRUE(MayRetry(node, 1000, kFailed));
}

std::string Refusal(const std::string& json) {
  auto settings = api::FromJson<api::jobs::JobSettings>(json);
  EXPECT_TRUE(settings.ok()) << json;
  auto work = WorkOf(*settings);
  return work.ok() ? "ok" : std::string(ErrorCodeName(work.error().code));
}

TEST(JobSettings, WhatIsNotBuiltIsRefused) {
  EXPECT_EQ(Refusal(R"({"tasks":[{"task_key":"a","sql_task":{"warehouse_id":"w","file":{"path":"/f"}}}]})"), "ok");
  EXPECT_EQ(Refusal(R"({"tasks":[{"task_key":"a","notebook_task":{"notebook_path":"/n"},"existing_cluster_id":"c"}]})"),
            "ok");
  EXPECT_EQ(Refusal(R"({"name":"x","email_notifications":{},"webhook_notifications":{}})"), "ok");
  for (const char* text :
       {R"({"tasks":[{"task_key":"a","spark_python_task":{"python_file":"/f"}}]})",
        R"({"tasks":[{"task_key":"a","sql_task":{"warehouse_id":"w","query":{"query_id":"q"}}}]})",
        R"({"tasks":[{"task_key":"a","notebook_task":{"notebook_path":"/n"}}]})",
        R"({"tasks":[{"task_key":"a","existing_cluster_id":"c","notebook_task":{"notebook_path":"/n","base_parameters":{"p":"{{job.id}}"}}}]})",
        R"({"schedule":{"quartz_cron_expression":"0 0 0 * * ?","timezone_id":"UTC"}})",
        R"({"email_notifications":{"on_failure":["a@x"]}})"}) {
    EXPECT_EQ(Refusal(text), "NOT_IMPLEMENTED") << text;
  }
  EXPECT_EQ(Refusal(R"({"tasks":[{"task_key":"a"}]})"), "INVALID_PARAMETER_VALUE");
}

TEST(JobSettings, UpdatesMergeTasksByKey) {
  auto parse = [](const char* json) { return *api::FromJson<api::jobs::JobSettings>(json); };
  auto settings = parse(R"({"name":"n","timeout_seconds":5,"tasks":[{"task_key":"a"},{"task_key":"b"}]})");
  auto changes = parse(R"({"name":"m","tasks":[{"task_key":"b","max_retries":2},{"task_key":"c"}]})");
  ASSERT_TRUE(UpdateSettings(settings, changes, {"timeout_seconds", "tasks/a"}).ok());
  EXPECT_EQ(settings, parse(R"({"name":"m","tasks":[{"task_key":"b","max_retries":2},{"task_key":"c"}]})"));
}

// The service and the runner, with jobs whose notebooks do not exist: no driver is needed to fail.
class RunsTest : public testing::Test {
 protected:
  void SetUp() override {
    test_ = *metadb::TestDatabase::Make(metadb::TestBackend::kSqlite);
    std::vector<metadb::ModuleMigrations> all = {metadb::migrations(), identity::migrations(), catalog::migrations(),
                                                 compute::migrations(), workspace::migrations(), migrations()};
    ASSERT_TRUE(metadb::Migrate(db(), clock_, all).ok());
    ASSERT_TRUE(identity::CreateFirstAdmin(db(), clock_, SystemRandom(), "admin@x").ok());
    permissions_ = std::make_unique<identity::PermissionEvaluator>(db());
    permissions_->Register("jobs", ancestry_);
    compute::DriverPoolOptions options;
    options.driver_binary = "/bin/false";
    options.run_folder = folder_.path();
    options.warm = 0;
    pool_ = std::make_unique<compute::DriverPool>(options, clock_, SystemRandom(), [](const std::string&) {});
    handles_ = std::make_unique<compute::Handles>(clock_, SystemRandom());
    compute_ = std::make_unique<compute::Compute>(db(), *pool_, *handles_, clock_, SystemRandom());
    catalog_ = std::make_unique<catalog::CatalogService>(db(), store_, clock_, SystemRandom(),
                                                         catalog::CatalogOptions{folder_.path()});
    tree_ = std::make_unique<workspace::WorkspaceTree>(db(), *permissions_, clock_, SystemRandom());
    compute::ResourceRow warehouse;
    warehouse.id = "w";
    warehouse.kind = compute::ResourceKind::kWarehouse;
    warehouse.spec = "{}";
    Status loaded = db().Read([&](metadb::Transaction& txn) -> Status {
      ASSIGN_OR_RETURN(auto admin, identity::Directory::FindByName(txn, "admin@x"));
      ASSIGN_OR_RETURN(context_.principal, identity::Directory::Load(txn, admin->id));
      return OkStatus();
    });
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    warehouse.creator_id = context_.principal.id;
    ASSERT_TRUE(compute_->Create(warehouse).ok());
    NewRunner();
  }
  void TearDown() override { runner_->Stop(); }
  metadb::Database& db() { return test_->database(); }
  void NewRunner() {
    runner_ = Runner::Make({db(), *compute_, *catalog_, *tree_, *permissions_, clock_, SystemRandom()});
    service_ = std::make_unique<JobsService>(db(), *runner_, *permissions_, clock_, SystemRandom());
  }
  int64_t Submit(const std::string& task_options, const std::string& token = "") {
    std::string json = R"({"run_name":"r","idempotency_token":")" + token +
                       R"(","tasks":[{"task_key":"a","notebook_task":{"notebook_path":"/none","warehouse_id":"w"})" +
                       task_options + "}]}";
    auto submitted = service_->SubmitRun(context_, *api::FromJson<api::jobs::SubmitRunRequest>(json));
    EXPECT_TRUE(submitted.ok()) << submitted.error().message;
    return *submitted->run_id;
  }
  api::jobs::Run Get(int64_t id) {
    api::jobs::GetRunRequest request;
    request.run_id = id;
    auto run = service_->GetRun(context_, request);
    EXPECT_TRUE(run.ok()) << run.error().message;
    return *std::move(run);
  }
  // "life cycle/result" of the run and of its one task, once `done` says so.
  std::string StatesWhen(int64_t id, const std::function<bool(const api::jobs::Run&)>& done) {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    api::jobs::Run run = Get(id);
    while (!done(run) && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
      run = Get(id);
    }
    const api::jobs::RunTask& task = run.tasks->front();
    auto text = [](const api::jobs::RunState& state) {
      std::string result = state.result_state.has() ? state.result_state->value : "";
      return state.life_cycle_state->value + "/" + result;
    };
    return text(*run.state) + " " + text(*task.state) + " attempt " + std::to_string(*task.attempt_number);
  }
  // As when the server was killed while the run's task ran two statements and had committed those of `committed`.
  void CutOff(int64_t run_id, const std::vector<size_t>& committed) {
    Status stored = db().Transact([&](metadb::Transaction& txn) -> Status {
      ASSIGN_OR_RETURN(auto attempts, AttemptsTable::OfRun(txn, run_id));
      attempts[0].state = static_cast<int>(kRunning);
      attempts[0].script = ScriptToText({"INSERT INTO a VALUES (1)", "INSERT INTO b VALUES (2)"});
      for (size_t position : committed) {
        RETURN_IF_ERROR(catalog::CommitsTable::Put(txn, {CommitUuidOf(attempts[0].id, position), "/t", 1, true, 1}));
      }
      return AttemptsTable::Update(txn, attempts[0]);
    });
    ASSERT_TRUE(stored.ok()) << stored.error().message;
  }
  std::vector<AttemptRow> AttemptsOf(int64_t run_id) {
    std::vector<AttemptRow> attempts;
    Status read = db().Read([&](metadb::Transaction& txn) -> Status {
      ASSIGN_OR_RETURN(attempts, AttemptsTable::OfRun(txn, run_id));
      return OkStatus();
    });
    EXPECT_TRUE(read.ok());
    return attempts;
  }
  static bool Ended(const api::jobs::Run& run) { return *run.end_time != 0; }

  FakeClock clock_{1'700'000'000'000};
  metadb::TemporaryDirectory folder_;
  std::unique_ptr<metadb::TestDatabase> test_;
  JobAncestry ancestry_;
  std::unique_ptr<identity::PermissionEvaluator> permissions_;
  std::unique_ptr<compute::DriverPool> pool_;
  std::unique_ptr<compute::Handles> handles_;
  std::unique_ptr<compute::Compute> compute_;
  objectstore::LocalObjectStore store_;
  std::unique_ptr<catalog::CatalogService> catalog_;
  std::unique_ptr<workspace::WorkspaceTree> tree_;
  std::shared_ptr<Runner> runner_;
  std::unique_ptr<JobsService> service_;
  http::RequestContext context_;
};

TEST_F(RunsTest, AFailingTaskIsRetriedAndFailsTheRun) {
  ASSERT_TRUE(runner_->Recover().ok());
  int64_t id = Submit(R"(,"max_retries":1)", "t");
  EXPECT_EQ(StatesWhen(id, Ended), "TERMINATED/FAILED TERMINATED/FAILED attempt 1");
  api::jobs::Run run = Get(id);
  EXPECT_NE(run.state->state_message->find("/none"), std::string::npos);
  EXPECT_EQ(*run.status->termination_details->code, "RUN_EXECUTION_ERROR");
  EXPECT_EQ(Submit("", "t"), id) << "one token, one run";
  api::jobs::GetRunOutputRequest output;
  output.run_id = *run.tasks->front().run_id;
  EXPECT_NE(service_->GetRunOutput(context_, output)->error->find("/none"), std::string::npos);
}

TEST_F(RunsTest, ARunThatWaitsForARetryIsCanceled) {
  ASSERT_TRUE(runner_->Recover().ok());
  int64_t id = Submit(R"(,"max_retries":-1,"min_retry_interval_millis":3600000)");
  auto waits = [](const api::jobs::Run& run) {
    return *run.tasks->front().state->life_cycle_state == "WAITING_FOR_RETRY";
  };
  EXPECT_EQ(StatesWhen(id, waits), "RUNNING/ WAITING_FOR_RETRY/ attempt 1");
  api::jobs::CancelRunRequest cancel;
  cancel.run_id = id;
  EXPECT_TRUE(service_->CancelRun(context_, cancel).ok());
  EXPECT_EQ(StatesWhen(id, Ended), "TERMINATED/CANCELED TERMINATED/CANCELED attempt 1");
  EXPECT_TRUE(service_->CancelRun(context_, cancel).ok()) << "what is over may be canceled again";
}

TEST_F(RunsTest, ARestartFailsWhatRanAndGoesOnWithTheRest) {
  int64_t ran = Submit("");
  int64_t pending = Submit("");
  ASSERT_TRUE(db().Transact([&](metadb::Transaction& txn) -> Status {
                  ASSIGN_OR_RETURN(auto attempts, AttemptsTable::OfRun(txn, ran));
                  attempts[0].state = static_cast<int>(kRunning);
                  return AttemptsTable::Update(txn, attempts[0]);
                }).ok());
  NewRunner();
  ASSERT_TRUE(runner_->Recover().ok());
  EXPECT_EQ(StatesWhen(ran, Ended), "TERMINATED/FAILED TERMINATED/FAILED attempt 0");
  EXPECT_NE(Get(ran).state->state_message->find("the server restarted"), std::string::npos);
  EXPECT_EQ(StatesWhen(pending, Ended), "TERMINATED/FAILED TERMINATED/FAILED attempt 0");
  EXPECT_NE(Get(pending).state->state_message->find("/none"), std::string::npos);
}

TEST_F(RunsTest, WhatHadCommittedWhenTheServerDiedIsNotRunAgain) {
  int64_t whole = Submit(R"(,"max_retries":5)");
  int64_t half = Submit(R"(,"max_retries":2)");
  int64_t nothing = Submit("");
  CutOff(whole, {0, 1});
  CutOff(half, {0});
  CutOff(nothing, {});
  NewRunner();
  ASSERT_TRUE(runner_->Recover().ok());
  EXPECT_EQ(StatesWhen(whole, Ended), "TERMINATED/SUCCESS TERMINATED/SUCCESS attempt 0");
  EXPECT_EQ(StatesWhen(nothing, Ended), "TERMINATED/FAILED TERMINATED/FAILED attempt 0");
  // Its retries find no driver here; that they, too, pass over the first statement is what counts.
  EXPECT_EQ(StatesWhen(half, Ended), "TERMINATED/FAILED TERMINATED/FAILED attempt 2");
  std::vector<AttemptRow> attempts = AttemptsOf(half);
  ASSERT_EQ(attempts.size(), 3u);
  EXPECT_NE(attempts[0].message.find("1 of 2 statements had committed"), std::string::npos) << attempts[0].message;
  for (size_t i : {1, 2}) {
    EXPECT_EQ(attempts[i].resumes, attempts[i - 1].id);
    auto steps = StepsOf(db(), *catalog_, attempts[i]);
    ASSERT_TRUE(steps.ok() && steps->size() == 2);
    EXPECT_TRUE((*steps)[0].committed);
    EXPECT_FALSE((*steps)[1].committed);
    EXPECT_NE((*steps)[1].commit_uuid, CommitUuidOf(attempts[i - 1].id, 1)) << "each attempt has uuids of its own";
  }
}

TEST_F(RunsTest, JobsKeepTheirSettingsAndRunOneAtATime) {
  const std::string json =
      R"({"name":"j","new_option":{"x":1},"parameters":[{"name":"p","default":"1"}],"tasks":[{"task_key":"a",)"
      R"("max_retries":-1,"min_retry_interval_millis":3600000,)"
      R"("notebook_task":{"notebook_path":"/none","warehouse_id":"w"}}]})";
  auto created = service_->CreateJob(context_, *api::FromJson<api::jobs::CreateJobRequest>(json));
  ASSERT_TRUE(created.ok()) << created.error().message;
  api::jobs::GetJobRequest get;
  get.job_id = *created->job_id;
  EXPECT_NE(api::ToJson(*service_->GetJob(context_, get)->settings).find(R"("new_option":{"x":1})"), std::string::npos);
  ASSERT_TRUE(runner_->Recover().ok());
  api::jobs::RunNowRequest now;
  now.job_id = *created->job_id;
  now.job_parameters = std::map<std::string, std::string>{{"q", "2"}};
  EXPECT_EQ(service_->RunNow(context_, now).error().code, ErrorCode::kInvalidParameterValue);
  now.job_parameters = std::map<std::string, std::string>{{"p", "2"}};
  int64_t first = *service_->RunNow(context_, now)->run_id;
  int64_t second = *service_->RunNow(context_, now)->run_id;
  EXPECT_EQ(StatesWhen(second, Ended).substr(0, 40), "SKIPPED/MAXIMUM_CONCURRENT_RUNS_REACHED ");
  EXPECT_EQ(*Get(first).end_time, 0);
  EXPECT_EQ(*Get(first).job_parameters->front().value, "2");
  api::jobs::DeleteJobRequest gone;
  gone.job_id = *created->job_id;
  EXPECT_TRUE(service_->DeleteJob(context_, gone).ok());
  EXPECT_EQ(StatesWhen(first, Ended).substr(0, 19), "TERMINATED/CANCELED");
  EXPECT_EQ(service_->GetJob(context_, get).error().message,
            "Job " + std::to_string(*created->job_id) + " does not exist.");
}

}  // namespace
}  // namespace ashlar::jobs
