// CollectRows: Arrow batches as values.
#include <cstring>

#include "base/check.h"
#include "engine/engine.h"

namespace ashlar::engine {
namespace {

bool IsNull(const ArrowArray& array, int64_t row) {
  if (array.n_buffers == 0 || array.buffers[0] == nullptr) return false;
  auto* bits = static_cast<const uint8_t*>(array.buffers[0]);
  return ((bits[row / 8] >> (row % 8)) & 1) == 0;
}

template <typename T>
T At(const ArrowArray& array, int64_t row) {
  T value;
  std::memcpy(&value, static_cast<const char*>(array.buffers[1]) + row * static_cast<int64_t>(sizeof(T)),
              sizeof(T));
  return value;
}

Value ValueAt(const DataType& type, const ArrowArray& array, int64_t index);

std::vector<Value> Items(const DataType& type, const ArrowArray& child, int64_t begin, int64_t end) {
  std::vector<Value> items;
  for (int64_t i = begin; i < end; ++i) items.push_back(ValueAt(type, child, i));
  return items;
}

std::string TextAt(const ArrowArray& array, int64_t row) {
  auto begin = At<int32_t>(array, row), end = At<int32_t>(array, row + 1);
  return std::string(static_cast<const char*>(array.buffers[2]) + begin, static_cast<size_t>(end - begin));
}

// Months, days, nanoseconds, as Arrow lays them out.
CalendarInterval IntervalAt(const ArrowArray& array, int64_t row) {
  struct {
    int32_t months, days;
    int64_t nanos;
  } raw;
  std::memcpy(&raw, static_cast<const char*>(array.buffers[1]) + row * 16, 16);
  return {raw.months, raw.days, raw.nanos / 1000};
}

Value NestedAt(const DataType& type, const ArrowArray& array, int64_t row) {
  if (type.Is(TypeId::kStruct)) {
    std::vector<Value> items;
    for (size_t i = 0; i < type.fields().size(); ++i) {
      items.push_back(ValueAt(type.fields()[i].type, *array.children[i], row));
    }
    return {type, std::move(items)};
  }
  auto begin = At<int32_t>(array, row), end = At<int32_t>(array, row + 1);
  if (type.Is(TypeId::kArray)) return {type, Items(type.element(), *array.children[0], begin, end)};
  const ArrowArray& entries = *array.children[0];
  std::vector<Value> items;
  for (int64_t i = begin; i < end; ++i) {
    items.push_back(ValueAt(type.key(), *entries.children[0], i + entries.offset));
    items.push_back(ValueAt(type.map_value(), *entries.children[1], i + entries.offset));
  }
  return {type, std::move(items)};
}

Value ValueAt(const DataType& type, const ArrowArray& array, int64_t index) {
  int64_t row = index + array.offset;
  if (type.Is(TypeId::kNull) || IsNull(array, row)) return Value::Null(type);
  switch (type.id()) {
    case TypeId::kBoolean: {
      auto* bits = static_cast<const uint8_t*>(array.buffers[1]);
      return {type, ((bits[row / 8] >> (row % 8)) & 1) != 0};
    }
    case TypeId::kByte: return {type, int64_t{At<int8_t>(array, row)}};
    case TypeId::kShort: return {type, int64_t{At<int16_t>(array, row)}};
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kYearMonthInterval: return {type, int64_t{At<int32_t>(array, row)}};
    case TypeId::kLong:
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
    case TypeId::kDayTimeInterval: return {type, At<int64_t>(array, row)};
    case TypeId::kFloat: return {type, double{At<float>(array, row)}};
    case TypeId::kDouble: return {type, At<double>(array, row)};
    case TypeId::kDecimal: return {type, At<Int128>(array, row)};
    case TypeId::kString:
    case TypeId::kBinary: return {type, TextAt(array, row)};
    case TypeId::kCalendarInterval: return {type, IntervalAt(array, row)};
    default: return NestedAt(type, array, row);
  }
}

}  // namespace

Result<std::vector<std::vector<Value>>> CollectRows(ResultStream& stream) {
  std::vector<std::vector<Value>> rows;
  while (true) {
    ASSIGN_OR_RETURN(auto batch, stream.Next());
    if (!batch) return rows;
    for (int64_t row = 0; row < batch->row_count; ++row) {
      std::vector<Value> values;
      for (size_t i = 0; i < stream.schema().fields.size(); ++i) {
        values.push_back(ValueAt(stream.schema().fields[i].type, *batch->array->children[i],
                                 row + batch->array->offset));
      }
      rows.push_back(std::move(values));
    }
  }
}

}  // namespace ashlar::engine
