// Which types a column may be widened to (Delta protocol, "Type Widening"): every value that was written
// with the narrower type is a value of the wider one.
#pragma once

#include <optional>

#include "types/data_type.h"

namespace ashlar {

// Whether values of `from` can be read as `to`: byte → short → int → long, whole numbers up to int →
// double, whole numbers → a decimal that holds them all, float → double, decimal → one with at least as
// many digits before and behind the point, date → timestamp_ntz. False for equal types.
bool IsWidening(const DataType& from, const DataType& to);

// What a column of type `table` becomes when values of type `data` are written to it and it may follow
// them; nested types part by part, struct fields by name. Only changes within one family (whole numbers,
// float to double, decimals, date to timestamp_ntz): a column does not turn into a fraction unasked.
DataType WidenedBy(const DataType& table, const DataType& data);

// `type` with every part of it nullable: what texts and queries make, whatever they prove.
DataType AsNullable(const DataType& type);

}  // namespace ashlar
