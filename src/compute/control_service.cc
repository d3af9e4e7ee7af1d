#include "compute/control_service.h"

namespace ashlar::compute {

Result<std::vector<Result<sql::ResolvedRelation>>> ControlService::Resolve(
    const std::string& handle, std::span<const std::string> via_view_ids,
    std::span<const sql::ResolveRequest> requests) {
  ASSIGN_OR_RETURN(HandleOwner owner, handles_.Find(handle));
  return catalog_.Resolve(owner.principal, via_view_ids, requests);
}

Result<std::vector<std::string>> ControlService::StoreAccess(const std::string& handle,
                                                             std::span<const std::string> via_view_ids,
                                                             const sql::ResolveRequest& request) {
  ASSIGN_OR_RETURN(HandleOwner owner, handles_.Find(handle));
  ASSIGN_OR_RETURN(auto accesses, catalog_.StoresOf(owner.principal, via_view_ids, request));
  std::vector<std::string> texts;
  for (const objectstore::StoreAccess& access : accesses) texts.push_back(objectstore::AccessText(access));
  return texts;
}

Result<sql::CatalogReply> ControlService::Execute(const std::string& handle, const sql::CatalogCommand& command) {
  ASSIGN_OR_RETURN(Handles::Hold hold, handles_.Acquire(handle));
  return catalog_.Execute(hold.owner().principal, command);
}

Result<link::CommitOutcome> ControlService::Commit(const std::string& handle, const link::CommitRequest& request) {
  // Held to the end: who revoked the handle knows that nothing more comes of it.
  ASSIGN_OR_RETURN(Handles::Hold hold, handles_.Acquire(handle));
  catalog::TableCommit commit{request.table_uuid, request.location, request.version, request.actions,
                              request.commit_uuid};
  commit.recorded = hold.owner().purpose == kJobPurpose;
  ASSIGN_OR_RETURN(objectstore::PutOutcome outcome, catalog_.Commit(hold.owner().principal, commit));
  switch (outcome) {
    case objectstore::PutOutcome::kWon: return link::CommitOutcome::kWon;
    case objectstore::PutOutcome::kLost: return link::CommitOutcome::kLost;
    case objectstore::PutOutcome::kUnknown: return link::CommitOutcome::kUnknown;
  }
  return link::CommitOutcome::kUnknown;
}

Result<std::optional<sql::RatifiedCommits>> ControlService::Ratified(const std::string& handle,
                                                                     const std::string& table_uuid) {
  ASSIGN_OR_RETURN(HandleOwner owner, handles_.Find(handle));
  return catalog_.Ratified(owner.principal, table_uuid);
}

Status ControlService::OnHeartbeat(const link::Heartbeat& heartbeat) {
  DriverPool* pool = pool_.load();
  if (pool == nullptr) return MakeError(ErrorCode::kTemporarilyUnavailable, "The server is starting.");
  return pool->OnHeartbeat(heartbeat);
}

}  // namespace ashlar::compute
