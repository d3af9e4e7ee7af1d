// Casts as DuckDB SQL: native where the result cannot differ, else spark_cast_* (functions/casts.cc).
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "sql/plan.h"
#include "types/data_type.h"

namespace ashlar::engine {

// `sql`, of type `from`, cast to `to`. The pair is one the analyzer allows. `span` is the cast's place,
// for errors.
std::string LowerCast(std::string_view sql, const DataType& from, const DataType& to,
                      sql::TypedCastMode mode, SourceSpan span);

}  // namespace ashlar::engine
