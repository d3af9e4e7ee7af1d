// Which tables' files a shallow clone may read: its source, and what that is a clone of itself. Written when a clone is
// made, by who may read the source; nothing that stands in a log adds to it.
#pragma once

#include <string>
#include <vector>

#include "metadb/database.h"

namespace ashlar::catalog {

class CloneSourcesTable {
 public:
  // Once or again.
  static Status Add(metadb::Transaction& txn, const std::string& clone_uuid, const std::string& source_uuid);
  // The clone reads nobody's files any more.
  static Status Forget(metadb::Transaction& txn, const std::string& clone_uuid);
  // By uuid.
  static Result<std::vector<std::string>> SourcesOf(metadb::Transaction& txn, const std::string& clone_uuid);
  // Where they are.
  static Result<std::vector<std::string>> SourceLocations(metadb::Transaction& txn, const std::string& clone_uuid);
  // Where the clones of a table are, those being made included. A table that has some is not dropped without them.
  static Result<std::vector<std::string>> CloneLocations(metadb::Transaction& txn, const std::string& source_uuid);
};

}  // namespace ashlar::catalog
