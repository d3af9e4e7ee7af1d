// The kernels of CAST (cast_lowering.h). Names: spark_cast_<what>, with try_ for NULL instead of an
// error and wrap_ for what legacy casts do with numbers that do not fit.
#include <cmath>
#include <limits>

#include "base/text.h"
#include "engine/functions/datetime_text.h"
#include "engine/functions/decimal_math.h"
#include "engine/functions/kernel_binding.h"
#include "engine/functions/number_text.h"
#include "engine/functions/time_zone.h"
#include "sql/analyze/expr_text.h"
#include "sql/parse/literal.h"
#include "types/value.h"

namespace ashlar::engine {
namespace {

std::string QuotedText(std::string_view text) {
  return "'" + ReplaceAll(ReplaceAll(std::string(text), "\\", "\\\\"), "'", "\\'") + "'";
}

[[noreturn]] void FailInput(const CallSite& site, const std::string& expression, std::string_view source,
                            std::string_view target) {
  std::string from = "\"" + std::string(source) + "\"", to = "\"" + std::string(target) + "\"";
  Fail("CAST_INVALID_INPUT", "22018",
       "The value " + expression + " of the type " + from + " cannot be cast to " + to +
           " because it is malformed. Correct the value as per the syntax, or change its target type. Use `try_cast` "
           "to tolerate malformed input and return NULL instead.",
       {{"expression", expression}, {"sourceType", from}, {"targetType", to}, {"ansiConfig", kAnsiConfig}}, site.span);
}

[[noreturn]] void FailOverflowCast(const std::string& value, std::string_view source, std::string_view target) {
  std::string from = "\"" + std::string(source) + "\"", to = "\"" + std::string(target) + "\"";
  Fail("CAST_OVERFLOW", "22003",
       "The value " + value + " of the type " + from + " cannot be cast to " + to +
           " due to an overflow. Use `try_cast` to tolerate overflow and return NULL instead.",
       {{"value", value}, {"sourceType", from}, {"targetType", to}, {"ansiConfig", kAnsiConfig}});
}

[[noreturn]] void FailPrecision(const CallSite& site, const std::string& value) {
  std::string precision = std::to_string(site.numbers[0]), scale = std::to_string(site.numbers[1]);
  Fail("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "22003",
       "The " + value + " cannot be represented as Decimal(" + precision + ", " + scale + "). If necessary set " +
           kAnsiConfig + " to \"false\" to bypass this error, and return NULL instead.",
       {{"value", value}, {"precision", precision}, {"scale", scale}, {"config", kAnsiConfig}}, site.span);
}

template <typename T>
constexpr std::string_view TypeName() {
  if constexpr (std::is_same_v<T, int8_t>) return "TINYINT";
  if constexpr (std::is_same_v<T, int16_t>) return "SMALLINT";
  if constexpr (std::is_same_v<T, int32_t>) return "INT";
  if constexpr (std::is_same_v<T, int64_t>) return "BIGINT";
  if constexpr (std::is_same_v<T, float>) return "FLOAT";
  if constexpr (std::is_same_v<T, double>) return "DOUBLE";
  if constexpr (std::is_same_v<T, bool>) return "BOOLEAN";
}

// ---- from strings -------------------------------------------------------------------------------

template <typename T, bool Lenient = false>
std::optional<T> TryText(const CallSite&, std::string_view text) {
  if constexpr (std::is_same_v<T, bool>) {
    return ParseBoolean(text);
  } else if constexpr (std::is_same_v<T, double>) {
    return ParseDouble(text);
  } else if constexpr (std::is_same_v<T, float>) {
    return ParseFloat(text);
  } else {
    auto value = ParseIntegral(text, Lenient);
    if (!value || *value < std::numeric_limits<T>::min() || *value > std::numeric_limits<T>::max()) return std::nullopt;
    return static_cast<T>(*value);
  }
}
template <typename T>
T FromText(const CallSite& site, std::string_view text) {
  auto value = TryText<T>(site, text);
  if (!value) FailInput(site, QuotedText(text), "STRING", TypeName<T>());
  return *value;
}

std::optional<int32_t> TryTextToDate(const CallSite&, std::string_view text) { return ParseDate(text); }
int32_t TextToDate(const CallSite& site, std::string_view text) {
  auto value = ParseDate(text);
  if (!value) FailInput(site, QuotedText(text), "STRING", "DATE");
  return *value;
}
std::optional<int64_t> TryTextToTimestamp(const CallSite& site, std::string_view text) {
  return ParseTimestamp(text, site.zone);
}
int64_t TextToTimestamp(const CallSite& site, std::string_view text) {
  auto value = ParseTimestamp(text, site.zone);
  if (!value) FailInput(site, QuotedText(text), "STRING", "TIMESTAMP");
  return *value;
}
std::optional<int64_t> TryTextToNtz(const CallSite&, std::string_view text) { return ParseTimestamp(text, nullptr); }
int64_t TextToNtz(const CallSite& site, std::string_view text) {
  auto value = ParseTimestamp(text, nullptr);
  if (!value) FailInput(site, QuotedText(text), "STRING", "TIMESTAMP_NTZ");
  return *value;
}

std::optional<Int128> Fitted(const CallSite& site, const DecimalText& number) {
  int scale = static_cast<int>(site.numbers[1]);
  WideInteger value = number.unscaled;
  if (number.scale > scale) {
    value = value.DividedByPowerOfTen(number.scale - scale);
  } else {
    auto scaled = value.TimesPowerOfTen(scale - number.scale);
    if (!scaled) return std::nullopt;
    value = *scaled;
  }
  if (!value.FitsDigits(static_cast<int>(site.numbers[0]))) return std::nullopt;
  return value.ToInt128();
}
std::optional<Int128> TryTextToDecimal(const CallSite& site, std::string_view text) {
  auto number = ParseDecimal(text);
  if (!number || number->too_large) return std::nullopt;
  return Fitted(site, *number);
}
Int128 TextToDecimal(const CallSite& site, std::string_view text) {
  auto number = ParseDecimal(text);
  if (!number) FailInput(site, QuotedText(text), "STRING", site.texts[0]);
  if (number->too_large) {
    Fail("NUMERIC_OUT_OF_SUPPORTED_RANGE", "22003",
         "The value " + std::string(text) + " cannot be interpreted as a numeric since it has more than 38 digits.",
         {{"value", std::string(text)}});
  }
  auto value = Fitted(site, *number);
  if (!value) FailPrecision(site, PlainText(number->unscaled, number->scale));
  return *value;
}

// The fields of an interval type: numbers[0] is 1 for year-month, then the first and the last field.
DataType IntervalType(const CallSite& site) {
  int first = static_cast<int>(site.numbers[1]), last = static_cast<int>(site.numbers[2]);
  return site.numbers[0] == 1 ? DataType::YearMonthInterval(first, last) : DataType::DayTimeInterval(first, last);
}
std::string_view FieldName(bool months, int64_t field) {
  constexpr std::string_view kMonths[] = {"year", "month"}, kTimes[] = {"day", "hour", "minute", "second"};
  return months ? kMonths[field] : kTimes[field];
}

// Also "INTERVAL '3' DAY", as CAST AS STRING prints it.
Result<Value> ParseInterval(const CallSite& site, std::string_view text) {
  bool months = site.numbers[0] == 1;
  std::string_view first = FieldName(months, site.numbers[1]), last = FieldName(months, site.numbers[2]);
  std::string_view body = Trim(text);
  std::string upper = ToUpperAscii(body);
  bool negative = false;
  std::string suffix = ToUpperAscii(first == last ? std::string(first) : std::string(first) + " TO " + std::string(last));
  if (upper.starts_with("INTERVAL") && upper.ends_with(suffix)) {
    body = Trim(body.substr(8, body.size() - 8 - suffix.size()));
    negative = body.starts_with('-');
    if (negative || body.starts_with('+')) body.remove_prefix(1);
    if (body.size() < 2 || body.front() != '\'' || body.back() != '\'') body = "";
    else body = body.substr(1, body.size() - 2);
  }
  Result<Value> value = Value::Null();
  if (first == last) {
    value = sql::MultiUnitInterval({{std::string(body), std::string(first)}}, text);
    if (!value.ok()) {
      std::string form = std::string("`[+|-]") + first.front() + "`, `INTERVAL [+|-]'[+|-]" + first.front() + "' " + ToUpperAscii(first) + "`";
      std::string kind = months ? "year-month" : "day-time";
      std::string sub = months ? "UNMATCHED_FORMAT_STRING" : "UNMATCHED_FORMAT_STRING_WITH_NOTICE";
      return MakeSqlError("INVALID_INTERVAL_FORMAT." + sub, "22006",
                          "Error parsing '" + std::string(text) + "' to interval. Interval string does not match " + kind +
                              " format of " + form + " when cast to interval " + std::string(first) + ": " + std::string(text) + ".",
                          {{"input", std::string(text)}, {"intervalStr", kind}, {"supportedFormat", form},
                           {"typeName", "interval " + std::string(first)}});
    }
  } else {
    value = sql::UnitToUnitInterval(body, first, last);
  }
  if (value.ok() && negative) value->data = -std::get<int64_t>(value->data);
  return value;
}
template <typename T>
T TextToInterval(const CallSite& site, std::string_view text) {
  auto value = ParseInterval(site, text);
  if (!value.ok()) ThrowSparkError(value.error());
  return static_cast<T>(std::get<int64_t>(value->data));
}
template <typename T>
std::optional<T> TryTextToInterval(const CallSite& site, std::string_view text) {
  auto value = ParseInterval(site, text);
  if (!value.ok()) return std::nullopt;
  return static_cast<T>(std::get<int64_t>(value->data));
}

// ---- between numbers ----------------------------------------------------------------------------

template <typename T>
std::optional<T> TryNarrow(const CallSite&, int64_t value) {
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) return std::nullopt;
  return static_cast<T>(value);
}
// texts: the type, and the letter of its literals.
template <typename T>
T Narrow(const CallSite& site, int64_t value) {
  auto out = TryNarrow<T>(site, value);
  if (!out) FailOverflowCast(std::to_string(value) + site.texts[1], site.texts[0], TypeName<T>());
  return *out;
}
template <typename T>
T WrapNarrow(const CallSite&, int64_t value) { return static_cast<T>(value); }

template <typename T>
bool Fits(double value) {
  // The largest value plus one is a power of two and exact.
  double limit = std::ldexp(1.0, static_cast<int>(sizeof(T) * 8 - 1));
  return std::trunc(value) >= -limit && std::trunc(value) < limit;
}
template <typename T>
std::optional<T> TryTruncate(const CallSite&, double value) {
  if (!Fits<T>(value)) return std::nullopt;
  return static_cast<T>(value);
}
template <typename T>
T TruncateDouble(const CallSite& site, double value) {
  if (!Fits<T>(value)) {
    FailOverflowCast(std::isfinite(value) ? DoubleText(value) + "D" : DoubleText(value), "DOUBLE", TypeName<T>());
  }
  (void)site;
  return static_cast<T>(value);
}
template <typename T>
T TruncateFloat(const CallSite&, float value) {
  if (!Fits<T>(value)) FailOverflowCast(FloatText(value), "FLOAT", TypeName<T>());
  return static_cast<T>(value);
}
// As Java: NaN is 0, what does not fit is the nearest; bytes and shorts by way of int.
template <typename T>
T WrapTruncate(const CallSite&, double value) {
  using Wide = std::conditional_t<(sizeof(T) < 4), int32_t, T>;
  if (std::isnan(value)) return 0;
  if (!Fits<Wide>(value)) {
    return static_cast<T>(value < 0 ? std::numeric_limits<Wide>::min() : std::numeric_limits<Wide>::max());
  }
  return static_cast<T>(static_cast<Wide>(value));
}

std::optional<Int128> Whole(const CallSite& site, Int128 value) { return value / PowerOfTen(site.scales[0]); }
template <typename T>
std::optional<T> TryDecimalToIntegral(const CallSite& site, Int128 value) {
  Int128 whole = *Whole(site, value);
  if (whole < std::numeric_limits<T>::min() || whole > std::numeric_limits<T>::max()) return std::nullopt;
  return static_cast<T>(whole);
}
template <typename T>
T DecimalToIntegral(const CallSite& site, Int128 value) {
  auto out = TryDecimalToIntegral<T>(site, value);
  if (!out) {
    FailOverflowCast(PlainText(WideInteger::From(value), site.scales[0]) + "BD", site.texts[0], TypeName<T>());
  }
  return *out;
}
template <typename T>
T WrapDecimalToIntegral(const CallSite& site, Int128 value) { return static_cast<T>(*Whole(site, value)); }

// Nearest double: division is exact enough only for numbers that are doubles themselves.
double DecimalToDouble(const CallSite& site, Int128 value) {
  int scale = site.scales[0];
  constexpr Int128 kExact = Int128{1} << 53;
  if (scale <= 22 && value > -kExact && value < kExact) {
    return static_cast<double>(value) / static_cast<double>(PowerOfTen(scale));
  }
  return std::strtod(PlainText(WideInteger::From(value), scale).c_str(), nullptr);
}
float DecimalToFloat(const CallSite& site, Int128 value) {
  return std::strtof(PlainText(WideInteger::From(value), site.scales[0]).c_str(), nullptr);
}

std::optional<Int128> TryRescale(const CallSite& site, Int128 value) {
  return Fitted(site, {WideInteger::From(value), site.scales[0], false});
}
Int128 RescaleDecimal(const CallSite& site, Int128 value) {
  auto out = TryRescale(site, value);
  if (!out) FailPrecision(site, PlainText(WideInteger::From(value), site.scales[0]));
  return *out;
}
std::optional<Int128> TryLongToDecimal(const CallSite& site, int64_t value) {
  return Fitted(site, {WideInteger::From(value), 0, false});
}
Int128 LongToDecimal(const CallSite& site, int64_t value) {
  auto out = TryLongToDecimal(site, value);
  if (!out) FailPrecision(site, std::to_string(value));
  return *out;
}
std::optional<Int128> TryDoubleToDecimal(const CallSite& site, double value) {
  if (!std::isfinite(value)) return std::nullopt;
  auto number = ParseDecimal(DoubleText(value));
  if (!number || number->too_large) return std::nullopt;
  return Fitted(site, *number);
}
// NaN and infinities are NULL in every mode.
std::optional<Int128> DoubleToDecimal(const CallSite& site, double value) {
  auto out = TryDoubleToDecimal(site, value);
  if (out || !std::isfinite(value)) return out;
  std::string digits = DoubleText(value);
  size_t e = digits.find('E');
  if (e != std::string::npos) {
    // The shortest digits, then zeros: as BigDecimal prints it.
    std::string mantissa = digits.substr(0, e);
    int exponent = std::atoi(digits.c_str() + e + 1);
    std::string sign = mantissa[0] == '-' ? "-" : "";
    std::string plain;
    for (char c : mantissa) {
      if (c >= '0' && c <= '9') plain += c;
    }
    while (plain.size() > 1 && plain.back() == '0' && static_cast<int>(plain.size()) > exponent + 1) plain.pop_back();
    if (static_cast<int>(plain.size()) <= exponent + 1) {
      plain.append(static_cast<size_t>(exponent) + 1 - plain.size(), '0');
    } else {
      plain.insert(static_cast<size_t>(exponent) + 1, ".");
    }
    digits = sign + plain;
  } else if (digits.ends_with(".0")) {
    digits.resize(digits.size() - 2);
  }
  FailPrecision(site, digits);
}
float DoubleToFloat(const CallSite&, double value) { return static_cast<float>(value); }

// A number of units as an interval; numbers[0] is the unit's size, the texts are the types.
template <typename T>
T UnitsToInterval(const CallSite& site, int64_t count) {
  Int128 value = static_cast<Int128>(count) * site.numbers[0];
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
    FailOverflowCast(std::to_string(count), site.texts[0], site.texts[1]);
  }
  return static_cast<T>(value);
}

// ---- timestamps and numbers ---------------------------------------------------------------------

template <typename T>
std::optional<T> TryTimestampToIntegral(const CallSite& site, int64_t micros) {
  return TryNarrow<T>(site, FloorDiv(micros, kMicrosPerSecond));
}
template <typename T>
T TimestampToIntegral(const CallSite& site, int64_t micros) {
  auto out = TryTimestampToIntegral<T>(site, micros);
  if (!out) FailOverflowCast("TIMESTAMP '" + TimestampText(site.zone->ToLocal(micros)) + "'", "TIMESTAMP", TypeName<T>());
  return *out;
}
template <typename T>
T WrapTimestampToIntegral(const CallSite&, int64_t micros) { return static_cast<T>(FloorDiv(micros, kMicrosPerSecond)); }
double TimestampToDouble(const CallSite&, int64_t micros) { return static_cast<double>(micros) / 1e6; }
std::optional<Int128> TryTimestampToDecimal(const CallSite& site, int64_t micros) {
  return Fitted(site, {WideInteger::From(micros), 6, false});
}
Int128 TimestampToDecimal(const CallSite& site, int64_t micros) {
  auto out = TryTimestampToDecimal(site, micros);
  if (!out) FailPrecision(site, PlainText(WideInteger::From(micros), 6));
  return *out;
}
// Seconds; beyond the range of timestamps the nearest.
int64_t LongToTimestamp(const CallSite&, int64_t seconds) {
  int64_t micros;
  if (!__builtin_mul_overflow(seconds, kMicrosPerSecond, &micros)) return micros;
  return seconds < 0 ? INT64_MIN : INT64_MAX;
}
std::optional<int64_t> TryDoubleToTimestamp(const CallSite&, double seconds) {
  if (!std::isfinite(seconds)) return std::nullopt;
  double micros = seconds * 1e6;
  if (!Fits<int64_t>(micros)) return std::nullopt;
  return static_cast<int64_t>(micros);
}
std::optional<int64_t> DoubleToTimestamp(const CallSite& site, double seconds) {
  auto out = TryDoubleToTimestamp(site, seconds);
  if (out) return out;
  if (std::isfinite(seconds)) {
    FailOverflowCast(DoubleText(seconds) + "D", "DOUBLE", "TIMESTAMP");
  }
  FailInput(site, DoubleText(seconds), "DOUBLE", "TIMESTAMP");
}
std::optional<int64_t> WrapDoubleToTimestamp(const CallSite&, double seconds) {
  if (!std::isfinite(seconds)) return std::nullopt;
  return WrapTruncate<int64_t>({}, seconds * 1e6);
}
int64_t DecimalToTimestamp(const CallSite& site, Int128 seconds) {
  int scale = site.scales[0];
  Int128 micros = scale >= 6 ? seconds / PowerOfTen(scale - 6) : seconds * PowerOfTen(6 - scale);
  return static_cast<int64_t>(micros);
}

// ---- dates, timestamps, zones -------------------------------------------------------------------

int32_t TimestampToDate(const CallSite& site, int64_t micros) {
  return static_cast<int32_t>(FloorDiv(site.zone->ToLocal(micros), kMicrosPerDay));
}
int64_t DateToTimestamp(const CallSite& site, int32_t days) { return site.zone->ToUtc(days * kMicrosPerDay); }
int64_t TimestampToNtz(const CallSite& site, int64_t micros) { return site.zone->ToLocal(micros); }
int64_t NtzToTimestamp(const CallSite& site, int64_t micros) { return site.zone->ToUtc(micros); }
int32_t NtzToDate(const CallSite&, int64_t micros) { return static_cast<int32_t>(FloorDiv(micros, kMicrosPerDay)); }
int64_t DateToNtz(const CallSite&, int32_t days) { return days * kMicrosPerDay; }

// ---- to strings ---------------------------------------------------------------------------------

std::string DoubleToText(const CallSite&, double value) { return DoubleText(value); }
std::string FloatToText(const CallSite&, float value) { return FloatText(value); }
std::string DateToText(const CallSite&, int32_t days) { return DateText(days); }
std::string NtzToText(const CallSite&, int64_t micros) { return TimestampText(micros); }
std::string TimestampToText(const CallSite& site, int64_t micros) { return TimestampText(site.zone->ToLocal(micros)); }
template <typename T>
std::string IntervalToText(const CallSite& site, T value) {
  return sql::LiteralSql(Value{IntervalType(site), int64_t{value}}, "UTC");
}
std::string CalendarToText(const CallSite&, duckdb::interval_t value) {
  Value literal{TypeId::kCalendarInterval, CalendarInterval{value.months, value.days, value.micros}};
  std::string text = sql::LiteralSql(literal, "UTC");
  size_t quote = text.find('\'');
  return text.substr(quote + 1, text.size() - quote - 2);
}
// Bytes that are no UTF-8 become U+FFFD.
std::string BinaryToText(const CallSite&, std::string_view bytes) {
  if (IsValidUtf8(bytes)) return std::string(bytes);
  std::string out;
  while (!bytes.empty()) {
    size_t n = 1;
    while (n < 4 && n <= bytes.size() && !IsValidUtf8(bytes.substr(0, n))) ++n;
    bool valid = n <= 4 && n <= bytes.size() && IsValidUtf8(bytes.substr(0, n));
    out += valid ? std::string(bytes.substr(0, n)) : "\xEF\xBF\xBD";
    bytes.remove_prefix(valid ? n : 1);
  }
  return out;
}
Bytes TextToBinary(const CallSite&, std::string_view text) { return {std::string(text)}; }
template <typename T>
Bytes IntegralToBinary(const CallSite&, T value) {
  std::string out;
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return {out};
}

template <typename T>
void AddNumber(Registrar& registrar, const std::string& type, const std::string& letter) {
  auto add = [&](const std::string& shape, const std::string& tail, RunFunction checked,
                 RunFunction lenient, RunFunction wrapped) {
    registrar.Add("spark_cast_to_" + type, shape + "|" + tail + ":" + letter, checked, Throws::kYes);
    registrar.Add("spark_try_cast_to_" + type, shape + ":" + letter, lenient);
    registrar.Add("spark_wrap_cast_to_" + type, shape + ":" + letter, wrapped);
  };
  add("s", "S", Bind<FromText<T>>, Bind<TryText<T>>, Bind<TryText<T, true>>);
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    add("l", "xx", Bind<Narrow<T>>, Bind<TryNarrow<T>>, Bind<WrapNarrow<T>>);
    add("d", "", Bind<TruncateDouble<T>>, Bind<TryTruncate<T>>, Bind<WrapTruncate<T>>);
    registrar.Add("spark_cast_to_" + type, "f:" + letter, Bind<TruncateFloat<T>>, Throws::kYes);
    add("m", "x", Bind<DecimalToIntegral<T>>, Bind<TryDecimalToIntegral<T>>, Bind<WrapDecimalToIntegral<T>>);
    registrar.Add("spark_cast_to_" + type, "T|Z:" + letter, Bind<TimestampToIntegral<T>>, Throws::kYes);
    registrar.Add("spark_try_cast_to_" + type, "T:" + letter, Bind<TryTimestampToIntegral<T>>);
    registrar.Add("spark_wrap_cast_to_" + type, "T:" + letter, Bind<WrapTimestampToIntegral<T>>);
    registrar.Add("spark_cast_to_binary", letter + ":B", Bind<IntegralToBinary<T>>);
  }
}

void AddDecimals(Registrar& registrar) {
  auto add = [&](const std::string& shape, RunFunction checked, RunFunction lenient) {
    registrar.Add("spark_cast_to_decimal", shape + "|kkxS:m", checked, Throws::kYes);
    registrar.Add("spark_try_cast_to_decimal", shape + "|kkxS:m", lenient);
  };
  add("s", Bind<TextToDecimal>, Bind<TryTextToDecimal>);
  add("m", Bind<RescaleDecimal>, Bind<TryRescale>);
  add("l", Bind<LongToDecimal>, Bind<TryLongToDecimal>);
  add("d", Bind<DoubleToDecimal>, Bind<TryDoubleToDecimal>);
  add("T", Bind<TimestampToDecimal>, Bind<TryTimestampToDecimal>);
  registrar.Add("spark_cast_to_double", "m:d", Bind<DecimalToDouble>);
  registrar.Add("spark_cast_to_float", "m:f", Bind<DecimalToFloat>);
}

}  // namespace

void RegisterCasts(Registrar& registrar) {
  AddNumber<int8_t>(registrar, "tinyint", "t");
  AddNumber<int16_t>(registrar, "smallint", "h");
  AddNumber<int32_t>(registrar, "int", "i");
  AddNumber<int64_t>(registrar, "bigint", "l");
  AddNumber<float>(registrar, "float", "f");
  AddNumber<double>(registrar, "double", "d");
  AddNumber<bool>(registrar, "boolean", "b");
  AddDecimals(registrar);
  registrar.Add("spark_cast_to_double", "T:d", Bind<TimestampToDouble>);
  registrar.Add("spark_cast_to_date", "s|S:D", Bind<TextToDate>, Throws::kYes);
  registrar.Add("spark_try_cast_to_date", "s:D", Bind<TryTextToDate>);
  registrar.Add("spark_cast_to_date", "T|Z:D", Bind<TimestampToDate>);
  registrar.Add("spark_cast_to_date", "N:D", Bind<NtzToDate>);
  registrar.Add("spark_cast_to_timestamp", "s|ZS:T", Bind<TextToTimestamp>, Throws::kYes);
  registrar.Add("spark_try_cast_to_timestamp", "s|Z:T", Bind<TryTextToTimestamp>);
  registrar.Add("spark_cast_to_timestamp", "D|Z:T", Bind<DateToTimestamp>);
  registrar.Add("spark_cast_to_timestamp", "N|Z:T", Bind<NtzToTimestamp>);
  registrar.Add("spark_cast_to_timestamp", "l:T", Bind<LongToTimestamp>);
  registrar.Add("spark_cast_to_timestamp", "d|S:T", Bind<DoubleToTimestamp>, Throws::kYes);
  registrar.Add("spark_try_cast_to_timestamp", "d:T", Bind<TryDoubleToTimestamp>);
  registrar.Add("spark_wrap_cast_to_timestamp", "d:T", Bind<WrapDoubleToTimestamp>);
  registrar.Add("spark_cast_to_timestamp", "m:T", Bind<DecimalToTimestamp>);
  registrar.Add("spark_cast_to_ntz", "s|S:N", Bind<TextToNtz>, Throws::kYes);
  registrar.Add("spark_try_cast_to_ntz", "s:N", Bind<TryTextToNtz>);
  registrar.Add("spark_cast_to_ntz", "T|Z:N", Bind<TimestampToNtz>);
  registrar.Add("spark_cast_to_ntz", "D:N", Bind<DateToNtz>);
  registrar.Add("spark_cast_to_months", "s|kkk:i", Bind<TextToInterval<int32_t>>, Throws::kYes);
  registrar.Add("spark_try_cast_to_months", "s|kkk:i", Bind<TryTextToInterval<int32_t>>);
  registrar.Add("spark_cast_to_micros", "s|kkk:l", Bind<TextToInterval<int64_t>>, Throws::kYes);
  registrar.Add("spark_try_cast_to_micros", "s|kkk:l", Bind<TryTextToInterval<int64_t>>);
  registrar.Add("spark_cast_to_string", "d:s", Bind<DoubleToText>);
  registrar.Add("spark_cast_to_string", "f:s", Bind<FloatToText>);
  registrar.Add("spark_cast_to_string", "D:s", Bind<DateToText>);
  registrar.Add("spark_cast_to_string", "N:s", Bind<NtzToText>);
  registrar.Add("spark_cast_to_string", "T|Z:s", Bind<TimestampToText>);
  registrar.Add("spark_cast_to_string", "Y:s", Bind<CalendarToText>);
  registrar.Add("spark_cast_to_string", "B:s", Bind<BinaryToText>);
  registrar.Add("spark_interval_to_string", "i|kkk:s", Bind<IntervalToText<int32_t>>);
  registrar.Add("spark_interval_to_string", "l|kkk:s", Bind<IntervalToText<int64_t>>);
  registrar.Add("spark_cast_to_binary", "s:B", Bind<TextToBinary>);
  registrar.Add("spark_double_to_float", "d:f", Bind<DoubleToFloat>);
  registrar.Add("spark_months_of", "l|kxx:i", Bind<UnitsToInterval<int32_t>>, Throws::kYes);
  registrar.Add("spark_micros_of", "l|kxx:l", Bind<UnitsToInterval<int64_t>>, Throws::kYes);
}

}  // namespace ashlar::engine
