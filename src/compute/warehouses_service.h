// The SQL warehouses API (/api/2.0/sql/warehouses).
#pragma once

#include <functional>

#include "api/warehouses.h"
#include "compute/compute.h"

namespace ashlar::compute {

// Told of each new object, so that its creator becomes its owner: (object type, id, principal id).
using OwnershipRecorder = std::function<Status(const std::string&, const std::string&, int64_t)>;

// Thread safe. `compute` outlives it.
class WarehousesService final : public api::warehouses::WarehousesService {
 public:
  WarehousesService(Compute& compute, OwnershipRecorder record_owner)
      : compute_(compute), record_owner_(std::move(record_owner)) {}

  Result<api::warehouses::CreateWarehouseResponse> CreateWarehouse(
      const http::RequestContext& context, const api::warehouses::CreateWarehouseRequest& request) override;
  Result<api::warehouses::ListWarehousesResponse> ListWarehouses(
      const http::RequestContext& context, const api::warehouses::ListWarehousesRequest& request) override;
  Result<api::warehouses::GetWarehouseResponse> GetWarehouse(
      const http::RequestContext& context, const api::warehouses::GetWarehouseRequest& request) override;
  Result<void> DeleteWarehouse(const http::RequestContext& context,
                               const api::warehouses::DeleteWarehouseRequest& request) override;
  Result<void> EditWarehouse(const http::RequestContext& context,
                             const api::warehouses::EditWarehouseRequest& request) override;
  Result<void> StartWarehouse(const http::RequestContext& context,
                              const api::warehouses::StartWarehouseRequest& request) override;
  Result<void> StopWarehouse(const http::RequestContext& context,
                             const api::warehouses::StopWarehouseRequest& request) override;

 private:
  Compute& compute_;
  const OwnershipRecorder record_owner_;
};

}  // namespace ashlar::compute
