// TimeZone: a zone by the ids Spark accepts (IANA regions, short names, UTC offsets), as a table of its
// transitions. Immutable; zones live as long as the process; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "types/zone_file.h"

namespace ashlar::engine {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

// Rounds towards minus infinity.
constexpr int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }
constexpr int64_t FloorMod(int64_t a, int64_t b) { return a - FloorDiv(a, b) * b; }

class TimeZone {
 public:
  // nullptr for an id that is not one.
  static const TimeZone* Find(std::string_view id);
  static const TimeZone& Utc();

  const std::string& id() const { return id_; }
  int64_t OffsetSeconds(int64_t utc_micros) const;
  int64_t ToLocal(int64_t utc_micros) const { return utc_micros + OffsetSeconds(utc_micros) * kMicrosPerSecond; }
  // A local time the clock skips moves on by the length of the gap; of a repeated one the earlier counts.
  int64_t ToUtc(int64_t local_micros) const;
  // As Java's ZoneId shows it: the id, or "GMT+02:00" for "GMT+2".
  std::string ShownId() const;
  // "PST" or "Pacific Standard Time" at an instant.
  std::string Name(int64_t utc_micros, bool long_name) const;

 private:
  static const TimeZone* Make(std::string_view id);

  std::string id_;
  std::string icu_id_;  // empty: a fixed offset
  std::vector<ZoneChange> transitions_;
};

}  // namespace ashlar::engine
