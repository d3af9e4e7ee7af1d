#include "http/server.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "base/log.h"
#include "http/connection.h"
#include "http/sniff.h"

namespace ashlar::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using AsioError = boost::system::error_code;

constexpr auto kAcceptRetry = std::chrono::milliseconds(50);
// After a forced stop, connections only have to notice that their sockets are closed.
constexpr int64_t kAbortMs = 2000;

int SelectHttp1(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned in_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* selected = nullptr;
  int result = SSL_select_next_proto(&selected, out_size, kOurs, sizeof kOurs - 1, in, in_size);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

Status ConfigureTls(const ServerOptions& options, std::optional<asio::ssl::context>& tls) {
  if (options.tls_cert_file.empty()) return OkStatus();
  tls.emplace(asio::ssl::context::tls_server);
  AsioError ec;
  auto failed = [&](const std::string& file) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "Cannot use the TLS file " + file + ": " + ec.message());
  };
  tls->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv3 |
                   asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  if (tls->use_certificate_chain_file(options.tls_cert_file, ec); ec) {
    return failed(options.tls_cert_file);
  }
  if (tls->use_private_key_file(options.tls_key_file, asio::ssl::context::pem, ec); ec) {
    return failed(options.tls_key_file);
  }
  SSL_CTX_set_alpn_select_cb(tls->native_handle(), SelectHttp1, nullptr);
  return OkStatus();
}

// Decides about one accepted socket by its first bytes, none of which it takes. SO_RCVLOWAT makes the
// kernel wake us only for more bytes than were seen, so a partial preface costs nothing.
class Sniffer final : public Connection, public std::enable_shared_from_this<Sniffer> {
 public:
  Sniffer(std::shared_ptr<ServerCore> core, tcp::socket socket)
      : core_(std::move(core)), socket_(std::move(socket)), timer_(socket_.get_executor()) {}
  ~Sniffer() override { core_->Remove(this); }

  void CloseWhenIdle() override { Abort(); }
  void Abort() override {
    asio::post(timer_.get_executor(), [self = shared_from_this()] { self->Close(); });
  }

  void Start() {
    timer_.expires_after(std::chrono::milliseconds(core_->options.limits.sniff_timeout_ms));
    timer_.async_wait([self = shared_from_this()](AsioError ec) {
      if (!ec) self->Close();
    });
    Wait();
  }

 private:
  void Wait() {
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](AsioError ec) {
      ec ? self->Close() : self->Look();
    });
  }

  void Look() {
    bytes_.resize(kSniffBytes);
    ssize_t size = recv(socket_.native_handle(), bytes_.data(), bytes_.size(), MSG_PEEK | MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return Wait();
    // No more bytes than last time although awake: the other side has ended.
    if (size <= 0 || static_cast<size_t>(size) == seen_) return Close();
    seen_ = static_cast<size_t>(size);
    Protocol protocol = Sniff(std::span(bytes_.data(), seen_));
    SetLowWater(protocol == Protocol::kUndecided ? static_cast<int>(seen_ + 1) : 1);
    protocol == Protocol::kUndecided ? Wait() : Decide(protocol);
  }

  void SetLowWater(int bytes) {
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
  }

  void Decide(Protocol protocol) {
    timer_.cancel();
    core_->Remove(this);
    bool with_tls = core_->tls.has_value();
    bool encrypted = protocol == Protocol::kTls || protocol == Protocol::kTlsHttp2;
    if (encrypted && !with_tls) return Close();
    if (!encrypted && with_tls) return RefusePlain();
    if (protocol == Protocol::kHttp2 || protocol == Protocol::kTlsHttp2) return HandOver(encrypted);
    StartConnection(core_, std::move(socket_), encrypted);
  }

  void HandOver(bool encrypted) {
    if (!core_->options.on_http2) return Close();
    AsioError ec;
    socket_.non_blocking(true, ec);
    int fd = socket_.release(ec);
    if (!ec) core_->options.on_http2(fd, encrypted);
  }

  // A token sent in the clear is already lost; say why nothing works.
  void RefusePlain() {
    static constexpr std::string_view kBody =
        R"({"error_code":"BAD_REQUEST","message":"This port speaks HTTPS: use https://"})";
    std::string answer = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: " +
                         std::to_string(kBody.size()) + "\r\nConnection: close\r\n\r\n" +
                         std::string(kBody);
    send(socket_.native_handle(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    // Unread bytes would make closing reset the connection before the answer is seen.
    while (recv(socket_.native_handle(), bytes_.data(), bytes_.size(), MSG_DONTWAIT) > 0) {
    }
    Close();
  }

  void Close() {
    timer_.cancel();
    AsioError ignored;
    socket_.close(ignored);
    core_->Remove(this);
  }

  const std::shared_ptr<ServerCore> core_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  std::vector<unsigned char> bytes_;
  size_t seen_ = 0;
};

}  // namespace

ServerCore::ServerCore(ServerOptions o, std::unique_ptr<Pipeline> p, observe::Registry& metrics)
    : options(std::move(o)),
      pipeline(std::move(p)),
      open_connections(metrics.AddGauge("ashlar_http_connections", "Open HTTP/1.1 connections.")),
      pool_(std::make_unique<ThreadPool>(options.handler_threads)) {}

bool ServerCore::Add(const std::shared_ptr<Connection>& connection) {
  std::lock_guard lock(mutex_);
  if (stopping || connections_.size() >= options.limits.max_connections) return false;
  connections_.emplace(connection.get(), connection);
  open_connections.Set(static_cast<int64_t>(connections_.size()));
  return true;
}

void ServerCore::Remove(Connection* connection) {
  std::lock_guard lock(mutex_);
  connections_.erase(connection);
  open_connections.Set(static_cast<int64_t>(connections_.size()));
  if (connections_.empty()) none_.notify_all();
}

std::vector<std::shared_ptr<Connection>> ServerCore::All() {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Connection>> out;
  for (const auto& [raw, weak] : connections_) {
    if (auto connection = weak.lock()) out.push_back(std::move(connection));
  }
  return out;
}

bool ServerCore::WaitUntilNone(int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  return none_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                        [this] { return connections_.empty(); });
}

void ServerCore::Submit(std::function<void()> task) {
  std::lock_guard lock(mutex_);
  if (pool_) pool_->Submit(std::move(task));
}

void ServerCore::JoinPool() {
  std::unique_ptr<ThreadPool> pool;
  {
    std::lock_guard lock(mutex_);
    pool = std::move(pool_);
  }
}

class Server::Impl {
 public:
  Impl(ServerOptions options, std::unique_ptr<Pipeline> pipeline, observe::Registry& metrics)
      : core_(std::make_shared<ServerCore>(std::move(options), std::move(pipeline), metrics)),
        work_(asio::make_work_guard(core_->io)),
        acceptor_(asio::make_strand(core_->io)),
        retry_(acceptor_.get_executor()) {}
  ~Impl() { Stop(0); }

  Status Start() {
    RETURN_IF_ERROR(ConfigureTls(core_->options, core_->tls));
    RETURN_IF_ERROR(Bind());
    asio::post(acceptor_.get_executor(), [this] { Accept(); });
    for (size_t i = 0; i < core_->options.io_threads; ++i) {
      threads_.emplace_back([this] { core_->io.run(); });
    }
    return OkStatus();
  }

  uint16_t port() const { return port_; }

  void Stop(int64_t deadline_ms) {
    if (std::exchange(stopped_, true)) return;
    core_->stopping = true;
    asio::post(acceptor_.get_executor(), [this] {
      AsioError ignored;
      acceptor_.close(ignored);
      retry_.cancel();
    });
    for (const auto& connection : core_->All()) connection->CloseWhenIdle();
    bool none = threads_.empty() || core_->WaitUntilNone(deadline_ms);
    if (!none) {
      for (const auto& connection : core_->All()) connection->Abort();
      none = core_->WaitUntilNone(kAbortMs);
    }
    core_->JoinPool();
    work_.reset();
    if (!none) core_->io.stop();
    for (std::thread& thread : threads_) thread.join();
    core_->ended = true;
  }

 private:
  Status Bind() {
    const std::string address = core_->options.host + ":" + std::to_string(core_->options.port);
    AsioError ec;
    auto failed = [&] {
      return MakeError(ErrorCode::kIoError, "Cannot listen on " + address + ": " + ec.message());
    };
    asio::ip::tcp::resolver resolver(core_->io);
    auto found = resolver.resolve(core_->options.host, std::to_string(core_->options.port),
                                  tcp::resolver::passive, ec);
    if (ec) return failed();
    tcp::endpoint endpoint = *found.begin();
    if (acceptor_.open(endpoint.protocol(), ec); ec) return failed();
    acceptor_.set_option(tcp::acceptor::reuse_address(true), ec);
    if (acceptor_.bind(endpoint, ec); ec) return failed();
    if (acceptor_.listen(asio::socket_base::max_listen_connections, ec); ec) return failed();
    port_ = acceptor_.local_endpoint(ec).port();
    return OkStatus();
  }

  void Accept() {
    acceptor_.async_accept(asio::make_strand(core_->io), [this](AsioError ec, tcp::socket socket) {
      if (ec == asio::error::operation_aborted || !acceptor_.is_open()) return;
      if (!ec) {
        AsioError ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        auto sniffer = std::make_shared<Sniffer>(core_, std::move(socket));
        if (core_->Add(sniffer)) sniffer->Start();
        return Accept();
      }
      // Out of descriptors, mostly: those waiting are taken once some are free again.
      Log(LogLevel::kWarn, "cannot accept a connection", {{"error", ec.message()}});
      retry_.expires_after(kAcceptRetry);
      retry_.async_wait([this](AsioError stopped) {
        if (!stopped) Accept();
      });
    });
  }

  const std::shared_ptr<ServerCore> core_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  uint16_t port_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::Start(ServerOptions options,
                                              std::unique_ptr<Pipeline> pipeline,
                                              observe::Registry& metrics) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(pipeline), metrics);
  RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

uint16_t Server::port() const { return impl_->port(); }
void Server::Stop(int64_t deadline_ms) { impl_->Stop(deadline_ms); }

}  // namespace ashlar::http
