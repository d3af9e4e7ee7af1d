#include "sql/parse/literal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"

namespace ashlar::sql {
namespace {

struct IntegerRow {
  TokenKind kind;
  TypeId type;
  const char* name;
  int64_t min;
  int64_t max;
};
constexpr IntegerRow kIntegers[] = {
    {TokenKind::kTinyInt, TypeId::kByte, "tinyint", -128, 127},
    {TokenKind::kSmallInt, TypeId::kShort, "smallint", -32768, 32767},
    {TokenKind::kBigInt, TypeId::kLong, "bigint", std::numeric_limits<int64_t>::min(),
     std::numeric_limits<int64_t>::max()},
};

Error OutOfRange(const std::string& text, const char* type, const std::string& min,
                 const std::string& max) {
  return MakeSqlError("INVALID_NUMERIC_LITERAL_RANGE", "22003",
                      "Numeric literal " + text + " is outside the valid range for " + type +
                          " with minimum value of " + min + " and maximum value of " + max +
                          ". Please adjust the value accordingly.",
                      {{"rawStrippedQualifier", text}, {"typeName", type}, {"minValue", min}, {"maxValue", max}});
}

// Digits with an optional sign; nullopt when it does not fit 64 bits.
std::optional<int64_t> ToInt64(const std::string& signed_text) {
  std::string_view digits = signed_text;
  int64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// "1.5e-3" without its exponent, the point moved: "0.0015". Refuses exponents no decimal can hold.
std::optional<std::string> ExpandExponent(std::string_view text) {
  size_t e = text.find_first_of("eE");
  if (e == std::string_view::npos) return std::string(text);
  std::string_view exponent_text = text.substr(e + 1);
  if (exponent_text.starts_with('+')) exponent_text.remove_prefix(1);
  std::optional<int64_t> exponent = ParseInt64(exponent_text);
  if (!exponent || std::abs(*exponent) > 1000) return std::nullopt;
  std::string digits(text.substr(0, e));
  auto point = static_cast<int64_t>(digits.find('.'));
  if (point == static_cast<int64_t>(std::string::npos)) {
    point = static_cast<int64_t>(digits.size());
  } else {
    digits.erase(static_cast<size_t>(point), 1);
  }
  point += *exponent;
  if (point < 0) {
    digits.insert(0, static_cast<size_t>(-point), '0');
    point = 0;
  }
  if (point > static_cast<int64_t>(digits.size())) digits.append(static_cast<size_t>(point) - digits.size(), '0');
  if (point < static_cast<int64_t>(digits.size())) digits.insert(static_cast<size_t>(point), ".");
  return digits;
}

Result<Value> DecimalLiteral(std::string_view text, bool negative) {
  std::optional<std::string> plain = ExpandExponent(text);
  if (plain) {
    Result<Value> value = DecimalFromText(negative ? "-" + *plain : *plain);
    if (value.ok()) return value;
  }
  std::string digits = plain.value_or(std::string(text));
  int64_t precision = 0;
  for (char c : digits) {
    if (precision > 0 ? c >= '0' && c <= '9' : c >= '1' && c <= '9') ++precision;
  }
  size_t point = digits.find('.');
  if (point != std::string::npos) precision = std::max(precision, static_cast<int64_t>(digits.size() - point - 1));
  return MakeSqlError("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "22003",
                      "Decimal precision " + std::to_string(precision) + " exceeds max precision 38.",
                      {{"precision", std::to_string(precision)}, {"maxPrecision", "38"}});
}

Result<Value> IntegerLiteral(std::string_view digits, bool negative) {
  std::optional<int64_t> value = ToInt64((negative ? "-" : "") + std::string(digits));
  if (!value) return DecimalLiteral(digits, negative);
  if (*value < std::numeric_limits<int32_t>::min() || *value > std::numeric_limits<int32_t>::max()) {
    return Value::Long(*value);
  }
  return Value::Int(static_cast<int32_t>(*value));
}

Result<Value> FloatingLiteral(TypeId type, const std::string& signed_text) {
  double value = std::strtod(signed_text.c_str(), nullptr);
  if (type == TypeId::kDouble) {
    if (std::isinf(value)) {
      return OutOfRange(signed_text, "double", "-1.7976931348623157E+308", "1.7976931348623157E+308");
    }
    return Value::Double(value);
  }
  if (std::abs(value) > static_cast<double>(std::numeric_limits<float>::max())) {
    return OutOfRange(signed_text, "float", "-3.4028234663852886E+38", "3.4028234663852886E+38");
  }
  return Value{TypeId::kFloat, static_cast<double>(std::strtof(signed_text.c_str(), nullptr))};
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

Error InvalidTypedLiteral(std::string_view type, std::string_view text) {
  std::string value = "'" + std::string(text) + "'";
  std::string value_type = "\"" + std::string(type) + "\"";
  return MakeSqlError("INVALID_TYPED_LITERAL", "42604",
                      "The value of the typed literal " + value_type + " is invalid: " + value + ".",
                      {{"value", value}, {"valueType", value_type}});
}

Result<Value> NumberLiteral(TokenKind kind, std::string_view text, bool negative) {
  std::string sign = negative ? "-" : "";
  switch (kind) {
    case TokenKind::kInteger: return IntegerLiteral(text, negative);
    case TokenKind::kDecimal: return DecimalLiteral(text, negative);
    case TokenKind::kBigDecimal: return DecimalLiteral(text.substr(0, text.size() - 2), negative);
    case TokenKind::kExponent: return FloatingLiteral(TypeId::kDouble, sign + std::string(text));
    case TokenKind::kDouble:
      return FloatingLiteral(TypeId::kDouble, sign + std::string(text.substr(0, text.size() - 1)));
    case TokenKind::kFloat:
      return FloatingLiteral(TypeId::kFloat, sign + std::string(text.substr(0, text.size() - 1)));
    default: break;
  }
  std::string digits = sign + std::string(text.substr(0, text.size() - 1));
  for (const IntegerRow& row : kIntegers) {
    if (row.kind != kind) continue;
    std::optional<int64_t> value = ToInt64(digits);
    if (!value || *value < row.min || *value > row.max) {
      return OutOfRange(digits, row.name, std::to_string(row.min), std::to_string(row.max));
    }
    return Value{row.type, *value};
  }
  CHECK(false) << "not a number token: " << text;
}

Result<Value> BinaryLiteral(std::string_view digits) {
  // An odd number of digits stands for a leading zero.
  std::string padded = digits.size() % 2 == 1 ? "0" + std::string(digits) : std::string(digits);
  std::string bytes;
  for (size_t i = 0; i < padded.size(); i += 2) {
    int high = HexDigit(padded[i]);
    int low = HexDigit(padded[i + 1]);
    if (high < 0 || low < 0) return InvalidTypedLiteral("X", digits);
    bytes += static_cast<char>(high * 16 + low);
  }
  return Value{TypeId::kBinary, std::move(bytes)};
}

}  // namespace ashlar::sql
