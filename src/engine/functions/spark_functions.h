// The spark_* functions that lowered SQL calls: Spark's semantics where DuckDB has others or none.
#pragma once

namespace duckdb {
class DatabaseInstance;
}

namespace ashlar::engine {

// The session's time zone by Spark's id of it, which DuckDB's own setting cannot always hold ("+05:30").
inline constexpr const char* kZoneSetting = "ashlar_time_zone";

void RegisterSparkFunctions(duckdb::DatabaseInstance& database);

}  // namespace ashlar::engine
