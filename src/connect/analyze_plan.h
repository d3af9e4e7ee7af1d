// The AnalyzePlan RPC: questions about plans that run nothing.
#pragma once

#include "connect/connect_session.h"

namespace ashlar::connect {

constexpr char kSparkVersion[] = "4.2.0";

// The plan a question is about, or null.
const sc::Plan* PlanOf(const sc::AnalyzePlanRequest& request);

Status Analyze(ConnectSession& session, const sc::AnalyzePlanRequest& request, sc::AnalyzePlanResponse& response);

}  // namespace ashlar::connect
