#include "sql/analyze/time_zone.h"

#include <unicode/basictz.h>
#include <unicode/timezone.h>

#include <memory>

#include "base/text.h"
#include "types/zone_file.h"

namespace ashlar::sql {
namespace {

constexpr double kMillisPerSecond = 1000;
constexpr int64_t kDaySeconds = 86'400;

std::optional<int64_t> FixedOffsetSeconds(const std::string& time_zone) {
  std::string zone = ToUpperAscii(time_zone);
  if (zone == "UTC" || zone == "Z" || zone == "GMT" || zone == "ETC/UTC" || zone == "UT") return 0;
  for (std::string_view prefix : {"UTC", "GMT", "UT"}) {
    if (zone.starts_with(prefix)) {
      zone = zone.substr(prefix.size());
      break;
    }
  }
  if (zone.size() < 2 || (zone[0] != '+' && zone[0] != '-')) return std::nullopt;
  int64_t total = 0;
  int64_t unit = 3600;
  for (std::string_view part : SplitView(std::string_view(zone).substr(1), ':')) {
    auto n = ParseInt64(part);
    if (!n || *n < 0 || unit == 0) return std::nullopt;
    total += *n * unit;
    unit /= 60;
  }
  return zone[0] == '-' ? -total : total;
}

}  // namespace

std::optional<int64_t> ZoneOffsetSeconds(const std::string& zone, int64_t seconds, ClockKind kind) {
  if (auto fixed = FixedOffsetSeconds(zone)) return fixed;
  if (const std::vector<ZoneChange>* changes = ZoneChanges(zone)) {
    if (kind == ClockKind::kInstant) return OffsetAt(*changes, seconds);
    // No zone is a day away from UTC.
    int64_t before = OffsetAt(*changes, seconds - kDaySeconds), after = OffsetAt(*changes, seconds + kDaySeconds);
    for (int64_t offset : {before, after}) {
      if (OffsetAt(*changes, seconds - offset) == offset) return offset;
    }
    return before;
  }
  std::unique_ptr<icu::TimeZone> found(icu::TimeZone::createTimeZone(icu::UnicodeString::fromUTF8(zone)));
  if (!found || *found == icu::TimeZone::getUnknown()) return std::nullopt;
  int32_t raw = 0;
  int32_t daylight = 0;
  UErrorCode status = U_ZERO_ERROR;
  double millis = static_cast<double>(seconds) * kMillisPerSecond;
  const auto* rules = dynamic_cast<const icu::BasicTimeZone*>(found.get());
  if (kind == ClockKind::kWallClock && rules != nullptr) {
    rules->getOffsetFromLocal(millis, UCAL_TZ_LOCAL_FORMER, UCAL_TZ_LOCAL_FORMER, raw, daylight, status);
  } else {
    found->getOffset(millis, kind == ClockKind::kWallClock, raw, daylight, status);
  }
  if (U_FAILURE(status)) return std::nullopt;
  return (raw + daylight) / static_cast<int64_t>(kMillisPerSecond);
}

}  // namespace ashlar::sql
