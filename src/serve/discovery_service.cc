#include "serve/discovery_service.h"

namespace ashlar::serve {

Result<api::well_known::HostMetadata> DiscoveryService::GetHostMetadata(
    const http::RequestContext& context, const api::well_known::GetHostMetadataRequest&) {
  api::well_known::HostMetadata metadata;
  metadata.oidc_endpoint = context.base_url + "/oidc";
  metadata.workspace_id = workspace_id_;
  metadata.cloud = "Azure";
  metadata.host_type = "workspace";
  return metadata;
}

}  // namespace ashlar::serve
