#include "compute/compute.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "catalog/test_workspace.h"
#include "compute/control_service.h"
#include "compute/handles.h"

namespace ashlar::compute {
namespace {

TEST(Handles, EndWithTheirTimeTheirDriverAndThemselves) {
  FakeClock clock(1000);
  Handles handles(clock, SystemRandom());
  http::Principal someone;
  someone.id = 7;
  std::string one = handles.Mint({someone, "d1", "statement"}, 500);
  std::string two = handles.Mint({someone, "d2", "statement"}, 5000);
  EXPECT_EQ(handles.Find(one)->principal.id, 7);
  clock.AdvanceMs(500);
  EXPECT_EQ(handles.Find(one).error().code, ErrorCode::kUnauthenticated);
  EXPECT_TRUE(handles.Find(two).ok());
  handles.RevokeDriver("d2");
  EXPECT_FALSE(handles.Find(two).ok());
  EXPECT_FALSE(handles.Find("h-guess").ok());
  std::string late = handles.Mint({someone, "d2", "statement"}, 5000);
  EXPECT_FALSE(handles.Find(late).ok()) << "the driver was replaced before";
}

TEST(Handles, RevokingWaitsForWhatIsUnderWay) {
  FakeClock clock(1000);
  Handles handles(clock, SystemRandom());
  for (bool whole_driver : {false, true}) {
    std::string driver = whole_driver ? "d2" : "d1";
    std::string handle = handles.Mint({{}, driver, "statement"}, 5000);
    auto hold = std::make_unique<Handles::Hold>(*handles.Acquire(handle));
    std::atomic<bool> revoked = false;
    std::jthread revoker([&] {
      whole_driver ? handles.RevokeDriver(driver) : handles.Revoke(handle);
      revoked = true;
    });
    while (handles.Find(handle).ok()) std::this_thread::yield();
    EXPECT_FALSE(handles.Acquire(handle).ok()) << "nothing begins any more";
    EXPECT_FALSE(revoked);
    hold.reset();
    revoker.join();
    EXPECT_TRUE(revoked);
  }
}

TEST(ControlService, ADriverThatWasReplacedCommitsNothing) {
  auto w = *catalog::TestWorkspace::Make(metadb::TestBackend::kSqlite);
  auto made = w->CreateTable(w->ann, "main.default.t");
  ASSERT_TRUE(made.ok()) << made.error().message;
  FakeClock clock(1000);
  Handles handles(clock, SystemRandom());
  ControlService control(w->catalog(), handles);
  std::string old_driver = handles.Mint({w->ann, "driver-1", kJobPurpose}, 5000);
  std::string new_driver = handles.Mint({w->ann, "driver-2", kJobPurpose}, 5000);
  catalog::TableCommit text = catalog::VersionZero(made->uuid, made->location, "c1");
  link::CommitRequest commit{made->uuid, made->location, 1, text.actions, "c1"};

  handles.RevokeDriver("driver-1");
  EXPECT_EQ(control.Commit(old_driver, commit).error().code, ErrorCode::kUnauthenticated);
  EXPECT_FALSE(std::filesystem::exists(made->location + "/_delta_log/00000000000000000001.json"));
  EXPECT_FALSE(*w->catalog().WasCommitted("c1"));
  EXPECT_EQ(*control.Commit(new_driver, commit), link::CommitOutcome::kWon);
  EXPECT_TRUE(*w->catalog().WasCommitted("c1"));
}

}  // namespace
}  // namespace ashlar::compute
