// The schema of a Delta table beyond Spark's types: column mapping, which columns have statistics,
// what may be created, and how a write may change it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "delta/actions.h"
#include "types/data_type.h"

namespace ashlar::delta {

enum class ColumnMappingMode { kNone, kName, kId };
// Errors: kInvalidParameterValue for a mode that does not exist.
Result<ColumnMappingMode> MappingModeOf(const StringMap& configuration);

// Keys of column mapping in a field's metadata.
inline constexpr const char* kPhysicalName = "delta.columnMapping.physicalName";
inline constexpr const char* kFieldId = "delta.columnMapping.id";

// The name a column has in Parquet files, statistics and partition values.
std::string PhysicalName(const Field& field, ColumnMappingMode mode);
// delta.columnMapping.id: the Parquet field id.
std::optional<int32_t> FieldIdOf(const Field& field);
// All names replaced by physical ones, in nested structs too.
Schema PhysicalSchema(const Schema& schema, ColumnMappingMode mode);
// A member of a field's metadata object as text (strings unquoted); nullopt when absent.
std::optional<std::string> FieldMetadata(const Field& field, const std::string& key);
// The type with `rewrite` applied to every field of every struct in it, the outer one first.
DataType RewriteFields(const DataType& type, const std::function<Field(const Field&)>& rewrite);
// Whether the field or one nested in it satisfies the predicate.
bool AnyField(const Schema& schema, const std::function<bool(const Field&)>& predicate);

// A column with statistics: the physical path from the top, through structs only.
struct LeafColumn {
  std::vector<std::string> path;
  DataType type;
};
// The columns statistics are collected for: delta.dataSkippingStatsColumns when set, else the first
// delta.dataSkippingNumIndexedCols (32) leaves; partition columns have none.
Result<std::vector<LeafColumn>> StatisticsColumns(const Schema& schema, const Metadata& metadata);

// Whether the schema may be a table's: names distinct without regard to case, free of the characters
// Parquet forbids (unless mapped), partition columns existing, atomic and not all of them.
Status CheckTableSchema(const Schema& schema, const std::vector<std::string>& partition_columns,
                        ColumnMappingMode mode);

struct SchemaWriteOptions {
  bool merge_schema = false;      // add columns the table lacks
  bool overwrite_schema = false;  // the data's schema replaces the table's
  bool allow_widening = false;    // with merge_schema: byte → short → int → long, float → double
  // With merge_schema, for files as they are: of what Parquet stores alike (byte, short, int) the widest, other types
  // must be equal; comments of new columns are kept.
  bool as_stored = false;
};
// The table's schema after data of schema `data` was written to it; columns are matched by name
// without regard to case. Errors: DELTA_METADATA_MISMATCH (unknown columns),
// DELTA_FAILED_TO_MERGE_FIELDS (types), DELTA_MISSING_NOT_NULL_COLUMN_VALUE,
// DELTA_DUPLICATE_COLUMNS_FOUND.
Result<Schema> SchemaAfterWrite(const Schema& table, const Schema& data,
                                const SchemaWriteOptions& options);

struct NewTable {
  Schema schema;
  std::vector<std::string> partition_columns;
  StringMap properties;  // TBLPROPERTIES, delta.feature.* included
  std::optional<std::string> name;
  std::optional<std::string> description;
};
struct TableDefinition {
  Protocol protocol;
  Metadata metadata;
};
// The actions of version 0, with the lowest protocol that has the features the schema and properties
// need. Errors: as CheckTableSchema and CheckWritable (features.h); DELTA_UNKNOWN_CONFIGURATION for an
// unknown "delta." property; DELTA_UNSUPPORTED_FEATURES_IN_CONFIG for an unknown feature.
Result<TableDefinition> DefineTable(const NewTable& table, const Clock& clock, Random& random);

}  // namespace ashlar::delta
