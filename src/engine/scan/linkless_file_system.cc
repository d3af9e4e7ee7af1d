#include "engine/scan/linkless_file_system.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/linkless.h"
#include "duckdb/common/exception.hpp"

namespace ashlar::engine {
namespace {

class Pinned {
 public:
  explicit Pinned(int fd) : fd_(fd) {}
  ~Pinned() { close(fd_); }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  // Leads to what was pinned, whatever has become of its name.
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  const int fd_;
};

// Where DuckDB looks for its own limits. No canonical path is one of these: their last folders are links, or hold
// nothing but the kernel's.
bool IsKernels(const std::string& path) { return path.starts_with("/proc/self/") || path.starts_with("/sys/fs/cgroup/"); }

bool MayCreate(const duckdb::FileOpenFlags& flags) {
  return flags.OpenForWriting() && (flags.CreateFileIfNotExists() || flags.OverwriteExistingFile());
}

[[noreturn]] void Refuse(const std::string& path, const Error& error) {
  if (error.code == ErrorCode::kPermissionDenied) throw duckdb::PermissionException("%s", error.message);
  throw duckdb::IOException("Cannot open file \"%s\": %s", path, error.message);
}

}  // namespace

duckdb::unique_ptr<duckdb::FileHandle> LinklessFileSystem::OpenFile(
    const duckdb::string& path, duckdb::FileOpenFlags flags, duckdb::optional_ptr<duckdb::FileOpener> opener) {
  if (!path.starts_with('/')) throw duckdb::PermissionException("Not an absolute path: %s", path);
  if (IsKernels(path)) return LocalFileSystem::OpenFile(path, flags, opener);
  // Who must be the one to create the file opens it by name, in a folder that stays the same: the kernel follows
  // no link then. All others open what is there.
  bool exclusive = flags.ExclusiveCreate() || flags.CreatePrivateFile();
  size_t slash = path.rfind('/');
  std::string target = exclusive ? (slash == 0 ? "/" : path.substr(0, slash)) : path;
  int how = exclusive ? O_PATH | O_DIRECTORY : MayCreate(flags) ? O_WRONLY | O_CREAT : O_PATH;
  Result<int> opened = OpenWithoutLinks(target, how);
  if (!opened.ok()) {
    if (opened.error().code == ErrorCode::kNotFound && flags.ReturnNullIfNotExists()) return nullptr;
    Refuse(path, opened.error());
  }
  Pinned pinned(*opened);
  auto handle = LocalFileSystem::OpenFile(exclusive ? pinned.path() + path.substr(slash) : pinned.path(), flags, opener);
  if (handle) handle->path = path;
  return handle;
}

}  // namespace ashlar::engine
