// A server with one route for each behaviour, and a client socket that sends what it is told. For the
// tests of this folder.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <string>

#include "http/client.h"
#include "http/server.h"

namespace ashlar::http {

// A value that one thread sets and another waits for, at most ten seconds.
template <typename T>
class Awaited {
 public:
  void Set(T value) {
    std::lock_guard lock(mutex_);
    value_ = std::move(value);
    set_.notify_all();
  }
  std::optional<T> Wait() {
    std::unique_lock lock(mutex_);
    set_.wait_for(lock, std::chrono::seconds(10), [this] { return value_.has_value(); });
    return value_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable set_;
  std::optional<T> value_;
};

// "Bearer admin" and "Bearer user" are known.
class TwoUsers final : public Authenticator {
 public:
  Result<Principal> Authenticate(const Request& request) override {
    std::string_view given = request.headers.Get("authorization");
    if (given == "Bearer admin") return Principal{1, "admin", false, true, {}};
    if (given == "Bearer user") return Principal{2, "user", false, false, {}};
    return MakeError(ErrorCode::kUnauthenticated, "Unknown token");
  }
};

// Bytes 'a', up to `size`; after that the end, or an error.
class CountedSource final : public BodySource {
 public:
  CountedSource(uint64_t size, bool announced, bool fails)
      : size_(size), announced_(announced), fails_(fails) {}
  std::optional<uint64_t> size() const override {
    if (announced_) return size_ + (fails_ ? 1 : 0);
    return std::nullopt;
  }
  Result<size_t> Read(char* out, size_t capacity) override {
    if (sent_ == size_ && fails_) return MakeError(ErrorCode::kIoError, "the disk is gone");
    size_t count = std::min<uint64_t>(capacity, size_ - sent_);
    std::fill_n(out, count, 'a');
    sent_ += count;
    return count;
  }

 private:
  const uint64_t size_;
  const bool announced_;
  const bool fails_;
  uint64_t sent_ = 0;
};

// Counts bytes; says by `gone` whether it was finished. Refuses a chunk that has an 'X'.
class CountingSink final : public BodySink {
 public:
  explicit CountingSink(Awaited<bool>& gone) : gone_(gone) {}
  ~CountingSink() override { gone_.Set(finished_); }
  Status Write(std::string_view bytes) override {
    if (bytes.find('X') != std::string_view::npos) return MakeError(ErrorCode::kIoError, "disk full");
    count_ += bytes.size();
    return OkStatus();
  }
  Result<Response> Finish() override {
    finished_ = true;
    return JsonResponse(200, std::to_string(count_));
  }

 private:
  Awaited<bool>& gone_;
  size_t count_ = 0;
  bool finished_ = false;
};

// A plain socket to the server. Reads give up after ten seconds.
class RawClient {
 public:
  explicit RawClient(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { Close(); }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  bool connected() const { return connected_; }
  int fd() const { return fd_; }
  void Send(std::string_view bytes) { send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  // Until `end` has come, or the other side has closed, or time is up (then "TIMEOUT" is added).
  std::string ReadUntil(std::string_view end) {
    std::string all;
    while (all.find(end) == std::string::npos) {
      pollfd wait{fd_, POLLIN, 0};
      if (poll(&wait, 1, 10'000) != 1) return all + "TIMEOUT";
      std::array<char, 4096> buffer;
      ssize_t size = recv(fd_, buffer.data(), buffer.size(), 0);
      if (size <= 0) break;
      all.append(buffer.data(), static_cast<size_t>(size));
    }
    return all;
  }
  // All there is until the other side closes.
  std::string ReadAll() { return ReadUntil(std::string_view("\0never\0", 7)); }

 private:
  int fd_;
  bool connected_ = false;
};

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    options_.limits.max_header_bytes = 4096;
    options_.handler_threads = 2;
    pipeline_options_.authenticator = &users_;
    pipeline_options_.access_log = false;
  }

  void Start() {
    AddRoutes();
    auto pipeline = std::make_unique<Pipeline>(router_, pipeline_options_, metrics_);
    Result<std::unique_ptr<Server>> server = Server::Start(options_, std::move(pipeline), metrics_);
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = *std::move(server);
  }

  void Add(std::string method, std::string path, std::string permission, Handler handler) {
    Route route;
    route.method = method;
    route.path = path;
    route.operation = "test" + path;
    route.permission = permission;
    route.max_body_bytes = 1000;
    route.handler = std::move(handler);
    router_.Add(std::move(route));
  }

  void AddRoutes() {
    Handler echo = [](const RequestContext&, Request& request) -> Deferred<Response> {
      return JsonResponse(200, request.body);
    };
    Add("POST", "/echo", "public", echo);
    Add("GET", "/hello", "public", [](const RequestContext&, Request&) -> Deferred<Response> {
      return JsonResponse(200, "hello");
    });
    Add("GET", "/user", "user", echo);
    Add("GET", "/admin", "admin", echo);
    Add("GET", "/later", "public", [this](const RequestContext&, Request&) -> Deferred<Response> {
      auto [deferred, resolver] = Deferred<Response>::Make();
      resolver.OnCancel([this] { cancelled_.Set(true); });
      later_.Set(resolver);
      return std::move(deferred);
    });
    Add("GET", "/source/{size}/{kind}", "public", [](const RequestContext&, Request& request) -> Deferred<Response> {
      Response response;
      const std::string& kind = request.path_params[1].second;
      response.source = std::make_unique<CountedSource>(std::stoull(request.path_params[0].second),
                                                        kind.starts_with("sized"), kind.ends_with("broken"));
      return response;
    });
    Route upload;
    upload.method = "PUT";
    upload.path = "/up/{path...}";
    upload.operation = "test.upload";
    upload.permission = "user";
    upload.max_body_bytes = 1 << 20;
    upload.sink = [this](const RequestContext&, Request& request) -> Result<std::unique_ptr<BodySink>> {
      if (request.path_params[0].second == "/no") return MakeError(ErrorCode::kNotFound, "no parent");
      return std::unique_ptr<BodySink>(std::make_unique<CountingSink>(sink_gone_));
    };
    router_.Add(std::move(upload));
  }

  Client MakeClient(std::string token = "") {
    return Client({.base_url = "http://127.0.0.1:" + std::to_string(server_->port()), .token = token});
  }

  // "status body" of one request.
  std::string Get(std::string target, std::string token = "") {
    ClientRequest request;
    request.target = target;
    Result<ClientResponse> response = MakeClient(token).Send(std::move(request));
    return response.ok() ? std::to_string(response->status) + " " + response->body : response.error().message;
  }

  TwoUsers users_;
  Router router_;
  observe::Registry metrics_;
  ServerOptions options_;
  PipelineOptions pipeline_options_;
  Awaited<Resolver<Response>> later_;
  Awaited<bool> cancelled_;
  Awaited<bool> sink_gone_;
  std::unique_ptr<Server> server_;
};

}  // namespace ashlar::http
