// `ashlar sql`: statements from -e, -f, standard input or a terminal.
#pragma once

#include <string>
#include <vector>

#include "cli/connection.h"

namespace ashlar::cli {

struct SqlOptions {
  ConnectionOptions connection;
  std::vector<std::string> statements;  // -e
  std::vector<std::string> files;       // -f; "-" is standard input
  std::string format = "table";
  std::string catalog;
  std::string schema;
  bool timing = false;
  bool expanded = false;
};

// The process's exit status: 0, 1 after an error, 130 after Ctrl-C.
int RunSql(const SqlOptions& options);

}  // namespace ashlar::cli
