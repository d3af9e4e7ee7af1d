// Types inferred from values that say no type of their own (JSON, VARIANT).
#pragma once

#include "types/data_type.h"

namespace ashlar {

using CommonType = DataType (*)(const DataType&, const DataType&);

// The fields of two structs in the order of their names. A name that both have gets the `common` type.
DataType WithFieldsOfBoth(const DataType& a, const DataType& b, CommonType common);

}  // namespace ashlar
