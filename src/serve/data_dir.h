// DataDir: where a server keeps everything. Layout:
//   metadb.sqlite   the control plane's state
//   managed/<uuid>  data of managed tables and volumes
//   run/            sockets and spools of this process's drivers; emptied at start
//   tls/            what `ashlar tls init` made
//   lock            held while a server uses the folder
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace ashlar::serve {

class DataDir {
 public:
  // Creates it (0700) when it is missing. Error: kInvalidState when another server has it.
  static Result<std::unique_ptr<DataDir>> Open(const std::string& path);
  // In the system's temporary folder; deleted by the destructor.
  static Result<std::unique_ptr<DataDir>> MakeEphemeral();
  ~DataDir();
  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;

  const std::string& path() const { return path_; }  // canonical
  std::string database_path() const { return path_ + "/metadb.sqlite"; }
  std::string run_folder() const { return run_folder_; }

 private:
  DataDir(std::string path, int lock_fd, bool ephemeral);

  const std::string path_;
  std::string run_folder_;
  const int lock_fd_;
  const bool ephemeral_;
};

}  // namespace ashlar::serve
