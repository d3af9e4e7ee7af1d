#include "delta/partition_values.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"

namespace ashlar::delta {
namespace {

constexpr int64_t kMicrosPerSecond = 1000000;
constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
constexpr int64_t kMicrosPerDay = 86400 * kMicrosPerSecond;

// Takes a run of digits off the front; nullopt unless its length is in [min, max].
std::optional<int64_t> TakeDigits(std::string_view* text, size_t min, size_t max) {
  size_t count = 0;
  int64_t value = 0;
  while (count < text->size() && count < max && (*text)[count] >= '0' && (*text)[count] <= '9') {
    value = value * 10 + ((*text)[count] - '0');
    ++count;
  }
  if (count < min) return std::nullopt;
  text->remove_prefix(count);
  return value;
}

bool TakeChar(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

std::optional<int64_t> TakeDate(std::string_view* text) {
  bool negative = TakeChar(text, '-');
  if (!negative) TakeChar(text, '+');
  std::optional<int64_t> year = TakeDigits(text, 4, 7);
  if (!year || !TakeChar(text, '-')) return std::nullopt;
  std::optional<int64_t> month = TakeDigits(text, 1, 2);
  if (!month || *month < 1 || *month > 12 || !TakeChar(text, '-')) return std::nullopt;
  std::optional<int64_t> day = TakeDigits(text, 1, 2);
  if (!day || *day < 1 || *day > 31) return std::nullopt;
  int64_t signed_year = negative ? -*year : *year;
  int64_t days = DaysFromCivil(signed_year, static_cast<int>(*month), static_cast<int>(*day));
  CivilDate back = CivilFromDays(days);
  if (back.month != *month || back.day != *day) return std::nullopt;  // 30 February
  return days;
}

// "[T| ]HH:mm[:ss[.f…]][Z|±hh[:mm]]", all of the text: microseconds since the day began in UTC, where there is
// a zone.
std::optional<int64_t> TakeTime(std::string_view* text, bool* has_zone) {
  if (!TakeChar(text, 'T') && !TakeChar(text, ' ')) return std::nullopt;
  std::optional<int64_t> hour = TakeDigits(text, 1, 2);
  if (!hour || *hour > 23 || !TakeChar(text, ':')) return std::nullopt;
  std::optional<int64_t> minute = TakeDigits(text, 1, 2);
  if (!minute || *minute > 59) return std::nullopt;
  int64_t micros = (*hour * 60 + *minute) * kMicrosPerMinute;
  if (TakeChar(text, ':')) {
    std::optional<int64_t> second = TakeDigits(text, 1, 2);
    if (!second || *second > 59) return std::nullopt;
    micros += *second * kMicrosPerSecond;
    if (TakeChar(text, '.')) {
      int64_t unit = kMicrosPerSecond / 10;
      if (text->empty() || text->front() < '0' || text->front() > '9') return std::nullopt;
      while (!text->empty() && text->front() >= '0' && text->front() <= '9') {
        micros += (text->front() - '0') * unit;
        unit /= 10;
        text->remove_prefix(1);
      }
    }
  }
  if (text->empty()) return micros;
  *has_zone = true;
  if (*text == "Z") return micros;
  bool west = TakeChar(text, '-');
  if (!west && !TakeChar(text, '+')) return std::nullopt;
  std::optional<int64_t> zone_hour = TakeDigits(text, 2, 2);
  TakeChar(text, ':');
  std::optional<int64_t> zone_minute = text->empty() ? 0 : TakeDigits(text, 2, 2);
  if (!zone_hour || !zone_minute || *zone_minute > 59 || !text->empty()) return std::nullopt;
  int64_t zone = (*zone_hour * 60 + *zone_minute) * kMicrosPerMinute;
  return west ? micros + zone : micros - zone;
}

std::string Padded(int64_t value, size_t width) {
  std::string digits = std::to_string(value);
  return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
}

// As Java writes a double or float: always with a point or an exponent.
template <typename T>
std::string FloatText(T value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  char buffer[64];
  auto written = std::to_chars(buffer, buffer + sizeof(buffer), value);
  std::string text(buffer, written.ptr);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::optional<double> ParseDouble(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Value> ParseDecimal(std::string_view text, const DataType& type) {
  Result<Value> exact = DecimalFromText(text);
  if (!exact.ok()) return std::nullopt;
  auto unscaled = std::get<Int128>(exact->data);
  for (int scale = exact->type.scale(); scale < type.scale(); ++scale) {
    if (__builtin_mul_overflow(unscaled, Int128{10}, &unscaled)) return std::nullopt;
  }
  for (int scale = exact->type.scale(); scale > type.scale(); --scale) {
    if (unscaled % 10 != 0) return std::nullopt;
    unscaled /= 10;
  }
  return Value{type, unscaled};
}

std::optional<Value> ParseIntegral(std::string_view text, const DataType& type) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::optional<int64_t> value = ParseInt64(text);
  if (!value.has_value()) return std::nullopt;
  int bits = type.Is(TypeId::kByte) ? 8 : type.Is(TypeId::kShort) ? 16 : type.Is(TypeId::kInt) ? 32 : 64;
  if (bits < 64 && (*value >= (int64_t{1} << (bits - 1)) || *value < -(int64_t{1} << (bits - 1)))) {
    return std::nullopt;
  }
  return Value{type, *value};
}

std::optional<Value> ParseText(std::string_view text, const DataType& type, const WallClock& clock) {
  switch (type.id()) {
    case TypeId::kBoolean:
      if (EqualsIgnoreCase(text, "true")) return Value::Boolean(true);
      if (EqualsIgnoreCase(text, "false")) return Value::Boolean(false);
      return std::nullopt;
    case TypeId::kByte:
    case TypeId::kShort:
    case TypeId::kInt:
    case TypeId::kLong:
      return ParseIntegral(text, type);
    case TypeId::kFloat:
    case TypeId::kDouble: {
      std::optional<double> value = ParseDouble(text);
      if (!value.has_value()) return std::nullopt;
      return Value{type, *value};
    }
    case TypeId::kDecimal:
      return ParseDecimal(text, type);
    case TypeId::kString:
    case TypeId::kBinary:
      return Value{type, std::string(text)};
    case TypeId::kDate:
      return DateOfText(text, type);
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz: {
      std::optional<ParsedTimestamp> parsed = ParseTimestampText(text);
      if (!parsed.has_value()) return std::nullopt;
      bool of_clock = clock && !parsed->has_zone && type.Is(TypeId::kTimestamp);
      return Value{type, of_clock ? clock(parsed->micros) : parsed->micros};
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<int64_t> ParseDateText(std::string_view text) {
  std::optional<int64_t> days = TakeDate(&text);
  return text.empty() ? days : std::nullopt;
}

std::optional<Value> DateOfText(std::string_view text, const DataType& type) {
  std::optional<int64_t> days = ParseDateText(text.substr(0, text.find_first_of(" T")));
  if (!days.has_value()) return std::nullopt;
  return Value{type, *days};
}

std::string DateText(int64_t days) {
  CivilDate date = CivilFromDays(days);
  std::string year = date.year < 0 ? "-" + Padded(-date.year, 4) : Padded(date.year, 4);
  if (date.year > 9999) year = "+" + year;
  return year + "-" + Padded(date.month, 2) + "-" + Padded(date.day, 2);
}

std::optional<ParsedTimestamp> ParseTimestampText(std::string_view text) {
  std::optional<int64_t> days = TakeDate(&text);
  if (!days.has_value()) return std::nullopt;
  bool has_zone = false;
  std::optional<int64_t> time = text.empty() ? 0 : TakeTime(&text, &has_zone);
  if (!time.has_value()) return std::nullopt;
  // Microseconds reach ±292,000 years.
  Int128 micros = Int128{*days} * kMicrosPerDay + *time;
  if (micros > INT64_MAX || micros < INT64_MIN) return std::nullopt;
  return ParsedTimestamp{static_cast<int64_t>(micros), has_zone};
}

std::string TimestampText(int64_t micros) {
  int64_t days = micros / kMicrosPerDay;
  int64_t rest = micros % kMicrosPerDay;
  if (rest < 0) {
    --days;
    rest += kMicrosPerDay;
  }
  int64_t seconds = rest / kMicrosPerSecond;
  return DateText(days) + "T" + Padded(seconds / 3600, 2) + ":" + Padded(seconds / 60 % 60, 2) + ":" +
         Padded(seconds % 60, 2) + "." + Padded(rest % kMicrosPerSecond, 6);
}

Result<std::optional<std::string>> EncodePartitionValue(const Value& value) {
  if (value.is_null()) return std::optional<std::string>();
  auto text = [](std::string encoded) { return std::optional(std::move(encoded)); };
  switch (value.type.id()) {
    case TypeId::kBoolean:
      return text(std::get<bool>(value.data) ? "true" : "false");
    case TypeId::kByte:
    case TypeId::kShort:
    case TypeId::kInt:
    case TypeId::kLong:
      return text(std::to_string(std::get<int64_t>(value.data)));
    case TypeId::kFloat:
      return text(FloatText(static_cast<float>(std::get<double>(value.data))));
    case TypeId::kDouble:
      return text(FloatText(std::get<double>(value.data)));
    case TypeId::kDecimal:
      return text(DecimalToText(std::get<Int128>(value.data), value.type.scale()));
    case TypeId::kString:
    case TypeId::kBinary:
      return text(std::get<std::string>(value.data));
    case TypeId::kDate:
      return text(DateText(std::get<int64_t>(value.data)));
    case TypeId::kTimestamp:
      return text(TimestampText(std::get<int64_t>(value.data)) + "Z");
    case TypeId::kTimestampNtz: {
      std::string iso = TimestampText(std::get<int64_t>(value.data));
      iso[iso.find('T')] = ' ';
      return text(std::move(iso));
    }
    default:
      return MakeError(ErrorCode::kInvalidParameterValue,
                       "a value of type " + value.type.Sql() + " cannot be a partition value");
  }
}

Result<Value> DecodePartitionValue(const std::optional<std::string>& text, const DataType& type,
                                   const WallClock& clock) {
  if (!text.has_value() || text->empty()) return Value::Null(type);
  std::optional<Value> value = ParseText(*text, type, clock);
  if (value.has_value()) return *std::move(value);
  return MakeSqlError("DELTA_FAILED_CAST_PARTITION_VALUE", "22018",
                      "Failed to read the partition value '" + *text + "' as " + type.Sql() + ".",
                      {{"value", *text}, {"dataType", type.Sql()}});
}

}  // namespace ashlar::delta
