// A condition as Spark's optimizer would leave it. For its text alone (plan_text.h): delta-spark writes
// what is left after constant folding, boolean simplification and the like into a table's history.
// Nothing is run from it.
#pragma once

#include <functional>
#include <optional>

#include "sql/plan.h"

namespace ashlar::sql {

// The value of an expression without columns; nullopt where evaluating it fails.
using EvaluateConstant = std::function<std::optional<Value>(const TypedExprPtr& expr)>;

TypedExprPtr OptimizedCondition(const TypedExprPtr& condition, const EvaluateConstant& evaluate);

}  // namespace ashlar::sql
