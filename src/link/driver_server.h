// The driver's end of the Driver service, as a gRPC service object: the driver registers it on its one
// server beside the Spark Connect service.
#pragma once

#include <memory>

#include "link/driver_api.h"

namespace grpc {
class Service;
}

namespace ashlar::link {

// `api` outlives the service.
std::unique_ptr<grpc::Service> MakeDriverService(DriverApi& api);

}  // namespace ashlar::link
