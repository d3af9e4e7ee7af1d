// Arrow schemas for Spark's types, and for what DuckDB is to scan.
#pragma once

#include <string>

#include "base/result.h"
#include "types/arrow_c.h"
#include "types/data_type.h"

namespace ashlar::engine {

// As ResultStream::ArrowSchemaOf says.
OwnedArrowSchema SparkArrowSchema(const Schema& schema, const std::string& time_zone);

// A copy of a batch schema with columns named p0, p1, … and nested fields f0, f1, …, and with
// duration(us) and interval(months) as the integers that DuckTypeSql makes of them.
// Errors: NotImplemented for other durations and intervals.
Result<OwnedArrowSchema> ScanArrowSchema(const ArrowSchema& schema);

// Makes a batch of DuckDB's columns a batch of SparkArrowSchema(schema): void columns, which DuckDB
// has no type for, lose their buffers; columns behind the schema's are cut off. In place.
void AdaptToSpark(const Schema& schema, ArrowArray& array);

// Bytes of all strings and binaries in an adapted batch, nested ones too.
int64_t TextBytes(const Schema& schema, const ArrowArray& array);

}  // namespace ashlar::engine
