#include "cli/jobs/run_progress.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace ashlar::cli {
namespace {

Json Parsed(const char* text) { return *ParseJson(text); }

TEST(RunProgress, TellsWhatIsNew) {
  RunProgress progress;
  using Lines = std::vector<std::string>;
  EXPECT_EQ(progress.Changes(Parsed(R"({"tasks":[
      {"task_key":"a","attempt_number":0,"state":{"life_cycle_state":"RUNNING"}},
      {"task_key":"b","attempt_number":0,"state":{"life_cycle_state":"BLOCKED"}}]})")),
            (Lines{"a: RUNNING", "b: BLOCKED"}));
  Json second = Parsed(R"({"tasks":[
      {"task_key":"a","attempt_number":0,"execution_duration":1500,"state":{"life_cycle_state":"TERMINATED","result_state":"FAILED"}},
      {"task_key":"a","attempt_number":1,"state":{"life_cycle_state":"RUNNING"}},
      {"task_key":"b","attempt_number":0,"state":{"life_cycle_state":"BLOCKED"}}]})");
  EXPECT_EQ(progress.Changes(second), Lines{"a: RUNNING (attempt 2)"});
  EXPECT_EQ(progress.Changes(second), Lines{});
  EXPECT_EQ(progress.Changes(Parsed(R"({"tasks":[
      {"task_key":"a","attempt_number":1,"execution_duration":1500,"state":{"life_cycle_state":"TERMINATED","result_state":"SUCCESS"}}]})")),
            Lines{"a: SUCCESS (attempt 2), 1.5 s"});
}

TEST(RunProgress, Ends) {
  EXPECT_FALSE(HasEnded(Parsed(R"({"state":{"life_cycle_state":"RUNNING"}})")));
  EXPECT_TRUE(HasEnded(Parsed(R"({"state":{"life_cycle_state":"TERMINATED","result_state":"CANCELED"}})")));
  EXPECT_TRUE(HasEnded(Parsed(R"({"state":{"life_cycle_state":"INTERNAL_ERROR"}})")));
}

}  // namespace
}  // namespace ashlar::cli
