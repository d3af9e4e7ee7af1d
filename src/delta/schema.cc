#include "delta/schema.h"

#include <algorithm>
#include <set>

#include "base/id.h"
#include "base/json.h"
#include "base/text.h"
#include "delta/catalog_commits.h"
#include "delta/commit/row_tracking.h"
#include "delta/evolution/iceberg_compat.h"
#include "delta/evolution/properties.h"
#include "delta/features.h"
#include "delta/schema_change.h"
#include "types/widening.h"

namespace ashlar::delta {
namespace {

constexpr int kDefaultIndexedColumns = 32;

bool AnyFieldOf(const DataType& type, const std::function<bool(const Field&)>& predicate) {
  switch (type.id()) {
    case TypeId::kStruct:
      return std::ranges::any_of(type.fields(), [&](const Field& field) {
        return predicate(field) || AnyFieldOf(field.type, predicate);
      });
    case TypeId::kArray:
      return AnyFieldOf(type.element(), predicate);
    case TypeId::kMap:
      return AnyFieldOf(type.key(), predicate) || AnyFieldOf(type.map_value(), predicate);
    default:
      return false;
  }
}

// Appends the leaves below `fields`; stops when there are `limit` of them (-1: no limit).
void AppendLeaves(const std::vector<Field>& fields, const std::vector<std::string>& prefix,
                  ColumnMappingMode mode, int limit, std::vector<LeafColumn>* leaves) {
  for (const Field& field : fields) {
    if (limit >= 0 && static_cast<int>(leaves->size()) >= limit) return;
    std::vector<std::string> path = prefix;
    path.push_back(PhysicalName(field, mode));
    if (field.type.Is(TypeId::kStruct)) {
      AppendLeaves(field.type.fields(), path, mode, limit, leaves);
    } else {
      leaves->push_back({std::move(path), field.type});
    }
  }
}

// Names of delta.dataSkippingStatsColumns: dotted, parts optionally in backticks, comma-separated.
std::vector<std::vector<std::string>> ParseColumnList(std::string_view text) {
  std::vector<std::vector<std::string>> columns(1, {""});
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string& part = columns.back().back();
    char c = text[i];
    if (c == '`') {
      bool doubled = quoted && i + 1 < text.size() && text[i + 1] == '`';
      if (doubled) {
        part += text[++i];
      } else {
        quoted = !quoted;
      }
    } else if (!quoted && c == '.') {
      columns.back().emplace_back();
    } else if (!quoted && c == ',') {
      columns.push_back({""});
    } else if (quoted || c != ' ') {
      part += c;
    }
  }
  return columns;
}

const Field* FindField(const std::vector<Field>& fields, std::string_view name) {
  auto it = std::ranges::find_if(
      fields, [&](const Field& field) { return EqualsIgnoreCase(field.name, name); });
  return it == fields.end() ? nullptr : &*it;
}

std::string Dotted(const std::vector<std::string>& path) {
  std::vector<std::string> quoted;
  for (const std::string& part : path) quoted.push_back(QuoteIfNeeded(part));
  return Join(quoted, ".");
}

Error MergeFailure(const std::string& column, const DataType& current, const DataType& update) {
  return MakeSqlError("DELTA_FAILED_TO_MERGE_FIELDS", "22005",
                      "Failed to merge fields '" + column + "' and '" + column +
                          "': the column is " + current.Sql() + ", the data is " + update.Sql() + ".",
                      {{"currentField", column}, {"updateField", column}});
}

// Whether every value of `from` is a value of `to`, of the same family.
bool Widens(const DataType& from, const DataType& to) { return !(from == to) && WidenedBy(from, to) == to; }

// The paths of fields whose names Parquet does not take; parts with dots are quoted.
void CollectOddNames(const std::vector<Field>& fields, const std::string& above, std::vector<std::string>* odd);

void CollectOddNames(const DataType& type, const std::string& path, std::vector<std::string>* odd) {
  switch (type.id()) {
    case TypeId::kStruct: return CollectOddNames(type.fields(), path + ".", odd);
    case TypeId::kArray: return CollectOddNames(type.element(), path + ".element", odd);
    case TypeId::kMap:
      CollectOddNames(type.key(), path + ".key", odd);
      return CollectOddNames(type.map_value(), path + ".value", odd);
    default: return;
  }
}

void CollectOddNames(const std::vector<Field>& fields, const std::string& above, std::vector<std::string>* odd) {
  for (const Field& field : fields) {
    bool dotted = field.name.find('.') != std::string::npos;
    std::string path = above + (dotted ? QuoteIdentifier(field.name) : field.name);
    if (field.name.find_first_of(" ,;{}()\n\t=") != std::string::npos) odd->push_back(path);
    CollectOddNames(field.type, path, odd);
  }
}

bool IsStoredAsInt(const DataType& type) { return type.IsIntegral() && !type.Is(TypeId::kLong); }

class SchemaMerger {
 public:
  explicit SchemaMerger(const SchemaWriteOptions& options) : options_(options) {}

  Result<std::vector<Field>> MergeStruct(const std::vector<Field>& table,
                                         const std::vector<Field>& data,
                                         std::vector<std::string> path) {
    std::vector<Field> merged = table;
    std::set<std::string> seen;
    for (const Field& field : data) {
      path.push_back(field.name);
      if (!seen.insert(ToLowerAscii(field.name)).second) {
        return MakeSqlError("DELTA_DUPLICATE_COLUMNS_FOUND.DATA", "42711",
                            "Found duplicate column(s): " + Dotted(path) +
                                ". The duplicate was found in the data being saved.",
                            {{"duplicateCols", Dotted(path)}});
      }
      const Field* existing = FindField(table, field.name);
      if (existing == nullptr) {
        if (!options_.merge_schema) unknown_.push_back(Dotted(path));
        Field added = field;
        added.nullable = true;
        if (!options_.as_stored) added.metadata = "{}";
        merged.push_back(std::move(added));
      } else {
        Field& target = merged[static_cast<size_t>(existing - table.data())];
        ASSIGN_OR_RETURN(target.type, MergeType(existing->type, field.type, path));
      }
      path.pop_back();
    }
    for (const Field& field : table) {
      if (field.nullable || FindField(data, field.name) != nullptr) continue;
      path.push_back(field.name);
      return MakeSqlError("DELTA_MISSING_NOT_NULL_COLUMN_VALUE", "23502",
                          "Column " + Dotted(path) + ", which is NOT NULL, is missing from the data "
                          "being written into the table.",
                          {{"columnName", Dotted(path)}});
    }
    return merged;
  }

  Result<DataType> MergeType(const DataType& table, const DataType& data,
                             const std::vector<std::string>& path) {
    if (table == data || data.Is(TypeId::kNull)) return table;
    if (table.Is(TypeId::kString) && data.Is(TypeId::kString)) return table;
    if (table.Is(TypeId::kStruct) && data.Is(TypeId::kStruct)) {
      ASSIGN_OR_RETURN(std::vector<Field> fields, MergeStruct(table.fields(), data.fields(), path));
      return DataType::Struct(std::move(fields));
    }
    if (table.Is(TypeId::kArray) && data.Is(TypeId::kArray)) {
      ASSIGN_OR_RETURN(DataType element, MergeType(table.element(), data.element(), path));
      return DataType::Array(std::move(element), table.contains_null());
    }
    if (table.Is(TypeId::kMap) && data.Is(TypeId::kMap)) {
      ASSIGN_OR_RETURN(DataType key, MergeType(table.key(), data.key(), path));
      ASSIGN_OR_RETURN(DataType value, MergeType(table.map_value(), data.map_value(), path));
      return DataType::Map(std::move(key), std::move(value), table.value_contains_null());
    }
    if (options_.as_stored) {
      if (table.Is(TypeId::kNull)) return data;
      bool alike = IsStoredAsInt(table) && IsStoredAsInt(data);
      if (!alike) return MergeFailure(Dotted(path), table, data);
      return Widens(table, data) ? data : table;
    }
    if (Widens(data, table)) return table;
    if (Widens(table, data) && options_.merge_schema && options_.allow_widening) return data;
    return MergeFailure(Dotted(path), table, data);
  }

  const std::vector<std::string>& unknown() const { return unknown_; }

 private:
  const SchemaWriteOptions& options_;
  std::vector<std::string> unknown_;
};

}  // namespace

Result<ColumnMappingMode> MappingModeOf(const StringMap& configuration) {
  auto it = configuration.find("delta.columnMapping.mode");
  if (it == configuration.end() || it->second == "none") return ColumnMappingMode::kNone;
  if (it->second == "name") return ColumnMappingMode::kName;
  if (it->second == "id") return ColumnMappingMode::kId;
  return MakeError(ErrorCode::kInvalidParameterValue,
                   "Unknown delta.columnMapping.mode '" + it->second + "'");
}

DataType RewriteFields(const DataType& type, const std::function<Field(const Field&)>& rewrite) {
  switch (type.id()) {
    case TypeId::kStruct: {
      std::vector<Field> fields;
      for (const Field& field : type.fields()) {
        Field changed = rewrite(field);
        changed.type = RewriteFields(changed.type, rewrite);
        fields.push_back(std::move(changed));
      }
      return DataType::Struct(std::move(fields));
    }
    case TypeId::kArray:
      return DataType::Array(RewriteFields(type.element(), rewrite), type.contains_null());
    case TypeId::kMap:
      return DataType::Map(RewriteFields(type.key(), rewrite),
                           RewriteFields(type.map_value(), rewrite), type.value_contains_null());
    default:
      return type;
  }
}

std::optional<std::string> FieldMetadata(const Field& field, const std::string& key) {
  // Most fields have none: looked at before parsing.
  if (field.metadata.size() <= 2 || field.metadata.find(key) == std::string::npos) return std::nullopt;
  Result<Json> json = ParseJson(field.metadata);
  if (!json.ok() || !json->is_object() || !json->contains(key)) return std::nullopt;
  const Json& value = (*json)[key];
  return value.is_string() ? value.get<std::string>() : WriteJson(value);
}

std::string PhysicalName(const Field& field, ColumnMappingMode mode) {
  if (mode == ColumnMappingMode::kNone) return field.name;
  return FieldMetadata(field, kPhysicalName).value_or(field.name);
}

std::optional<int32_t> FieldIdOf(const Field& field) {
  std::optional<std::string> text = FieldMetadata(field, kFieldId);
  if (!text.has_value()) return std::nullopt;
  std::optional<int64_t> id = ParseInt64(*text);
  if (!id.has_value() || *id != static_cast<int32_t>(*id)) return std::nullopt;
  return static_cast<int32_t>(*id);
}

Schema PhysicalSchema(const Schema& schema, ColumnMappingMode mode) {
  if (mode == ColumnMappingMode::kNone) return schema;
  DataType physical = RewriteFields(schema.ToStruct(), [&](const Field& field) {
    Field renamed = field;
    renamed.name = PhysicalName(field, mode);
    return renamed;
  });
  return Schema{physical.fields()};
}

bool AnyField(const Schema& schema, const std::function<bool(const Field&)>& predicate) {
  return AnyFieldOf(schema.ToStruct(), predicate);
}

Result<std::vector<LeafColumn>> StatisticsColumns(const Schema& schema, const Metadata& metadata) {
  ASSIGN_OR_RETURN(ColumnMappingMode mode, MappingModeOf(metadata.configuration));
  std::vector<Field> data_fields;
  for (const Field& field : schema.fields) {
    bool partition = std::ranges::any_of(metadata.partition_columns, [&](const std::string& name) {
      return EqualsIgnoreCase(name, field.name);
    });
    if (!partition) data_fields.push_back(field);
  }
  std::vector<LeafColumn> leaves;
  auto named = metadata.configuration.find("delta.dataSkippingStatsColumns");
  if (named != metadata.configuration.end()) {
    for (const std::vector<std::string>& path : ParseColumnList(named->second)) {
      const std::vector<Field>* fields = &data_fields;
      const Field* field = nullptr;
      std::vector<std::string> physical;
      for (const std::string& name : path) {
        field = FindField(*fields, name);
        if (field == nullptr) break;
        physical.push_back(PhysicalName(*field, mode));
        if (field->type.Is(TypeId::kStruct)) fields = &field->type.fields();
      }
      if (field == nullptr) continue;  // a column that is gone has no statistics
      if (field->type.Is(TypeId::kStruct)) {
        AppendLeaves(field->type.fields(), physical, mode, -1, &leaves);
      } else {
        leaves.push_back({std::move(physical), field->type});
      }
    }
    return leaves;
  }
  int64_t limit = kDefaultIndexedColumns;
  auto configured = metadata.configuration.find("delta.dataSkippingNumIndexedCols");
  if (configured != metadata.configuration.end()) {
    limit = ParseInt64(configured->second).value_or(kDefaultIndexedColumns);
  }
  AppendLeaves(data_fields, {}, mode, static_cast<int>(limit), &leaves);
  return leaves;
}

Status CheckTableSchema(const Schema& schema, const std::vector<std::string>& partition_columns,
                        ColumnMappingMode mode) {
  std::set<std::string> names;
  for (const Field& field : schema.fields) {
    if (!names.insert(ToLowerAscii(field.name)).second) {
      return MakeSqlError("DELTA_DUPLICATE_COLUMNS_FOUND.TABLE_SCHEMA", "42711",
                          "Found duplicate column(s): " + field.name + ".",
                          {{"duplicateCols", field.name}});
    }
  }
  std::vector<std::string> odd;
  if (mode == ColumnMappingMode::kNone) CollectOddNames(schema.fields, "", &odd);
  if (!odd.empty()) {
    std::string invalid = Join(odd, ", ");
    return MakeSqlError("DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES", "42K05",
                        "Found invalid character(s) among ' ,;{}()\\n\\t=' in the column names of your schema.\n"
                        "Invalid column names: " + invalid + ".\nPlease use other characters and try again.\n"
                        "Alternatively, enable Column Mapping to keep using these characters.",
                        {{"invalidColumnNames", invalid}});
  }
  std::set<std::string> partitions;
  for (const std::string& name : partition_columns) {
    const Field* field = FindField(schema.fields, name);
    if (field == nullptr) {
      return MakeSqlError("DELTA_PARTITION_COLUMN_NOT_FOUND", "42703",
                          "Partition column " + QuoteIfNeeded(name) + " is not a column of the table.",
                          {{"columnName", name}, {"schemaMap", schema.ToDdl()}});
    }
    if (!partitions.insert(ToLowerAscii(name)).second) {
      return MakeSqlError("DELTA_DUPLICATE_COLUMNS_FOUND.PARTITION_COLUMNS", "42711",
                          "Found duplicate column(s): " + name + ".", {{"duplicateCols", name}});
    }
    if (!field->type.IsAtomic() || field->type.IsInterval()) {
      return MakeSqlError("DELTA_INVALID_PARTITION_COLUMN_TYPE", "42996",
                          "Column " + QuoteIfNeeded(name) + " of type " + field->type.Sql() +
                              " cannot be a partition column.",
                          {{"name", name}, {"dataType", field->type.Sql()}});
    }
  }
  if (!partition_columns.empty() && partitions.size() == schema.fields.size()) {
    return MakeSqlError("DELTA_CANNOT_USE_ALL_COLUMNS_FOR_PARTITION", "428FT",
                        "Cannot use all columns for partition columns.");
  }
  return OkStatus();
}

Result<Schema> SchemaAfterWrite(const Schema& table, const Schema& data,
                                const SchemaWriteOptions& options) {
  if (options.overwrite_schema) return data;
  SchemaMerger merger(options);
  ASSIGN_OR_RETURN(std::vector<Field> fields, merger.MergeStruct(table.fields, data.fields, {}));
  if (!merger.unknown().empty()) {
    std::string columns = Join(merger.unknown(), ", ");
    return MakeSqlError("DELTA_METADATA_MISMATCH.SCHEMA_MISMATCH", "42KDG",
                        "A schema mismatch was detected when writing to the Delta table: it has no "
                        "column(s) " + columns + ". The option mergeSchema adds columns.\n\nTable schema:\n" +
                            table.ToDdl() + "\n\nData schema:\n" + data.ToDdl(),
                        {{"tableSchema", table.ToDdl()}, {"dataSchema", data.ToDdl()}});
  }
  return Schema{std::move(fields)};
}

Result<TableDefinition> DefineTable(const NewTable& table, const Clock& clock, Random& random) {
  TableDefinition definition;
  Metadata& metadata = definition.metadata;
  ASSIGN_OR_RETURN(PropertyRequest request, ReadProperties(table.properties));
  metadata.configuration = request.stored;
  bool managed = std::ranges::any_of(request.features, [](const TableFeature* feature) { return feature->name == kCatalogManaged; });
  if (managed && request.stored.contains(kUnityTableId)) return TableIdIsTheCatalogs();
  // Times of files say nothing of such a table's commits.
  if (managed) metadata.configuration.try_emplace("delta.enableInCommitTimestamps", "true");
  NameRowTrackingColumns(metadata.configuration, random);
  AddIcebergCompatNeeds(metadata.configuration);
  ASSIGN_OR_RETURN(ColumnMappingMode mode, MappingModeOf(metadata.configuration));
  RETURN_IF_ERROR(CheckTableSchema(table.schema, table.partition_columns, mode));
  metadata.id = NewUuid(random);
  metadata.name = table.name;
  metadata.description = table.description;
  Schema schema = table.schema;
  if (mode != ColumnMappingMode::kNone) AssignColumnIds(schema, metadata.configuration, false, random);
  metadata.schema_string = schema.ToJsonText();
  for (const std::string& name : table.partition_columns) {
    metadata.partition_columns.push_back(FindField(table.schema.fields, name)->name);
  }
  metadata.created_time_ms = clock.NowMs();
  std::vector<const TableFeature*> needed = MissingFeatures(definition.protocol, metadata, table.schema);
  needed.insert(needed.end(), request.features.begin(), request.features.end());
  // With one that is known by name alone the others are named, too; their versions would imply more than them.
  std::stable_partition(needed.begin(), needed.end(), [](const TableFeature* feature) { return feature->legacy_writer == 0; });
  for (const TableFeature* feature : needed) definition.protocol = WithFeature(std::move(definition.protocol), *feature);
  definition.protocol = WithRequest(std::move(definition.protocol), request);
  RETURN_IF_ERROR(CheckWritable(definition.protocol, metadata, table.schema));
  RETURN_IF_ERROR(CheckIcebergCompat(nullptr, definition.protocol, metadata, table.schema));
  return definition;
}

}  // namespace ashlar::delta
