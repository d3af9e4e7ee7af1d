// DataDir: where a server keeps everything. Layout:
//   metadb.sqlite   the control plane's state
//   secrets.key     what secrets in the metadb are sealed with; without it they are lost
//   managed/<uuid>  data of managed tables and volumes
//   run/            sockets and spools of this process's drivers; emptied at start
//   tls/            what `ashlar tls init` made
//   lock            held while a server uses the folder
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/result.h"

namespace ashlar::serve {

class DataDir {
 public:
  // Creates it (0700) when it is missing. Error: kInvalidState when another server has it.
  static Result<std::unique_ptr<DataDir>> Open(const std::string& path);
  // In the system's temporary folder; deleted by the destructor. What servers that were killed left
  // there is deleted too.
  static Result<std::unique_ptr<DataDir>> MakeEphemeral();
  ~DataDir();
  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;

  const std::string& path() const { return path_; }  // canonical
  std::string database_path() const { return path_ + "/metadb.sqlite"; }
  std::string run_folder() const { return run_folder_; }
  // The bytes of secrets.key, made at the first call. Errors: kDataLoss for a file of another length.
  Result<std::string> SealKey() const;

 private:
  DataDir(std::string path, int lock_fd) : path_(std::move(path)), run_folder_(path_ + "/run"), lock_fd_(lock_fd) {}

  const std::string path_;
  std::string run_folder_;
  const int lock_fd_;
  int run_lock_fd_ = -1;  // of a run folder outside of path_
  bool ephemeral_ = false;
};

// Deletes the folders of killed servers in `parent`: ours, named as theirs are, older than `age`, and
// locked by nobody.
void SweepAbandoned(const std::string& parent, std::chrono::seconds age);

}  // namespace ashlar::serve
