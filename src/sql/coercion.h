// Spark's implicit type coercion, ANSI and legacy: the lattice shared by the analyzer and the functions.
#pragma once

#include <optional>
#include <span>

#include "types/data_type.h"

namespace ashlar::sql {

// The type both sides are cast to for comparison, CASE, COALESCE, UNION, IN, greatest …; nullopt when
// Spark finds none. ANSI: TypeCoercion of ansi mode (string promotes to the other side's type).
std::optional<DataType> CommonType(const DataType& a, const DataType& b, bool ansi);
std::optional<DataType> CommonType(std::span<const DataType> types, bool ansi);

// For the comparison operators. As CommonType in ANSI; legacy reads a string as the other side's type.
std::optional<DataType> ComparisonType(const DataType& a, const DataType& b, bool ansi);

// Whether an implicit cast of a function argument from `from` to `to` is allowed.
bool CanImplicitlyCast(const DataType& from, const DataType& to, bool ansi);
// Whether an explicit CAST is allowed (Cast.canCast / canAnsiCast).
bool CanCast(const DataType& from, const DataType& to, bool ansi);
// Whether a value may be stored in a column of type `to` (storeAssignmentPolicy ANSI).
bool CanStoreAssign(const DataType& from, const DataType& to);

// Whether a cast may give NULL for a value that is not (Cast.forceNullable); the cast's result is
// nullable then even when its child is not.
bool CastForcesNullable(const DataType& from, const DataType& to);
// Whether every value of `from` has its exact value in `to` (Cast.canUpCast).
bool CanUpCast(const DataType& from, const DataType& to);

// The decimal both fit into, integral digits before scale when 38 digits are too few.
DataType WiderDecimal(const DataType& a, const DataType& b);

// The decimal an integral type fits into: byte(3,0) short(5,0) int(10,0) long(20,0).
DataType DecimalForIntegral(TypeId id);
// precision and scale bounded to 38, keeping at least 6 digits of scale where needed
// (DecimalType.adjustPrecisionScale).
DataType AdjustedDecimal(int precision, int scale);

}  // namespace ashlar::sql
