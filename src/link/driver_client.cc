#include "link/driver_client.h"

#include <condition_variable>
#include <mutex>

#include "link/convert.h"
#include "link/link.grpc.pb.h"
#include "link/rpc.h"

namespace ashlar::link {
namespace {

constexpr char kPeer[] = "The cluster's driver";

std::mutex awaited_mutex;
std::condition_variable awaited_changed;
int awaited_count = 0;

// One call whose answer has not been dealt with.
class Awaited {
 public:
  Awaited() {
    std::lock_guard lock(awaited_mutex);
    ++awaited_count;
  }
  ~Awaited() {
    std::lock_guard lock(awaited_mutex);
    --awaited_count;
    awaited_changed.notify_all();
  }
  Awaited(const Awaited&) = delete;
  Awaited& operator=(const Awaited&) = delete;
};

class DriverClient final : public DriverApi {
 public:
  explicit DriverClient(const std::string& socket_path)
      : stub_(wire::Driver::NewStub(UnixChannel(socket_path))) {}

  Status OpenSession(const SessionOptions& options) override {
    wire::OpenSessionRequest message;
    message.set_handle(options.handle);
    message.set_session_id(options.session_id);
    message.set_user_name(options.user_name);
    message.set_catalog(options.catalog);
    message.set_schema(options.schema);
    for (const auto& [key, value] : options.confs) (*message.mutable_confs())[key] = value;
    return Acknowledge(&wire::Driver::Stub::OpenSession, message);
  }

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
    struct Call {
      grpc::ClientContext context;
      wire::StatementRef request;
      wire::StatementReply reply;
    };
    auto call = std::make_shared<Call>();
    call->request.set_statement_id(statement_id);
    call->request.set_wait_ms(wait_ms);
    call->request.set_with_first_chunk(with_first_chunk);
    Call* raw = call.get();
    auto answer = [call, awaited = std::make_shared<Awaited>(), done = std::move(done)](grpc::Status status) mutable {
      Callback<StatementStatus> once = std::move(done);
      if (!status.ok()) {
        once(RpcError(status, kPeer));
      } else if (call->reply.has_error()) {
        once(FromWire(call->reply.error()));
      } else {
        once(FromWire(call->reply));
      }
      // What it holds ends before the call counts as over.
      once = nullptr;
      awaited.reset();
    };
    stub_->async()->GetStatement(&raw->context, &raw->request, &raw->reply, std::move(answer));
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

  std::unique_ptr<wire::Driver::Stub> stub_;
};

}  // namespace

std::unique_ptr<DriverApi> MakeDriverClient(const std::string& socket_path) {
  return std::make_unique<DriverClient>(socket_path);
}

bool AwaitAnswers(std::chrono::milliseconds patience) {
  std::unique_lock lock(awaited_mutex);
  return awaited_changed.wait_for(lock, patience, [] { return awaited_count == 0; });
}

}  // namespace ashlar::link
