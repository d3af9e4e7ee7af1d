// The control plane's end of the Control service: serves a StoreControlApi on a Unix socket.
#pragma once

#include <memory>
#include <string>

#include "link/store_control_api.h"

namespace ashlar::link {

// Listens from construction until destruction. The socket's folder must be 0700: whoever can reach the
// socket is one of our own processes. Calls run on their own threads and never wait on a driver.
class ControlServer {
 public:
  // Error: kIoError when the socket cannot be made. `api` outlives the server.
  static Result<std::unique_ptr<ControlServer>> Start(const std::string& socket_path, StoreControlApi& api);
  virtual ~ControlServer() = default;
};

}  // namespace ashlar::link
