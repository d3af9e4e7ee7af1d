// Committer: who creates a version of a table. Inside a driver it asks the control plane; without one
// it is the object store itself.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "objectstore/object_store.h"

namespace ashlar::delta {

struct CommitRequest {
  std::string table_id;  // metaData.id
  std::string root;
  int64_t version = 0;
  std::string actions_text;  // the whole commit file
  std::string commit_uuid;   // commitInfo.txnId inside it
};

enum class CommitOutcome {
  kWon,
  kLost,     // another commit has this version; nothing was written
  kUnknown,  // one of the two; the transaction reads the version back and compares the uuid
};

// Thread safe.
class Committer {
 public:
  virtual ~Committer() = default;
  // An error means the version was certainly not created, and refuses the commit for good.
  virtual Result<CommitOutcome> Commit(const CommitRequest& request) = 0;
};

class StoreCommitter final : public Committer {
 public:
  explicit StoreCommitter(objectstore::ObjectStore& store) : store_(store) {}
  Result<CommitOutcome> Commit(const CommitRequest& request) override;

 private:
  objectstore::ObjectStore& store_;
};

}  // namespace ashlar::delta
