#include "serve/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"

namespace ashlar::serve {
namespace {

// A Unix socket's path has room for 107 bytes; "run/driver-0123456789ab/driver.sock" is added to this.
constexpr size_t kMaxRunFolderLength = 64;

Result<std::string> MakeTemporary() {
  std::string pattern = std::filesystem::temp_directory_path() / "ashlar-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) return ErrnoError("mkdtemp", pattern);
  return pattern;
}

}  // namespace

DataDir::DataDir(std::string path, int lock_fd, bool ephemeral)
    : path_(std::move(path)), run_folder_(path_ + "/run"), lock_fd_(lock_fd), ephemeral_(ephemeral) {}

Result<std::unique_ptr<DataDir>> DataDir::Open(const std::string& path) {
  RETURN_IF_ERROR(MakeDirectories(path, 0700));
  std::error_code code;
  std::string canonical = std::filesystem::canonical(path, code);
  if (code) return MakeError(ErrorCode::kIoError, "data folder " + path + ": " + code.message());
  std::string lock_path = canonical + "/lock";
  int fd = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoError("open", lock_path);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    return MakeError(ErrorCode::kInvalidState, "another server uses the data folder " + canonical);
  }
  std::unique_ptr<DataDir> dir(new DataDir(canonical, fd, false));
  std::filesystem::remove_all(dir->run_folder_, code);
  if (dir->run_folder_.size() > kMaxRunFolderLength) {
    ASSIGN_OR_RETURN(dir->run_folder_, MakeTemporary());
  }
  for (const std::string& folder : {dir->run_folder_, canonical + "/managed"}) {
    RETURN_IF_ERROR(MakeDirectories(folder, 0700));
  }
  return dir;
}

Result<std::unique_ptr<DataDir>> DataDir::MakeEphemeral() {
  ASSIGN_OR_RETURN(std::string path, MakeTemporary());
  ASSIGN_OR_RETURN(std::unique_ptr<DataDir> opened, Open(path));
  std::unique_ptr<DataDir> dir(new DataDir(opened->path_, dup(opened->lock_fd_), true));
  dir->run_folder_ = opened->run_folder_;
  opened->run_folder_.clear();
  return dir;
}

DataDir::~DataDir() {
  std::error_code ignored;
  if (!run_folder_.empty()) std::filesystem::remove_all(run_folder_, ignored);
  if (ephemeral_) std::filesystem::remove_all(path_, ignored);
  close(lock_fd_);
}

}  // namespace ashlar::serve
