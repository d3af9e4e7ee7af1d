// The control plane's end of the Driver service.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "link/driver_api.h"

namespace ashlar::link {

// Connects lazily. Thread safe. A driver that is gone answers kTemporarilyUnavailable.
std::unique_ptr<DriverApi> MakeDriverClient(const std::string& socket_path);

// Waits until every GetStatement of this process has been answered, and its callback has ended: what those
// use may go then. Ended drivers answer at once. False when `patience` ran out first.
bool AwaitAnswers(std::chrono::milliseconds patience);

}  // namespace ashlar::link
