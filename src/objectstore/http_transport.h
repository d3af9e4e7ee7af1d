// HttpTransport: one HTTP exchange with an object store's service. What retries and what signs stands
// above it, so that tests put a scripted one in its place.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ashlar::objectstore {

struct HttpRequest {
  std::string method = "GET";
  std::string origin{};  // "https://host:port"
  std::string path{};    // percent-encoded, begins with '/'
  std::vector<std::pair<std::string, std::string>> query{};  // plain text
  std::map<std::string, std::string> headers{};              // names in lower case
  std::string body{};
  bool operator==(const HttpRequest&) const = default;
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers{};  // names in lower case
  std::string body{};

  // Empty when the header is missing.
  std::string Header(const std::string& name) const;
};

// "a=1&b=%20", by name and then value, as signatures want it.
std::string EncodeQuery(const std::vector<std::pair<std::string, std::string>>& query);

// Thread safe.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  // An answer of any status is a success. Errors: kTemporarilyUnavailable when the request never left
  // this machine, so it did nothing; kIoError when the answer is missing or cut short, so that what it
  // did is unknown.
  virtual Result<HttpResponse> Send(const HttpRequest& request) = 0;
};

struct TransportOptions {
  std::string ca_file{};  // PEM; empty: the system's
  int64_t connect_timeout_ms = 10'000;
  int64_t stall_timeout_s = 30;  // gives up after this long without a byte
};

// By libcurl, HTTP/1.1, connections kept and used again.
std::unique_ptr<HttpTransport> MakeCurlTransport(TransportOptions options);

}  // namespace ashlar::objectstore
