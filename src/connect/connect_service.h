// The Spark Connect service of a driver (spark.connect.SparkConnectService). The gateway in front of it
// vouches for who calls: metadata "x-ashlar-handle" and "x-ashlar-user"; a call without them is refused.
#pragma once

#include <memory>

#include "session/session.h"

namespace grpc {
class Service;
}

namespace ashlar::connect {

// `environment` outlives the service. Register it on the driver's gRPC server.
std::unique_ptr<grpc::Service> MakeConnectService(session::Environment& environment);

}  // namespace ashlar::connect
