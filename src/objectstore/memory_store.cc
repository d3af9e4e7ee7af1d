#include "objectstore/memory_store.h"

namespace ashlar::objectstore {
namespace {

Error Missing(const std::string& path) {
  return MakeError(ErrorCode::kNotFound, "no such object: " + path);
}

}  // namespace

Result<std::vector<ObjectInfo>> MemoryObjectStore::ListFrom(const std::string& directory,
                                                            const std::string& start_name) {
  std::lock_guard lock(mutex_);
  std::vector<ObjectInfo> found;
  std::string prefix = JoinPath(directory, "");
  for (auto it = objects_.lower_bound(prefix + start_name); it != objects_.end(); ++it) {
    if (!it->first.starts_with(prefix)) break;
    std::string name = it->first.substr(prefix.size());
    if (name.find('/') != std::string::npos) continue;
    found.push_back({std::move(name), static_cast<int64_t>(it->second.bytes.size()),
                     it->second.modified_ms});
  }
  return found;
}

Result<std::string> MemoryObjectStore::Read(const std::string& path) {
  std::lock_guard lock(mutex_);
  auto it = objects_.find(path);
  if (it == objects_.end()) return Missing(path);
  return it->second.bytes;
}

Result<std::string> MemoryObjectStore::ReadRange(const std::string& path, int64_t offset,
                                                 int64_t length) {
  ASSIGN_OR_RETURN(std::string bytes, Read(path));
  auto size = static_cast<int64_t>(bytes.size());
  if (offset < 0 || length < 0 || offset > size || length > size - offset) {
    return MakeError(ErrorCode::kIoError, "read " + path + ": object ends early");
  }
  return bytes.substr(static_cast<size_t>(offset), static_cast<size_t>(length));
}

Result<ObjectInfo> MemoryObjectStore::Head(const std::string& path) {
  std::lock_guard lock(mutex_);
  auto it = objects_.find(path);
  if (it == objects_.end()) return Missing(path);
  return ObjectInfo{path.substr(path.rfind('/') + 1), static_cast<int64_t>(it->second.bytes.size()),
                    it->second.modified_ms};
}

Result<PutOutcome> MemoryObjectStore::PutIfAbsent(const std::string& path, std::string_view bytes) {
  std::lock_guard lock(mutex_);
  bool created = objects_.try_emplace(path, Object{std::string(bytes), clock_.NowMs()}).second;
  return created ? PutOutcome::kWon : PutOutcome::kLost;
}

Status MemoryObjectStore::PutOverwrite(const std::string& path, std::string_view bytes) {
  std::lock_guard lock(mutex_);
  objects_[path] = Object{std::string(bytes), clock_.NowMs()};
  return OkStatus();
}

Status MemoryObjectStore::Delete(const std::string& path) {
  std::lock_guard lock(mutex_);
  objects_.erase(path);
  return OkStatus();
}

}  // namespace ashlar::objectstore
