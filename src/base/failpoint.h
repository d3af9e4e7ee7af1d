// Failpoints: named places where a test makes the process die or an operation fail. Inert unless the
// environment variable ASHLAR_FAILPOINTS was set when the process started:
//   ASHLAR_FAILPOINTS="delta.commit.before_link=kill;jobs.run.settle=kill@3;disk.full=error"
// `kill` sends SIGKILL to this process, `error` makes the operation fail with kIoError, `@N` acts at
// the N-th time the point is reached (1 by default; with `error@*`, every time).
#pragma once

#include <string_view>

#include "base/result.h"

namespace ashlar {

// Call at the place itself. Costs one relaxed atomic load when no failpoint is enabled.
Status Failpoint(std::string_view name);
// For tests in the same process: replaces the whole configuration, same syntax.
void SetFailpointsForTest(std::string_view configuration);

}  // namespace ashlar
