#include "engine/write/curve.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

namespace ashlar::engine {
namespace {

// All points of a cube of 2^`bits` a side, in the order of their keys.
std::vector<std::vector<uint16_t>> AlongTheCurve(size_t columns, int bits) {
  std::map<std::string, std::vector<uint16_t>> points;
  size_t side = size_t{1} << bits, count = 1;
  for (size_t c = 0; c < columns; ++c) count *= side;
  for (size_t i = 0; i < count; ++i) {
    std::vector<uint16_t> point;
    for (size_t c = 0, rest = i; c < columns; ++c, rest /= side) point.push_back(static_cast<uint16_t>(rest % side));
    std::vector<uint16_t> index = point;
    ToHilbert(index);
    std::string key((columns * kRangeBits + 7) / 8, '\0');
    InterleaveBits(index, key);
    points[key] = point;
  }
  std::vector<std::vector<uint16_t>> ordered;
  for (auto& [key, point] : points) ordered.push_back(point);
  EXPECT_EQ(ordered.size(), count) << "every point has a key of its own";
  return ordered;
}

TEST(Curve, NeighboursOnTheHilbertCurveAreNeighboursInSpace) {
  for (auto [columns, bits] : {std::pair{1, 10}, {2, 5}, {2, 8}, {3, 4}, {4, 3}}) {
    auto points = AlongTheCurve(static_cast<size_t>(columns), bits);
    for (size_t i = 1; i < points.size(); ++i) {
      int distance = 0;
      for (size_t c = 0; c < points[i].size(); ++c) distance += std::abs(points[i][c] - points[i - 1][c]);
      ASSERT_EQ(distance, 1) << columns << " columns, step " << i;
    }
  }
}

TEST(Curve, TheZOrderTakesTheHighestBitsFirst) {
  std::string key(3, '\0');
  InterleaveBits({0b1000000001, 0b0100000000}, key);
  EXPECT_EQ(key, std::string("\x90\x00\x20", 3));
}

}  // namespace
}  // namespace ashlar::engine
