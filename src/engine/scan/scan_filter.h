// DuckDB's table filters as predicates for data skipping. Includes DuckDB: only for scan_*.cc.
#pragma once

#include "delta/skipping.h"
#include "duckdb/planner/table_filter.hpp"
#include "types/data_type.h"

namespace ashlar::engine {

// What the filter says of the column (a path of logical names) of the type; kUnknown where it says
// nothing that statistics could deny. Takes a dynamic filter at its value of this moment.
delta::Predicate PredicateOf(const duckdb::TableFilter& filter, const std::vector<std::string>& column,
                             const DataType& type);

// The type lowered SQL has for a Spark type (duck_types.h).
duckdb::LogicalType DuckTypeOf(const DataType& type);
// A value of that type.
duckdb::Value DuckValueOf(const Value& value);

}  // namespace ashlar::engine
