// Exact decimal arithmetic on unscaled 128-bit integers, with 256-bit intermediates. Results are
// rounded half up to the scale asked for, as Spark does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ashlar::engine {

using Int128 = __int128;
using UInt128 = unsigned __int128;

// 10^n for 0 <= n <= 38.
Int128 PowerOfTen(int n);

// A signed number of up to 256 bits: what sums and products have before they are rounded.
struct WideInteger {
  bool negative = false;
  UInt128 high = 0;
  UInt128 low = 0;

  static WideInteger From(Int128 value);
  static WideInteger Product(Int128 a, Int128 b);
  // this * 10^digits; nullopt beyond 256 bits.
  std::optional<WideInteger> TimesPowerOfTen(int digits) const;
  WideInteger Plus(const WideInteger& other) const;
  WideInteger Negated() const { return {!negative, high, low}; }
  // Divided by 10^digits, rounded half up; digits may be any number >= 0.
  WideInteger DividedByPowerOfTen(int digits) const;
  // The truncated quotient; the remainder has the sign of this.
  WideInteger DividedBy(UInt128 divisor, UInt128& remainder) const;
  std::optional<Int128> ToInt128() const;
  bool FitsDigits(int precision) const;
  std::string Digits() const;  // with its sign
  bool is_zero() const { return high == 0 && low == 0; }
};

// `value` at `from` rounded half up to scale `to`.
WideInteger Rescale(Int128 value, int from, int to);
// a/b at `scale`, rounded half up. b is not 0.
WideInteger Quotient(Int128 a, int a_scale, Int128 b, int b_scale, int scale);

// "-12.30", without exponent.
std::string PlainText(const WideInteger& unscaled, int scale);
// As PlainText without zeros at the end of the fraction.
std::string StrippedText(const WideInteger& unscaled, int scale);

}  // namespace ashlar::engine
