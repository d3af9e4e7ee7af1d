// Spark's text of a resolved expression as plans and DESCRIBE HISTORY show it (Expression.toString):
// isnull(a#12), (b#7 = text). The names of columns and error messages have another: expr_text.h.
#pragma once

#include <string>

#include "sql/plan.h"

namespace ashlar::sql {

// A column's number is its id in the statement's plan; a BIGINT column's ends with L. `time_zone` shows
// timestamps.
std::string PlanText(const TypedExpr& expr, const std::string& time_zone);
// As it was before names were resolved: 'a for a column, no casts.
std::string UnresolvedPlanText(const TypedExpr& expr, const std::string& time_zone);

}  // namespace ashlar::sql
