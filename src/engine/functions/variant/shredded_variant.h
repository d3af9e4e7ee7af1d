// VARIANTs that Parquet files hold in parts ("Variant Shredding" of the Parquet format): beside `metadata` and `value` a
// group has a `typed_value`, a plain column for the values of one type. Includes DuckDB: only for scan_*.cc.
#pragma once

#include "duckdb/planner/expression.hpp"
#include "types/data_type.h"

namespace ashlar::engine {

inline constexpr const char* kTypedValue = "typed_value";

// An expression over column 0, as the file stores it, that gives the column of the type with its VARIANTs put together:
// null when it holds none in parts. `wanted` is `stored` with structs' fields named f0, f1, … as in `type` (others
// otherwise) and DuckDB's type of a VARIANT in place of such groups.
// Throws NotImplemented for parts of types that Spark has no VARIANTs of; run, MALFORMED_VARIANT (22023).
duckdb::unique_ptr<duckdb::Expression> AssembleVariants(const duckdb::LogicalType& stored, const duckdb::LogicalType& wanted,
                                                        const DataType& type);

}  // namespace ashlar::engine
