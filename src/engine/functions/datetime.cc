// Functions of dates, timestamps and intervals.
#include <cmath>

#include "base/text.h"
#include "engine/functions/datetime_pattern.h"
#include "engine/functions/datetime_text.h"
#include "engine/functions/decimal_math.h"
#include "engine/functions/kernel_binding.h"
#include "engine/functions/time_zone.h"
#include "types/value.h"

namespace ashlar::engine {
namespace {

using Text = std::string_view;

[[noreturn]] void FailDatetimeOverflow(const CallSite& site) {
  Fail("DATETIME_OVERFLOW", "22008", "Datetime operation overflow.", {{"operation", "datetime operation"}}, site.span);
}

// ---- fields -------------------------------------------------------------------------------------

int32_t Year(const CallSite&, int32_t days) { return static_cast<int32_t>(CivilFromDays(days).year); }
int32_t Month(const CallSite&, int32_t days) { return CivilFromDays(days).month; }
int32_t Day(const CallSite&, int32_t days) { return CivilFromDays(days).day; }
int32_t Quarter(const CallSite&, int32_t days) { return (CivilFromDays(days).month + 2) / 3; }
int32_t DayOfYear(const CallSite&, int32_t days) {
  return static_cast<int32_t>(days - DaysFromCivil(CivilFromDays(days).year, 1, 1)) + 1;
}
// Monday is 1.
int32_t DayOfWeekIso(const CallSite&, int32_t days) { return static_cast<int32_t>(FloorMod(int64_t{days} + 3, 7)) + 1; }
// Sunday is 1.
int32_t DayOfWeek(const CallSite&, int32_t days) { return static_cast<int32_t>(FloorMod(int64_t{days} + 4, 7)) + 1; }
// ISO weeks belong to the year of their Thursday.
int64_t Thursday(int32_t days) { return days - FloorMod(int64_t{days} + 3, 7) + 3; }
int32_t YearOfWeek(const CallSite&, int32_t days) { return static_cast<int32_t>(CivilFromDays(Thursday(days)).year); }
int32_t WeekOfYear(const CallSite&, int32_t days) {
  int64_t thursday = Thursday(days);
  return static_cast<int32_t>((thursday - DaysFromCivil(CivilFromDays(thursday).year, 1, 1)) / 7) + 1;
}
std::string DayName(const CallSite& site, int32_t days) {
  static constexpr const char* kNames[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  return kNames[DayOfWeekIso(site, days) - 1];
}
std::string MonthName(const CallSite&, int32_t days) {
  static constexpr const char* kNames[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return kNames[CivilFromDays(days).month - 1];
}

int64_t Local(const CallSite& site, int64_t micros) { return site.zone ? site.zone->ToLocal(micros) : micros; }
int64_t Instant(const CallSite& site, int64_t local) { return site.zone ? site.zone->ToUtc(local) : local; }
int64_t TimeOfDay(const CallSite& site, int64_t micros) { return FloorMod(Local(site, micros), kMicrosPerDay); }
int32_t Hour(const CallSite& site, int64_t micros) {
  return static_cast<int32_t>(TimeOfDay(site, micros) / (3600 * kMicrosPerSecond));
}
int32_t Minute(const CallSite& site, int64_t micros) {
  return static_cast<int32_t>(TimeOfDay(site, micros) / (60 * kMicrosPerSecond) % 60);
}
int32_t Second(const CallSite& site, int64_t micros) {
  return static_cast<int32_t>(TimeOfDay(site, micros) / kMicrosPerSecond % 60);
}
int64_t SecondMicros(const CallSite& site, int64_t micros) { return TimeOfDay(site, micros) % (60 * kMicrosPerSecond); }

// ---- moving -------------------------------------------------------------------------------------

int64_t MonthLength(int64_t year, int month) {
  int64_t first = DaysFromCivil(year, month, 1);
  return (month == 12 ? DaysFromCivil(year + 1, 1, 1) : DaysFromCivil(year, month + 1, 1)) - first;
}
int64_t PlusMonths(int64_t days, int64_t months) {
  CivilDate date = CivilFromDays(days);
  int64_t total = date.year * 12 + date.month - 1 + months;
  int64_t year = FloorDiv(total, 12);
  int month = static_cast<int>(FloorMod(total, 12)) + 1;
  return DaysFromCivil(year, month, static_cast<int>(std::min<int64_t>(date.day, MonthLength(year, month))));
}
int32_t CheckedDate(const CallSite& site, int64_t days) {
  if (days < INT32_MIN || days > INT32_MAX) FailDatetimeOverflow(site);
  return static_cast<int32_t>(days);
}
int32_t DateAdd(const CallSite& site, int32_t days, int32_t by) { return CheckedDate(site, int64_t{days} + by); }
int32_t DateAddMonths(const CallSite& site, int32_t days, int32_t months) {
  return CheckedDate(site, PlusMonths(days, months));
}
int32_t DateAddMicros(const CallSite& site, int32_t days, int64_t micros) {
  return CheckedDate(site, days + FloorDiv(micros, kMicrosPerDay));
}
int64_t Plus(const CallSite& site, int64_t a, int64_t b) {
  int64_t out;
  if (__builtin_add_overflow(a, b, &out)) FailOverflow(site, "long overflow", "");
  return out;
}
// Days are days of the clock, the rest is time that passes.
int64_t AddMicros(const CallSite& site, int64_t micros, int64_t by) {
  int64_t days = by / kMicrosPerDay, rest = by % kMicrosPerDay;
  if (days != 0 && site.zone) micros = Instant(site, Plus(site, Local(site, micros), days * kMicrosPerDay));
  else micros = Plus(site, micros, days * kMicrosPerDay);
  return Plus(site, micros, rest);
}
int64_t AddMonths(const CallSite& site, int64_t micros, int32_t months) {
  int64_t local = Local(site, micros);
  int64_t days = FloorDiv(local, kMicrosPerDay);
  return Instant(site, PlusMonths(days, months) * kMicrosPerDay + (local - days * kMicrosPerDay));
}
int64_t AddInterval(const CallSite& site, int64_t micros, duckdb::interval_t by) {
  int64_t moved = by.months ? AddMonths(site, micros, by.months) : micros;
  return Plus(site, AddMicros(site, moved, by.days * kMicrosPerDay), by.micros);
}
int32_t DateAddInterval(const CallSite& site, int32_t days, duckdb::interval_t by) {
  if (by.micros != 0) {
    Fail("INVALID_INTERVAL_WITH_MICROSECONDS_ADDITION", "22006",
         "Cannot add an interval to a date because its microseconds part is not 0. To resolve this, cast the input date "
         "to a timestamp, which supports the addition of intervals with non-zero microseconds.", {});
  }
  return CheckedDate(site, PlusMonths(days, by.months) + by.days);
}
int64_t SubtractTimes(const CallSite& site, int64_t a, int64_t b) { return Local(site, a) - Local(site, b); }

int64_t MicrosDiff(const CallSite& site, int64_t from, int64_t to, int64_t unit) {
  return (Local(site, to) - Local(site, from)) / unit;
}
// Where the window of a time begins, plus so much.
int64_t WindowStart(const CallSite& site, int64_t micros) {
  auto [slide, offset, plus, unused] = site.numbers;
  return micros - FloorMod(micros - offset, slide) + plus;
}
ListOf<int64_t> WindowStarts(const CallSite& site, int64_t micros) {
  auto [length, slide, offset, unused] = site.numbers;
  ListOf<int64_t> out;
  int64_t last = micros - FloorMod(micros - offset, slide);
  for (int64_t start = last - (length - 1) / slide * slide; start <= last; start += slide) {
    if (micros < start + length) out.push_back(start);
  }
  return out;
}
// Whole months that have passed.
int64_t MonthsDiff(const CallSite& site, int64_t from, int64_t to, int64_t unit) {
  int64_t a = Local(site, from), b = Local(site, to);
  int64_t day_a = FloorDiv(a, kMicrosPerDay), day_b = FloorDiv(b, kMicrosPerDay);
  CivilDate date_a = CivilFromDays(day_a), date_b = CivilFromDays(day_b);
  int64_t months = (date_b.year - date_a.year) * 12 + date_b.month - date_a.month;
  // Packed as day and time within the month.
  int64_t rest_a = date_a.day * kMicrosPerDay + (a - day_a * kMicrosPerDay);
  int64_t rest_b = date_b.day * kMicrosPerDay + (b - day_b * kMicrosPerDay);
  if (months > 0 && rest_b < rest_a) --months;
  if (months < 0 && rest_b > rest_a) ++months;
  return months / unit;
}

double MonthsBetween(const CallSite& site, int64_t a, int64_t b, bool round_off) {
  int64_t local_a = Local(site, a), local_b = Local(site, b);
  int64_t days_a = FloorDiv(local_a, kMicrosPerDay), days_b = FloorDiv(local_b, kMicrosPerDay);
  CivilDate date_a = CivilFromDays(days_a), date_b = CivilFromDays(days_b);
  double months = static_cast<double>((date_a.year - date_b.year) * 12 + date_a.month - date_b.month);
  bool last_a = date_a.day == MonthLength(date_a.year, date_a.month);
  bool last_b = date_b.day == MonthLength(date_b.year, date_b.month);
  if (date_a.day == date_b.day || (last_a && last_b)) return months;
  int64_t seconds_a = (local_a - days_a * kMicrosPerDay) / kMicrosPerSecond;
  int64_t seconds_b = (local_b - days_b * kMicrosPerDay) / kMicrosPerSecond;
  int64_t seconds = (date_a.day - date_b.day) * int64_t{86400} + seconds_a - seconds_b;
  double out = months + static_cast<double>(seconds) / (31.0 * 86400.0);
  return round_off ? std::round(out * 1e8) / 1e8 : out;
}

int32_t LastDay(const CallSite&, int32_t days) {
  CivilDate date = CivilFromDays(days);
  return static_cast<int32_t>(days - date.day + MonthLength(date.year, date.month));
}
int32_t NextDay(const CallSite& site, int32_t days, Text name) {
  static constexpr std::array<Text, 7> kNames = {"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"};
  std::string upper = ToUpperAscii(Trim(name));
  for (size_t i = 0; i < kNames.size(); ++i) {
    bool known = upper == kNames[i] || upper == kNames[i].substr(0, 3) || upper == kNames[i].substr(0, 2);
    if (!known) continue;
    int64_t ahead = FloorMod(static_cast<int64_t>(i) + 1 - DayOfWeekIso(site, days), 7);
    return CheckedDate(site, days + (ahead == 0 ? 7 : ahead));
  }
  Fail("ILLEGAL_DAY_OF_WEEK", "22009", "Illegal input for day of week: " + std::string(name) + ".",
       {{"string", std::string(name)}});
}

// ---- truncating ---------------------------------------------------------------------------------

enum class Level { kNone, kMicrosecond, kMillisecond, kSecond, kMinute, kHour, kDay, kWeek, kMonth, kQuarter, kYear };
Level ParseLevel(Text text) {
  std::string upper = ToUpperAscii(text);
  struct Row {
    Text name;
    Level level;
  };
  static constexpr Row kRows[] = {
      {"MICROSECOND", Level::kMicrosecond}, {"MILLISECOND", Level::kMillisecond}, {"SECOND", Level::kSecond},
      {"MINUTE", Level::kMinute}, {"HOUR", Level::kHour}, {"DAY", Level::kDay}, {"DD", Level::kDay},
      {"WEEK", Level::kWeek}, {"MON", Level::kMonth}, {"MONTH", Level::kMonth}, {"MM", Level::kMonth},
      {"QUARTER", Level::kQuarter}, {"YEAR", Level::kYear}, {"YYYY", Level::kYear}, {"YY", Level::kYear}};
  for (const Row& row : kRows) {
    if (row.name == upper) return row.level;
  }
  return Level::kNone;
}
int64_t TruncateDays(int64_t days, Level level) {
  CivilDate date = CivilFromDays(days);
  switch (level) {
    case Level::kWeek: return days - FloorMod(days + 3, 7);
    case Level::kMonth: return DaysFromCivil(date.year, date.month, 1);
    case Level::kQuarter: return DaysFromCivil(date.year, (date.month - 1) / 3 * 3 + 1, 1);
    case Level::kYear: return DaysFromCivil(date.year, 1, 1);
    default: return days;
  }
}
std::optional<int32_t> Trunc(const CallSite&, int32_t days, Text text) {
  Level level = ParseLevel(text);
  if (level < Level::kWeek) return std::nullopt;
  return static_cast<int32_t>(TruncateDays(days, level));
}
std::optional<int64_t> DateTrunc(const CallSite& site, Text text, int64_t micros) {
  int64_t unit = 0;
  Level level = ParseLevel(text);
  switch (level) {
    case Level::kNone: return std::nullopt;
    case Level::kMicrosecond: return micros;
    case Level::kMillisecond: unit = 1000; break;
    case Level::kSecond: unit = kMicrosPerSecond; break;
    case Level::kMinute: unit = 60 * kMicrosPerSecond; break;
    case Level::kHour: unit = 3600 * kMicrosPerSecond; break;
    default: break;
  }
  int64_t local = Local(site, micros);
  // Within a day the distance to the last boundary is the same on the clock and in time.
  if (unit != 0) return micros - FloorMod(local, unit);
  return Instant(site, TruncateDays(FloorDiv(local, kMicrosPerDay), level) * kMicrosPerDay);
}

// ---- texts and patterns -------------------------------------------------------------------------

[[noreturn]] void FailParse(const char* function, const std::string& message) {
  Fail("CANNOT_PARSE_TIMESTAMP", "22007",
       message + ". Use `" + function + "` to tolerate invalid input string and return NULL instead.",
       {{"func", std::string("`") + function + "`"}, {"message", message}});
}
ParsedDatetime ParseBy(Text text, Text pattern) {
  return DatetimePattern::Compile(pattern, DatetimePattern::Use::kParse).Parse(text);
}
int64_t ToInstant(const CallSite& site, const ParsedDatetime& parsed) {
  if (parsed.offset_seconds) return parsed.local_micros - *parsed.offset_seconds * kMicrosPerSecond;
  if (parsed.zone) return parsed.zone->ToUtc(parsed.local_micros);
  return Instant(site, parsed.local_micros);
}
std::optional<int64_t> TryToTimestamp(const CallSite& site, Text text, Text pattern) {
  ParsedDatetime parsed = ParseBy(text, pattern);
  if (!parsed.error.empty()) return std::nullopt;
  return ToInstant(site, parsed);
}
int64_t ToTimestamp(const CallSite& site, Text text, Text pattern) {
  ParsedDatetime parsed = ParseBy(text, pattern);
  if (!parsed.error.empty()) FailParse("try_to_timestamp", parsed.error);
  return ToInstant(site, parsed);
}
std::optional<int64_t> TryToNtz(const CallSite&, Text text, Text pattern) {
  ParsedDatetime parsed = ParseBy(text, pattern);
  return parsed.error.empty() ? std::optional(parsed.local_micros) : std::nullopt;
}
int64_t ToNtz(const CallSite&, Text text, Text pattern) {
  ParsedDatetime parsed = ParseBy(text, pattern);
  if (!parsed.error.empty()) FailParse("try_to_timestamp", parsed.error);
  return parsed.local_micros;
}
std::optional<int32_t> TryToDate(const CallSite& site, Text text, Text pattern) {
  ParsedDatetime parsed = ParseBy(text, pattern);
  if (!parsed.error.empty()) return std::nullopt;
  return static_cast<int32_t>(FloorDiv(Local(site, ToInstant(site, parsed)), kMicrosPerDay));
}
int32_t ToDate(const CallSite& site, Text text, Text pattern) {
  ParsedDatetime parsed = ParseBy(text, pattern);
  if (!parsed.error.empty()) FailParse("try_to_date", parsed.error);
  return static_cast<int32_t>(FloorDiv(Local(site, ToInstant(site, parsed)), kMicrosPerDay));
}
std::optional<int64_t> TryUnixTimestamp(const CallSite& site, Text text, Text pattern) {
  auto micros = TryToTimestamp(site, text, pattern);
  return micros ? std::optional(*micros / kMicrosPerSecond) : std::nullopt;
}
int64_t UnixTimestamp(const CallSite& site, Text text, Text pattern) {
  return ToTimestamp(site, text, pattern) / kMicrosPerSecond;
}
// Towards zero, as Spark does here and nowhere else.
int64_t UnixOfInstant(const CallSite&, int64_t micros) { return micros / kMicrosPerSecond; }
int64_t UnixOfNtz(const CallSite& site, int64_t micros) { return Instant(site, micros) / kMicrosPerSecond; }
int64_t UnixOfDate(const CallSite& site, int32_t days) { return Instant(site, days * kMicrosPerDay) / kMicrosPerSecond; }
std::string DateFormat(const CallSite& site, int64_t micros, Text pattern) {
  return DatetimePattern::Compile(pattern, DatetimePattern::Use::kFormat).Format(micros, *site.zone);
}
std::string FromUnixtime(const CallSite& site, int64_t seconds, Text pattern) {
  int64_t micros;
  if (__builtin_mul_overflow(seconds, kMicrosPerSecond, &micros)) FailOverflow({}, "long overflow", "");
  return DateFormat(site, micros, pattern);
}

// ---- numbers ------------------------------------------------------------------------------------

int32_t DateFromUnixDate(const CallSite&, int32_t days) { return days; }
int64_t UnixSeconds(const CallSite&, int64_t micros) { return FloorDiv(micros, kMicrosPerSecond); }
int64_t UnixMillis(const CallSite&, int64_t micros) { return FloorDiv(micros, 1000); }
int64_t ScaledTime(const CallSite& site, int64_t value, int64_t unit) {
  int64_t micros;
  if (__builtin_mul_overflow(value, unit, &micros)) FailOverflow(site, "long overflow", "");
  return micros;
}
int64_t TimestampSeconds(const CallSite&, int64_t seconds) { return ScaledTime({}, seconds, kMicrosPerSecond); }
int64_t TimestampMillis(const CallSite&, int64_t millis) { return ScaledTime({}, millis, 1000); }
std::optional<int64_t> TimestampOfDouble(const CallSite&, double seconds) {
  if (!std::isfinite(seconds)) return std::nullopt;
  double micros = seconds * 1e6;
  if (std::fabs(micros) >= 9.2e18) FailOverflow({}, "long overflow", "");
  return static_cast<int64_t>(micros);
}
// numbers[0] is the scale.
int64_t TimestampOfDecimal(const CallSite& site, Int128 seconds) {
  int scale = static_cast<int>(site.numbers[0]);
  auto micros = WideInteger::From(seconds);
  if (scale > 6) {
    UInt128 rest;
    micros = micros.DividedBy(static_cast<UInt128>(PowerOfTen(scale - 6)), rest);
    if (rest != 0) {
      Error error;
      error.code = ErrorCode::kBadRequest;
      error.condition = "ArithmeticException";
      error.message = "Rounding necessary";
      ThrowSparkError(error);
    }
  } else {
    micros = *micros.TimesPowerOfTen(6 - scale);
  }
  auto out = micros.ToInt128();
  if (!out || *out > INT64_MAX || *out < INT64_MIN) FailOverflow({}, "long overflow", "");
  return static_cast<int64_t>(*out);
}

// ---- zones --------------------------------------------------------------------------------------

const TimeZone& Zone(Text id) {
  const TimeZone* zone = TimeZone::Find(id);
  if (zone == nullptr) {
    Fail("INVALID_TIMEZONE", "22009",
         "The timezone: " + std::string(id) +
             " is invalid. The timezone must be either a region-based zone ID or a zone offset.",
         {{"timeZone", std::string(id)}});
  }
  return *zone;
}
int64_t FromUtc(const CallSite&, int64_t micros, Text zone) { return Zone(zone).ToLocal(micros); }
int64_t ToUtc(const CallSite&, int64_t micros, Text zone) { return Zone(zone).ToUtc(micros); }
int64_t ConvertTimezone(const CallSite&, Text from, Text to, int64_t local) {
  return Zone(to).ToLocal(Zone(from).ToUtc(local));
}

// ---- making -------------------------------------------------------------------------------------

// What java.time says of fields that are no date; empty when they are one.
std::string WrongDate(int64_t year, int64_t month, int64_t day) {
  static constexpr const char* kNames[] = {"JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST",
                                           "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"};
  if (month < 1 || month > 12) return "Invalid value for MonthOfYear (valid values 1 - 12): " + std::to_string(month);
  if (day < 1 || day > 31) return "Invalid value for DayOfMonth (valid values 1 - 28/31): " + std::to_string(day);
  if (day <= MonthLength(year, static_cast<int>(month))) return "";
  if (day == 29) return "Invalid date 'February 29' as '" + std::to_string(year) + "' is not a leap year";
  return std::string("Invalid date '") + kNames[month - 1] + " " + std::to_string(day) + "'";
}
[[noreturn]] void FailBounds(const std::string& message) {
  Fail("DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION", "22023",
       message + ". If necessary set " + kAnsiConfig + " to \"false\" to bypass this error.",
       {{"rangeMessage", message}, {"ansiConfig", kAnsiConfig}});
}
int32_t MakeDate(const CallSite&, int32_t year, int32_t month, int32_t day) {
  std::string wrong = WrongDate(year, month, day);
  if (!wrong.empty()) FailBounds(wrong);
  return static_cast<int32_t>(DaysFromCivil(year, month, day));
}

struct MadeTime {
  int64_t local_micros = 0;
  std::string error;
  bool fraction = false;  // 60 seconds and more
};
MadeTime MakeTime(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute, int64_t micros) {
  MadeTime out;
  out.error = WrongDate(year, month, day);
  if (!out.error.empty()) return out;
  int64_t seconds = FloorDiv(micros, kMicrosPerSecond);
  if (hour < 0 || hour > 23) out.error = "Invalid value for HourOfDay (valid values 0 - 23): " + std::to_string(hour);
  else if (minute < 0 || minute > 59) out.error = "Invalid value for MinuteOfHour (valid values 0 - 59): " + std::to_string(minute);
  else if (seconds == 60 && micros != 60 * kMicrosPerSecond) out.fraction = true;
  else if (seconds < 0 || seconds > 60) out.error = "Invalid value for SecondOfMinute (valid values 0 - 59): " + std::to_string(seconds);
  out.local_micros = DaysFromCivil(year, month, day) * kMicrosPerDay +
                     (hour * int64_t{3600} + minute * int64_t{60}) * kMicrosPerSecond + micros;
  return out;
}
int64_t CheckedTime(const MadeTime& made, int64_t micros) {
  if (made.fraction) {
    std::string seconds = StrippedText(WideInteger::From(micros), 6);
    Fail("INVALID_FRACTION_OF_SECOND", "22023",
         "Valid range for seconds is [0, 60] (inclusive), but the provided value is " + seconds + ".",
         {{"secAndMicros", seconds}});
  }
  if (!made.error.empty()) FailBounds(made.error);
  return made.local_micros;
}
int64_t MakeTimestamp(const CallSite& site, int32_t y, int32_t mo, int32_t d, int32_t h, int32_t mi, int64_t micros) {
  return Instant(site, CheckedTime(MakeTime(y, mo, d, h, mi, micros), micros));
}
int64_t MakeTimestampIn(const CallSite&, int32_t y, int32_t mo, int32_t d, int32_t h, int32_t mi, int64_t micros, Text zone) {
  return Zone(zone).ToUtc(CheckedTime(MakeTime(y, mo, d, h, mi, micros), micros));
}
std::optional<int64_t> TryMakeTimestamp(const CallSite& site, int32_t y, int32_t mo, int32_t d, int32_t h, int32_t mi,
                                        int64_t micros) {
  MadeTime made = MakeTime(y, mo, d, h, mi, micros);
  if (made.fraction || !made.error.empty()) return std::nullopt;
  return Instant(site, made.local_micros);
}
std::optional<int64_t> TryMakeTimestampIn(const CallSite&, int32_t y, int32_t mo, int32_t d, int32_t h, int32_t mi,
                                          int64_t micros, Text zone) {
  MadeTime made = MakeTime(y, mo, d, h, mi, micros);
  const TimeZone* in = TimeZone::Find(zone);
  if (made.fraction || !made.error.empty() || in == nullptr) return std::nullopt;
  return in->ToUtc(made.local_micros);
}
int32_t MakeYearMonth(const CallSite& site, int32_t years, int32_t months) {
  int64_t total = int64_t{years} * 12 + months;
  if (total < INT32_MIN || total > INT32_MAX) {
    Fail("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION", "22015", "Integer overflow while operating with intervals.",
         {}, site.span);
  }
  return static_cast<int32_t>(total);
}
int64_t MakeDayTime(const CallSite& site, int32_t days, int32_t hours, int32_t minutes, int64_t micros) {
  Int128 total = Int128{days} * kMicrosPerDay + (Int128{hours} * 3600 + Int128{minutes} * 60) * kMicrosPerSecond + micros;
  if (total < INT64_MIN || total > INT64_MAX) {
    Fail("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION", "22015", "Integer overflow while operating with intervals.",
         {}, site.span);
  }
  return static_cast<int64_t>(total);
}

void AddFields(Registrar& registrar) {
  registrar.Add("spark_year", "D:i", Bind<Year>);
  registrar.Add("spark_month", "D:i", Bind<Month>);
  registrar.Add("spark_day", "D:i", Bind<Day>);
  registrar.Add("spark_quarter", "D:i", Bind<Quarter>);
  registrar.Add("spark_dayofyear", "D:i", Bind<DayOfYear>);
  registrar.Add("spark_dayofweek", "D:i", Bind<DayOfWeek>);
  registrar.Add("spark_dayofweek_iso", "D:i", Bind<DayOfWeekIso>);
  registrar.Add("spark_year_of_week", "D:i", Bind<YearOfWeek>);
  registrar.Add("spark_weekofyear", "D:i", Bind<WeekOfYear>);
  registrar.Add("spark_dayname", "D:s", Bind<DayName>);
  registrar.Add("spark_monthname", "D:s", Bind<MonthName>);
  for (const char* time : {"T|Z", "N"}) {
    registrar.Add("spark_hour", std::string(time) + ":i", Bind<Hour>);
    registrar.Add("spark_minute", std::string(time) + ":i", Bind<Minute>);
    registrar.Add("spark_second", std::string(time) + ":i", Bind<Second>);
    registrar.Add("spark_second_micros", std::string(time) + ":l", Bind<SecondMicros>);
  }
}

void AddMoves(Registrar& registrar) {
  registrar.Add("spark_date_add", "Di|S:D", Bind<DateAdd>, Throws::kYes);
  registrar.Add("spark_date_add_months", "Di|S:D", Bind<DateAddMonths>, Throws::kYes);
  registrar.Add("spark_date_add_micros", "Dl|S:D", Bind<DateAddMicros>, Throws::kYes);
  registrar.Add("spark_date_add_interval", "DY|S:D", Bind<DateAddInterval>, Throws::kYes);
  registrar.Add("spark_timestamp_add_micros", "Tl|ZS:T", Bind<AddMicros>, Throws::kYes);
  registrar.Add("spark_ntz_add_micros", "Nl|S:N", Bind<AddMicros>, Throws::kYes);
  registrar.Add("spark_timestamp_add_months", "Ti|ZS:T", Bind<AddMonths>, Throws::kYes);
  registrar.Add("spark_ntz_add_months", "Ni|S:N", Bind<AddMonths>, Throws::kYes);
  registrar.Add("spark_timestamp_add_interval", "TY|ZS:T", Bind<AddInterval>, Throws::kYes);
  registrar.Add("spark_ntz_add_interval", "NY|S:N", Bind<AddInterval>, Throws::kYes);
  registrar.Add("spark_timestamp_subtract", "TT|Z:l", Bind<SubtractTimes>);
  registrar.Add("spark_ntz_subtract", "NN:l", Bind<SubtractTimes>);
  for (const char* time : {"T", "N"}) {
    std::string type(time);
    registrar.Add("spark_window_start", type + "|kkk:" + type, Bind<WindowStart>);
    registrar.Add("spark_window_starts", type + "|kkk:L" + type, Bind<WindowStarts>);
  }
  registrar.Add("spark_micros_diff", "TTl|Z:l", Bind<MicrosDiff>);
  registrar.Add("spark_months_diff", "TTl|Z:l", Bind<MonthsDiff>);
  registrar.Add("spark_months_between", "TTb|Z:d", Bind<MonthsBetween>);
  registrar.Add("spark_last_day", "D:D", Bind<LastDay>);
  registrar.Add("spark_next_day", "Ds:D", Bind<NextDay>, Throws::kYes);
  registrar.Add("spark_trunc", "Ds:D", Bind<Trunc>);
  registrar.Add("spark_date_trunc", "sT|Z:T", Bind<DateTrunc>);
}

void AddTexts(Registrar& registrar) {
  registrar.Add("spark_to_timestamp", "ss|Z:T", Bind<ToTimestamp>, Throws::kYes);
  registrar.Add("spark_try_to_timestamp", "ss|Z:T", Bind<TryToTimestamp>, Throws::kYes);
  registrar.Add("spark_to_timestamp_ntz", "ss:N", Bind<ToNtz>, Throws::kYes);
  registrar.Add("spark_try_to_timestamp_ntz", "ss:N", Bind<TryToNtz>, Throws::kYes);
  registrar.Add("spark_to_date", "ss|Z:D", Bind<ToDate>, Throws::kYes);
  registrar.Add("spark_try_to_date", "ss|Z:D", Bind<TryToDate>, Throws::kYes);
  registrar.Add("spark_unix_timestamp", "ss|Z:l", Bind<UnixTimestamp>, Throws::kYes);
  registrar.Add("spark_try_unix_timestamp", "ss|Z:l", Bind<TryUnixTimestamp>, Throws::kYes);
  registrar.Add("spark_unix_timestamp", "T:l", Bind<UnixOfInstant>);
  registrar.Add("spark_unix_timestamp", "N|Z:l", Bind<UnixOfNtz>);
  registrar.Add("spark_unix_timestamp", "D|Z:l", Bind<UnixOfDate>);
  registrar.Add("spark_date_format", "Ts|Z:s", Bind<DateFormat>, Throws::kYes);
  registrar.Add("spark_from_unixtime", "ls|Z:s", Bind<FromUnixtime>, Throws::kYes);
}

}  // namespace

void RegisterDatetime(Registrar& registrar) {
  AddFields(registrar);
  AddMoves(registrar);
  AddTexts(registrar);
  registrar.Add("spark_date_from_unix_date", "i:D", Bind<DateFromUnixDate>);
  registrar.Add("spark_unix_seconds", "T:l", Bind<UnixSeconds>);
  registrar.Add("spark_unix_millis", "T:l", Bind<UnixMillis>);
  registrar.Add("spark_timestamp_seconds", "l:T", Bind<TimestampSeconds>, Throws::kYes);
  registrar.Add("spark_timestamp_seconds", "d:T", Bind<TimestampOfDouble>, Throws::kYes);
  registrar.Add("spark_timestamp_seconds_decimal", "m|k:T", Bind<TimestampOfDecimal>, Throws::kYes);
  registrar.Add("spark_timestamp_millis", "l:T", Bind<TimestampMillis>, Throws::kYes);
  registrar.Add("spark_from_utc_timestamp", "Ts:T", Bind<FromUtc>, Throws::kYes);
  registrar.Add("spark_to_utc_timestamp", "Ts:T", Bind<ToUtc>, Throws::kYes);
  registrar.Add("spark_convert_timezone", "ssN:N", Bind<ConvertTimezone>, Throws::kYes);
  registrar.Add("spark_make_date", "iii:D", Bind<MakeDate>, Throws::kYes);
  registrar.Add("spark_make_timestamp", "iiiiil|Z:T", Bind<MakeTimestamp>, Throws::kYes);
  registrar.Add("spark_make_timestamp", "iiiiils:T", Bind<MakeTimestampIn>, Throws::kYes);
  registrar.Add("spark_make_timestamp_ntz", "iiiiil:N", Bind<MakeTimestamp>, Throws::kYes);
  registrar.Add("spark_try_make_timestamp", "iiiiil|Z:T", Bind<TryMakeTimestamp>);
  registrar.Add("spark_try_make_timestamp", "iiiiils:T", Bind<TryMakeTimestampIn>);
  registrar.Add("spark_try_make_timestamp_ntz", "iiiiil:N", Bind<TryMakeTimestamp>);
  registrar.Add("spark_make_ym_interval", "ii|S:i", Bind<MakeYearMonth>, Throws::kYes);
  registrar.Add("spark_make_dt_interval", "iiil|S:l", Bind<MakeDayTime>, Throws::kYes);
}

}  // namespace ashlar::engine
