// The Config RPC: spark.conf.
#pragma once

#include "connect/connect_session.h"

namespace ashlar::connect {

Status RunConfig(ConnectSession& session, const sc::ConfigRequest::Operation& operation, sc::ConfigResponse& response);

}  // namespace ashlar::connect
