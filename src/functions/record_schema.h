// The schema that from_json and from_csv are given as text, and types as constants for kernels.
#pragma once

#include "functions/call.h"

namespace ashlar::functions {

// `text` as a SQL constant of hexadecimal digits: braces in it would be placeholders of a lowering.
std::string HexConstant(const std::string& text);
// Spark's type for a kernel (DuckDB's has no names): its JSON by HexConstant.
std::string TypeConstant(const DataType& type);

// The schema at argument `i`: DDL or JSON. Errors: INVALID_SCHEMA, or the parser's at the call.
Result<DataType> SchemaArgument(const Call& call, size_t i);

// Options are a map. Errors: INVALID_OPTIONS.
Status CheckOptions(const Call& call, size_t i);

}  // namespace ashlar::functions
