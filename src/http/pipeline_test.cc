#include "http/pipeline.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "http/error_response.h"

namespace ashlar::http {
namespace {

class RecordingAudit final : public observe::AuditSink {
 public:
  void Record(const observe::AuditEvent& event) override { events.push_back(event); }
  std::vector<observe::AuditEvent> events;
};

class OneUser final : public Authenticator {
 public:
  Result<Principal> Authenticate(const Request&) override { return Principal{7, "ann", false, false, {"data"}, {"workspace-access"}}; }
};

class PipelineTest : public testing::Test {
 protected:
  PipelineTest() {
    options_.authenticator = &user_;
    options_.audit = &audit_;
    options_.clock = &clock_;
    options_.access_log = false;
    options_.default_headers.Set("X-Databricks-Org-Id", "42");
    Route route;
    route.method = "GET";
    route.path = "/things/{id}";
    route.operation = "things.Get";
    route.permission = "user";
    route.audit = "things.get";
    route.handler = [](const RequestContext& context, Request& request) -> Deferred<Response> {
      if (request.path_params[0].second == "bad") {
        return MakeError(ErrorCode::kInternalError, "secret path /x");
      }
      return JsonResponse(200, context.principal.name + " at " + context.base_url);
    };
    router_.Add(std::move(route));
  }

  // The status and body of one request through all steps.
  std::pair<int, std::string> Run(std::string target, std::string request_id = "r-1") {
    Pipeline pipeline(router_, options_, metrics_);
    Request head;
    head.method = "GET";
    head.target = target;
    head.peer = "10.0.0.7:5000";
    head.headers.Add("Host", "lake:8080");
    head.headers.Add("X-Request-Id", request_id);
    auto exchange = pipeline.Begin(std::move(head));
    std::optional<Response> answer;
    if (exchange->refusal) {
      answer = pipeline.Refuse(*exchange, *exchange->refusal);
    } else if (Status admitted = pipeline.Admit(*exchange); !admitted.ok()) {
      answer = pipeline.Refuse(*exchange, admitted.error());
    } else {
      pipeline.Run(exchange, [&](Response response) { answer = std::move(response); });
    }
    clock_.AdvanceMs(3);
    pipeline.Complete(*exchange, *answer);
    headers_ = answer->headers;
    pipeline.Finish(*exchange, answer->status, 0);
    return {answer->status, answer->body};
  }

  OneUser user_;
  RecordingAudit audit_;
  FakeClock clock_{1'000'000};
  Router router_;
  observe::Registry metrics_;
  PipelineOptions options_;
  Headers headers_;
};

TEST_F(PipelineTest, EveryAnswerHasItsRequestIdAndTheDefaultHeaders) {
  EXPECT_EQ(Run("/things/5"), (std::pair{200, std::string("ann at http://lake:8080")}));
  EXPECT_EQ(headers_.Get("x-request-id"), "r-1");
  EXPECT_EQ(headers_.Get("x-databricks-org-id"), "42");
  Run("/nothing", "has space");  // an id that could forge a log line is replaced
  EXPECT_EQ(headers_.Get("x-request-id").size(), 36u);
}

TEST_F(PipelineTest, InternalErrorsDoNotLeak) {
  auto [status, body] = Run("/things/bad");
  EXPECT_EQ(status, 500);
  EXPECT_EQ(body.find("secret"), std::string::npos) << body;
  EXPECT_NE(body.find("reference id r-1"), std::string::npos) << body;
}

TEST_F(PipelineTest, AuditsTaggedRoutes) {
  Run("/things/a%20b?verbose=1");
  Run("/nothing");
  ASSERT_EQ(audit_.events.size(), 1u);
  observe::AuditEvent expected;
  expected.event_time_ms = 1'000'003;
  expected.service_name = "things";
  expected.action_name = "get";
  expected.request_id = "r-1";
  expected.principal_id = 7;
  expected.principal_name = "ann";
  expected.source_ip_address = "10.0.0.7";
  expected.request_params = {{"id", "a b"}, {"verbose", "1"}};
  expected.status_code = 200;
  EXPECT_EQ(audit_.events[0], expected);
}

TEST_F(PipelineTest, CountsRequestsByOperationAndStatus) {
  Run("/things/1");
  Run("/things/bad");
  Run("/nothing");
  std::string text = metrics_.Expose();
  for (std::string line : {"ashlar_http_requests_total{operation=\"things.Get\",status=\"2xx\"} 1\n",
                           "ashlar_http_requests_total{operation=\"things.Get\",status=\"5xx\"} 1\n",
                           "ashlar_http_requests_total{operation=\"none\",status=\"4xx\"} 1\n",
                           "ashlar_http_request_seconds_count{operation=\"things.Get\"} 2\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST_F(PipelineTest, MetricsAreARoute) {
  router_.Add(MetricsRoute(metrics_));
  auto [status, body] = Run("/metrics");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(headers_.Get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(body.find("# TYPE ashlar_http_requests_total counter\n"), std::string::npos);
}

TEST_F(PipelineTest, EntitlementsAreAskedOfTheCaller) {
  for (const char* name : {"allow-cluster-create", "workspace-access"}) {
    Route route;
    route.method = "GET";
    route.path = std::string("/needs/") + name;
    route.operation = "needs.Get";
    route.permission = std::string("entitlement ") + name;
    route.handler = [](const RequestContext&, Request&) -> Deferred<Response> { return JsonResponse(200, "{}"); };
    router_.Add(std::move(route));
  }
  EXPECT_EQ(Run("/needs/workspace-access").first, 200);
  auto [status, body] = Run("/needs/allow-cluster-create");
  EXPECT_EQ(status, 403);
  EXPECT_NE(body.find("ann does not have the entitlement allow-cluster-create"), std::string::npos);
}

TEST(ErrorResponse, RendersAsDatabricksDoes) {
  Error error = MakeSqlError("DIVIDE_BY_ZERO", "22012", "Division by zero.", {{"config", "ansi"}});
  Response response = ErrorResponse(error, "r-1", ErrorStyle::kDatabricks);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.Get("content-type"), "application/json");
  EXPECT_EQ(response.body,
            R"({"error_code":"BAD_REQUEST","message":"[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012","details":[)"
            R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"DIVIDE_BY_ZERO","domain":"ashlar",)"
            R"("metadata":{"config":"ansi","sqlState":"22012"}},)"
            R"({"@type":"type.googleapis.com/google.rpc.RequestInfo","request_id":"r-1","serving_data":""}]})");
}

TEST(ErrorResponse, SaysWhenToRetryAndHowToAuthenticate) {
  auto headers = [](ErrorCode code) { return ErrorResponse(MakeError(code, "x"), "r", ErrorStyle::kDatabricks).headers; };
  EXPECT_EQ(headers(ErrorCode::kRequestLimitExceeded).Get("retry-after"), "1");
  EXPECT_FALSE(headers(ErrorCode::kResourceExhausted).Has("retry-after"));
  EXPECT_EQ(headers(ErrorCode::kTemporarilyUnavailable).Get("retry-after"), "1");
  EXPECT_FALSE(headers(ErrorCode::kNotFound).Has("retry-after"));
  EXPECT_EQ(headers(ErrorCode::kUnauthenticated).Get("www-authenticate"), "Bearer realm=\"ashlar\"");
}

TEST(ErrorResponse, ScimHasItsOwnForm) {
  Response response = ErrorResponse(MakeError(ErrorCode::kAlreadyExists, "User a exists"), "r", ErrorStyle::kScim);
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.body, R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"User a exists",)"
                           R"("status":"409","scimType":"uniqueness"})");
}

TEST(Headers, ValuesCannotStartANewLine) {
  Headers headers;
  headers.Add("X", "a\r\nSet-Cookie: b");
  EXPECT_EQ(headers.Get("x"), "a  Set-Cookie: b");
}

}  // namespace
}  // namespace ashlar::http
