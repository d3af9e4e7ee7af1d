// RequestContext: what every handler knows beside its request.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/principal.h"

namespace ashlar::http {

struct Request;

// Who a request comes from; implemented by identity.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // Reads the Authorization header. Errors: kUnauthenticated. Runs on a pool thread.
  virtual Result<Principal> Authenticate(const Request& request) = 0;
};

// Whether a principal holds a permission level on a workspace object; implemented by identity.
class ObjectAccess {
 public:
  virtual ~ObjectAccess() = default;
  // ("CAN_USE", "warehouses", id). Errors: kPermissionDenied. Admins are let through here, not before.
  virtual Status Require(const Principal& principal, std::string_view level,
                         std::string_view object_type, std::string_view object_id) const = 0;
};

struct RequestContext {
  Principal principal;
  std::string request_id;
  int64_t deadline_ns = 0;  // on Clock::MonotonicNanos; the client is answered 504 then
  std::string peer;
  std::string user_agent;
  std::string base_url;  // "https://host:port" as the client wrote it: for links back to us
  std::stop_token cancelled;  // the client is gone, the deadline has passed, or the server stops
  const ObjectAccess* access = nullptr;
};

// What generated routes call before their handler. Refuses when no ObjectAccess is there.
Status RequireObject(const RequestContext& context, std::string_view level,
                     std::string_view object_type, std::string_view object_id);

}  // namespace ashlar::http
