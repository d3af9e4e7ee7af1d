#include "engine/functions/fixed_divisor.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

namespace ashlar::engine {
namespace {

// Numbers near 0, near the ends, near the powers of two, and of all lengths.
template <typename T>
std::vector<T> Edges() {
  std::vector<T> edges;
  for (int i = 0; i < 40; ++i) {
    for (int64_t near : {int64_t{std::numeric_limits<T>::min()} + i, int64_t{std::numeric_limits<T>::max()} - i, int64_t{i}, int64_t{-i}}) {
      edges.push_back(static_cast<T>(near));
    }
  }
  for (unsigned shift = 2; shift < sizeof(T) * 8 - 1; ++shift) {
    for (int64_t near = -2; near <= 2; ++near) {
      edges.push_back(static_cast<T>((int64_t{1} << shift) + near));
      edges.push_back(static_cast<T>(near - (int64_t{1} << shift)));
    }
  }
  std::mt19937_64 random(7);
  for (int i = 0; i < 300; ++i) edges.push_back(static_cast<T>(random() >> (random() % 64)));
  return edges;
}

template <typename T>
class FixedDivisors : public testing::Test {};
using Integers = testing::Types<int8_t, int16_t, int32_t, int64_t>;
TYPED_TEST_SUITE(FixedDivisors, Integers);

TYPED_TEST(FixedDivisors, LeaveWhatDivisionLeaves) {
  using T = TypeParam;
  for (T none : {T{-1}, T{0}, T{1}}) EXPECT_FALSE(FixedDivisor<T>::Takes(none));
  std::vector<T> edges = Edges<T>();
  for (T divisor : edges) {
    if (!FixedDivisor<T>::Takes(divisor)) continue;
    FixedDivisor<T> by(divisor);
    for (T dividend : edges) {
      ASSERT_EQ(by.Remainder(dividend), static_cast<T>(dividend % divisor)) << int64_t{dividend} << " % " << int64_t{divisor};
      T multiple = static_cast<T>(dividend - dividend % divisor);
      ASSERT_EQ(by.Remainder(multiple), T{0}) << int64_t{multiple} << " % " << int64_t{divisor};
    }
  }
}

}  // namespace
}  // namespace ashlar::engine
