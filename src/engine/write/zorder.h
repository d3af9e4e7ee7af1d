// The scalar functions behind a Z-order: which of the sampled ranges a key lies in, and the bits of several
// such numbers interleaved into one sortable key.
#pragma once

namespace duckdb {
class DatabaseInstance;
}

namespace ashlar::engine {

// A range number has this many bits; more ranges than 2^bits are never made.
constexpr int kRangeBits = 10;

// ashlar_range(key, bounds): how many of the ascending bounds are not above the key. Keys are
// create_sort_key's, BIGINT or BLOB; ashlar_interleave(range, …) → BLOB.
void RegisterZOrder(duckdb::DatabaseInstance& database);

}  // namespace ashlar::engine
