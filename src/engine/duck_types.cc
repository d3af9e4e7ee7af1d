#include "engine/duck_types.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/text.h"

namespace ashlar::engine {
namespace {

enum class FieldNames { kGenerated, kReal };

std::string TypeSql(const DataType& type, FieldNames names) {
  switch (type.id()) {
    case TypeId::kNull:
    case TypeId::kInt:
    case TypeId::kYearMonthInterval:
      return "INTEGER";
    case TypeId::kBoolean: return "BOOLEAN";
    case TypeId::kByte: return "TINYINT";
    case TypeId::kShort: return "SMALLINT";
    case TypeId::kLong:
    case TypeId::kDayTimeInterval:
      return "BIGINT";
    case TypeId::kFloat: return "FLOAT";
    case TypeId::kDouble: return "DOUBLE";
    case TypeId::kDecimal:
      return "DECIMAL(" + std::to_string(type.precision()) + "," + std::to_string(type.scale()) + ")";
    case TypeId::kString: return "VARCHAR";
    case TypeId::kBinary: return "BLOB";
    case TypeId::kDate: return "DATE";
    case TypeId::kTimestamp: return "TIMESTAMPTZ";
    case TypeId::kTimestampNtz: return "TIMESTAMP";
    case TypeId::kCalendarInterval: return "INTERVAL";
    case TypeId::kArray: return TypeSql(type.element(), names) + "[]";
    case TypeId::kMap:
      return "MAP(" + TypeSql(type.key(), names) + "," + TypeSql(type.map_value(), names) + ")";
    case TypeId::kStruct: {
      std::string out = "STRUCT(";
      for (size_t i = 0; i < type.fields().size(); ++i) {
        const Field& field = type.fields()[i];
        if (i > 0) out += ",";
        out += names == FieldNames::kReal ? QuoteSqlName(field.name) : "f" + std::to_string(i);
        out += " " + TypeSql(field.type, names);
      }
      // DuckDB has no struct without fields.
      return out + (type.fields().empty() ? "f_ INTEGER)" : ")");
    }
    case TypeId::kVariant:
      return names == FieldNames::kReal ? R"(STRUCT("value" BLOB,"metadata" BLOB))"
                                        : "STRUCT(f0 BLOB,f1 BLOB)";
  }
  CHECK(false) << "type " << static_cast<int>(type.id());
  return {};
}

std::string CastSql(std::string_view sql, const DataType& type) {
  return "CAST(" + std::string(sql) + " AS " + DuckTypeSql(type) + ")";
}

std::string FloatText(double value, TypeId id) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[64];
  auto end = id == TypeId::kFloat
                 ? std::to_chars(buffer, buffer + sizeof(buffer), static_cast<float>(value))
                 : std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, end.ptr);
}

std::string DateSql(int64_t days) {
  CivilDate date = CivilFromDays(days);
  if (date.year < 1 || date.year > 9999) {
    return "CAST(DATE '1970-01-01' + CAST(" + std::to_string(days) + " AS INTEGER) AS DATE)";
  }
  char buffer[32];
  snprintf(buffer, sizeof(buffer), "DATE '%04d-%02d-%02d'", static_cast<int>(date.year), date.month,
           date.day);
  return buffer;
}

std::string IntegerSql(const Value& value) {
  int64_t number = std::get<int64_t>(value.data);
  switch (value.type.id()) {
    case TypeId::kDate: return DateSql(number);
    case TypeId::kTimestamp: return "make_timestamptz(" + std::to_string(number) + ")";
    case TypeId::kTimestampNtz: return "make_timestamp(" + std::to_string(number) + ")";
    default: return CastSql(std::to_string(number), value.type);
  }
}

std::string NestedSql(const DataType& type, const std::vector<Value>& items) {
  auto list = [&](size_t first, size_t step) {
    std::string out = "[";
    for (size_t i = first; i < items.size(); i += step) {
      if (i > first) out += ", ";
      out += LiteralSql(items[i]);
    }
    return out + "]";
  };
  if (type.Is(TypeId::kArray)) return CastSql(list(0, 1), type);
  if (type.Is(TypeId::kMap)) return CastSql("MAP(" + list(0, 2) + ", " + list(1, 2) + ")", type);
  CHECK(type.Is(TypeId::kStruct));
  CHECK_EQ(type.fields().size(), items.size());
  std::string out = "struct_pack(";
  for (size_t i = 0; i < items.size(); ++i) {
    out += (i > 0 ? ", f" : "f") + std::to_string(i) + " := " + LiteralSql(items[i]);
  }
  return out + (items.empty() ? "f_ := CAST(NULL AS INTEGER))" : ")");
}

std::string HexSql(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out = "unhex('";
  for (unsigned char c : bytes) {
    out += kDigits[c >> 4];
    out += kDigits[c & 15];
  }
  return out + "')";
}

}  // namespace

std::string DuckTypeSql(const DataType& type) { return TypeSql(type, FieldNames::kGenerated); }
std::string DuckFileTypeSql(const DataType& type) { return TypeSql(type, FieldNames::kReal); }

std::string QuoteSqlName(std::string_view name) {
  return "\"" + ReplaceAll(std::string(name), "\"", "\"\"") + "\"";
}

std::string QuoteSqlString(std::string_view text) {
  std::string quoted = "'" + ReplaceAll(std::string(text), "'", "''") + "'";
  if (quoted.find('\0') == std::string::npos) return quoted;
  return "(" + ReplaceAll(std::move(quoted), std::string_view("\0", 1), "' || chr(0) || '") + ")";
}

bool HoldsBinary(const DataType& type) {
  switch (type.id()) {
    case TypeId::kBinary: return true;
    case TypeId::kArray: return HoldsBinary(type.element());
    case TypeId::kMap: return HoldsBinary(type.key()) || HoldsBinary(type.map_value());
    case TypeId::kStruct: return std::ranges::any_of(type.fields(), [](const Field& field) { return HoldsBinary(field.type); });
    default: return false;
  }
}

std::string LiteralSql(const Value& value) {
  const DataType& type = value.type;
  if (value.is_null()) return "CAST(NULL AS " + DuckTypeSql(type) + ")";
  if (auto* flag = std::get_if<bool>(&value.data)) return *flag ? "TRUE" : "FALSE";
  if (std::holds_alternative<int64_t>(value.data)) return IntegerSql(value);
  if (auto* number = std::get_if<double>(&value.data)) {
    return CastSql("'" + FloatText(*number, type.id()) + "'", type);
  }
  if (auto* unscaled = std::get_if<Int128>(&value.data)) {
    return CastSql("'" + DecimalToText(*unscaled, type.scale()) + "'", type);
  }
  if (auto* text = std::get_if<std::string>(&value.data)) {
    return type.Is(TypeId::kBinary) ? HexSql(*text) : CastSql(QuoteSqlString(*text), type);
  }
  if (auto* interval = std::get_if<CalendarInterval>(&value.data)) {
    return "(to_months(" + std::to_string(interval->months) + ") + to_days(" +
           std::to_string(interval->days) + ") + to_microseconds(" + std::to_string(interval->micros) + "))";
  }
  return NestedSql(type, std::get<std::vector<Value>>(value.data));
}

}  // namespace ashlar::engine
