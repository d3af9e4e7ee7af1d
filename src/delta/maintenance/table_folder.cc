#include "delta/maintenance/table_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <utility>

#include "base/descriptor.h"
#include "base/file.h"
#include "base/linkless.h"
#include "base/thread_pool.h"

namespace ashlar::delta {
namespace {

constexpr int kOpenFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr size_t kUnlinkThreads = 8;
constexpr size_t kUnlinkBatch = 256;
constexpr int kMaxDepth = 64;

int64_t ModifiedMs(const struct stat& info) {
  return int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1'000'000;
}

Descriptor OpenRoot(const std::string& root) {
  Result<int> fd = OpenWithoutLinks(root, kOpenFolder);
  if (fd.ok()) return Descriptor(*fd);
  errno = fd.error().code == ErrorCode::kNotFound ? ENOENT : ELOOP;
  return Descriptor(-1);
}

// The folder a path's last name is in, opened step by step; `name` becomes that last name.
Descriptor OpenParent(const std::string& root, const std::string& path, std::string* name) {
  Descriptor folder = OpenRoot(root);
  size_t begin = 0;
  for (size_t slash = path.find('/'); folder.ok() && slash != std::string::npos; slash = path.find('/', begin)) {
    folder = Descriptor(openat(folder.get(), path.substr(begin, slash - begin).c_str(), kOpenFolder));
    begin = slash + 1;
  }
  *name = path.substr(begin);
  return folder;
}

class Lister {
 public:
  explicit Lister(const FolderFilter& filter) : filter_(filter) {}

  // Gives whether the folder holds anything. `prefix` is "" or ends in '/'.
  Result<bool> List(Descriptor folder, const std::string& prefix, int depth) {
    if (depth > kMaxDepth) return MakeError(ErrorCode::kInvalidState, "Folders nested too deeply: " + prefix);
    ++found_.folder_count;
    int fd = dup(folder.get());
    DIR* dir = fd < 0 ? nullptr : fdopendir(fd);
    if (dir == nullptr) {
      Error error = ErrnoError("opendir", prefix);
      if (fd >= 0) close(fd);
      return error;
    }
    bool any = false;
    std::vector<std::string> folders;
    while (dirent* entry = readdir(dir)) {
      std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      any = true;
      if (filter_.is_hidden(name)) continue;
      Visit(folder.get(), *entry, prefix + name, &folders);
    }
    closedir(dir);
    for (const std::string& name : folders) RETURN_IF_ERROR(Enter(folder.get(), prefix, name, depth));
    return any;
  }

  FolderContents Take() { return std::move(found_); }

 private:
  void Visit(int folder, const dirent& entry, const std::string& path, std::vector<std::string>* folders) {
    if (entry.d_type == DT_DIR) folders->push_back(entry.d_name);
    if (entry.d_type != DT_REG && entry.d_type != DT_UNKNOWN) return;
    if (filter_.is_needed(path)) return;
    struct stat info;
    if (fstatat(folder, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) return;  // gone meanwhile
    if (S_ISDIR(info.st_mode)) folders->push_back(entry.d_name);
    if (S_ISREG(info.st_mode) && ModifiedMs(info) < filter_.older_than_ms) found_.files.push_back({path, info.st_size});
  }

  Status Enter(int parent, const std::string& prefix, const std::string& name, int depth) {
    Descriptor folder(openat(parent, name.c_str(), kOpenFolder));
    if (!folder.ok()) return errno == ENOENT || errno == ELOOP ? OkStatus() : Status(ErrnoError("open", prefix + name));
    struct stat info;
    bool old = fstat(folder.get(), &info) == 0 && ModifiedMs(info) < filter_.older_than_ms;
    ASSIGN_OR_RETURN(bool any, List(std::move(folder), prefix + name + "/", depth + 1));
    if (!any && old) found_.empty_folders.push_back(prefix + name);
    return OkStatus();
  }

  const FolderFilter& filter_;
  FolderContents found_;
};

}  // namespace

Result<FolderContents> ListFolder(const std::string& root, const FolderFilter& filter) {
  ASSIGN_OR_RETURN(int root_fd, OpenWithoutLinks(root, kOpenFolder));
  Descriptor folder(root_fd);
  Lister lister(filter);
  RETURN_IF_ERROR(lister.List(std::move(folder), "", 0));
  return lister.Take();
}

Result<std::optional<int64_t>> FileSize(const std::string& root, const std::string& path) {
  std::string name;
  Descriptor parent = OpenParent(root, path, &name);
  if (!parent.ok()) return std::optional<int64_t>();
  struct stat info;
  if (fstatat(parent.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::optional<int64_t>();
    return ErrnoError("stat", path);
  }
  return S_ISREG(info.st_mode) ? std::optional<int64_t>(info.st_size) : std::nullopt;
}

Result<int64_t> UnlinkFiles(const std::string& root, const std::vector<std::string>& paths,
                            const std::function<bool()>& cancelled) {
  std::atomic<int64_t> deleted = 0;
  std::mutex mutex;
  std::optional<Error> first_error;
  auto unlink_one = [&](const std::string& path) {
    std::string name;
    Descriptor parent = OpenParent(root, path, &name);
    if (parent.ok() && unlinkat(parent.get(), name.c_str(), 0) == 0) {
      ++deleted;
    } else if (errno != ENOENT) {
      Error error = ErrnoError("unlink", root + "/" + path);
      std::lock_guard lock(mutex);
      if (!first_error) first_error = std::move(error);
    }
  };
  {
    ThreadPool pool(std::min(kUnlinkThreads, paths.size() / kUnlinkBatch + 1));
    for (size_t begin = 0; begin < paths.size(); begin += kUnlinkBatch) {
      pool.Submit([&, begin] {
        if (cancelled()) return;
        for (size_t i = begin; i < std::min(paths.size(), begin + kUnlinkBatch); ++i) unlink_one(paths[i]);
      });
    }
  }
  if (first_error) return *first_error;
  return deleted.load();
}

Result<int> OpenTableFile(const std::string& root, const std::string& path) {
  std::string name;
  Descriptor parent = OpenParent(root, path, &name);
  int file = parent.ok() ? openat(parent.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
  if (file < 0) return ErrnoError("open", root + "/" + path);
  return file;
}

Result<int> CreateTableFile(const std::string& path) {
  return OpenWithoutLinks(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
}

Result<int64_t> CopyTableFile(const std::string& from_root, const std::string& from_path, const std::string& to_path) {
  ASSIGN_OR_RETURN(int from_fd, OpenTableFile(from_root, from_path));
  Descriptor from(from_fd);
  ASSIGN_OR_RETURN(int to_fd, CreateTableFile(to_path));
  Descriptor to(to_fd);
  int64_t total = 0;
  while (true) {
    ssize_t copied = sendfile(to.get(), from.get(), nullptr, size_t{1} << 30);
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0) return ErrnoError("copy", to_path);
    if (copied == 0) break;
    total += copied;
  }
  if (fsync(to.get()) != 0) return ErrnoError("fsync", to_path);
  return total;
}

void RemoveEmptyFolders(const std::string& root, const std::vector<std::string>& folders) {
  for (const std::string& path : folders) {
    std::string name;
    Descriptor parent = OpenParent(root, path, &name);
    if (parent.ok()) unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR);
  }
}

}  // namespace ashlar::delta
