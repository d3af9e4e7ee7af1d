// Objects that are hints: readers can do without them and can tell a torn one. A store may leave their bytes to
// the operating system: after a power loss such an object may be gone, or empty, or end early.
#pragma once

#include <string>
#include <string_view>

#include "objectstore/object_store.h"

namespace ashlar::objectstore {

// What a store is besides, that can write without waiting for the disk.
class HintStore {
 public:
  virtual ~HintStore() = default;
  // As ObjectStore::PutIfAbsent, but for a power loss.
  virtual Result<PutOutcome> PutHint(const std::string& path, std::string_view bytes) = 0;
};

// Where the store is none, PutIfAbsent.
inline Result<PutOutcome> PutHint(ObjectStore& store, const std::string& path, std::string_view bytes) {
  auto* hints = dynamic_cast<HintStore*>(&store);
  return hints != nullptr ? hints->PutHint(path, bytes) : store.PutIfAbsent(path, bytes);
}

}  // namespace ashlar::objectstore
