#include "link/control_client.h"

#include "link/convert.h"
#include "link/link.grpc.pb.h"
#include "link/rpc.h"

namespace ashlar::link {
namespace {

constexpr char kPeer[] = "The control plane";

wire::ResolveRequest ResolveMessage(const std::string& handle, std::span<const std::string> via_view_ids,
                                    std::span<const sql::ResolveRequest> requests) {
  wire::ResolveRequest message;
  message.set_handle(handle);
  for (const std::string& id : via_view_ids) message.add_via_view_ids(id);
  for (const sql::ResolveRequest& request : requests) ToWire(request, message.add_items());
  return message;
}

class ControlClient final : public StoreControlApi {
 public:
  explicit ControlClient(const std::string& socket_path)
      : stub_(wire::Control::NewStub(UnixChannel(socket_path))) {}

  Result<std::vector<Result<sql::ResolvedRelation>>> Resolve(
      const std::string& handle, std::span<const std::string> via_view_ids,
      std::span<const sql::ResolveRequest> requests) override {
    ASSIGN_OR_RETURN(wire::ResolveReply reply, Ask(&wire::Control::Stub::Resolve, ResolveMessage(handle, via_view_ids, requests)));
    CHECK(static_cast<size_t>(reply.items_size()) == requests.size());
    std::vector<Result<sql::ResolvedRelation>> results;
    for (const auto& item : reply.items()) {
      if (item.has_error()) {
        results.emplace_back(FromWire(item.error()));
      } else {
        results.push_back(FromWire(item.relation()));
      }
    }
    return results;
  }

  Result<std::vector<std::string>> StoreAccess(const std::string& handle, std::span<const std::string> via_view_ids,
                                               const sql::ResolveRequest& request) override {
    ASSIGN_OR_RETURN(wire::StoreAccessReply reply,
                     Ask(&wire::Control::Stub::StoreAccess, ResolveMessage(handle, via_view_ids, {&request, 1})));
    return std::vector<std::string>(reply.accesses().begin(), reply.accesses().end());
  }

  Result<sql::CatalogReply> Execute(const std::string& handle, const sql::CatalogCommand& command) override {
    wire::CatalogRequest message;
    ToWire(command, &message);
    message.set_handle(handle);
    ASSIGN_OR_RETURN(wire::CatalogReply reply, Ask(&wire::Control::Stub::Catalog, message));
    return FromWire(reply);
  }

  Result<CommitOutcome> Commit(const std::string& handle, const CommitRequest& request) override {
    wire::CommitRequest message;
    message.set_handle(handle);
    message.set_table_uuid(request.table_uuid);
    message.set_location(request.location);
    message.set_version(request.version);
    message.set_actions(request.actions);
    message.set_commit_uuid(request.commit_uuid);
    grpc::ClientContext context;
    wire::CommitReply reply;
    grpc::Status status = stub_->Commit(&context, message, &reply);
    // The request may have been carried out: only reading the log back can tell.
    if (!status.ok()) return CommitOutcome::kUnknown;
    RETURN_IF_ERROR(ReplyStatus(reply));
    return static_cast<CommitOutcome>(reply.outcome());
  }

  Result<std::optional<sql::RatifiedCommits>> Ratified(const std::string& handle, const std::string& table_uuid) override {
    wire::RatifiedRequest message;
    message.set_handle(handle);
    message.set_table_uuid(table_uuid);
    ASSIGN_OR_RETURN(wire::RatifiedReply reply, Ask(&wire::Control::Stub::Ratified, message));
    std::optional<sql::RatifiedCommits> commits;
    if (reply.has_commits()) commits = FromWire(reply.commits());
    return commits;
  }

  Status OnHeartbeat(const Heartbeat& heartbeat) override {
    wire::HeartbeatRequest message;
    message.set_driver_id(heartbeat.driver_id);
    message.set_secret(heartbeat.secret);
    message.set_socket(heartbeat.socket);
    message.set_rss_bytes(heartbeat.rss_bytes);
    message.set_running_statements(heartbeat.running_statements);
    message.set_open_sessions(heartbeat.open_sessions);
    auto reply = Ask(&wire::Control::Stub::Heartbeat, message);
    return reply.ok() ? OkStatus() : Status(reply.error());
  }

 private:
  // The reply to one call. Errors: RpcError's, and the one that the reply holds.
  template <typename Request, typename Reply>
  Result<Reply> Ask(grpc::Status (wire::Control::Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
                    const Request& request) {
    grpc::ClientContext context;
    Reply reply;
    grpc::Status status = (stub_.get()->*method)(&context, request, &reply);
    if (!status.ok()) return RpcError(status, kPeer);
    RETURN_IF_ERROR(ReplyStatus(reply));
    return reply;
  }

  std::unique_ptr<wire::Control::Stub> stub_;
};

}  // namespace

std::unique_ptr<StoreControlApi> MakeControlClient(const std::string& socket_path) {
  return std::make_unique<ControlClient>(socket_path);
}

}  // namespace ashlar::link
