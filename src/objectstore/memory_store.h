// MemoryObjectStore: objects in this process, for tests and throw-away tables.
#pragma once

#include <map>
#include <mutex>

#include "base/clock.h"
#include "objectstore/object_store.h"

namespace ashlar::objectstore {

class MemoryObjectStore final : public ObjectStore {
 public:
  // `clock` gives the modification times.
  explicit MemoryObjectStore(const Clock& clock) : clock_(clock) {}

  Result<std::vector<ObjectInfo>> ListFrom(const std::string& directory,
                                           const std::string& start_name) override;
  Result<std::string> Read(const std::string& path) override;
  Result<std::string> ReadRange(const std::string& path, int64_t offset, int64_t length) override;
  Result<ObjectInfo> Head(const std::string& path) override;
  Result<PutOutcome> PutIfAbsent(const std::string& path, std::string_view bytes) override;
  Status PutOverwrite(const std::string& path, std::string_view bytes) override;
  Status Delete(const std::string& path) override;

 private:
  struct Object {
    std::string bytes;
    int64_t modified_ms = 0;
  };

  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Object> objects_;
};

}  // namespace ashlar::objectstore
