#include "cli/connection.h"

#include <gtest/gtest.h>

namespace ashlar::cli {
namespace {

constexpr char kConfig[] = R"(
; a comment
[DEFAULT]
host = https://default.example.com/
token = dapi-default

[local]
host  = http://localhost:8650
token = dapi-local
warehouse_id = w-local
[broken
)";

constexpr char kReady[] = R"({"url":"http://localhost:9000","token":"dapi-ready","warehouse_id":"w-ready","pid":1})";

class ConnectionTest : public testing::Test {
 protected:
  Result<Connection> Resolve(const ConnectionOptions& options) {
    return ResolveConnection(options, {[this](const std::string& name) { return variables_[name]; },
                                       [this](const std::string& path) -> Result<std::string> {
                                         auto file = files_.find(path);
                                         if (file != files_.end()) return file->second;
                                         return MakeError(ErrorCode::kIoError, "open " + path + ": No such file");
                                       }});
  }

  std::map<std::string, std::string> variables_ = {{"HOME", "/home-of-me"}};
  std::map<std::string, std::string> files_;
};

TEST_F(ConnectionTest, NothingGivenSaysWhatToGive) {
  Result<Connection> connection = Resolve({});
  ASSERT_FALSE(connection.ok());
  for (const char* way : {"--host", "DATABRICKS_HOST", "--profile", "--ready-file"}) {
    EXPECT_NE(connection.error().message.find(way), std::string::npos) << way;
  }
}

TEST_F(ConnectionTest, AHostWithoutTokenSaysSo) {
  Result<Connection> connection = Resolve({.host = "localhost:8650"});
  ASSERT_FALSE(connection.ok());
  EXPECT_NE(connection.error().message.find("no token for https://localhost:8650"), std::string::npos);
}

TEST_F(ConnectionTest, OptionsBeatTheEnvironment) {
  variables_["DATABRICKS_HOST"] = "http://env:1/";
  variables_["DATABRICKS_TOKEN"] = "dapi-env";
  variables_["DATABRICKS_WAREHOUSE_ID"] = "w-env";
  auto connection = Resolve({});
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ(connection->host, "http://env:1");
  EXPECT_EQ(connection->token, "dapi-env");
  EXPECT_EQ(connection->warehouse, "w-env");
  connection = Resolve({.token = "dapi-option", .warehouse = "w-option"});
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ(connection->host, "http://env:1");
  EXPECT_EQ(connection->token, "dapi-option");
  EXPECT_EQ(connection->warehouse, "w-option");
}

TEST_F(ConnectionTest, ProfilesComeFromTheConfigFile) {
  files_["/home-of-me/.databrickscfg"] = kConfig;
  auto connection = Resolve({});
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ(connection->host, "https://default.example.com");
  EXPECT_EQ(connection->token, "dapi-default");
  connection = Resolve({.profile = "local"});
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ(connection->host, "http://localhost:8650");
  EXPECT_EQ(connection->warehouse, "w-local");
  connection = Resolve({.profile = "absent"});
  ASSERT_FALSE(connection.ok());
  EXPECT_NE(connection.error().message.find("no profile [absent]"), std::string::npos);
}

TEST_F(ConnectionTest, ATokenIsNotLentToAnotherHost) {
  files_["/home-of-me/.databrickscfg"] = kConfig;
  auto connection = Resolve({.host = "http://elsewhere:1"});
  ASSERT_FALSE(connection.ok());
  EXPECT_NE(connection.error().message.find("no token for http://elsewhere:1"), std::string::npos);
  // The same host named in two places is the same host.
  connection = Resolve({.host = "http://localhost:8650/", .profile = "local"});
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ(connection->token, "dapi-local");
  // A bare token in the environment belongs to whatever host is named.
  variables_["DATABRICKS_TOKEN"] = "dapi-env";
  connection = Resolve({.host = "http://elsewhere:1"});
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ(connection->token, "dapi-env");
}

TEST_F(ConnectionTest, ReadyFilesOfAServer) {
  files_["ready.json"] = kReady;
  auto connection = Resolve({.ready_file = "ready.json"});
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ(connection->host, "http://localhost:9000");
  EXPECT_EQ(connection->token, "dapi-ready");
  EXPECT_EQ(connection->warehouse, "w-ready");
  variables_["ASHLAR_READY_FILE"] = "ready.json";
  EXPECT_TRUE(Resolve({}).ok());
  files_["ready.json"] = "not json";
  EXPECT_FALSE(Resolve({}).ok());
  EXPECT_FALSE(Resolve({.ready_file = "absent.json"}).ok());
}

TEST_F(ConnectionTest, Authorities) {
  variables_ = {{"DATABRICKS_HOST", "h"}, {"DATABRICKS_TOKEN", "t"}, {"REQUESTS_CA_BUNDLE", "bundle.pem"}};
  EXPECT_EQ(Resolve({})->ca_cert, "bundle.pem");
  variables_["ASHLAR_CA_CERT"] = "ours.pem";
  EXPECT_EQ(Resolve({})->ca_cert, "ours.pem");
  EXPECT_EQ(Resolve({.ca_cert = "given.pem"})->ca_cert, "given.pem");
}

}  // namespace
}  // namespace ashlar::cli
