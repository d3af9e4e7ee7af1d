// The scan of a row change's own target, found in its plan.
#pragma once

#include "sql/plan.h"

namespace ashlar::engine {

// The plan node that scans the target with row positions; null when there is none below.
const sql::Plan* FindTargetScan(const sql::Plan& plan);

}  // namespace ashlar::engine
