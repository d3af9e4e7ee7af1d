// Constants known at analysis: arguments functions want as values, LIMIT counts, pivot values, the
// version or time of time travel, rows of an INSERT. Folds only what such places need; everything else is the engine's.
#pragma once

#include <optional>
#include <string>

#include "sql/plan.h"

namespace ashlar::sql {

// nullopt: not a constant this folder knows. Never throws, never changes what running would give:
// what could fail at run time (overflow, unreadable text) is left alone.
std::optional<Value> FoldExpr(const TypedExpr& expr, const std::string& time_zone);

// "2024-01-01", "2024-01-01 10:11:12.5", with T and with Z or an offset. Microseconds since the epoch; a
// text without an offset is of `time_zone`. nullopt when it is not one.
std::optional<int64_t> ParseTimestampMicros(std::string_view text, const std::string& time_zone);

}  // namespace ashlar::sql
