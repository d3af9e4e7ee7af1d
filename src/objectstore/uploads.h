// Writing objects that are too large to be held whole.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "objectstore/object_store.h"

namespace ashlar::objectstore {

// One object being written from front to back, in bounded memory. Readers see the old object, or none,
// until Finish has succeeded; an upload that is given up leaves nothing. Not thread safe; must not
// outlive its store.
class ObjectUpload {
 public:
  virtual ~ObjectUpload() = default;
  virtual Status Append(std::string_view bytes) = 0;
  // The object is durable when this succeeds. Called once, last.
  virtual Status Finish() = 0;
};

// What a store is besides, that takes objects in parts.
class UploadStore {
 public:
  virtual ~UploadStore() = default;
  // For a name that is written once: when the last answer is lost, an object of the right size is taken
  // for the upload's own.
  virtual Result<std::unique_ptr<ObjectUpload>> StartUpload(const std::string& path) = 0;
};

// Writes a local file as an object, which is durable when this succeeds. `store` is an UploadStore.
Status UploadFile(ObjectStore& store, const std::string& from, const std::string& to);

}  // namespace ashlar::objectstore
