#include "link/driver_client.h"

#include "link/convert.h"
#include "link/link.grpc.pb.h"
#include "link/rpc.h"

namespace ashlar::link {
namespace {

constexpr char kPeer[] = "The cluster's driver";

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
    stub_->async()->GetStatement(&raw->context, &raw->request, &raw->reply,
                                 [call, done = std::move(done)](grpc::Status status) {
                                   if (!status.ok()) {
                                     done(RpcError(status, kPeer));
                                   } else if (call->reply.has_error()) {
                                     done(FromWire(call->reply.error()));
                                   } else {
                                     done(FromWire(call->reply));
                                   }
                                 });
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

}  // namespace ashlar::link
