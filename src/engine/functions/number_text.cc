#include "engine/functions/number_text.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/text.h"
#include "sql/analyze/expr_text.h"

namespace ashlar::engine {
namespace {

// NaN and infinities by their names; nullopt for anything else.
template <typename T>
std::optional<T> NamedFloat(std::string_view text) {
  std::string lower = ToLowerAscii(text);
  if (lower == "nan") return std::numeric_limits<T>::quiet_NaN();
  bool negative = lower.starts_with('-');
  if (negative || lower.starts_with('+')) lower.erase(0, 1);
  if (lower != "inf" && lower != "infinity") return std::nullopt;
  T infinity = std::numeric_limits<T>::infinity();
  return negative ? -infinity : infinity;
}

template <typename T>
std::optional<T> ParseFloating(std::string_view text) {
  text = TrimForCast(text);
  if (text.empty()) return std::nullopt;
  std::string_view number = text;
  if (number.front() == '+') number.remove_prefix(1);
  if (number.empty() || !(IsDigit(number.front()) || number.front() == '-' || number.front() == '.')) {
    return NamedFloat<T>(text);
  }
  if (number.front() == '-' && text.front() == '+') return std::nullopt;
  // Java allows a type letter behind the number.
  char last = number.back();
  if (number.size() > 1 && (last == 'd' || last == 'D' || last == 'f' || last == 'F')) number.remove_suffix(1);
  if (!IsDigit(number.back()) && number.back() != '.') return NamedFloat<T>(text);
  T value = 0;
  auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (end != number.data() + number.size()) return NamedFloat<T>(text);
  if (error == std::errc::result_out_of_range) {
    double wide = std::strtod(std::string(number).c_str(), nullptr);
    value = static_cast<T>(wide);
  } else if (error != std::errc()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::string DoubleText(double value) { return sql::DoubleText(value, false); }
std::string FloatText(float value) { return sql::DoubleText(value, true); }

std::string_view TrimForCast(std::string_view text) {
  auto blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<int64_t> ParseIntegral(std::string_view text, bool lenient) {
  text = TrimForCast(text);
  std::string_view number = text;
  if (number.starts_with('+')) number.remove_prefix(1);
  if (lenient) {
    size_t point = number.find('.');
    if (point != std::string_view::npos) {
      for (char c : number.substr(point + 1)) {
        if (!IsDigit(c)) return std::nullopt;
      }
      number = number.substr(0, point);
      if (number.empty() || number == "-") return 0;
    }
  }
  int64_t value = 0;
  auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  if (text.starts_with("+-")) return std::nullopt;
  return value;
}

std::optional<double> ParseDouble(std::string_view text) { return ParseFloating<double>(text); }
std::optional<float> ParseFloat(std::string_view text) { return ParseFloating<float>(text); }

std::optional<bool> ParseBoolean(std::string_view text) {
  std::string word = ToLowerAscii(TrimForCast(text));
  for (const char* yes : {"t", "true", "y", "yes", "1"}) {
    if (word == yes) return true;
  }
  for (const char* no : {"f", "false", "n", "no", "0"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

std::optional<DecimalText> ParseDecimal(std::string_view text) {
  text = TrimForCast(text);
  DecimalText out;
  if (text.starts_with('-') || text.starts_with('+')) {
    out.unscaled.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  std::string digits;
  int64_t scale = 0;
  bool point = false, any = false;
  size_t i = 0;
  for (; i < text.size() && (IsDigit(text[i]) || (text[i] == '.' && !point)); ++i) {
    if (text[i] == '.') {
      point = true;
      continue;
    }
    any = true;
    if (point) ++scale;
    if (!digits.empty() || text[i] != '0') digits += text[i];
  }
  if (!any) return std::nullopt;
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return std::nullopt;
    std::string_view exponent = text.substr(i + 1);
    bool plus = exponent.starts_with('+');
    if (plus) exponent.remove_prefix(1);
    auto power = ParseInt64(exponent);
    if (!power || (plus && exponent.starts_with('-'))) return std::nullopt;
    scale -= std::max<int64_t>(-1'000'000, std::min<int64_t>(1'000'000, *power));
  }
  if (digits.empty()) return out;
  if (static_cast<int64_t>(digits.size()) - scale > 38) {
    out.too_large = true;
    return out;
  }
  // Beyond 76 digits nothing that is left can matter to 38.
  if (digits.size() > 76) {
    scale -= static_cast<int64_t>(digits.size()) - 76;
    digits.resize(76);
  }
  for (char c : digits) {
    auto shifted = out.unscaled.TimesPowerOfTen(1);
    out.unscaled = shifted->Plus({out.unscaled.negative, 0, static_cast<UInt128>(c - '0')});
  }
  if (scale < 0) {
    out.unscaled = *out.unscaled.TimesPowerOfTen(static_cast<int>(-scale));
    scale = 0;
  }
  out.scale = static_cast<int>(std::min<int64_t>(scale, 200'000));
  return out;
}

}  // namespace ashlar::engine
