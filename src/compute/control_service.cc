#include "compute/control_service.h"

namespace ashlar::compute {

Result<std::vector<Result<sql::ResolvedRelation>>> ControlService::Resolve(
    const std::string& handle, std::span<const std::string> via_view_ids,
    std::span<const sql::ResolveRequest> requests) {
  ASSIGN_OR_RETURN(HandleOwner owner, handles_.Find(handle));
  return catalog_.Resolve(owner.principal, via_view_ids, requests);
}

Result<sql::CatalogReply> ControlService::Execute(const std::string& handle, const sql::CatalogCommand& command) {
  ASSIGN_OR_RETURN(HandleOwner owner, handles_.Find(handle));
  return catalog_.Execute(owner.principal, command);
}

Result<link::CommitOutcome> ControlService::Commit(const std::string& handle, const link::CommitRequest& request) {
  ASSIGN_OR_RETURN(HandleOwner owner, handles_.Find(handle));
  catalog::TableCommit commit{request.table_uuid, request.location, request.version, request.actions,
                              request.commit_uuid};
  ASSIGN_OR_RETURN(objectstore::PutOutcome outcome, catalog_.Commit(owner.principal, commit));
  switch (outcome) {
    case objectstore::PutOutcome::kWon: return link::CommitOutcome::kWon;
    case objectstore::PutOutcome::kLost: return link::CommitOutcome::kLost;
    case objectstore::PutOutcome::kUnknown: return link::CommitOutcome::kUnknown;
  }
  return link::CommitOutcome::kUnknown;
}

Status ControlService::OnHeartbeat(const link::Heartbeat& heartbeat) {
  DriverPool* pool = pool_.load();
  if (pool == nullptr) return MakeError(ErrorCode::kTemporarilyUnavailable, "The server is starting.");
  return pool->OnHeartbeat(heartbeat);
}

}  // namespace ashlar::compute
