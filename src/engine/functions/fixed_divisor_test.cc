#include "engine/functions/fixed_divisor.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace ashlar::engine {
namespace {

// Numbers near 0, near the ends, near the powers of two, and of all lengths.
std::vector<int64_t> Edges() {
  std::vector<int64_t> edges;
  for (int64_t i = 0; i < 40; ++i) edges.insert(edges.end(), {INT64_MIN + i, INT64_MAX - i, i, -i});
  for (unsigned shift = 2; shift < 63; ++shift) {
    for (int64_t near = -2; near <= 2; ++near) edges.insert(edges.end(), {(int64_t{1} << shift) + near, near - (int64_t{1} << shift)});
  }
  std::mt19937_64 random(7);
  for (int i = 0; i < 500; ++i) {
    uint64_t bits = random();
    edges.push_back(static_cast<int64_t>(bits >> (bits % 64)) * (bits % 3 == 0 ? -1 : 1));
  }
  return edges;
}

TEST(FixedDivisor, LeavesWhatDivisionLeaves) {
  for (int64_t none : {-1, 0, 1}) EXPECT_FALSE(FixedDivisor::Takes(none));
  std::vector<int64_t> edges = Edges();
  for (int64_t divisor : edges) {
    if (!FixedDivisor::Takes(divisor)) continue;
    FixedDivisor by(divisor);
    for (int64_t dividend : edges) {
      ASSERT_EQ(by.Remainder(dividend), dividend % divisor) << dividend << " % " << divisor;
      int64_t multiple = dividend - dividend % divisor;
      ASSERT_EQ(by.Remainder(multiple), 0) << multiple << " % " << divisor;
      bool is_short = dividend >= 0 && static_cast<uint64_t>(dividend) <= FixedDivisor::kShort && by.IsShort();
      if (is_short) {
        ASSERT_EQ(by.ShortRemainder(static_cast<uint64_t>(dividend)), dividend % divisor) << dividend << " % " << divisor;
      }
      int64_t before = multiple > INT64_MIN ? multiple - 1 : multiple;
      ASSERT_EQ(by.Remainder(before), before % divisor) << before << " % " << divisor;
    }
  }
}

}  // namespace
}  // namespace ashlar::engine
