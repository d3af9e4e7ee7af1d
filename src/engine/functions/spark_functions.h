// The spark_* functions that lowered SQL calls: Spark's semantics where DuckDB has others or none.
#pragma once

namespace duckdb {
class DatabaseInstance;
}

namespace ashlar::engine {

void RegisterSparkFunctions(duckdb::DatabaseInstance& database);

}  // namespace ashlar::engine
