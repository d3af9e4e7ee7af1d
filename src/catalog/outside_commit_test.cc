// Commits to catalog-managed tables by clients from outside: what is ratified, what is refused, and what they are told.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/text.h"
#include "catalog/test_workspace.h"
#include "delta/catalog_commits.h"
#include "delta/log/file_name.h"
#include "metadb/test_on_backends.h"

namespace ashlar::catalog {
namespace {

using sql::Securable;

constexpr int64_t kTime = 1'700'000'000'000;
constexpr const char* kAdd =
    R"({"add":{"path":"p.parquet","partitionValues":{"b":"x"},"size":10,"modificationTime":1,"dataChange":true}})" "\n";

std::string InfoLine(int64_t time_ms, const std::string& txn_id) {
  return R"({"commitInfo":{"inCommitTimestamp":)" + std::to_string(time_ms) + R"(,"operation":"WRITE","txnId":")" + txn_id + "\"}}\n";
}

class OutsideCommitTest : public testing::TestWithParam<metadb::TestBackend> {
 protected:
  void SetUp() override {
    metadb::TakeOrSkip(TestWorkspace::Make(GetParam()), w_);
    if (!w_) return;
    table_ = *w_->Create(w_->ann, Securable::kTable, "main.default.t");
    TableCommit zero = ManagedZero(table_, "c0");
    ASSERT_EQ(*w_->catalog().Commit(w_->ann, zero), objectstore::PutOutcome::kWon);
  }
  void TearDown() override { SetFailpointsForTest(""); }

  // What a client says of a file that it stages with this text.
  OutsideCommit Stage(int64_t version, const std::string& text, int64_t time_ms) {
    std::string number = std::to_string(++staged_);
    std::string name = delta::PaddedVersion(version) + ".0f0f0f0f-0000-4000-8000-" + std::string(12 - number.size(), '0') + number + ".json";
    EXPECT_TRUE(WriteFileDurably(StagedPath(name), text).ok());
    OutsideCommit commit{table_.uuid, "file://" + table_.location};
    commit.staged = StagedCommit{version, time_ms, name, static_cast<int64_t>(text.size()), 1};
    return commit;
  }
  OutsideCommit Append(int64_t version, const std::string& txn_id) {
    return Stage(version, InfoLine(kTime + version, txn_id) + kAdd, kTime + version);
  }
  std::string Post(const OutsideCommit& commit) { return Post(w_->ann, commit); }
  std::string Post(const http::Principal& who, const OutsideCommit& commit) {
    Status done = w_->catalog().CommitStaged(who, commit);
    if (done.ok()) return "OK";
    return done.error().condition.empty() ? std::string(ErrorCodeName(done.error().code)) : done.error().condition;
  }
  // What is wrong with a commit of version 1 that has this text.
  std::string Refusal(const std::string& text, int64_t time_ms = kTime + 1) {
    Status done = w_->catalog().CommitStaged(w_->ann, Stage(1, text, time_ms));
    return done.ok() ? "" : done.error().message;
  }
  UnpublishedCommits Get(int64_t first = 0, int64_t last = INT64_MAX) {
    auto found = w_->catalog().Unpublished(w_->ann, {table_.uuid, "file:" + table_.location + "/", first, last});
    EXPECT_TRUE(found.ok()) << found.error().message;
    return found.ok() ? *found : UnpublishedCommits{-1};
  }
  std::string StagedPath(const std::string& name) { return delta::StagedDirectory(table_.location) + "/" + name; }
  std::string Published(int64_t version) {
    auto text = ReadFile(delta::LogDirectory(table_.location) + "/" + delta::CommitFileName(version));
    return text.ok() ? *text : "";
  }

  std::unique_ptr<TestWorkspace> w_;
  sql::CatalogReply table_;
  int staged_ = 0;
};

TEST_P(OutsideCommitTest, AStagedCommitIsRatifiedAndPublished) {
  EXPECT_EQ(Get().latest_version, 0);
  OutsideCommit one = Append(1, "c1");
  EXPECT_EQ(Post(one), "OK");
  EXPECT_EQ(Get().latest_version, 1);
  EXPECT_TRUE(Get().commits.empty()) << "published";
  EXPECT_EQ(Published(1), *ReadFile(StagedPath(one.staged->file_name)));
  EXPECT_EQ(Post(one), "OK") << "the answer was lost";
  EXPECT_EQ(w_->Resolve(w_->ann, "main.default.t")->ratified->latest_version, 1);
  EXPECT_EQ(Post(Append(1, "rival")), "ALREADY_EXISTS");
  EXPECT_EQ(Post(Append(3, "c3")), "INVALID_PARAMETER_VALUE") << "a gap";
  EXPECT_EQ(Post(Append(2, "c2")), "OK");
  EXPECT_EQ(Get().latest_version, 2);
}

TEST_P(OutsideCommitTest, ItTakesTheRightsOfAStatement) {
  OutsideCommit one = Append(1, "c1");
  UnpublishedQuery query{table_.uuid, "file://" + table_.location};
  EXPECT_EQ(Post(w_->bob, one), "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(Verdict(w_->catalog().Unpublished(w_->bob, query)), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->Grant("SELECT", Securable::kTable, "main.default.t", "bob@x").ok());
  EXPECT_EQ(w_->catalog().Unpublished(w_->bob, query)->latest_version, 0);
  EXPECT_EQ(Post(w_->bob, one), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->Grant("MODIFY", Securable::kTable, "main.default.t", "bob@x").ok());
  EXPECT_EQ(Post(w_->bob, one), "OK");
}

TEST_P(OutsideCommitTest, TheTableMustBeTheOneAndCatalogManaged) {
  OutsideCommit one = Append(1, "c1");
  OutsideCommit elsewhere = one;
  elsewhere.location += "x";
  EXPECT_EQ(Post(elsewhere), "INVALID_PARAMETER_VALUE");
  OutsideCommit nowhere = one;
  nowhere.table_uuid = "00000000-0000-4000-8000-000000000000";
  EXPECT_EQ(Post(nowhere), "TABLE_OR_VIEW_NOT_FOUND");
  OutsideCommit other_id = one;
  other_id.property_id = nowhere.table_uuid;
  EXPECT_EQ(Post(other_id), "INVALID_PARAMETER_VALUE");
  auto plain = *w_->CreateTable(w_->ann, "main.default.plain");
  one.table_uuid = plain.uuid;
  one.location = plain.location;
  EXPECT_EQ(Post(one), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(Get().latest_version, 0);
}

TEST_P(OutsideCommitTest, AFileThatIsNoCommitIsNeverRatified) {
  const std::string info = InfoLine(kTime + 1, "c1");
  EXPECT_NE(Refusal(kAdd + info).find("does not begin with a commitInfo"), std::string::npos);
  EXPECT_NE(Refusal(info + R"({"add":{"path":"p.par)").find("line 2"), std::string::npos) << "cut off";
  EXPECT_NE(Refusal(R"({"commitInfo":{"operation":"WRITE","txnId":"c1"}})").find("inCommitTimestamp and txnId"), std::string::npos);
  EXPECT_NE(Refusal(InfoLine(kTime + 1, "")).find("inCommitTimestamp and txnId"), std::string::npos);
  EXPECT_NE(Refusal(info, kTime + 2).find("timestamp says"), std::string::npos);
  EXPECT_NE(Refusal(info + info).find("two commitInfos"), std::string::npos);
  EXPECT_NE(Refusal(info + R"({"sidecar":{"path":"s","sizeInBytes":1,"modificationTime":1}})").find("checkpoints"), std::string::npos);
  EXPECT_NE(Refusal(info + kPlainProtocol).find("lacks the feature catalogManaged"), std::string::npos);
  const std::string metadata =
      R"({"metaData":{"id":"m","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[]}","partitionColumns":[],"configuration":{%}}})";
  const std::string ict = R"("delta.enableInCommitTimestamps":"true")";
  EXPECT_NE(Refusal(info + ReplaceAll(metadata, "%", "")).find("enableInCommitTimestamps"), std::string::npos);
  EXPECT_NE(Refusal(info + ReplaceAll(metadata, "%", ict)).find("io.unitycatalog.tableId"), std::string::npos);
  EXPECT_NE(Refusal(info + ReplaceAll(metadata, "%", ict + R"(,"io.unitycatalog.tableId":"another")")).find(table_.uuid), std::string::npos);
  EXPECT_EQ(Refusal(info + ReplaceAll(metadata, "%", ict + R"(,"io.unitycatalog.tableId":")" + table_.uuid + "\"")), "");
  EXPECT_EQ(w_->catalog().Inspect(w_->ann, Securable::kTable, {"main", "default", "t"})->properties.at("io.unitycatalog.tableId"), table_.uuid);
  OutsideCommit past = Stage(2, InfoLine(kTime + 1, "c2"), kTime + 1);
  EXPECT_EQ(Post(past), "INVALID_PARAMETER_VALUE") << "no later than the version before";
  EXPECT_EQ(Get().latest_version, 1);
}

TEST_P(OutsideCommitTest, TheFileLiesInItsPlaceAndIsWhole) {
  OutsideCommit one = Append(1, "c1");
  auto refused = [&](auto change) {
    OutsideCommit other = one;
    change(*other.staged);
    EXPECT_EQ(Post(other), "INVALID_PARAMETER_VALUE") << other.staged->file_name;
  };
  refused([](StagedCommit& staged) { staged.file_size += 1; });
  refused([](StagedCommit& staged) { staged.file_name = "../" + staged.file_name; });
  refused([](StagedCommit& staged) { staged.file_name = "00000000000000000001.json"; });
  refused([](StagedCommit& staged) { staged.file_name[19] = '2'; });
  refused([](StagedCommit& staged) { staged.file_name[21] = 'a'; });
  std::string name = one.staged->file_name;
  ASSERT_TRUE(WriteFileDurably(w_->outside() + "/theirs.json", *ReadFile(StagedPath(name))).ok());
  std::filesystem::remove(StagedPath(name));
  std::filesystem::create_symlink(w_->outside() + "/theirs.json", StagedPath(name));
  EXPECT_EQ(Post(one), "INVALID_PARAMETER_VALUE") << "a link";
  EXPECT_EQ(Get().latest_version, 0);
}

TEST_P(OutsideCommitTest, WhatIsNotPublishedIsListedAndBounded) {
  SetFailpointsForTest("delta.publish.before_put=error@*");
  for (int version = 1; version <= 10; ++version) EXPECT_EQ(Post(Append(version, "c" + std::to_string(version))), "OK");
  UnpublishedCommits some = Get(3, 5);
  EXPECT_EQ(some.latest_version, 10);
  ASSERT_EQ(some.commits.size(), 3u);
  EXPECT_EQ(some.commits[0].version, 5) << "newest first";
  EXPECT_EQ(some.commits[2].timestamp_ms, kTime + 3);
  EXPECT_EQ(some.commits[2].file_size, static_cast<int64_t>(ReadFile(StagedPath(some.commits[2].file_name))->size()));
  EXPECT_EQ(Post(Append(11, "c11")), "REQUEST_LIMIT_EXCEEDED");
  OutsideCommit told{table_.uuid, "file://" + table_.location};
  told.latest_published = 11;
  EXPECT_EQ(Post(told), "INVALID_PARAMETER_VALUE") << "beyond the latest version";
  SetFailpointsForTest("");
  told.latest_published = 10;
  EXPECT_EQ(Post(told), "OK") << "its word is not taken: the rest is published";
  EXPECT_TRUE(Get().commits.empty());
  EXPECT_FALSE(Published(10).empty());
  EXPECT_EQ(Post(Append(11, "c11")), "OK");
}

TEST_P(OutsideCommitTest, AnotherFileUnderTheNameOfAVersionIsNotTaken) {
  ASSERT_TRUE(WriteFileDurably(delta::LogDirectory(table_.location) + "/" + delta::CommitFileName(1), "{}\n").ok());
  EXPECT_EQ(Post(Append(1, "c1")), "OK") << "ratified; it cannot be published";
  EXPECT_EQ(Get().commits.size(), 1u);
  OutsideCommit told{table_.uuid, "file://" + table_.location};
  told.latest_published = 1;
  EXPECT_EQ(Post(told), "DATA_LOSS");
  EXPECT_EQ(Get().commits.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Backends, OutsideCommitTest, metadb::EveryBackend(), metadb::BackendName);

}  // namespace
}  // namespace ashlar::catalog
