#include "sql/parse/keywords.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace ashlar::sql {
namespace {

constexpr std::array<std::string_view, 16> kStrictNonReserved = {
    "ANTI", "CROSS", "EXCEPT",  "FULL", "INNER", "INTERSECT", "JOIN",  "LATERAL",
    "LEFT", "MINUS", "NATURAL", "ON",   "RIGHT", "SEMI",      "UNION", "USING"};

constexpr std::array<std::string_view, 20> kAfterSelectItem = {
    "CLUSTER", "DISTRIBUTE", "EXCEPT", "FOR",   "FROM",   "GROUP",   "HAVING",
    "INTERSECT", "LATERAL",  "LIMIT",  "MINUS", "OFFSET", "ORDER",   "QUALIFY",
    "SORT",    "UNION",      "WHEN",   "WHERE", "WINDOW", "AS"};

constexpr std::array<std::string_view, 21> kAfterTable = {
    "CLUSTER", "DISTRIBUTE", "GROUP",  "HAVING", "INSERT",  "LIMIT",       "OFFSET",
    "ORDER",   "PIVOT",      "QUALIFY", "SELECT", "SET",    "SORT",        "TABLESAMPLE",
    "UNPIVOT", "VALUES",     "WHEN",   "WHERE",  "WINDOW",  "WITH",        "AS"};

constexpr std::array<std::string_view, 20> kIntervalUnits = {
    "DAY",         "DAYS",         "HOUR",        "HOURS",        "MICROSECOND",
    "MICROSECONDS", "MILLISECOND", "MILLISECONDS", "MINUTE",      "MINUTES",
    "MONTH",       "MONTHS",       "NANOSECOND",  "NANOSECONDS",  "SECOND",
    "SECONDS",     "WEEK",         "WEEKS",       "YEAR",         "YEARS"};

constexpr std::array<std::string_view, 11> kDatetimeUnits = {
    "YEAR", "QUARTER", "MONTH",  "WEEK",        "DAY",        "DAYOFYEAR",
    "HOUR", "MINUTE",  "SECOND", "MILLISECOND", "MICROSECOND"};

template <size_t N>
bool Contains(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::ranges::any_of(words, [&](std::string_view w) { return EqualsIgnoreCase(w, word); });
}

}  // namespace

bool IsStrictNonReserved(std::string_view word) { return Contains(kStrictNonReserved, word); }
bool EndsSelectItem(std::string_view word) { return Contains(kAfterSelectItem, word); }
bool EndsTableReference(std::string_view word) { return Contains(kAfterTable, word); }
bool IsIntervalUnit(std::string_view word) { return Contains(kIntervalUnits, word); }
bool IsDatetimeUnit(std::string_view word) { return Contains(kDatetimeUnits, word); }

}  // namespace ashlar::sql
