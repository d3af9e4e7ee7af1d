#include "http/connection.h"

#include <sys/socket.h>

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <ctime>

namespace ashlar::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using BeastError = beast::error_code;
using PlainStream = beast::tcp_stream;
using TlsStream = asio::ssl::stream<beast::tcp_stream>;

constexpr size_t kChunkBytes = 64 << 10;
// Bodies up to this are read before the caller is authenticated: it saves a thread switch.
constexpr uint64_t kUnauthenticatedBodyBytes = 64 << 10;
// A refused upload is read on for a while, so that the client gets to see the answer.
constexpr size_t kDrainBytes = 4 << 20;
constexpr auto kDrainTime = std::chrono::seconds(2);
constexpr int kClientClosedRequest = 499;
constexpr unsigned char kTlsAlert = 0x15;

std::string HttpDate(std::time_t now) {
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 40> text;
  size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return std::string(text.data(), size);
}

bool HasNoBody(int status) { return status < 200 || status == 204 || status == 304; }

// One connection: AwaitRequest → ReadHead → Admit → ReadBody → Dispatch → Respond → AwaitRequest.
// All members belong to the socket's strand; pool threads post back to it.
template <typename Stream>
class HttpConnection final : public Connection,
                             public std::enable_shared_from_this<HttpConnection<Stream>> {
 public:
  HttpConnection(std::shared_ptr<ServerCore> core, Stream stream, std::string peer)
      : core_(std::move(core)),
        stream_(std::move(stream)),
        deadline_(stream_.get_executor()),
        peer_(std::move(peer)) {}
  ~HttpConnection() override { core_->Remove(this); }

  void Start() {
    OnStrand([self = Self()] { self->ShakeHands(); });
  }


  void CloseWhenIdle() override {
    OnStrand([self = Self()] {
      if (self->phase_ == Phase::kIdle) self->Close();
    });
  }

  void Abort() override {
    OnStrand([self = Self()] {
      if (self->phase_ == Phase::kHandling) self->CancelWork();
      self->Close();
    });
  }

 private:
  static constexpr bool kEncrypted = std::is_same_v<Stream, TlsStream>;
  enum class Phase { kIdle, kReading, kHandling, kWriting, kClosed };

  std::shared_ptr<HttpConnection> Self() { return this->shared_from_this(); }
  const ServerLimits& limits() const { return core_->options.limits; }
  const Pipeline& pipeline() const { return *core_->pipeline; }
  tcp::socket& Socket() { return beast::get_lowest_layer(stream_).socket(); }
  void ExpireAfter(int64_t ms) {
    beast::get_lowest_layer(stream_).expires_after(std::chrono::milliseconds(ms));
  }
  void OnStrand(std::function<void()> task) {
    if (!core_->ended) asio::post(stream_.get_executor(), std::move(task));
  }

  // One type of handler and of buffers: asio compiles each of its operations anew for every other one.
  using Handler = std::function<void(BeastError, size_t)>;
  void ReadSome(asio::mutable_buffer into, Handler done) { stream_.async_read_some(into, std::move(done)); }
  void Write(std::string_view head, std::string_view body, std::string_view tail, Handler done) {
    auto buffer = [](std::string_view bytes) { return asio::buffer(bytes.data(), bytes.size()); };
    std::array<asio::const_buffer, 3> buffers = {buffer(head), buffer(body), buffer(tail)};
    asio::async_write(stream_, buffers, std::move(done));
  }

  void ShakeHands() {
    if constexpr (kEncrypted) {
      ExpireAfter(limits().header_timeout_ms);
      stream_.async_handshake(asio::ssl::stream_base::server, [self = Self()](BeastError ec) {
        ec ? self->Close() : self->AwaitRequest();
      });
    } else {
      AwaitRequest();
    }
  }

  void AwaitRequest() {
    if (core_->stopping) return Close();
    phase_ = Phase::kIdle;
    if (buffer_.size() > 0) return ReadHead();
    ExpireAfter(limits().idle_timeout_ms);
    ReadSome(buffer_.prepare(4096), [self = Self()](BeastError ec, size_t size) {
      if (ec) return self->Close();
      self->buffer_.commit(size);
      self->ReadHead();
    });
  }

  void ReadHead() {
    phase_ = Phase::kReading;
    ++turn_;
    admitted_ = false;
    body_bytes_ = 0;
    sink_.reset();
    parser_.emplace();
    parser_->header_limit(limits().max_header_bytes);
    parser_->body_limit(boost::none);  // counted in OnBodyChunk, by the route's own limit
    ExpireAfter(limits().header_timeout_ms);
    beast::http::async_read_header(stream_, buffer_, *parser_,
                                   Handler([self = Self()](BeastError ec, size_t) { self->OnHead(ec); }));
  }

  void OnHead(BeastError ec) {
    bool http_error = ec && ec.category() == make_error_code(beast::http::error::bad_method).category();
    if (ec && (!http_error || ec == beast::http::error::end_of_stream ||
               ec == beast::http::error::partial_message)) {
      return Close();
    }
    exchange_ = pipeline().Begin(http_error ? Request{} : TakeHead());
    if (http_error) {
      bool too_large = ec == beast::http::error::header_limit;
      return RefuseAs(too_large ? 431 : 400,
                      MakeError(ErrorCode::kMalformedRequest,
                                too_large ? "The request head exceeds " +
                                                std::to_string(limits().max_header_bytes) + " bytes"
                                          : "Not an HTTP request: " + ec.message()));
    }
    if (exchange_->refusal) return Refuse(*exchange_->refusal);
    uint64_t announced = parser_->content_length().value_or(0);
    if (announced > exchange_->route->max_body_bytes) return RefuseBody();
    bool continues = exchange_->request.headers.Has("expect");
    bool long_body = parser_->chunked() || continues || announced > kUnauthenticatedBodyBytes;
    if (exchange_->route->sink || (long_body && !parser_->is_done())) return AdmitFirst();
    ReadBody();
  }

  Request TakeHead() {
    Request request;
    const auto& head = parser_->get();
    request.method = head.method_string();
    request.target = head.target();
    // The absolute form that proxies are sent.
    size_t scheme = request.target.starts_with('/') ? std::string::npos : request.target.find("://");
    if (scheme != std::string::npos) {
      size_t path = request.target.find('/', scheme + 3);
      request.target = path == std::string::npos ? "/" : request.target.substr(path);
    }
    for (const auto& field : head) {
      request.headers.Add(std::string_view(field.name_string()), std::string_view(field.value()));
    }
    request.peer = peer_;
    request.tls = kEncrypted;
    return request;
  }

  // Before a long body: nobody unknown gets to send one.
  void AdmitFirst() {
    core_->Submit([self = Self(), exchange = exchange_] {
      Status admitted = self->pipeline().Admit(*exchange);
      Result<std::unique_ptr<BodySink>> sink = std::unique_ptr<BodySink>();
      if (admitted.ok() && exchange->route->sink) {
        sink = exchange->route->sink(exchange->context, exchange->request);
      }
      std::optional<Error> refusal;
      if (!admitted.ok()) refusal = admitted.error();
      if (!sink.ok()) refusal = sink.error();
      std::shared_ptr<BodySink> opened = refusal ? nullptr : *std::move(sink);
      self->OnStrand([self, refusal = std::move(refusal), opened] { self->OnAdmitted(refusal, opened); });
    });
  }

  void OnAdmitted(const std::optional<Error>& refusal, std::shared_ptr<BodySink> sink) {
    if (phase_ == Phase::kClosed) return core_->Submit([s = std::move(sink)] {});
    if (refusal) return Refuse(*refusal);
    admitted_ = true;
    sink_ = std::move(sink);
    if (parser_->is_done() || !exchange_->request.headers.Has("expect")) return ReadBody();
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    ExpireAfter(limits().chunk_timeout_ms);
    Write(kContinue, {}, {}, [self = Self()](BeastError ec, size_t) {
      ec ? self->GiveUp() : self->ReadBody();
    });
  }

  void ReadBody() {
    if (parser_->is_done()) return sink_ ? FinishSink() : Dispatch();
    chunk_.resize(kChunkBytes);
    parser_->get().body().data = chunk_.data();
    parser_->get().body().size = chunk_.size();
    ExpireAfter(limits().chunk_timeout_ms);
    beast::http::async_read(stream_, buffer_, *parser_,
                            Handler([self = Self()](BeastError ec, size_t) { self->OnBodyChunk(ec); }));
  }

  void OnBodyChunk(BeastError ec) {
    if (ec && ec != beast::http::error::need_buffer) {
      bool malformed = ec.category() == make_error_code(beast::http::error::bad_method).category() &&
                       ec != beast::http::error::end_of_stream &&
                       ec != beast::http::error::partial_message;
      if (!malformed) return GiveUp();
      return RefuseAs(400, MakeError(ErrorCode::kMalformedRequest,
                                     "Malformed request body: " + ec.message()));
    }
    size_t size = chunk_.size() - parser_->get().body().size;
    body_bytes_ += size;
    if (body_bytes_ > exchange_->route->max_body_bytes) return RefuseBody();
    if (!sink_) {
      exchange_->request.body.append(chunk_.data(), size);
      return ReadBody();
    }
    core_->Submit([self = Self(), size] {
      Status written = self->sink_->Write(std::string_view(self->chunk_.data(), size));
      self->OnStrand([self, written = std::move(written)] {
        if (self->phase_ == Phase::kClosed) return self->DropSink();
        written.ok() ? self->ReadBody() : self->Refuse(written.error());
      });
    });
  }

  void FinishSink() {
    core_->Submit([self = Self()] {
      auto result = std::make_shared<Result<Response>>(self->sink_->Finish());
      self->sink_.reset();
      self->OnStrand([self, result] {
        if (self->phase_ == Phase::kClosed) return;
        self->Respond(result->ok() ? std::move(**result)
                                   : self->pipeline().Refuse(*self->exchange_, result->error()));
      });
    });
  }

  // Sinks delete what they wrote: not on a network thread.
  void DropSink() {
    if (sink_) core_->Submit([s = std::move(sink_)] {});
  }

  void Dispatch() {
    phase_ = Phase::kHandling;
    beast::get_lowest_layer(stream_).expires_never();
    WatchForClose();
    WatchDeadline();
    core_->Submit([self = Self(), exchange = exchange_, turn = turn_, admitted = admitted_] {
      Status status = admitted ? OkStatus() : self->pipeline().Admit(*exchange);
      auto done = [self, turn](Response response) {
        self->OnStrand([self, turn, held = std::make_shared<Response>(std::move(response))] {
          if (turn == self->turn_ && self->phase_ == Phase::kHandling) self->Respond(std::move(*held));
        });
      };
      if (!status.ok()) return done(self->pipeline().Refuse(*exchange, status.error()));
      std::function<void()> cancel = self->pipeline().Run(exchange, std::move(done));
      self->OnStrand([self, turn, cancel = std::move(cancel)] {
        // Too late when the client left while the handler was starting: cancel what it started.
        bool waiting = turn == self->turn_ && self->phase_ == Phase::kHandling;
        waiting ? void(self->cancel_ = cancel) : self->core_->Submit(cancel);
      });
    });
  }

  // Nothing is to be read while a request is handled, except the end of the stream.
  void WatchForClose() {
    Socket().async_wait(tcp::socket::wait_read, [self = Self(), turn = turn_](BeastError ec) {
      if (ec || turn != self->turn_ || self->phase_ != Phase::kHandling) return;
      unsigned char first = 0;
      ssize_t size = recv(self->Socket().native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
      bool gone = size == 0 || (size < 0 && errno != EAGAIN) ||
                  (size == 1 && kEncrypted && first == kTlsAlert);
      if (!gone) return;
      self->CancelWork();
      self->GiveUp();
    });
  }

  void WatchDeadline() {
    int64_t left_ns = exchange_->context.deadline_ns - pipeline().clock().MonotonicNanos();
    deadline_.expires_after(std::chrono::nanoseconds(left_ns));
    deadline_.async_wait([self = Self(), turn = turn_](BeastError ec) {
      if (ec || turn != self->turn_ || self->phase_ != Phase::kHandling) return;
      self->CancelWork();
      self->Refuse(MakeError(ErrorCode::kDeadlineExceeded, "The request took too long"));
    });
  }

  // Handlers' own code must not run on a network thread.
  void CancelWork() {
    core_->Submit([exchange = exchange_, cancel = std::move(cancel_)] {
      exchange->stop.request_stop();
      if (cancel) cancel();
    });
    cancel_ = nullptr;
  }

  void Refuse(const Error& error) { Respond(pipeline().Refuse(*exchange_, error)); }

  void RefuseAs(int status, const Error& error) {
    Response response = pipeline().Refuse(*exchange_, error);
    response.status = status;
    Respond(std::move(response));
  }

  void RefuseBody() {
    RefuseAs(413, MakeError(ErrorCode::kInvalidParameterValue,
                            "The request body exceeds " +
                                std::to_string(exchange_->route->max_body_bytes) + " bytes"));
  }

  void Respond(Response response) {
    phase_ = Phase::kWriting;
    deadline_.cancel();
    cancel_ = nullptr;
    DropSink();
    response_ = std::move(response);
    pipeline().Complete(*exchange_, response_);
    bool read_all = parser_->is_done();
    keep_alive_ = read_all && parser_->keep_alive() && !core_->stopping && response_.status != 413;
    std::optional<uint64_t> size = response_.body.size();
    if (response_.source) size = response_.source->size();
    chunked_ = !size && parser_->get().version() >= 11;
    if (!size && !chunked_) keep_alive_ = false;
    head_ = HeadText(size);
    sent_ = 0;
    bool bodiless = HasNoBody(response_.status) || exchange_->request.method == "HEAD";
    if (bodiless) {
      response_.body.clear();
      DropSource();
    }
    ExpireAfter(limits().chunk_timeout_ms);
    size_t first = std::min(response_.body.size(), kChunkBytes);
    Write(head_, {response_.body.data(), first}, {}, [self = Self(), first](BeastError ec, size_t) {
      self->sent_ = first;
      ec ? self->GiveUp() : self->WriteMore();
    });
  }

  std::string HeadText(std::optional<uint64_t> size) const {
    auto reason = beast::http::obsolete_reason(static_cast<beast::http::status>(response_.status));
    std::string head = "HTTP/1.1 " + std::to_string(response_.status) + " " + std::string(reason) + "\r\n";
    for (const auto& [name, value] : response_.headers.all()) head += name + ": " + value + "\r\n";
    head += "Date: " + HttpDate(pipeline().clock().NowMs() / 1000) + "\r\n";
    if (!HasNoBody(response_.status)) {
      // A HEAD handler may know the size of what it does not send.
      if (response_.headers.Has("content-length")) {
        CHECK(exchange_->request.method == "HEAD") << "Content-Length is counted here";
      } else if (size) {
        head += "Content-Length: " + std::to_string(*size) + "\r\n";
      } else if (chunked_) {
        head += "Transfer-Encoding: chunked\r\n";
      }
    }
    head += keep_alive_ ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
    return head;
  }

  void WriteMore() {
    if (phase_ == Phase::kClosed) return;
    if (response_.source) return PullSource();
    if (sent_ == response_.body.size()) return OnSent();
    size_t size = std::min(response_.body.size() - sent_, kChunkBytes);
    ExpireAfter(limits().chunk_timeout_ms);
    Write({}, {response_.body.data() + sent_, size}, {}, [self = Self(), size](BeastError ec, size_t) {
      self->sent_ += size;
      ec ? self->GiveUp() : self->WriteMore();
    });
  }

  void PullSource() {
    chunk_.resize(kChunkBytes);
    core_->Submit([self = Self()] {
      Result<size_t> size = self->response_.source->Read(self->chunk_.data(), self->chunk_.size());
      self->OnStrand([self, size = std::move(size)] { self->OnPulled(size); });
    });
  }

  void OnPulled(const Result<size_t>& size) {
    if (phase_ == Phase::kClosed) return DropSource();
    if (!size.ok()) {
      pipeline().Refuse(*exchange_, size.error());  // logged only: the head is out already
      return GiveUp();
    }
    bool end = *size == 0;
    std::optional<uint64_t> promised = response_.source->size();
    if (end && promised && *promised != sent_) return GiveUp();
    sent_ += *size;
    head_.clear();
    if (chunked_) {
      std::array<char, 20> hex;
      auto [to, error] = std::to_chars(hex.data(), hex.data() + hex.size(), *size, 16);
      head_ = std::string(hex.data(), to) + "\r\n";
    }
    if (end) DropSource();
    ExpireAfter(limits().chunk_timeout_ms);
    Write(head_, {chunk_.data(), *size}, chunked_ ? "\r\n" : "", [self = Self(), end](BeastError ec, size_t) {
      if (ec) return self->GiveUp();
      end ? self->OnSent() : self->PullSource();
    });
  }

  void DropSource() {
    if (response_.source) {
      core_->Submit([source = std::shared_ptr(std::move(response_.source))] {});
    }
  }

  void OnSent() {
    if (phase_ == Phase::kClosed) return;
    FinishExchange(response_.status);
    response_ = {};
    if (keep_alive_) return AwaitRequest();
    if (parser_->is_done()) return ShutDown();
    BeastError ignored;
    if constexpr (!kEncrypted) Socket().shutdown(tcp::socket::shutdown_send, ignored);
    beast::get_lowest_layer(stream_).expires_after(kDrainTime);
    Drain(0);
  }

  void Drain(size_t drained) {
    chunk_.resize(kChunkBytes);
    ReadSome(asio::buffer(chunk_), [self = Self(), drained](BeastError ec, size_t size) {
      if (ec || drained + size > kDrainBytes) return self->Close();
      self->Drain(drained + size);
    });
  }

  void ShutDown() {
    if constexpr (kEncrypted) {
      beast::get_lowest_layer(stream_).expires_after(kDrainTime);
      stream_.async_shutdown([self = Self()](BeastError) { self->Close(); });
    } else {
      Close();
    }
  }

  // The client is gone or too slow.
  void GiveUp() {
    if (phase_ == Phase::kClosed) return;
    DropSink();
    FinishExchange(kClientClosedRequest);
    Close();
  }

  void FinishExchange(int status) {
    if (!exchange_) return;
    uint64_t bytes = sent_;
    // Audit sinks may write to disk.
    core_->Submit([self = Self(), exchange = std::move(exchange_), status, bytes] {
      self->pipeline().Finish(*exchange, status, bytes);
    });
    exchange_.reset();
  }

  void Close() {
    if (phase_ == Phase::kClosed) return;
    phase_ = Phase::kClosed;
    deadline_.cancel();
    beast::get_lowest_layer(stream_).close();
    core_->Remove(this);
  }

  const std::shared_ptr<ServerCore> core_;
  Stream stream_;
  asio::steady_timer deadline_;
  const std::string peer_;
  Phase phase_ = Phase::kIdle;
  uint64_t turn_ = 0;  // counts requests: what comes back late is told from what is awaited

  beast::flat_buffer buffer_;
  std::optional<beast::http::request_parser<beast::http::buffer_body>> parser_;
  std::vector<char> chunk_;
  std::shared_ptr<Exchange> exchange_;
  bool admitted_ = false;
  uint64_t body_bytes_ = 0;
  std::shared_ptr<BodySink> sink_;
  std::function<void()> cancel_;

  Response response_;
  std::string head_;
  uint64_t sent_ = 0;
  bool keep_alive_ = false;
  bool chunked_ = false;
};

}  // namespace

void StartConnection(const std::shared_ptr<ServerCore>& core, tcp::socket socket, bool encrypted) {
  BeastError ec;
  auto endpoint = socket.remote_endpoint(ec);
  std::string peer = ec ? "" : endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
  auto start = [&](auto connection) {
    if (core->Add(connection)) connection->Start();
  };
  if (encrypted) {
    start(std::make_shared<HttpConnection<TlsStream>>(
        core, TlsStream(beast::tcp_stream(std::move(socket)), *core->tls), peer));
  } else {
    start(std::make_shared<HttpConnection<PlainStream>>(
        core, PlainStream(std::move(socket)), peer));
  }
}

}  // namespace ashlar::http
