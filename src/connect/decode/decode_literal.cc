// Literals of every kind. Since 4.1 nested literals carry their type in data_type; before, in the
// deprecated fields beside the elements.
#include "connect/decode/decoder.h"
#include "spark/connect/expressions.pb.h"

// Clients before 4.1 fill the deprecated fields only.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace ashlar::connect {
namespace {

using Proto = sc::Expression_Literal;

Result<std::vector<Value>> DecodeElements(const google::protobuf::RepeatedPtrField<Proto>& protos) {
  std::vector<Value> values;
  for (const Proto& proto : protos) {
    ASSIGN_OR_RETURN(Value value, DecodeLiteral(proto));
    values.push_back(std::move(value));
  }
  return values;
}

// Gives a value the type that is declared for it; nulls and nested values may know less.
Value Retype(Value value, const DataType& type) {
  auto* items = std::get_if<std::vector<Value>>(&value.data);
  if (items != nullptr) {
    for (size_t i = 0; i < items->size(); ++i) {
      Value& item = (*items)[i];
      if (type.Is(TypeId::kArray)) {
        item = Retype(std::move(item), type.element());
      } else if (type.Is(TypeId::kMap)) {
        item = Retype(std::move(item), i % 2 == 0 ? type.key() : type.map_value());
      } else if (type.Is(TypeId::kStruct) && i < type.fields().size()) {
        item = Retype(std::move(item), type.fields()[i].type);
      }
    }
  }
  value.type = type;
  return value;
}

DataType ElementType(const std::vector<Value>& values) {
  for (const Value& value : values) {
    if (!value.type.Is(TypeId::kNull)) return value.type;
  }
  return TypeId::kNull;
}

Result<Value> DecodeArray(const Proto& proto) {
  ASSIGN_OR_RETURN(std::vector<Value> elements, DecodeElements(proto.array().elements()));
  DataType type = DataType::Array(ElementType(elements));
  if (proto.has_data_type()) {
    ASSIGN_OR_RETURN(type, DecodeType(proto.data_type()));
  } else if (proto.array().has_element_type()) {
    ASSIGN_OR_RETURN(DataType element, DecodeType(proto.array().element_type()));
    type = DataType::Array(std::move(element));
  }
  return Retype({type, std::move(elements)}, type);
}

Result<Value> DecodeMap(const Proto& proto) {
  ASSIGN_OR_RETURN(std::vector<Value> keys, DecodeElements(proto.map().keys()));
  ASSIGN_OR_RETURN(std::vector<Value> values, DecodeElements(proto.map().values()));
  if (keys.size() != values.size()) return InvalidPlan("a map literal with more keys than values");
  DataType type = DataType::Map(ElementType(keys), ElementType(values));
  if (proto.has_data_type()) {
    ASSIGN_OR_RETURN(type, DecodeType(proto.data_type()));
  } else if (proto.map().has_key_type()) {
    ASSIGN_OR_RETURN(DataType key, DecodeType(proto.map().key_type()));
    ASSIGN_OR_RETURN(DataType value, DecodeType(proto.map().value_type()));
    type = DataType::Map(std::move(key), std::move(value));
  }
  std::vector<Value> entries;
  for (size_t i = 0; i < keys.size(); ++i) {
    entries.push_back(std::move(keys[i]));
    entries.push_back(std::move(values[i]));
  }
  return Retype({type, std::move(entries)}, type);
}

Result<Value> DecodeStructLiteral(const Proto& proto) {
  ASSIGN_OR_RETURN(std::vector<Value> elements, DecodeElements(proto.struct_().elements()));
  const sc::DataType& declared = proto.has_data_type() ? proto.data_type() : proto.struct_().struct_type();
  ASSIGN_OR_RETURN(DataType type, DecodeType(declared));
  if (!type.Is(TypeId::kStruct) || type.fields().size() != elements.size()) {
    return InvalidPlan("a struct literal whose elements do not fit its type");
  }
  return Retype({type, std::move(elements)}, type);
}

template <typename Repeated, typename Make>
Value ArrayOf(TypeId element, const Repeated& protos, Make make) {
  std::vector<Value> values;
  for (const auto& proto : protos) values.push_back(make(proto));
  return {DataType::Array(element, false), std::move(values)};
}

Result<Value> DecodeSpecializedArray(const sc::Expression_Literal_SpecializedArray& proto) {
  switch (proto.value_type_case()) {
    case sc::Expression_Literal_SpecializedArray::kBools:
      return ArrayOf(TypeId::kBoolean, proto.bools().values(), [](bool v) { return Value::Boolean(v); });
    case sc::Expression_Literal_SpecializedArray::kInts:
      return ArrayOf(TypeId::kInt, proto.ints().values(), [](int32_t v) { return Value::Int(v); });
    case sc::Expression_Literal_SpecializedArray::kLongs:
      return ArrayOf(TypeId::kLong, proto.longs().values(), [](int64_t v) { return Value::Long(v); });
    case sc::Expression_Literal_SpecializedArray::kFloats:
      return ArrayOf(TypeId::kFloat, proto.floats().values(), [](float v) { return Value{TypeId::kFloat, double{v}}; });
    case sc::Expression_Literal_SpecializedArray::kDoubles:
      return ArrayOf(TypeId::kDouble, proto.doubles().values(), [](double v) { return Value::Double(v); });
    case sc::Expression_Literal_SpecializedArray::kStrings:
      return ArrayOf(TypeId::kString, proto.strings().values(), [](const std::string& v) { return Value::String(v); });
    default: return InvalidPlan("Literal.specialized_array without values");
  }
}

Result<Value> DecodeDecimal(const sc::Expression_Literal_Decimal& proto) {
  ASSIGN_OR_RETURN(Value value, DecimalFromText(proto.value()));
  int precision = proto.has_precision() ? proto.precision() : value.type.precision();
  int scale = proto.has_scale() ? proto.scale() : value.type.scale();
  // PySpark declares decimal(10,0) whatever the value is: then the value's own type counts.
  int whole_digits = value.type.precision() - value.type.scale();
  if (precision < 1 || precision > 38 || scale < value.type.scale() || precision - scale < whole_digits) return value;
  Int128 unscaled = std::get<Int128>(value.data);
  for (int i = value.type.scale(); i < scale; ++i) {
    if (__builtin_mul_overflow(unscaled, Int128{10}, &unscaled)) return InvalidPlan("a decimal literal beyond 38 digits");
  }
  return Value::Decimal(unscaled, precision, scale);
}

}  // namespace

Result<Value> DecodeLiteral(const Proto& proto) {
  switch (proto.literal_type_case()) {
    case Proto::kNull: {
      ASSIGN_OR_RETURN(DataType type, DecodeType(proto.null()));
      return Value::Null(std::move(type));
    }
    case Proto::kBinary: return Value{TypeId::kBinary, proto.binary()};
    case Proto::kBoolean: return Value::Boolean(proto.boolean());
    case Proto::kByte: return Value{TypeId::kByte, int64_t{proto.byte()}};
    case Proto::kShort: return Value{TypeId::kShort, int64_t{proto.short_()}};
    case Proto::kInteger: return Value::Int(proto.integer());
    case Proto::kLong: return Value::Long(proto.long_());
    case Proto::kFloat: return Value{TypeId::kFloat, double{proto.float_()}};
    case Proto::kDouble: return Value::Double(proto.double_());
    case Proto::kDecimal: return DecodeDecimal(proto.decimal());
    case Proto::kString: return Value::String(proto.string());
    case Proto::kDate: return Value::Date(proto.date());
    case Proto::kTimestamp: return Value::Timestamp(proto.timestamp());
    case Proto::kTimestampNtz: return Value{TypeId::kTimestampNtz, int64_t{proto.timestamp_ntz()}};
    case Proto::kCalendarInterval: {
      const auto& interval = proto.calendar_interval();
      return Value{TypeId::kCalendarInterval, CalendarInterval{interval.months(), interval.days(), interval.microseconds()}};
    }
    case Proto::kYearMonthInterval:
      return Value{DataType::YearMonthInterval(0, 1), int64_t{proto.year_month_interval()}};
    case Proto::kDayTimeInterval: return Value{DataType::DayTimeInterval(0, 3), int64_t{proto.day_time_interval()}};
    case Proto::kArray: return DecodeArray(proto);
    case Proto::kMap: return DecodeMap(proto);
    case Proto::kStruct: return DecodeStructLiteral(proto);
    case Proto::kSpecializedArray: return DecodeSpecializedArray(proto.specialized_array());
    case Proto::kTime: return NotImplemented("Literal.time");
    default: return InvalidPlan("a literal without a kind");
  }
}

}  // namespace ashlar::connect
