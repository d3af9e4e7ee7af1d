// The control plane's end of the Driver service.
#pragma once

#include <memory>
#include <string>

#include "link/driver_api.h"

namespace ashlar::link {

// The clients of a process, and the few threads of their own on which answers to GetStatement arrive. gRPC's
// threads for callbacks will not do: they go with the last client that used them, and a callback that drops that
// client, with its session perhaps, makes such a thread wait for itself, which aborts the process. Thread safe.
class DriverClients {
 public:
  static std::unique_ptr<DriverClients> Make();
  // Stops.
  virtual ~DriverClients() = default;
  // Connects lazily. A driver that is gone answers kTemporarilyUnavailable. The client is thread safe and may
  // outlive this; a callback may drop the last reference to it.
  virtual std::unique_ptr<DriverApi> Connect(const std::string& socket_path) = 0;
  // Gives up each GetStatement that has not been answered, and returns when all callbacks have ended: what they
  // use may go then. Those, and later ones, get kTemporarilyUnavailable. Idempotent; not from a callback.
  virtual void Stop() = 0;
};

}  // namespace ashlar::link
