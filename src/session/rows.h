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

// Names of columns of type string: those without a NULL come first.
struct TextColumns {
  std::vector<std::string> required;
  std::vector<std::string> nullable = {};
};
Result<std::unique_ptr<engine::ResultStream>> StreamText(engine::Connection& connection, const TextColumns& columns,
                                                         const TextRows& rows);

}  // namespace ashlar::session
