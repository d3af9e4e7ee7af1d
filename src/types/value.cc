#include "types/value.h"

#include <algorithm>

namespace ashlar {

std::string DecimalToText(Int128 unscaled, int scale) {
  bool negative = unscaled < 0;
  // Negate in unsigned arithmetic: the smallest Int128 has no positive counterpart.
  auto magnitude = static_cast<unsigned __int128>(unscaled);
  if (negative) magnitude = -magnitude;
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(magnitude % 10));
    magnitude /= 10;
  } while (magnitude != 0);
  while (digits.size() <= static_cast<size_t>(scale)) digits += '0';
  std::reverse(digits.begin(), digits.end());
  if (scale > 0) digits.insert(digits.size() - static_cast<size_t>(scale), ".");
  return negative ? "-" + digits : digits;
}

Result<Value> DecimalFromText(std::string_view text) {
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  Int128 unscaled = 0;
  int digits = 0;
  int scale = 0;
  bool point = false;
  bool any = false;
  for (char c : rest) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    bool digit = c >= '0' && c <= '9';
    if (!digit) return MakeError(ErrorCode::kInvalidParameterValue, "not a decimal: '" + std::string(text) + "'");
    any = true;
    if (unscaled != 0 || c != '0') ++digits;
    if (point) ++scale;
    if (digits > 38 || scale > 38) {
      return MakeError(ErrorCode::kInvalidParameterValue,
                       "decimal has more than 38 digits: '" + std::string(text) + "'");
    }
    unscaled = unscaled * 10 + (c - '0');
  }
  if (!any) return MakeError(ErrorCode::kInvalidParameterValue, "not a decimal: '" + std::string(text) + "'");
  return Value::Decimal(negative ? -unscaled : unscaled, std::max({digits, scale, 1}), scale);
}

// Days and civil dates: the year is counted from March, so that the leap day is its last.
int64_t DaysFromCivil(int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

CivilDate CivilFromDays(int64_t days) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t day_of_era = days - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted_month = (5 * day_of_year + 2) / 153;
  int day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

}  // namespace ashlar
