// ALTER TABLE … DROP FEATURE: the table is first brought to a state that does not need the feature, in
// commits of its own, then the protocol is lowered.
#pragma once

#include "session/commands.h"
#include "session/maintain.h"
#include "sql/feature_drop.h"

namespace ashlar::session {

// Errors: as delta::FeatureToDrop; DELTA_CANNOT_DROP_CHECK_CONSTRAINT_FEATURE (0AKDE);
// DELTA_FEATURE_DROP_WAIT_FOR_RETENTION_PERIOD (22KD0) and DELTA_FEATURE_DROP_HISTORICAL_VERSIONS_EXIST
// (22KD0) with TRUNCATE HISTORY; a conflict with whatever is committed meanwhile.
Rows DropFeature(StatementRun& run, MaintainedTable table, const sql::FeatureDrop& request);

}  // namespace ashlar::session
