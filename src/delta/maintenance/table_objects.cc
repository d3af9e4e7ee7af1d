#include "delta/maintenance/table_objects.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <set>

#include "base/check.h"
#include "base/descriptor.h"
#include "base/file.h"
#include "base/thread_pool.h"
#include "objectstore/store_url.h"
#include "objectstore/trees.h"
#include "objectstore/uploads.h"

namespace ashlar::delta {
namespace {

constexpr size_t kDeleteThreads = 8;
constexpr size_t kDeleteBatch = 16;
constexpr int64_t kPieceBytes = 8 << 20;

using TakePiece = std::function<Status(std::string_view piece)>;

Status ReadObject(objectstore::ObjectStore& store, const std::string& path, const TakePiece& take) {
  ASSIGN_OR_RETURN(objectstore::ObjectInfo info, store.Head(path));
  for (int64_t at = 0; at < info.size; at += kPieceBytes) {
    ASSIGN_OR_RETURN(std::string piece, store.ReadRange(path, at, std::min(kPieceBytes, info.size - at)));
    RETURN_IF_ERROR(take(piece));
  }
  return OkStatus();
}

Status ReadLocal(const std::string& root, const std::string& path, const TakePiece& take) {
  ASSIGN_OR_RETURN(int fd, OpenTableFile(root, path));
  Descriptor file(fd);
  std::string piece(static_cast<size_t>(kPieceBytes), '\0');
  while (true) {
    ssize_t length = read(file.get(), piece.data(), piece.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return ErrnoError("read", root + "/" + path);
    if (length == 0) return OkStatus();
    RETURN_IF_ERROR(take(std::string_view(piece).substr(0, static_cast<size_t>(length))));
  }
}

Status WriteAll(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError("write", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return OkStatus();
}

// Whether a folder on the way, or the name itself, is hidden. Adds the folders to `folders`.
bool IsHiddenPath(const std::string& path, const FolderFilter& filter, std::set<std::string>* folders) {
  for (size_t begin = 0; begin < path.size();) {
    size_t end = std::min(path.find('/', begin), path.size());
    if (filter.is_hidden(path.substr(begin, end - begin))) return true;
    if (end < path.size()) folders->insert(path.substr(0, end));
    begin = end + 1;
  }
  return false;
}

}  // namespace

Result<FolderContents> ListObjects(const TableLocation& table, const FolderFilter& filter) {
  auto* trees = dynamic_cast<objectstore::TreeStore*>(table.store);
  CHECK(trees != nullptr) << "no object store behind " << table.root;
  ASSIGN_OR_RETURN(std::vector<objectstore::ObjectInfo> objects, trees->ListTree(table.root));
  FolderContents found;
  std::set<std::string> folders = {""};
  for (objectstore::ObjectInfo& object : objects) {
    if (IsHiddenPath(object.name, filter, &folders) || filter.is_needed(object.name)) continue;
    if (object.modified_ms < filter.older_than_ms) found.files.push_back({std::move(object.name), object.size});
  }
  found.folder_count = static_cast<int64_t>(folders.size());
  return found;
}

Result<std::optional<int64_t>> ObjectSize(const TableLocation& table, const std::string& path) {
  Result<objectstore::ObjectInfo> info = table.store->Head(objectstore::JoinPath(table.root, path));
  if (info.ok()) return std::optional<int64_t>(info->size);
  if (info.error().code == ErrorCode::kNotFound) return std::optional<int64_t>();
  return info.error();
}

Result<int64_t> DeleteObjects(const TableLocation& table, const std::vector<std::string>& paths,
                              const std::function<bool()>& cancelled) {
  std::atomic<int64_t> deleted = 0;
  std::mutex mutex;
  std::optional<Error> first_error;
  auto delete_one = [&](const std::string& path) {
    Status done = table.store->Delete(objectstore::JoinPath(table.root, path));
    if (done.ok()) {
      ++deleted;
      return;
    }
    std::lock_guard lock(mutex);
    if (!first_error) first_error = done.error();
  };
  {
    ThreadPool pool(std::min(kDeleteThreads, paths.size() / kDeleteBatch + 1));
    for (size_t begin = 0; begin < paths.size(); begin += kDeleteBatch) {
      pool.Submit([&, begin] {
        if (cancelled()) return;
        for (size_t i = begin; i < std::min(paths.size(), begin + kDeleteBatch); ++i) delete_one(paths[i]);
      });
    }
  }
  if (first_error) return *first_error;
  return deleted.load();
}

Result<int64_t> CopyTableObject(objectstore::ObjectStore& store, const std::string& from_root, const std::string& from_path,
                                const std::string& to_path) {
  int64_t total = 0;
  auto copy_to = [&](const TakePiece& take) {
    auto counted = [&](std::string_view piece) {
      total += static_cast<int64_t>(piece.size());
      return take(piece);
    };
    if (!objectstore::IsStorePath(from_root)) return ReadLocal(from_root, from_path, counted);
    return ReadObject(store, objectstore::JoinPath(from_root, from_path), counted);
  };
  if (objectstore::IsStorePath(to_path)) {
    auto* uploads = dynamic_cast<objectstore::UploadStore*>(&store);
    CHECK(uploads != nullptr) << "no object store behind " << to_path;
    ASSIGN_OR_RETURN(std::unique_ptr<objectstore::ObjectUpload> upload, uploads->StartUpload(to_path));
    RETURN_IF_ERROR(copy_to([&](std::string_view piece) { return upload->Append(piece); }));
    RETURN_IF_ERROR(upload->Finish());
    return total;
  }
  ASSIGN_OR_RETURN(int fd, CreateTableFile(to_path));
  Descriptor file(fd);
  RETURN_IF_ERROR(copy_to([&](std::string_view piece) { return WriteAll(file.get(), piece, to_path); }));
  if (fsync(file.get()) != 0) return ErrnoError("fsync", to_path);
  return total;
}

}  // namespace ashlar::delta
