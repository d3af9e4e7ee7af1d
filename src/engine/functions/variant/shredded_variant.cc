#include "engine/functions/variant/shredded_variant.h"

#include <algorithm>

#include "base/text.h"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "duckdb/planner/expression/bound_reference_expression.hpp"
#include "engine/functions/variant/variant_value.h"
#include "engine/spark_error.h"

namespace ashlar::engine {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using DuckValue = duckdb::Value;

// A group that stands for a value: where its columns are, and what its typed one is.
struct ShreddedGroup {
  enum class Typed { kNone, kScalar, kArray, kObject };
  int metadata = -1;
  int value = -1;
  int typed = -1;
  Typed kind = Typed::kNone;
  DataType scalar;
  std::vector<std::string> names;     // of an object's fields
  std::vector<ShreddedGroup> groups;  // of those fields, or of an array's elements
};

DataType ScalarOf(const LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::BOOLEAN: return TypeId::kBoolean;
    case LogicalTypeId::TINYINT:
    case LogicalTypeId::SMALLINT:
    case LogicalTypeId::INTEGER:
    case LogicalTypeId::BIGINT: return TypeId::kLong;
    case LogicalTypeId::FLOAT: return TypeId::kFloat;
    case LogicalTypeId::DOUBLE: return TypeId::kDouble;
    case LogicalTypeId::DECIMAL: return DataType::Decimal(duckdb::DecimalType::GetWidth(type), duckdb::DecimalType::GetScale(type));
    case LogicalTypeId::VARCHAR: return TypeId::kString;
    case LogicalTypeId::BLOB: return TypeId::kBinary;
    case LogicalTypeId::DATE: return TypeId::kDate;
    case LogicalTypeId::TIMESTAMP: return TypeId::kTimestampNtz;
    case LogicalTypeId::TIMESTAMP_TZ: return TypeId::kTimestamp;
    default: ThrowSparkError(NotImplemented("reading a VARIANT shredded as " + type.ToString()));
  }
}

ShreddedGroup GroupOf(const LogicalType& type) {
  if (type.id() != LogicalTypeId::STRUCT) FailMalformedVariant();
  const auto& columns = duckdb::StructType::GetChildTypes(type);
  ShreddedGroup group;
  for (size_t i = 0; i < columns.size(); ++i) {
    int at = static_cast<int>(i);
    if (columns[i].first == "metadata") group.metadata = at;
    if (columns[i].first == "value") group.value = at;
    if (columns[i].first == kTypedValue) group.typed = at;
  }
  if (group.typed < 0) return group;
  const LogicalType& typed = columns[static_cast<size_t>(group.typed)].second;
  if (typed.id() == LogicalTypeId::LIST) {
    group.kind = ShreddedGroup::Typed::kArray;
    group.groups.push_back(GroupOf(duckdb::ListType::GetChildType(typed)));
  } else if (typed.id() == LogicalTypeId::STRUCT) {
    group.kind = ShreddedGroup::Typed::kObject;
    for (const auto& [name, field] : duckdb::StructType::GetChildTypes(typed)) {
      group.names.push_back(name);
      group.groups.push_back(GroupOf(field));
    }
  } else {
    group.kind = ShreddedGroup::Typed::kScalar;
    group.scalar = ScalarOf(typed);
  }
  return group;
}

// Puts one row's VARIANT together.
class Assembler {
 public:
  explicit Assembler(std::string_view metadata) : metadata_(metadata) {}

  // nullopt: no value is there.
  std::optional<VariantNode> Assemble(const ShreddedGroup& group, const DuckValue& stored) const {
    if (stored.IsNull()) return std::nullopt;
    const auto& columns = duckdb::StructValue::GetChildren(stored);
    const DuckValue* value = ColumnOf(columns, group.value);
    const DuckValue* typed = ColumnOf(columns, group.typed);
    if (typed == nullptr) return value == nullptr ? std::nullopt : std::optional(Decode(*value));
    VariantNode node = Typed(group, *typed);
    if (value != nullptr && group.kind == ShreddedGroup::Typed::kObject) AddOtherFields(Decode(*value), node);
    return node;
  }

 private:
  // Null when the group has no such column, or NULL in it.
  static const DuckValue* ColumnOf(const duckdb::vector<DuckValue>& columns, int at) {
    return at < 0 || columns[static_cast<size_t>(at)].IsNull() ? nullptr : &columns[static_cast<size_t>(at)];
  }

  VariantNode Decode(const DuckValue& value) const {
    auto node = DecodeVariant(duckdb::StringValue::Get(value), metadata_);
    if (!node) FailMalformedVariant();
    return *std::move(node);
  }

  VariantNode Typed(const ShreddedGroup& group, const DuckValue& typed) const {
    if (group.kind == ShreddedGroup::Typed::kScalar) return VariantFromValue(typed, group.scalar);
    return group.kind == ShreddedGroup::Typed::kArray ? Array(group, typed) : Object(group, typed);
  }

  VariantNode Array(const ShreddedGroup& group, const DuckValue& typed) const {
    VariantNode out;
    out.kind = VariantNode::Kind::kArray;
    for (const DuckValue& element : duckdb::ListValue::GetChildren(typed)) {
      auto node = Assemble(group.groups[0], element);
      if (!node) FailMalformedVariant();  // elements cannot be missing
      out.children.push_back(*std::move(node));
    }
    return out;
  }

  VariantNode Object(const ShreddedGroup& group, const DuckValue& typed) const {
    VariantNode out;
    out.kind = VariantNode::Kind::kObject;
    const auto& fields = duckdb::StructValue::GetChildren(typed);
    for (size_t i = 0; i < fields.size(); ++i) {
      auto node = Assemble(group.groups[i], fields[i]);
      if (!node) continue;
      out.names.push_back(group.names[i]);
      out.children.push_back(*std::move(node));
    }
    if (!SortFields(out)) FailMalformedVariant();
    return out;
  }

  // The fields that have no columns of their own.
  static void AddOtherFields(VariantNode others, VariantNode& object) {
    if (!others.Is(VariantNode::Kind::kObject)) FailMalformedVariant();
    std::ranges::move(others.names, std::back_inserter(object.names));
    std::ranges::move(others.children, std::back_inserter(object.children));
    if (!SortFields(object)) FailMalformedVariant();
  }

  std::string_view metadata_;
};

// What becomes of a column, or of a part of it.
struct AssemblyPart {
  enum class Kind { kAsIs, kVariant, kStruct, kList, kMap };
  Kind kind = Kind::kAsIs;
  LogicalType to;
  ShreddedGroup group;
  std::vector<AssemblyPart> parts;
};

AssemblyPart PartOf(const LogicalType& from, const LogicalType& to, const DataType* type);

// The field of the type that a column's name stands for; null when it is none.
const DataType* FieldNamed(const std::string& name, const DataType& type) {
  auto number = name.starts_with('f') ? ParseInt64(name.substr(1)) : std::nullopt;
  bool known = number && *number >= 0 && *number < static_cast<int64_t>(type.fields().size());
  return known ? &type.fields()[static_cast<size_t>(*number)].type : nullptr;
}

std::vector<AssemblyPart> StructParts(const LogicalType& from, const LogicalType& to, const DataType& type) {
  const auto& stored = duckdb::StructType::GetChildTypes(from);
  const auto& wanted = duckdb::StructType::GetChildTypes(to);
  std::vector<AssemblyPart> parts;
  if (stored.size() != wanted.size()) return parts;
  for (size_t i = 0; i < stored.size(); ++i) parts.push_back(PartOf(stored[i].second, wanted[i].second, FieldNamed(wanted[i].first, type)));
  return parts;
}

bool HasTypedValue(const LogicalType& type) {
  const auto& columns = duckdb::StructType::GetChildTypes(type);
  return std::ranges::any_of(columns, [](const auto& column) { return column.first == kTypedValue; });
}

// `type` is null for what no column of the table is.
AssemblyPart PartOf(const LogicalType& from, const LogicalType& to, const DataType* type) {
  AssemblyPart out{.kind = AssemblyPart::Kind::kAsIs, .to = to, .group = {}, .parts = {}};
  if (type == nullptr || from.id() != to.id()) return out;
  AssemblyPart::Kind kind = AssemblyPart::Kind::kAsIs;
  if (type->Is(TypeId::kVariant) && from.id() == LogicalTypeId::STRUCT && HasTypedValue(from)) {
    out.kind = AssemblyPart::Kind::kVariant;
    out.group = GroupOf(from);
    if (out.group.metadata < 0) FailMalformedVariant();
  } else if (type->Is(TypeId::kStruct) && from.id() == LogicalTypeId::STRUCT) {
    kind = AssemblyPart::Kind::kStruct;
    out.parts = StructParts(from, to, *type);
  } else if (type->Is(TypeId::kArray) && from.id() == LogicalTypeId::LIST) {
    kind = AssemblyPart::Kind::kList;
    out.parts.push_back(PartOf(duckdb::ListType::GetChildType(from), duckdb::ListType::GetChildType(to), &type->element()));
  } else if (type->Is(TypeId::kMap) && from.id() == LogicalTypeId::MAP) {
    kind = AssemblyPart::Kind::kMap;
    out.parts.push_back(PartOf(duckdb::MapType::KeyType(from), duckdb::MapType::KeyType(to), &type->key()));
    out.parts.push_back(PartOf(duckdb::MapType::ValueType(from), duckdb::MapType::ValueType(to), &type->map_value()));
  }
  if (std::ranges::any_of(out.parts, [](const AssemblyPart& part) { return part.kind != AssemblyPart::Kind::kAsIs; })) out.kind = kind;
  return out;
}

DuckValue Assembled(const AssemblyPart& part, const DuckValue& stored);

DuckValue AssembledVariant(const ShreddedGroup& group, const DuckValue& stored) {
  const DuckValue& metadata = duckdb::StructValue::GetChildren(stored)[static_cast<size_t>(group.metadata)];
  if (metadata.IsNull()) FailMalformedVariant();
  auto node = Assembler(duckdb::StringValue::Get(metadata)).Assemble(group, stored);
  if (!node) FailMalformedVariant();
  return MakeVariant(*node);
}

DuckValue AssembledStruct(const AssemblyPart& part, const DuckValue& stored) {
  const auto& values = duckdb::StructValue::GetChildren(stored);
  const auto& types = duckdb::StructType::GetChildTypes(part.to);
  duckdb::child_list_t<DuckValue> fields;
  for (size_t i = 0; i < values.size(); ++i) fields.emplace_back(types[i].first, Assembled(part.parts[i], values[i]));
  return DuckValue::STRUCT(std::move(fields));
}

DuckValue AssembledMap(const AssemblyPart& part, const DuckValue& stored) {
  duckdb::vector<DuckValue> keys, values;
  for (const DuckValue& entry : duckdb::MapValue::GetChildren(stored)) {
    const auto& sides = duckdb::StructValue::GetChildren(entry);
    keys.push_back(Assembled(part.parts[0], sides[0]));
    values.push_back(Assembled(part.parts[1], sides[1]));
  }
  return DuckValue::MAP(duckdb::MapType::KeyType(part.to), duckdb::MapType::ValueType(part.to), std::move(keys), std::move(values));
}

DuckValue Assembled(const AssemblyPart& part, const DuckValue& stored) {
  if (stored.IsNull()) return DuckValue(part.to);
  switch (part.kind) {
    case AssemblyPart::Kind::kVariant: return AssembledVariant(part.group, stored);
    case AssemblyPart::Kind::kStruct: return AssembledStruct(part, stored);
    case AssemblyPart::Kind::kMap: return AssembledMap(part, stored);
    case AssemblyPart::Kind::kList: {
      duckdb::vector<DuckValue> items;
      for (const DuckValue& item : duckdb::ListValue::GetChildren(stored)) items.push_back(Assembled(part.parts[0], item));
      return DuckValue::LIST(duckdb::ListType::GetChildType(part.to), std::move(items));
    }
    case AssemblyPart::Kind::kAsIs: break;
  }
  // Alike but for the names of fields.
  DuckValue out = stored;
  out.Reinterpret(part.to);
  return out;
}

struct BoundAssembly : duckdb::FunctionData {
  explicit BoundAssembly(std::shared_ptr<const AssemblyPart> column) : column(std::move(column)) {}
  std::shared_ptr<const AssemblyPart> column;
  duckdb::unique_ptr<duckdb::FunctionData> Copy() const override { return duckdb::make_uniq<BoundAssembly>(column); }
  bool Equals(const duckdb::FunctionData& other) const override { return column == other.Cast<BoundAssembly>().column; }
};

void RunAssembly(duckdb::DataChunk& args, duckdb::ExpressionState& state, duckdb::Vector& result) {
  const auto& bound = state.expr.Cast<duckdb::BoundFunctionExpression>().bind_info->Cast<BoundAssembly>();
  result.SetVectorType(duckdb::VectorType::FLAT_VECTOR);
  for (duckdb::idx_t row = 0; row < args.size(); ++row) result.SetValue(row, Assembled(*bound.column, args.GetValue(0, row)));
}

}  // namespace

duckdb::unique_ptr<duckdb::Expression> AssembleVariants(const LogicalType& stored, const LogicalType& wanted, const DataType& type) {
  auto column = std::make_shared<AssemblyPart>(PartOf(stored, wanted, &type));
  if (column->kind == AssemblyPart::Kind::kAsIs) return nullptr;
  duckdb::ScalarFunction function("ashlar_assemble_variants", {stored}, wanted, RunAssembly);
  function.SetFallible();
  function.SetNullHandling(duckdb::FunctionNullHandling::SPECIAL_HANDLING);
  duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> arguments;
  arguments.push_back(duckdb::make_uniq<duckdb::BoundReferenceExpression>(stored, 0ULL));
  return duckdb::make_uniq<duckdb::BoundFunctionExpression>(wanted, std::move(function), std::move(arguments),
                                                            duckdb::make_uniq<BoundAssembly>(std::move(column)));
}

}  // namespace ashlar::engine
