// The time zones of the machine's database (tzdata, compiled as RFC 8536 says), which knows rules that
// have changed since a library with zones of its own was built.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace ashlar {

// From an instant on (seconds since the epoch), seconds east of UTC.
struct ZoneChange {
  int64_t from_seconds;
  int64_t offset_seconds;
};

// The changes of "Europe/Paris", the first from INT64_MIN on, the last in the year 3000; null for a name
// the database has not. Read once; lives as long as the process. Thread-safe.
const std::vector<ZoneChange>* ZoneChanges(std::string_view id);

// `changes` is not empty.
int64_t OffsetAt(const std::vector<ZoneChange>& changes, int64_t seconds);

// RFC 8536's bytes; empty for what is no such file.
std::vector<ZoneChange> ParseZoneFile(std::string_view bytes);

}  // namespace ashlar
