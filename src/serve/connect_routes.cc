#include "serve/connect_routes.h"

#include <optional>

namespace ashlar::serve {
namespace {

std::string ValueOf(const gateway::CallMetadata& metadata, const std::string& name) {
  auto found = metadata.find(name);
  return found == metadata.end() ? "" : found->second;
}

}  // namespace

Result<http::Principal> ConnectRoutes::Admit(const gateway::CallMetadata& metadata, std::string* cluster_id) {
  ASSIGN_OR_RETURN(http::Principal principal, authenticator_.AuthenticateHeader(ValueOf(metadata, "authorization")));
  *cluster_id = ValueOf(metadata, "x-databricks-cluster-id");
  if (cluster_id->empty()) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "The connection string must name a cluster: ;x-databricks-cluster-id=<id>");
  }
  RETURN_IF_ERROR(compute_.Get(compute::ResourceKind::kCluster, *cluster_id));
  RETURN_IF_ERROR(access_.Require(principal, "CAN_ATTACH_TO", "clusters", *cluster_id));
  return principal;
}

void ConnectRoutes::Route(const gateway::CallMetadata& metadata,
                          std::function<void(Result<gateway::ConnectTarget>)> done) {
  std::string cluster_id;
  Result<http::Principal> principal = Admit(metadata, &cluster_id);
  if (!principal.ok()) return done(principal.error());
  compute_.Touch(compute::ResourceKind::kCluster, cluster_id);
  Key key{principal->id, cluster_id};
  std::optional<compute::Attachment> known;
  {
    std::lock_guard lock(mutex_);
    auto found = attachments_.find(key);
    if (found != attachments_.end()) known = found->second;
  }
  if (known && compute_.IsCurrent(compute::ResourceKind::kCluster, cluster_id, *known)) {
    return done(gateway::ConnectTarget{known->driver->socket, known->handle, principal->name});
  }
  compute_.Attach(compute::ResourceKind::kCluster, cluster_id, *principal, "connect",
                  [this, key, name = principal->name, done = std::move(done)](Result<compute::Attachment> attachment) {
                    if (!attachment.ok()) return done(attachment.error());
                    {
                      std::lock_guard lock(mutex_);
                      attachments_.insert_or_assign(key, *attachment);
                    }
                    done(gateway::ConnectTarget{attachment->driver->socket, attachment->handle, name});
                  });
}

}  // namespace ashlar::serve
