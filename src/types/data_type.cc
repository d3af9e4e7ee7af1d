#include "types/data_type.h"

#include <array>

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"

namespace ashlar {
namespace {

constexpr std::array<const char*, 2> kYearMonthFields = {"year", "month"};
constexpr std::array<const char*, 4> kDayTimeFields = {"day", "hour", "minute", "second"};

std::string IntervalName(const char* first, const char* last) {
  std::string text = std::string("interval ") + first;
  if (std::string_view(first) != last) text += std::string(" to ") + last;
  return text;
}

const char* AtomicName(TypeId id) {
  switch (id) {
    case TypeId::kNull: return "void";
    case TypeId::kBoolean: return "boolean";
    case TypeId::kByte: return "tinyint";
    case TypeId::kShort: return "smallint";
    case TypeId::kInt: return "int";
    case TypeId::kLong: return "bigint";
    case TypeId::kFloat: return "float";
    case TypeId::kDouble: return "double";
    case TypeId::kString: return "string";
    case TypeId::kBinary: return "binary";
    case TypeId::kDate: return "date";
    case TypeId::kTimestamp: return "timestamp";
    case TypeId::kTimestampNtz: return "timestamp_ntz";
    case TypeId::kCalendarInterval: return "interval";
    case TypeId::kVariant: return "variant";
    default: return "";
  }
}

}  // namespace

DataType DataType::Decimal(int precision, int scale) {
  CHECK(precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision)
      << "decimal(" << precision << "," << scale << ")";
  DataType type(TypeId::kDecimal);
  type.precision_ = precision;
  type.scale_ = scale;
  return type;
}

DataType DataType::Array(DataType element, bool contains_null) {
  DataType type(TypeId::kArray);
  type.children_ = std::make_shared<const std::vector<Field>>(
      std::vector<Field>{{"element", std::move(element), contains_null, "{}"}});
  return type;
}

DataType DataType::Map(DataType key, DataType value, bool value_contains_null) {
  DataType type(TypeId::kMap);
  type.children_ = std::make_shared<const std::vector<Field>>(std::vector<Field>{
      {"key", std::move(key), false, "{}"}, {"value", std::move(value), value_contains_null, "{}"}});
  return type;
}

DataType DataType::Struct(std::vector<Field> fields) {
  DataType type(TypeId::kStruct);
  type.children_ = std::make_shared<const std::vector<Field>>(std::move(fields));
  return type;
}

DataType DataType::YearMonthInterval(int first, int last) {
  CHECK(0 <= first && first <= last && last <= 1);
  DataType type(TypeId::kYearMonthInterval);
  type.precision_ = first;
  type.scale_ = last;
  return type;
}

DataType DataType::DayTimeInterval(int first, int last) {
  CHECK(0 <= first && first <= last && last <= 3);
  DataType type(TypeId::kDayTimeInterval);
  type.precision_ = first;
  type.scale_ = last;
  return type;
}

DataType DataType::Char(int length) {
  DataType type(TypeId::kString);
  type.precision_ = length;
  type.scale_ = 1;
  return type;
}

DataType DataType::Varchar(int length) {
  DataType type(TypeId::kString);
  type.precision_ = length;
  type.scale_ = 2;
  return type;
}

const DataType& DataType::element() const {
  CHECK(id_ == TypeId::kArray);
  return children_->front().type;
}

bool DataType::contains_null() const {
  CHECK(id_ == TypeId::kArray);
  return children_->front().nullable;
}

const DataType& DataType::key() const {
  CHECK(id_ == TypeId::kMap);
  return children_->front().type;
}

const DataType& DataType::map_value() const {
  CHECK(id_ == TypeId::kMap);
  return children_->back().type;
}

bool DataType::value_contains_null() const {
  CHECK(id_ == TypeId::kMap);
  return children_->back().nullable;
}

const std::vector<Field>& DataType::fields() const {
  CHECK(id_ == TypeId::kStruct);
  return *children_;
}

bool DataType::IsIntegral() const { return id_ >= TypeId::kByte && id_ <= TypeId::kLong; }
bool DataType::IsFractional() const { return id_ == TypeId::kFloat || id_ == TypeId::kDouble; }
bool DataType::IsNumeric() const { return id_ >= TypeId::kByte && id_ <= TypeId::kDecimal; }
bool DataType::IsNested() const {
  return id_ == TypeId::kArray || id_ == TypeId::kMap || id_ == TypeId::kStruct;
}
bool DataType::IsDatetime() const {
  return id_ == TypeId::kDate || id_ == TypeId::kTimestamp || id_ == TypeId::kTimestampNtz;
}
bool DataType::IsInterval() const {
  return id_ == TypeId::kYearMonthInterval || id_ == TypeId::kDayTimeInterval ||
         id_ == TypeId::kCalendarInterval;
}

std::string DataType::SimpleString() const {
  switch (id_) {
    case TypeId::kDecimal:
      return "decimal(" + std::to_string(precision_) + "," + std::to_string(scale_) + ")";
    case TypeId::kString:
      if (is_char()) return "char(" + std::to_string(precision_) + ")";
      if (is_varchar()) return "varchar(" + std::to_string(precision_) + ")";
      return "string";
    case TypeId::kYearMonthInterval:
      return IntervalName(kYearMonthFields[precision_], kYearMonthFields[scale_]);
    case TypeId::kDayTimeInterval:
      return IntervalName(kDayTimeFields[precision_], kDayTimeFields[scale_]);
    case TypeId::kArray:
      return "array<" + element().SimpleString() + ">";
    case TypeId::kMap:
      return "map<" + key().SimpleString() + "," + map_value().SimpleString() + ">";
    case TypeId::kStruct: {
      std::vector<std::string> parts;
      for (const Field& field : fields()) parts.push_back(field.name + ":" + field.type.SimpleString());
      return "struct<" + Join(parts, ",") + ">";
    }
    default:
      return AtomicName(id_);
  }
}

std::string DataType::Sql() const {
  switch (id_) {
    case TypeId::kDecimal:
      return "DECIMAL(" + std::to_string(precision_) + "," + std::to_string(scale_) + ")";
    case TypeId::kArray:
      return "ARRAY<" + element().Sql() + ">";
    case TypeId::kMap:
      return "MAP<" + key().Sql() + ", " + map_value().Sql() + ">";
    case TypeId::kStruct: {
      std::vector<std::string> parts;
      for (const Field& field : fields()) {
        parts.push_back(QuoteIfNeeded(field.name) + ": " + field.type.Sql() +
                        (field.nullable ? "" : " NOT NULL"));
      }
      return "STRUCT<" + Join(parts, ", ") + ">";
    }
    default:
      return ToUpperAscii(SimpleString());
  }
}

bool DataType::operator==(const DataType& other) const {
  if (id_ != other.id_ || precision_ != other.precision_ || scale_ != other.scale_) return false;
  if (children_ == other.children_) return true;
  if (!children_ || !other.children_ || children_->size() != other.children_->size()) return false;
  for (size_t i = 0; i < children_->size(); ++i) {
    const Field& a = (*children_)[i];
    const Field& b = (*other.children_)[i];
    if (a.name != b.name || a.nullable != b.nullable || !(a.type == b.type)) return false;
  }
  return true;
}

int Schema::IndexOf(std::string_view name) const {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (EqualsIgnoreCase(fields[i].name, name)) return static_cast<int>(i);
  }
  return -1;
}

std::string QuoteIdentifier(std::string_view name) {
  return "`" + ReplaceAll(std::string(name), "`", "``") + "`";
}

std::string QuoteIfNeeded(std::string_view name) {
  bool plain = !name.empty();
  bool all_digits = true;
  for (char c : name) {
    bool digit = c >= '0' && c <= '9';
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    plain = plain && (digit || letter);
    all_digits = all_digits && digit;
  }
  return plain && !all_digits ? std::string(name) : QuoteIdentifier(name);
}

}  // namespace ashlar
