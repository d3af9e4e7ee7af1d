#include "engine/functions/time_zone.h"

#include <unicode/basictz.h>
#include <unicode/locid.h>
#include <unicode/timezone.h>
#include <unicode/tztrans.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

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
  std::unique_ptr<icu::TimeZone> found(icu::TimeZone::createTimeZone(ToIcu(id)));
  auto* rules = dynamic_cast<icu::BasicTimeZone*>(found.get());
  if (rules == nullptr || *found == icu::TimeZone::getUnknown()) return nullptr;
  zone->icu_id_ = std::string(id);
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
  int64_t seconds = FloorDiv(utc_micros, kMicrosPerSecond);
  auto after = std::ranges::upper_bound(transitions_, seconds, {}, &Transition::from_seconds);
  return (after - 1)->offset_seconds;
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

std::string TimeZone::Name(int64_t utc_micros, bool long_name) const {
  std::string id = icu_id_;
  if (id.empty()) {
    if (transitions_[0].offset_seconds == 0) return long_name ? "Coordinated Universal Time" : "UTC";
    return id_;
  }
  std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone(ToIcu(id)));
  int32_t raw = 0, dst = 0;
  UErrorCode status = U_ZERO_ERROR;
  zone->getOffset(static_cast<double>(FloorDiv(utc_micros, 1000)), false, raw, dst, status);
  icu::UnicodeString name;
  zone->getDisplayName(dst != 0, long_name ? icu::TimeZone::LONG : icu::TimeZone::SHORT, icu::Locale::getUS(), name);
  std::string out;
  name.toUTF8String(out);
  return out;
}

}  // namespace ashlar::engine
