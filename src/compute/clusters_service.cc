#include "compute/clusters_service.h"

#include <unistd.h>

#include <algorithm>

#include "compute/resource_page.h"

namespace ashlar::compute {
namespace {

namespace cl = api::clusters;

constexpr int64_t kDefaultAutoterminationMinutes = 120;
constexpr int64_t kMaxEvents = 500;
constexpr char kSparkVersion[] = "4.2.x-ashlar";
constexpr char kNodeType[] = "local";

std::string_view StateName(ResourceState state) {
  switch (state) {
    case ResourceState::kStopped: return cl::State::kTerminated;
    case ResourceState::kStarting: return cl::State::kPending;
    case ResourceState::kRunning: return cl::State::kRunning;
  }
  return cl::State::kTerminated;
}

// The legacy answer clients look for: 400 with this text, not 404.
Error AsClusterError(const Error& error) {
  if (error.code != ErrorCode::kResourceDoesNotExist) return error;
  return MakeError(ErrorCode::kInvalidParameterValue, error.message);
}

Result<ResourceRow> FindCluster(Compute& compute, const std::string& id) {
  Result<ResourceRow> row = compute.Get(ResourceKind::kCluster, id);
  if (!row.ok()) return AsClusterError(row.error());
  return row;
}

// What would change how statements run, and is not built, is refused rather than ignored.
Status CheckBuilt(const cl::ClusterSpec& spec) {
  if (spec.runtime_engine.has() && *spec.runtime_engine == cl::RuntimeEngine::kStandard) {
    return NotImplemented("runtime_engine STANDARD (Apache Spark behind a cluster)");
  }
  if (spec.docker_image.has()) return NotImplemented("docker_image of a cluster");
  if (spec.init_scripts.has() && !spec.init_scripts->empty()) return NotImplemented("init_scripts of a cluster");
  if (spec.instance_pool_id.has() || spec.driver_instance_pool_id.has()) return NotImplemented("instance pools");
  if (spec.policy_id.has()) return NotImplemented("cluster policies (policy_id)");
  if (spec.cluster_log_conf.has()) return NotImplemented("cluster_log_conf");
  if (spec.single_user_name.has()) return NotImplemented("single_user_name of a cluster");
  if (spec.use_ml_runtime.value_or(false)) return NotImplemented("use_ml_runtime");
  if (spec.autotermination_minutes.value_or(0) < 0) {
    return MakeError(ErrorCode::kInvalidParameterValue, "autotermination_minutes must be 0 (never) or positive.");
  }
  return OkStatus();
}

Result<cl::ClusterDetails> Render(const ResourceRow& row, const ResourceStatus& status) {
  ASSIGN_OR_RETURN(cl::ClusterDetails details, api::FromJson<cl::ClusterDetails>(row.spec));
  details.cluster_id = row.id;
  details.cluster_name = row.name;
  details.creator_user_name = row.creator_name;
  details.autotermination_minutes = row.idle_stop_ms / 60'000;
  if (!details.spark_version.has()) details.spark_version = kSparkVersion;
  if (!details.node_type_id.has()) details.node_type_id = kNodeType;
  if (!details.num_workers.has() && !details.autoscale.has()) details.num_workers = 0;
  details.cluster_source = cl::ClusterSource::kApi;
  details.state = StateName(status.state);
  details.state_message = "";
  details.start_time = status.started_ms > 0 ? status.started_ms : row.created_ms;
  details.cluster_cores = static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN));
  if (status.state == ResourceState::kStopped && status.started_ms > 0) details.terminated_time = status.last_used_ms;
  return details;
}

ResourceRow RowOf(const cl::ClusterSpec& spec) {
  ResourceRow row;
  row.kind = ResourceKind::kCluster;
  row.name = spec.cluster_name.value_or("");
  row.spec = api::ToJson(spec);
  row.idle_stop_ms = spec.autotermination_minutes.value_or(kDefaultAutoterminationMinutes) * 60'000;
  return row;
}

}  // namespace

Result<cl::CreateClusterResponse> ClustersService::CreateCluster(const http::RequestContext& context,
                                                                 const cl::CreateClusterRequest& request) {
  RETURN_IF_ERROR(CheckBuilt(request));
  if (request.clone_from.has()) return NotImplemented("clone_from of a cluster");
  if (request.idempotency_token.has()) return NotImplemented("idempotency_token of clusters/create");
  ResourceRow row = RowOf(request);
  row.creator_id = context.principal.id;
  row.creator_name = context.principal.name;
  ASSIGN_OR_RETURN(row, compute_.Create(std::move(row)));
  compute_.RecordEvent(row.kind, row.id, "CREATING", context.principal.name);
  RETURN_IF_ERROR(compute_.Start(ResourceKind::kCluster, row.id));
  cl::CreateClusterResponse response;
  response.cluster_id = row.id;
  return response;
}

Result<cl::ClusterDetails> ClustersService::GetCluster(const http::RequestContext&, const cl::GetClusterRequest& request) {
  ASSIGN_OR_RETURN(ResourceRow row, FindCluster(compute_, *request.cluster_id));
  return Render(row, compute_.status(row.kind, row.id));
}

Result<cl::ListClustersResponse> ClustersService::ListClusters(const http::RequestContext& context,
                                                               const cl::ListClustersRequest& request) {
  if (request.filter_by.has()) return NotImplemented("filter_by of clusters/list");
  if (request.sort_by.has()) return NotImplemented("sort_by of clusters/list");
  ASSIGN_OR_RETURN(std::vector<ResourceRow> rows, compute_.List(ResourceKind::kCluster));
  std::erase_if(rows, [&](const ResourceRow& row) {
    return !http::RequireObject(context, "CAN_ATTACH_TO", "clusters", row.id).ok();
  });
  ASSIGN_OR_RETURN(ResourcePage page, PageOf(std::move(rows), request.page_size, request.page_token));
  std::vector<cl::ClusterDetails> clusters;
  for (const ResourceRow& row : page.rows) {
    ASSIGN_OR_RETURN(cl::ClusterDetails details, Render(row, compute_.status(row.kind, row.id)));
    clusters.push_back(std::move(details));
  }
  cl::ListClustersResponse response;
  response.clusters = std::move(clusters);
  if (!page.next_token.empty()) response.next_page_token = std::move(page.next_token);
  return response;
}

Result<void> ClustersService::EditCluster(const http::RequestContext& context, const cl::EditClusterRequest& request) {
  RETURN_IF_ERROR(CheckBuilt(request));
  ASSIGN_OR_RETURN(ResourceRow row, FindCluster(compute_, *request.cluster_id));
  ResourceRow edited = RowOf(request);
  edited.id = row.id;
  RETURN_IF_ERROR(compute_.Edit(edited));
  compute_.RecordEvent(row.kind, row.id, "EDITED", context.principal.name);
  if (compute_.status(row.kind, row.id).state == ResourceState::kStopped) return OkStatus();
  // A running cluster restarts with what it was given.
  RETURN_IF_ERROR(compute_.Stop(row.kind, row.id));
  return compute_.Start(row.kind, row.id);
}

Result<void> ClustersService::StartCluster(const http::RequestContext& context, const cl::StartClusterRequest& request) {
  ASSIGN_OR_RETURN(ResourceRow row, FindCluster(compute_, *request.cluster_id));
  if (compute_.status(row.kind, row.id).state != ResourceState::kStopped) {
    return MakeError(ErrorCode::kInvalidState, "Cluster " + row.id + " is in unexpected state " +
                                                   std::string(StateName(compute_.status(row.kind, row.id).state)) + ".");
  }
  compute_.RecordEvent(row.kind, row.id, "STARTING", context.principal.name);
  return compute_.Start(row.kind, row.id);
}

Result<void> ClustersService::RestartCluster(const http::RequestContext& context,
                                             const cl::RestartClusterRequest& request) {
  ASSIGN_OR_RETURN(ResourceRow row, FindCluster(compute_, *request.cluster_id));
  if (compute_.status(row.kind, row.id).state == ResourceState::kStopped) {
    return MakeError(ErrorCode::kInvalidState, "Cluster " + row.id + " is in unexpected state TERMINATED.");
  }
  compute_.RecordEvent(row.kind, row.id, "RESTARTING", context.principal.name);
  RETURN_IF_ERROR(compute_.Stop(row.kind, row.id));
  return compute_.Start(row.kind, row.id);
}

Result<void> ClustersService::DeleteCluster(const http::RequestContext& context, const cl::DeleteClusterRequest& request) {
  ASSIGN_OR_RETURN(ResourceRow row, FindCluster(compute_, *request.cluster_id));
  compute_.RecordEvent(row.kind, row.id, "TERMINATING", context.principal.name);
  return compute_.Stop(row.kind, row.id);
}

Result<void> ClustersService::PermanentDeleteCluster(const http::RequestContext&,
                                                     const cl::PermanentDeleteClusterRequest& request) {
  Status deleted = compute_.Delete(ResourceKind::kCluster, *request.cluster_id);
  if (!deleted.ok()) return AsClusterError(deleted.error());
  return deleted;
}

Result<cl::GetSparkVersionsResponse> ClustersService::ListSparkVersions(const http::RequestContext&,
                                                                        const cl::ListSparkVersionsRequest&) {
  cl::SparkVersion version;
  version.key = kSparkVersion;
  version.name = "Ashlar (Spark 4.2 semantics, embedded engine)";
  cl::GetSparkVersionsResponse response;
  response.versions = std::vector<cl::SparkVersion>{std::move(version)};
  return response;
}

Result<cl::ListNodeTypesResponse> ClustersService::ListNodeTypes(const http::RequestContext&,
                                                                 const cl::ListNodeTypesRequest&) {
  cl::NodeType node;
  node.node_type_id = kNodeType;
  node.instance_type_id = kNodeType;
  node.description = "A driver process on the server's machine";
  node.category = "General Purpose";
  node.num_cores = static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN));
  node.memory_mb = sysconf(_SC_PHYS_PAGES) / 1024 * sysconf(_SC_PAGESIZE) / 1024;
  node.is_deprecated = false;
  cl::ListNodeTypesResponse response;
  response.node_types = std::vector<cl::NodeType>{std::move(node)};
  return response;
}

Result<cl::ListClusterEventsResponse> ClustersService::ListClusterEvents(const http::RequestContext&,
                                                                         const cl::GetEvents& request) {
  if (request.event_types.has() || request.start_time.has() || request.end_time.has()) {
    return NotImplemented("filters of clusters/events (event_types, start_time, end_time)");
  }
  if (request.order.has() && request.order->value == "ASC") return NotImplemented("order ASC of clusters/events");
  ASSIGN_OR_RETURN(ResourceRow row, FindCluster(compute_, *request.cluster_id));
  int64_t offset = request.offset.value_or(0);
  int64_t limit = std::clamp<int64_t>(request.limit.value_or(50), 1, kMaxEvents);
  ASSIGN_OR_RETURN(Compute::Events found, compute_.ListEvents(row.kind, row.id, offset, limit));
  std::vector<cl::ClusterEvent> events;
  for (const EventRow& event : found.rows) {
    cl::ClusterEvent item;
    item.cluster_id = row.id;
    item.timestamp = event.time_ms;
    item.type = cl::EventType(event.type);
    cl::EventDetails details;
    if (!event.user.empty()) details.user = event.user;
    item.details = std::move(details);
    events.push_back(std::move(item));
  }
  cl::ListClusterEventsResponse response;
  response.total_count = found.total;
  if (offset + static_cast<int64_t>(events.size()) < found.total) {
    cl::GetEvents next = request;
    next.offset = offset + static_cast<int64_t>(events.size());
    response.next_page = std::move(next);
  }
  response.events = std::move(events);
  return response;
}

}  // namespace ashlar::compute
