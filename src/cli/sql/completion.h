// What could stand where the cursor is: keywords, catalogs, schemas, tables and columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/sql/name_source.h"
#include "cli/sql/statement_kind.h"

namespace ashlar::cli {

// `before` is the statement up to the cursor, over all its lines; its last `word_length` bytes are the
// word to complete, which may hold dots. Candidates take the place of that whole word, sorted, each once.
std::vector<std::string> Complete(std::string_view before, size_t word_length, const Namespace& current, NameSource& names);

}  // namespace ashlar::cli
