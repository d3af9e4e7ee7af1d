// The control plane's end of the Driver service.
#pragma once

#include <memory>
#include <string>

#include "link/driver_api.h"

namespace ashlar::link {

// Connects lazily. Thread safe. A driver that is gone answers kTemporarilyUnavailable.
std::unique_ptr<DriverApi> MakeDriverClient(const std::string& socket_path);

}  // namespace ashlar::link
