#include "objectstore/local_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "base/id.h"
#include "base/linkless.h"

namespace ashlar::objectstore {

namespace {

ObjectInfo InfoOf(std::string name, const struct stat& status) {
  return {std::move(name), status.st_size,
          status.st_mtim.tv_sec * int64_t{1000} + status.st_mtim.tv_nsec / 1000000};
}

// False, with errno, where the new name is taken (EEXIST) or it cannot be. What has the old name then still has it.
bool RenameIfAbsent(const Descriptor& directory, const std::string& from, const std::string& to) {
  if (renameat2(directory.get(), from.c_str(), directory.get(), to.c_str(), RENAME_NOREPLACE) == 0) return true;
  // File systems that have no such call (NFS) have links.
  if (errno != EINVAL && errno != ENOSYS) return false;
  if (linkat(directory.get(), from.c_str(), directory.get(), to.c_str(), 0) != 0) return false;
  unlinkat(directory.get(), from.c_str(), 0);
  return true;
}

Status ReadAll(int fd, char* bytes, size_t length, int64_t offset, const std::string& path) {
  while (length > 0) {
    ssize_t count = pread(fd, bytes, length, offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError("read", path);
    if (count == 0) return MakeError(ErrorCode::kIoError, "read " + path + ": file ends early");
    bytes += count;
    offset += count;
    length -= static_cast<size_t>(count);
  }
  return OkStatus();
}

}  // namespace

std::string JoinPath(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path += '/';
  path += name;
  return path;
}

Result<std::unique_ptr<LocalObjectStore>> LocalObjectStore::Rooted(const std::string& root) {
  auto store = std::make_unique<LocalObjectStore>();
  store->root_ = root;
  while (store->root_.size() > 1 && store->root_.back() == '/') store->root_.pop_back();
  store->root_fd_ = open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (store->root_fd_ < 0) return ErrnoError("open", root);
  return store;
}

LocalObjectStore::~LocalObjectStore() {
  if (root_fd_ >= 0) close(root_fd_);
}

Result<Descriptor> LocalObjectStore::Open(const std::string& path, int flags) const {
  int fd = -1;
  if (links_ == Links::kRefused) {
    ASSIGN_OR_RETURN(fd, OpenWithoutLinks(path, flags));
  } else if (root_fd_ < 0) {
    fd = open(path.c_str(), flags | O_CLOEXEC);
  } else {
    if (path != root_ && !path.starts_with(root_ + "/")) {
      return MakeError(ErrorCode::kPermissionDenied, "path is outside of " + root_ + ": " + path);
    }
    std::string below = path.size() > root_.size() ? path.substr(root_.size() + 1) : ".";
    while (below.starts_with('/')) below.erase(0, 1);
    if (below.empty()) below = ".";
    open_how how{};
    how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    fd = static_cast<int>(syscall(SYS_openat2, root_fd_, below.c_str(), &how, sizeof(how)));
    if (fd < 0 && (errno == EXDEV || errno == ELOOP)) {
      return MakeError(ErrorCode::kPermissionDenied, "path leads out of " + root_ + ": " + path);
    }
  }
  if (fd < 0) {
    bool not_a_folder = errno == ENOTDIR;
    Error error = ErrnoError("open", path);
    if (not_a_folder) error.code = ErrorCode::kNotFound;
    return error;
  }
  return Descriptor(fd);
}

Status LocalObjectStore::CreateFolders(const std::string& directory) const {
  Result<Descriptor> existing = Open(directory, O_RDONLY | O_DIRECTORY);
  if (existing.ok()) return OkStatus();
  if (existing.error().code != ErrorCode::kNotFound) return existing.error();
  size_t slash = directory.find_last_not_of('/');
  slash = slash == std::string::npos ? slash : directory.rfind('/', slash);
  if (slash == std::string::npos || slash == 0) return existing.error();
  std::string parent = directory.substr(0, slash);
  RETURN_IF_ERROR(CreateFolders(parent));
  ASSIGN_OR_RETURN(Descriptor at, Open(parent, O_RDONLY | O_DIRECTORY));
  std::string name = directory.substr(slash + 1);
  while (name.ends_with('/')) name.pop_back();
  if (mkdirat(at.get(), name.c_str(), 0755) != 0 && errno != EEXIST) {
    return ErrnoError("mkdir", directory);
  }
  if (fsync(at.get()) != 0) return ErrnoError("fsync", parent);
  return OkStatus();
}

Result<Descriptor> LocalObjectStore::OpenParent(const std::string& path, std::string* name, int create) const {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash + 1 == path.size()) {
    return MakeError(ErrorCode::kInvalidParameterValue, "not the path of a file: " + path);
  }
  *name = path.substr(slash + 1);
  if (*name == "." || *name == "..") {
    return MakeError(ErrorCode::kInvalidParameterValue, "not the path of a file: " + path);
  }
  std::string directory = slash == 0 ? "/" : path.substr(0, slash);
  Result<Descriptor> opened = Open(directory, O_RDONLY | O_DIRECTORY);
  if (opened.ok() || create == 0 || opened.error().code != ErrorCode::kNotFound) return opened;
  RETURN_IF_ERROR(CreateFolders(directory));
  return Open(directory, O_RDONLY | O_DIRECTORY);
}

Result<std::vector<ObjectInfo>> LocalObjectStore::ListFrom(const std::string& directory,
                                                           const std::string& start_name) {
  std::vector<ObjectInfo> objects;
  Result<Descriptor> opened = Open(directory, O_RDONLY | O_DIRECTORY);
  if (!opened.ok()) {
    if (opened.error().code == ErrorCode::kNotFound) return objects;
    return std::move(opened).error();
  }
  int fd = opened->Release();
  DIR* stream = fdopendir(fd);
  if (stream == nullptr) {
    Error error = ErrnoError("open", directory);
    close(fd);
    return error;
  }
  errno = 0;
  while (const dirent* entry = readdir(stream)) {
    std::string name = entry->d_name;
    struct stat status;
    // A file deleted since readdir is left out, as if listed later.
    // Where links are refused, one is listed as what it is: to open it says so.
    bool link_counts = links_ == Links::kRefused;
    if (name >= start_name && fstatat(fd, name.c_str(), &status, link_counts ? AT_SYMLINK_NOFOLLOW : 0) == 0 &&
        (S_ISREG(status.st_mode) || (link_counts && S_ISLNK(status.st_mode)))) {
      objects.push_back(InfoOf(std::move(name), status));
    }
    errno = 0;
  }
  int failure = errno;
  closedir(stream);
  errno = failure;
  if (failure != 0) return ErrnoError("list", directory);
  std::ranges::sort(objects, {}, &ObjectInfo::name);
  return objects;
}

Result<std::string> LocalObjectStore::Read(const std::string& path) {
  RETURN_IF_ERROR(Failpoint("objectstore.read"));
  ASSIGN_OR_RETURN(Descriptor file, Open(path, O_RDONLY));
  struct stat status;
  if (fstat(file.get(), &status) != 0) return ErrnoError("stat", path);
  if (!S_ISREG(status.st_mode)) return MakeError(ErrorCode::kIoError, "not a file: " + path);
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  RETURN_IF_ERROR(ReadAll(file.get(), bytes.data(), bytes.size(), 0, path));
  return bytes;
}

Result<std::string> LocalObjectStore::ReadRange(const std::string& path, int64_t offset,
                                                int64_t length) {
  if (offset < 0 || length < 0) {
    return MakeError(ErrorCode::kInvalidParameterValue, "bad byte range of " + path);
  }
  ASSIGN_OR_RETURN(Descriptor file, Open(path, O_RDONLY));
  struct stat status;
  if (fstat(file.get(), &status) != 0) return ErrnoError("stat", path);
  // Compared before the buffer is made: a corrupt descriptor must not ask for gigabytes.
  if (offset > status.st_size || length > status.st_size - offset) {
    return MakeError(ErrorCode::kIoError, "read " + path + ": file ends early");
  }
  std::string bytes(static_cast<size_t>(length), '\0');
  RETURN_IF_ERROR(ReadAll(file.get(), bytes.data(), bytes.size(), offset, path));
  return bytes;
}

Result<ObjectInfo> LocalObjectStore::Head(const std::string& path) {
  ASSIGN_OR_RETURN(Descriptor file, Open(path, O_PATH));
  struct stat status;
  if (fstat(file.get(), &status) != 0) return ErrnoError("stat", path);
  if (!S_ISREG(status.st_mode)) return MakeError(ErrorCode::kNotFound, "not a file: " + path);
  return InfoOf(path.substr(path.rfind('/') + 1), status);
}

Status LocalObjectStore::WriteTemporary(const Descriptor& directory, const std::string& temporary,
                                        std::string_view bytes, Durable durable) const {
  RETURN_IF_ERROR(Failpoint("objectstore.write"));
  Descriptor file(openat(directory.get(), temporary.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (file.get() < 0) return ErrnoError("create", temporary);
  Status written = OkStatus();
  while (!bytes.empty() && written.ok()) {
    ssize_t count = write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      written = ErrnoError("write", temporary);
    } else {
      bytes.remove_prefix(static_cast<size_t>(count));
    }
  }
  if (written.ok() && durable == Durable::kYes && fsync(file.get()) != 0) written = ErrnoError("fsync", temporary);
  if (!written.ok()) unlinkat(directory.get(), temporary.c_str(), 0);
  return written;
}

Result<PutOutcome> LocalObjectStore::PutIfAbsent(const std::string& path, std::string_view bytes) {
  return Create(path, bytes, Durable::kYes);
}

Result<PutOutcome> LocalObjectStore::PutHint(const std::string& path, std::string_view bytes) {
  return Create(path, bytes, Durable::kNo);
}

Result<PutOutcome> LocalObjectStore::Create(const std::string& path, std::string_view bytes, Durable durable) const {
  std::string name;
  ASSIGN_OR_RETURN(Descriptor directory, OpenParent(path, &name, 1));
  std::string temporary = "." + name + "." + NewHex(SystemRandom(), 8) + ".tmp";
  RETURN_IF_ERROR(WriteTemporary(directory, temporary, bytes, durable));
  if (!RenameIfAbsent(directory, temporary, name)) {
    int failure = errno;
    unlinkat(directory.get(), temporary.c_str(), 0);
    if (failure == EEXIST) return PutOutcome::kLost;
    errno = failure;
    return ErrnoError("rename", path);
  }
  // The name exists now; whether it survives a power loss does the directory decide.
  if (durable == Durable::kYes && fsync(directory.get()) != 0) return PutOutcome::kUnknown;
  return PutOutcome::kWon;
}

Status LocalObjectStore::PutOverwrite(const std::string& path, std::string_view bytes) {
  std::string name;
  ASSIGN_OR_RETURN(Descriptor directory, OpenParent(path, &name, 1));
  std::string temporary = "." + name + "." + NewHex(SystemRandom(), 8) + ".tmp";
  RETURN_IF_ERROR(WriteTemporary(directory, temporary, bytes, Durable::kYes));
  if (renameat(directory.get(), temporary.c_str(), directory.get(), name.c_str()) != 0) {
    Error error = ErrnoError("rename", path);
    unlinkat(directory.get(), temporary.c_str(), 0);
    return error;
  }
  if (fsync(directory.get()) != 0) return ErrnoError("fsync", path);
  return OkStatus();
}

Status LocalObjectStore::Delete(const std::string& path) {
  std::string name;
  Result<Descriptor> directory = OpenParent(path, &name, 0);
  if (!directory.ok()) {
    if (directory.error().code == ErrorCode::kNotFound) return OkStatus();
    return std::move(directory).error();
  }
  if (unlinkat(directory->get(), name.c_str(), 0) != 0 && errno != ENOENT) {
    return ErrnoError("unlink", path);
  }
  return OkStatus();
}

}  // namespace ashlar::objectstore
