#include "gateway/connect_proxy.h"

#include <fcntl.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <thread>

namespace ashlar::gateway {
namespace {

using Done = std::function<void(Result<ConnectTarget>)>;

// One call of a client of its own: no retries, no deadline.
class ClientCall {
 public:
  explicit ClientCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method = "Config")
      : stub_(channel),
        reader_(stub_.PrepareUnaryCall(&context_, "/spark.connect.SparkConnectService/" + method, message_, &queue_)) {
    reader_->StartCall();
    reader_->Finish(&reply_, &status_, this);
  }
  ~ClientCall() { queue_.Shutdown(); }

  void Cancel() { context_.TryCancel(); }
  grpc::Status Wait() {
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
    return status_;
  }

 private:
  grpc::Slice bytes_{"x"};
  grpc::ByteBuffer message_{&bytes_, 1};
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  grpc::ByteBuffer reply_;
  grpc::Status status_;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader_;
};

class ConnectProxyTest : public testing::Test {
 protected:
  void SetUp() override {
    proxy_ = *ConnectProxy::Start({}, [this](const CallMetadata&, Done done) {
      if (std::exchange(was_asked_, true)) return done(MakeError(ErrorCode::kNotFound, "only the first is answered"));
      asked_.set_value(std::move(done));
    });
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(listen(listener_, 1), 0);
    socklen_t size = sizeof address;
    ASSERT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(ntohs(address.sin_port)),
                                   grpc::InsecureChannelCredentials());
    channel_->GetState(true);
    int connection = accept(listener_, nullptr, nullptr);
    ASSERT_GE(connection, 0);
    ASSERT_EQ(fcntl(connection, F_SETFL, O_NONBLOCK), 0);
    proxy_->TakeConnection(connection, false);
  }
  void TearDown() override { close(listener_); }

  // The router's answer to the first call, still to be given.
  Done Asked() { return asked_.get_future().get(); }

  bool was_asked_ = false;
  std::promise<Done> asked_;
  std::unique_ptr<ConnectProxy> proxy_;
  int listener_ = -1;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(ConnectProxyTest, ARouterMayAnswerAfterTheEnd) {
  ClientCall call(channel_);
  Done done = Asked();
  proxy_->Stop(0);
  EXPECT_EQ(call.Wait().error_code(), grpc::StatusCode::ABORTED);
  proxy_.reset();
  done(ConnectTarget{"/nowhere", "handle", "user"});
}

TEST_F(ConnectProxyTest, ARouterMayAnswerAfterTheClientLeft) {
  ClientCall call(channel_);
  Done done = Asked();
  call.Cancel();
  EXPECT_EQ(call.Wait().error_code(), grpc::StatusCode::CANCELLED);
  done(ConnectTarget{"/nowhere", "handle", "user"});
  proxy_.reset();
}

TEST_F(ConnectProxyTest, WhatBelongsToARunningCallPassesDuringTheDrainAndNewWorkDoesNot) {
  ClientCall running(channel_, "ExecutePlan");
  Done done = Asked();
  std::jthread stop([this] { proxy_->Stop(60'000); });
  grpc::Status refused;
  do {
    refused = ClientCall(channel_, "ExecutePlan").Wait();
  } while (refused.error_code() == grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(refused.error_message(), "The server is shutting down.");
  EXPECT_EQ(ClientCall(channel_, "Config").Wait().error_code(), grpc::StatusCode::NOT_FOUND) << "the router was asked";
  done(MakeError(ErrorCode::kBadRequest, "its own answer"));
  EXPECT_EQ(running.Wait().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ClientCall(channel_, "ReleaseExecute").Wait().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ConnectProxyTest, ACallThatOutlivesTheDrainIsToldSo) {
  // A driver that takes connections and says nothing.
  char folder[] = "/tmp/ashlar-gateway-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  std::string path = std::string(folder) + "/driver.sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  int driver = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(driver, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(driver, 1), 0);

  ClientCall call(channel_);
  Asked()(ConnectTarget{path, "handle", "user"});
  proxy_->Stop(50);
  grpc::Status status = call.Wait();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_NE(status.error_message().find("shutting down"), std::string::npos) << status.error_message();
  proxy_.reset();
  close(driver);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ashlar::gateway
