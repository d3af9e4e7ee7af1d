// `ashlar fs`: files of volumes.
#pragma once

#include <string>
#include <vector>

#include "cli/connection.h"

namespace ashlar::cli {

struct FsOptions {
  ConnectionOptions connection;
  std::string path;
  std::string target;  // of cp
  bool recursive = false;
  bool overwrite = false;
  bool details = false;  // ls -l
};

// Exit statuses: 0, or 1 when anything could not be done.
int RunFsList(const FsOptions& options);
int RunFsCat(const FsOptions& options);
int RunFsMakeFolder(const FsOptions& options);
int RunFsRemove(const FsOptions& options);
int RunFsCopy(const FsOptions& options);

}  // namespace ashlar::cli
