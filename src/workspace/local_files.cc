#include "workspace/local_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "base/id.h"

namespace ashlar::workspace {
namespace {

constexpr std::string_view kTemporaryPrefix = ".ashlar-upload-";
constexpr size_t kCopyBytes = 16 << 20;

Error FileError(std::string_view operation, const std::string& path) {
  int code = errno;
  switch (code) {
    case ENOENT:
    case ENOTDIR:
      return MakeError(ErrorCode::kNotFound, "The file or directory does not exist");
    case EISDIR:
      return MakeError(ErrorCode::kInvalidParameterValue, "The path is a directory");
    case ENOTEMPTY:
      return MakeError(ErrorCode::kDirectoryNotEmpty, "The directory is not empty");
    case EEXIST:
      return MakeError(ErrorCode::kAlreadyExists, "The file being created already exists");
    case ELOOP:
      return MakeError(ErrorCode::kPermissionDenied, "The path leads through a symbolic link");
    case ENAMETOOLONG:
      return MakeError(ErrorCode::kInvalidParameterValue, "The path is too long");
    default:
      break;
  }
  errno = code;
  return ErrnoError(operation, path);
}

Result<FileHandle> OpenPath(const std::string& path, int flags) {
  CHECK(path.starts_with('/')) << path;
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_NO_SYMLINKS;
  int fd = static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how)));
  if (fd < 0) return FileError("open", path);
  return FileHandle(fd);
}

struct Place {
  FileHandle directory;
  std::string name;
};

std::string ParentOf(const std::string& path) { return path.substr(0, std::max<size_t>(1, path.rfind('/'))); }

Result<Place> OpenParent(const std::string& path) {
  ASSIGN_OR_RETURN(FileHandle directory, OpenPath(ParentOf(path), O_RDONLY | O_DIRECTORY));
  return Place{std::move(directory), path.substr(path.rfind('/') + 1)};
}

LocalEntry EntryOf(std::string name, const struct stat& status) {
  bool is_directory = S_ISDIR(status.st_mode);
  return {std::move(name), is_directory, is_directory ? 0 : status.st_size,
          status.st_mtim.tv_sec * int64_t{1000} + status.st_mtim.tv_nsec / 1000000};
}

bool IsListed(const struct stat& status, std::string_view name) {
  return S_ISDIR(status.st_mode) || (S_ISREG(status.st_mode) && !name.starts_with(kTemporaryPrefix));
}

Status Sync(const FileHandle& handle, const std::string& path) {
  return fsync(handle.get()) == 0 ? OkStatus() : Status(ErrnoError("fsync", path));
}

}  // namespace

FileHandle::~FileHandle() {
  if (fd_ >= 0) close(fd_);
}

Result<OpenedFile> OpenFileForRead(const std::string& path) {
  // Not blocking: a named pipe must not hold the thread before it is refused below.
  ASSIGN_OR_RETURN(FileHandle handle, OpenPath(path, O_RDONLY | O_NONBLOCK));
  struct stat status {};
  if (fstat(handle.get(), &status) != 0) return FileError("stat", path);
  if (!S_ISREG(status.st_mode)) return MakeError(ErrorCode::kInvalidParameterValue, "The path is not a file");
  LocalEntry entry = EntryOf(path.substr(path.rfind('/') + 1), status);
  return OpenedFile{std::move(handle), std::move(entry)};
}

Result<LocalEntry> StatPath(const std::string& path) {
  ASSIGN_OR_RETURN(FileHandle handle, OpenPath(path, O_PATH));
  struct stat status {};
  if (fstat(handle.get(), &status) != 0) return FileError("stat", path);
  std::string name = path.substr(path.rfind('/') + 1);
  if (!IsListed(status, name)) return MakeError(ErrorCode::kInvalidParameterValue, "The path is not a file");
  return EntryOf(std::move(name), status);
}

Result<std::vector<LocalEntry>> ListDirectory(const std::string& path) {
  ASSIGN_OR_RETURN(FileHandle handle, OpenPath(path, O_RDONLY | O_DIRECTORY));
  // fdopendir takes over the descriptor it is given.
  std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(dup(handle.get())), closedir);
  if (!stream) return FileError("list", path);
  std::vector<LocalEntry> entries;
  while (true) {
    errno = 0;
    dirent* item = readdir(stream.get());
    if (item == nullptr) {
      if (errno != 0) return FileError("list", path);
      break;
    }
    std::string name = item->d_name;
    if (name == "." || name == "..") continue;
    struct stat status {};
    // One that is gone since is not there.
    if (fstatat(handle.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (IsListed(status, name)) entries.push_back(EntryOf(std::move(name), status));
  }
  std::ranges::sort(entries, {}, &LocalEntry::name);
  return entries;
}

Status CreateDirectory(const std::string& path) {
  auto existing = OpenPath(path, O_RDONLY | O_DIRECTORY);
  if (existing.ok()) return OkStatus();
  if (existing.error().code != ErrorCode::kNotFound) return existing.error();
  std::string parent = ParentOf(path);
  if (parent != path) RETURN_IF_ERROR(CreateDirectory(parent));
  ASSIGN_OR_RETURN(Place place, OpenParent(path));
  if (mkdirat(place.directory.get(), place.name.c_str(), 0755) != 0) {
    if (errno != EEXIST) return FileError("mkdir", path);
    // Made meanwhile is fine, a file is not.
    if (OpenPath(path, O_RDONLY | O_DIRECTORY).ok()) return OkStatus();
    return MakeError(ErrorCode::kAlreadyExists, "A file is in the place of the directory");
  }
  return Sync(place.directory, parent);
}

Status DeleteFile(const std::string& path) {
  ASSIGN_OR_RETURN(Place place, OpenParent(path));
  if (unlinkat(place.directory.get(), place.name.c_str(), 0) != 0) return FileError("delete", path);
  return Sync(place.directory, path);
}

Status DeleteEmptyDirectory(const std::string& path) {
  ASSIGN_OR_RETURN(Place place, OpenParent(path));
  if (unlinkat(place.directory.get(), place.name.c_str(), AT_REMOVEDIR) != 0) return FileError("delete", path);
  return Sync(place.directory, path);
}

Result<FileHandle> OpenUnnamedBeside(const std::string& path, Random& random) {
  RETURN_IF_ERROR(CreateDirectory(ParentOf(path)));
  ASSIGN_OR_RETURN(Place place, OpenParent(path));
  // Not every file system knows O_TMPFILE.
  std::string temporary = std::string(kTemporaryPrefix) + NewHex(random, 8);
  int fd = openat(place.directory.get(), temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return FileError("create", path);
  FileHandle file(fd);
  if (unlinkat(place.directory.get(), temporary.c_str(), 0) != 0) return FileError("unlink", path);
  return file;
}

Result<std::unique_ptr<PendingFile>> PendingFile::Create(const std::string& path, Existing existing, Random& random) {
  RETURN_IF_ERROR(CreateDirectory(ParentOf(path)));
  ASSIGN_OR_RETURN(Place place, OpenParent(path));
  struct stat status {};
  if (fstatat(place.directory.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    errno = S_ISDIR(status.st_mode) ? EISDIR : EEXIST;
    if (S_ISDIR(status.st_mode) || existing == Existing::kRefuse) return FileError("create", path);
  }
  std::string temporary = std::string(kTemporaryPrefix) + NewHex(random, 8);
  int fd = openat(place.directory.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd < 0) return FileError("create", path);
  std::unique_ptr<PendingFile> file(new PendingFile(std::move(place.directory), FileHandle(fd), existing));
  file->path_ = path;
  file->name_ = place.name;
  file->temporary_ = std::move(temporary);
  return file;
}

PendingFile::~PendingFile() {
  if (!temporary_.empty()) unlinkat(directory_.get(), temporary_.c_str(), 0);
}

Status WriteTo(const FileHandle& file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    ssize_t count = write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError("write", path);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return OkStatus();
}

Status PendingFile::Write(std::string_view bytes) { return WriteTo(file_, bytes, path_); }

Status FileUnderWay::Append(const FileHandle& source) {
  std::string piece(kCopyBytes, '\0');
  for (off_t at = 0;;) {
    ssize_t count = pread(source.get(), piece.data(), piece.size(), at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError("read", "a part of an upload");
    if (count == 0) return OkStatus();
    RETURN_IF_ERROR(Write(std::string_view(piece).substr(0, static_cast<size_t>(count))));
    at += count;
  }
}

Status PendingFile::Append(const FileHandle& source) {
  off_t at = 0;
  while (true) {
    ssize_t count = sendfile(file_.get(), source.get(), &at, kCopyBytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError("write", path_);
    if (count == 0) return OkStatus();
  }
}

Status PendingFile::Publish() {
  CHECK(!temporary_.empty()) << "a file is published once";
  RETURN_IF_ERROR(Sync(file_, path_));
  if (existing_ == Existing::kReplace) {
    if (renameat(directory_.get(), temporary_.c_str(), directory_.get(), name_.c_str()) != 0) {
      return FileError("rename", path_);
    }
    temporary_.clear();
  } else if (linkat(directory_.get(), temporary_.c_str(), directory_.get(), name_.c_str(), 0) != 0) {
    return FileError("create", path_);
  }
  return Sync(directory_, path_);
}

}  // namespace ashlar::workspace
