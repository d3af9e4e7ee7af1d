// Numbers as the text Spark's CAST reads and prints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/functions/decimal_math.h"

namespace ashlar::engine {

// As Java prints it: 1.0, 1.0E10, NaN, -Infinity.
std::string DoubleText(double value);
std::string FloatText(float value);

// Without the spaces and control characters around it that casts ignore.
std::string_view TrimForCast(std::string_view text);

// [+-]digits that fit; a fraction is cut off where `lenient` (legacy casts).
std::optional<int64_t> ParseIntegral(std::string_view text, bool lenient);
std::optional<double> ParseDouble(std::string_view text);
std::optional<float> ParseFloat(std::string_view text);
std::optional<bool> ParseBoolean(std::string_view text);

// A number as digits and a power of ten: unscaled / 10^scale, exactly. `too_large`: more digits before
// the point than a decimal has.
struct DecimalText {
  WideInteger unscaled;
  int scale = 0;
  bool too_large = false;
};
std::optional<DecimalText> ParseDecimal(std::string_view text);

}  // namespace ashlar::engine
