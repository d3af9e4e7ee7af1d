// The control plane as sessions see it, and the object stores that its answers lead to: whatever it gives a session
// that lies in one is mounted before the session hears of it. The control plane gives the access for that relation
// alone, to the handle that asks.
#pragma once

#include "link/store_control_api.h"
#include "objectstore/store_router.h"

namespace ashlar::driver {

// Thread safe. References outlive it.
class MountingControl final : public link::ControlApi {
 public:
  MountingControl(link::StoreControlApi& control, objectstore::MountedStores& mounted) : control_(control), mounted_(mounted) {}

  Result<std::vector<Result<sql::ResolvedRelation>>> Resolve(const std::string& handle,
                                                             std::span<const std::string> via_view_ids,
                                                             std::span<const sql::ResolveRequest> requests) override;
  Result<sql::CatalogReply> Execute(const std::string& handle, const sql::CatalogCommand& command) override;
  Result<link::CommitOutcome> Commit(const std::string& handle, const link::CommitRequest& request) override {
    return control_.Commit(handle, request);
  }
  Result<std::optional<sql::RatifiedCommits>> Ratified(const std::string& handle, const std::string& table_uuid) override {
    return control_.Ratified(handle, table_uuid);
  }
  Status OnHeartbeat(const link::Heartbeat& heartbeat) override { return control_.OnHeartbeat(heartbeat); }

 private:
  Status Mount(const std::string& handle, std::span<const std::string> via_view_ids, const sql::ResolveRequest& request);

  link::StoreControlApi& control_;
  objectstore::MountedStores& mounted_;
};

}  // namespace ashlar::driver
