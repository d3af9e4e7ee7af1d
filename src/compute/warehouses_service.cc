#include "compute/warehouses_service.h"

#include <algorithm>

#include "base/text.h"
#include "compute/resource_page.h"

namespace ashlar::compute {
namespace {

namespace wh = api::warehouses;

constexpr int64_t kDefaultAutoStopMinutes = 120;

std::string_view StateName(ResourceState state) {
  switch (state) {
    case ResourceState::kStopped: return wh::State::kStopped;
    case ResourceState::kStarting: return wh::State::kStarting;
    case ResourceState::kRunning: return wh::State::kRunning;
  }
  return wh::State::kStopped;
}

// What the client sent, with what only the server knows.
template <typename Info>
Result<Info> Render(const ResourceRow& row, const ResourceStatus& status, const http::RequestContext& context) {
  ASSIGN_OR_RETURN(Info info, api::FromJson<Info>(row.spec));
  info.id = row.id;
  info.name = row.name;
  info.creator_name = row.creator_name;
  info.auto_stop_mins = row.idle_stop_ms / 60'000;
  info.state = StateName(status.state);
  info.num_clusters = status.state == ResourceState::kRunning ? 1 : 0;
  info.num_active_sessions = status.attachments;
  std::string host = context.base_url.substr(std::min(context.base_url.size(), context.base_url.find("://") + 3));
  wh::OdbcParams odbc;
  odbc.hostname = host.substr(0, host.find(':'));
  odbc.path = "/sql/1.0/warehouses/" + row.id;
  odbc.protocol = context.base_url.substr(0, context.base_url.find(':'));
  size_t colon = host.find(':');
  odbc.port = colon == std::string::npos ? 443 : ParseInt64(host.substr(colon + 1)).value_or(443);
  info.odbc_params = std::move(odbc);
  return info;
}

// A warehouse is one driver: what asks for more is refused rather than ignored.
template <typename Request>
Status CheckBuilt(const Request& request) {
  if (request.max_num_clusters.value_or(1) > 1) return NotImplemented("warehouses of more than one cluster (max_num_clusters)");
  if (request.auto_stop_mins.value_or(0) < 0) {
    return MakeError(ErrorCode::kInvalidParameterValue, "auto_stop_mins must be 0 (never) or positive.");
  }
  return OkStatus();
}

}  // namespace

Result<wh::CreateWarehouseResponse> WarehousesService::CreateWarehouse(const http::RequestContext& context,
                                                                       const wh::CreateWarehouseRequest& request) {
  RETURN_IF_ERROR(CheckBuilt(request));
  if (request.name.value_or("").empty()) {
    return MakeError(ErrorCode::kInvalidParameterValue, "A warehouse needs a name.");
  }
  ASSIGN_OR_RETURN(std::vector<ResourceRow> existing, compute_.List(ResourceKind::kWarehouse));
  if (std::any_of(existing.begin(), existing.end(), [&](const ResourceRow& row) { return row.name == *request.name; })) {
    return MakeError(ErrorCode::kInvalidParameterValue, "SQL warehouse with name `" + *request.name + "` already exists");
  }
  ResourceRow row;
  row.kind = ResourceKind::kWarehouse;
  row.name = *request.name;
  row.spec = api::ToJson(request);
  row.idle_stop_ms = request.auto_stop_mins.value_or(kDefaultAutoStopMinutes) * 60'000;
  row.creator_id = context.principal.id;
  row.creator_name = context.principal.name;
  ASSIGN_OR_RETURN(row, compute_.Create(std::move(row)));
  wh::CreateWarehouseResponse response;
  response.id = row.id;
  return response;
}

Result<wh::ListWarehousesResponse> WarehousesService::ListWarehouses(const http::RequestContext& context,
                                                                     const wh::ListWarehousesRequest& request) {
  ASSIGN_OR_RETURN(std::vector<ResourceRow> rows, compute_.List(ResourceKind::kWarehouse));
  std::erase_if(rows, [&](const ResourceRow& row) {
    return !http::RequireObject(context, "CAN_VIEW", "warehouses", row.id).ok();
  });
  ASSIGN_OR_RETURN(ResourcePage page, PageOf(std::move(rows), request.page_size, request.page_token));
  std::vector<wh::EndpointInfo> warehouses;
  for (const ResourceRow& row : page.rows) {
    ASSIGN_OR_RETURN(wh::EndpointInfo info,
                     Render<wh::EndpointInfo>(row, compute_.status(row.kind, row.id), context));
    warehouses.push_back(std::move(info));
  }
  wh::ListWarehousesResponse response;
  response.warehouses = std::move(warehouses);
  if (!page.next_token.empty()) response.next_page_token = std::move(page.next_token);
  return response;
}

Result<wh::GetWarehouseResponse> WarehousesService::GetWarehouse(const http::RequestContext& context,
                                                                 const wh::GetWarehouseRequest& request) {
  ASSIGN_OR_RETURN(ResourceRow row, compute_.Get(ResourceKind::kWarehouse, *request.id));
  return Render<wh::GetWarehouseResponse>(row, compute_.status(row.kind, row.id), context);
}

Result<void> WarehousesService::DeleteWarehouse(const http::RequestContext&, const wh::DeleteWarehouseRequest& request) {
  return compute_.Delete(ResourceKind::kWarehouse, *request.id);
}

Result<void> WarehousesService::EditWarehouse(const http::RequestContext&, const wh::EditWarehouseRequest& request) {
  RETURN_IF_ERROR(CheckBuilt(request));
  ASSIGN_OR_RETURN(ResourceRow row, compute_.Get(ResourceKind::kWarehouse, *request.id));
  ASSIGN_OR_RETURN(wh::EditWarehouseRequest spec, api::FromJson<wh::EditWarehouseRequest>(row.spec));
  api::Merge(spec, request);
  spec.id.Clear();
  row.spec = api::ToJson(spec);
  if (request.name.has()) row.name = *request.name;
  if (request.auto_stop_mins.has()) row.idle_stop_ms = *request.auto_stop_mins * 60'000;
  return compute_.Edit(row);
}

Result<void> WarehousesService::StartWarehouse(const http::RequestContext&, const wh::StartWarehouseRequest& request) {
  return compute_.Start(ResourceKind::kWarehouse, *request.id);
}

Result<void> WarehousesService::StopWarehouse(const http::RequestContext&, const wh::StopWarehouseRequest& request) {
  RETURN_IF_ERROR(compute_.Get(ResourceKind::kWarehouse, *request.id));
  return compute_.Stop(ResourceKind::kWarehouse, *request.id);
}

}  // namespace ashlar::compute
