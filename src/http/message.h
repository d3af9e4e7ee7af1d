// Request and Response as handlers see them, and the streams of their bodies.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ashlar::http {

// Header fields in order; names compare without case. Values never hold CR, LF or NUL.
class Headers {
 public:
  // The first value of `name`; empty when there is none.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;
  // Replaces every field of that name.
  void Set(std::string_view name, std::string_view value);
  void Add(std::string_view name, std::string_view value);
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

using Parameters = std::vector<std::pair<std::string, std::string>>;

// The first value of `name`; nullptr when there is none.
const std::string* FindParameter(const Parameters& parameters, std::string_view name);

struct Request {
  std::string method;      // "GET"
  std::string target;      // as it came: path and query, percent-encoded
  std::string path;        // the target's path as it came, without the query
  Parameters path_params;  // decoded, by the route's names; a rest parameter begins with '/'
  Parameters query;        // decoded, in order; a key may repeat
  Headers headers;
  std::string body;  // empty on routes with a sink
  std::string peer;  // "10.0.0.7:51213"
  bool tls = false;
};

// A response body made while it is sent. Called from one pool thread at a time; what it holds is
// released when it is destroyed, also when the client goes away half-way.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // The exact number of bytes, when known: sent as Content-Length, else the body goes chunked.
  virtual std::optional<uint64_t> size() const = 0;
  // Fills up to `capacity` bytes; 0 is the end. After an error the connection is cut, so that no
  // client takes a part for the whole.
  virtual Result<size_t> Read(char* out, size_t capacity) = 0;
};

struct Response {
  int status = 200;
  Headers headers;  // Content-Length, Connection, Date and the request id are added when sent
  std::string body;
  std::unique_ptr<BodySource> source;  // takes the place of `body` when set
};

Response JsonResponse(int status, std::string body);

// A request body taken piece by piece, so that no request is held in memory and no thread waits for a
// slow client. Called from one pool thread at a time. Destroyed without Finish when the client goes
// away or Write failed: what was written so far must then disappear.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual Status Write(std::string_view bytes) = 0;
  // The body is whole.
  virtual Result<Response> Finish() = 0;
};

}  // namespace ashlar::http
