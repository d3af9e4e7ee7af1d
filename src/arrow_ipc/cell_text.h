// Chunks as text: the cells of an Arrow IPC stream as the SQL Statement Execution API's JSON_ARRAY
// format gives them. Numbers in plain text, booleans "true"/"false", dates "2024-01-31", timestamps
// "2024-01-31T10:20:30.123Z" (TIMESTAMP, in UTC) and "2024-01-31T10:20:30.123" (NTZ), binary in
// base64, nested values as JSON text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "types/data_type.h"

namespace ashlar::arrow_ipc {

using TextRow = std::vector<std::optional<std::string>>;

// Errors: kInternalError for bytes that are not an IPC stream of these columns.
Result<std::vector<TextRow>> RowsAsText(std::string_view ipc_stream, const Schema& schema);

}  // namespace ashlar::arrow_ipc
