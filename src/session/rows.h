// Rows made by a command, as a result stream like any other.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "types/value.h"

namespace ashlar::session {

using TextRows = std::vector<std::vector<std::optional<std::string>>>;

// Columns of type string; names from `names`.
Result<std::unique_ptr<engine::ResultStream>> StreamText(engine::Connection& connection,
                                                         const std::vector<std::string>& names,
                                                         const TextRows& rows);
// Every row has a value for each column, of the column's type or null.
Result<std::unique_ptr<engine::ResultStream>> StreamValues(engine::Connection& connection, const Schema& schema,
                                                           std::vector<std::vector<Value>> rows);

}  // namespace ashlar::session
