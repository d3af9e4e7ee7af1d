// The cloud stores against emulators that tests/objectstores starts and names in the environment.
#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "base/id.h"
#include "objectstore/cloud_store.h"
#include "objectstore/test_store_contract.h"

namespace ashlar::objectstore {
namespace {

std::string Setting(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Spoils the answers to chosen requests, after or instead of letting the service do its work.
class SpoilingTransport final : public HttpTransport {
 public:
  enum class Spoil { kThrottled, kAnswerLost, kTorn };
  explicit SpoilingTransport(std::unique_ptr<HttpTransport> inner) : inner_(std::move(inner)) {}
  void Next(Spoil spoil) { next_ = spoil; }

  Result<HttpResponse> Send(const HttpRequest& request) override {
    std::optional<Spoil> spoil = std::exchange(next_, std::nullopt);
    if (spoil == Spoil::kThrottled) return HttpResponse{.status = 503, .headers = {{"retry-after", "0"}}};
    Result<HttpResponse> answer = inner_->Send(request);
    if (spoil == Spoil::kAnswerLost) return MakeError(ErrorCode::kIoError, "injected: the answer is lost");
    if (spoil == Spoil::kTorn && answer.ok()) answer->body.pop_back();
    return answer;
  }

 private:
  std::unique_ptr<HttpTransport> inner_;
  std::optional<Spoil> next_;
};

class CloudEmulator : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    endpoint_ = Setting("ASHLAR_TEST_STORE_ENDPOINT");
    if (endpoint_.empty()) GTEST_SKIP() << "run by tests/objectstores, which starts the emulators";
    if (Setting("ASHLAR_TEST_STORE_KIND") != GetParam()) GTEST_SKIP() << "not the credential of this run";
  }
  Result<std::unique_ptr<CloudService>> MakeService() const {
    std::string secret = Setting("ASHLAR_TEST_STORE_SECRET");
    std::string bucket = Setting("ASHLAR_TEST_STORE_BUCKET");
    if (GetParam() == "s3") {
      return MakeS3Service({.bucket = bucket, .endpoint = endpoint_, .access_key_id = "test",
                            .secret_access_key = secret}, SystemClock());
    }
    AzureOptions options{.account = "devstoreaccount1", .container = bucket, .endpoint = endpoint_};
    if (GetParam() == "azure_key") options.credential = AzureSharedKey{secret};
    if (GetParam() == "azure_sas") options.credential = AzureSas{secret};
    return MakeAzureBlobService(options, SystemClock());
  }
  std::unique_ptr<CloudObjectStore> MakeStore(std::shared_ptr<HttpTransport> transport) const {
    auto service = MakeService();
    CHECK(service.ok());
    return std::make_unique<CloudObjectStore>(CloudObjectStore::Place{"x://b/r", folder_}, *std::move(service),
                                              std::move(transport), RetryPolicy{.first_pause_ms = 1});
  }

  std::string folder_ = "run-" + NewHex(SystemRandom(), 6);
  std::string endpoint_;
};

TEST_P(CloudEmulator, KeepsTheContract) {
  auto store = MakeStore(MakeCurlTransport({}));
  ExpectStoreContract(*store, "x://b/r");
  std::vector<std::string> tree;
  auto listed = store->ListTree("x://b/r");
  ASSERT_TRUE(listed.ok());
  for (const ObjectInfo& object : *listed) tree.push_back(object.name);
  EXPECT_EQ(tree, (std::vector<std::string>{"a/b/10.json", "a/b/c/2.json", "hints/2.crc"}));
}

TEST_P(CloudEmulator, KeepsNamesThatMustBeEncoded) {
  auto store = MakeStore(MakeCurlTransport({}));
  std::vector<std::string> names = {"a b+c", "d=2024-01-01 %3A", "q?x#y&z", "ä€😀"};
  for (const std::string& name : names) {
    ASSERT_EQ(*store->PutIfAbsent("x://b/r/n/" + name, name), PutOutcome::kWon) << name;
    EXPECT_EQ(*store->Read("x://b/r/n/" + name), name);
  }
  auto listed = store->ListFrom("x://b/r/n", "");
  ASSERT_TRUE(listed.ok()) << listed.error().message;
  std::vector<std::string> found;
  for (const ObjectInfo& object : *listed) found.push_back(object.name);
  EXPECT_EQ(found, names);  // in the order of their bytes
}

TEST_P(CloudEmulator, ListsMoreThanAPage) {
  if (GetParam() != "s3") GTEST_SKIP() << "a page of Azure holds 5000: the scripted store turns its pages";
  auto store = MakeStore(MakeCurlTransport({}));
  constexpr int kCount = 1005;  // S3 gives 1000 a page
  for (int i = 0; i < kCount; ++i) {
    ASSERT_TRUE(store->PutOverwrite("x://b/r/many/" + std::to_string(10000 + i), "").ok());
  }
  EXPECT_EQ(store->ListFrom("x://b/r/many", "")->size(), static_cast<size_t>(kCount));
  EXPECT_EQ(store->ListFrom("x://b/r/many", "11000")->size(), 5u);
}

TEST_P(CloudEmulator, OneOfManyConcurrentCreatorsWins) {
  auto store = MakeStore(MakeCurlTransport({}));
  for (int round = 0; round < 10; ++round) {
    std::string path = "x://b/r/race/" + std::to_string(round);
    std::array<Result<PutOutcome>, 4> outcomes = {PutOutcome::kUnknown, PutOutcome::kUnknown,
                                                  PutOutcome::kUnknown, PutOutcome::kUnknown};
    std::vector<std::thread> threads;
    for (size_t i = 0; i < outcomes.size(); ++i) {
      threads.emplace_back([&, i] { outcomes[i] = store->PutIfAbsent(path, std::to_string(i)); });
    }
    for (std::thread& thread : threads) thread.join();
    int won = 0;
    for (size_t i = 0; i < outcomes.size(); ++i) {
      ASSERT_TRUE(outcomes[i].ok()) << outcomes[i].error().message;
      if (*outcomes[i] != PutOutcome::kWon) continue;
      ++won;
      EXPECT_EQ(*store->Read(path), std::to_string(i));
    }
    EXPECT_EQ(won, 1);
  }
}

TEST_P(CloudEmulator, SurvivesThrottlingTornReadsAndLostAnswers) {
  auto transport = std::make_shared<SpoilingTransport>(MakeCurlTransport({}));
  auto store = MakeStore(transport);
  using Spoil = SpoilingTransport::Spoil;
  transport->Next(Spoil::kAnswerLost);
  EXPECT_EQ(*store->PutIfAbsent("x://b/r/1", "mine"), PutOutcome::kUnknown);  // meets its own object
  transport->Next(Spoil::kTorn);
  EXPECT_EQ(*store->Read("x://b/r/1"), "mine");
  transport->Next(Spoil::kTorn);
  EXPECT_EQ(*store->ReadRange("x://b/r/1", 1, 3), "ine");
  transport->Next(Spoil::kThrottled);
  EXPECT_EQ(store->ListFrom("x://b/r", "")->size(), 1u);
  transport->Next(Spoil::kAnswerLost);
  EXPECT_TRUE(store->PutOverwrite("x://b/r/1", "again").ok());
  transport->Next(Spoil::kAnswerLost);
  EXPECT_TRUE(store->Delete("x://b/r/1").ok());
  EXPECT_EQ(store->Head("x://b/r/1").error().code, ErrorCode::kNotFound);
}

std::string ManyBytes(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 2654435761u >> 13);
  return bytes;
}

TEST_P(CloudEmulator, AnUploadInPartsAppearsWholeWhenItIsFinished) {
  auto transport = std::make_shared<SpoilingTransport>(MakeCurlTransport({}));
  auto store = MakeStore(transport);
  using Spoil = SpoilingTransport::Spoil;
  std::string bytes = ManyBytes((13 << 20) + 7);
  auto upload = store->StartUpload("x://b/r/parts", 5 << 20);
  ASSERT_TRUE(upload.ok());
  for (size_t at = 0; at < bytes.size(); at += 3 << 20) {
    transport->Next(Spoil::kAnswerLost);
    ASSERT_TRUE((*upload)->Append(std::string_view(bytes).substr(at, 3 << 20)).ok());
  }
  EXPECT_EQ(store->Head("x://b/r/parts").error().code, ErrorCode::kNotFound);
  Status finished = (*upload)->Finish();
  ASSERT_TRUE(finished.ok()) << finished.error().message;
  EXPECT_TRUE(*store->Read("x://b/r/parts") == bytes);
}

TEST_P(CloudEmulator, AnUploadThatIsGivenUpLeavesTheOldObject) {
  auto store = MakeStore(MakeCurlTransport({}));
  auto small = store->StartUpload("x://b/r/kept");
  ASSERT_TRUE((*small)->Append("old").ok());
  ASSERT_TRUE((*small)->Finish().ok());
  {
    auto upload = store->StartUpload("x://b/r/kept", 5 << 20);
    ASSERT_TRUE((*upload)->Append(ManyBytes(11 << 20)).ok());
  }
  EXPECT_EQ(*store->Read("x://b/r/kept"), "old");
}

TEST_P(CloudEmulator, AnObjectOfManyMegabytesComesBackWhole) {
  auto store = MakeStore(MakeCurlTransport({}));
  std::string bytes = ManyBytes(20 << 20);
  ASSERT_EQ(*store->PutIfAbsent("x://b/r/big", bytes), PutOutcome::kWon);
  EXPECT_TRUE(*store->Read("x://b/r/big") == bytes);
  EXPECT_TRUE(*store->ReadRange("x://b/r/big", 19 << 20, 1 << 20) == bytes.substr(19 << 20));
}

INSTANTIATE_TEST_SUITE_P(Stores, CloudEmulator, testing::Values("s3", "azure_key", "azure_sas"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ashlar::objectstore
