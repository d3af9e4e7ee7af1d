// ConnectRoutes: which driver a Spark Connect call goes to, and in whose name.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "compute/compute.h"
#include "gateway/connect_proxy.h"
#include "http/context.h"
#include "identity/bearer_authenticator.h"

namespace ashlar::serve {

// Thread safe. References outlive it.
class ConnectRoutes {
 public:
  ConnectRoutes(compute::Compute& compute, identity::BearerAuthenticator& authenticator, const http::ObjectAccess& access)
      : compute_(compute), authenticator_(authenticator), access_(access) {}

  // The token decides who; x-databricks-cluster-id decides where, for who may attach to it. Errors:
  // kUnauthenticated, kPermissionDenied, kInvalidParameterValue without a cluster, kResourceDoesNotExist.
  void Route(const gateway::CallMetadata& metadata, std::function<void(Result<gateway::ConnectTarget>)> done);

 private:
  // One handle for a principal on a cluster's driver: its sessions there outlive single calls.
  using Key = std::pair<int64_t, std::string>;

  Result<http::Principal> Admit(const gateway::CallMetadata& metadata, std::string* cluster_id);

  compute::Compute& compute_;
  identity::BearerAuthenticator& authenticator_;
  const http::ObjectAccess& access_;
  std::mutex mutex_;
  std::map<Key, compute::Attachment> attachments_;
};

}  // namespace ashlar::serve
