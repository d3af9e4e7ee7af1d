#include "engine/functions/time_zone.h"

#include <unicode/basictz.h>
#include <unicode/locid.h>
#include <unicode/timezone.h>
#include <unicode/tztrans.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "engine/functions/zone_names.h"

namespace ashlar::engine {
namespace {

// Transitions are tabled for these years; beyond, the last rule stays.
constexpr double kFirstMillis = -6'106'060'800'000.0;  // 1776
constexpr double kLastMillis = 32'503'680'000'000.0;   // 3000

std::optional<int> TwoDigits(std::string_view& text, bool exactly_two) {
  size_t n = 0;
  int value = 0;
  while (n < text.size() && n < 2 && text[n] >= '0' && text[n] <= '9') value = value * 10 + (text[n++] - '0');
  if (n == 0 || (exactly_two && n != 2)) return std::nullopt;
  text.remove_prefix(n);
  return value;
}

// "+2", "-03:30", "+0330", "+01:02:03"; at most 18 hours.
std::optional<int64_t> ParseOffset(std::string_view text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  int64_t sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  auto hours = TwoDigits(text, false);
  if (!hours) return std::nullopt;
  int64_t seconds = *hours * 3600;
  for (int64_t unit : {60, 1}) {
    if (text.empty()) break;
    bool colon = text[0] == ':';
    if (colon) text.remove_prefix(1);
    auto part = TwoDigits(text, !colon);
    if (!part || *part > 59) return std::nullopt;
    seconds += *part * unit;
  }
  if (!text.empty() || seconds > 18 * 3600) return std::nullopt;
  return sign * seconds;
}

std::optional<int64_t> FixedOffset(std::string_view id) {
  if (id == "Z" || id == "UTC" || id == "GMT" || id == "UT" || id == "Etc/UTC") return 0;
  for (std::string_view prefix : {"UTC", "GMT", "UT"}) {
    if (!id.starts_with(prefix)) continue;
    id.remove_prefix(prefix.size());
    break;
  }
  return ParseOffset(id);
}

icu::UnicodeString ToIcu(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

}  // namespace

const TimeZone& TimeZone::Utc() {
  static const TimeZone* utc = Find("UTC");
  return *utc;
}

const TimeZone* TimeZone::Find(std::string_view id) {
  thread_local const TimeZone* last = nullptr;
  if (last != nullptr && last->id_ == id) return last;
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<const TimeZone>, std::less<>> zones;
  std::lock_guard lock(mutex);
  auto it = zones.find(id);
  if (it == zones.end()) {
    const TimeZone* made = Make(id);
    if (made == nullptr) return nullptr;
    it = zones.emplace(std::string(id), std::unique_ptr<const TimeZone>(made)).first;
  }
  return last = it->second.get();
}

const TimeZone* TimeZone::Make(std::string_view id) {
  auto zone = std::make_unique<TimeZone>();
  zone->id_ = std::string(id);
  if (auto offset = FixedOffset(id)) {
    zone->transitions_.push_back({INT64_MIN, *offset});
    return zone.release();
  }
  zone->icu_id_ = std::string(id);
  if (const std::vector<ZoneChange>* changes = ZoneChanges(id)) {
    zone->transitions_ = *changes;
    return zone.release();
  }
  // Names the machine's database has not, such as PST.
  std::unique_ptr<icu::TimeZone> found(icu::TimeZone::createTimeZone(ToIcu(id)));
  auto* rules = dynamic_cast<icu::BasicTimeZone*>(found.get());
  if (rules == nullptr || *found == icu::TimeZone::getUnknown()) return nullptr;
  UErrorCode status = U_ZERO_ERROR;
  int32_t raw = 0, dst = 0;
  rules->getOffset(kFirstMillis, false, raw, dst, status);
  zone->transitions_.push_back({INT64_MIN, (raw + dst) / 1000});
  icu::TimeZoneTransition transition;
  double at = kFirstMillis;
  while (rules->getNextTransition(at, false, transition) && transition.getTime() < kLastMillis) {
    at = transition.getTime();
    rules->getOffset(at, false, raw, dst, status);
    zone->transitions_.push_back({static_cast<int64_t>(at / 1000), (raw + dst) / 1000});
  }
  return zone.release();
}

int64_t TimeZone::OffsetSeconds(int64_t utc_micros) const {
  if (transitions_.size() == 1) return transitions_[0].offset_seconds;
  return OffsetAt(transitions_, FloorDiv(utc_micros, kMicrosPerSecond));
}

int64_t TimeZone::ToUtc(int64_t local_micros) const {
  if (transitions_.size() == 1) return local_micros - transitions_[0].offset_seconds * kMicrosPerSecond;
  // No zone is a day away from UTC: the offsets a day before and after include those that may hold.
  int64_t before = OffsetSeconds(local_micros - kMicrosPerDay);
  int64_t after = OffsetSeconds(local_micros + kMicrosPerDay);
  for (int64_t offset : {before, after}) {
    int64_t utc = local_micros - offset * kMicrosPerSecond;
    if (OffsetSeconds(utc) == offset) return utc;
  }
  return local_micros - before * kMicrosPerSecond;
}

// "GMT+2" is GMT+02:00 to Java.
std::string TimeZone::ShownId() const {
  size_t sign = id_.find_first_of("+-");
  bool prefixed = sign == 2 || sign == 3;
  if (!icu_id_.empty() || !prefixed) return id_;
  int64_t seconds = std::abs(transitions_[0].offset_seconds);
  char text[16];
  snprintf(text, sizeof(text), "%c%02d:%02d", id_[sign], static_cast<int>(seconds / 3600), static_cast<int>(seconds / 60 % 60));
  return id_.substr(0, sign) + text;
}

std::string TimeZone::Name(int64_t utc_micros, bool long_name) const {
  std::string id = icu_id_;
  if (id.empty()) {
    if (id_ == "GMT") return long_name ? "Greenwich Mean Time" : "GMT";
    if (transitions_[0].offset_seconds == 0) return long_name ? "Coordinated Universal Time" : "UTC";
    return ShownId();
  }
  if (auto own = OwnZoneName(id_)) return std::string(long_name ? own->second : own->first);
  std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone(ToIcu(id)));
  bool summer = OffsetSeconds(utc_micros) != zone->getRawOffset() / 1000;
  auto name = [&](icu::TimeZone::EDisplayType kind) {
    icu::UnicodeString text;
    std::string out;
    zone->getDisplayName(summer, kind, icu::Locale::getUS(), text);
    text.toUTF8String(out);
    return out;
  };
  std::string whole = name(icu::TimeZone::LONG);
  if (long_name) return whole;
  std::string_view abbreviated = ShortZoneName(whole);
  return abbreviated.empty() ? name(icu::TimeZone::SHORT) : std::string(abbreviated);
}

}  // namespace ashlar::engine
