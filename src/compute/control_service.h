// ControlService: link::StoreControlApi on top of the catalog. A handle becomes its principal here, and
// nowhere else.
#pragma once

#include <atomic>

#include "catalog/catalog_service.h"
#include "compute/driver_pool.h"
#include "compute/handles.h"
#include "link/store_control_api.h"

namespace ashlar::compute {

// Thread safe. References outlive it.
class ControlService final : public link::StoreControlApi {
 public:
  ControlService(catalog::CatalogService& catalog, Handles& handles) : catalog_(catalog), handles_(handles) {}
  // The pool is made after this service, because its drivers call it.
  void SetPool(DriverPool* pool) { pool_ = pool; }

  Result<std::vector<Result<sql::ResolvedRelation>>> Resolve(
      const std::string& handle, std::span<const std::string> via_view_ids,
      std::span<const sql::ResolveRequest> requests) override;
  Result<std::vector<std::string>> StoreAccess(const std::string& handle, std::span<const std::string> via_view_ids,
                                               const sql::ResolveRequest& request) override;
  Result<sql::CatalogReply> Execute(const std::string& handle, const sql::CatalogCommand& command) override;
  Result<link::CommitOutcome> Commit(const std::string& handle, const link::CommitRequest& request) override;
  Result<std::optional<sql::RatifiedCommits>> Ratified(const std::string& handle, const std::string& table_uuid) override;
  Status OnHeartbeat(const link::Heartbeat& heartbeat) override;

 private:
  catalog::CatalogService& catalog_;
  Handles& handles_;
  std::atomic<DriverPool*> pool_ = nullptr;
};

}  // namespace ashlar::compute
