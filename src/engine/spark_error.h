// How Spark's errors cross DuckDB. A function that fails at run time throws the whole Error, as JSON
// behind a marker, inside a DuckDB exception; it is decoded when the query's error comes back. What
// DuckDB itself reports is mapped to Spark's nearest condition.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ashlar::engine {

// The condition of a query for which there was not enough memory, spilled as it may be.
inline constexpr std::string_view kOutOfMemoryCondition = "UNABLE_TO_ACQUIRE_MEMORY";

// Throws a duckdb::InvalidInputException that carries `error`. Only inside code that DuckDB calls
// (functions, casts, readers): DuckDB catches it and ends the query.
[[noreturn]] void ThrowSparkError(const Error& error);

// The text ThrowSparkError throws: for DuckDB's error() inside SQL.
std::string EncodeSparkError(const Error& error);

// The Error of a failed query. `type` is DuckDB's name of the exception type as in
// ErrorData ("Out of Range", "Conversion", "Out of Memory", "INTERRUPT", …); `message` its raw text.
// A message of ThrowSparkError gives back exactly what was thrown; INTERRUPT is kCancelled; what has
// no Spark condition is INTERNAL_ERROR with the first line of DuckDB's text. The lines below it, which may be
// a stack trace, go to the log.
Error FromDuckDBException(std::string_view type, std::string_view message);

// Of any exception caught at the boundary (duckdb::Exception or std::exception).
Error FromDuckDBException(const std::exception& exception);

}  // namespace ashlar::engine
