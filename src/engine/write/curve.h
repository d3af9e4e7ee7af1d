// Curves through a space of several columns: rows ordered along one that are near each other lie near each other
// in every column.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ashlar::engine {

// A coordinate has this many bits.
constexpr int kRangeBits = 10;

// The Z-order key: the highest bits of all coordinates, then the next ones. `key` has room for them, and is
// compared as bytes.
void InterleaveBits(const std::vector<uint16_t>& coordinates, std::string& key);

// Coordinates to the position on the Hilbert curve, its bits dealt out over the numbers: InterleaveBits makes
// the key. Points next to each other on this curve differ by one in one coordinate.
void ToHilbert(std::vector<uint16_t>& coordinates);

}  // namespace ashlar::engine
