#include "sql/coercion.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace ashlar::sql {
namespace {

constexpr int kMaxPrecision = 38;
constexpr int kMinAdjustedScale = 6;

bool IsAnsiInterval(const DataType& type) {
  return type.Is(TypeId::kYearMonthInterval) || type.Is(TypeId::kDayTimeInterval);
}
// Spark's FractionalType: decimals count.
bool IsFractionalOrDecimal(const DataType& type) {
  return type.IsFractional() || type.Is(TypeId::kDecimal);
}

bool DecimalHolds(const DataType& decimal, const DataType& other) {
  return decimal.precision() - decimal.scale() >= other.precision() - other.scale() &&
         decimal.scale() >= other.scale();
}
bool DecimalHoldsIntegral(const DataType& decimal, const DataType& integral) {
  return DecimalHolds(decimal, DecimalForIntegral(integral.id()));
}

DataType WiderDatetime(const DataType& a, const DataType& b) {
  if (a.Is(TypeId::kTimestamp) || b.Is(TypeId::kTimestamp)) return TypeId::kTimestamp;
  return TypeId::kTimestampNtz;
}

using FindType = std::optional<DataType> (*)(const DataType&, const DataType&, bool ansi);

std::optional<DataType> CommonStruct(const DataType& a, const DataType& b, bool ansi, FindType find) {
  if (a.fields().size() != b.fields().size()) return std::nullopt;
  std::vector<Field> fields;
  for (size_t i = 0; i < a.fields().size(); ++i) {
    const Field& left = a.fields()[i];
    const Field& right = b.fields()[i];
    if (!EqualsIgnoreCase(left.name, right.name)) return std::nullopt;
    std::optional<DataType> type = find(left.type, right.type, ansi);
    if (!type) return std::nullopt;
    bool nullable = left.nullable || right.nullable || CastForcesNullable(left.type, *type) ||
                    CastForcesNullable(right.type, *type);
    fields.push_back({left.name, *type, nullable});
  }
  return DataType::Struct(std::move(fields));
}

std::optional<DataType> CommonNested(const DataType& a, const DataType& b, bool ansi, FindType find) {
  if (a.id() != b.id()) return std::nullopt;
  switch (a.id()) {
    case TypeId::kArray: {
      std::optional<DataType> element = find(a.element(), b.element(), ansi);
      if (!element) return std::nullopt;
      bool nullable = a.contains_null() || b.contains_null() ||
                      CastForcesNullable(a.element(), *element) || CastForcesNullable(b.element(), *element);
      return DataType::Array(*element, nullable);
    }
    case TypeId::kMap: {
      std::optional<DataType> key = find(a.key(), b.key(), ansi);
      if (!key || CastForcesNullable(a.key(), *key) || CastForcesNullable(b.key(), *key)) return std::nullopt;
      std::optional<DataType> value = find(a.map_value(), b.map_value(), ansi);
      if (!value) return std::nullopt;
      bool nullable = a.value_contains_null() || b.value_contains_null() ||
                      CastForcesNullable(a.map_value(), *value) || CastForcesNullable(b.map_value(), *value);
      return DataType::Map(*key, *value, nullable);
    }
    case TypeId::kStruct:
      return CommonStruct(a, b, ansi, find);
    default:
      return std::nullopt;
  }
}

// The type both become without loss of meaning (findTightestCommonType).
std::optional<DataType> TightestCommonType(const DataType& a, const DataType& b, bool ansi) {
  if (a == b) return a;
  if (a.Is(TypeId::kNull)) return b;
  if (b.Is(TypeId::kNull)) return a;
  if (a.Is(TypeId::kString) && b.Is(TypeId::kString)) return DataType(TypeId::kString);
  if (a.IsIntegral() && b.Is(TypeId::kDecimal)) {
    return DecimalHoldsIntegral(b, a) ? std::optional(b) : std::nullopt;
  }
  if (a.Is(TypeId::kDecimal) && b.IsIntegral()) return TightestCommonType(b, a, ansi);
  if (a.Is(TypeId::kDecimal) || b.Is(TypeId::kDecimal)) return std::nullopt;
  if (a.IsNumeric() && b.IsNumeric()) {
    // Ids are in order of precedence: byte, short, int, long, float, double.
    TypeId wider = std::max(a.id(), b.id());
    // An integer beside a float would lose digits as a float.
    if (ansi && wider == TypeId::kFloat) wider = TypeId::kDouble;
    return DataType(wider);
  }
  if (a.IsDatetime() && b.IsDatetime()) return WiderDatetime(a, b);
  if (IsAnsiInterval(a) && a.id() == b.id()) {
    int first = std::min(a.first_interval_field(), b.first_interval_field());
    int last = std::max(a.last_interval_field(), b.last_interval_field());
    return a.Is(TypeId::kDayTimeInterval) ? DataType::DayTimeInterval(first, last)
                                          : DataType::YearMonthInterval(first, last);
  }
  return CommonNested(a, b, ansi, TightestCommonType);
}

std::optional<DataType> WiderTypeForDecimal(const DataType& a, const DataType& b) {
  if (!a.Is(TypeId::kDecimal) && !b.Is(TypeId::kDecimal)) return std::nullopt;
  if (!a.IsNumeric() || !b.IsNumeric()) return std::nullopt;
  if (a.IsFractional() || b.IsFractional()) return DataType(TypeId::kDouble);
  return WiderDecimal(a, b);
}

// A string beside another type: ANSI reads the string as the other type, legacy prints the other.
std::optional<DataType> WiderTypeForString(const DataType& a, const DataType& b, bool ansi) {
  bool a_string = a.Is(TypeId::kString);
  if (a_string == b.Is(TypeId::kString)) return std::nullopt;
  const DataType& other = a_string ? b : a;
  if (!other.IsAtomic()) return std::nullopt;
  if (!ansi) {
    if (other.Is(TypeId::kBinary) || other.Is(TypeId::kBoolean) || other.Is(TypeId::kCalendarInterval)) {
      return std::nullopt;
    }
    return DataType(TypeId::kString);
  }
  if (other.IsIntegral()) return DataType(TypeId::kLong);
  if (IsFractionalOrDecimal(other)) return DataType(TypeId::kDouble);
  if (other.IsInterval()) return std::nullopt;
  return other;
}

std::optional<DataType> WiderType(const DataType& a, const DataType& b, bool ansi) {
  if (auto type = TightestCommonType(a, b, ansi)) return type;
  if (auto type = WiderTypeForDecimal(a, b)) return type;
  if (auto type = WiderTypeForString(a, b, ansi)) return type;
  return CommonNested(a, b, ansi, WiderType);
}

bool HasString(const DataType& type) {
  if (type.Is(TypeId::kString)) return true;
  return type.Is(TypeId::kArray) && HasString(type.element());
}

// Alike but for names and nullability of what is nested.
bool SameStructure(const DataType& a, const DataType& b) {
  if (a == b) return true;
  if (a.id() != b.id() || !a.IsNested()) return false;
  if (a.Is(TypeId::kArray)) return SameStructure(a.element(), b.element());
  if (a.Is(TypeId::kMap)) return SameStructure(a.key(), b.key()) && SameStructure(a.map_value(), b.map_value());
  return std::ranges::equal(a.fields(), b.fields(),
                            [](const Field& x, const Field& y) { return SameStructure(x.type, y.type); });
}

bool ResolvableNullability(bool from, bool to) { return !from || to; }

bool CanCastNested(const DataType& from, const DataType& to, bool ansi) {
  auto fits = [ansi](const DataType& f, bool f_null, const DataType& t, bool t_null) {
    // An ANSI cast fails where a legacy one gives NULL.
    bool makes_null = !ansi && CastForcesNullable(f, t);
    return CanCast(f, t, ansi) && ResolvableNullability(f_null || makes_null, t_null);
  };
  if (from.id() != to.id()) return false;
  switch (from.id()) {
    case TypeId::kArray:
      return fits(from.element(), from.contains_null(), to.element(), to.contains_null());
    case TypeId::kMap:
      return fits(from.key(), false, to.key(), false) &&
             fits(from.map_value(), from.value_contains_null(), to.map_value(), to.value_contains_null());
    case TypeId::kStruct: {
      if (from.fields().size() != to.fields().size()) return false;
      for (size_t i = 0; i < from.fields().size(); ++i) {
        const Field& f = from.fields()[i];
        const Field& t = to.fields()[i];
        if (!fits(f.type, f.nullable, t.type, t.nullable)) return false;
      }
      return true;
    }
    default:
      return false;
  }
}

bool CanCastToInterval(const DataType& from, const DataType& to) {
  if (from.Is(TypeId::kString) || from.id() == to.id()) return true;
  bool one_unit = to.first_interval_field() == to.last_interval_field();
  return one_unit && (from.IsIntegral() || from.Is(TypeId::kDecimal));
}

bool CanCastToNumeric(const DataType& from, const DataType& to, bool ansi) {
  switch (from.id()) {
    case TypeId::kString:
    case TypeId::kBoolean:
    case TypeId::kTimestamp:
      return true;
    case TypeId::kDate:
      return !ansi;
    case TypeId::kYearMonthInterval:
    case TypeId::kDayTimeInterval:
      return to.IsIntegral() || to.Is(TypeId::kDecimal);
    default:
      return from.IsNumeric();
  }
}

bool CanCastFromVariant(const DataType& to) {
  switch (to.id()) {
    case TypeId::kArray:
      return CanCastFromVariant(to.element());
    case TypeId::kMap:
      return to.key().Is(TypeId::kString) && CanCastFromVariant(to.map_value());
    case TypeId::kStruct:
      return std::ranges::all_of(to.fields(), [](const Field& f) { return CanCastFromVariant(f.type); });
    case TypeId::kCalendarInterval:
      return false;
    default:
      return true;
  }
}

bool CanCastToVariant(const DataType& from) {
  switch (from.id()) {
    case TypeId::kArray:
      return CanCastToVariant(from.element());
    case TypeId::kMap:
      return from.key().Is(TypeId::kString) && CanCastToVariant(from.map_value());
    case TypeId::kStruct:
      return std::ranges::all_of(from.fields(), [](const Field& f) { return CanCastToVariant(f.type); });
    default:
      return !from.IsInterval();
  }
}

}  // namespace

std::optional<DataType> CommonType(const DataType& a, const DataType& b, bool ansi) {
  return WiderType(a, b, ansi);
}

std::optional<DataType> CommonType(std::span<const DataType> types, bool ansi) {
  std::vector<DataType> ordered(types.begin(), types.end());
  // Legacy string promotion is not associative: strings first, so that one string makes all strings.
  if (!ansi) std::ranges::stable_partition(ordered, HasString);
  std::optional<DataType> common = DataType(TypeId::kNull);
  for (const DataType& type : ordered) {
    common = WiderType(*common, type, ansi);
    if (!common) return std::nullopt;
  }
  return common;
}

std::optional<DataType> ComparisonType(const DataType& a, const DataType& b, bool ansi) {
  bool one_string = a.Is(TypeId::kString) != b.Is(TypeId::kString);
  if (!ansi && one_string) {
    const DataType& other = a.Is(TypeId::kString) ? b : a;
    if (other.Is(TypeId::kNull)) return DataType(TypeId::kString);
    if (other.IsAtomic() && !other.IsInterval()) return other;
    return std::nullopt;
  }
  if (a.Is(TypeId::kStruct) && SameStructure(a, b) && !TightestCommonType(a, b, ansi)) return a;
  if (!ansi) return WiderType(a, b, ansi);
  // Strings are promoted at the top only: array(1) = array('1') has no common type.
  if (auto type = TightestCommonType(a, b, ansi)) return type;
  if (auto type = WiderTypeForDecimal(a, b)) return type;
  return WiderTypeForString(a, b, ansi);
}

bool CanImplicitlyCast(const DataType& from, const DataType& to, bool ansi) {
  if (from == to || from.Is(TypeId::kNull)) return true;
  if (ansi) {
    if (from.Is(TypeId::kString) && to.IsAtomic() && !to.IsInterval()) return true;
    return CanStoreAssign(from, to);
  }
  if (from.IsNumeric() && to.IsNumeric()) return true;
  if (from.IsDatetime() && to.IsDatetime()) return true;
  if (from.Is(TypeId::kString)) {
    return to.IsNumeric() || to.IsDatetime() || to.Is(TypeId::kBinary) || to.Is(TypeId::kString);
  }
  if (to.Is(TypeId::kString)) return from.IsAtomic();
  if (from.Is(TypeId::kArray) && to.Is(TypeId::kArray)) {
    return ResolvableNullability(from.contains_null(), to.contains_null()) &&
           CanImplicitlyCast(from.element(), to.element(), ansi);
  }
  if (from.Is(TypeId::kMap) && to.Is(TypeId::kMap)) {
    return ResolvableNullability(from.value_contains_null(), to.value_contains_null()) &&
           CanImplicitlyCast(from.key(), to.key(), ansi) &&
           CanImplicitlyCast(from.map_value(), to.map_value(), ansi);
  }
  return false;
}

bool CanCast(const DataType& from, const DataType& to, bool ansi) {
  if (from == to || from.Is(TypeId::kNull)) return true;
  if (to.Is(TypeId::kString)) return true;
  if (from.Is(TypeId::kVariant)) return CanCastFromVariant(to);
  switch (to.id()) {
    case TypeId::kBinary:
      return from.Is(TypeId::kString) || (!ansi && from.IsIntegral());
    case TypeId::kBoolean:
      return from.Is(TypeId::kString) || from.IsNumeric() ||
             (!ansi && (from.Is(TypeId::kDate) || from.Is(TypeId::kTimestamp)));
    case TypeId::kTimestamp:
      return from.Is(TypeId::kString) || from.IsDatetime() || from.IsNumeric() ||
             (!ansi && from.Is(TypeId::kBoolean));
    case TypeId::kDate:
    case TypeId::kTimestampNtz:
      return from.Is(TypeId::kString) || from.IsDatetime();
    case TypeId::kCalendarInterval:
      return from.Is(TypeId::kString);
    case TypeId::kYearMonthInterval:
    case TypeId::kDayTimeInterval:
      return CanCastToInterval(from, to);
    case TypeId::kVariant:
      return CanCastToVariant(from);
    default:
      if (to.IsNumeric()) return CanCastToNumeric(from, to, ansi);
      return CanCastNested(from, to, ansi);
  }
}

bool CanStoreAssign(const DataType& from, const DataType& to) {
  if (from == to || from.Is(TypeId::kNull)) return true;
  if (from.IsNumeric() && to.IsNumeric()) return true;
  if (to.Is(TypeId::kString)) return from.IsAtomic();
  if (from.IsDatetime() && to.IsDatetime()) return true;
  if (from.id() != to.id()) return false;
  switch (from.id()) {
    case TypeId::kArray:
      return ResolvableNullability(from.contains_null(), to.contains_null()) &&
             CanStoreAssign(from.element(), to.element());
    case TypeId::kMap:
      return ResolvableNullability(from.value_contains_null(), to.value_contains_null()) &&
             CanStoreAssign(from.key(), to.key()) && CanStoreAssign(from.map_value(), to.map_value());
    case TypeId::kStruct: {
      if (from.fields().size() != to.fields().size()) return false;
      for (size_t i = 0; i < from.fields().size(); ++i) {
        const Field& f = from.fields()[i];
        const Field& t = to.fields()[i];
        if (!ResolvableNullability(f.nullable, t.nullable) || !CanStoreAssign(f.type, t.type)) return false;
      }
      return true;
    }
    case TypeId::kYearMonthInterval:
    case TypeId::kDayTimeInterval:
      return true;
    default:
      return false;
  }
}

bool CastForcesNullable(const DataType& from, const DataType& to) {
  if (from.Is(TypeId::kNull) || from == to) return false;
  if (from.Is(TypeId::kVariant)) return true;
  if (from.Is(TypeId::kString)) return !to.Is(TypeId::kBinary) && !to.Is(TypeId::kString);
  if (to.Is(TypeId::kString)) return false;
  if (from.Is(TypeId::kTimestamp)) {
    if (to.Is(TypeId::kByte) || to.Is(TypeId::kShort) || to.Is(TypeId::kInt)) return true;
    if (to.Is(TypeId::kDate)) return false;
  }
  if (from.IsFractional() && to.Is(TypeId::kTimestamp)) return true;
  if (to.Is(TypeId::kDate) || to.Is(TypeId::kCalendarInterval)) return true;
  if (from.Is(TypeId::kDate) && to.Is(TypeId::kTimestampNtz)) return true;
  if (to.Is(TypeId::kDecimal)) {
    if (from.Is(TypeId::kBoolean)) return to.precision() - to.scale() < 1;
    if (from.IsIntegral()) return !DecimalHoldsIntegral(to, from);
    // Digits behind the point are rounded, which may carry: one more digit before it is needed then.
    if (from.Is(TypeId::kDecimal)) {
      int room = (to.precision() - to.scale()) - (from.precision() - from.scale());
      return !DecimalHolds(to, from) && room <= 0;
    }
    return true;
  }
  return IsFractionalOrDecimal(from) && to.IsIntegral();
}

bool CanUpCast(const DataType& from, const DataType& to) {
  if (from == to || from.Is(TypeId::kNull)) return true;
  if (from.Is(TypeId::kDate) && to.IsDatetime()) return true;
  if (from.Is(TypeId::kTimestampNtz) && to.Is(TypeId::kTimestamp)) return true;
  if (from.Is(TypeId::kTimestamp) && to.Is(TypeId::kTimestampNtz)) return true;
  if (to.Is(TypeId::kString)) return from.IsAtomic() && !from.Is(TypeId::kBinary) && !from.Is(TypeId::kString);
  if (from.IsIntegral() && to.Is(TypeId::kDecimal)) return DecimalHoldsIntegral(to, from);
  if (from.Is(TypeId::kLong) && to.Is(TypeId::kTimestamp)) return true;
  if (from.Is(TypeId::kDecimal)) {
    if (to.Is(TypeId::kDecimal)) return DecimalHolds(to, from);
    return to.IsIntegral() && from.scale() == 0 && DecimalForIntegral(to.id()).precision() > from.precision();
  }
  if (from.IsNumeric() && to.IsNumeric() && !to.Is(TypeId::kDecimal)) return from.id() < to.id();
  if (IsAnsiInterval(from)) return from.id() == to.id();
  if (from.id() != to.id()) return false;
  switch (from.id()) {
    case TypeId::kArray:
      return ResolvableNullability(from.contains_null(), to.contains_null()) &&
             CanUpCast(from.element(), to.element());
    case TypeId::kMap:
      return ResolvableNullability(from.value_contains_null(), to.value_contains_null()) &&
             CanUpCast(from.key(), to.key()) && CanUpCast(from.map_value(), to.map_value());
    case TypeId::kStruct:
      return from.fields().size() == to.fields().size() &&
             std::ranges::equal(from.fields(), to.fields(), [](const Field& f, const Field& t) {
               return ResolvableNullability(f.nullable, t.nullable) && CanUpCast(f.type, t.type);
             });
    default:
      return false;
  }
}

DataType DecimalForIntegral(TypeId id) {
  switch (id) {
    case TypeId::kByte:
      return DataType::Decimal(3, 0);
    case TypeId::kShort:
      return DataType::Decimal(5, 0);
    case TypeId::kInt:
      return DataType::Decimal(10, 0);
    default:
      CHECK(id == TypeId::kLong) << "not an integral type";
      return DataType::Decimal(20, 0);
  }
}

DataType WiderDecimal(const DataType& a, const DataType& b) {
  DataType left = a.IsIntegral() ? DecimalForIntegral(a.id()) : a;
  DataType right = b.IsIntegral() ? DecimalForIntegral(b.id()) : b;
  int scale = std::max(left.scale(), right.scale());
  int range = std::max(left.precision() - left.scale(), right.precision() - right.scale());
  int excess = std::max(0, range + scale - kMaxPrecision);
  return DataType::Decimal(std::min(range + scale, kMaxPrecision), std::max(0, scale - excess));
}

DataType AdjustedDecimal(int precision, int scale) {
  if (precision <= kMaxPrecision) return DataType::Decimal(precision, scale);
  int integral_digits = precision - scale;
  int adjusted = std::max(kMaxPrecision - integral_digits, std::min(scale, kMinAdjustedScale));
  return DataType::Decimal(kMaxPrecision, adjusted);
}

}  // namespace ashlar::sql
