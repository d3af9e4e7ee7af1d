#include "delta/maintenance/table_objects.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

#include "base/check.h"
#include "base/thread_pool.h"
#include "objectstore/trees.h"

namespace ashlar::delta {
namespace {

constexpr size_t kDeleteThreads = 8;
constexpr size_t kDeleteBatch = 16;

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

}  // namespace ashlar::delta
