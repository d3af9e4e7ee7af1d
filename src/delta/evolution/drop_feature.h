// ALTER TABLE … DROP FEATURE, the pure part: what can be dropped, where a feature has left traces, and
// the protocol without it. Rules and names are delta-spark's.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "delta/actions.h"
#include "delta/features.h"
#include "delta/snapshot.h"

namespace ashlar::delta {

// Property of a table whose old versions need a feature it no longer has: before this version the log is
// cleaned up whole or not at all.
inline constexpr const char* kProtectedBefore = "delta.requireCheckpointProtectionBeforeVersion";

// The feature by name, case ignored. Errors: DELTA_FEATURE_DROP_UNSUPPORTED_CLIENT_FEATURE and
// …_NONREMOVABLE_FEATURE (0AKDC), …_FEATURE_NOT_PRESENT and …_DEPENDENT_FEATURE (55000),
// …_HISTORY_TRUNCATION_NOT_ALLOWED (42000).
Result<const TableFeature*> FeatureToDrop(const Protocol& protocol, const std::string& name, bool truncates_history);

// The features that this one cannot do without.
std::vector<std::string_view> NeededBy(std::string_view feature);

// Whether an action can only be understood with the feature.
Result<bool> ShowsFeature(const Action& action, const TableFeature& feature);
// Whether the table of this version does, its protocol aside.
Result<bool> ShowsFeature(const Snapshot& snapshot, const TableFeature& feature);

// The lowest protocol with all the other features.
Protocol WithoutFeature(const Protocol& protocol, const TableFeature& feature);

// Whether a protocol names fewer features than one before: such a change conflicts with every other.
bool TakesFeaturesAway(const Protocol& before, const Protocol& after);

// Files of deletion vectors that removed files refer to, as paths of the log.
std::vector<std::string> RemovedVectorFiles(const Snapshot& snapshot);
// Whether a path is that of such a file: no data, and in no list of files.
bool IsVectorFile(std::string_view log_path);

// The same columns, known by their names alone.
Schema WithoutColumnIds(const Schema& schema);

}  // namespace ashlar::delta
