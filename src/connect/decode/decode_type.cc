#include "connect/decode/decoder.h"
#include "spark/connect/types.pb.h"

namespace ashlar::connect {
namespace {

Result<DataType> DecodeStruct(const sc::DataType::Struct& proto) {
  std::vector<Field> fields;
  for (const auto& field : proto.fields()) {
    ASSIGN_OR_RETURN(DataType type, DecodeType(field.data_type()));
    std::string metadata = field.metadata().empty() ? "{}" : field.metadata();
    fields.push_back({field.name(), std::move(type), field.nullable(), std::move(metadata)});
  }
  return DataType::Struct(std::move(fields));
}

void EncodeStruct(const DataType& type, sc::DataType::Struct& proto) {
  for (const Field& field : type.fields()) {
    auto* out = proto.add_fields();
    out->set_name(field.name);
    out->set_nullable(field.nullable);
    if (field.metadata != "{}" && !field.metadata.empty()) out->set_metadata(field.metadata);
    EncodeType(field.type, *out->mutable_data_type());
  }
}

Result<DataType> DecodeNested(const sc::DataType& proto) {
  switch (proto.kind_case()) {
    case sc::DataType::kArray: {
      ASSIGN_OR_RETURN(DataType element, DecodeType(proto.array().element_type()));
      return DataType::Array(std::move(element), proto.array().contains_null());
    }
    case sc::DataType::kMap: {
      ASSIGN_OR_RETURN(DataType key, DecodeType(proto.map().key_type()));
      ASSIGN_OR_RETURN(DataType value, DecodeType(proto.map().value_type()));
      return DataType::Map(std::move(key), std::move(value), proto.map().value_contains_null());
    }
    case sc::DataType::kStruct: return DecodeStruct(proto.struct_());
    case sc::DataType::kUnparsed: return sql::ParseTypeOrSchema(proto.unparsed().data_type_string());
    case sc::DataType::kUdt: return NotImplemented("DataType.udt (user-defined types)");
    case sc::DataType::kTime: return NotImplemented("DataType.time");
    case sc::DataType::kGeometry: return NotImplemented("DataType.geometry");
    case sc::DataType::kGeography: return NotImplemented("DataType.geography");
    default: return InvalidPlan("a data type without a kind");
  }
}

}  // namespace

Error InvalidPlan(const std::string& what) {
  return MakeSqlError("CONNECT_INVALID_PLAN.INVALID_PLAN_INPUT", "56K00", "The Spark Connect plan is invalid. " + what,
                      {{"errorMessage", what}});
}

Status Decoder::Level::Check() const {
  constexpr int kMaxDepth = 1000;
  if (decoder_.depth_ <= kMaxDepth) return OkStatus();
  return InvalidPlan("It is nested more deeply than " + std::to_string(kMaxDepth) + " relations and expressions.");
}

Result<DataType> DecodeType(const sc::DataType& proto) {
  switch (proto.kind_case()) {
    case sc::DataType::kNull: return DataType(TypeId::kNull);
    case sc::DataType::kBinary: return DataType(TypeId::kBinary);
    case sc::DataType::kBoolean: return DataType(TypeId::kBoolean);
    case sc::DataType::kByte: return DataType(TypeId::kByte);
    case sc::DataType::kShort: return DataType(TypeId::kShort);
    case sc::DataType::kInteger: return DataType(TypeId::kInt);
    case sc::DataType::kLong: return DataType(TypeId::kLong);
    case sc::DataType::kFloat: return DataType(TypeId::kFloat);
    case sc::DataType::kDouble: return DataType(TypeId::kDouble);
    case sc::DataType::kDecimal: {
      int precision = proto.decimal().has_precision() ? proto.decimal().precision() : 10;
      int scale = proto.decimal().has_scale() ? proto.decimal().scale() : 0;
      if (precision < 1 || precision > 38 || scale < 0 || scale > precision) {
        return InvalidPlan("DECIMAL(" + std::to_string(precision) + ", " + std::to_string(scale) + ") is no type");
      }
      return DataType::Decimal(precision, scale);
    }
    case sc::DataType::kString:
      if (!proto.string().collation().empty() && proto.string().collation() != "UTF8_BINARY") {
        return NotImplemented("the collation " + proto.string().collation());
      }
      return DataType(TypeId::kString);
    case sc::DataType::kChar: return DataType::Char(proto.char_().length());
    case sc::DataType::kVarChar: return DataType::Varchar(proto.var_char().length());
    case sc::DataType::kDate: return DataType(TypeId::kDate);
    case sc::DataType::kTimestamp: return DataType(TypeId::kTimestamp);
    case sc::DataType::kTimestampNtz: return DataType(TypeId::kTimestampNtz);
    case sc::DataType::kCalendarInterval: return DataType(TypeId::kCalendarInterval);
    case sc::DataType::kYearMonthInterval: {
      const auto& interval = proto.year_month_interval();
      int start = interval.has_start_field() ? interval.start_field() : 0;
      return DataType::YearMonthInterval(start, interval.has_end_field() ? interval.end_field() : 1);
    }
    case sc::DataType::kDayTimeInterval: {
      const auto& interval = proto.day_time_interval();
      int start = interval.has_start_field() ? interval.start_field() : 0;
      return DataType::DayTimeInterval(start, interval.has_end_field() ? interval.end_field() : 3);
    }
    case sc::DataType::kVariant: return DataType(TypeId::kVariant);
    default: return DecodeNested(proto);
  }
}

void EncodeType(const DataType& type, sc::DataType& proto) {
  switch (type.id()) {
    case TypeId::kNull: proto.mutable_null(); return;
    case TypeId::kBoolean: proto.mutable_boolean(); return;
    case TypeId::kByte: proto.mutable_byte(); return;
    case TypeId::kShort: proto.mutable_short_(); return;
    case TypeId::kInt: proto.mutable_integer(); return;
    case TypeId::kLong: proto.mutable_long_(); return;
    case TypeId::kFloat: proto.mutable_float_(); return;
    case TypeId::kDouble: proto.mutable_double_(); return;
    case TypeId::kDecimal:
      proto.mutable_decimal()->set_precision(type.precision());
      proto.mutable_decimal()->set_scale(type.scale());
      return;
    case TypeId::kString:
      if (type.is_char()) {
        proto.mutable_char_()->set_length(type.char_length());
      } else if (type.is_varchar()) {
        proto.mutable_var_char()->set_length(type.char_length());
      } else {
        proto.mutable_string()->set_collation("UTF8_BINARY");
      }
      return;
    case TypeId::kBinary: proto.mutable_binary(); return;
    case TypeId::kDate: proto.mutable_date(); return;
    case TypeId::kTimestamp: proto.mutable_timestamp(); return;
    case TypeId::kTimestampNtz: proto.mutable_timestamp_ntz(); return;
    case TypeId::kYearMonthInterval:
      proto.mutable_year_month_interval()->set_start_field(type.first_interval_field());
      proto.mutable_year_month_interval()->set_end_field(type.last_interval_field());
      return;
    case TypeId::kDayTimeInterval:
      proto.mutable_day_time_interval()->set_start_field(type.first_interval_field());
      proto.mutable_day_time_interval()->set_end_field(type.last_interval_field());
      return;
    case TypeId::kCalendarInterval: proto.mutable_calendar_interval(); return;
    case TypeId::kArray:
      EncodeType(type.element(), *proto.mutable_array()->mutable_element_type());
      proto.mutable_array()->set_contains_null(type.contains_null());
      return;
    case TypeId::kMap:
      EncodeType(type.key(), *proto.mutable_map()->mutable_key_type());
      EncodeType(type.map_value(), *proto.mutable_map()->mutable_value_type());
      proto.mutable_map()->set_value_contains_null(type.value_contains_null());
      return;
    case TypeId::kStruct: EncodeStruct(type, *proto.mutable_struct_()); return;
    case TypeId::kVariant: proto.mutable_variant(); return;
  }
}

Result<Schema> DecodeSchemaText(const std::string& text) {
  if (text.starts_with("{")) return Schema::FromJsonText(text);
  ASSIGN_OR_RETURN(DataType type, sql::ParseTypeOrSchema(text));
  if (type.Is(TypeId::kStruct)) return Schema{type.fields()};
  return Schema{{Field{"value", std::move(type), true, "{}"}}};
}

}  // namespace ashlar::connect
