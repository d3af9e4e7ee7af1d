// CHAR(n) and VARCHAR(n) anywhere inside a column's type, as SQL over the column's values.
#pragma once

#include <optional>
#include <string>

#include "types/data_type.h"

namespace ashlar::engine {

// The value with every CHAR(n) in it filled with blanks; `sql` itself where the type has none.
std::string FilledSql(const DataType& type, const std::string& sql);

struct LengthCondition {
  std::string sql;   // TRUE or FALSE
  std::string text;  // as Spark writes it
};
// That no text in the value is longer than its type allows; `text` is the value as Spark writes it. nullopt where the type
// has no such texts.
std::optional<LengthCondition> FitsLengths(const DataType& type, const std::string& sql, const std::string& text);

}  // namespace ashlar::engine
