// Dates and timestamps as the text Spark's CAST reads and prints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ashlar::engine {

class TimeZone;

// Days since 1970-01-01. "[+-]y…[-m[-d]]"; what follows a whole date after a space or T is ignored.
std::optional<int32_t> ParseDate(std::string_view text);

// Microseconds: of the instant when `zone` is given (the zone in the text wins), of the wall clock when
// it is null; then a zone in the text is read and dropped.
std::optional<int64_t> ParseTimestamp(std::string_view text, const TimeZone* zone);

std::string DateText(int64_t days);
// "2024-01-01 12:34:56.789" of wall clock microseconds; zeros at the end are left out.
std::string TimestampText(int64_t local_micros);

}  // namespace ashlar::engine
