// The clusters API (/api/2.1/clusters). A cluster is one driver process.
#pragma once

#include "api/clusters.h"
#include "compute/compute.h"

namespace ashlar::compute {

// Thread safe. `compute` outlives it.
class ClustersService final : public api::clusters::ClustersService {
 public:
  explicit ClustersService(Compute& compute) : compute_(compute) {}

  Result<api::clusters::CreateClusterResponse> CreateCluster(
      const http::RequestContext& context, const api::clusters::CreateClusterRequest& request) override;
  Result<api::clusters::ClusterDetails> GetCluster(const http::RequestContext& context,
                                                   const api::clusters::GetClusterRequest& request) override;
  Result<api::clusters::ListClustersResponse> ListClusters(
      const http::RequestContext& context, const api::clusters::ListClustersRequest& request) override;
  Result<void> EditCluster(const http::RequestContext& context,
                           const api::clusters::EditClusterRequest& request) override;
  Result<void> StartCluster(const http::RequestContext& context,
                            const api::clusters::StartClusterRequest& request) override;
  Result<void> RestartCluster(const http::RequestContext& context,
                              const api::clusters::RestartClusterRequest& request) override;
  // Terminates it; it can be started again.
  Result<void> DeleteCluster(const http::RequestContext& context,
                             const api::clusters::DeleteClusterRequest& request) override;
  Result<void> PermanentDeleteCluster(const http::RequestContext& context,
                                      const api::clusters::PermanentDeleteClusterRequest& request) override;
  Result<api::clusters::GetSparkVersionsResponse> ListSparkVersions(
      const http::RequestContext& context, const api::clusters::ListSparkVersionsRequest& request) override;
  Result<api::clusters::ListNodeTypesResponse> ListNodeTypes(
      const http::RequestContext& context, const api::clusters::ListNodeTypesRequest& request) override;
  Result<api::clusters::ListClusterEventsResponse> ListClusterEvents(const http::RequestContext& context,
                                                                     const api::clusters::GetEvents& request) override;

 private:
  Compute& compute_;
};

}  // namespace ashlar::compute
