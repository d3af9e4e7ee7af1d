// Cells as JSON with the types they have: numbers, booleans, arrays and objects in place of their text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ashlar::cli {

// Appends the JSON of a cell of the SQL type `type_text` ("BIGINT", "ARRAY<STRUCT<a: INT>>"). Decimals keep
// all their digits; NaN and the infinities, which JSON lacks, are strings. Text that does not read as its
// type stays a string.
void AppendJsonValue(std::string_view type_text, const std::optional<std::string>& cell, std::string* out);
void AppendJsonString(std::string_view text, std::string* out);

}  // namespace ashlar::cli
