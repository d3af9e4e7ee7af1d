// FixedDivisor: remainders by one divisor, by multiplication: half of the time of the processor's division.
//
// With L = ceil(log2 |d|), m = ceil(2^(63 + L) / |d|) is above 2^(63 + L) / |d| by less than 1. Over |n| <= 2^63 that moves the
// quotient by less than 1 / |d|, never to the next integer: (m |n|) >> (63 + L) is exactly |n| / |d| cut off. m fits in 64 bits for
// every divisor. After T. Granlund and P. L. Montgomery, "Division by Invariant Integers using Multiplication" (1994).
#pragma once

#include <bit>
#include <cstdint>

namespace ashlar::engine {

class FixedDivisor {
 public:
  // For divisors other than -1, 0 and 1.
  static bool Takes(int64_t divisor) { return divisor < -1 || divisor > 1; }
  explicit FixedDivisor(int64_t divisor)
      : divisor_(Turned(static_cast<uint64_t>(divisor), Sign(divisor))),
        shift_(static_cast<unsigned>(std::bit_width(divisor_ - 1)) - 1),
        factor_(static_cast<uint64_t>(((UInt128{1} << (64 + shift_)) + divisor_ - 1) / divisor_)),
        short_factor_(static_cast<uint64_t>(((UInt128{1} << (32 + shift_)) + divisor_ - 1) / divisor_)) {}

  // Its sign is the dividend's, as in Java. Without a branch: any dividend may have any sign.
  int64_t Remainder(int64_t dividend) const {
    uint64_t sign = Sign(dividend);
    uint64_t magnitude = Turned(static_cast<uint64_t>(dividend), sign);
    uint64_t quotient = static_cast<uint64_t>((UInt128{factor_} * magnitude) >> 64) >> shift_;
    return static_cast<int64_t>(Turned(magnitude - quotient * divisor_, sign));
  }

  // The same of a dividend from 0 to kShort by a divisor up to it, in half of that time: with 2^31 for 2^63 above m |n| fits in
  // 64 bits.
  static constexpr uint64_t kShort = (uint64_t{1} << 31) - 1;
  bool IsShort() const { return divisor_ <= kShort; }
  int64_t ShortRemainder(uint64_t dividend) const {
    return static_cast<int64_t>(dividend - (short_factor_ * dividend >> (32 + shift_)) * divisor_);
  }

 private:
  using UInt128 = unsigned __int128;

  // All ones for a negative number, else 0; and a number with its sign turned where that is all ones.
  static uint64_t Sign(int64_t value) { return static_cast<uint64_t>(value >> 63); }
  static uint64_t Turned(uint64_t value, uint64_t sign) { return (value ^ sign) - sign; }

  uint64_t divisor_;
  unsigned shift_;   // L - 1
  uint64_t factor_;  // m
  uint64_t short_factor_;
};

}  // namespace ashlar::engine
