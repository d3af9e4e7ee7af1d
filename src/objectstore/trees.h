// Listing everything below a directory in one go, which object stores do as fast as one level.
#pragma once

#include <string>
#include <vector>

#include "objectstore/object_store.h"

namespace ashlar::objectstore {

// What a store is besides, that has no folders.
class TreeStore {
 public:
  virtual ~TreeStore() = default;
  // The objects at any depth below `directory`, by name; names are relative to it.
  virtual Result<std::vector<ObjectInfo>> ListTree(const std::string& directory) = 0;
};

}  // namespace ashlar::objectstore
