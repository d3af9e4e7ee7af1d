// Pipeline: what happens to a request between the socket and its handler, without sockets: route,
// request id, authentication, permission, errors as responses, metrics, access log, audit.
//
// Thread safe; the steps of one Exchange run one after another.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "http/context.h"
#include "http/router.h"
#include "observe/sinks.h"
#include "observe/metrics.h"

namespace ashlar::http {

// Outlived by what it points to. Null: nobody is authenticated, nothing recorded.
struct PipelineOptions {
  Authenticator* authenticator = nullptr;
  const ObjectAccess* access = nullptr;
  observe::AuditSink* audit = nullptr;
  const Clock* clock = &SystemClock();
  Random* random = &SystemRandom();
  int64_t request_timeout_ms = 15 * 60 * 1000;
  bool access_log = true;
  Headers default_headers;  // sent with every response, e.g. X-Databricks-Org-Id
};

// One request on its way.
struct Exchange {
  Request request;
  RequestContext context;
  const Route* route = nullptr;
  std::optional<Error> refusal;  // found before any handler: answer this
  std::stop_source stop;
  int64_t start_ns = 0;
};

class Pipeline {
 public:
  // The router is filled by then and outlives this.
  Pipeline(const Router& router, PipelineOptions options, observe::Registry& metrics);
  ~Pipeline();

  // Takes the head of a request (no body yet), gives it an id and finds its route.
  std::shared_ptr<Exchange> Begin(Request head) const;
  // Authenticates, and checks what the permission tag alone decides. May read the metadb.
  Status Admit(Exchange& exchange) const;
  // Runs the handler of an admitted exchange. `done` gets a response in any case, at once or later;
  // the function returned cancels the work.
  std::function<void()> Run(const std::shared_ptr<Exchange>& exchange,
                            std::function<void(Response)> done) const;
  // The rendering of an error for this exchange; logs what clients do not get to see.
  Response Refuse(const Exchange& exchange, const Error& error) const;
  // Adds the headers every response has.
  void Complete(const Exchange& exchange, Response& response) const;
  // Once, after the response was sent or the client was found gone (status 499).
  void Finish(const Exchange& exchange, int status, uint64_t bytes_sent) const;

  const Clock& clock() const { return *options_.clock; }

 private:
  struct RouteMetrics;
  const Router& router_;
  const PipelineOptions options_;
  std::unordered_map<const Route*, std::unique_ptr<RouteMetrics>> metrics_;  // null: no route
};

// GET /metrics: Prometheus text of `metrics`, for any principal. The registry outlives the router.
Route MetricsRoute(const observe::Registry& metrics);

}  // namespace ashlar::http
