// INTERVAL: months, days and microseconds that do not run into each other.
#include "engine/functions/intervals/calendar_intervals.h"

#include <cmath>

#include "base/text.h"
#include "engine/functions/kernel_binding.h"
#include "engine/functions/time_zone.h"

namespace ashlar::engine {
namespace {

using Interval = duckdb::interval_t;

struct UnitSize {
  std::string_view name;
  int64_t months, days, micros;
};
constexpr std::array kUnits = {
    UnitSize{"year", 12, 0, 0},      UnitSize{"month", 1, 0, 0},          UnitSize{"week", 0, 7, 0},
    UnitSize{"day", 0, 1, 0},        UnitSize{"hour", 0, 0, 3600000000},  UnitSize{"minute", 0, 0, 60000000},
    UnitSize{"second", 0, 0, 1000000}, UnitSize{"millisecond", 0, 0, 1000}, UnitSize{"microsecond", 0, 0, 1},
};

std::optional<Interval> Checked(Int128 months, Int128 days, Int128 micros) {
  if (months != static_cast<int32_t>(months) || days != static_cast<int32_t>(days) || micros != static_cast<int64_t>(micros)) {
    return std::nullopt;
  }
  Interval out;
  out.months = static_cast<int32_t>(months);
  out.days = static_cast<int32_t>(days);
  out.micros = static_cast<int64_t>(micros);
  return out;
}
Interval CheckedOrFail(const CallSite& site, Int128 months, Int128 days, Int128 micros) {
  if (auto out = Checked(months, days, micros)) return *out;
  FailOverflow(site, "overflow", "");
}

// ---- from text ----------------------------------------------------------------------------------

const UnitSize* FindUnit(std::string_view word) {
  for (const UnitSize& unit : kUnits) {
    if (word == unit.name || (word.size() == unit.name.size() + 1 && word.starts_with(unit.name) && word.back() == 's')) {
      return &unit;
    }
  }
  return nullptr;
}

// "-1.5" in 10^-9; only seconds have a fraction.
std::optional<Int128> ReadNanos(std::string_view text, bool fraction) {
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  size_t point = text.find('.');
  std::string_view whole = text.substr(0, point), rest = point == std::string_view::npos ? "" : text.substr(point + 1);
  if ((point != std::string_view::npos && !fraction) || (whole.empty() && rest.empty()) || rest.size() > 9) return std::nullopt;
  for (std::string_view digits : {whole, rest}) {
    if (digits.size() > 18 || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  }
  Int128 nanos = whole.empty() ? 0 : Int128{*ParseInt64(whole)} * 1'000'000'000;
  std::string padded(rest);
  padded.resize(9, '0');
  nanos += *ParseInt64(padded);
  return negative ? -nanos : nanos;
}

// "1 year 2 days -3.5 seconds"; nullopt for what is none.
std::optional<Interval> FromText(const CallSite&, std::string_view text) {
  std::vector<std::string> words;
  std::string flat = ToLowerAscii(text);
  for (char& c : flat) c = c == '\t' || c == '\n' || c == '\r' ? ' ' : c;
  for (std::string_view word : SplitView(flat, ' ')) {
    if (!word.empty()) words.emplace_back(word);
  }
  if (!words.empty() && words.front() == "interval") words.erase(words.begin());
  if (words.empty()) return std::nullopt;
  Int128 months = 0, days = 0, micros = 0;
  for (size_t i = 0; i < words.size(); i += 2) {
    std::string sign;
    if ((words[i] == "-" || words[i] == "+") && i + 1 < words.size()) sign = words[i++];
    const UnitSize* unit = i + 1 < words.size() ? FindUnit(words[i + 1]) : nullptr;
    if (unit == nullptr) return std::nullopt;
    auto nanos = ReadNanos(sign + words[i], unit->name == "second");
    if (!nanos) return std::nullopt;
    months += *nanos * unit->months / 1'000'000'000;
    days += *nanos * unit->days / 1'000'000'000;
    micros += *nanos * unit->micros / 1'000'000'000;
  }
  return Checked(months, days, micros);
}

// ---- making and arithmetic ----------------------------------------------------------------------

std::optional<Interval> TryMake(const CallSite&, int32_t years, int32_t months, int32_t weeks, int32_t days, int32_t hours,
                                int32_t minutes, int64_t micros) {
  return Checked(Int128{years} * 12 + months, Int128{weeks} * 7 + days,
                 Int128{hours} * kUnits[4].micros + Int128{minutes} * kUnits[5].micros + micros);
}
Interval Make(const CallSite& site, int32_t years, int32_t months, int32_t weeks, int32_t days, int32_t hours, int32_t minutes,
              int64_t micros) {
  if (auto out = TryMake(site, years, months, weeks, days, hours, minutes, micros)) return *out;
  FailOverflow(site, "overflow", "");
}

Interval Add(const CallSite& site, Interval a, Interval b) {
  return CheckedOrFail(site, Int128{a.months} + b.months, Int128{a.days} + b.days, Int128{a.micros} + b.micros);
}
Interval Subtract(const CallSite& site, Interval a, Interval b) {
  return CheckedOrFail(site, Int128{a.months} - b.months, Int128{a.days} - b.days, Int128{a.micros} - b.micros);
}
Interval Negate(const CallSite& site, Interval a) { return Subtract(site, Interval{}, a); }

// The part of a day that is left over becomes time; that of a month is dropped.
Interval Scaled(const CallSite& site, double months, double days, double micros) {
  double whole_days = std::trunc(days);
  double time = std::round(micros + (days - whole_days) * static_cast<double>(kMicrosPerDay));
  bool fits = std::fabs(months) < 2147483648.0 && std::fabs(days) < 2147483648.0 && std::fabs(time) < 9.2e18;
  if (!fits) FailOverflow(site, "overflow", "");
  return CheckedOrFail(site, static_cast<int64_t>(months), static_cast<int64_t>(whole_days), static_cast<int64_t>(time));
}
Interval Multiply(const CallSite& site, Interval a, double by) {
  return Scaled(site, a.months * by, a.days * by, static_cast<double>(a.micros) * by);
}
Interval Divide(const CallSite& site, Interval a, double by) {
  if (by == 0) {
    Fail("INTERVAL_DIVIDED_BY_ZERO", "22012",
         "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead.", {}, site.span);
  }
  return Scaled(site, a.months / by, a.days / by, static_cast<double>(a.micros) / by);
}

int32_t Months(const CallSite&, Interval a) { return a.months; }
int32_t Days(const CallSite&, Interval a) { return a.days + static_cast<int32_t>(a.micros / kMicrosPerDay); }
int64_t Micros(const CallSite&, Interval a) { return a.micros; }

}  // namespace

void RegisterCalendarIntervals(Registrar& registrar) {
  registrar.Add("spark_cast_to_interval", "s:Y", Bind<FromText>);
  registrar.Add("spark_make_interval", "iiiiiil|S:Y", Bind<Make>, Throws::kYes);
  registrar.Add("spark_try_make_interval", "iiiiiil:Y", Bind<TryMake>);
  registrar.Add("spark_interval_add", "YY|S:Y", Bind<Add>, Throws::kYes);
  registrar.Add("spark_interval_subtract", "YY|S:Y", Bind<Subtract>, Throws::kYes);
  registrar.Add("spark_interval_negative", "Y|S:Y", Bind<Negate>, Throws::kYes);
  registrar.Add("spark_interval_multiply", "Yd|S:Y", Bind<Multiply>, Throws::kYes);
  registrar.Add("spark_interval_divide", "Yd|S:Y", Bind<Divide>, Throws::kYes);
  registrar.Add("spark_interval_months", "Y:i", Bind<Months>);
  registrar.Add("spark_interval_days", "Y:i", Bind<Days>);
  registrar.Add("spark_interval_micros", "Y:l", Bind<Micros>);
}

}  // namespace ashlar::engine
