// ListDataFiles: walking a folder for data files.
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/file.h"
#include "base/linkless.h"
#include "base/text.h"
#include "engine/scan/file_table.h"
#include "objectstore/store_url.h"
#include "objectstore/trees.h"

namespace ashlar::engine {
namespace {

constexpr int kMaxFolderDepth = 64;

int64_t ModifiedMs(const struct stat& info) {
  return int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1000000;
}

bool IsHiddenName(std::string_view name) {
  return name.starts_with('.') || (name.starts_with('_') && name.find('=') == std::string_view::npos);
}

// key=value with both parts percent-decoded, as Hive and Spark write folders.
std::optional<std::pair<std::string, std::string>> PartitionOf(std::string_view folder) {
  size_t equals = folder.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  auto key = PercentDecode(folder.substr(0, equals));
  auto value = PercentDecode(folder.substr(equals + 1));
  if (!key || !value) return std::nullopt;
  return std::make_pair(*key, *value);
}

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};
using OpenDir = std::unique_ptr<DIR, CloseDir>;

Result<OpenDir> OpenFolder(const std::string& path) {
  ASSIGN_OR_RETURN(int fd, OpenWithoutLinks(path, O_RDONLY | O_DIRECTORY));
  OpenDir folder(fdopendir(fd));
  if (folder) return folder;
  Error error = ErrnoError("open", path);
  close(fd);
  return error;
}

class Walk {
 public:
  Walk(std::string root, std::vector<DataFile>& files) : root_(std::move(root)), files_(files) {}

  Status Folder(const std::string& relative, const std::vector<std::pair<std::string, std::string>>& partition,
                int depth) {
    if (depth > kMaxFolderDepth) return MakeError(ErrorCode::kIoError, "Folders nested too deep: " + root_);
    std::string path = relative.empty() ? root_ : root_ + "/" + relative;
    ASSIGN_OR_RETURN(OpenDir dir, OpenFolder(path));
    while (dirent* entry = readdir(dir.get())) {
      std::string_view name = entry->d_name;
      if (IsHiddenName(name)) continue;
      std::string below = relative.empty() ? std::string(name) : relative + "/" + std::string(name);
      std::string full = root_ + "/" + below;
      struct stat info;
      // A link is neither followed nor read.
      if (fstatat(dirfd(dir.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (S_ISDIR(info.st_mode)) {
        auto inner = partition;
        if (auto part = PartitionOf(name)) inner.push_back(*std::move(part));
        RETURN_IF_ERROR(Folder(below, inner, depth + 1));
      } else if (S_ISREG(info.st_mode)) {
        files_.push_back({full, below, info.st_size, ModifiedMs(info), partition});
      }
    }
    return {};
  }

 private:
  std::string root_;
  std::vector<DataFile>& files_;
};

Error NotFound(const std::string& path) {
  Error error = MakeSqlError("PATH_NOT_FOUND", "42K03", "Path does not exist: " + path + ".", {{"path", path}});
  error.code = ErrorCode::kNotFound;
  return error;
}

Status AddPath(const std::string& path, std::vector<DataFile>& files) {
  Result<int> opened = OpenWithoutLinks(path, O_PATH);
  if (!opened.ok() && opened.error().code == ErrorCode::kNotFound) return NotFound(path);
  if (!opened.ok()) return opened.error();
  struct stat info;
  int failed = fstat(*opened, &info);
  close(*opened);
  if (failed != 0) return NotFound(path);
  if (S_ISDIR(info.st_mode)) return Walk(path, files).Folder("", {}, 0);
  if (!S_ISREG(info.st_mode)) return MakeError(ErrorCode::kPermissionDenied, "Not a plain file: " + path);
  size_t slash = path.rfind('/');
  files.push_back({path, path.substr(slash + 1), info.st_size, ModifiedMs(info), {}});
  return {};
}

// Adds an object below `root`, unless a part of its name is hidden.
void AddObject(const std::string& root, const objectstore::ObjectInfo& object, std::vector<DataFile>& files) {
  DataFile file{root + "/" + object.name, object.name, object.size, object.modified_ms, {}};
  for (size_t begin = 0; begin < object.name.size();) {
    size_t end = std::min(object.name.find('/', begin), object.name.size());
    std::string_view part = std::string_view(object.name).substr(begin, end - begin);
    if (IsHiddenName(part)) return;
    if (end < object.name.size()) {
      if (auto partition = PartitionOf(part)) file.partition.push_back(*std::move(partition));
    }
    begin = end + 1;
  }
  files.push_back(std::move(file));
}

// The objects below the folders, and those directly in `folder`, whose name matches.
void AddMatching(const std::string& folder, const std::string& pattern, const objectstore::ObjectInfo& object,
                 std::vector<DataFile>& files) {
  size_t slash = object.name.find('/');
  std::string first = object.name.substr(0, slash);
  if (fnmatch(pattern.c_str(), first.c_str(), FNM_PERIOD) != 0 || first.starts_with('_')) return;
  if (slash == std::string::npos) return AddObject(folder, object, files);
  objectstore::ObjectInfo inner = object;
  inner.name.erase(0, slash + 1);
  AddObject(folder + "/" + first, inner, files);
}

Result<std::vector<DataFile>> ListObjects(objectstore::ObjectStore& store, const std::string& path) {
  auto* trees = dynamic_cast<objectstore::TreeStore*>(&store);
  if (trees == nullptr) return MakeError(ErrorCode::kPermissionDenied, "No object store is behind " + path);
  size_t slash = path.rfind('/');
  std::string pattern = path.substr(slash + 1);
  bool has_pattern = pattern.find_first_of("*?[") != std::string::npos;
  std::string folder = has_pattern ? path.substr(0, slash) : path;
  ASSIGN_OR_RETURN(std::vector<objectstore::ObjectInfo> objects, trees->ListTree(folder));
  std::vector<DataFile> files;
  for (const objectstore::ObjectInfo& object : objects) {
    if (has_pattern) {
      AddMatching(folder, pattern, object, files);
    } else {
      AddObject(folder, object, files);
    }
  }
  if (objects.empty() && !has_pattern) {
    Result<objectstore::ObjectInfo> single = store.Head(path);
    if (!single.ok() && single.error().code != ErrorCode::kNotFound) return single.error();
    if (single.ok()) files.push_back({path, pattern, single->size, single->modified_ms, {}});
  }
  if (files.empty() && (objects.empty() || has_pattern)) return NotFound(path);
  std::ranges::sort(files, {}, &DataFile::path);
  return files;
}

}  // namespace

Result<std::vector<DataFile>> ListDataFiles(objectstore::ObjectStore& store, const std::string& path) {
  if (objectstore::IsStorePath(path)) return ListObjects(store, path);
  std::vector<DataFile> files;
  size_t slash = path.rfind('/');
  std::string name = path.substr(slash + 1);
  if (name.find_first_of("*?[") == std::string::npos) {
    RETURN_IF_ERROR(AddPath(path, files));
  } else {
    std::string folder = slash == 0 ? "/" : path.substr(0, slash);
    Result<OpenDir> opened = OpenFolder(folder);
    if (!opened.ok()) return opened.error().code == ErrorCode::kNotFound ? NotFound(path) : opened.error();
    OpenDir dir = *std::move(opened);
    while (dirent* entry = readdir(dir.get())) {
      std::string_view candidate = entry->d_name;
      if (candidate.starts_with('.') || candidate.starts_with('_')) continue;
      if (fnmatch(name.c_str(), entry->d_name, FNM_PERIOD) != 0) continue;
      RETURN_IF_ERROR(AddPath(folder + "/" + std::string(candidate), files));
    }
    if (files.empty()) return NotFound(path);
  }
  std::ranges::sort(files, {}, &DataFile::path);
  return files;
}

}  // namespace ashlar::engine
