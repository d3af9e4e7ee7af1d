// `ashlar doctor`: what is wrong with a machine, or with the way to a server.
#pragma once

#include <string>

#include "cli/connection.h"

namespace ashlar::cli {

struct DoctorOptions {
  ConnectionOptions connection;
  std::string data_dir;  // empty: ~/.ashlar
  std::string listen = "localhost:8650";
  bool json = false;
};

// The process's exit status: 1 when a check failed.
int RunDoctor(const DoctorOptions& options);

}  // namespace ashlar::cli
