#include "delta/committer.h"

#include "delta/log/file_name.h"

namespace ashlar::delta {

Result<CommitOutcome> StoreCommitter::Commit(const CommitRequest& request) {
  std::string path = objectstore::JoinPath(LogDirectory(request.root), CommitFileName(request.version));
  ASSIGN_OR_RETURN(objectstore::PutOutcome outcome, store_.PutIfAbsent(path, request.actions_text));
  switch (outcome) {
    case objectstore::PutOutcome::kWon:
      return CommitOutcome::kWon;
    case objectstore::PutOutcome::kLost:
      return CommitOutcome::kLost;
    case objectstore::PutOutcome::kUnknown:
      return CommitOutcome::kUnknown;
  }
  return CommitOutcome::kUnknown;
}

}  // namespace ashlar::delta
