// Names of tables that are where the table lies: delta.`/x`, parquet.`abfss://…`.
#pragma once

#include <string>

#include "sql/spec.h"

namespace ashlar::sql {

// A format and a path, which has a slash or a colon: delta.orders is a table of the schema called delta.
bool NamesPath(const NameParts& name);
// The path of a Delta table.
bool NamesDeltaPath(const NameParts& name);

// The name of the Delta table at `path`. NamesDeltaPath() holds of it: a path of one word gets ./ before it.
NameParts DeltaPathName(std::string path);

}  // namespace ashlar::sql
