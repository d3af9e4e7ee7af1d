// What the history of a table says of a statement's conditions and columns, in delta-spark's words.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "session/run_statement.h"
#include "sql/analyzer.h"
#include "types/data_type.h"

namespace ashlar::session {

using OperationParameters = std::map<std::string, std::optional<std::string>>;

// predicate, a JSON array of the condition's text. Without a condition (null) an UPDATE has none, a DELETE "true".
OperationParameters UpdateParameters(StatementRun& run, const sql::TypedExprPtr& condition);
OperationParameters DeleteParameters(StatementRun& run, const sql::TypedExprPtr& condition);

// predicate, matchedPredicates, notMatchedPredicates, notMatchedBySourcePredicates of MERGE.
OperationParameters MergeParameters(StatementRun& run, const sql::AnalyzedMerge& merge);

// Of an expression that names no column. Errors: those of computing it.
Result<Value> ValueOf(StatementRun& run, const sql::TypedExprPtr& expr);

// A column of ADD COLUMNS, CHANGE COLUMN and DROP FEATURE: its path, and of a nested type the kind alone.
Json ColumnJson(const std::vector<std::string>& parent, const Field& field);

}  // namespace ashlar::session
