// ObjectStore: whole objects named by '/'-separated absolute paths, with the one primitive a Delta
// commit rests on: create a name only if nobody has. Every write that returns success is durable.
// Implementations are thread safe.
//
// Errors: kNotFound for a missing object; kPermissionDenied for a path outside the store's root;
// kResourceExhausted for a full disk; kIoError for the rest. An error of a write means that it did
// not happen; where that cannot be known, PutIfAbsent answers kUnknown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ashlar::objectstore {

struct ObjectInfo {
  std::string name;  // relative to the listed directory; for Head, the last part of the path
  int64_t size = 0;
  int64_t modified_ms = 0;
  bool operator==(const ObjectInfo&) const = default;
};

enum class PutOutcome {
  kWon,      // this call created the object
  kLost,     // the object was already there and is unchanged
  kUnknown,  // one of the two; the caller must look at what is there
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // The objects directly in `directory` whose name is not less than `start_name`, by name (bytes).
  // A directory that does not exist is empty. Folders are not listed.
  virtual Result<std::vector<ObjectInfo>> ListFrom(const std::string& directory,
                                                   const std::string& start_name) = 0;
  virtual Result<std::string> Read(const std::string& path) = 0;
  // The bytes [offset, offset + length); kIoError when the object ends before.
  virtual Result<std::string> ReadRange(const std::string& path, int64_t offset,
                                        int64_t length) = 0;
  virtual Result<ObjectInfo> Head(const std::string& path) = 0;
  // Creates the object with its parents. Exactly one of several concurrent callers wins.
  virtual Result<PutOutcome> PutIfAbsent(const std::string& path, std::string_view bytes) = 0;
  // Readers see the old object or the new one, whole.
  virtual Status PutOverwrite(const std::string& path, std::string_view bytes) = 0;
  // A missing object is fine.
  virtual Status Delete(const std::string& path) = 0;
};

// "a/b" and "c" give "a/b/c"; an empty directory gives the name alone.
std::string JoinPath(std::string_view directory, std::string_view name);

}  // namespace ashlar::objectstore
