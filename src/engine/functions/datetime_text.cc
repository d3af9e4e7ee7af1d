#include "engine/functions/datetime_text.h"

#include <cstdio>

#include "base/text.h"
#include "engine/functions/time_zone.h"
#include "types/value.h"

namespace ashlar::engine {
namespace {

// Spark trims spaces and control characters.
std::string_view TrimControls(std::string_view text) {
  auto blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// Between `min` and `max` digits at the start of `text`.
std::optional<int> Digits(std::string_view& text, size_t min, size_t max) {
  size_t n = 0;
  int value = 0;
  while (n < text.size() && IsDigit(text[n])) {
    if (n == max) return std::nullopt;
    value = value * 10 + (text[n++] - '0');
  }
  if (n < min) return std::nullopt;
  text.remove_prefix(n);
  return value;
}

bool Accept(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

int DaysInMonth(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

std::optional<int64_t> ReadDate(std::string_view& text, size_t max_year_digits) {
  bool negative = Accept(text, '-');
  if (!negative) Accept(text, '+');
  auto year = Digits(text, 4, max_year_digits);
  if (!year) return std::nullopt;
  int64_t y = negative ? -*year : *year;
  std::optional<int> month = 1, day = 1;
  if (Accept(text, '-')) {
    month = Digits(text, 1, 2);
    if (!month || *month < 1 || *month > 12) return std::nullopt;
    if (Accept(text, '-')) {
      day = Digits(text, 1, 2);
      if (!day || *day < 1 || *day > DaysInMonth(y, *month)) return std::nullopt;
    }
  }
  return DaysFromCivil(y, *month, *day);
}

// "h:m:s.f" since midnight. A fraction needs its seconds.
std::optional<int64_t> ReadTime(std::string_view& text) {
  auto hour = Digits(text, 1, 2);
  if (!hour || *hour > 23) return std::nullopt;
  int64_t micros = int64_t{*hour} * 3600 * kMicrosPerSecond;
  for (int64_t unit : {60, 1}) {
    // A zone may only follow the seconds.
    if (!Accept(text, ':')) return text.empty() ? std::optional(micros) : std::nullopt;
    auto part = Digits(text, 1, 2);
    if (!part || *part > 59) return std::nullopt;
    micros += *part * unit * kMicrosPerSecond;
  }
  if (!Accept(text, '.')) return micros;
  int64_t fraction = 0;
  int digits = 0;
  for (; !text.empty() && IsDigit(text.front()); text.remove_prefix(1)) {
    if (digits < 6) {
      fraction = fraction * 10 + (text.front() - '0');
      ++digits;
    }
  }
  for (; digits < 6; ++digits) fraction *= 10;
  return micros + fraction;
}

}  // namespace

std::optional<int32_t> ParseDate(std::string_view text) {
  text = TrimControls(text);
  auto days = ReadDate(text, 7);
  if (!days || *days < INT32_MIN || *days > INT32_MAX) return std::nullopt;
  if (!text.empty() && text.front() != ' ' && text.front() != 'T') return std::nullopt;
  return static_cast<int32_t>(*days);
}

std::optional<int64_t> ParseTimestamp(std::string_view text, const TimeZone* zone) {
  text = TrimControls(text);
  // "T12:30" and "12:30" are times of today in Spark: a clock is not for this function.
  auto days = ReadDate(text, 6);
  if (!days) return std::nullopt;
  int64_t micros = 0;
  const TimeZone* written = nullptr;
  if (!text.empty()) {
    if (!Accept(text, ' ') && !Accept(text, 'T')) return std::nullopt;
    auto time = ReadTime(text);
    if (!time) return std::nullopt;
    micros = *time;
    text = TrimControls(text);
    if (!text.empty()) {
      written = TimeZone::Find(text);
      if (written == nullptr) return std::nullopt;
    }
  }
  if (__builtin_mul_overflow(*days, kMicrosPerDay, &*days) || __builtin_add_overflow(micros, *days, &micros)) {
    return std::nullopt;
  }
  if (zone == nullptr) return micros;
  return (written ? written : zone)->ToUtc(micros);
}

std::string DateText(int64_t days) {
  CivilDate date = CivilFromDays(days);
  char buffer[40];
  const char* sign = date.year < 0 ? "-" : date.year > 9999 ? "+" : "";
  int n = snprintf(buffer, sizeof(buffer), "%s%04lld-%02d-%02d", sign,
                   static_cast<long long>(date.year < 0 ? -date.year : date.year), date.month, date.day);
  return std::string(buffer, static_cast<size_t>(n));
}

std::string TimestampText(int64_t local_micros) {
  int64_t days = FloorDiv(local_micros, kMicrosPerDay);
  int64_t rest = local_micros - days * kMicrosPerDay;
  int64_t seconds = rest / kMicrosPerSecond;
  char buffer[40];
  snprintf(buffer, sizeof(buffer), " %02d:%02d:%02d", static_cast<int>(seconds / 3600),
           static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  std::string out = DateText(days) + buffer;
  if (int64_t micros = rest % kMicrosPerSecond; micros != 0) {
    snprintf(buffer, sizeof(buffer), ".%06d", static_cast<int>(micros));
    out += buffer;
    out.erase(out.find_last_not_of('0') + 1);
  }
  return out;
}

}  // namespace ashlar::engine
