// What clients ask before anything else: /.well-known/databricks-config.
#pragma once

#include <string>

#include "api/well_known.h"

namespace ashlar::serve {

class DiscoveryService final : public api::well_known::WellKnownService {
 public:
  explicit DiscoveryService(std::string workspace_id) : workspace_id_(std::move(workspace_id)) {}

  Result<api::well_known::HostMetadata> GetHostMetadata(
      const http::RequestContext& context, const api::well_known::GetHostMetadataRequest& request) override;

 private:
  const std::string workspace_id_;
};

}  // namespace ashlar::serve
