// Changes of a table's schema by ALTER TABLE, and the ids and physical names of column mapping (Delta
// protocol, "Column Mapping"). Pure: a schema goes in and comes out.
//
// Names are compared without regard to case. A path leads from the top through structs; "element",
// "key" and "value" lead into arrays and maps.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "delta/actions.h"
#include "types/data_type.h"

namespace ashlar::delta {

using ColumnPath = std::vector<std::string>;

// Among its siblings; at the end when neither is set.
struct ColumnPlace {
  bool first = false;
  std::optional<std::string> after = std::nullopt;
};

// Errors: FIELD_ALREADY_EXISTS (42710), FIELD_NOT_FOUND (42704) for the parent or the sibling.
Status AddColumn(Schema& schema, const ColumnPath& parent, const Field& field, const ColumnPlace& place);
// Errors: FIELD_NOT_FOUND; DELTA_DROP_COLUMN_ON_SINGLE_FIELD_SCHEMA (0AKDC) for the last one.
Status DropColumn(Schema& schema, const ColumnPath& path);
Status MoveColumn(Schema& schema, const ColumnPath& path, const ColumnPlace& place);
// Calls `change` on the field. Errors: FIELD_NOT_FOUND, and what `change` says.
Status ChangeColumn(Schema& schema, const ColumnPath& path, const std::function<Status(Field&)>& change);

// Calls `change` on the type at a path that may end in an array's element or a map's key or value.
Status ChangeColumnType(Schema& schema, const ColumnPath& path, const std::function<Result<DataType>(const DataType&)>& change);

// Gives each field that has none an id above all others, and a physical name: its own name where
// `keep_names` (files that exist know it by that), else a new one. Sets delta.columnMapping.maxColumnId.
void AssignColumnIds(Schema& schema, StringMap& configuration, bool keep_names, Random& random);
// Of a table that replaces another: columns that have the names of old ones have their ids and physical names, the others
// ids above all that were ever given. Nothing changes where one of the two has no column mapping.
Status KeepColumnIds(const Metadata& before, Metadata& after, Random& random);

}  // namespace ashlar::delta
