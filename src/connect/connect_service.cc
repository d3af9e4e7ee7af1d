#include "connect/connect_service.h"

#include <google/protobuf/io/coded_stream.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/method_handler.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "base/thread_pool.h"
#include "connect/analyze_plan.h"
#include "connect/artifact_upload.h"
#include "connect/config_operation.h"
#include "connect/connect_session.h"
#include "connect/plan_runner.h"

namespace ashlar::connect {
namespace {

// protobuf's own limit of 100 would refuse a chain of 50 DataFrame operations.
constexpr int kRecursionLimit = 2200;
constexpr size_t kExecutionThreads = 16;
constexpr char kServicePath[] = "/spark.connect.SparkConnectService/";

std::string MetadataOf(const grpc::ServerContext& context, const char* key) {
  auto found = context.client_metadata().find(key);
  if (found == context.client_metadata().end()) return "";
  return {found->second.data(), found->second.size()};
}

template <typename Message>
Status Parse(grpc::ByteBuffer& bytes, Message& message) {
  grpc::ProtoBufferReader reader(&bytes);
  google::protobuf::io::CodedInputStream input(&reader);
  input.SetRecursionLimit(kRecursionLimit);
  if (message.ParseFromCodedStream(&input) && input.ConsumedEntireMessage()) return OkStatus();
  return MakeSqlError("CONNECT_INVALID_PLAN.CANNOT_PARSE", "56K00",
                      "The Spark Connect plan is invalid. Cannot decompress or parse the input plan: it is broken, or nested more "
                      "deeply than " + std::to_string(kRecursionLimit) + " messages.");
}

class ConnectService final : public grpc::Service {
 public:
  explicit ConnectService(session::Environment& environment)
      : environment_(environment), sessions_(environment), pool_(kExecutionThreads) {
    AddStream<grpc::ByteBuffer>("ExecutePlan", &ConnectService::ExecutePlan);
    AddStream<sc::ReattachExecuteRequest>("ReattachExecute", &ConnectService::ReattachExecute);
    AddUnary<grpc::ByteBuffer, sc::AnalyzePlanResponse>("AnalyzePlan", &ConnectService::AnalyzePlan);
    AddUnary<sc::ConfigRequest, sc::ConfigResponse>("Config", &ConnectService::Config);
    AddUnary<sc::ArtifactStatusesRequest, sc::ArtifactStatusesResponse>("ArtifactStatus", &ConnectService::ArtifactStatus);
    AddUnary<sc::InterruptRequest, sc::InterruptResponse>("Interrupt", &ConnectService::Interrupt);
    AddUnary<sc::ReleaseExecuteRequest, sc::ReleaseExecuteResponse>("ReleaseExecute", &ConnectService::ReleaseExecute);
    AddUnary<sc::ReleaseSessionRequest, sc::ReleaseSessionResponse>("ReleaseSession", &ConnectService::ReleaseSession);
    AddUnary<sc::FetchErrorDetailsRequest, sc::FetchErrorDetailsResponse>("FetchErrorDetails", &ConnectService::FetchErrorDetails);
    AddUnary<sc::CloneSessionRequest, sc::CloneSessionResponse>("CloneSession", &ConnectService::CloneSession);
    AddUnary<sc::GetStatusRequest, sc::GetStatusResponse>("GetStatus", &ConnectService::GetStatus);
    AddMethod(new grpc::internal::RpcServiceMethod(
        Path("AddArtifacts"), grpc::internal::RpcMethod::CLIENT_STREAMING,
        new grpc::internal::ClientStreamingHandler<ConnectService, sc::AddArtifactsRequest, sc::AddArtifactsResponse>(
            [](ConnectService* service, grpc::ServerContext* context, grpc::ServerReader<sc::AddArtifactsRequest>* reader,
               sc::AddArtifactsResponse* response) { return service->AddArtifacts(*context, *reader, *response); },
            this)));
  }

 private:
  using Writer = grpc::ServerWriter<sc::ExecutePlanResponse>;

  // gRPC keeps the pointer for as long as the service lives.
  const char* Path(const char* method) {
    paths_.push_back(std::string(kServicePath) + method);
    return paths_.back().c_str();
  }

  template <typename Request, typename Response>
  void AddUnary(const char* name, grpc::Status (ConnectService::*method)(grpc::ServerContext&, Request&, Response&)) {
    AddMethod(new grpc::internal::RpcServiceMethod(
        Path(name), grpc::internal::RpcMethod::NORMAL_RPC,
        new grpc::internal::RpcMethodHandler<ConnectService, Request, Response>(
            [method](ConnectService* service, grpc::ServerContext* context, const Request* request, Response* response) {
              return (service->*method)(*context, const_cast<Request&>(*request), *response);
            },
            this)));
  }
  template <typename Request>
  void AddStream(const char* name, grpc::Status (ConnectService::*method)(grpc::ServerContext&, Request&, Writer&)) {
    AddMethod(new grpc::internal::RpcServiceMethod(
        Path(name), grpc::internal::RpcMethod::SERVER_STREAMING,
        new grpc::internal::ServerStreamingHandler<ConnectService, Request, sc::ExecutePlanResponse>(
            [method](ConnectService* service, grpc::ServerContext* context, const Request* request, Writer* writer) {
              return (service->*method)(*context, const_cast<Request&>(*request), *writer);
            },
            this)));
  }

  static grpc::Status Refuse(const Error& error) { return StatusOf({error, ""}, ""); }

  template <typename Request>
  static Result<SessionKey> KeyOf(const grpc::ServerContext& context, const Request& request) {
    std::string handle = MetadataOf(context, "x-ashlar-handle");
    if (handle.empty()) return MakeError(ErrorCode::kUnauthenticated, "The call does not come through the gateway.");
    return SessionKey{std::move(handle), ToLowerAscii(request.session_id())};
  }

  // The session, opened on first use; its ids go into the response.
  template <typename Request, typename Response>
  Result<ConnectSessionPtr> Enter(const grpc::ServerContext& context, const Request& request, Response& response) {
    ASSIGN_OR_RETURN(SessionKey key, KeyOf(context, request));
    ASSIGN_OR_RETURN(ConnectSessionPtr session,
                     sessions_.FindOrOpen(key, MetadataOf(context, "x-ashlar-user"), request.client_observed_server_side_session_id()));
    Identify(request, *session, response);
    return session;
  }
  template <typename Request, typename Response>
  static void Identify(const Request& request, const ConnectSession& session, Response& response) {
    response.set_session_id(request.session_id());
    response.set_server_side_session_id(session.server_side_id());
  }

  grpc::Status ExecutePlan(grpc::ServerContext& context, grpc::ByteBuffer& bytes, Writer& writer) {
    auto request = std::make_shared<sc::ExecutePlanRequest>();
    Status parsed = Parse(bytes, *request);
    if (!parsed.ok()) return Refuse(parsed.error());
    sc::ExecutePlanResponse ids;
    Result<ConnectSessionPtr> session = Enter(context, *request, ids);
    if (!session.ok()) return Refuse(session.error());
    std::string operation_id = request->has_operation_id() ? request->operation_id() : NewUuid(environment_.random);
    if (!IsUuid(operation_id)) return Refuse(InvalidHandle("FORMAT", operation_id, "Handle must be an UUID string."));
    bool reattachable = false;
    for (const auto& option : request->request_options()) reattachable = reattachable || option.reattach_options().reattachable();
    auto execution = std::make_shared<Execution>(
        operation_id, std::set<std::string>{request->tags().begin(), request->tags().end()}, reattachable);
    Status added = (*session)->Add(execution);
    if (!added.ok()) return Refuse(added.error());
    pool_.Submit([this, session = *session, execution, request] { Run(*session, *execution, request->plan()); });
    ids.set_operation_id(operation_id);
    grpc::Status status = Send(*execution, 0, ids, writer);
    if (!reattachable) (*session)->Remove(operation_id);
    return status;
  }

  void Run(ConnectSession& session, Execution& execution, const sc::Plan& plan) {
    Status outcome = OkStatus();
    try {
      outcome = RunPlan(session, execution, plan);
    } catch (const std::exception& e) {
      // Third-party exceptions stop at their adapters; one that reaches this place is a bug.
      outcome = MakeError(ErrorCode::kInternalError, std::string("unexpected exception: ") + e.what());
    }
    grpc::Status status;
    if (!outcome.ok()) status = session.errors().Report({outcome.error(), SqlTextOf(plan)});
    execution.Finish(std::move(status), environment_.clock.MonotonicNanos());
  }

  // Sends the responses from number `from` on; `ids` is what all of them say.
  grpc::Status Send(Execution& execution, int64_t from, const sc::ExecutePlanResponse& ids, Writer& writer) {
    for (int64_t number = from;; ++number) {
      sc::ExecutePlanResponse response;
      grpc::Status status;
      if (!execution.WaitForResponse(number, response, status)) return status;
      response.set_session_id(ids.session_id());
      response.set_server_side_session_id(ids.server_side_session_id());
      response.set_operation_id(ids.operation_id());
      response.set_response_id(std::to_string(number));
      // The client is gone: it may reattach.
      if (!writer.Write(response)) return grpc::Status::CANCELLED;
      if (response.has_result_complete()) return grpc::Status::OK;
      if (!execution.reattachable()) execution.ReleaseThrough(number);
    }
  }

  grpc::Status ReattachExecute(grpc::ServerContext& context, sc::ReattachExecuteRequest& request, Writer& writer) {
    Result<SessionKey> key = KeyOf(context, request);
    if (!key.ok()) return Refuse(key.error());
    Result<ConnectSessionPtr> session = sessions_.Find(*key, request.client_observed_server_side_session_id());
    if (!session.ok()) return Refuse(session.error());
    auto execution = (*session)->Find(request.operation_id());
    if (!execution.ok()) return Refuse(execution.error());
    if (!(*execution)->reattachable()) {
      return Refuse(MakeSqlError("INVALID_CURSOR.NOT_REATTACHABLE", "HY109", "The cursor is invalid. The cursor is not reattachable."));
    }
    int64_t from = 0;
    if (request.has_last_response_id() && !request.last_response_id().empty()) {
      std::optional<int64_t> last = ParseInt64(request.last_response_id());
      if (!last || *last < 0) return Refuse(PositionNotFound(request.last_response_id()));
      from = *last + 1;
    }
    sc::ExecutePlanResponse ids;
    Identify(request, **session, ids);
    ids.set_operation_id(request.operation_id());
    return Send(**execution, from, ids, writer);
  }

  static Error PositionNotFound(const std::string& id) {
    return MakeSqlError("INVALID_CURSOR.POSITION_NOT_FOUND", "HY109",
                        "The cursor is invalid. The cursor position id " + id + " is not found.", {{"responseId", id}});
  }

  grpc::Status ReleaseExecute(grpc::ServerContext& context, sc::ReleaseExecuteRequest& request, sc::ReleaseExecuteResponse& response) {
    Result<SessionKey> key = KeyOf(context, request);
    if (!key.ok()) return Refuse(key.error());
    Result<ConnectSessionPtr> session = sessions_.Find(*key, request.client_observed_server_side_session_id());
    if (!session.ok()) return Refuse(session.error());
    Identify(request, **session, response);
    auto execution = (*session)->Find(request.operation_id());
    if (!execution.ok()) return grpc::Status::OK;  // released already
    response.set_operation_id(request.operation_id());
    if (!request.has_release_until()) {
      (*session)->Remove(request.operation_id());
      return grpc::Status::OK;
    }
    std::optional<int64_t> number = ParseInt64(request.release_until().response_id());
    if (!number) return Refuse(PositionNotFound(request.release_until().response_id()));
    (*execution)->ReleaseThrough(*number);
    return grpc::Status::OK;
  }

  grpc::Status AnalyzePlan(grpc::ServerContext& context, grpc::ByteBuffer& bytes, sc::AnalyzePlanResponse& response) {
    sc::AnalyzePlanRequest request;
    Status parsed = Parse(bytes, request);
    if (!parsed.ok()) return Refuse(parsed.error());
    Result<ConnectSessionPtr> session = Enter(context, request, response);
    if (!session.ok()) return Refuse(session.error());
    Status analyzed = Analyze(**session, request, response);
    if (analyzed.ok()) return grpc::Status::OK;
    const sc::Plan* plan = PlanOf(request);
    return (*session)->errors().Report({analyzed.error(), plan == nullptr ? "" : SqlTextOf(*plan)});
  }

  grpc::Status Config(grpc::ServerContext& context, sc::ConfigRequest& request, sc::ConfigResponse& response) {
    Result<ConnectSessionPtr> session = Enter(context, request, response);
    if (!session.ok()) return Refuse(session.error());
    Status done = RunConfig(**session, request.operation(), response);
    return done.ok() ? grpc::Status::OK : (*session)->errors().Report({done.error(), ""});
  }

  grpc::Status AddArtifacts(grpc::ServerContext& context, grpc::ServerReader<sc::AddArtifactsRequest>& reader,
                            sc::AddArtifactsResponse& response) {
    ArtifactUpload upload;
    ConnectSessionPtr session;
    sc::AddArtifactsRequest request;
    while (reader.Read(&request)) {
      if (!session) {
        Result<ConnectSessionPtr> entered = Enter(context, request, response);
        if (!entered.ok()) return Refuse(entered.error());
        session = *std::move(entered);
      }
      Status taken = upload.Take(request, session->artifacts(), response);
      if (!taken.ok()) return session->errors().Report({taken.error(), ""});
    }
    Status complete = upload.CheckComplete();
    return complete.ok() ? grpc::Status::OK : Refuse(complete.error());
  }

  grpc::Status ArtifactStatus(grpc::ServerContext& context, sc::ArtifactStatusesRequest& request, sc::ArtifactStatusesResponse& response) {
    Result<ConnectSessionPtr> session = Enter(context, request, response);
    if (!session.ok()) return Refuse(session.error());
    for (const std::string& name : request.names()) {
      (*response.mutable_statuses())[name].set_exists((*session)->artifacts().Has(name));
    }
    return grpc::Status::OK;
  }

  grpc::Status Interrupt(grpc::ServerContext& context, sc::InterruptRequest& request, sc::InterruptResponse& response) {
    Result<ConnectSessionPtr> session = Enter(context, request, response);
    if (!session.ok()) return Refuse(session.error());
    for (const auto& execution : (*session)->Executions()) {
      bool meant = request.interrupt_type() == sc::InterruptRequest::INTERRUPT_TYPE_ALL ||
                   (request.interrupt_type() == sc::InterruptRequest::INTERRUPT_TYPE_TAG && execution->tags().contains(request.operation_tag())) ||
                   (request.interrupt_type() == sc::InterruptRequest::INTERRUPT_TYPE_OPERATION_ID && execution->operation_id() == request.operation_id());
      if (meant && execution->Cancel()) response.add_interrupted_ids(execution->operation_id());
    }
    return grpc::Status::OK;
  }

  grpc::Status ReleaseSession(grpc::ServerContext& context, sc::ReleaseSessionRequest& request, sc::ReleaseSessionResponse& response) {
    Result<SessionKey> key = KeyOf(context, request);
    if (!key.ok()) return Refuse(key.error());
    response.set_session_id(request.session_id());
    if (ConnectSessionPtr released = sessions_.Release(*key, request.allow_reconnect())) {
      released->CancelAll();
      response.set_server_side_session_id(released->server_side_id());
    }
    return grpc::Status::OK;
  }

  grpc::Status FetchErrorDetails(grpc::ServerContext& context, sc::FetchErrorDetailsRequest& request, sc::FetchErrorDetailsResponse& response) {
    Result<SessionKey> key = KeyOf(context, request);
    if (!key.ok()) return Refuse(key.error());
    Result<ConnectSessionPtr> session = sessions_.Find(*key, request.client_observed_server_side_session_id());
    if (!session.ok()) return Refuse(session.error());
    Identify(request, **session, response);
    // An error that is no longer kept is answered without details.
    (void)(*session)->errors().Fill(request.error_id(), response);
    return grpc::Status::OK;
  }

  grpc::Status CloneSession(grpc::ServerContext&, sc::CloneSessionRequest&, sc::CloneSessionResponse&) {
    return {grpc::StatusCode::UNIMPLEMENTED, "CloneSession is not built"};
  }
  grpc::Status GetStatus(grpc::ServerContext&, sc::GetStatusRequest&, sc::GetStatusResponse&) {
    return {grpc::StatusCode::UNIMPLEMENTED, "GetStatus is not built"};
  }

  session::Environment& environment_;
  std::deque<std::string> paths_;
  ConnectSessions sessions_;
  ThreadPool pool_;  // last: joins before what its tasks use goes away
};

}  // namespace

std::unique_ptr<grpc::Service> MakeConnectService(session::Environment& environment) {
  return std::make_unique<ConnectService>(environment);
}

}  // namespace ashlar::connect
