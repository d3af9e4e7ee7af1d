// The types a value of a text file could be of, as bits: what spark_text_types() answers.
#pragma once

#include <cstdint>

namespace ashlar::engine {

class Registrar;

inline constexpr int32_t kTextInt = 1;
inline constexpr int32_t kTextLong = 2;
inline constexpr int32_t kTextDouble = 4;
inline constexpr int32_t kTextDate = 8;
inline constexpr int32_t kTextTimestamp = 16;
inline constexpr int32_t kTextBoolean = 32;

void RegisterTextTypes(Registrar& registrar);

}  // namespace ashlar::engine
