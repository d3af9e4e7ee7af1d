// The types a value of a text file could be of, as bits: what spark_text_types() answers.
#pragma once

#include <cstdint>
#include <string_view>

namespace ashlar::engine {

class Registrar;
class TimeZone;

inline constexpr int32_t kTextInt = 1;
inline constexpr int32_t kTextLong = 2;
inline constexpr int32_t kTextDouble = 4;
inline constexpr int32_t kTextDate = 8;
inline constexpr int32_t kTextTimestamp = 16;
inline constexpr int32_t kTextBoolean = 32;

// `zone`: the session's, for timestamps.
int32_t TypesOfText(std::string_view text, const TimeZone* zone);

void RegisterTextTypes(Registrar& registrar);

}  // namespace ashlar::engine
