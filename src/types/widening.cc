#include "types/widening.h"

#include <algorithm>

#include "base/text.h"

namespace ashlar {
namespace {

// Of whole numbers; 0 for other types.
int IntegralRank(const DataType& type) {
  switch (type.id()) {
    case TypeId::kByte: return 1;
    case TypeId::kShort: return 2;
    case TypeId::kInt: return 3;
    case TypeId::kLong: return 4;
    default: return 0;
  }
}

constexpr int kLongRank = 4;

// A decimal with at least this many digits before the point, by the same number of digits or more
// behind it.
bool Holds(const DataType& decimal, int digits, int scale) {
  return decimal.scale() >= scale && decimal.precision() - decimal.scale() >= digits;
}

bool WithinFamily(const DataType& from, const DataType& to) {
  bool changes_family = IntegralRank(from) > 0 && IntegralRank(to) == 0;
  return !changes_family && IsWidening(from, to);
}

}  // namespace

bool IsWidening(const DataType& from, const DataType& to) {
  int rank = IntegralRank(from);
  if (rank > 0 && IntegralRank(to) > 0) return rank < IntegralRank(to);
  if (rank > 0 && to.Is(TypeId::kDouble)) return rank < kLongRank;
  if (rank > 0 && to.Is(TypeId::kDecimal)) return Holds(to, rank == kLongRank ? 20 : 10, 0);
  if (from.Is(TypeId::kFloat)) return to.Is(TypeId::kDouble);
  if (from.Is(TypeId::kDecimal) && to.Is(TypeId::kDecimal)) {
    return !(from == to) && Holds(to, from.precision() - from.scale(), from.scale());
  }
  return from.Is(TypeId::kDate) && to.Is(TypeId::kTimestampNtz);
}

DataType WidenedBy(const DataType& table, const DataType& data) {
  if (table.Is(TypeId::kStruct) && data.Is(TypeId::kStruct)) {
    std::vector<Field> fields = table.fields();
    for (Field& field : fields) {
      auto same = std::ranges::find_if(data.fields(), [&](const Field& f) { return EqualsIgnoreCase(f.name, field.name); });
      if (same != data.fields().end()) field.type = WidenedBy(field.type, same->type);
    }
    return DataType::Struct(std::move(fields));
  }
  if (table.Is(TypeId::kArray) && data.Is(TypeId::kArray)) {
    return DataType::Array(WidenedBy(table.element(), data.element()), table.contains_null());
  }
  if (table.Is(TypeId::kMap) && data.Is(TypeId::kMap)) {
    return DataType::Map(WidenedBy(table.key(), data.key()), WidenedBy(table.map_value(), data.map_value()),
                         table.value_contains_null());
  }
  return WithinFamily(table, data) ? data : table;
}

DataType AsNullable(const DataType& type) {
  switch (type.id()) {
    case TypeId::kArray: return DataType::Array(AsNullable(type.element()));
    case TypeId::kMap: return DataType::Map(AsNullable(type.key()), AsNullable(type.map_value()));
    case TypeId::kStruct: {
      std::vector<Field> fields;
      for (const Field& field : type.fields()) fields.push_back({field.name, AsNullable(field.type), true, field.metadata});
      return DataType::Struct(std::move(fields));
    }
    default: return type;
  }
}

}  // namespace ashlar
