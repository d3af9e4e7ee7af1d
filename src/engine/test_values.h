// Values as tests show them, and the types they are made with.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "types/value.h"

namespace ashlar::engine {

inline const DataType kInt = TypeId::kInt;
inline const DataType kLong = TypeId::kLong;
inline const DataType kBool = TypeId::kBoolean;
inline const DataType kText = TypeId::kString;

// Nested values in brackets, a calendar interval as months/days/microseconds.
inline std::string Show(const Value& value) {
  if (value.is_null()) return "NULL";
  if (auto* v = std::get_if<bool>(&value.data)) return *v ? "true" : "false";
  if (auto* v = std::get_if<int64_t>(&value.data)) return std::to_string(*v);
  if (auto* v = std::get_if<double>(&value.data)) return std::isnan(*v) ? "NaN" : std::to_string(*v);
  if (auto* v = std::get_if<Int128>(&value.data)) return DecimalToText(*v, value.type.scale());
  if (auto* v = std::get_if<std::string>(&value.data)) return *v;
  if (auto* v = std::get_if<CalendarInterval>(&value.data)) {
    return std::to_string(v->months) + "/" + std::to_string(v->days) + "/" + std::to_string(v->micros);
  }
  std::string out = "[";
  for (const Value& item : std::get<std::vector<Value>>(value.data)) out += (out.size() > 1 ? "," : "") + Show(item);
  return out + "]";
}

// "1 | a" for a row.
inline std::string ShowRow(const std::vector<Value>& row) {
  std::string line;
  for (const Value& value : row) line += (line.empty() ? "" : " | ") + Show(value);
  return line;
}

}  // namespace ashlar::engine
