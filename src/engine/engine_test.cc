#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "engine/duck_types.h"
#include "engine/engine.h"
#include "engine/lowering/plan_builder.h"
#include "engine/spark_error.h"

namespace ashlar::engine {
namespace {

TEST(SparkError, ThrownErrorComesBackWhole) {
  Error error = MakeSqlError("DIVIDE_BY_ZERO", "22012", "Division by zero. \"x\" {a}\n",
                             {{"config", "spark.sql.ansi.enabled"}}, SourceSpan{7, 12});
  try {
    ThrowSparkError(error);
    FAIL();
  } catch (const std::exception& e) {
    EXPECT_EQ(FromDuckDBException(e), error);
  }
}

TEST(SparkError, InterruptIsCancelled) {
  EXPECT_EQ(FromDuckDBException("INTERRUPT", "Interrupted!").code, ErrorCode::kCancelled);
}

TEST(SparkError, StackTracesGoToTheLogAlone) {
  testing::internal::CaptureStderr();
  Error error = FromDuckDBException("INTERNAL", "Attempted to access index 3 within vector of size 3\n\nStack Trace:\n\n0 driver(_ZN+1)");
  std::string logged = testing::internal::GetCapturedStderr();
  EXPECT_EQ(error.condition, "INTERNAL_ERROR");
  EXPECT_EQ(error.code, ErrorCode::kInternalError);
  EXPECT_EQ(error.message, "INTERNAL: Attempted to access index 3 within vector of size 3");
  EXPECT_EQ(error.parameters.at("message"), "Attempted to access index 3 within vector of size 3");
  EXPECT_NE(logged.find("driver(_ZN+1)"), std::string::npos) << logged;
}

TEST(DuckTypes, NestedNamesAreGenerated) {
  DataType type = *DataType::Parse("struct<a: array<struct<A: int>>, m: map<string, decimal(5,2)>>");
  EXPECT_EQ(DuckTypeSql(type), "STRUCT(f0 STRUCT(f0 INTEGER)[],f1 MAP(VARCHAR,DECIMAL(5,2)))");
  EXPECT_EQ(DuckFileTypeSql(type),
            R"(STRUCT("a" STRUCT("A" INTEGER)[],"m" MAP(VARCHAR,DECIMAL(5,2))))");
}

// Looks at more pairs than any machine counts, a few at a time; none is a row.
sql::PlanPtr EndlessPlan() {
  using namespace plan_builder;  // NOLINT
  const DataType kLong = TypeId::kLong;
  auto pairs = Join(Range(1, 1'000'000'000'000'000), Range(2, 1000), sql::JoinKind::kCross, nullptr);
  auto sum = Binary("+", kLong, Column(1, kLong), Column(2, kLong));
  return Filter(pairs, Binary("<", TypeId::kBoolean, sum, Long(0)));
}

class Interruption : public testing::Test {
 protected:
  void SetUp() override {
    auto engine = Engine::Open({.memory_limit_bytes = 1u << 28, .threads = 2, .temp_directory = ""});
    ASSERT_TRUE(engine.ok()) << FullMessage(engine.error());
    engine_ = *std::move(engine);
  }
  std::unique_ptr<Engine> engine_;
};

TEST_F(Interruption, BeforeTheQueryStartsIsNotLost) {
  auto connection = engine_->NewConnection();
  connection->Interrupt();
  auto counted = connection->ExecuteCount(EndlessPlan());
  ASSERT_FALSE(counted.ok());
  EXPECT_EQ(counted.error().code, ErrorCode::kCancelled);
  auto streamed = connection->Execute(plan_builder::Range(1, 3), {});
  ASSERT_FALSE(streamed.ok());
  EXPECT_EQ(streamed.error().code, ErrorCode::kCancelled);
}

// One lost interruption and the query never ends.
TEST_F(Interruption, AtAnyMomentOfTheStartEndsTheQuery) {
  for (int moment = 0; moment < 200; ++moment) {
    auto connection = engine_->NewConnection();
    std::atomic<bool> starting = false;
    std::jthread stopper([&] {
      while (!starting) std::this_thread::yield();
      for (int turn = 0; turn < moment * 50; ++turn) std::atomic_thread_fence(std::memory_order_seq_cst);
      connection->Interrupt();
    });
    starting = true;
    auto counted = connection->ExecuteCount(EndlessPlan());
    ASSERT_FALSE(counted.ok());
    EXPECT_EQ(counted.error().code, ErrorCode::kCancelled) << FullMessage(counted.error());
  }
}

}  // namespace
}  // namespace ashlar::engine
