#include "objectstore/store_router.h"

#include <gtest/gtest.h>

#include "objectstore/memory_store.h"

namespace ashlar::objectstore {
namespace {

TEST(StoreUrl, HasOneFormForOnePlace) {
  struct {
    const char* written;
    const char* canonical;
  } rows[] = {{"s3://b/x/y", "s3://b/x/y"},
              {"S3A://b/x/y//", "s3://b/x/y"},
              {"s3://b", "s3://b"},
              {"s3://b/a%20b c", "s3://b/a%20b c"},
              {"abfss://c@acc.dfs.core.windows.net/t", "abfss://c@acc.dfs.core.windows.net/t"},
              {"wasbs://c@Acc.blob.core.windows.net/t/", "abfss://c@acc.dfs.core.windows.net/t"},
              {"abfs://c@acc.dfs.core.windows.net", "abfss://c@acc.dfs.core.windows.net"}};
  for (const auto& row : rows) {
    auto url = ParseStoreUrl(row.written);
    ASSERT_TRUE(url.ok()) << row.written;
    EXPECT_EQ(url->Text(), row.canonical);
  }
}

TEST(StoreUrl, RefusesWhatNamesNoObject) {
  for (const char* text : {"s3://", "s3:///x", "s3://b/a/../c", "s3://b/./c", "s3://b/a//c", "gs://b/x", "/x", "",
                           "abfss://acc.dfs.core.windows.net/x", "abfss://c@acc.example.com/x",
                           "abfss://c@a.b.dfs.core.windows.net/x", "abfss://@acc.dfs.core.windows.net/x"}) {
    EXPECT_FALSE(ParseStoreUrl(text).ok()) << text;
  }
}

// Answers every request with the headers it came with.
class EchoTransport final : public HttpTransport {
 public:
  Result<HttpResponse> Send(const HttpRequest& request) override {
    return HttpResponse{.status = 200, .headers = {}, .body = request.origin + request.path};
  }
};

StoreAccess AccessTo(const std::string& root, const std::string& endpoint) {
  return {root, {S3AccessKey{.access_key_id = "id", .secret_access_key = "secret"}, endpoint}};
}

class StoreRouterTest : public testing::Test {
 protected:
  FakeClock clock_{1'700'000'000'000};
  MemoryObjectStore local_{clock_};
  MountedStores mounted_{clock_, std::make_shared<EchoTransport>()};
  StoreRouter router_{local_, [this](const std::string& path) { return mounted_.Find(path); }};
};

TEST_F(StoreRouterTest, LeadsEachPathToTheDeepestStoreAroundIt) {
  ASSERT_TRUE(mounted_.Mount(AccessTo("s3://bucket/a", "http://one")).ok());
  ASSERT_TRUE(mounted_.Mount(AccessTo("s3://bucket/a/b", "http://two")).ok());
  EXPECT_EQ(*router_.Read("s3://bucket/a/x"), "http://one/bucket/a/x");
  EXPECT_EQ(*router_.Read("s3://bucket/a/b/x"), "http://two/bucket/a/b/x");
  EXPECT_EQ(*router_.Read("s3://bucket/a/b"), "http://two/bucket/a/b");
  EXPECT_EQ(*router_.Read("s3://bucket/a/bb"), "http://one/bucket/a/bb");
  for (const char* path : {"s3://bucket/ab", "s3://bucket", "s3://other/a/x", "abfss://a@b.dfs.core.windows.net/a"}) {
    EXPECT_EQ(router_.Read(path).error().code, ErrorCode::kPermissionDenied) << path;
  }
  ASSERT_TRUE(local_.PutOverwrite("/a/x", "here").ok());
  EXPECT_EQ(*router_.Read("/a/x"), "here");
  EXPECT_EQ(*router_.PutHint("/a/y", "hint"), PutOutcome::kWon);
  EXPECT_EQ(*router_.Read("/a/y"), "hint");
  EXPECT_EQ(router_.StartUpload("/a/z").error().code, ErrorCode::kNotImplemented);
}

TEST_F(StoreRouterTest, TakesANewCredentialAndKeepsAnOldOne) {
  auto first = mounted_.Mount(AccessTo("s3://bucket/a", "http://one"));
  EXPECT_EQ(*mounted_.Mount(AccessTo("s3://bucket/a", "http://one")), *first);
  ASSERT_TRUE(mounted_.Mount(AccessTo("s3://bucket/a", "http://two")).ok());
  EXPECT_EQ(*router_.Read("s3://bucket/a/x"), "http://two/bucket/a/x");
  EXPECT_EQ(*(*first)->Read("s3://bucket/a/x"), "http://one/bucket/a/x");
}

TEST_F(StoreRouterTest, NothingBelowKeepsACredentialOfBefore) {
  ASSERT_TRUE(mounted_.Mount(AccessTo("s3://bucket/a/b/file", "http://old")).ok());
  ASSERT_TRUE(mounted_.Mount(AccessTo("s3://bucket/a/bc", "http://old")).ok());
  ASSERT_TRUE(mounted_.Mount(AccessTo("s3://bucket/a/b", "http://new")).ok());
  EXPECT_EQ(*router_.Read("s3://bucket/a/b/file"), "http://new/bucket/a/b/file");
  EXPECT_EQ(*router_.Read("s3://bucket/a/bc/x"), "http://old/bucket/a/bc/x");
  // What is above serves it already.
  EXPECT_EQ(*mounted_.Mount(AccessTo("s3://bucket/a/b/other", "http://new")), *mounted_.Find("s3://bucket/a/b"));
}

TEST(StoreAccess, ComesBackFromItsText) {
  StoreCredential keys[] = {{S3AccessKey{"id", "secret", "token", "eu-west-1"}, "http://here"},
                            {AzureSharedKey{"a2V5"}, ""},
                            {AzureSas{"sv=1&sig=2"}, ""}};
  for (const StoreCredential& key : keys) {
    auto read = ParseAccess(AccessText({"s3://b/x", key}));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->root, "s3://b/x");
    EXPECT_EQ(CredentialText(read->credential), CredentialText(key));
    EXPECT_EQ(read->credential.kind(), key.kind());
  }
  EXPECT_FALSE(ParseAccess("{}").ok());
  EXPECT_FALSE(ParseCredential("{\"endpoint\":\"x\"}").ok());
}

TEST(StoreAccess, IsOfTheCloudOfItsPlace) {
  FakeClock clock{0};
  StoreAccess access = AccessTo("abfss://con@acc.dfs.core.windows.net/x", "");
  EXPECT_EQ(OpenCloudStore(access, clock, std::make_shared<EchoTransport>()).error().code,
            ErrorCode::kInvalidParameterValue);
}

}  // namespace
}  // namespace ashlar::objectstore
