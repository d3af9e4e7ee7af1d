#include "serve/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/clock.h"
#include "base/file.h"
#include "catalog/sealed_text.h"

namespace ashlar::serve {
namespace {

// A Unix socket's path has room for 107 bytes; "run/driver-0123456789ab/driver.sock" is added to this.
constexpr size_t kMaxRunFolderLength = 64;

// Younger ones may not have taken their lock yet.
constexpr std::chrono::seconds kAbandonedAge{60};
constexpr std::string_view kTemporaryPrefix = "ashlar-";
constexpr size_t kTemporaryNameLength = kTemporaryPrefix.size() + 6;

Result<int> TakeLock(const std::string& folder) {
  std::string path = folder + "/lock";
  int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoError("open", path);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    return MakeError(ErrorCode::kInvalidState, "another server uses the data folder " + folder);
  }
  return fd;
}

Result<std::string> MakeTemporary(const std::filesystem::path& parent) {
  SweepAbandoned(parent, kAbandonedAge);
  std::string pattern = parent / (std::string(kTemporaryPrefix) + "XXXXXX");
  if (mkdtemp(pattern.data()) == nullptr) return ErrnoError("mkdtemp", pattern);
  return pattern;
}

// Where TMPDIR says, unless that is too long for sockets.
std::filesystem::path RunFolderParent() {
  std::filesystem::path parent = std::filesystem::temp_directory_path();
  return parent.native().size() + 1 + kTemporaryNameLength > kMaxRunFolderLength ? "/tmp" : parent;
}

bool IsAbandoned(const std::filesystem::path& folder, std::chrono::seconds age) {
  std::string name = folder.filename();
  struct stat status {};
  if (name.size() != kTemporaryNameLength || !name.starts_with(kTemporaryPrefix)) return false;
  if (lstat((folder / "lock").c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  if (lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid()) return false;
  return SystemClock().NowMs() / 1000 - status.st_mtim.tv_sec >= age.count();
}

}  // namespace

void SweepAbandoned(const std::string& parent, std::chrono::seconds age) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(parent, ignored)) {
    if (!IsAbandoned(entry.path(), age)) continue;
    Result<int> lock = TakeLock(entry.path());
    if (!lock.ok()) continue;
    std::filesystem::remove_all(entry.path(), ignored);
    close(*lock);
  }
}

Result<std::unique_ptr<DataDir>> DataDir::Open(const std::string& path) {
  RETURN_IF_ERROR(MakeDirectories(path, 0700));
  std::error_code code;
  std::string canonical = std::filesystem::canonical(path, code);
  if (code) return MakeError(ErrorCode::kIoError, "data folder " + path + ": " + code.message());
  ASSIGN_OR_RETURN(int fd, TakeLock(canonical));
  std::unique_ptr<DataDir> dir(new DataDir(canonical, fd));
  std::filesystem::remove_all(dir->run_folder_, code);
  if (dir->run_folder_.size() > kMaxRunFolderLength) {
    ASSIGN_OR_RETURN(dir->run_folder_, MakeTemporary(RunFolderParent()));
    ASSIGN_OR_RETURN(dir->run_lock_fd_, TakeLock(dir->run_folder_));
  }
  for (const std::string& folder : {dir->run_folder_, canonical + "/managed"}) {
    RETURN_IF_ERROR(MakeDirectories(folder, 0700));
  }
  return dir;
}

Result<std::unique_ptr<DataDir>> DataDir::MakeEphemeral() {
  ASSIGN_OR_RETURN(std::string path, MakeTemporary(std::filesystem::temp_directory_path()));
  ASSIGN_OR_RETURN(std::unique_ptr<DataDir> dir, Open(path));
  dir->ephemeral_ = true;
  return dir;
}

DataDir::~DataDir() {
  std::error_code ignored;
  std::filesystem::remove_all(run_folder_, ignored);
  if (ephemeral_) std::filesystem::remove_all(path_, ignored);
  if (run_lock_fd_ >= 0) close(run_lock_fd_);
  close(lock_fd_);
}

Result<std::string> DataDir::SealKey() const {
  std::string path = path_ + "/secrets.key";
  Result<std::string> kept = ReadFile(path);
  if (!kept.ok() && kept.error().code == ErrorCode::kNotFound) {
    std::string key(catalog::kSealKeyBytes, '\0');
    SystemRandom().Fill(key.data(), key.size());
    RETURN_IF_ERROR(WriteFileDurably(path, key));
    if (chmod(path.c_str(), 0600) != 0) return ErrnoError("chmod", path);
    return key;
  }
  if (kept.ok() && kept->size() != catalog::kSealKeyBytes) {
    return MakeError(ErrorCode::kDataLoss, path + " is not a key of this server");
  }
  return kept;
}

}  // namespace ashlar::serve
