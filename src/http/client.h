// Client: a blocking HTTP/1.1 client for the CLI and for tests. One connection is kept and used again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace ashlar::http {

struct ClientOptions {
  std::string base_url{};  // "https://host:port"
  std::string token{};     // sent as Bearer; empty: none
  std::string ca_file{};   // PEM; empty: the system's
  std::string user_agent = "ashlar-cli";
  int64_t connect_timeout_ms = 10'000;
  int64_t stall_timeout_ms = 60'000;  // gives up after this long without a byte
};

struct ClientRequest {
  std::string method = "GET";
  std::string target{};  // path and query, percent-encoded, e.g. "/api/2.2/jobs/list?limit=5"
  Headers headers{};
  std::string body{};
  // Takes the place of `body`: fills up to `capacity` bytes, 0 is the end. Sent chunked, or with
  // `upload_size` as Content-Length.
  std::function<Result<size_t>(char* out, size_t capacity)> upload{};
  std::optional<uint64_t> upload_size{};
  // Takes the body of a 2xx answer as it comes, in place of ClientResponse::body.
  std::function<Status(std::string_view bytes)> download{};
  // Asked at least once a second while the request is under way; false ends it with kCancelled.
  std::function<bool()> keep_going{};
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

// Not thread safe.
class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // A response of any status is a success here. Errors: kTemporarilyUnavailable when the server cannot
  // be reached or the connection breaks; kCancelled by `keep_going`; what `upload` or `download` answered.
  Result<ClientResponse> Send(ClientRequest request);
  // Send, with an answer of 400 or more turned into the Error that the server rendered.
  Result<ClientResponse> Call(ClientRequest request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ashlar::http
