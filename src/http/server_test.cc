#include "http/test_server.h"

namespace ashlar::http {
namespace {

bool Contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_F(ServerTest, AnswersOnOneConnectionManyTimes) {
  Start();
  RawClient client(server_->port());
  for (int i = 0; i < 3; ++i) {
    client.Send("GET /hello HTTP/1.1\r\nHost: a\r\nX-Request-Id: r-1\r\n\r\n");
    std::string answer = client.ReadUntil("hello");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_TRUE(Contains(answer, "Content-Type: application/json\r\n")) << answer;
    EXPECT_TRUE(Contains(answer, "Content-Length: 5\r\n")) << answer;
    EXPECT_TRUE(Contains(answer, "x-request-id: r-1\r\n")) << answer;
  }
  // Two at once are answered in order.
  client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nabPOST /echo HTTP/1.1\r\nHost: a\r\n"
              "Content-Length: 2\r\n\r\ncd");
  std::string both = client.ReadUntil("cd");
  EXPECT_LT(both.find("\r\n\r\nab"), both.find("\r\n\r\ncd"));
}

TEST_F(ServerTest, HeadHasTheHeadersOnly) {
  Start();
  RawClient client(server_->port());
  client.Send("HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  std::string answer = client.ReadAll();
  EXPECT_TRUE(Contains(answer, "Content-Length: 5\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(ServerTest, ReadsChunkedBodiesAndSaysContinue) {
  Start();
  RawClient client(server_->port());
  client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("3\r\nabc\r\n");
  client.Send("2;x=y\r\nde\r\n0\r\n\r\n");
  EXPECT_TRUE(client.ReadUntil("abcde").ends_with("\r\n\r\nabcde"));
}

TEST_F(ServerTest, PermissionsOfRoutes) {
  Start();
  EXPECT_EQ(Get("/hello"), "200 hello");
  EXPECT_TRUE(Get("/user").starts_with(R"(401 {"error_code":"UNAUTHENTICATED","message":"Unknown token")"));
  EXPECT_EQ(Get("/user", "user"), "200 ");
  EXPECT_TRUE(Get("/admin", "user").starts_with(R"(403 {"error_code":"PERMISSION_DENIED")"));
  EXPECT_EQ(Get("/admin", "admin"), "200 ");
  EXPECT_TRUE(Get("/none").starts_with(
      R"(404 {"error_code":"ENDPOINT_NOT_FOUND","message":"No API found for 'GET /none'")"));
}

TEST_F(ServerTest, RefusesWhatIsTooLargeOrMalformed) {
  Start();
  struct Case {
    std::string request;
    std::string status;
  };
  const std::string big(5000, 'x');
  const Case cases[] = {
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", "413"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", "400"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "400"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n" + big + "\r\n0\r\n\r\n", "413"},
      {"GET /hello HTTP/1.1\r\nHost: a\r\nX: " + big + "\r\n\r\n", "431"},
      {"GET /hello\r\n\r\n", "400"},
      {"GET /hello HTTP/9.9\r\n\r\n", "400"},
      {"\r\n\r\n\r\n\r\nnonsense\r\n\r\n", "400"},
      {"GET /hello HTTP/1.1\r\nBad Header: x\r\n\r\n", "400"},
      {"GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "400"},
      {"BREW /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "404"},
  };
  for (const Case& c : cases) {
    RawClient client(server_->port());
    client.Send(c.request);
    std::string answer = client.ReadAll();
    EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 " + c.status) << c.request.substr(0, 100) << "\n" << answer;
    EXPECT_TRUE(Contains(answer, "Content-Type: application/json\r\n")) << answer;
    EXPECT_TRUE(Contains(answer, "Connection: close\r\n")) << answer;
  }
  EXPECT_EQ(Get("/hello"), "200 hello");
}

TEST_F(ServerTest, CutsSlowClientsOff) {
  options_.limits.sniff_timeout_ms = 100;
  options_.limits.header_timeout_ms = 100;
  options_.limits.idle_timeout_ms = 100;
  options_.limits.chunk_timeout_ms = 100;
  Start();
  // Nothing at all; half a preface; half a head; half a body: each ends without an answer.
  for (std::string start : {"", "PRI * HTTP/2.0\r\n", "GET /hel", "POST /echo HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc",
                            "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n"}) {
    RawClient client(server_->port());
    client.Send(start);
    EXPECT_EQ(client.ReadAll(), "") << start;
  }
  RawClient idle(server_->port());
  idle.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(idle.ReadAll().ends_with("hello"));
  // One that asks for much and reads nothing: the server lets go of it.
  RawClient reader(server_->port());
  reader.Send("GET /source/100000000/sized HTTP/1.1\r\nHost: a\r\n\r\n");
  Client other = MakeClient();
  observe::Gauge& open = metrics_.AddGauge("ashlar_http_connections", "");
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (open.value() > 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(open.value(), 0);
}

TEST_F(ServerTest, ADeferredAnswerComesLater) {
  Start();
  RawClient client(server_->port());
  client.Send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  auto resolver = later_.Wait();
  ASSERT_TRUE(resolver.has_value());
  EXPECT_EQ(Get("/hello"), "200 hello");  // no thread waits for it
  resolver->Resolve(JsonResponse(200, "at last"));
  EXPECT_TRUE(client.ReadUntil("at last").ends_with("at last"));
}

TEST_F(ServerTest, TheWorkOfAClientThatLeftIsCancelled) {
  Start();
  {
    RawClient client(server_->port());
    client.Send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(later_.Wait().has_value());
  }
  EXPECT_EQ(cancelled_.Wait(), true);
  later_.Wait()->Resolve(JsonResponse(200, "too late"));
  EXPECT_EQ(Get("/hello"), "200 hello");
}

TEST_F(ServerTest, AClientMayGiveUp) {
  Start();
  Client client = MakeClient();
  int asked = 0;
  auto answer = client.Send({.target = "/later", .keep_going = [&] { return ++asked < 2; }});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(Get("/hello"), "200 hello");
}

TEST_F(ServerTest, TheDeadlineAnswersAndCancels) {
  pipeline_options_.request_timeout_ms = 50;
  Start();
  EXPECT_TRUE(Get("/later").starts_with(R"(504 {"error_code":"DEADLINE_EXCEEDED")"));
  EXPECT_EQ(cancelled_.Wait(), true);
}

TEST_F(ServerTest, ADroppedAnswerIsAnInternalError) {
  Start();
  RawClient client(server_->port());
  client.Send("GET /later HTTP/1.1\r\nHost: a\r\nX-Request-Id: r-7\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(later_.Wait().has_value());
  auto [deferred, other] = Deferred<Response>::Make();
  later_.Set(other);  // the only copy of the first one is gone
  std::string answer = client.ReadAll();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500")) << answer;
  EXPECT_TRUE(Contains(answer, "reference id r-7")) << answer;
  EXPECT_FALSE(Contains(answer, "dropped")) << answer;
}

TEST_F(ServerTest, StreamsUploads) {
  Start();
  size_t left = 300'000;
  ClientRequest request;
  request.method = "PUT";
  request.target = "/up/Volumes/a";
  request.upload = [&](char* out, size_t capacity) -> Result<size_t> {
    size_t count = std::min(left, capacity);
    std::fill_n(out, count, 'b');
    left -= count;
    return count;
  };
  Result<ClientResponse> response = MakeClient("user").Send(request);
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->body, "300000");
  EXPECT_EQ(sink_gone_.Wait(), true);
}

TEST_F(ServerTest, RefusesUploadsBeforeTheirBody) {
  Start();
  for (auto [target, token, status] : {std::tuple{"/up/a", "nobody", "401"}, {"/up/no", "user", "404"}}) {
    RawClient client(server_->port());
    client.Send("PUT " + std::string(target) + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + token +
                "\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.ReadUntil("\r\n\r\n").substr(9, 3), status);
  }
  RawClient client(server_->port());
  client.Send("PUT /up/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer user\r\nContent-Length: 100\r\n\r\n" +
              std::string(99, 'X') + "Y");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n").substr(9, 3), "400");
  EXPECT_EQ(sink_gone_.Wait(), false);
}

TEST_F(ServerTest, AnUploadThatBreaksOffIsNotFinished) {
  Start();
  {
    RawClient client(server_->port());
    client.Send("PUT /up/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer user\r\nContent-Length: 100\r\n\r\nabc");
  }
  EXPECT_EQ(sink_gone_.Wait(), false);
}

TEST_F(ServerTest, StreamsDownloads) {
  Start();
  for (std::string kind : {"sized", "chunked"}) {
    EXPECT_EQ(Get("/source/200000/" + kind), "200 " + std::string(200'000, 'a')) << kind;
    EXPECT_EQ(Get("/source/0/" + kind), "200 ") << kind;
    // A body that breaks off is never taken for whole.
    EXPECT_TRUE(Contains(Get("/source/100000/" + kind + "broken"), "Cannot reach")) << kind;
  }
  RawClient old(server_->port());
  old.Send("GET /source/3/chunked HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.ReadAll().ends_with("\r\n\r\naaa"));
}

TEST_F(ServerTest, HandsHttp2OverWithItsBytes) {
  Awaited<std::pair<int, bool>> handed;
  options_.on_http2 = [&](int fd, bool tls) { handed.Set({fd, tls}); };
  Start();
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  RawClient client(server_->port());
  client.Send(preface.substr(0, 10));
  client.Send(preface.substr(10) + "more");
  auto socket = handed.Wait();
  ASSERT_TRUE(socket.has_value());
  EXPECT_FALSE(socket->second);
  std::array<char, 64> bytes;
  pollfd wait{socket->first, POLLIN, 0};
  ASSERT_EQ(poll(&wait, 1, 10'000), 1);
  EXPECT_EQ(std::string(bytes.data(), recv(socket->first, bytes.data(), bytes.size(), 0)), preface + "more");
  close(socket->first);
}

TEST_F(ServerTest, StopLetsRequestsInFlightEnd) {
  Start();
  RawClient idle(server_->port());
  idle.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  idle.ReadUntil("hello");
  RawClient client(server_->port());
  client.Send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  auto resolver = later_.Wait();
  std::thread stop([&] { server_->Stop(10'000); });
  EXPECT_EQ(idle.ReadAll(), "");  // closed: the server is stopping
  resolver->Resolve(JsonResponse(200, "drained"));
  std::string answer = client.ReadAll();
  stop.join();
  EXPECT_TRUE(answer.ends_with("drained")) << answer;
  EXPECT_TRUE(Contains(answer, "Connection: close\r\n")) << answer;
  EXPECT_FALSE(RawClient(server_->port()).connected());
}

TEST_F(ServerTest, StopCancelsWhatDoesNotEnd) {
  Start();
  RawClient client(server_->port());
  client.Send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  auto resolver = later_.Wait();
  server_->Stop(10);
  EXPECT_EQ(cancelled_.Wait(), true);
  EXPECT_EQ(client.ReadAll(), "");
  resolver->Resolve(JsonResponse(200, "nobody listens"));
}

TEST_F(ServerTest, TakesNoMoreConnectionsThanItMay) {
  options_.limits.max_connections = 2;
  Start();
  RawClient first(server_->port());
  RawClient second(server_->port());
  for (RawClient* client : {&first, &second}) {
    client->Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client->ReadUntil("hello");
  }
  EXPECT_EQ(RawClient(server_->port()).ReadAll(), "");
  first.Close();
  second.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(second.ReadUntil("hello").ends_with("hello"));
}

TEST_F(ServerTest, APortInUseSaysSo) {
  Start();
  ServerOptions same;
  same.port = server_->port();
  auto second = Server::Start(same, std::make_unique<Pipeline>(router_, pipeline_options_, metrics_), metrics_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message, "Cannot listen on 127.0.0.1:" + std::to_string(same.port) +
                                        ": Address already in use");
}

}  // namespace
}  // namespace ashlar::http
