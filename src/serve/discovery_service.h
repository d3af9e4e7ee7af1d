// What clients ask before anything else: /.well-known/databricks-config, /metrics and /health.
#pragma once

#include <string>

#include "http/router.h"
#include "observe/metrics.h"

namespace ashlar::serve {

// `metrics` outlives the router.
void RegisterDiscovery(http::Router& router, const observe::Registry& metrics, const std::string& workspace_id);

}  // namespace ashlar::serve
