#include "serve/discovery_service.h"

#include "base/json.h"

namespace ashlar::serve {

void RegisterDiscovery(http::Router& router, const observe::Registry& metrics, const std::string& workspace_id) {
  http::Route config;
  config.method = "GET";
  config.path = "/.well-known/databricks-config";
  config.operation = "discovery.GetConfig";
  config.permission = "public";
  config.handler = [workspace_id](const http::RequestContext& context, http::Request&) -> http::Deferred<http::Response> {
    Json json;
    json["oidc_endpoint"] = context.base_url + "/oidc";
    json["workspace_id"] = workspace_id;
    json["cloud"] = "Azure";
    json["host_type"] = "workspace";
    return http::JsonResponse(200, WriteJson(json));
  };
  router.Add(std::move(config));

  http::Route exposition;
  exposition.method = "GET";
  exposition.path = "/metrics";
  exposition.operation = "discovery.GetMetrics";
  exposition.permission = "public";
  exposition.handler = [&metrics](const http::RequestContext&, http::Request&) -> http::Deferred<http::Response> {
    http::Response response;
    response.headers.Set("Content-Type", "text/plain; version=0.0.4");
    response.body = metrics.Expose();
    return response;
  };
  router.Add(std::move(exposition));
}

}  // namespace ashlar::serve
