// DataType: a Spark SQL type, as a small immutable value. Field and Schema: named, nullable columns
// with metadata. Text forms:
//   SimpleString  "decimal(10,2)", "array<int>", "struct<a:int,b:string>"  (typeof, DESCRIBE)
//   Sql           "DECIMAL(10, 2)", "ARRAY<INT>", "STRUCT<a: INT NOT NULL>" (error messages)
//   Json          the schema JSON of Spark and of Delta's schemaString
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_fwd.h"
#include "base/result.h"

namespace ashlar {

enum class TypeId : uint8_t {
  kNull,  // Spark's void
  kBoolean,
  kByte,
  kShort,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kDecimal,
  kString,
  kBinary,
  kDate,
  kTimestamp,     // instant, microseconds UTC; shown in the session time zone
  kTimestampNtz,  // wall clock, microseconds
  kYearMonthInterval,
  kDayTimeInterval,
  kCalendarInterval,
  kArray,
  kMap,
  kStruct,
  kVariant,
};

struct Field;

// Equality is structural: nullability of nested values and names of nested fields (case-sensitive)
// count, field metadata does not.
class DataType {
 public:
  DataType() = default;  // kNull
  DataType(TypeId id) : id_(id) {}  // NOLINT: implicit; only ids without parameters

  // 1 <= precision <= 38, 0 <= scale <= precision.
  static DataType Decimal(int precision, int scale);
  static DataType Array(DataType element, bool contains_null = true);
  static DataType Map(DataType key, DataType value, bool value_contains_null = true);
  static DataType Struct(std::vector<Field> fields);
  // Interval fields as in Spark: year-month 0=YEAR 1=MONTH; day-time 0=DAY 1=HOUR 2=MINUTE 3=SECOND.
  static DataType YearMonthInterval(int first, int last);
  static DataType DayTimeInterval(int first, int last);
  // CHAR(n) and VARCHAR(n): strings with a length checked on write.
  static DataType Char(int length);
  static DataType Varchar(int length);

  TypeId id() const { return id_; }
  bool Is(TypeId id) const { return id_ == id; }
  int precision() const { return precision_; }
  int scale() const { return scale_; }
  int first_interval_field() const { return precision_; }
  int last_interval_field() const { return scale_; }
  // 0 when it is an unbounded STRING; the length otherwise.
  int char_length() const { return precision_; }
  bool is_char() const { return id_ == TypeId::kString && scale_ == 1; }
  bool is_varchar() const { return id_ == TypeId::kString && scale_ == 2; }

  // Of an array.
  const DataType& element() const;
  bool contains_null() const;
  // Of a map.
  const DataType& key() const;
  const DataType& map_value() const;
  bool value_contains_null() const;
  // Of a struct.
  const std::vector<Field>& fields() const;

  bool IsNumeric() const;     // byte … decimal
  bool IsIntegral() const;    // byte, short, int, long
  bool IsFractional() const;  // float, double
  bool IsNested() const;      // array, map, struct
  bool IsDatetime() const;    // date, timestamp, timestamp_ntz
  bool IsInterval() const;
  bool IsAtomic() const { return !IsNested() && id_ != TypeId::kNull && id_ != TypeId::kVariant; }

  std::string SimpleString() const;
  std::string Sql() const;
  Json ToJson() const;
  // Errors: kInvalidParameterValue naming the unknown type.
  static Result<DataType> FromJson(const Json& json);
  // Parses Spark's DDL text of one type ("array<struct<a: int>>", "DECIMAL(10,2)").
  static Result<DataType> Parse(std::string_view text);

  bool operator==(const DataType& other) const;

 private:
  TypeId id_ = TypeId::kNull;
  int precision_ = 0;
  int scale_ = 0;
  // Array: one field "element"; map: "key" and "value"; struct: its fields. Shared because it never
  // changes after it is made and types are copied everywhere.
  std::shared_ptr<const std::vector<Field>> children_;
};

struct Field {
  std::string name;
  DataType type;
  bool nullable = true;
  // A JSON object as text ("{}" when empty): kept as it came, unknown keys included.
  std::string metadata = "{}";

  // Metadata is compared too.
  bool operator==(const Field& other) const = default;
};

// Columns in order. Names are unique when compared without case, except in query results.
struct Schema {
  std::vector<Field> fields;

  // Index of the column by name without regard to ASCII case; -1 when there is none.
  int IndexOf(std::string_view name) const;
  DataType ToStruct() const { return DataType::Struct(fields); }
  // {"type":"struct","fields":[…]} — also Delta's schemaString.
  std::string ToJsonText() const;
  static Result<Schema> FromJsonText(std::string_view text);
  // "a INT NOT NULL COMMENT 'x', b STRING", as StructType.toDDL.
  std::string ToDdl() const;
  // Parses "a INT NOT NULL, b STRING COMMENT 'c'" (names may be in backticks).
  static Result<Schema> ParseDdl(std::string_view text);

  bool operator==(const Schema&) const = default;
};

// The type that one word names, in any case, without parameters: "int", "INTEGER", "timestamp_ntz".
std::optional<TypeId> TypeIdNamed(std::string_view word);

// `name` in backticks, inner backticks doubled.
std::string QuoteIdentifier(std::string_view name);
// `name` as it is when it is a plain identifier, else in backticks.
std::string QuoteIfNeeded(std::string_view name);

}  // namespace ashlar
