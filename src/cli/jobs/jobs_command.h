// `ashlar jobs`: listing, running and cancelling.
#pragma once

#include <string>
#include <vector>

#include "cli/connection.h"

namespace ashlar::cli {

struct JobsOptions {
  ConnectionOptions connection;
  std::string job;                      // id or name
  int64_t run_id = 0;                   // of cancel
  std::vector<std::string> parameters;  // KEY=VALUE
  std::string name;                     // list: only jobs of this name
  std::string format = "table";
  bool follow = false;
};

// Exit statuses: 0; 1 for an error and for a followed run that did not succeed; 130 after Ctrl-C.
int RunJobsList(const JobsOptions& options);
int RunJobsRun(const JobsOptions& options);
int RunJobsCancel(const JobsOptions& options);

}  // namespace ashlar::cli
