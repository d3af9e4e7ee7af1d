// `ashlar serve`: the server.
#pragma once

#include <string>
#include <vector>

namespace ashlar::serve {

struct ServeOptions {
  std::string data_dir;         // empty: ~/.ashlar
  std::string listen = "localhost:8650";
  std::string tls_cert_file;
  std::string tls_key_file;
  bool ephemeral = false;       // a temporary data folder that goes with the process
  std::string ready_file;       // JSON {url, token, workspace_id, warehouse_id, cluster_id, pid}
  std::string admin_name = "admin@localhost";
  std::string driver_binary;    // empty: ashlar-driver beside this executable
  int64_t driver_memory_bytes = 0;  // 0: a quarter of the machine's memory
  int driver_threads = 0;       // 0: one a core
  int warm_drivers = 1;
  std::vector<std::string> spark_confs;  // KEY=VALUE: defaults of every session
  std::string log_level = "info";
};

// Serves until SIGINT or SIGTERM, then drains. The process's exit status: 0, or 1 with the reason on
// standard error.
int RunServe(const ServeOptions& options);

}  // namespace ashlar::serve
