// Spark's types as DuckDB types, in SQL text. The mapping is total but for variants:
//
//   void → INTEGER (always NULL)     byte … long → TINYINT … BIGINT     float → FLOAT   double → DOUBLE
//   decimal(p,s) → DECIMAL(p,s)      string, char, varchar → VARCHAR    binary → BLOB   date → DATE
//   timestamp → TIMESTAMPTZ          timestamp_ntz → TIMESTAMP
//   year-month interval → INTEGER (months)     day-time interval → BIGINT (microseconds)
//   calendar interval → INTERVAL     array → T[]     map → MAP(K, V)
//   struct → STRUCT(f0 T0, f1 T1, …): generated names, because DuckDB compares field names without case
//   variant → STRUCT(f0 BLOB, f1 BLOB): value and metadata
#pragma once

#include <string>
#include <string_view>

#include "types/data_type.h"
#include "types/value.h"

namespace ashlar::engine {

// DuckDB's type, as in a CAST.
std::string DuckTypeSql(const DataType& type);
// The same with the real names of struct fields: for what is written to or read from files.
std::string DuckFileTypeSql(const DataType& type);

// Whether there are BLOBs in it that conditions can name. DuckDB's Parquet reader misses those that are no
// text in Bloom filters.
bool HoldsBinary(const DataType& type);

// A literal of exactly this type and value: CAST('1.5' AS DECIMAL(2,1)), 'text'::VARCHAR, …
std::string LiteralSql(const Value& value);

// 'text' with quotes doubled; a NUL byte becomes chr(0).
std::string QuoteSqlString(std::string_view text);
// "name" with quotes doubled.
std::string QuoteSqlName(std::string_view name);

}  // namespace ashlar::engine
