// The scalar functions behind orders along a curve through several columns: which of the sampled ranges a key
// lies in, and several such numbers as one sortable key, by the Z-order or the Hilbert curve.
#pragma once

namespace duckdb {
class DatabaseInstance;
}

namespace ashlar::engine {

// ashlar_range(key, bounds): how many of the ascending bounds are not above the key. Keys are
// create_sort_key's, BIGINT or BLOB; ashlar_interleave(range, …) → BLOB; ashlar_hilbert(range, …) → BLOB.
void RegisterZOrder(duckdb::DatabaseInstance& database);

}  // namespace ashlar::engine
