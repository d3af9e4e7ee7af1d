// VARIANTs as DuckDB sees them, STRUCT(f0 value, f1 metadata), and other values as VARIANTs.
// Includes DuckDB: only for the .cc files of this folder.
#pragma once

#include "duckdb/common/types/value.hpp"
#include "engine/functions/variant/variant_node.h"
#include "types/data_type.h"

namespace ashlar::engine {

duckdb::LogicalType DuckVariantType();

// MALFORMED_VARIANT (22023).
[[noreturn]] void FailMalformedVariant();

duckdb::Value MakeVariant(const VariantNode& node);
// Of a value that is not NULL. Throws MALFORMED_VARIANT.
VariantNode OpenVariant(const duckdb::Value& variant);

// The VARIANT of a value of the type: NULL is the VARIANT null. Throws NotImplemented for types that become none.
VariantNode VariantFromValue(const duckdb::Value& value, const DataType& type);

}  // namespace ashlar::engine
