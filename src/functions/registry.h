// The registry of Spark's built-in functions.
#pragma once

#include "sql/function_registry.h"

namespace ashlar::functions {

// All built-in functions. Immutable; lives as long as the process; thread-safe.
const sql::FunctionRegistry& SparkFunctions();

}  // namespace ashlar::functions
