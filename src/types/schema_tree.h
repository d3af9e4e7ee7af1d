// Schemas as df.printSchema() prints them, a line for each column and what is in it.
#pragma once

#include <string>

#include "types/data_type.h"

namespace ashlar {

// `level`: how deep, 0 for all.
std::string TreeText(const Schema& schema, int level = 0);

}  // namespace ashlar
