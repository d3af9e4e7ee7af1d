#include "link/driver_server.h"

#include "link/convert.h"
#include "link/link.grpc.pb.h"
#include "link/rpc.h"

namespace ashlar::link {
namespace {

// GetStatement and Run are answered through a reactor, so that a waiting caller costs no thread; the other
// calls are short.
class DriverService final : public wire::Driver::CallbackService {
 public:
  explicit DriverService(DriverApi& api) : api_(api) {}

  grpc::ServerUnaryReactor* CloseSession(grpc::CallbackServerContext* context, const wire::SessionRef* request,
                                         wire::Ack* reply) override {
    return Acknowledge(context, reply, api_.CloseSession(request->session_id()));
  }

  grpc::ServerUnaryReactor* Execute(grpc::CallbackServerContext* context, const wire::ExecuteRequest* request,
                                    wire::Ack* reply) override {
    return Acknowledge(context, reply, api_.Execute(FromWire(*request)));
  }

  grpc::ServerUnaryReactor* GetStatement(grpc::CallbackServerContext* context,
                                         const wire::StatementRef* request, wire::StatementReply* reply) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    api_.GetStatement(request->statement_id(), request->wait_ms(), request->with_first_chunk(), AnswerTo(reactor, reply));
    return reactor;
  }

  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context, const wire::RunRequest* request,
                                wire::StatementReply* reply) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    auto answer = AnswerTo(reactor, reply);
    Status taken = api_.Run(FromWire(request->statement()), request->wait_ms(), request->with_first_chunk(), answer);
    if (!taken.ok()) answer(taken.error());
    return reactor;
  }

  grpc::ServerUnaryReactor* FetchChunk(grpc::CallbackServerContext* context, const wire::ChunkRef* request,
                                       wire::ChunkReply* reply) override {
    Result<std::string> chunk = api_.FetchChunk(request->statement_id(), request->index());
    if (chunk.ok()) {
      reply->set_ipc(*std::move(chunk));
    } else {
      ToWire(chunk.error(), reply->mutable_error());
    }
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerUnaryReactor* CancelStatement(grpc::CallbackServerContext* context,
                                            const wire::StatementRef* request, wire::Ack* reply) override {
    return Acknowledge(context, reply, api_.CancelStatement(request->statement_id()));
  }

  grpc::ServerUnaryReactor* CloseStatement(grpc::CallbackServerContext* context,
                                           const wire::StatementRef* request, wire::Ack* reply) override {
    return Acknowledge(context, reply, api_.CloseStatement(request->statement_id()));
  }

 private:
  static Callback<StatementStatus> AnswerTo(grpc::ServerUnaryReactor* reactor, wire::StatementReply* reply) {
    return [reactor, reply](Result<StatementStatus> status) {
      if (status.ok()) {
        ToWire(*status, reply);
      } else {
        ToWire(status.error(), reply->mutable_error());
      }
      reactor->Finish(grpc::Status::OK);
    };
  }
  static grpc::ServerUnaryReactor* Acknowledge(grpc::CallbackServerContext* context, wire::Ack* reply,
                                               const Status& status) {
    if (!status.ok()) ToWire(status.error(), reply->mutable_error());
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  DriverApi& api_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeDriverService(DriverApi& api) {
  return std::make_unique<DriverService>(api);
}

}  // namespace ashlar::link
