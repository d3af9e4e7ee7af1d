#include "engine/functions/format/rounded_digits.h"

#include <cmath>
#include <cstdio>

#include "base/text.h"

namespace ashlar::engine {

RoundedDigits RoundedDigits::Shortest(std::string_view text) {
  RoundedDigits out;
  bool point = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == 'e' || c == 'E') {
      std::string_view exponent = text.substr(i + 1);
      if (exponent.starts_with('+')) exponent.remove_prefix(1);
      out.point_ += static_cast<int>(ParseInt64(exponent).value_or(0));
      break;
    }
    if (c == '.') point = true;
    if (c < '0' || c > '9') continue;
    out.digits_ += c;
    if (!point) ++out.point_;
  }
  out.Strip();
  return out;
}

RoundedDigits RoundedDigits::Exact(double value) {
  char buffer[160];
  snprintf(buffer, sizeof(buffer), "%.120e", std::fabs(value));
  return Shortest(buffer);
}

void RoundedDigits::Strip() {
  size_t zeros = std::min(digits_.find_first_not_of('0'), digits_.size());
  digits_.erase(0, zeros);
  point_ -= static_cast<int>(zeros);
  while (!digits_.empty() && digits_.back() == '0') digits_.pop_back();
  if (digits_.empty()) point_ = 0;
}

void RoundedDigits::RoundToDigits(int count, Rounding rounding) {
  if (count >= static_cast<int>(digits_.size())) return;
  if (count < 0) {
    digits_.clear();
    return Strip();
  }
  size_t keep = static_cast<size_t>(count);
  bool tie = digits_[keep] == '5' && keep + 1 == digits_.size();
  bool odd = keep > 0 && (digits_[keep - 1] - '0') % 2 == 1;
  bool up = tie && rounding == Rounding::kHalfEven ? odd : digits_[keep] >= '5';
  digits_.resize(keep);
  if (up) {
    digits_.insert(0, 1, '0');
    ++point_;
    size_t at = digits_.size() - 1;
    for (; digits_[at] == '9'; --at) digits_[at] = '0';
    ++digits_[at];
  }
  Strip();
}

std::string RoundedDigits::Plain(int places, Rounding rounding) const {
  RoundedDigits rounded = *this;
  if (!is_zero()) rounded.RoundToDigits(point_ + places, rounding);
  std::string whole, fraction;
  for (int i = 0; i < rounded.point_; ++i) {
    whole += i < static_cast<int>(rounded.digits_.size()) ? rounded.digits_[static_cast<size_t>(i)] : '0';
  }
  if (whole.empty()) whole = "0";
  for (int i = 0; i < places; ++i) {
    int at = rounded.point_ + i;
    bool inside = at >= 0 && at < static_cast<int>(rounded.digits_.size());
    fraction += inside ? rounded.digits_[static_cast<size_t>(at)] : '0';
  }
  return places > 0 ? whole + "." + fraction : whole;
}

std::string RoundedDigits::Scientific(int places, Rounding rounding) const {
  RoundedDigits rounded = *this;
  rounded.RoundToDigits(places + 1, rounding);
  int exponent = rounded.exponent();
  rounded.Scale(-exponent);
  char tail[16];
  snprintf(tail, sizeof(tail), "e%c%02d", exponent < 0 ? '-' : '+', std::abs(exponent));
  return rounded.Plain(places, rounding) + tail;
}

}  // namespace ashlar::engine
