// Rows of values as DuckDB holds rows.
#pragma once

#include <memory>
#include <vector>

#include "types/value.h"

namespace duckdb {
class ClientContext;
class ColumnDataCollection;
}  // namespace duckdb

namespace ashlar::engine {

// Each row a value, of its type, of every field.
std::unique_ptr<duckdb::ColumnDataCollection> MakeCollection(duckdb::ClientContext& context, const Schema& schema,
                                                             const std::vector<std::vector<Value>>& rows);

}  // namespace ashlar::engine
