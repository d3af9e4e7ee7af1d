#include "engine/write/curve.h"

#include <algorithm>

namespace ashlar::engine {

void InterleaveBits(const std::vector<uint16_t>& coordinates, std::string& key) {
  std::ranges::fill(key, '\0');
  size_t at = 0;
  for (int bit = kRangeBits - 1; bit >= 0; --bit) {
    for (uint16_t coordinate : coordinates) {
      if (coordinate >> bit & 1) key[at / 8] = static_cast<char>(key[at / 8] | 0x80 >> at % 8);
      ++at;
    }
  }
}

// J. Skilling, Programming the Hilbert curve, AIP Conference Proceedings 707, 2004: coordinates to the
// transposed form of the index.
void ToHilbert(std::vector<uint16_t>& coordinates) {
  for (int bit = 1 << (kRangeBits - 1); bit > 1; bit >>= 1) {
    auto below = static_cast<uint16_t>(bit - 1);
    for (uint16_t& coordinate : coordinates) {
      if (coordinate & bit) {
        coordinates[0] ^= below;
      } else {
        auto swapped = static_cast<uint16_t>((coordinates[0] ^ coordinate) & below);
        coordinates[0] ^= swapped;
        coordinate ^= swapped;
      }
    }
  }
  for (size_t i = 1; i < coordinates.size(); ++i) coordinates[i] ^= coordinates[i - 1];
  uint16_t flipped = 0;
  for (int bit = 1 << (kRangeBits - 1); bit > 1; bit >>= 1) {
    if (coordinates.back() & bit) flipped ^= static_cast<uint16_t>(bit - 1);
  }
  for (uint16_t& coordinate : coordinates) coordinate ^= flipped;
}

}  // namespace ashlar::engine
