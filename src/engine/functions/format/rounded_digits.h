// RoundedDigits: a number's decimal digits, rounded and laid out as Java's formatters do.
#pragma once

#include <string>
#include <string_view>

namespace ashlar::engine {

enum class Rounding { kHalfUp, kHalfEven };

class RoundedDigits {
 public:
  // Of a number as text: "12.50", "1.0e-7". The sign is not kept.
  static RoundedDigits Shortest(std::string_view text);
  // Of every digit a double has, so that a tie is a tie only when it is one.
  static RoundedDigits Exact(double value);

  // 10^n times the number.
  void Scale(int n) { point_ += n; }
  // To `count` digits from the first that is not 0.
  void RoundToDigits(int count, Rounding rounding);
  // The number is d.ddd × 10^exponent; 0 for 0.
  int exponent() const { return digits_.empty() ? 0 : point_ - 1; }
  bool is_zero() const { return digits_.empty(); }

  // "12.50" with so many places; "1.235e+05".
  std::string Plain(int places, Rounding rounding) const;
  std::string Scientific(int places, Rounding rounding) const;

 private:
  void Strip();

  std::string digits_;  // neither begins nor ends with 0
  int point_ = 0;       // the number is 0.<digits> × 10^point
};

}  // namespace ashlar::engine
