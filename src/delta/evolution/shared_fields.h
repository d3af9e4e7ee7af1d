// What a schema that takes the place of another keeps of it.
#pragma once

#include <functional>

#include "types/data_type.h"

namespace ashlar::delta {

// `after` with `keep` applied to every field that `before` has, too: in a struct at the same place, under the same name in
// any case. Fields within come first.
DataType KeepOfSharedFields(const DataType& before, const DataType& after,
                            const std::function<void(const Field& before, Field& after)>& keep);

}  // namespace ashlar::delta
