#include "engine/scan/scan_filter.h"

#include <mutex>

#include "base/check.h"
#include "duckdb/common/types/hugeint.hpp"
#include "duckdb/planner/filter/conjunction_filter.hpp"
#include "duckdb/planner/filter/constant_filter.hpp"
#include "duckdb/planner/filter/dynamic_filter.hpp"
#include "duckdb/planner/filter/in_filter.hpp"
#include "duckdb/planner/filter/optional_filter.hpp"
#include "duckdb/planner/filter/struct_filter.hpp"

namespace ashlar::engine {
namespace {

using delta::Predicate;

Int128 ToInt128(duckdb::hugeint_t value) {
  return (static_cast<Int128>(value.upper) << 64) | static_cast<Int128>(value.lower);
}

duckdb::hugeint_t ToHugeint(Int128 value) {
  duckdb::hugeint_t out;
  out.lower = static_cast<uint64_t>(value);
  out.upper = static_cast<int64_t>(value >> 64);
  return out;
}

// The filter's constant as a value of the column; nullopt when it is of another type than the column,
// so that comparing statistics with it would be a guess.
std::optional<Value> ConstantOf(const duckdb::Value& constant, const DataType& type) {
  if (constant.type() != DuckTypeOf(type)) return std::nullopt;
  if (constant.IsNull()) return Value::Null(type);
  switch (type.id()) {
    case TypeId::kBoolean: return Value{type, constant.GetValue<bool>()};
    case TypeId::kByte:
    case TypeId::kShort:
    case TypeId::kInt:
    case TypeId::kLong: return Value{type, constant.GetValue<int64_t>()};
    case TypeId::kFloat:
    case TypeId::kDouble: return Value{type, constant.GetValue<double>()};
    case TypeId::kString: return Value{type, duckdb::StringValue::Get(constant)};
    case TypeId::kDate: return Value{type, int64_t{duckdb::DateValue::Get(constant).days}};
    case TypeId::kTimestamp:
      return Value{type, constant.GetValueUnsafe<duckdb::timestamp_tz_t>().value};
    case TypeId::kTimestampNtz: return Value{type, duckdb::TimestampValue::Get(constant).value};
    case TypeId::kDecimal: {
      switch (constant.type().InternalType()) {
        case duckdb::PhysicalType::INT16: return Value{type, Int128{constant.GetValueUnsafe<int16_t>()}};
        case duckdb::PhysicalType::INT32: return Value{type, Int128{constant.GetValueUnsafe<int32_t>()}};
        case duckdb::PhysicalType::INT64: return Value{type, Int128{constant.GetValueUnsafe<int64_t>()}};
        default: return Value{type, ToInt128(constant.GetValueUnsafe<duckdb::hugeint_t>())};
      }
    }
    default: return std::nullopt;
  }
}

std::optional<Predicate::Kind> ComparisonOf(duckdb::ExpressionType type) {
  switch (type) {
    case duckdb::ExpressionType::COMPARE_EQUAL: return Predicate::Kind::kEq;
    case duckdb::ExpressionType::COMPARE_NOTEQUAL: return Predicate::Kind::kNe;
    case duckdb::ExpressionType::COMPARE_LESSTHAN: return Predicate::Kind::kLt;
    case duckdb::ExpressionType::COMPARE_LESSTHANOREQUALTO: return Predicate::Kind::kLe;
    case duckdb::ExpressionType::COMPARE_GREATERTHAN: return Predicate::Kind::kGt;
    case duckdb::ExpressionType::COMPARE_GREATERTHANOREQUALTO: return Predicate::Kind::kGe;
    default: return std::nullopt;
  }
}

Predicate ComparisonPredicate(const duckdb::ConstantFilter& filter, const std::vector<std::string>& column,
                              const DataType& type) {
  auto op = ComparisonOf(filter.comparison_type);
  auto value = ConstantOf(filter.constant, type);
  if (!op || !value) return delta::UnknownPredicate();
  return delta::Compare(*op, column, *std::move(value));
}

std::vector<Predicate> ChildrenOf(const duckdb::ConjunctionFilter& filter,
                                  const std::vector<std::string>& column, const DataType& type) {
  std::vector<Predicate> children;
  for (const auto& child : filter.child_filters) children.push_back(PredicateOf(*child, column, type));
  return children;
}

Predicate DynamicPredicate(const duckdb::DynamicFilter& filter, const std::vector<std::string>& column,
                           const DataType& type) {
  if (!filter.filter_data) return delta::UnknownPredicate();
  std::lock_guard<duckdb::mutex> lock(filter.filter_data->lock);
  if (!filter.filter_data->initialized || !filter.filter_data->filter) return delta::UnknownPredicate();
  return ComparisonPredicate(*filter.filter_data->filter, column, type);
}

}  // namespace

Predicate PredicateOf(const duckdb::TableFilter& filter, const std::vector<std::string>& column,
                      const DataType& type) {
  switch (filter.filter_type) {
    case duckdb::TableFilterType::CONSTANT_COMPARISON:
      return ComparisonPredicate(filter.Cast<duckdb::ConstantFilter>(), column, type);
    case duckdb::TableFilterType::IS_NULL: return delta::IsNull(column);
    case duckdb::TableFilterType::IS_NOT_NULL: return delta::Not(delta::IsNull(column));
    case duckdb::TableFilterType::CONJUNCTION_AND:
      return delta::And(ChildrenOf(filter.Cast<duckdb::ConjunctionAndFilter>(), column, type));
    case duckdb::TableFilterType::CONJUNCTION_OR:
      return delta::Or(ChildrenOf(filter.Cast<duckdb::ConjunctionOrFilter>(), column, type));
    case duckdb::TableFilterType::OPTIONAL_FILTER: {
      const auto& child = filter.Cast<duckdb::OptionalFilter>().child_filter;
      return child ? PredicateOf(*child, column, type) : delta::UnknownPredicate();
    }
    case duckdb::TableFilterType::DYNAMIC_FILTER:
      return DynamicPredicate(filter.Cast<duckdb::DynamicFilter>(), column, type);
    case duckdb::TableFilterType::IN_FILTER: {
      std::vector<Value> values;
      for (const auto& constant : filter.Cast<duckdb::InFilter>().values) {
        auto value = ConstantOf(constant, type);
        if (!value) return delta::UnknownPredicate();
        values.push_back(*std::move(value));
      }
      return delta::In(column, std::move(values));
    }
    case duckdb::TableFilterType::STRUCT_EXTRACT: {
      const auto& nested = filter.Cast<duckdb::StructFilter>();
      if (!type.Is(TypeId::kStruct) || nested.child_idx >= type.fields().size()) {
        return delta::UnknownPredicate();
      }
      const Field& field = type.fields()[nested.child_idx];
      std::vector<std::string> path = column;
      path.push_back(field.name);
      return PredicateOf(*nested.child_filter, path, field.type);
    }
    default: return delta::UnknownPredicate();
  }
}

duckdb::LogicalType DuckTypeOf(const DataType& type) {
  using duckdb::LogicalType;
  switch (type.id()) {
    case TypeId::kNull:
    case TypeId::kInt:
    case TypeId::kYearMonthInterval: return LogicalType::INTEGER;
    case TypeId::kBoolean: return LogicalType::BOOLEAN;
    case TypeId::kByte: return LogicalType::TINYINT;
    case TypeId::kShort: return LogicalType::SMALLINT;
    case TypeId::kLong:
    case TypeId::kDayTimeInterval: return LogicalType::BIGINT;
    case TypeId::kFloat: return LogicalType::FLOAT;
    case TypeId::kDouble: return LogicalType::DOUBLE;
    case TypeId::kDecimal:
      return LogicalType::DECIMAL(static_cast<uint8_t>(type.precision()), static_cast<uint8_t>(type.scale()));
    case TypeId::kString: return LogicalType::VARCHAR;
    case TypeId::kBinary: return LogicalType::BLOB;
    case TypeId::kDate: return LogicalType::DATE;
    case TypeId::kTimestamp: return LogicalType::TIMESTAMP_TZ;
    case TypeId::kTimestampNtz: return LogicalType::TIMESTAMP;
    case TypeId::kCalendarInterval: return LogicalType::INTERVAL;
    case TypeId::kArray: return LogicalType::LIST(DuckTypeOf(type.element()));
    case TypeId::kMap: return LogicalType::MAP(DuckTypeOf(type.key()), DuckTypeOf(type.map_value()));
    case TypeId::kStruct: {
      duckdb::child_list_t<LogicalType> fields;
      for (size_t i = 0; i < type.fields().size(); ++i) {
        fields.emplace_back("f" + std::to_string(i), DuckTypeOf(type.fields()[i].type));
      }
      if (fields.empty()) fields.emplace_back("f_", LogicalType::INTEGER);
      return LogicalType::STRUCT(std::move(fields));
    }
    case TypeId::kVariant:
      return LogicalType::STRUCT({{"f0", LogicalType::BLOB}, {"f1", LogicalType::BLOB}});
  }
  CHECK(false) << static_cast<int>(type.id());
  return LogicalType::INVALID;
}

namespace {

duckdb::Value NestedValueOf(const DataType& type, const std::vector<Value>& items, const duckdb::LogicalType& duck_type) {
  auto every = [&](size_t first, size_t step) {
    duckdb::vector<duckdb::Value> out;
    for (size_t i = first; i < items.size(); i += step) out.push_back(DuckValueOf(items[i]));
    return out;
  };
  if (type.Is(TypeId::kArray)) return duckdb::Value::LIST(DuckTypeOf(type.element()), every(0, 1));
  if (type.Is(TypeId::kMap)) {
    return duckdb::Value::MAP(DuckTypeOf(type.key()), DuckTypeOf(type.map_value()), every(0, 2), every(1, 2));
  }
  auto fields = every(0, 1);
  if (fields.empty()) fields.push_back(duckdb::Value(duckdb::LogicalType::INTEGER));
  return duckdb::Value::STRUCT(duck_type, std::move(fields));
}

}  // namespace

duckdb::Value DuckValueOf(const Value& value) {
  duckdb::LogicalType type = DuckTypeOf(value.type);
  if (value.is_null()) return duckdb::Value(type);
  switch (value.type.id()) {
    case TypeId::kBoolean: return duckdb::Value::BOOLEAN(std::get<bool>(value.data));
    case TypeId::kFloat: return duckdb::Value::FLOAT(static_cast<float>(std::get<double>(value.data)));
    case TypeId::kDouble: return duckdb::Value::DOUBLE(std::get<double>(value.data));
    case TypeId::kDecimal:
      return duckdb::Value::DECIMAL(ToHugeint(std::get<Int128>(value.data)),
                                    static_cast<uint8_t>(value.type.precision()),
                                    static_cast<uint8_t>(value.type.scale()))
          .DefaultCastAs(type);
    case TypeId::kString: return duckdb::Value(std::get<std::string>(value.data));
    case TypeId::kBinary: {
      const std::string& bytes = std::get<std::string>(value.data);
      return duckdb::Value::BLOB(duckdb::const_data_ptr_cast(bytes.data()), bytes.size());
    }
    case TypeId::kDate:
      return duckdb::Value::DATE(duckdb::date_t(static_cast<int32_t>(std::get<int64_t>(value.data))));
    case TypeId::kTimestamp:
      return duckdb::Value::TIMESTAMPTZ(duckdb::timestamp_tz_t(std::get<int64_t>(value.data)));
    case TypeId::kTimestampNtz:
      return duckdb::Value::TIMESTAMP(duckdb::timestamp_t(std::get<int64_t>(value.data)));
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kStruct: return NestedValueOf(value.type, std::get<std::vector<Value>>(value.data), type);
    default: break;
  }
  CHECK(std::holds_alternative<int64_t>(value.data)) << value.type.SimpleString();
  return duckdb::Value::BIGINT(std::get<int64_t>(value.data)).DefaultCastAs(type);
}

}  // namespace ashlar::engine
