// format_number: a number of places, or a pattern of java.text.DecimalFormat. Both round half even.
#include <cmath>

#include "base/text.h"
#include "engine/functions/format/rounded_digits.h"
#include "engine/functions/kernel_binding.h"
#include "engine/functions/number_text.h"

namespace ashlar::engine {
namespace {

using Text = std::string_view;

struct Affixes {
  std::string prefix, suffix;
};

struct DecimalPattern {
  Affixes positive;
  std::optional<Affixes> negative;
  int least_whole = 0, least_fraction = 0, most_fraction = 0;
  int group = 0;           // digits of a group; 0: none
  int exponent_digits = 0;  // 0: no exponent
  int power = 0;           // 2 for percent, 3 for per mille
};

[[noreturn]] void FailPattern(Text pattern) {
  Fail("IllegalArgumentException", "", "Malformed pattern \"" + std::string(pattern) + "\"", {});
}

// Text before or behind the digits, without its quotes; stops at a digit sign or ';'.
std::string ReadAffix(Text pattern, size_t& at, DecimalPattern& out, bool behind) {
  std::string text;
  bool quoted = false;
  for (; at < pattern.size(); ++at) {
    char c = pattern[at];
    if (c == '\'') {
      if (at + 1 < pattern.size() && pattern[at + 1] == '\'') text += pattern[++at];
      else quoted = !quoted;
      continue;
    }
    if (!quoted && c == ';') break;
    if (!quoted && Text("#0,.").find(c) != Text::npos) {
      if (behind) FailPattern(pattern);
      break;
    }
    if (!quoted && c == '%') out.power = 2;
    if (!quoted && pattern.substr(at).starts_with("‰")) out.power = 3;
    text += c;
  }
  return text;
}

void ReadDigits(Text pattern, size_t& at, DecimalPattern& out) {
  int left = 0, zeros = 0, right = 0, point = -1, group = -1;
  for (; at < pattern.size(); ++at) {
    char c = pattern[at];
    if (c == '#') {
      ++(zeros > 0 ? right : left);
    } else if (c == '0') {
      if (right > 0) FailPattern(pattern);
      ++zeros;
    } else if (c == ',') {
      group = 0;
      continue;
    } else if (c == '.') {
      if (point >= 0) FailPattern(pattern);
      point = left + zeros + right;
      continue;
    } else {
      break;
    }
    if (group >= 0 && point < 0) ++group;
  }
  if (zeros == 0 && left > 0 && point >= 0) {
    // One of the signs before the point stands for a digit that is always there.
    int whole = std::max(point, 1);
    right = left - whole;
    left = whole - 1;
    zeros = 1;
  }
  int total = left + zeros + right;
  int whole = point >= 0 ? point : total;
  out.least_whole = std::max(0, whole - left);
  out.most_fraction = point >= 0 ? total - point : 0;
  out.least_fraction = point >= 0 ? std::max(0, left + zeros - point) : 0;
  out.group = std::max(group, 0);
  if (at < pattern.size() && pattern[at] == 'E') {
    for (++at; at < pattern.size() && pattern[at] == '0'; ++at) ++out.exponent_digits;
    if (out.exponent_digits == 0 || group >= 0) FailPattern(pattern);
    if (left > 0) ThrowSparkError(NotImplemented("format_number with '#' before the point and an exponent"));
  }
}

DecimalPattern ParsePattern(Text pattern) {
  DecimalPattern out;
  if (pattern.empty()) pattern = "#,##0";
  size_t at = 0;
  out.positive.prefix = ReadAffix(pattern, at, out, false);
  ReadDigits(pattern, at, out);
  out.positive.suffix = ReadAffix(pattern, at, out, true);
  if (at < pattern.size()) {
    DecimalPattern negative;
    ++at;
    out.negative.emplace();
    out.negative->prefix = ReadAffix(pattern, at, negative, false);
    ReadDigits(pattern, at, negative);
    out.negative->suffix = ReadAffix(pattern, at, negative, true);
  }
  return out;
}

void Group(std::string& whole, int size) {
  if (size == 0) return;
  for (int at = static_cast<int>(whole.size()) - size; at > 0; at -= size) whole.insert(static_cast<size_t>(at), ",");
}

std::string PatternDigits(const DecimalPattern& pattern, RoundedDigits digits) {
  int exponent = 0;
  if (pattern.exponent_digits > 0) {
    digits.RoundToDigits(pattern.least_whole + pattern.most_fraction, Rounding::kHalfEven);
    exponent = digits.exponent() - (pattern.least_whole - 1);
    if (digits.is_zero()) exponent = 0;
    digits.Scale(-exponent);
  }
  std::string plain = digits.Plain(pattern.most_fraction, Rounding::kHalfEven);
  size_t point = std::min(plain.find('.'), plain.size());
  std::string whole = plain.substr(0, point), fraction = point < plain.size() ? plain.substr(point + 1) : "";
  while (static_cast<int>(fraction.size()) > pattern.least_fraction && fraction.back() == '0') fraction.pop_back();
  if (whole == "0" && pattern.least_whole == 0 && !fraction.empty()) whole.clear();
  if (static_cast<int>(whole.size()) < pattern.least_whole) {
    whole.insert(0, static_cast<size_t>(pattern.least_whole) - whole.size(), '0');
  }
  Group(whole, pattern.group);
  std::string out = whole + (fraction.empty() ? "" : "." + fraction);
  if (pattern.exponent_digits > 0) {
    std::string power = std::to_string(std::abs(exponent));
    while (static_cast<int>(power.size()) < pattern.exponent_digits) power.insert(0, 1, '0');
    out += std::string("E") + (exponent < 0 ? "-" : "") + power;
  }
  return out;
}

std::string Apply(const DecimalPattern& pattern, bool negative, const RoundedDigits& number) {
  RoundedDigits scaled = number;
  if (!scaled.is_zero()) scaled.Scale(pattern.power);
  std::string digits = PatternDigits(pattern, scaled);
  if (!negative) return pattern.positive.prefix + digits + pattern.positive.suffix;
  if (pattern.negative) return pattern.negative->prefix + digits + pattern.negative->suffix;
  return "-" + pattern.positive.prefix + digits + pattern.positive.suffix;
}

DecimalPattern OfPlaces(int32_t places) {
  DecimalPattern out;
  out.least_whole = 1;
  out.least_fraction = out.most_fraction = places;
  out.group = 3;
  return out;
}

std::string ApplyToDouble(const DecimalPattern& pattern, double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return (value < 0 ? "-" : "") + pattern.positive.prefix + "∞" + pattern.positive.suffix;
  return Apply(pattern, std::signbit(value), RoundedDigits::Exact(value));
}
std::string ApplyToText(const DecimalPattern& pattern, Text number) {
  return Apply(pattern, number.starts_with('-'), RoundedDigits::Shortest(number));
}

std::optional<std::string> DoubleByPlaces(const CallSite&, double value, int32_t places) {
  if (places < 0) return std::nullopt;
  return ApplyToDouble(OfPlaces(places), value);
}
std::optional<std::string> NumberByPlaces(const CallSite&, Text number, int32_t places) {
  if (places < 0) return std::nullopt;
  return ApplyToText(OfPlaces(places), number);
}
std::string DoubleByPattern(const CallSite&, double value, Text pattern) {
  return ApplyToDouble(ParsePattern(pattern), value);
}
std::string NumberByPattern(const CallSite&, Text number, Text pattern) {
  return ApplyToText(ParsePattern(pattern), number);
}

}  // namespace

// Integers and decimals come as their text: every digit counts.
void RegisterDecimalPattern(Registrar& registrar) {
  registrar.Add("spark_format_number", "di:s", Bind<DoubleByPlaces>);
  registrar.Add("spark_format_number", "si:s", Bind<NumberByPlaces>);
  registrar.Add("spark_format_number", "ds:s", Bind<DoubleByPattern>, Throws::kYes);
  registrar.Add("spark_format_number", "ss:s", Bind<NumberByPattern>, Throws::kYes);
}

}  // namespace ashlar::engine
