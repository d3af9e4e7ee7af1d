// Value: one literal with its type; what parameters, constants, partition values and statistics hold.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "types/data_type.h"

namespace ashlar {

using Int128 = __int128;

struct Value;

// Months, days and microseconds of a calendar interval.
struct CalendarInterval {
  int32_t months = 0;
  int32_t days = 0;
  int64_t micros = 0;
  bool operator==(const CalendarInterval&) const = default;
};

// The payload by type:
//   null                        std::monostate
//   boolean                     bool
//   byte … long, date (days since 1970-01-01), timestamp and timestamp_ntz (microseconds),
//   year-month interval (months), day-time interval (microseconds)      int64_t
//   float, double               double
//   decimal                     Int128, unscaled; the scale is the type's
//   string, binary              std::string
//   calendar interval           CalendarInterval
//   array, struct               std::vector<Value>
//   map                         std::vector<Value>: key, value, key, value, …
struct Value {
  DataType type;
  std::variant<std::monostate, bool, int64_t, double, Int128, std::string, CalendarInterval,
               std::vector<Value>>
      data;

  bool is_null() const { return data.index() == 0; }

  static Value Null(DataType type = TypeId::kNull) { return {std::move(type), {}}; }
  static Value Boolean(bool v) { return {TypeId::kBoolean, v}; }
  static Value Int(int32_t v) { return {TypeId::kInt, int64_t{v}}; }
  static Value Long(int64_t v) { return {TypeId::kLong, v}; }
  static Value Double(double v) { return {TypeId::kDouble, v}; }
  static Value String(std::string v) { return {TypeId::kString, std::move(v)}; }
  static Value Date(int32_t days) { return {TypeId::kDate, int64_t{days}}; }
  static Value Timestamp(int64_t micros) { return {TypeId::kTimestamp, micros}; }
  static Value Decimal(Int128 unscaled, int precision, int scale) {
    return {DataType::Decimal(precision, scale), unscaled};
  }

  bool operator==(const Value&) const = default;
};

// "-12.30" for an unscaled -1230 at scale 2.
std::string DecimalToText(Int128 unscaled, int scale);
// Parses "[+-]digits[.digits]" exactly. Errors: kInvalidParameterValue, also beyond 38 digits.
// The result's precision is at least its scale and at least 1.
Result<Value> DecimalFromText(std::string_view text);

// Proleptic Gregorian days since 1970-01-01 and back.
int64_t DaysFromCivil(int64_t year, int month, int day);
struct CivilDate {
  int64_t year;
  int month;
  int day;
};
CivilDate CivilFromDays(int64_t days);

}  // namespace ashlar
