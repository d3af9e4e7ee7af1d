#include "http/pipeline.h"

#include <algorithm>
#include <array>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "http/error_response.h"

namespace ashlar::http {
namespace {

// A client's own id is taken when it cannot disturb logs.
std::string RequestId(const Request& request, Random& random) {
  std::string_view given = request.headers.Get("x-request-id");
  bool plain = !given.empty() && given.size() <= 128 && std::ranges::all_of(given, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  });
  return plain ? std::string(given) : NewUuid(random);
}

std::string BaseUrl(const Request& request) {
  std::string_view host = request.headers.Get("host");
  return (request.tls ? "https://" : "http://") + std::string(host.empty() ? "localhost" : host);
}

bool NeedsPrincipal(const Route& route) { return route.permission != "public"; }

// The permission "entitlement NAME".
Status RequireEntitlement(const Route& route, const Principal& principal) {
  constexpr std::string_view kPrefix = "entitlement ";
  std::string_view permission = route.permission;
  if (!permission.starts_with(kPrefix) || principal.is_admin) return OkStatus();
  std::string_view name = permission.substr(kPrefix.size());
  if (std::ranges::find(principal.entitlements, name) != principal.entitlements.end()) return OkStatus();
  return MakeError(ErrorCode::kPermissionDenied, principal.name + " does not have the entitlement " +
                                                     std::string(name) + ", which " + route.operation + " needs");
}

}  // namespace

Status RequireObject(const RequestContext& context, std::string_view level,
                     std::string_view object_type, std::string_view object_id) {
  if (!context.access) {
    return MakeError(ErrorCode::kPermissionDenied, "No object permissions are configured");
  }
  return context.access->Require(context.principal, level, object_type, object_id);
}

struct Pipeline::RouteMetrics {
  std::array<observe::Counter*, 6> by_status_class{};
  observe::Histogram* seconds = nullptr;
};

Pipeline::Pipeline(const Router& router, PipelineOptions options, observe::Registry& metrics)
    : router_(router), options_(std::move(options)) {
  auto add = [&](const Route* route) {
    std::string operation = route ? route->operation : "none";
    auto row = std::make_unique<RouteMetrics>();
    for (size_t i = 2; i < row->by_status_class.size(); ++i) {
      row->by_status_class[i] =
          &metrics.AddCounter("ashlar_http_requests_total", "Requests answered.",
                              {{"operation", operation}, {"status", std::to_string(i) + "xx"}});
    }
    row->seconds = &metrics.AddHistogram("ashlar_http_request_seconds",
                                         "Time from the request's head to the response's end.",
                                         observe::LatencyBounds(), {{"operation", operation}});
    metrics_.emplace(route, std::move(row));
  };
  add(nullptr);
  for (const Route& route : router_.routes()) add(&route);
}

Pipeline::~Pipeline() = default;

std::shared_ptr<Exchange> Pipeline::Begin(Request head) const {
  auto exchange = std::make_shared<Exchange>();
  exchange->request = std::move(head);
  Request& request = exchange->request;
  exchange->start_ns = options_.clock->MonotonicNanos();
  RequestContext& context = exchange->context;
  context.request_id = RequestId(request, *options_.random);
  context.deadline_ns = exchange->start_ns + options_.request_timeout_ms * 1'000'000;
  context.peer = request.peer;
  context.user_agent = request.headers.Get("user-agent");
  context.base_url = BaseUrl(request);
  context.cancelled = exchange->stop.get_token();
  context.access = options_.access;

  size_t question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string::npos) {
    request.query = ParseQuery(std::string_view(request.target).substr(question + 1));
  }
  Result<RouteMatch> match = router_.Find(request.method, request.path);
  if (!match.ok()) {
    exchange->refusal = match.error();
  } else {
    exchange->route = match->route;
    request.path_params = std::move(match->params);
  }
  return exchange;
}

Status Pipeline::Admit(Exchange& exchange) const {
  CHECK(exchange.route) << "a refused exchange has nothing to admit to";
  if (!NeedsPrincipal(*exchange.route)) return OkStatus();
  if (!options_.authenticator) {
    return MakeError(ErrorCode::kUnauthenticated, "No authentication is configured");
  }
  ASSIGN_OR_RETURN(exchange.context.principal,
                   options_.authenticator->Authenticate(exchange.request));
  if (exchange.route->permission == "admin" && !exchange.context.principal.is_admin) {
    return MakeError(ErrorCode::kPermissionDenied,
                     "Only workspace admins may call " + exchange.route->operation);
  }
  return RequireEntitlement(*exchange.route, exchange.context.principal);
}

std::function<void()> Pipeline::Run(const std::shared_ptr<Exchange>& exchange,
                                    std::function<void(Response)> done) const {
  CHECK(exchange->route && exchange->route->handler);
  Deferred<Response> deferred = exchange->route->handler(exchange->context, exchange->request);
  std::function<void()> cancel = deferred.Canceller();
  deferred.Then([this, exchange, done = std::move(done)](Result<Response> result) {
    done(result.ok() ? *std::move(result) : Refuse(*exchange, result.error()));
  });
  return cancel;
}

Response Pipeline::Refuse(const Exchange& exchange, const Error& error) const {
  if (error.code == ErrorCode::kInternalError) {
    Log(LogLevel::kError, "internal error",
        {{"request_id", exchange.context.request_id}, {"error", FullMessage(error)}});
  }
  ErrorStyle style = exchange.route ? exchange.route->error_style : ErrorStyle::kDatabricks;
  return ErrorResponse(error, exchange.context.request_id, style);
}

void Pipeline::Complete(const Exchange& exchange, Response& response) const {
  response.headers.Set("x-request-id", exchange.context.request_id);
  response.headers.Set("x-content-type-options", "nosniff");
  for (const auto& [name, value] : options_.default_headers.all()) {
    if (!response.headers.Has(name)) response.headers.Add(name, value);
  }
}

void Pipeline::Finish(const Exchange& exchange, int status, uint64_t bytes_sent) const {
  double seconds =
      static_cast<double>(options_.clock->MonotonicNanos() - exchange.start_ns) / 1e9;
  const RouteMetrics& metrics = *metrics_.at(exchange.route);
  metrics.by_status_class[std::clamp(status / 100, 2, 5)]->Add(1);
  metrics.seconds->Observe(seconds);
  const RequestContext& context = exchange.context;
  if (options_.access_log) {
    Log(LogLevel::kInfo, "request",
        {{"request_id", context.request_id},
         {"method", exchange.request.method},
         {"path", exchange.request.path},
         {"operation", exchange.route ? exchange.route->operation : ""},
         {"status", std::to_string(status)},
         {"principal", context.principal.name},
         {"peer", context.peer},
         {"user_agent", context.user_agent},
         {"bytes", std::to_string(bytes_sent)},
         {"ms", std::to_string(static_cast<int64_t>(seconds * 1000))}});
  }
  if (!options_.audit || !exchange.route || exchange.route->audit.empty()) return;
  observe::AuditEvent event;
  event.event_time_ms = options_.clock->NowMs();
  size_t dot = exchange.route->audit.find('.');
  event.service_name = exchange.route->audit.substr(0, dot);
  event.action_name = dot == std::string::npos ? "" : exchange.route->audit.substr(dot + 1);
  event.request_id = context.request_id;
  event.principal_id = context.principal.id;
  event.principal_name = context.principal.name;
  event.source_ip_address = context.peer.substr(0, context.peer.rfind(':'));
  event.user_agent = context.user_agent;
  for (const auto& [name, value] : exchange.request.path_params) event.request_params[name] = value;
  for (const auto& [name, value] : exchange.request.query) event.request_params[name] = value;
  event.status_code = status;
  options_.audit->Record(event);
}

Route MetricsRoute(const observe::Registry& metrics) {
  Route route;
  route.method = "GET";
  route.path = "/metrics";
  route.operation = "http.Metrics";
  route.permission = "user";
  route.handler = [&metrics](const RequestContext&, Request&) -> Deferred<Response> {
    Response response;
    response.headers.Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = metrics.Expose();
    return response;
  };
  return route;
}

}  // namespace ashlar::http
