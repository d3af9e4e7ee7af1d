#include "sql/analyze/expr_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>

#include "base/text.h"
#include "sql/analyze/time_zone.h"

namespace ashlar::sql {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

std::string Padded(int64_t value, int width) {
  std::string digits = std::to_string(value);
  while (digits.size() < static_cast<size_t>(width)) digits.insert(0, "0");
  return digits;
}

std::string DateText(int64_t days) {
  CivilDate date = CivilFromDays(days);
  std::string year = date.year < 0 ? "-" + Padded(-date.year, 4) : Padded(date.year, 4);
  if (date.year > 9999) year.insert(0, "+");
  return year + "-" + Padded(date.month, 2) + "-" + Padded(date.day, 2);
}

std::string FractionText(int64_t micros) {
  if (micros == 0) return "";
  std::string digits = Padded(micros, 6);
  while (digits.back() == '0') digits.pop_back();
  return "." + digits;
}

std::string TimestampText(int64_t micros) {
  int64_t days = micros / kMicrosPerDay;
  int64_t rest = micros % kMicrosPerDay;
  if (rest < 0) {
    rest += kMicrosPerDay;
    --days;
  }
  int64_t seconds = rest / kMicrosPerSecond;
  return DateText(days) + " " + Padded(seconds / 3600, 2) + ":" + Padded(seconds / 60 % 60, 2) + ":" +
         Padded(seconds % 60, 2) + FractionText(rest % kMicrosPerSecond);
}

// BigDecimal.toString: plain unless the number is smaller than 1e-6.
std::string JavaDecimalText(Int128 unscaled, int scale) {
  std::string plain = DecimalToText(unscaled, scale);
  std::string digits = DecimalToText(unscaled < 0 ? -unscaled : unscaled, 0);
  int exponent = static_cast<int>(digits.size()) - 1 - scale;
  if (exponent >= -6) return plain;
  std::string text = digits.substr(0, 1);
  if (digits.size() > 1) text += "." + digits.substr(1);
  return (unscaled < 0 ? "-" : "") + text + "E" + std::to_string(exponent);
}

std::string HexText(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (unsigned char c : bytes) {
    text += kDigits[c >> 4];
    text += kDigits[c & 15];
  }
  return text;
}

std::string YearMonthText(int64_t months, const DataType& type) {
  std::string sign = months < 0 ? "-" : "";
  int64_t magnitude = months < 0 ? -months : months;
  static constexpr const char* kFields[] = {"YEAR", "MONTH"};
  int first = type.first_interval_field();
  int last = type.last_interval_field();
  std::string value;
  if (first == last) {
    value = std::to_string(first == 0 ? magnitude / 12 : magnitude);
  } else {
    value = std::to_string(magnitude / 12) + "-" + std::to_string(magnitude % 12);
  }
  std::string unit = kFields[first];
  if (first != last) unit += std::string(" TO ") + kFields[last];
  return "INTERVAL '" + sign + value + "' " + unit;
}

// The last field of a day-time interval keeps what is left of it, seconds with their fraction.
std::string DayTimeText(int64_t micros, const DataType& type) {
  static constexpr const char* kFields[] = {"DAY", "HOUR", "MINUTE", "SECOND"};
  static constexpr std::array<int64_t, 4> kMicros = {kMicrosPerDay, 3600 * kMicrosPerSecond,
                                                     60 * kMicrosPerSecond, kMicrosPerSecond};
  static constexpr const char* kSeparators[] = {"", " ", ":", ":"};
  int first = type.first_interval_field();
  int last = type.last_interval_field();
  std::string text = micros < 0 ? "-" : "";
  auto rest = static_cast<uint64_t>(micros);
  if (micros < 0) rest = -rest;
  for (int field = first; field <= last; ++field) {
    auto unit = static_cast<uint64_t>(kMicros[static_cast<size_t>(field)]);
    if (field != first) text += kSeparators[field];
    text += Padded(static_cast<int64_t>(rest / unit), field == 0 ? 1 : 2);
    rest %= unit;
    if (field == 3) text += FractionText(static_cast<int64_t>(rest));
  }
  std::string name = kFields[first];
  if (first != last) name += std::string(" TO ") + kFields[last];
  return "INTERVAL '" + text + "' " + name;
}

std::string CalendarIntervalText(const CalendarInterval& interval) {
  std::vector<std::string> parts;
  auto add = [&parts](int64_t n, const char* unit) {
    if (n != 0) parts.push_back(std::to_string(n) + " " + unit);
  };
  add(interval.months / 12, "years");
  add(interval.months % 12, "months");
  add(interval.days, "days");
  add(interval.micros / (3600 * kMicrosPerSecond), "hours");
  add(interval.micros / (60 * kMicrosPerSecond) % 60, "minutes");
  int64_t rest = interval.micros % (60 * kMicrosPerSecond);
  if (rest != 0) {
    int64_t magnitude = rest < 0 ? -rest : rest;
    parts.push_back((rest < 0 ? "-" : "") + std::to_string(magnitude / kMicrosPerSecond) +
                    FractionText(magnitude % kMicrosPerSecond) + " seconds");
  }
  if (parts.empty()) parts.push_back("0 seconds");
  return "INTERVAL '" + Join(parts, " ") + "'";
}

std::string NestedText(const Value& value, const std::string& time_zone) {
  const auto& items = std::get<std::vector<Value>>(value.data);
  std::vector<std::string> parts;
  for (size_t i = 0; i < items.size(); ++i) {
    if (value.type.Is(TypeId::kStruct)) parts.push_back("'" + value.type.fields()[i].name + "'");
    parts.push_back(LiteralSql(items[i], time_zone));
  }
  const char* name = value.type.Is(TypeId::kArray) ? "ARRAY" : value.type.Is(TypeId::kMap) ? "MAP" : "NAMED_STRUCT";
  return std::string(name) + "(" + Join(parts, ", ") + ")";
}

// How a call is written where it is not name(args). {0} {1} stand for arguments, {1*} for the rest.
const std::map<std::string, std::string, std::less<>>& CallForms() {
  static const std::map<std::string, std::string, std::less<>> kForms = {
      {"==", "({0} = {1})"},      {"=", "({0} = {1})"},        {"<=>", "({0} <=> {1})"},
      {"<", "({0} < {1})"},       {"<=", "({0} <= {1})"},      {">", "({0} > {1})"},
      {">=", "({0} >= {1})"},     {"+", "({0} + {1})"},        {"-", "({0} - {1})"},
      {"*", "({0} * {1})"},       {"/", "({0} / {1})"},        {"%", "({0} % {1})"},
      {"div", "({0} div {1})"},   {"and", "({0} AND {1})"},    {"or", "({0} OR {1})"},
      {"&", "({0} & {1})"},       {"|", "({0} | {1})"},        {"^", "({0} ^ {1})"},
      {"<<", "({0} << {1})"},     {">>", "({0} >> {1})"},      {">>>", "({0} >>> {1})"},
      {"not", "(NOT {0})"},       {"!", "(NOT {0})"},          {"negative", "(- {0})"},
      {"positive", "(+ {0})"},    {"~", "~{0}"},               {"isnull", "({0} IS NULL)"},
      {"isnotnull", "({0} IS NOT NULL)"},                      {"in", "({0} IN ({1*}))"},
      {"like", "{0} LIKE {1}"},   {"rlike", "RLIKE({0}, {1})"}, {"if", "(IF({0}, {1}, {2}))"},
      {"$array_item", "{0}[{1}]"}, {"$map_item", "{0}[{1}]"}, {"extract", "extract({0} FROM {1})"},
      {"datepart", "datepart({0} FROM {1})"},
  };
  return kForms;
}

std::string CaseText(const std::vector<std::string>& args) {
  std::string text = "CASE";
  size_t i = 0;
  for (; i + 1 < args.size(); i += 2) text += " WHEN " + args[i] + " THEN " + args[i + 1];
  if (i < args.size()) text += " ELSE " + args[i];
  return text + " END";
}

std::string FillForm(const std::string& form, const std::vector<std::string>& args) {
  std::string text;
  for (size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '{') {
      text += form[i];
      continue;
    }
    size_t index = static_cast<size_t>(form[i + 1] - '0');
    if (form[i + 2] == '*') {
      text += Join(std::vector<std::string>(args.begin() + static_cast<long>(std::min(index, args.size())),
                                            args.end()),
                   ", ");
      i += 3;
    } else {
      if (index < args.size()) text += args[index];
      i += 2;
    }
  }
  return text;
}

}  // namespace

namespace {

// Java (before 19) does not print the shortest digits everywhere: whole numbers below 2^62 keep the
// digits their binary precision has, and one digit before an exponent becomes two.
std::string JavaDigits(double value, bool is_float, int exponent, std::string shortest) {
  double magnitude = std::fabs(value);
  int significant = is_float ? 24 : 53;
  if (magnitude < 0x1p62 && magnitude >= std::ldexp(1.0, significant) && magnitude == std::floor(magnitude)) {
    int spare = std::ilogb(magnitude) - significant - 1;
    // Digits that 2^spare cannot tell apart.
    int drop = spare > 1 ? static_cast<int>(spare * 0.30103) : 0;
    auto whole = static_cast<uint64_t>(magnitude);
    uint64_t unit = 1;
    for (int i = 0; i < drop; ++i) unit *= 10;
    whole = (whole + unit / 2) / unit;
    std::string digits = std::to_string(whole);
    while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
    return digits;
  }
  if (shortest.size() > 1 || (exponent >= -3 && exponent < 7)) return shortest;
  char two[16];
  snprintf(two, sizeof(two), "%.1e", magnitude);
  // Only where both digits read back as the same number.
  bool same = is_float ? std::strtof(two, nullptr) == static_cast<float>(magnitude) : std::strtod(two, nullptr) == magnitude;
  if (!same || two[2] == '0' || std::atoi(two + 4) != exponent) return shortest;
  return std::string{two[0], two[2]};
}

}  // namespace

std::string DoubleText(double value, bool is_float) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
  std::array<char, 64> buffer{};
  auto end = is_float ? std::to_chars(buffer.data(), buffer.data() + buffer.size(), static_cast<float>(value),
                                      std::chars_format::scientific)
                      : std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                      std::chars_format::scientific);
  std::string shortest(buffer.data(), end.ptr);
  size_t e = shortest.find('e');
  int exponent = std::atoi(shortest.c_str() + e + 1);
  std::string sign = shortest[0] == '-' ? "-" : "";
  std::string digits;
  for (char c : shortest.substr(0, e)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  digits = JavaDigits(value, is_float, exponent, std::move(digits));
  if (exponent < -3 || exponent >= 7) {
    std::string fraction = digits.substr(1);
    return sign + digits.substr(0, 1) + "." + (fraction.empty() ? "0" : fraction) + "E" +
           std::to_string(exponent);
  }
  if (exponent < 0) return sign + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  auto whole = static_cast<size_t>(exponent) + 1;
  while (digits.size() < whole) digits += '0';
  std::string fraction = digits.substr(whole);
  return sign + digits.substr(0, whole) + "." + (fraction.empty() ? "0" : fraction);
}

std::string LiteralText(const Value& value, const std::string& time_zone) {
  if (value.is_null()) return "NULL";
  if (value.type.Is(TypeId::kString)) return std::get<std::string>(value.data);
  return LiteralSql(value, time_zone);
}

std::string PlainLiteralText(const Value& value, const std::string& time_zone) {
  if (value.is_null()) return "null";
  switch (value.type.id()) {
    case TypeId::kString:
      return std::get<std::string>(value.data);
    case TypeId::kBinary:
      return "0x" + HexText(std::get<std::string>(value.data));
    case TypeId::kDate:
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz: {
      std::string sql = LiteralSql(value, time_zone);  // KEYWORD 'text'
      size_t quote = sql.find('\'');
      return sql.substr(quote + 1, sql.size() - quote - 2);
    }
    case TypeId::kArray:
    case TypeId::kStruct: {
      std::vector<std::string> parts;
      for (const Value& item : std::get<std::vector<Value>>(value.data)) parts.push_back(PlainLiteralText(item, time_zone));
      return "[" + Join(parts, ",") + "]";
    }
    default:
      return LiteralSql(value, time_zone);
  }
}

std::string LiteralSql(const Value& value, const std::string& time_zone) {
  if (value.is_null()) return "NULL";
  switch (value.type.id()) {
    case TypeId::kNull:
      return "NULL";
    case TypeId::kBoolean:
      return std::get<bool>(value.data) ? "true" : "false";
    case TypeId::kFloat:
    case TypeId::kDouble:
      return DoubleText(std::get<double>(value.data), value.type.Is(TypeId::kFloat));
    case TypeId::kDecimal:
      return JavaDecimalText(std::get<Int128>(value.data), value.type.scale());
    case TypeId::kString:
      return "'" + ReplaceAll(ReplaceAll(std::get<std::string>(value.data), "\\", "\\\\"), "'", "\\'") + "'";
    case TypeId::kBinary:
      return "X'" + HexText(std::get<std::string>(value.data)) + "'";
    case TypeId::kDate:
      return "DATE '" + DateText(std::get<int64_t>(value.data)) + "'";
    case TypeId::kTimestamp: {
      int64_t micros = std::get<int64_t>(value.data);
      int64_t seconds = micros / kMicrosPerSecond - (micros % kMicrosPerSecond < 0 ? 1 : 0);
      int64_t offset = ZoneOffsetSeconds(time_zone, seconds, ClockKind::kInstant).value_or(0);
      return "TIMESTAMP '" + TimestampText(micros + offset * kMicrosPerSecond) + "'";
    }
    case TypeId::kTimestampNtz:
      return "TIMESTAMP_NTZ '" + TimestampText(std::get<int64_t>(value.data)) + "'";
    case TypeId::kYearMonthInterval:
      return YearMonthText(std::get<int64_t>(value.data), value.type);
    case TypeId::kDayTimeInterval:
      return DayTimeText(std::get<int64_t>(value.data), value.type);
    case TypeId::kCalendarInterval:
      return CalendarIntervalText(std::get<CalendarInterval>(value.data));
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kStruct:
      return NestedText(value, time_zone);
    default:
      return std::to_string(std::get<int64_t>(value.data));
  }
}

std::string CallText(const std::string& name, const std::vector<std::string>& args, bool distinct) {
  std::string lower = ToLowerAscii(name);
  if (lower == "when") return CaseText(args);
  if (lower == "like" && args.size() == 3) return args[0] + " LIKE " + args[1] + " ESCAPE '" + args[2] + "'";
  if (lower == "log" && args.size() == 1) return "LOG(E(), " + args[0] + ")";
  if (args.size() == 2 && (lower == "trim" || lower == "ltrim" || lower == "rtrim")) {
    const char* side = lower == "trim" ? "BOTH " : lower == "ltrim" ? "LEADING " : "TRAILING ";
    return "TRIM(" + (side + args[0]) + " FROM " + args[1] + ")";
  }
  auto form = CallForms().find(lower);
  if (form != CallForms().end()) return FillForm(form->second, args);
  return name + "(" + (distinct ? "DISTINCT " : "") + Join(args, ", ") + ")";
}

}  // namespace ashlar::sql
