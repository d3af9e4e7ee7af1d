#include "compute/compute.h"

#include <gtest/gtest.h>

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
}

}  // namespace
}  // namespace ashlar::compute
