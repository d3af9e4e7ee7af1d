// Offsets of time zones, by name ("Europe/Paris") or fixed ("+02:00", "UTC+1").
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ashlar::sql {

enum class ClockKind { kInstant, kWallClock };

// Seconds east of UTC at `seconds` since the epoch, which is an instant or a wall clock's reading (in a
// gap the offset before it, in an overlap the earlier). nullopt: no such zone.
std::optional<int64_t> ZoneOffsetSeconds(const std::string& zone, int64_t seconds, ClockKind kind);

}  // namespace ashlar::sql
