// icebergCompatV1 and icebergCompatV2 (Delta protocol, "Iceberg Compatibility"): tables whose files Iceberg's readers could
// take over as they are. No Iceberg metadata is written.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "delta/actions.h"
#include "delta/snapshot.h"
#include "types/data_type.h"

namespace ashlar::delta {

// 1 or 2: the version that the table's properties put to use; 0: none.
int IcebergCompatVersion(const StringMap& configuration);
// Data files then have the partition columns too, behind the others.
inline bool HasPartitionColumnsInFiles(const StringMap& configuration) { return IcebergCompatVersion(configuration) > 0; }

// What a table that is made or replaced gets where nobody said otherwise: column mapping by name.
void AddIcebergCompatNeeds(StringMap& configuration);

// From V2 on each file says that it is such.
void TagForIceberg(const StringMap& configuration, AddFile& file);

// What the version in use asks of a table's definition. `before`: the table it changes, null for a new one. Errors:
// DELTA_ICEBERG_COMPAT_VIOLATION.* (KD00E).
Status CheckIcebergCompat(const Snapshot* before, const Protocol& protocol, const Metadata& metadata, const Schema& schema);

// The ids of array elements, map keys and map values that the field is the nearest one around: by the field's physical
// name and "element", "key" and "value", with dots between them.
inline constexpr const char* kNestedIds = "delta.columnMapping.nested.ids";
std::map<std::string, int32_t> NestedIdsOf(const Field& field);
// Gives each of them that has none an id above `highest`, which moves along.
Schema WithNestedIds(const Schema& schema, int64_t& highest);

}  // namespace ashlar::delta
