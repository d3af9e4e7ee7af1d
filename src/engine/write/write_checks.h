// The SQL that checks rows on their way into a table.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/scan/scan_binding.h"
#include "engine/table_writer.h"

namespace ashlar::engine {

// Over a FROM item `alias` with columns k0, k1, …: the value of each column, raising where a NULL or a
// text is not allowed.
std::vector<std::string> CheckedColumns(const Schema& schema, const std::string& alias);

struct ConstraintSql {
  std::string before;  // for WHERE
  std::string after;   // once all columns are checked: generated columns
};
// Conditions that are TRUE or raise; empty where there are no constraints.
Result<ConstraintSql> ConstraintConditions(const WriteTarget& target, const std::string& alias,
                                           const std::string& time_zone, StatementBindings& bindings);

}  // namespace ashlar::engine
