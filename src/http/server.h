// Server: one port for HTTP/1.1 and gRPC.
//
// The first bytes of a connection decide, without being taken: an HTTP/2 preface, or a TLS hello that
// offers only h2, hands the socket to `on_http2`; all else is HTTP/1.1, behind TLS when a certificate
// is given (plain text is then refused). Network work runs on io threads, handlers on a pool; a slow
// client holds memory for at most one chunk of a streamed body and no thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/pipeline.h"

namespace ashlar::http {

struct ServerLimits {
  size_t max_connections = 4096;
  uint32_t max_header_bytes = 64 << 10;
  int64_t sniff_timeout_ms = 10'000;   // first bytes of a connection
  int64_t header_timeout_ms = 15'000;  // first byte of a request to the end of its head
  int64_t idle_timeout_ms = 120'000;   // between requests
  int64_t chunk_timeout_ms = 30'000;   // each 64 KiB of a body, either way
};

struct ServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;          // 0 picks a free one
  std::string tls_cert_file;  // PEM chain; empty: no TLS
  std::string tls_key_file;
  size_t io_threads = 1;
  size_t handler_threads = 16;
  ServerLimits limits;
  // Takes over the non-blocking socket; `tls`: the hello is still to be answered. Called on an io
  // thread. Unset: such connections are closed.
  std::function<void(int fd, bool tls)> on_http2;
};

class Server {
 public:
  // Binds and starts to answer. Errors: kIoError with the address; kInvalidParameterValue for an
  // unreadable certificate.
  static Result<std::unique_ptr<Server>> Start(ServerOptions options,
                                               std::unique_ptr<Pipeline> pipeline,
                                               observe::Registry& metrics);
  // Stops at once what still runs.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  uint16_t port() const;
  // Takes no more connections, lets requests in flight end for at most `deadline_ms`, cancels the
  // rest. Idempotent; not from a handler.
  void Stop(int64_t deadline_ms);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ashlar::http
