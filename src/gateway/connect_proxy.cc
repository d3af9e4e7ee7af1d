#include "gateway/connect_proxy.h"

#include <grpcpp/alarm.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

namespace ashlar::gateway {
namespace {

using Acceptor = grpc::experimental::ExternalConnectionAcceptor;
constexpr std::string_view kServicePrefix = "/spark.connect.SparkConnectService/";
// What a client needs to bring work that runs to its end; all else begins new work.
constexpr std::array<std::string_view, 6> kMethodsOfRunningWork = {"Config",    "ReattachExecute", "ReleaseExecute",
                                                                   "Interrupt", "ReleaseSession",  "FetchErrorDetails"};
// For the status of a call that was cut short to reach its client.
constexpr int64_t kLastWordsMs = 1000;
// A client that has its rows asks for the session's settings before it shows them.
constexpr std::chrono::milliseconds kQuiet{1000};

gpr_timespec In(int64_t ms) {
  return gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_millis(ms, GPR_TIMESPAN));
}

// Not UNAVAILABLE: clients repeat that for minutes, and what this call ran in ends with the server.
grpc::Status CutShort() {
  return {grpc::StatusCode::ABORTED, "The server is shutting down and could not wait longer for this call. "
                                     "Nothing it had not committed counts."};
}

grpc::Status ToGrpc(const Error& error) {
  grpc::StatusCode code = grpc::StatusCode::INTERNAL;
  switch (error.code) {
    case ErrorCode::kUnauthenticated: code = grpc::StatusCode::UNAUTHENTICATED; break;
    case ErrorCode::kPermissionDenied: code = grpc::StatusCode::PERMISSION_DENIED; break;
    case ErrorCode::kNotFound:
    case ErrorCode::kResourceDoesNotExist: code = grpc::StatusCode::NOT_FOUND; break;
    case ErrorCode::kInvalidParameterValue:
    case ErrorCode::kBadRequest: code = grpc::StatusCode::INVALID_ARGUMENT; break;
    case ErrorCode::kTemporarilyUnavailable: code = grpc::StatusCode::UNAVAILABLE; break;
    case ErrorCode::kNotImplemented: code = grpc::StatusCode::UNIMPLEMENTED; break;
    default: break;
  }
  return grpc::Status(code, error.message);
}

// Channels to drivers, by socket.
class Stubs {
 public:
  std::shared_ptr<grpc::GenericStub> Get(const std::string& socket) {
    std::lock_guard lock(mutex_);
    std::shared_ptr<grpc::GenericStub>& stub = stubs_[socket];
    if (!stub) {
      grpc::ChannelArguments arguments;
      arguments.SetMaxReceiveMessageSize(-1);
      arguments.SetMaxSendMessageSize(-1);
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
      stub = std::make_shared<grpc::GenericStub>(
          grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments));
    }
    return stub;
  }
  void Forget(const std::string& socket) {
    std::lock_guard lock(mutex_);
    stubs_.erase(socket);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<grpc::GenericStub>> stubs_;
};

// How many calls run, and since when none does. Thread safe.
class RunningCalls {
 public:
  void Begin() {
    std::lock_guard lock(mutex_);
    ++count_;
  }
  void End() {
    std::lock_guard lock(mutex_);
    --count_;
    ended_ = std::chrono::steady_clock::now();
    changed_.notify_all();
  }
  // Until none has run for kQuiet, or for at most `deadline_ms`.
  void AwaitQuiet(int64_t deadline_ms) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(deadline_ms);
    std::unique_lock lock(mutex_);
    while (true) {
      auto now = std::chrono::steady_clock::now();
      auto until = count_ > 0 ? deadline : std::min(deadline, ended_ + kQuiet);
      if (now >= until) return;
      changed_.wait_until(lock, until);
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
  std::chrono::steady_clock::time_point ended_{};
};

class Call;

struct Shared {
  grpc::AsyncGenericService service;
  // Shut down once there are no calls: gRPC aborts when anything is started on it after that.
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  ConnectRouter router;
  Stubs stubs;
  std::set<Call*> calls;  // all there are; the polling thread's
  RunningCalls running;
  std::atomic<bool> stopped = false;
};

// One call from its request to its end. All events arrive on the one thread that polls the queue, so
// there is no lock; it deletes itself when nothing is outstanding.
class Call {
 public:
  enum Event { kNew, kRouted, kStarted, kServerRead, kServerWrite, kServerFinish, kClientRead,
               kClientWrite, kClientWritesDone, kClientFinish, kDone, kEventCount };
  struct Tag {
    Call* call;
    Event event;
  };

  explicit Call(Shared& shared) : shared_(shared) {
    shared_.calls.insert(this);
    for (int i = 0; i < kEventCount; ++i) tags_[static_cast<size_t>(i)] = {this, static_cast<Event>(i)};
    server_context_.AsyncNotifyWhenDone(&tags_[kDone]);
    shared_.service.RequestCall(&server_context_, &server_stream_, shared_.queue.get(), shared_.queue.get(),
                                Expect(kNew));
  }
  ~Call() {
    shared_.calls.erase(this);
    if (begun_) shared_.running.End();
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  void On(Event event, bool ok) {
    --outstanding_;
    if (event == kNew && !ok) {
      delete this;  // the server stops; no kDone comes for a call that never was
      return;
    }
    Dispatch(event, ok);
    if (finishing_ && outstanding_ == 0) delete this;
  }

  // Ends the call with a status of ours, unless it has just ended by itself.
  void Cut() {
    if (!begun_ || finishing_) return;
    cut_ = true;
    if (client_stream_) {
      client_context_.TryCancel();
    } else {
      GiveUpRouting(CutShort());
    }
  }

 private:
  // Between a call and its router's answer, which comes on any thread, perhaps after the call's end.
  struct Routing {
    std::mutex mutex;
    Call* call = nullptr;  // null: answered, or nobody waits any more
  };

  void* Expect(Event event) {
    ++outstanding_;
    return &tags_[event];
  }

  void Dispatch(Event event, bool ok) {
    switch (event) {
      case kNew:
        ++outstanding_;  // kDone
        begun_ = true;
        shared_.running.Begin();
        new Call(shared_);
        Route();
        break;
      case kRouted:
        if (!finishing_) Forward();
        break;
      case kStarted:
        if (!ok) {
          FinishClient();
          break;
        }
        server_stream_.Read(&from_client_, Expect(kServerRead));
        client_stream_->Read(&from_driver_, Expect(kClientRead));
        break;
      case kServerRead:
        if (ok) {
          client_stream_->Write(from_client_, Expect(kClientWrite));
        } else if (!client_finishing_) {
          client_stream_->WritesDone(Expect(kClientWritesDone));
        }
        break;
      case kClientWrite:
        if (ok) server_stream_.Read(&from_client_, Expect(kServerRead));
        break;
      case kClientRead: OnClientRead(ok); break;
      case kServerWrite:
        if (ok) {
          client_stream_->Read(&from_driver_, Expect(kClientRead));
        } else {
          client_context_.TryCancel();
          FinishClient();
        }
        break;
      case kClientFinish: OnClientFinish(); break;
      case kDone:
        if (!server_context_.IsCancelled()) break;
        if (client_stream_) {
          client_context_.TryCancel();
        } else if (!finishing_) {
          GiveUpRouting(grpc::Status::CANCELLED);
        }
        break;
      case kClientWritesDone:
      case kServerFinish:
      case kEventCount: break;
    }
  }

  void Route() {
    if (!server_context_.method().starts_with(kServicePrefix)) {
      Refuse(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "unknown service " + server_context_.method()));
      return;
    }
    std::string_view method = std::string_view(server_context_.method()).substr(kServicePrefix.size());
    if (shared_.stopped && std::ranges::find(kMethodsOfRunningWork, method) == kMethodsOfRunningWork.end()) {
      Refuse(grpc::Status(grpc::StatusCode::UNAVAILABLE, "The server is shutting down."));
      return;
    }
    CallMetadata metadata;
    for (const auto& [name, value] : server_context_.client_metadata()) {
      metadata.emplace(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
    }
    ++outstanding_;  // kRouted, set by the alarm below
    routing_ = std::make_shared<Routing>();
    routing_->call = this;
    shared_.router(metadata, [routing = routing_](Result<ConnectTarget> target) {
      std::lock_guard lock(routing->mutex);
      if (Call* call = std::exchange(routing->call, nullptr)) call->OnTarget(std::move(target));
    });
  }

  // Another thread: only store, then come back through the queue.
  void OnTarget(Result<ConnectTarget> target) {
    target_.emplace(std::move(target));
    alarm_.Set(shared_.queue.get(), In(0), &tags_[kRouted]);
  }

  void GiveUpRouting(const grpc::Status& status) {
    {
      std::lock_guard lock(routing_->mutex);
      if (std::exchange(routing_->call, nullptr) != nullptr) --outstanding_;
    }
    Refuse(status);
  }

  void Forward() {
    if (!target_->ok()) {
      Refuse(ToGrpc(target_->error()));
      return;
    }
    const ConnectTarget& target = **target_;
    for (const auto& [name, value] : server_context_.client_metadata()) {
      std::string key(name.data(), name.size());
      // The token goes no further than this process; our own names are ours alone.
      if (key == "user-agent" || key == "authorization" || key.starts_with("grpc-") || key.starts_with("x-ashlar-")) continue;
      client_context_.AddMetadata(key, std::string(value.data(), value.size()));
    }
    client_context_.AddMetadata("x-ashlar-handle", target.handle);
    client_context_.AddMetadata("x-ashlar-user", target.user);
    client_context_.set_deadline(server_context_.deadline());
    stub_ = shared_.stubs.Get(target.socket);
    client_stream_ = stub_->PrepareCall(&client_context_, server_context_.method(), shared_.queue.get());
    client_stream_->StartCall(Expect(kStarted));
  }

  void OnClientRead(bool ok) {
    if (!metadata_sent_) {
      metadata_sent_ = true;
      for (const auto& [name, value] : client_context_.GetServerInitialMetadata()) {
        server_context_.AddInitialMetadata(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
      }
    }
    if (ok) {
      server_stream_.Write(from_driver_, Expect(kServerWrite));
    } else {
      FinishClient();
    }
  }

  void OnClientFinish() {
    if (client_status_.error_code() == grpc::StatusCode::UNAVAILABLE) shared_.stubs.Forget((**target_).socket);
    for (const auto& [name, value] : client_context_.GetServerTrailingMetadata()) {
      server_context_.AddTrailingMetadata(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
    }
    Refuse(cut_ && !client_status_.ok() ? CutShort() : client_status_);
  }

  void FinishClient() {
    if (client_finishing_) return;
    client_finishing_ = true;
    client_stream_->Finish(&client_status_, Expect(kClientFinish));
  }

  // Ends the client's call with a status, OK or not.
  void Refuse(const grpc::Status& status) {
    finishing_ = true;
    server_stream_.Finish(status, Expect(kServerFinish));
  }

  Shared& shared_;
  std::array<Tag, kEventCount> tags_;
  grpc::GenericServerContext server_context_;
  grpc::GenericServerAsyncReaderWriter server_stream_{&server_context_};
  grpc::ClientContext client_context_;
  std::shared_ptr<grpc::GenericStub> stub_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> client_stream_;
  grpc::ByteBuffer from_client_;
  grpc::ByteBuffer from_driver_;
  grpc::Status client_status_;
  grpc::Alarm alarm_;
  std::shared_ptr<Routing> routing_;
  std::optional<Result<ConnectTarget>> target_;
  int outstanding_ = 0;
  bool begun_ = false;
  bool cut_ = false;
  bool finishing_ = false;
  bool client_finishing_ = false;
  bool metadata_sent_ = false;
};

class Proxy final : public ConnectProxy {
 public:
  ~Proxy() override {
    Stop(0);
    if (thread_.joinable()) {
      over_.Set(shared_.queue.get(), In(0), &over_);
      thread_.join();
    } else {
      shared_.queue->Shutdown();
    }
  }

  bool Listen(const ConnectProxyOptions& options, ConnectRouter router) {
    shared_.router = std::move(router);
    grpc::ServerBuilder builder;
    builder.SetMaxReceiveMessageSize(-1);
    builder.SetMaxSendMessageSize(-1);
    builder.RegisterAsyncGenericService(&shared_.service);
    shared_.queue = builder.AddCompletionQueue();
    plain_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, grpc::InsecureServerCredentials());
    if (!options.tls_cert.empty()) {
      grpc::SslServerCredentialsOptions ssl;
      ssl.pem_key_cert_pairs.push_back({options.tls_key, options.tls_cert});
      tls_ = builder.experimental().AddExternalConnectionAcceptor(
          grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, grpc::SslServerCredentials(ssl));
    }
    server_ = builder.BuildAndStart();
    if (!server_) return false;
    new Call(shared_);
    thread_ = std::thread([this] { Poll(); });
    return true;
  }

  void TakeConnection(int fd, bool tls) override {
    Acceptor* acceptor = tls ? tls_.get() : plain_.get();
    if (acceptor == nullptr || shared_.stopped) {
      close(fd);
      return;
    }
    Acceptor::NewConnectionParameters parameters;
    parameters.listener_fd = -1;
    parameters.fd = fd;
    acceptor->HandleNewConnection(&parameters);
  }

  void Stop(int64_t deadline_ms) override {
    if (shared_.stopped.exchange(true) || !server_) return;
    // gRPC itself would refuse what running calls still need.
    shared_.running.AwaitQuiet(deadline_ms);
    cut_.Set(shared_.queue.get(), In(0), &cut_);
    server_->Shutdown(In(kLastWordsMs));
  }

 private:
  void Poll() {
    void* tag = nullptr;
    bool ok = false;
    bool over = false;
    while (shared_.queue->Next(&tag, &ok)) {
      if (tag == &cut_) {
        CutAll();
      } else if (tag == &over_) {
        over = true;
      } else {
        auto* event = static_cast<Call::Tag*>(tag);
        event->call->On(event->event, ok);
      }
      if (!over || !shared_.calls.empty()) continue;
      over = false;
      shared_.queue->Shutdown();
    }
  }

  void CutAll() {
    for (Call* call : shared_.calls) call->Cut();
  }

  Shared shared_;
  grpc::Alarm cut_;   // the time that running calls had is over
  grpc::Alarm over_;  // the last call is to end the polling
  std::unique_ptr<Acceptor> plain_;
  std::unique_ptr<Acceptor> tls_;
  std::unique_ptr<grpc::Server> server_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<ConnectProxy>> ConnectProxy::Start(ConnectProxyOptions options, ConnectRouter router) {
  auto proxy = std::make_unique<Proxy>();
  if (!proxy->Listen(options, std::move(router))) {
    return MakeError(ErrorCode::kInvalidParameterValue, "gRPC cannot start; is the TLS certificate valid?");
  }
  return std::unique_ptr<ConnectProxy>(std::move(proxy));
}

}  // namespace ashlar::gateway
