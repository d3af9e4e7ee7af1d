#include "link/control_server.h"

#include <unistd.h>

#include "link/convert.h"
#include "link/link.grpc.pb.h"
#include "link/rpc.h"

namespace ashlar::link {
namespace {

class ControlService final : public wire::Control::Service {
 public:
  explicit ControlService(StoreControlApi& api) : api_(api) {}

  grpc::Status Resolve(grpc::ServerContext*, const wire::ResolveRequest* request,
                       wire::ResolveReply* reply) override {
    std::vector<std::string> views(request->via_view_ids().begin(), request->via_view_ids().end());
    std::vector<sql::ResolveRequest> items;
    for (const auto& item : request->items()) items.push_back(FromWire(item));
    auto results = api_.Resolve(request->handle(), views, items);
    if (!results.ok()) {
      ToWire(results.error(), reply->mutable_error());
      return grpc::Status::OK;
    }
    for (const Result<sql::ResolvedRelation>& result : *results) {
      auto* item = reply->add_items();
      if (result.ok()) {
        ToWire(*result, item->mutable_relation());
      } else {
        ToWire(result.error(), item->mutable_error());
      }
    }
    return grpc::Status::OK;
  }

  grpc::Status StoreAccess(grpc::ServerContext*, const wire::ResolveRequest* request,
                           wire::StoreAccessReply* reply) override {
    if (request->items_size() != 1) return {grpc::StatusCode::INVALID_ARGUMENT, "one relation at a time"};
    std::vector<std::string> views(request->via_view_ids().begin(), request->via_view_ids().end());
    auto access = api_.StoreAccess(request->handle(), views, FromWire(request->items(0)));
    if (access.ok()) {
      for (std::string& text : *access) reply->add_accesses(std::move(text));
    } else {
      ToWire(access.error(), reply->mutable_error());
    }
    return grpc::Status::OK;
  }

  grpc::Status Catalog(grpc::ServerContext*, const wire::CatalogRequest* request,
                       wire::CatalogReply* reply) override {
    Result<sql::CatalogCommand> command = FromWire(*request);
    Result<sql::CatalogReply> result = command.ok() ? api_.Execute(request->handle(), *command)
                                                    : Result<sql::CatalogReply>(command.error());
    if (result.ok()) {
      ToWire(*result, reply);
    } else {
      ToWire(result.error(), reply->mutable_error());
    }
    return grpc::Status::OK;
  }

  grpc::Status Commit(grpc::ServerContext*, const wire::CommitRequest* request,
                      wire::CommitReply* reply) override {
    CommitRequest commit{request->table_uuid(), request->location(), request->version(), request->actions(),
                         request->commit_uuid()};
    Result<CommitOutcome> outcome = api_.Commit(request->handle(), commit);
    if (outcome.ok()) {
      reply->set_outcome(static_cast<int>(*outcome));
    } else {
      ToWire(outcome.error(), reply->mutable_error());
    }
    return grpc::Status::OK;
  }

  grpc::Status Ratified(grpc::ServerContext*, const wire::RatifiedRequest* request, wire::RatifiedReply* reply) override {
    auto commits = api_.Ratified(request->handle(), request->table_uuid());
    if (!commits.ok()) {
      ToWire(commits.error(), reply->mutable_error());
    } else if (*commits) {
      ToWire(**commits, reply->mutable_commits());
    }
    return grpc::Status::OK;
  }

  grpc::Status Heartbeat(grpc::ServerContext*, const wire::HeartbeatRequest* request,
                         wire::HeartbeatReply* reply) override {
    link::Heartbeat heartbeat{request->driver_id(), request->secret(), request->socket(),
                              request->rss_bytes(), request->running_statements(), request->open_sessions()};
    Status status = api_.OnHeartbeat(heartbeat);
    if (!status.ok()) ToWire(status.error(), reply->mutable_error());
    return grpc::Status::OK;
  }

 private:
  StoreControlApi& api_;
};

class RunningServer final : public ControlServer {
 public:
  explicit RunningServer(StoreControlApi& api) : service_(api) {}
  ~RunningServer() override {
    if (server_) server_->Shutdown(gpr_time_0(GPR_CLOCK_REALTIME));
  }
  bool Listen(const std::string& socket_path) {
    unlink(socket_path.c_str());
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket_path, grpc::InsecureServerCredentials());
    builder.RegisterService(&service_);
    builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
    builder.SetMaxSendMessageSize(kMaxMessageBytes);
    server_ = builder.BuildAndStart();
    return server_ != nullptr;
  }

 private:
  ControlService service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::Start(const std::string& socket_path, StoreControlApi& api) {
  auto server = std::make_unique<RunningServer>(api);
  if (!server->Listen(socket_path)) {
    return MakeError(ErrorCode::kIoError, "cannot listen on " + socket_path);
  }
  return std::unique_ptr<ControlServer>(std::move(server));
}

}  // namespace ashlar::link
