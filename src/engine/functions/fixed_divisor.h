// FixedDivisor: remainders by one divisor, by multiplication: half of the time of the processor's division.
//
// With L = ceil(log2 |d|) and B the bits of a dividend without its sign, m = ceil(2^(B + L) / |d|) is above 2^(B + L) / |d| by less
// than 1. Over |n| <= 2^B that moves the quotient by less than 1 / |d|, never to the next integer: (m |n|) >> (B + L) is exactly
// |n| / |d| cut off. m fits in B + 1 bits for every divisor. After T. Granlund and P. L. Montgomery, "Division by Invariant
// Integers using Multiplication" (1994).
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace ashlar::engine {

// T: a signed integer of up to 64 bits.
template <typename T>
class FixedDivisor {
 public:
  // For divisors other than -1, 0 and 1.
  static bool Takes(T divisor) { return divisor < -1 || divisor > 1; }
  explicit FixedDivisor(T divisor)
      : divisor_(Magnitude(divisor)),
        shift_(static_cast<unsigned>(std::bit_width(static_cast<Half>(divisor_ - 1))) - 1),
        factor_(static_cast<Half>(((Whole{1} << (kBits + shift_)) + divisor_ - 1) / divisor_)) {}

  // Its sign is the dividend's, as in Java.
  T Remainder(T dividend) const {
    Half magnitude = Magnitude(dividend);
    Half quotient = static_cast<Half>(static_cast<Half>((Whole{factor_} * magnitude) >> kBits) >> shift_);
    Half rest = magnitude - quotient * divisor_;
    return static_cast<T>(dividend < 0 ? Half{0} - rest : rest);
  }

 private:
  static constexpr bool kLong = sizeof(T) == 8;
  using Half = std::conditional_t<kLong, uint64_t, uint32_t>;
  using Whole = std::conditional_t<kLong, unsigned __int128, uint64_t>;
  static constexpr unsigned kBits = sizeof(Half) * 8;  // B + 1

  static Half Magnitude(T value) {
    Half bits = static_cast<Half>(static_cast<std::make_signed_t<Half>>(value));
    return value < 0 ? Half{0} - bits : bits;
  }

  Half divisor_;
  unsigned shift_;  // L - 1
  Half factor_;     // m
};

}  // namespace ashlar::engine
