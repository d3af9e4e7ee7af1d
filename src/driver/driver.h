// The driver process: one engine, its sessions, and one gRPC server on a Unix socket.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ashlar::driver {

struct DriverOptions {
  std::string id;
  std::string secret;
  std::string run_folder;
  std::string control_socket;
  int64_t memory_bytes = 0;
  int threads = 0;
  std::vector<std::string> confs;  // KEY=VALUE: defaults of every session's Spark configuration
};

// Serves until SIGTERM, until the control plane ends the lease or cannot be reached any more, or until
// memory runs over its budget. The process's exit status.
int RunDriver(const DriverOptions& options);

// Opens an engine and prints {"version", "duckdb"}. The process's exit status.
int RunSelfCheck();

}  // namespace ashlar::driver
