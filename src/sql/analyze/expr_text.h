// Spark's text of expressions: the names of unnamed columns and what error messages quote
// (toPrettySQL). Strings stand without quotes, columns without qualifier, implicit casts not at all.
#pragma once

#include <string>
#include <vector>

#include "types/value.h"

namespace ashlar::sql {

// A literal where it is an expression of its own. `time_zone` shows timestamps.
std::string LiteralText(const Value& value, const std::string& time_zone);
// The same inside quotes and brackets: 'abc', 1, DATE '2024-01-01'.
std::string LiteralSql(const Value& value, const std::string& time_zone);
// The value alone, as plans show it: abc, 2024-01-01, 0x00FF, null.
std::string PlainLiteralText(const Value& value, const std::string& time_zone);
// As Java prints a double or float: 1.0, 1.0E10, NaN, Infinity.
std::string DoubleText(double value, bool is_float);

// Operators by their sign or phrase, others as name(args).
std::string CallText(const std::string& name, const std::vector<std::string>& args, bool distinct = false);

}  // namespace ashlar::sql
