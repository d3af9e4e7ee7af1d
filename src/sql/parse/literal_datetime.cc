// The forms Spark reads: [+-]y…[-[m]m[-[d]d]], then for timestamps [ |T][h]h[:[m]m[:[s]s[.f…]]][zone].
#include <unicode/basictz.h>
#include <unicode/timezone.h>

#include <memory>

#include "base/text.h"
#include "sql/parse/literal.h"

namespace ashlar::sql {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

// Reads fields from the left and never goes back.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  bool empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  bool Accept(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Between `min` and `max` digits; nullopt otherwise.
  std::optional<int> Number(size_t min, size_t max) {
    size_t n = 0;
    int value = 0;
    while (n < rest_.size() && rest_[n] >= '0' && rest_[n] <= '9') {
      if (++n > max) return std::nullopt;
      value = value * 10 + (rest_[n - 1] - '0');
    }
    if (n < min) return std::nullopt;
    rest_.remove_prefix(n);
    return value;
  }

  // ".123456789" in microseconds; digits beyond the sixth are dropped.
  int64_t Fraction() {
    int64_t micros = 0;
    int digits = 0;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      if (digits++ < 6) micros = micros * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    for (; digits < 6; ++digits) micros *= 10;
    return micros;
  }

 private:
  std::string_view rest_;
};

int DaysInMonth(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// The date at the start of `fields`, in days; nullopt when there is none.
std::optional<int64_t> ReadDate(Fields& fields, size_t max_year_digits) {
  bool negative = fields.Accept('-');
  if (!negative) fields.Accept('+');
  std::optional<int> year = fields.Number(4, max_year_digits);
  if (!year) return std::nullopt;
  if (negative) year = -*year;
  std::optional<int> month = 1;
  std::optional<int> day = 1;
  if (fields.Accept('-')) {
    month = fields.Number(1, 2);
    if (!month || *month < 1 || *month > 12) return std::nullopt;
    if (fields.Accept('-')) {
      day = fields.Number(1, 2);
      if (!day || *day < 1 || *day > DaysInMonth(*year, *month)) return std::nullopt;
    }
  }
  return DaysFromCivil(*year, *month, *day);
}

// "h:m:s.f" in microseconds since midnight.
std::optional<int64_t> ReadTime(Fields& fields) {
  std::optional<int> hour = fields.Number(1, 2);
  if (!hour || *hour > 23) return std::nullopt;
  int64_t micros = *hour * 3600 * kMicrosPerSecond;
  if (!fields.Accept(':')) return micros;
  std::optional<int> minute = fields.Number(1, 2);
  if (!minute || *minute > 59) return std::nullopt;
  micros += *minute * 60 * kMicrosPerSecond;
  if (!fields.Accept(':')) return micros;
  std::optional<int> second = fields.Number(1, 2);
  if (!second || *second > 59) return std::nullopt;
  micros += *second * kMicrosPerSecond;
  if (fields.Accept('.')) micros += fields.Fraction();
  return micros;
}

std::optional<int64_t> ParseDate(std::string_view text) {
  Fields fields(Trim(text));
  std::optional<int64_t> days = ReadDate(fields, 7);
  // Spark ignores what follows a whole date after a space or a T.
  if (days && !fields.empty() && fields.rest().front() != ' ' && fields.rest().front() != 'T') return std::nullopt;
  return days;
}

struct LocalTime {
  int64_t micros = 0;
  std::string zone;  // empty when not given
};

std::optional<LocalTime> ParseTimestamp(std::string_view text) {
  Fields fields(Trim(text));
  std::optional<int64_t> days = ReadDate(fields, 6);
  if (!days) return std::nullopt;
  LocalTime local{*days * kMicrosPerDay, ""};
  if (fields.empty()) return local;
  if (!fields.Accept(' ') && !fields.Accept('T')) return std::nullopt;
  std::optional<int64_t> time = ReadTime(fields);
  if (!time) return std::nullopt;
  local.micros += *time;
  local.zone = std::string(Trim(fields.rest()));
  return local;
}

// "+2", "-03:30", "+01:02:03" in seconds; nullopt when it is not an offset.
std::optional<int64_t> OffsetSeconds(std::string_view text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  int sign = text[0] == '-' ? -1 : 1;
  Fields fields(text.substr(1));
  bool packed = text.size() == 5 && text.find(':') == std::string_view::npos;  // +0230
  std::optional<int> hours = packed ? std::nullopt : fields.Number(1, 2);
  if (packed) {
    std::optional<int> both = fields.Number(4, 4);
    if (!both || *both / 100 > 18 || *both % 100 > 59) return std::nullopt;
    return sign * (*both / 100 * 3600 + *both % 100 * 60);
  }
  if (!hours || *hours > 18) return std::nullopt;
  int64_t seconds = *hours * 3600;
  for (int unit : {60, 1}) {
    if (!fields.Accept(':')) break;
    std::optional<int> part = fields.Number(1, 2);
    if (!part || *part > 59) return std::nullopt;
    seconds += *part * unit;
  }
  if (!fields.empty()) return std::nullopt;
  return sign * seconds;
}

std::optional<int64_t> InstantInRegion(int64_t local_micros, std::string_view region) {
  std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone(
      icu::UnicodeString::fromUTF8(icu::StringPiece(region.data(), static_cast<int32_t>(region.size())))));
  auto* rules = dynamic_cast<icu::BasicTimeZone*>(zone.get());
  if (rules == nullptr || *zone == icu::TimeZone::getUnknown()) return std::nullopt;
  int32_t raw = 0;
  int32_t dst = 0;
  UErrorCode status = U_ZERO_ERROR;
  rules->getOffsetFromLocal(static_cast<double>(local_micros / 1000), UCAL_TZ_LOCAL_FORMER,
                            UCAL_TZ_LOCAL_FORMER, raw, dst, status);
  if (U_FAILURE(status)) return std::nullopt;
  return local_micros - int64_t{raw + dst} * 1000;
}

}  // namespace

std::optional<int64_t> InstantOfLocalMicros(int64_t local_micros, std::string_view zone) {
  if (zone == "Z" || zone == "UTC" || zone == "GMT" || zone == "UT") return local_micros;
  std::string_view offset = zone;
  for (std::string_view prefix : {"UTC", "GMT", "UT"}) {
    if (offset.starts_with(prefix)) {
      offset.remove_prefix(prefix.size());
      break;
    }
  }
  if (std::optional<int64_t> seconds = OffsetSeconds(offset)) {
    return local_micros - *seconds * kMicrosPerSecond;
  }
  return InstantInRegion(local_micros, zone);
}

Result<Value> DatetimeLiteral(std::string_view type, std::string_view text,
                              std::string_view time_zone) {
  std::string word = ToLowerAscii(Trim(text));
  bool epoch = word == "epoch";
  if (word == "now" || word == "today" || word == "yesterday" || word == "tomorrow") {
    return NotImplemented(std::string(type) + " '" + word + "'");
  }
  if (type == "TIME") return NotImplemented("the type TIME");
  if (type == "DATE") {
    std::optional<int64_t> days = epoch ? 0 : ParseDate(text);
    if (!days) return InvalidTypedLiteral(type, text);
    return Value::Date(static_cast<int32_t>(*days));
  }
  std::optional<LocalTime> local = epoch ? LocalTime{0, "UTC"} : ParseTimestamp(text);
  if (!local) return InvalidTypedLiteral(type, text);
  if (type == "TIMESTAMP_NTZ") {
    if (!local->zone.empty() && !epoch) return InvalidTypedLiteral(type, text);
    return Value{TypeId::kTimestampNtz, local->micros};
  }
  std::optional<int64_t> instant =
      InstantOfLocalMicros(local->micros, local->zone.empty() ? time_zone : local->zone);
  if (!instant) return InvalidTypedLiteral(type, text);
  return Value::Timestamp(*instant);
}

}  // namespace ashlar::sql
