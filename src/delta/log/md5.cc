#include "delta/log/md5.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace ashlar::delta {
namespace {

using State = std::array<uint32_t, 4>;

constexpr std::array<std::array<int, 4>, 4> kShifts = {
    {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};

void AddBlock(const char* block, State& state) {
  std::array<uint32_t, 16> words;
  std::memcpy(words.data(), block, sizeof(words));
  auto [a, b, c, d] = state;
  for (uint32_t i = 0; i < 64; ++i) {
    uint32_t mixed = 0, word = 0;
    switch (i / 16) {
      case 0: mixed = (b & c) | (~b & d); word = i; break;
      case 1: mixed = (d & b) | (~d & c); word = (5 * i + 1) % 16; break;
      case 2: mixed = b ^ c ^ d; word = (3 * i + 5) % 16; break;
      default: mixed = c ^ (b | ~d); word = (7 * i) % 16; break;
    }
    auto constant = static_cast<uint32_t>(std::floor(std::fabs(std::sin(i + 1.0)) * 4294967296.0));
    uint32_t rotated = std::rotl(a + mixed + constant + words[word], kShifts[i / 16][i % 4]);
    a = d;
    d = c;
    c = b;
    b += rotated;
  }
  state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d};
}
static_assert(std::endian::native == std::endian::little);

}  // namespace

std::string Md5Hex(std::string_view bytes) {
  State state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  std::string padded(bytes);
  padded += '\x80';
  padded.resize((padded.size() + 8 + 63) / 64 * 64, '\0');
  uint64_t bits = bytes.size() * 8;
  std::memcpy(padded.data() + padded.size() - 8, &bits, 8);
  for (size_t at = 0; at < padded.size(); at += 64) AddBlock(padded.data() + at, state);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (uint32_t word : state) {
    for (int i = 0; i < 4; ++i, word >>= 8) {
      hex += kDigits[word >> 4 & 15];
      hex += kDigits[word & 15];
    }
  }
  return hex;
}

}  // namespace ashlar::delta
