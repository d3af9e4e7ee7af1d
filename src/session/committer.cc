#include "session/committer.h"

namespace ashlar::session {

Result<delta::CommitOutcome> RemoteCommitter::Commit(const delta::CommitRequest& request) {
  link::CommitRequest remote;
  remote.table_uuid = table_uuid_;
  remote.location = request.root;
  remote.version = request.version;
  remote.actions = request.actions_text;
  remote.commit_uuid = request.commit_uuid;
  ASSIGN_OR_RETURN(link::CommitOutcome outcome, control_.Commit(handle_, remote));
  switch (outcome) {
    case link::CommitOutcome::kWon: return delta::CommitOutcome::kWon;
    case link::CommitOutcome::kLost: return delta::CommitOutcome::kLost;
    case link::CommitOutcome::kUnknown: return delta::CommitOutcome::kUnknown;
  }
  return delta::CommitOutcome::kUnknown;
}

Result<delta::RatifiedCommits> RemoteCommits::Ratified() {
  ASSIGN_OR_RETURN(std::optional<sql::RatifiedCommits> known, control_.Ratified(handle_, table_uuid_));
  if (!known) return delta::RatifiedCommits();  // being created
  return delta::RatifiedCommits{known->latest_version, std::move(known->staged)};
}

}  // namespace ashlar::session
