// The lengths of CHAR(n) and VARCHAR(n), which are rules for what is written: to a query, such a text is STRING.
#pragma once

#include "types/data_type.h"

namespace ashlar {

// The type with STRING in place of every CHAR(n) and VARCHAR(n) in it.
DataType WithoutLengths(const DataType& type);

}  // namespace ashlar
