// Arithmetic of literals, done while lowering.
//
// What is a literal here cannot fail while the query runs: no guard goes around it, and conditions
// beside it stay plain comparisons that DuckDB can take apart and push down.
#pragma once

#include <optional>

#include "sql/plan.h"

namespace ashlar::engine {

// The value of an integer or decimal expression over literals: casts, +, -, *, negative. nullopt for
// anything else, and where running it would fail, round or be NULL.
std::optional<Value> ConstantNumber(const sql::TypedExpr& expr);

}  // namespace ashlar::engine
