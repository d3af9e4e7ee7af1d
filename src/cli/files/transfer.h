// Transfer: one file's bytes from one place to another, in constant memory.
#pragma once

#include <functional>

#include "cli/files/location.h"
#include "cli/files/volume_files.h"

namespace ashlar::cli {

class Transfer {
 public:
  // `moved` hears of each piece.
  Transfer(WorkspaceClient& client, bool overwrite, std::function<void(size_t bytes)> moved)
      : client_(client), overwrite_(overwrite), moved_(std::move(moved)) {}

  // The target is whole or untouched. Error: kAlreadyExists when it exists and may not be replaced.
  Status Copy(const Location& from, const Location& to);

 private:
  Status Upload(const std::string& from, const std::string& to);
  Status Download(const std::string& from, const std::string& to);
  Status CopyRemote(const std::string& from, const std::string& to);

  WorkspaceClient& client_;
  const bool overwrite_;
  std::function<void(size_t)> moved_;
};

}  // namespace ashlar::cli
