#include "engine/functions/variant/variant_value.h"

#include "engine/functions/call_site.h"
#include "engine/functions/decimal_math.h"
#include "engine/functions/number_text.h"
#include "engine/spark_error.h"

namespace ashlar::engine {
namespace {

using Kind = VariantNode::Kind;
using duckdb::LogicalType;
using DuckValue = duckdb::Value;

}  // namespace

LogicalType DuckVariantType() { return LogicalType::STRUCT({{"f0", LogicalType::BLOB}, {"f1", LogicalType::BLOB}}); }

void FailMalformedVariant() {
  Fail("MALFORMED_VARIANT", "22023", "Variant binary is malformed. Please check the data source is valid.", {});
}

DuckValue MakeVariant(const VariantNode& node) {
  VariantBytes bytes = EncodeVariant(node);
  return DuckValue::STRUCT({{"f0", DuckValue::BLOB_RAW(bytes.value)}, {"f1", DuckValue::BLOB_RAW(bytes.metadata)}});
}

VariantNode OpenVariant(const DuckValue& variant) {
  const auto& parts = duckdb::StructValue::GetChildren(variant);
  std::optional<VariantNode> node;
  if (!parts[0].IsNull() && !parts[1].IsNull()) {
    node = DecodeVariant(duckdb::StringValue::Get(parts[0]), duckdb::StringValue::Get(parts[1]));
  }
  if (!node) FailMalformedVariant();
  return *std::move(node);
}

VariantNode VariantFromValue(const DuckValue& value, const DataType& type) {
  VariantNode out;
  if (value.IsNull()) return out;
  auto number = [&](Kind kind, int64_t n) {
    out.kind = kind;
    out.number = n;
  };
  switch (type.id()) {
    case TypeId::kVariant: return OpenVariant(value);
    case TypeId::kBoolean: number(Kind::kBoolean, value.GetValue<bool>()); break;
    case TypeId::kByte:
    case TypeId::kShort:
    case TypeId::kInt:
    case TypeId::kLong: number(Kind::kLong, value.GetValue<int64_t>()); break;
    case TypeId::kDate: number(Kind::kDate, duckdb::DateValue::Get(value).days); break;
    case TypeId::kTimestamp: number(Kind::kTimestamp, duckdb::TimestampTZValue::Get(value).value); break;
    case TypeId::kTimestampNtz: number(Kind::kTimestampNtz, duckdb::TimestampValue::Get(value).value); break;
    case TypeId::kFloat:
    case TypeId::kDouble:
      out.kind = type.Is(TypeId::kFloat) ? Kind::kFloat : Kind::kDouble;
      out.floating = value.GetValue<double>();
      break;
    case TypeId::kDecimal: {
      auto decimal = ParseDecimal(value.ToString());
      out.kind = Kind::kDecimal;
      out.unscaled = decimal ? decimal->unscaled.ToInt128().value_or(0) : 0;
      out.scale = decimal ? decimal->scale : 0;
      break;
    }
    case TypeId::kString:
    case TypeId::kBinary:
      out.kind = type.Is(TypeId::kString) ? Kind::kString : Kind::kBinary;
      out.text = duckdb::StringValue::Get(value);
      break;
    case TypeId::kArray:
      out.kind = Kind::kArray;
      for (const DuckValue& item : duckdb::ListValue::GetChildren(value)) out.children.push_back(VariantFromValue(item, type.element()));
      break;
    case TypeId::kMap:
    case TypeId::kStruct: {
      out.kind = Kind::kObject;
      bool map = type.Is(TypeId::kMap);
      const auto& parts = map ? duckdb::MapValue::GetChildren(value) : duckdb::StructValue::GetChildren(value);
      for (size_t i = 0; i < parts.size(); ++i) {
        out.names.push_back(map ? duckdb::StructValue::GetChildren(parts[i])[0].ToString() : type.fields()[i].name);
        out.children.push_back(map ? VariantFromValue(duckdb::StructValue::GetChildren(parts[i])[1], type.map_value())
                                   : VariantFromValue(parts[i], type.fields()[i].type));
      }
      SortFields(out);
      break;
    }
    default: ThrowSparkError(NotImplemented("VARIANT of " + type.SimpleString()));
  }
  return out;
}

}  // namespace ashlar::engine
