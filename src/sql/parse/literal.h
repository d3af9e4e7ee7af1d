// Literals: the text of a literal to its Value, typed as Spark types it. Errors carry Spark's
// condition and no span; the parser, which knows where the literal stands, adds it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/parse/lexer.h"
#include "types/value.h"

namespace ashlar::sql {

// 1 → int, 3000000000 → bigint, 1.50 → decimal(3,2), 1e3 → double, 1.5BD → decimal(2,1). `text` has no
// sign. Errors: INVALID_NUMERIC_LITERAL_RANGE, DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION.
Result<Value> NumberLiteral(TokenKind kind, std::string_view text, bool negative);
// X'1A2B'. Errors: INVALID_TYPED_LITERAL.
Result<Value> BinaryLiteral(std::string_view digits);
// DATE '…', TIMESTAMP '…', …; `type` is upper case. A timestamp without an offset is in `time_zone`.
// Errors: INVALID_TYPED_LITERAL.
Result<Value> DatetimeLiteral(std::string_view type, std::string_view text,
                              std::string_view time_zone);

// One "value unit" pair of INTERVAL 1 DAY 2 HOURS.
struct IntervalPart {
  std::string value;  // [+-]digits[.digits]
  std::string unit;   // DAY, HOURS, …
};
// `source` is the literal as written, for messages. Errors: Spark's _LEGACY_ERROR_TEMP_* conditions.
Result<Value> MultiUnitInterval(const std::vector<IntervalPart>& parts, std::string_view source);
// INTERVAL '1-2' YEAR TO MONTH; `from` and `to` as written.
Result<Value> UnitToUnitInterval(std::string_view text, std::string_view from, std::string_view to);
// INTERVAL '1 day 2 hours'
Result<Value> TextInterval(std::string_view text, std::string_view source);

// INVALID_TYPED_LITERAL; `type` is upper case.
Error InvalidTypedLiteral(std::string_view type, std::string_view text);

// The instant of a wall clock time in a zone ("UTC", "+02:00", "GMT-3", "America/New_York"), both in
// microseconds. A time the clock skips moves on by the length of the gap; of a repeated one the earlier
// counts (as java.time). nullopt: no such zone.
std::optional<int64_t> InstantOfLocalMicros(int64_t local_micros, std::string_view zone);

}  // namespace ashlar::sql
