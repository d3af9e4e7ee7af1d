#include "engine/functions/variant/variant_schema.h"

#include <algorithm>

#include "types/inferred_struct.h"

namespace ashlar::engine {
namespace {

using VariantKind = VariantNode::Kind;

constexpr int kMaxDecimalDigits = 38;
constexpr int kLongDigits = 20;

// Zeros at the end count for nothing.
DataType DecimalOfVariant(const VariantNode& node) {
  Int128 unscaled = node.unscaled;
  int scale = node.scale;
  for (; scale > 0 && unscaled % 10 == 0; --scale) unscaled /= 10;
  int digits = 1;
  for (Int128 rest = unscaled / 10; rest != 0; rest /= 10) ++digits;
  return DataType::Decimal(std::max(digits, scale), scale);
}

DataType CommonDecimal(const DataType& a, const DataType& b) {
  int scale = std::max(a.scale(), b.scale());
  int digits = std::max(a.precision() - a.scale(), b.precision() - b.scale()) + scale;
  return digits > kMaxDecimalDigits ? DataType(TypeId::kDouble) : DataType::Decimal(digits, scale);
}

// Of a whole number or fraction, and another.
DataType CommonNumber(const DataType& a, const DataType& b) {
  bool decimal_a = a.Is(TypeId::kDecimal), decimal_b = b.Is(TypeId::kDecimal);
  if (a.Is(TypeId::kDouble) || b.Is(TypeId::kDouble)) return TypeId::kDouble;
  if (a.Is(TypeId::kFloat) || b.Is(TypeId::kFloat)) return decimal_a || decimal_b ? TypeId::kVariant : TypeId::kFloat;
  DataType whole = DataType::Decimal(kLongDigits, 0);
  return CommonDecimal(decimal_a ? a : whole, decimal_b ? b : whole);
}

// What the elements of an array have in common.
DataType CommonSchema(const DataType& a, const DataType& b) {
  if (a == b || b.Is(TypeId::kNull)) return a;
  if (a.Is(TypeId::kNull)) return b;
  if (a.IsNumeric() && b.IsNumeric()) return CommonNumber(a, b);
  if (a.Is(TypeId::kStruct) && b.Is(TypeId::kStruct)) return WithFieldsOfBoth(a, b, CommonSchema);
  if (a.Is(TypeId::kArray) && b.Is(TypeId::kArray)) return DataType::Array(CommonSchema(a.element(), b.element()));
  if (!a.IsDatetime() || !b.IsDatetime()) return TypeId::kVariant;
  return a.Is(TypeId::kTimestamp) || b.Is(TypeId::kTimestamp) ? TypeId::kTimestamp : TypeId::kTimestampNtz;
}

DataType SchemaOfNode(const VariantNode& node) {
  switch (node.kind) {
    case VariantKind::kNull: return TypeId::kNull;
    case VariantKind::kBoolean: return TypeId::kBoolean;
    case VariantKind::kLong: return TypeId::kLong;
    case VariantKind::kDouble: return TypeId::kDouble;
    case VariantKind::kFloat: return TypeId::kFloat;
    case VariantKind::kDecimal: return DecimalOfVariant(node);
    case VariantKind::kDate: return TypeId::kDate;
    case VariantKind::kTimestamp: return TypeId::kTimestamp;
    case VariantKind::kTimestampNtz: return TypeId::kTimestampNtz;
    case VariantKind::kString: return TypeId::kString;
    case VariantKind::kBinary: return TypeId::kBinary;
    case VariantKind::kArray:
    case VariantKind::kObject: break;
  }
  if (node.Is(VariantKind::kArray)) {
    DataType element = TypeId::kNull;
    for (const VariantNode& child : node.children) element = CommonSchema(element, SchemaOfNode(child));
    return DataType::Array(element);
  }
  std::vector<Field> fields;
  for (size_t i = 0; i < node.children.size(); ++i) fields.push_back({node.names[i], SchemaOfNode(node.children[i])});
  return DataType::Struct(std::move(fields));
}

std::string SchemaText(const DataType& type) {
  if (type.Is(TypeId::kArray)) return "ARRAY<" + SchemaText(type.element()) + ">";
  if (!type.Is(TypeId::kStruct)) return type.Sql();
  std::string out;
  for (const Field& field : type.fields()) out += (out.empty() ? "" : ", ") + QuoteIfNeeded(field.name) + ": " + SchemaText(field.type);
  return "OBJECT<" + out + ">";
}

}  // namespace

std::string VariantSchema(const VariantNode& node) { return SchemaText(SchemaOfNode(node)); }

}  // namespace ashlar::engine
