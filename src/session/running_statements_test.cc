#include "session/running_statements.h"

#include <gtest/gtest.h>

#include <thread>

#include "engine/parquet_actions.h"
#include "functions/registry.h"
#include "objectstore/memory_store.h"
#include "session/run_statement.h"

namespace ashlar::session {
namespace {

// A control plane without tables.
class NoTables final : public link::ControlApi {
 public:
  Result<std::vector<Result<sql::ResolvedRelation>>> Resolve(const std::string&, std::span<const std::string>,
                                                             std::span<const sql::ResolveRequest>) override {
    return NotFound();
  }
  Result<sql::CatalogReply> Execute(const std::string&, const sql::CatalogCommand&) override { return NotFound(); }
  Result<link::CommitOutcome> Commit(const std::string&, const link::CommitRequest&) override { return NotFound(); }
  Result<std::optional<sql::RatifiedCommits>> Ratified(const std::string&, const std::string&) override { return NotFound(); }
  Status OnHeartbeat(const link::Heartbeat&) override { return OkStatus(); }

 private:
  static Error NotFound() { return MakeError(ErrorCode::kResourceDoesNotExist, "no tables here"); }
};

class RunningStatementsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = engine::Engine::Open({});
    ASSERT_TRUE(opened.ok());
    engine_ = *std::move(opened);
    parquet_ = std::make_unique<engine::EngineParquetActions>(*engine_);
    environment_.reset(new Environment{*engine_, control_, functions::SparkFunctions(), store_, *parquet_, snapshots_,
                                       SystemClock(), SystemRandom(), "", running_});
    auto session = Session::Open(*environment_, {"handle", "session", "someone", "main", "default", {}});
    ASSERT_TRUE(session.ok());
    session_ = *session;
  }

  Status RunToTheEnd(const std::string& sql) {
    StatementRun run(session_);
    ASSIGN_OR_RETURN(auto rows, run.RunText(sql));
    while (true) {
      ASSIGN_OR_RETURN(auto batch, rows->Next());
      if (!batch) return OkStatus();
    }
  }

  std::unique_ptr<engine::Engine> engine_;
  NoTables control_;
  objectstore::MemoryObjectStore store_{SystemClock()};
  std::unique_ptr<engine::EngineParquetActions> parquet_;
  engine::SnapshotCache snapshots_;
  RunningStatements running_;
  std::unique_ptr<Environment> environment_;
  std::shared_ptr<Session> session_;
};

TEST_F(RunningStatementsTest, AStoppedStatementSaysWhyAndTheNextOneRuns) {
  Status outcome = OkStatus();
  std::jthread thread([&] {
    outcome = RunToTheEnd("SELECT max((a.id * 31 + b.id) % 1000003) FROM range(10000000) a CROSS JOIN range(10000000) b");
  });
  while (running_.count() == 0) std::this_thread::yield();
  EXPECT_TRUE(running_.StopOldest(MakeError(ErrorCode::kResourceExhausted, "no memory left")));
  thread.join();
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(outcome.error().message, "no memory left");
  EXPECT_EQ(running_.count(), 0u);
  EXPECT_FALSE(running_.StopOldest(MakeError(ErrorCode::kResourceExhausted, "nothing runs")));
  EXPECT_TRUE(RunToTheEnd("SELECT 1").ok());
}

TEST_F(RunningStatementsTest, TheOldestGoesFirstAndOnlyOnce) {
  StatementRun first(session_), second(session_);
  EXPECT_EQ(running_.count(), 2u);
  EXPECT_TRUE(running_.StopOldest(MakeError(ErrorCode::kResourceExhausted, "one")));
  EXPECT_EQ(first.RunText("SELECT 1").error().message, "one");
  EXPECT_TRUE(running_.StopOldest(MakeError(ErrorCode::kResourceExhausted, "two")));
  EXPECT_EQ(second.RunText("SELECT 1").error().message, "two");
}

}  // namespace
}  // namespace ashlar::session
