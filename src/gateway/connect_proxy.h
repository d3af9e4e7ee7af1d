// ConnectProxy: Spark Connect calls from clients to drivers, as bytes. Authentication and the cluster
// are per call, so connections cannot be spliced.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"

namespace ashlar::gateway {

// Where a call goes and in whose name.
struct ConnectTarget {
  std::string socket;  // of the driver
  std::string handle;  // x-ashlar-handle
  std::string user;    // x-ashlar-user
};

// Lower-case names; of repeated ones the first.
using CallMetadata = std::map<std::string, std::string>;
// Decides about one call; may answer later, from any thread, at most once, and also when the call or the proxy has
// ended meanwhile.
using ConnectRouter = std::function<void(const CallMetadata&, std::function<void(Result<ConnectTarget>)>)>;

struct ConnectProxyOptions {
  std::string tls_cert;  // PEM texts; empty: TLS connections are refused
  std::string tls_key;
};

// Thread safe.
class ConnectProxy {
 public:
  // Errors: kInvalidParameterValue for a certificate gRPC refuses.
  static Result<std::unique_ptr<ConnectProxy>> Start(ConnectProxyOptions options, ConnectRouter router);
  virtual ~ConnectProxy() = default;
  // Takes over a connection nothing was read from.
  virtual void TakeConnection(int fd, bool tls) = 0;
  // No new connections and no calls that begin work (UNAVAILABLE). Running calls have `deadline_ms` to end, and their
  // clients to make those that belong to them; after that calls end with ABORTED.
  virtual void Stop(int64_t deadline_ms) = 0;
};

}  // namespace ashlar::gateway
