#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/service_type.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <future>

#include "link/control_client.h"
#include "link/control_server.h"
#include "link/driver_client.h"
#include "link/driver_server.h"

namespace ashlar::link {
namespace {

// Answers what it was asked, so that the test sees both directions of the wire.
class EchoControl final : public StoreControlApi {
 public:
  Result<std::vector<Result<sql::ResolvedRelation>>> Resolve(
      const std::string& handle, std::span<const std::string> via_view_ids,
      std::span<const sql::ResolveRequest> requests) override {
    if (handle != "h") return MakeError(ErrorCode::kUnauthenticated, "unknown handle");
    std::vector<Result<sql::ResolvedRelation>> results;
    for (const sql::ResolveRequest& request : requests) {
      if (request.name.empty()) {
        results.emplace_back(MakeSqlError("TABLE_OR_VIEW_NOT_FOUND", "42P01", "no", {{"relationName", "`x`"}},
                                          SourceSpan{1, 4}));
        continue;
      }
      sql::ResolvedRelation relation;
      relation.name_parts = request.name;
      relation.ratified = sql::RatifiedCommits{7, {{6, "six"}, {7, "seven"}}};
      relation.schema.fields = {{"a", DataType::Array(TypeId::kInt), false, R"({"k":1})"}};
      relation.owner = via_view_ids.empty() ? "" : via_view_ids[0];
      results.emplace_back(std::move(relation));
    }
    return results;
  }
  Result<std::vector<std::string>> StoreAccess(const std::string& handle, std::span<const std::string> via_view_ids,
                                               const sql::ResolveRequest& request) override {
    if (handle != "h") return MakeError(ErrorCode::kUnauthenticated, "unknown handle");
    return std::vector<std::string>{via_view_ids[0], request.path, request.access == sql::Access::kWrite ? "written" : "read",
                                    request.named_by_log ? "named" : "asked for"};
  }
  Result<sql::CatalogReply> Execute(const std::string&, const sql::CatalogCommand& command) override {
    sql::CatalogReply reply;
    reply.rows = {{command.comment, command.name[0]}};
    return reply;
  }
  Result<CommitOutcome> Commit(const std::string&, const CommitRequest& request) override {
    return request.version == 1 ? CommitOutcome::kWon : CommitOutcome::kLost;
  }
  Result<std::optional<sql::RatifiedCommits>> Ratified(const std::string&, const std::string& table_uuid) override {
    std::optional<sql::RatifiedCommits> commits;
    if (table_uuid == "managed") commits = sql::RatifiedCommits{3, {{3, "three"}}};
    return commits;
  }
  Status OnHeartbeat(const Heartbeat& heartbeat) override {
    if (heartbeat.secret != "s") return MakeError(ErrorCode::kPermissionDenied, "not a driver of ours");
    return OkStatus();
  }
};

CommitRequest AtVersion(int64_t version) {
  CommitRequest request;
  request.version = version;
  return request;
}

class LinkTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/ashlar-link-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    socket_ = std::string(folder) + "/control.sock";
    server_ = *ControlServer::Start(socket_, control_);
    client_ = MakeControlClient(socket_);
  }

  EchoControl control_;
  std::string socket_;
  std::unique_ptr<ControlServer> server_;
  std::unique_ptr<StoreControlApi> client_;
};

TEST_F(LinkTest, ResolveKeepsOrderTypesAndErrors) {
  std::vector<sql::ResolveRequest> requests(2);
  requests[0].name = {"main", "default", "t"};
  std::vector<std::string> views = {"v1"};
  auto results = client_->Resolve("h", views, requests);
  ASSERT_TRUE(results.ok());
  EXPECT_EQ((*results)[0]->schema.fields[0].type, DataType::Array(TypeId::kInt));
  EXPECT_EQ((*results)[0]->schema.fields[0].metadata, R"({"k":1})");
  EXPECT_EQ((*results)[0]->owner, "v1");
  EXPECT_EQ((*results)[0]->ratified->latest_version, 7);
  EXPECT_EQ((*results)[0]->ratified->staged.at(6), "six");
  EXPECT_EQ((*results)[1].error().condition, "TABLE_OR_VIEW_NOT_FOUND");
  EXPECT_EQ((*results)[1].error().span, (SourceSpan{1, 4}));
  EXPECT_EQ(client_->Resolve("other", views, requests).error().code, ErrorCode::kUnauthenticated);
}

TEST_F(LinkTest, AbsentAndEmptyTextStayApart) {
  sql::CatalogCommand command;
  command.name = {"c"};
  EXPECT_EQ(client_->Execute("h", command)->rows[0][0], std::nullopt);
  command.comment = "";
  EXPECT_EQ(client_->Execute("h", command)->rows[0][0], "");
}

TEST_F(LinkTest, WhatTheCatalogRatified) {
  auto commits = client_->Ratified("h", "managed");
  ASSERT_TRUE(commits.ok() && *commits);
  EXPECT_EQ((*commits)->latest_version, 3);
  EXPECT_EQ((*commits)->staged, (std::map<int64_t, std::string>{{3, "three"}}));
  EXPECT_EQ(*client_->Ratified("h", "plain"), std::nullopt);
}

TEST_F(LinkTest, CommitOutcomes) {
  EXPECT_EQ(*client_->Commit("h", AtVersion(1)), CommitOutcome::kWon);
  EXPECT_EQ(*client_->Commit("h", AtVersion(2)), CommitOutcome::kLost);
  server_.reset();
  EXPECT_EQ(*client_->Commit("h", AtVersion(1)), CommitOutcome::kUnknown);
}

TEST_F(LinkTest, HeartbeatOfAStrangerIsRefused) {
  Heartbeat heartbeat;
  heartbeat.secret = "s";
  EXPECT_TRUE(client_->OnHeartbeat(heartbeat).ok());
  heartbeat.secret = "guess";
  EXPECT_FALSE(client_->OnHeartbeat(heartbeat).ok());
}

TEST_F(LinkTest, StoreAccessIsAskedForOneRelation) {
  std::vector<std::string> views = {"view"};
  sql::ResolveRequest request{{}, "DELTA", "s3://b/t", sql::Access::kWrite};
  using Texts = std::vector<std::string>;
  EXPECT_EQ(*client_->StoreAccess("h", views, request), (Texts{"view", "s3://b/t", "written", "asked for"}));
  request.named_by_log = true;
  EXPECT_EQ(client_->StoreAccess("h", views, request)->back(), "named");
  EXPECT_EQ(client_->StoreAccess("other", views, request).error().code, ErrorCode::kUnauthenticated);
}

// Answers GetStatement when the test says so.
class HeldDriver final : public DriverApi {
 public:
  Status CloseSession(const std::string&) override { return OkStatus(); }
  Status Execute(const StatementRequest& request) override {
    return request.sql == "twice" ? Status(MakeError(ErrorCode::kAlreadyExists, "statement s already exists")) : OkStatus();
  }
  void GetStatement(const std::string&, int64_t, bool, Callback<StatementStatus> done) override {
    asked_.set_value(std::move(done));
  }
  Result<std::string> FetchChunk(const std::string&, int64_t) override { return std::string(); }
  Status CancelStatement(const std::string&) override { return OkStatus(); }
  Status CloseStatement(const std::string&) override { return OkStatus(); }

  Callback<StatementStatus> Asked() { return asked_.get_future().get(); }

 private:
  std::promise<Callback<StatementStatus>> asked_;
};

class DriverClientsTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/ashlar-link-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    std::string socket = std::string(folder) + "/driver.sock";
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket, grpc::InsecureServerCredentials());
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    client_ = clients_->Connect(socket);
  }

  HeldDriver driver_;
  std::unique_ptr<grpc::Service> service_ = MakeDriverService(driver_);
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<DriverClients> clients_ = DriverClients::Make();
  std::shared_ptr<DriverApi> client_;
};

TEST_F(DriverClientsTest, ACallbackMayDropTheLastClient) {
  std::promise<StatementState> answered;
  client_->GetStatement("s", 1000, false, [&answered, held = client_](const Result<StatementStatus>& status) {
    answered.set_value(status->state);
  });
  client_.reset();
  StatementStatus status;
  status.state = StatementState::kSucceeded;
  driver_.Asked()(status);
  EXPECT_EQ(answered.get_future().get(), StatementState::kSucceeded);
  clients_->Stop();
}

TEST_F(DriverClientsTest, ARunAnswersAsTheStatementOrAsWhatQueuesIt) {
  std::promise<Result<StatementStatus>> answered, refused;
  StatementRequest request;
  request.statement_id = "s";
  EXPECT_TRUE(client_->Run(request, 1000, true, [&](const Result<StatementStatus>& status) { answered.set_value(status); }).ok());
  StatementStatus status;
  status.state = StatementState::kSucceeded;
  status.first_chunk = "rows";
  driver_.Asked()(status);
  EXPECT_EQ(answered.get_future().get()->first_chunk, "rows");
  request.sql = "twice";
  // There is a connection now: what queues it answers through the call that waits.
  EXPECT_TRUE(client_->Run(request, 1000, true, [&](const Result<StatementStatus>& status) { refused.set_value(status); }).ok());
  EXPECT_EQ(refused.get_future().get().error().code, ErrorCode::kAlreadyExists);
  server_->Shutdown();
  EXPECT_EQ(client_->Run(request, 1000, true, [](const Result<StatementStatus>&) { FAIL(); }).error().code,
            ErrorCode::kTemporarilyUnavailable);
  clients_->Stop();
}

TEST_F(DriverClientsTest, AStopAnswersWhatTheDriverDoesNot) {
  int answers = 0;
  auto refused = [&answers](const Result<StatementStatus>& status) {
    answers += !status.ok() && status.error().code == ErrorCode::kTemporarilyUnavailable;
  };
  client_->GetStatement("s", 1000, false, refused);
  auto unanswered = driver_.Asked();
  clients_->Stop();
  EXPECT_EQ(answers, 1) << "before Stop returns";
  client_->GetStatement("s", 1000, false, refused);
  EXPECT_EQ(answers, 2);
  clients_.reset();
  client_.reset();
  unanswered(StatementStatus());  // gRPC waits for it, and nobody else
}

}  // namespace
}  // namespace ashlar::link
