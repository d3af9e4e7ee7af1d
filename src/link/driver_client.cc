#include "link/driver_client.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>

#include "link/convert.h"
#include "link/link.grpc.pb.h"
#include "link/rpc.h"

namespace ashlar::link {
namespace {

constexpr char kPeer[] = "The cluster's driver";
constexpr size_t kMinAnswerThreads = 2;
constexpr size_t kMaxAnswerThreads = 16;

using StatementReader = grpc::ClientAsyncResponseReader<wire::StatementReply>;

// One call that waits for a statement. The reader lives in the memory of the context's call.
struct PendingCall {
  grpc::ClientContext context;
  wire::StatementReply reply;
  grpc::Status status;
  std::unique_ptr<StatementReader> reader;
  Callback<StatementStatus> done;
};

Error GivenUp() { return MakeError(ErrorCode::kTemporarilyUnavailable, "The server is shutting down."); }

// The calls that are under way; shared by the clients and the threads that wait for answers.
class PendingCalls {
 public:
  // `method` prepares the call. Answers at once when it is over.
  template <typename Request>
  void Start(wire::Driver::Stub& stub,
             std::unique_ptr<StatementReader> (wire::Driver::Stub::*method)(grpc::ClientContext*, const Request&, grpc::CompletionQueue*),
             const Request& request, Callback<StatementStatus> done) {
    {
      std::lock_guard lock(mutex_);
      if (!stopped_) {
        auto* call = new PendingCall;  // Answer's, from here on
        call->done = std::move(done);
        calls_.insert(call);
        call->reader = (stub.*method)(&call->context, request, &queue_);
        call->reader->Finish(&call->reply, &call->status, call);
        return;
      }
    }
    done(GivenUp());
  }

  // Deals with answers until it is over and none is left.
  void Answer() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
      std::unique_ptr<PendingCall> call(static_cast<PendingCall*>(tag));
      bool stopped = false;
      {
        std::lock_guard lock(mutex_);
        calls_.erase(call.get());
        stopped = stopped_;
      }
      if (!call->status.ok()) {
        call->done(stopped ? GivenUp() : RpcError(call->status, kPeer));
      } else if (call->reply.has_error()) {
        call->done(FromWire(call->reply.error()));
      } else {
        call->done(FromWire(call->reply));
      }
    }
  }

  void Stop() {
    std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
    for (PendingCall* call : calls_) call->context.TryCancel();
    queue_.Shutdown();
  }

 private:
  std::mutex mutex_;
  bool stopped_ = false;
  grpc::CompletionQueue queue_;  // nothing is started on it once it is shut down: gRPC aborts then
  std::set<PendingCall*> calls_;
};

class DriverClient final : public DriverApi {
 public:
  DriverClient(const std::string& socket_path, std::shared_ptr<PendingCalls> calls)
      : channel_(UnixChannel(socket_path)), stub_(wire::Driver::NewStub(channel_)), calls_(std::move(calls)) {}

  Status CloseSession(const std::string& session_id) override {
    wire::SessionRef message;
    message.set_session_id(session_id);
    return Acknowledge(&wire::Driver::Stub::CloseSession, message);
  }

  Status Execute(const StatementRequest& request) override {
    wire::ExecuteRequest message;
    ToWire(request, &message);
    return Acknowledge(&wire::Driver::Stub::Execute, message);
  }

  void GetStatement(const std::string& statement_id, int64_t wait_ms, bool with_first_chunk,
                    Callback<StatementStatus> done) override {
    wire::StatementRef request;
    request.set_statement_id(statement_id);
    request.set_wait_ms(wait_ms);
    request.set_with_first_chunk(with_first_chunk);
    calls_->Start(*stub_, &wire::Driver::Stub::AsyncGetStatement, request, std::move(done));
  }

  Status Run(const StatementRequest& request, int64_t wait_ms, bool with_first_chunk,
             Callback<StatementStatus> done) override {
    // Where there is no connection, Execute tells a driver that cannot be reached from one that dies of the statement.
    if (channel_->GetState(false) != GRPC_CHANNEL_READY) return DriverApi::Run(request, wait_ms, with_first_chunk, std::move(done));
    wire::RunRequest message;
    ToWire(request, message.mutable_statement());
    message.set_wait_ms(wait_ms);
    message.set_with_first_chunk(with_first_chunk);
    calls_->Start(*stub_, &wire::Driver::Stub::AsyncRun, message, std::move(done));
    return OkStatus();
  }

  Result<std::string> FetchChunk(const std::string& statement_id, int64_t index) override {
    wire::ChunkRef message;
    message.set_statement_id(statement_id);
    message.set_index(index);
    grpc::ClientContext context;
    wire::ChunkReply reply;
    grpc::Status status = stub_->FetchChunk(&context, message, &reply);
    if (!status.ok()) return RpcError(status, kPeer);
    RETURN_IF_ERROR(ReplyStatus(reply));
    return std::move(*reply.mutable_ipc());
  }

  Status CancelStatement(const std::string& statement_id) override {
    wire::StatementRef message;
    message.set_statement_id(statement_id);
    return Acknowledge(&wire::Driver::Stub::CancelStatement, message);
  }

  Status CloseStatement(const std::string& statement_id) override {
    wire::StatementRef message;
    message.set_statement_id(statement_id);
    return Acknowledge(&wire::Driver::Stub::CloseStatement, message);
  }

 private:
  template <typename Request>
  Status Acknowledge(grpc::Status (wire::Driver::Stub::*method)(grpc::ClientContext*, const Request&, wire::Ack*),
                     const Request& request) {
    grpc::ClientContext context;
    wire::Ack reply;
    grpc::Status status = (stub_.get()->*method)(&context, request, &reply);
    if (!status.ok()) return RpcError(status, kPeer);
    return ReplyStatus(reply);
  }

  const std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<wire::Driver::Stub> stub_;
  const std::shared_ptr<PendingCalls> calls_;
};

class AnsweredClients final : public DriverClients {
 public:
  AnsweredClients() {
    size_t threads = std::clamp<size_t>(std::thread::hardware_concurrency() / 2, kMinAnswerThreads, kMaxAnswerThreads);
    for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { calls_->Answer(); });
  }
  ~AnsweredClients() override { Stop(); }

  std::unique_ptr<DriverApi> Connect(const std::string& socket_path) override {
    return std::make_unique<DriverClient>(socket_path, calls_);
  }

  void Stop() override {
    calls_->Stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  const std::shared_ptr<PendingCalls> calls_ = std::make_shared<PendingCalls>();
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<DriverClients> DriverClients::Make() { return std::make_unique<AnsweredClients>(); }

}  // namespace ashlar::link
