#include "engine/cast_lowering.h"

#include "base/json.h"
#include "engine/duck_types.h"

namespace ashlar::engine {
namespace {

using sql::TypedCastMode;

std::string Native(const std::string& sql, const DataType& to) {
  return "CAST(" + sql + " AS " + DuckTypeSql(to) + ")";
}

std::string_view TypeWord(TypeId id) {
  switch (id) {
    case TypeId::kByte: return "tinyint";
    case TypeId::kShort: return "smallint";
    case TypeId::kInt: return "int";
    case TypeId::kLong: return "bigint";
    case TypeId::kFloat: return "float";
    case TypeId::kDouble: return "double";
    case TypeId::kBoolean: return "boolean";
    case TypeId::kDecimal: return "decimal";
    case TypeId::kDate: return "date";
    case TypeId::kTimestamp: return "timestamp";
    default: return "ntz";
  }
}

int DecimalDigits(TypeId integral) {
  return integral == TypeId::kByte ? 3 : integral == TypeId::kShort ? 5 : integral == TypeId::kInt ? 10 : 20;
}

// Months or microseconds of one unit of an interval's last field.
int64_t UnitSize(const DataType& interval) {
  constexpr int64_t kMonths[] = {12, 1};
  constexpr int64_t kMicros[] = {86'400'000'000, 3'600'000'000, 60'000'000, 1'000'000};
  bool months = interval.Is(TypeId::kYearMonthInterval);
  return months ? kMonths[interval.last_interval_field()] : kMicros[interval.last_interval_field()];
}

std::string IntervalFields(const DataType& type) {
  return std::string(type.Is(TypeId::kYearMonthInterval) ? "1, " : "0, ") +
         std::to_string(type.first_interval_field()) + ", " + std::to_string(type.last_interval_field());
}

// A type as the hexadecimal of its JSON, as the functions of VARIANT take it.
std::string TypeText(const DataType& type) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out = "'";
  for (unsigned char c : WriteJson(type.ToJson())) {
    out += kDigits[c >> 4];
    out += kDigits[c & 15];
  }
  return out + "'";
}

class CastLowering {
 public:
  CastLowering(TypedCastMode mode, SourceSpan span)
      : mode_(mode), span_(std::to_string(span.begin) + ", " + std::to_string(span.end)) {}

  std::string Lower(const std::string& sql, const DataType& from, const DataType& to) {
    if (from == to) return sql;
    if (from.Is(TypeId::kNull)) return Native("NULL", to);
    if (from.Is(TypeId::kString) && to.Is(TypeId::kString)) return sql;
    if (to.Is(TypeId::kVariant)) return "spark_to_variant(" + sql + ", " + TypeText(from) + ")";
    if (from.Is(TypeId::kVariant)) return FromVariant(sql, to);
    switch (to.id()) {
      case TypeId::kString: return ToString(sql, from);
      case TypeId::kBinary: return "spark_cast_to_binary(" + sql + ")";
      case TypeId::kBoolean: return ToBoolean(sql, from);
      case TypeId::kByte:
      case TypeId::kShort:
      case TypeId::kInt:
      case TypeId::kLong:
        return ToIntegral(sql, from, to);
      case TypeId::kFloat:
      case TypeId::kDouble:
        return ToFractional(sql, from, to);
      case TypeId::kDecimal: return ToDecimal(sql, from, to);
      case TypeId::kDate:
      case TypeId::kTimestamp:
      case TypeId::kTimestampNtz:
        return ToDatetime(sql, from, to);
      case TypeId::kYearMonthInterval:
      case TypeId::kDayTimeInterval:
        return ToInterval(sql, from, to);
      case TypeId::kCalendarInterval: return "spark_cast_to_interval(" + sql + ")";
      case TypeId::kArray: return ToArray(sql, from, to);
      case TypeId::kMap: return ToMap(sql, from, to);
      case TypeId::kStruct: return ToStruct(sql, from, to);
      default: return Native(sql, to);
    }
  }

 private:
  bool ansi() const { return mode_ == TypedCastMode::kAnsi; }

  // spark_cast_to_<type>(sql, constants) in the mode: only the ANSI form needs the constants.
  std::string Kernel(const std::string& sql, const DataType& to, const std::string& ansi_constants) {
    std::string mode = ansi() ? "" : mode_ == TypedCastMode::kTry ? "try_" : "wrap_";
    return "spark_" + mode + "cast_to_" + std::string(TypeWord(to.id())) + "(" + sql +
           (ansi() && !ansi_constants.empty() ? ", " + ansi_constants : "") + ")";
  }

  std::string ToIntegral(const std::string& sql, const DataType& from, const DataType& to) {
    if (from.Is(TypeId::kBoolean)) return Native(sql, to);
    if (from.IsIntegral()) {
      if (from.id() < to.id()) return Native(sql, to);
      const char* letter = from.Is(TypeId::kLong) ? "L" : from.Is(TypeId::kShort) ? "S" : "";
      return Kernel("CAST(" + sql + " AS BIGINT)", to, QuoteSqlString(from.Sql()) + ", '" + letter + "'");
    }
    if (from.Is(TypeId::kFloat) && !ansi()) return Kernel("CAST(" + sql + " AS DOUBLE)", to, "");
    if (from.IsFractional() || from.Is(TypeId::kTimestamp)) return Kernel(sql, to, "");
    if (from.Is(TypeId::kDecimal)) return Kernel(sql, to, QuoteSqlString(from.Sql()));
    if (from.IsInterval()) {
      std::string units = "CAST(" + sql + " // " + std::to_string(UnitSize(from)) + " AS BIGINT)";
      if (to.Is(TypeId::kLong)) return units;
      return Kernel(units, to, QuoteSqlString(from.Sql()) + ", ''");
    }
    if (from.Is(TypeId::kDate)) return Native("NULL", to);
    return Kernel(sql, to, span_);
  }

  std::string ToFractional(const std::string& sql, const DataType& from, const DataType& to) {
    if (from.Is(TypeId::kString)) return Kernel(sql, to, span_);
    if (from.Is(TypeId::kDecimal)) return "spark_cast_to_" + std::string(TypeWord(to.id())) + "(" + sql + ")";
    if (from.Is(TypeId::kTimestamp)) {
      std::string seconds = "spark_cast_to_double(" + sql + ")";
      return to.Is(TypeId::kDouble) ? seconds : Native(seconds, to);
    }
    if (from.Is(TypeId::kDouble)) return "spark_double_to_float(" + sql + ")";
    if (from.Is(TypeId::kDate)) return Native("NULL", to);
    return Native(sql, to);
  }

  std::string ToBoolean(const std::string& sql, const DataType& from) {
    if (from.Is(TypeId::kString)) return Kernel(sql, TypeId::kBoolean, span_);
    if (from.IsNumeric()) return "(" + sql + " <> 0)";
    if (from.Is(TypeId::kTimestamp)) return "(epoch_us(" + sql + ") <> 0)";
    return Native("NULL", TypeId::kBoolean);
  }

  std::string ToDecimal(const std::string& sql, const DataType& from, const DataType& to) {
    if (from.Is(TypeId::kBoolean) && to.precision() > to.scale()) return Native("CAST(" + sql + " AS INTEGER)", to);
    int integral = to.precision() - to.scale();
    if (from.IsIntegral() && integral >= DecimalDigits(from.id())) return Native(sql, to);
    bool widens = from.Is(TypeId::kDecimal) && to.scale() >= from.scale() && integral >= from.precision() - from.scale();
    if (widens) return Native(sql, to);
    std::string value = sql;
    if (from.IsIntegral() || from.Is(TypeId::kBoolean)) value = "CAST(" + sql + " AS BIGINT)";
    if (from.Is(TypeId::kFloat)) value = "CAST(" + sql + " AS DOUBLE)";
    if (from.IsInterval()) {
      bool seconds = UnitSize(from) == 1'000'000;
      value = seconds ? "make_timestamptz(" + sql + ")" : "CAST(" + sql + " // " + std::to_string(UnitSize(from)) + " AS BIGINT)";
    }
    std::string constants = std::to_string(to.precision()) + ", " + std::to_string(to.scale()) + ", " +
                            QuoteSqlString(to.Sql()) + ", " + span_;
    return Native(std::string(ansi() ? "spark_cast_to_decimal(" : "spark_try_cast_to_decimal(") + value + ", " +
                      constants + ")", to);
  }

  std::string ToDatetime(const std::string& sql, const DataType& from, const DataType& to) {
    std::string word(TypeWord(to.id()));
    if (from.Is(TypeId::kString)) {
      return ansi() ? "spark_cast_to_" + word + "(" + sql + ", " + span_ + ")" : "spark_try_cast_to_" + word + "(" + sql + ")";
    }
    if (from.IsIntegral() || from.Is(TypeId::kBoolean)) return "spark_cast_to_timestamp(CAST(" + sql + " AS BIGINT))";
    if (from.IsFractional()) return Kernel("CAST(" + sql + " AS DOUBLE)", to, span_);
    return "spark_cast_to_" + word + "(" + sql + ")";
  }

  std::string ToInterval(const std::string& sql, const DataType& from, const DataType& to) {
    std::string word = to.Is(TypeId::kYearMonthInterval) ? "months" : "micros";
    if (from.Is(TypeId::kString)) {
      return std::string(ansi() ? "spark_cast_to_" : "spark_try_cast_to_") + word + "(" + sql + ", " + IntervalFields(to) + ")";
    }
    std::string size = std::to_string(UnitSize(to));
    if (from.id() == to.id()) {
      if (to.last_interval_field() >= from.last_interval_field()) return sql;
      return Native("(" + sql + " // " + size + " * " + size + ")", to);
    }
    // A number of units.
    if (from.Is(TypeId::kDecimal)) return Native("(" + sql + " * " + size + ")", to);
    return "spark_" + word + "_of(CAST(" + sql + " AS BIGINT), " + size + ", " + QuoteSqlString(from.Sql()) + ", " +
           QuoteSqlString(to.Sql()) + ")";
  }

  std::string FromVariant(const std::string& sql, const DataType& to) {
    return std::string(mode_ == TypedCastMode::kTry ? "spark_try_variant_get(" : "spark_variant_get(") + sql + ", '$', " +
           TypeText(to) + ", CAST(NULL AS " + DuckTypeSql(to) + "))";
  }

  // What a string has inside brackets and braces for a part that may be NULL.
  std::string Part(const std::string& sql, const DataType& from) {
    if (from.Is(TypeId::kVariant)) return "coalesce(spark_variant_json(" + sql + "), 'null')";
    return "coalesce(" + ToString(sql, from) + ", 'null')";
  }

  std::string ToString(const std::string& sql, const DataType& from) {
    switch (from.id()) {
      case TypeId::kString: return sql;
      case TypeId::kNull: return "CAST(NULL AS VARCHAR)";
      case TypeId::kFloat:
      case TypeId::kDouble:
      case TypeId::kDate:
      case TypeId::kTimestamp:
      case TypeId::kTimestampNtz:
      case TypeId::kBinary:
      case TypeId::kCalendarInterval:
        return "spark_cast_to_string(" + sql + ")";
      case TypeId::kVariant: return FromVariant(sql, TypeId::kString);
      case TypeId::kYearMonthInterval:
      case TypeId::kDayTimeInterval:
        return "spark_interval_to_string(" + sql + ", " + IntervalFields(from) + ")";
      case TypeId::kArray: {
        std::string item = NextParameter();
        return "'[' || spark_array_join(list_transform(" + sql + ", lambda " + item + ": " + Part(item, from.element()) +
               "), ', ') || ']'";
      }
      case TypeId::kMap: {
        std::string item = NextParameter();
        return "'{' || spark_array_join(list_transform(map_entries(" + sql + "), lambda " + item + ": " +
               Part(item + ".key", from.key()) + " || ' -> ' || " + Part(item + ".value", from.map_value()) +
               "), ', ') || '}'";
      }
      case TypeId::kStruct: {
        std::string out;
        for (size_t i = 0; i < from.fields().size(); ++i) {
          out += (i > 0 ? " || ', ' || " : "") +
                 Part("struct_extract(" + sql + ", 'f" + std::to_string(i) + "')", from.fields()[i].type);
        }
        return "CASE WHEN " + sql + " IS NULL THEN NULL ELSE '{' || " + (out.empty() ? "''" : out) + " || '}' END";
      }
      default: return "CAST(" + sql + " AS VARCHAR)";
    }
  }

  std::string ToArray(const std::string& sql, const DataType& from, const DataType& to) {
    std::string item = NextParameter();
    std::string body = Lower(item, from.element(), to.element());
    return body == item ? sql : "list_transform(" + sql + ", lambda " + item + ": " + body + ")";
  }

  std::string ToMap(const std::string& sql, const DataType& from, const DataType& to) {
    std::string keys = ToArray("map_keys(" + sql + ")", DataType::Array(from.key()), DataType::Array(to.key()));
    std::string values =
        ToArray("map_values(" + sql + ")", DataType::Array(from.map_value()), DataType::Array(to.map_value()));
    return "CASE WHEN " + sql + " IS NULL THEN NULL ELSE MAP(" + keys + ", " + values + ") END";
  }

  std::string ToStruct(const std::string& sql, const DataType& from, const DataType& to) {
    std::string fields;
    for (size_t i = 0; i < to.fields().size(); ++i) {
      std::string name = "f" + std::to_string(i);
      fields += (i > 0 ? ", " : "") + name + " := " +
                Lower("struct_extract(" + sql + ", '" + name + "')", from.fields()[i].type, to.fields()[i].type);
    }
    if (fields.empty()) return sql;
    return "CASE WHEN " + sql + " IS NULL THEN NULL ELSE struct_pack(" + fields + ") END";
  }

  // Called as no column is: DuckDB takes k0.key for a field of the column k0 where there is one.
  std::string NextParameter() { return "item" + std::to_string(next_parameter_++); }

  TypedCastMode mode_;
  std::string span_;
  int next_parameter_ = 0;
};

}  // namespace

std::string LowerCast(std::string_view sql, const DataType& from, const DataType& to, TypedCastMode mode,
                      SourceSpan span) {
  return CastLowering(mode, span).Lower(std::string(sql), from, to);
}

}  // namespace ashlar::engine
