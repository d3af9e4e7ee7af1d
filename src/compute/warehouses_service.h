// The SQL warehouses API (/api/2.0/sql/warehouses).
#pragma once

#include "api/warehouses.h"
#include "compute/compute.h"

namespace ashlar::compute {

// Thread safe. `compute` outlives it.
class WarehousesService final : public api::warehouses::WarehousesService {
 public:
  explicit WarehousesService(Compute& compute) : compute_(compute) {}

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
};

}  // namespace ashlar::compute
