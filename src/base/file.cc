#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/id.h"

namespace ashlar {
namespace {

// Closes the descriptor when it goes out of scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  RETURN_IF_ERROR(Failpoint("file.write"));
  while (!bytes.empty()) {
    ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError("write", path);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return OkStatus();
}

}  // namespace

Error ErrnoError(std::string_view operation, std::string_view path) {
  int number = errno;
  ErrorCode code = number == ENOSPC || number == EDQUOT ? ErrorCode::kResourceExhausted
                   : number == ENOENT                   ? ErrorCode::kNotFound
                                                        : ErrorCode::kIoError;
  return MakeError(code, std::string(operation) + " " + std::string(path) + ": " +
                             std::strerror(number));
}

Result<std::string> ReadFile(const std::string& path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return ErrnoError("open", path);
  std::string bytes;
  char buffer[65536];
  while (true) {
    ssize_t count = read(file.get(), buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError("read", path);
    if (count == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(count));
  }
}

Status WriteFileDurably(const std::string& path, std::string_view bytes) {
  std::string temporary = path + ".tmp-" + NewHex(SystemRandom(), 6);
  {
    Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (file.get() < 0) return ErrnoError("create", temporary);
    Status written = WriteAll(file.get(), bytes, temporary);
    if (written.ok() && fsync(file.get()) != 0) written = ErrnoError("fsync", temporary);
    if (!written.ok()) {
      unlink(temporary.c_str());
      return written;
    }
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    Error error = ErrnoError("rename", path);
    unlink(temporary.c_str());
    return error;
  }
  return SyncDirectory(std::filesystem::path(path).parent_path().string());
}

Status SyncFile(const std::string& path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return ErrnoError("open", path);
  if (fsync(file.get()) != 0) return ErrnoError("fsync", path);
  return OkStatus();
}

void BeginSync(const std::string& path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() >= 0) sync_file_range(file.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
}

Status SyncDirectory(const std::string& path) {
  const std::string target = path.empty() ? "." : path;
  Descriptor directory(open(target.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) return ErrnoError("open", target);
  if (fsync(directory.get()) != 0) return ErrnoError("fsync", target);
  return OkStatus();
}

Status MakeDirectories(const std::string& path, unsigned mode) {
  std::filesystem::path built;
  for (const auto& part : std::filesystem::path(path)) {
    built /= part;
    if (mkdir(built.c_str(), mode) != 0 && errno != EEXIST) return ErrnoError("mkdir", built.string());
  }
  return OkStatus();
}

}  // namespace ashlar
