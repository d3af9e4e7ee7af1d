// The rows of an INSERT … VALUES that are known without a query: such a statement is written in half of the time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/table_writer.h"
#include "sql/plan.h"
#include "types/value.h"

namespace ashlar::engine {

// Each row a value of every column of the target's schema, of its type. nullopt where a value is no constant that FoldExpr
// knows, or where something is to be checked of the rows, numbered or kept apart that only a query does.
std::optional<std::vector<std::vector<Value>>> ConstantRows(const sql::Plan& plan, const WriteTarget& target,
                                                            const std::string& time_zone);

}  // namespace ashlar::engine
