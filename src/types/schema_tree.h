// Schemas as df.printSchema() prints them, a line for each column and what is in it, and types in the words of its errors.
#pragma once

#include <string>

#include "types/data_type.h"

namespace ashlar {

// `level`: how deep, 0 for all.
std::string TreeText(const Schema& schema, int level = 0);

// As Spark's classes show themselves: "IntegerType", "DecimalType(5,2)", "ArrayType(StringType,true)".
std::string TypeClassName(const DataType& type);

}  // namespace ashlar
