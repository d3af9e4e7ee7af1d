// Row tracking (Delta protocol, "Row Tracking"): every file has a range of row ids from its base id on, and
// a row that moves to another file takes its id along in a column of that file. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "delta/actions.h"
#include "delta/snapshot.h"

namespace ashlar::delta {

inline constexpr const char* kRowTrackingDomain = "delta.rowTracking";
// Properties that name the columns of files with rows' ids and the versions that last changed them.
inline constexpr const char* kRowIdColumn = "delta.rowTracking.materializedRowIdColumnName";
inline constexpr const char* kRowVersionColumn = "delta.rowTracking.materializedRowCommitVersionColumnName";

// Whether new files get ids.
bool AssignsRowIds(const Protocol& protocol, const Metadata& metadata);
// Whether every row has an id that it keeps.
bool TracksRows(const Metadata& metadata);
// The columns' names, where row tracking is enabled and there are none.
void NameRowTrackingColumns(StringMap& configuration, Random& random);

// The highest id given so far; -1 for none. Errors: kInvalidParameterValue for text that is not the domain's.
Result<int64_t> HighWaterMarkOf(const DomainMetadata& domain);
Result<int64_t> HighWaterMarkOf(const Snapshot& snapshot);
DomainMetadata RowTrackingDomain(int64_t high_water_mark);

// While a commit is tried: its `domains` hold the mark from which its own ids go on, where it gives any.
// Says that it does, from the mark of the version it is made from (null: a new table).
Status BeginRowIds(const Snapshot* read, std::vector<DomainMetadata>& domains);
// After a winner: another mark, or the table tracks rows from now on.
Status RebaseRowIds(const std::vector<Action>& winner, const Metadata& metadata, std::vector<DomainMetadata>& domains);
// `files` with ids, and the domains with the new mark, as they are committed as `version`.
std::vector<DomainMetadata> GiveRowIds(const Snapshot* read, const std::vector<DomainMetadata>& domains, int64_t version,
                                       std::vector<AddFile>& files);

}  // namespace ashlar::delta
