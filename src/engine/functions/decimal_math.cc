#include "engine/functions/decimal_math.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace ashlar::engine {
namespace {

constexpr std::array<UInt128, 39> MakePowers() {
  std::array<UInt128, 39> powers{};
  powers[0] = 1;
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr std::array<UInt128, 39> kPowers = MakePowers();

UInt128 Magnitude(Int128 value) {
  return value < 0 ? UInt128{0} - static_cast<UInt128>(value) : static_cast<UInt128>(value);
}

// high:low = a * b
void Multiply(UInt128 a, UInt128 b, UInt128& high, UInt128& low) {
  constexpr UInt128 kMask = ~uint64_t{0};
  UInt128 a0 = a & kMask, a1 = a >> 64, b0 = b & kMask, b1 = b >> 64;
  UInt128 p00 = a0 * b0, p01 = a0 * b1, p10 = a1 * b0, p11 = a1 * b1;
  UInt128 middle = (p00 >> 64) + (p01 & kMask) + (p10 & kMask);
  low = (p00 & kMask) | (middle << 64);
  high = p11 + (p01 >> 64) + (p10 >> 64) + (middle >> 64);
}

bool Less(const WideInteger& a, const WideInteger& b) {
  return a.high != b.high ? a.high < b.high : a.low < b.low;
}

}  // namespace

Int128 PowerOfTen(int n) {
  CHECK(n >= 0 && n <= 38);
  return static_cast<Int128>(kPowers[static_cast<size_t>(n)]);
}

WideInteger WideInteger::From(Int128 value) { return {value < 0, 0, Magnitude(value)}; }

WideInteger WideInteger::Product(Int128 a, Int128 b) {
  WideInteger out;
  out.negative = (a < 0) != (b < 0);
  Multiply(Magnitude(a), Magnitude(b), out.high, out.low);
  return out;
}

std::optional<WideInteger> WideInteger::TimesPowerOfTen(int digits) const {
  WideInteger out = *this;
  while (digits > 0) {
    int step = std::min(digits, 38);
    UInt128 factor = kPowers[static_cast<size_t>(step)];
    UInt128 carry, low, over, high;
    Multiply(out.low, factor, carry, low);
    Multiply(out.high, factor, over, high);
    if (over != 0 || high + carry < high) return std::nullopt;
    out.high = high + carry;
    out.low = low;
    digits -= step;
  }
  return out;
}

WideInteger WideInteger::Plus(const WideInteger& other) const {
  if (negative == other.negative) {
    WideInteger out{negative, high + other.high, low + other.low};
    if (out.low < low) ++out.high;
    return out;
  }
  const WideInteger& larger = Less(*this, other) ? other : *this;
  const WideInteger& smaller = Less(*this, other) ? *this : other;
  WideInteger out{larger.negative, larger.high - smaller.high, larger.low - smaller.low};
  if (larger.low < smaller.low) --out.high;
  return out;
}

WideInteger WideInteger::DividedBy(UInt128 divisor, UInt128& remainder) const {
  CHECK(divisor != 0);
  WideInteger out{negative, high / divisor, 0};
  UInt128 rest = high % divisor;
  if (rest == 0) {
    out.low = low / divisor;
    remainder = low % divisor;
    return out;
  }
  for (int bit = 127; bit >= 0; --bit) {
    bool overflow = rest >> 127;
    rest = (rest << 1) | ((low >> bit) & 1);
    out.low <<= 1;
    if (overflow || rest >= divisor) {
      rest -= divisor;
      out.low |= 1;
    }
  }
  remainder = rest;
  return out;
}

WideInteger WideInteger::DividedByPowerOfTen(int digits) const {
  if (digits <= 0) return *this;
  WideInteger out = *this;
  // Only the last digit dropped decides about half up: those before it are cut off.
  for (int cut = digits - 1; cut > 0;) {
    int step = std::min(cut, 38);
    UInt128 ignored;
    out = out.DividedBy(kPowers[static_cast<size_t>(step)], ignored);
    cut -= step;
  }
  UInt128 last;
  out = out.DividedBy(10, last);
  if (last >= 5) {
    if (++out.low == 0) ++out.high;
  }
  return out;
}

std::optional<Int128> WideInteger::ToInt128() const {
  if (high != 0 || low >> 127) return std::nullopt;
  return negative ? -static_cast<Int128>(low) : static_cast<Int128>(low);
}

bool WideInteger::FitsDigits(int precision) const {
  return high == 0 && low < kPowers[static_cast<size_t>(precision)];
}

std::string WideInteger::Digits() const {
  if (is_zero()) return "0";
  std::string out;
  WideInteger rest = *this;
  while (!rest.is_zero()) {
    UInt128 digit;
    rest = rest.DividedBy(10, digit);
    out += static_cast<char>('0' + static_cast<int>(digit));
  }
  if (negative) out += '-';
  std::ranges::reverse(out);
  return out;
}

WideInteger Rescale(Int128 value, int from, int to) {
  WideInteger wide = WideInteger::From(value);
  if (to <= from) return wide.DividedByPowerOfTen(from - to);
  auto scaled = wide.TimesPowerOfTen(to - from);
  CHECK(scaled.has_value()) << "38 digits times 10^38 fit 256 bits";
  return *scaled;
}

WideInteger Quotient(Int128 a, int a_scale, Int128 b, int b_scale, int scale) {
  int shift = scale - a_scale + b_scale;
  WideInteger numerator = WideInteger::From(a);
  if (shift >= 0) {
    auto scaled = numerator.TimesPowerOfTen(shift);
    CHECK(scaled.has_value()) << "a quotient's numerator fits 256 bits";
    numerator = *scaled;
  } else {
    numerator = numerator.DividedByPowerOfTen(-shift);
  }
  UInt128 divisor = Magnitude(b), remainder;
  WideInteger out = numerator.DividedBy(divisor, remainder);
  out.negative = (a < 0) != (b < 0);
  if (remainder >= divisor - remainder) {
    if (++out.low == 0) ++out.high;
  }
  return out;
}

std::string PlainText(const WideInteger& unscaled, int scale) {
  std::string digits = WideInteger{false, unscaled.high, unscaled.low}.Digits();
  if (scale > 0) {
    size_t places = static_cast<size_t>(scale);
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    digits.insert(digits.size() - places, ".");
  }
  return (unscaled.negative && !unscaled.is_zero() ? "-" : "") + digits;
}

std::string StrippedText(const WideInteger& unscaled, int scale) {
  std::string text = PlainText(unscaled, scale);
  if (scale == 0) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace ashlar::engine
