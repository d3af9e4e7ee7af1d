#include "engine/scan/scan_column_names.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "delta/schema.h"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "engine/functions/variant/shredded_variant.h"
#include "engine/scan/row_details.h"
#include "engine/scan/scan_filter.h"
#include "engine/spark_error.h"

namespace ashlar::engine {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using duckdb::MultiFileColumnDefinition;
using LocalColumns = duckdb::vector<MultiFileColumnDefinition>;

// Below a list or map without structs there is nothing to name: its parts are left out on both sides,
// or DuckDB would take the difference in their number for a difference in type.
bool HasNames(const DataType& type) {
  if (type.Is(TypeId::kArray)) return HasNames(type.element());
  if (type.Is(TypeId::kMap)) return HasNames(type.key()) || HasNames(type.map_value());
  return type.Is(TypeId::kStruct) || type.Is(TypeId::kVariant);
}

// The two columns a VARIANT is in files.
const std::vector<Field>& VariantFields() {
  static const std::vector<Field> fields = {{"value", TypeId::kBinary}, {"metadata", TypeId::kBinary}};
  return fields;
}

// A shredded VARIANT is put together while it is read (shredded_variant.h), and comes as the two columns. False: it is
// not shredded.
bool TakeWholeVariant(MultiFileColumnDefinition& local) {
  if (local.type.id() != LogicalTypeId::STRUCT) {
    ThrowSparkError(NotImplemented("reading the column " + local.name + " as a VARIANT, of which it has not the columns"));
  }
  bool shredded = std::ranges::any_of(local.children, [](const auto& child) { return child.name == kTypedValue; });
  if (!shredded) return false;
  MultiFileColumnDefinition whole = GlobalColumn(local.name, TypeId::kVariant);
  local.type = whole.type;
  local.children = std::move(whole.children);
  return true;
}

class ColumnNamer {
 public:
  explicit ColumnNamer(const TableScan& scan) : scan_(scan), mode_(scan.snapshot().mapping_mode()) {}

  // Names the local columns that are these fields; the i-th field is called prefix + i.
  void NameFields(const std::vector<Field>& fields, char prefix, LocalColumns& local) const {
    std::vector<int> field_of(local.size(), -1);
    for (size_t i = 0; i < fields.size(); ++i) {
      int found = Find(fields[i], local);
      if (found >= 0 && field_of[found] < 0) field_of[found] = static_cast<int>(i);
    }
    for (size_t j = 0; j < local.size(); ++j) {
      if (field_of[j] < 0) {
        local[j].name = "x" + std::to_string(j);
        continue;
      }
      NameNested(fields[field_of[j]].type, local[j]);
      local[j].name = prefix + std::to_string(field_of[j]);
    }
    // Names alone decide from here on.
    for (auto& column : local) column.identifier = duckdb::Value();
  }

 private:
  int Find(const Field& field, const LocalColumns& local) const {
    if (field.name.empty()) return -1;
    auto id = delta::FieldIdOf(field);
    if (scan_.match() == ColumnMatch::kFieldId && id) {
      bool has_ids = false;
      for (size_t j = 0; j < local.size(); ++j) {
        if (local[j].identifier.IsNull()) continue;
        has_ids = true;
        if (local[j].GetIdentifierFieldId() == *id) return static_cast<int>(j);
      }
      if (has_ids) return -1;
    }
    std::string name = delta::PhysicalName(field, mode_);
    for (size_t j = 0; j < local.size(); ++j) {
      if (local[j].name == name) return static_cast<int>(j);
    }
    // Without a mapping files may come from others, who spell names as they like: columns are found as Spark finds them.
    if (scan_.match() != ColumnMatch::kAnyCase && mode_ != delta::ColumnMappingMode::kNone) return -1;
    for (size_t j = 0; j < local.size(); ++j) {
      if (EqualsIgnoreCase(local[j].name, name)) return static_cast<int>(j);
    }
    return -1;
  }

  void NameNested(const DataType& type, MultiFileColumnDefinition& local) const {
    CorrectNested(type, local);
    if (!HasNames(type)) local.children.clear();
  }

  void CorrectNested(const DataType& type, MultiFileColumnDefinition& local) const {
    switch (type.id()) {
      case TypeId::kVariant:
        if (TakeWholeVariant(local)) return;
        [[fallthrough]];
      case TypeId::kStruct: {
        if (local.type.id() != LogicalTypeId::STRUCT) return;
        NameFields(type.Is(TypeId::kVariant) ? VariantFields() : type.fields(), 'f', local.children);
        duckdb::child_list_t<LogicalType> fields;
        for (const auto& child : local.children) fields.emplace_back(child.name, child.type);
        local.type = LogicalType::STRUCT(std::move(fields));
        return;
      }
      case TypeId::kArray:
        if (local.type.id() != LogicalTypeId::LIST || local.children.size() != 1) return;
        NamePart(type.element(), "list", local.children[0]);
        local.type = LogicalType::LIST(local.children[0].type);
        return;
      case TypeId::kMap: {
        if (local.type.id() != LogicalTypeId::MAP || local.children.size() != 1) return;
        MultiFileColumnDefinition& entries = local.children[0];
        if (entries.children.size() != 2) return;
        entries.name = "key_value";
        NamePart(type.key(), "key", entries.children[0]);
        NamePart(type.map_value(), "value", entries.children[1]);
        local.type = LogicalType::MAP(entries.children[0].type, entries.children[1].type);
        return;
      }
      case TypeId::kTimestamp:
        // INT96 holds an instant, but says nothing of zones.
        if (local.type.id() == LogicalTypeId::TIMESTAMP) local.type = LogicalType::TIMESTAMP_TZ;
        return;
      case TypeId::kString:
        // Written without the UTF8 annotation.
        if (local.type.id() == LogicalTypeId::BLOB) local.type = LogicalType::VARCHAR;
        return;
      default: return;
    }
  }

  void NamePart(const DataType& type, const char* name, MultiFileColumnDefinition& local) const {
    NameNested(type, local);
    local.name = name;
    local.identifier = duckdb::Value();
  }

  const TableScan& scan_;
  delta::ColumnMappingMode mode_;
};

}  // namespace

MultiFileColumnDefinition GlobalColumn(const std::string& name, const DataType& type) {
  MultiFileColumnDefinition column(name, DuckTypeOf(type));
  column.default_expression = duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value(column.type));
  if (type.Is(TypeId::kStruct) || type.Is(TypeId::kVariant)) {
    const std::vector<Field>& fields = type.Is(TypeId::kVariant) ? VariantFields() : type.fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      column.children.push_back(GlobalColumn("f" + std::to_string(i), fields[i].type));
    }
  } else if (!HasNames(type)) {
    return column;
  } else if (type.Is(TypeId::kArray)) {
    column.children.push_back(GlobalColumn("list", type.element()));
  } else if (type.Is(TypeId::kMap)) {
    column.children.push_back(GlobalColumn("key", type.key()));
    column.children.push_back(GlobalColumn("value", type.map_value()));
  }
  return column;
}

void NameFileColumns(const TableScan& scan, const duckdb::vector<MultiFileColumnDefinition>& global,
                     LocalColumns& local) {
  std::vector<Field> columns = ScanColumns(scan.snapshot());
  CHECK_EQ(global.size(), columns.size());
  ColumnNamer(scan).NameFields(columns, 'k', local);
}

}  // namespace ashlar::engine
