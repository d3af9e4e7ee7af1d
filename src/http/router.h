// Router: which route answers a method and path.
//
// A template's segments are literal, "{name}" (one segment) or a last "{name...}" (the rest, slashes
// included). Matching works on percent-decoded segments, so an escaped slash never splits one; empty
// segments ("//") are skipped. Literals win over parameters, parameters over a rest.
//
// Filled before the server starts, read by many threads afterwards.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/context.h"
#include "http/deferred.h"
#include "http/message.h"

namespace ashlar::http {

// What an error body looks like on a route.
enum class ErrorStyle { kDatabricks, kScim };

using Handler = std::function<Deferred<Response>(const RequestContext&, Request&)>;
// Opens the sink of a streamed upload; runs after authentication, before the body is read.
using SinkHandler =
    std::function<Result<std::unique_ptr<BodySink>>(const RequestContext&, Request&)>;

inline constexpr size_t kDefaultMaxBodyBytes = size_t{16} << 20;

struct Route {
  std::string method;
  std::string path;
  std::string operation;  // "warehouses.GetWarehouse": names the route in logs and metrics
  // "public": no token needed. "user": any principal. "admin": workspace admins. "catalog": any
  // principal, the catalog's Authorizer decides. "LEVEL type field": a permission on a workspace
  // object, checked by the generated handler.
  std::string permission = "admin";
  std::string audit;  // "clusters.create"; empty: not audited
  ErrorStyle error_style = ErrorStyle::kDatabricks;
  uint64_t max_body_bytes = kDefaultMaxBodyBytes;
  Handler handler;    // exactly one of the two is set
  SinkHandler sink;
};

struct RouteMatch {
  const Route* route = nullptr;
  Parameters params;
};

class Router {
 public:
  Router();
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // A second route for the same method and path is a bug.
  void Add(Route route);

  // `path` is percent-encoded, without the query. HEAD falls back to GET. Errors: kEndpointNotFound;
  // kInvalidParameterValue for a broken escape, text that is not UTF-8, a NUL, or a "." or ".."
  // segment.
  Result<RouteMatch> Find(std::string_view method, std::string_view path) const;

  // In the order they were added.
  const std::deque<Route>& routes() const { return routes_; }

 private:
  struct Node;
  std::deque<Route> routes_;
  std::unique_ptr<Node> root_;
};

// "a=1&b=x%20y" in order; a broken escape is kept as it is.
Parameters ParseQuery(std::string_view query);

}  // namespace ashlar::http
