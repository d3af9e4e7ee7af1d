// Catalog-managed tables: what is read of them, and what becomes of a commit that stops half way.
#include "delta/catalog_commits.h"

#include <gtest/gtest.h>

#include "base/failpoint.h"
#include "delta/evolution/drop_feature.h"
#include "delta/log/cleanup.h"
#include "delta/log/replay.h"
#include "delta/log/test_table.h"
#include "delta/transaction.h"

namespace ashlar::delta {
namespace {

constexpr int64_t kDay = 24LL * 3600 * 1000;

// A catalog that forgets nothing but what it is told to.
class MemoryCatalog final : public ManagingCatalog {
 public:
  Result<RatifiedCommits> Ratified() override { return commits_; }
  Result<CommitOutcome> Ratify(const CommitRequest& request, const std::string& staged) override {
    if (auto held = holders_.find(request.version); held != holders_.end()) {
      return held->second == request.commit_uuid ? CommitOutcome::kWon : CommitOutcome::kLost;
    }
    if (request.version != commits_.latest_version + 1) return MakeError(ErrorCode::kInvalidState, "a gap");
    commits_.latest_version = request.version;
    commits_.staged[request.version] = staged;
    holders_[request.version] = request.commit_uuid;
    return CommitOutcome::kWon;
  }
  Status NotePublished(int64_t version) override {
    commits_.staged.erase(commits_.staged.begin(), commits_.staged.upper_bound(version));
    return OkStatus();
  }

 private:
  RatifiedCommits commits_;
  std::map<int64_t, std::string> holders_;
};

class CatalogCommitsTest : public testing::Test {
 protected:
  void TearDown() override { SetFailpointsForTest(""); }

  TableLocation Location() {
    TableLocation location = table.location();
    location.catalog = catalog;
    return location;
  }
  Result<std::shared_ptr<const Snapshot>> Load() { return Snapshot::Load(Location()); }
  Result<CommitResult> Create(StringMap properties = {}) {
    properties["delta.feature.catalogManaged"] = "supported";
    ASSIGN_OR_RETURN(TableDefinition defined, DefineTable({IdSchema(), {}, properties, {}, {}}, clock, random));
    return Commit(Transaction(Location(), committer, defined, {.clock = clock, .random = random}), "CREATE TABLE");
  }
  Transaction Begin() { return Transaction(Location(), committer, *Load(), {.clock = clock, .random = random}); }
  Result<CommitResult> Commit(Transaction txn, const std::string& name) {
    Operation operation;
    operation.name = name;
    txn.SetOperation(operation);
    return txn.Commit();
  }
  Result<CommitResult> Append(const std::string& path) {
    Transaction txn = Begin();
    txn.Add(FileOf(path, 0, 9));
    return Commit(std::move(txn), "WRITE");
  }
  std::vector<std::string> Files() {
    std::vector<std::string> paths;
    auto snapshot = Load();
    EXPECT_TRUE(snapshot.ok()) << FullMessage(snapshot.error());
    if (snapshot.ok()) for (const AddFile& file : (*snapshot)->files()) paths.push_back(file.path);
    return paths;
  }
  bool Published(int64_t version) { return table.store.Head(table.LogPath(CommitFileName(version))).ok(); }
  std::vector<std::string> StagedNames() {
    std::vector<std::string> names;
    const auto files = *table.store.ListFrom(StagedDirectory(table.root), "");
    for (const objectstore::ObjectInfo& file : files) names.push_back(file.name);
    return names;
  }

  FakeClock clock{1700000000000};
  CountingRandom random;
  TestTable table{clock};
  std::shared_ptr<MemoryCatalog> catalog = std::make_shared<MemoryCatalog>();
  CatalogCommitter committer{table.store, *catalog, random};
};

using Paths = std::vector<std::string>;

TEST_F(CatalogCommitsTest, WhatACatalogManagedTableHas) {
  ASSERT_TRUE(Create().ok());
  auto snapshot = *Load();
  for (const char* feature : {"catalogManaged", "inCommitTimestamp", "vacuumProtocolCheck"}) {
    EXPECT_TRUE(IsFeatureListed(snapshot->protocol(), feature)) << feature;
  }
  EXPECT_EQ(snapshot->protocol().reader_features, (std::vector<std::string>{"catalogManaged", "vacuumProtocolCheck"}));
  EXPECT_EQ(snapshot->Property("delta.enableInCommitTimestamps"), "true");
  auto info = *ReadCommitInfo(Location(), {0});
  EXPECT_TRUE(info.txn_id && info.in_commit_timestamp_ms);
}

// The example of the protocol, section "Reading Catalog-managed Tables", without its inline commit.
TEST_F(CatalogCommitsTest, OnlyWhatIsRatifiedIsRead) {
  ASSERT_TRUE(Create().ok());
  for (int i = 1; i <= 6; ++i) ASSERT_TRUE(Append("f" + std::to_string(i)).ok());
  auto text = [&](const std::string& path) { return TestTable::Lines({CommitInfo(), FileOf(path, 0, 9)}); };
  auto stage = [&](const std::string& name, const std::string& content) { table.Put("_staged_commits/" + name, content); };
  const std::string seven = "00000000000000000007.016ae953-37a9-438e-8683-9a9a4a79a395.json";
  const std::string eight = "00000000000000000008.7d17ac10-5cc3-401b-bd1a-9c82dd2ea032.json";
  stage(seven, text("f7"));
  table.Put(CommitFileName(7), text("not what the catalog ratified"));
  stage(eight, text("f8"));
  stage("00000000000000000008.b91807ba-fe18-488c-a15e-c4807dbd2174.json", text("rejected"));
  stage("00000000000000000009.0f707846-cd18-4e01-b40e-84ee0ae987b0.json", text("not ratified yet"));
  stage("00000000000000000009.7a980438-cb67-4b89-82d2-86f73239b6d6.json", text("partial").substr(0, 20));
  table.Put(CommitFileName(9), text("beyond the latest"));
  TableLocation location = table.location();
  location.catalog = std::make_shared<KnownCommits>(RatifiedCommits{8, {{7, seven}, {8, eight}}});
  auto snapshot = Snapshot::Load(location);
  ASSERT_TRUE(snapshot.ok()) << FullMessage(snapshot.error());
  EXPECT_EQ((*snapshot)->version(), 8);
  Paths paths;
  for (const AddFile& file : (*snapshot)->files()) paths.push_back(file.path);
  EXPECT_EQ(paths, (Paths{"f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8"}));
  EXPECT_EQ(Snapshot::Load(location, {.version = 9}).error().condition, "DELTA_VERSION_NOT_FOUND");
  EXPECT_EQ((*Snapshot::Load(location, {.version = 7}))->version(), 7);
  // Who was told of a staged file that is published and gone since reads the published one.
  ASSERT_TRUE(table.store.Delete(table.LogPath("_staged_commits/" + eight)).ok());
  table.Put(CommitFileName(8), text("f8"));
  EXPECT_EQ((*Snapshot::Update(location, *snapshot))->version(), 8);
  ASSERT_TRUE(table.store.Delete(table.LogPath(CommitFileName(8))).ok());
  EXPECT_EQ(Snapshot::Load(location).error().condition, "DELTA_TXN_LOG_FAILED_INTEGRITY");
}

TEST_F(CatalogCommitsTest, CommitsArePublishedInOrderAndConflictsAreRebased) {
  ASSERT_TRUE(Create().ok());
  Transaction late = Begin();
  ASSERT_TRUE(Append("first").ok());
  late.Add(FileOf("late", 0, 9));
  auto done = Commit(std::move(late), "WRITE");
  ASSERT_TRUE(done.ok()) << FullMessage(done.error());
  EXPECT_EQ(done->version, 2);
  EXPECT_EQ(done->attempts, 2);
  EXPECT_EQ(Files(), (Paths{"first", "late"}));
  EXPECT_TRUE(Published(0) && Published(1) && Published(2));
  EXPECT_TRUE(catalog->Ratified()->staged.empty());
  EXPECT_EQ(StagedNames().size(), 3u) << "what lost is gone, what won stays for a while";
}

TEST_F(CatalogCommitsTest, WhatIsStagedAloneIsNothing) {
  ASSERT_TRUE(Create().ok());
  SetFailpointsForTest("delta.commit.staged=error");
  EXPECT_FALSE(Append("lost").ok());
  SetFailpointsForTest("");
  EXPECT_EQ(Files(), Paths{});
  ASSERT_TRUE(Append("next").ok());
  EXPECT_EQ(Files(), Paths{"next"});
}

TEST_F(CatalogCommitsTest, WhatIsRatifiedIsCommittedAndTheNextCommitPublishesIt) {
  ASSERT_TRUE(Create().ok());
  for (const char* point : {"delta.commit.ratified", "delta.publish.before_put"}) {
    int64_t version = (*Load())->version() + 1;
    SetFailpointsForTest(std::string(point) + "=error");
    auto done = Append(point);
    SetFailpointsForTest("");
    ASSERT_TRUE(done.ok()) << point << ": " << FullMessage(done.error());
    EXPECT_FALSE(Published(version)) << point;
    EXPECT_EQ(Files().back(), point);
    ASSERT_TRUE(Append(std::string("after ") + point).ok());
    EXPECT_TRUE(Published(version) && Published(version + 1)) << point;
  }
  SetFailpointsForTest("delta.publish.before_note=error");
  ASSERT_TRUE(Append("unknown").ok());
  SetFailpointsForTest("");
  EXPECT_EQ(catalog->Ratified()->staged.size(), 1u);
  ASSERT_TRUE(Append("last").ok());
  EXPECT_TRUE(catalog->Ratified()->staged.empty());
  EXPECT_EQ(Files().size(), 6u);
}

TEST_F(CatalogCommitsTest, AForeignFileIsNeitherReadNorOverwritten) {
  ASSERT_TRUE(Create().ok());
  std::string foreign = TestTable::Lines({CommitInfo(), FileOf("foreign", 0, 9)});
  table.Put(CommitFileName(1), foreign);
  ASSERT_TRUE(Append("own").ok());
  EXPECT_EQ(Files(), Paths{"own"});
  EXPECT_EQ(*table.store.Read(table.LogPath(CommitFileName(1))), foreign);
  EXPECT_EQ(PublishRatified(table.store, table.root, *catalog).error().code, ErrorCode::kDataLoss);
  ASSERT_TRUE(Append("more").ok());
  EXPECT_EQ(Files(), (Paths{"own", "more"}));
}

TEST_F(CatalogCommitsTest, CheckpointsAreOfPublishedVersions) {
  ASSERT_TRUE(Create({{"delta.checkpointInterval", "2"}}).ok());
  ASSERT_TRUE(Append("a").ok());
  SetFailpointsForTest("delta.publish.before_put=error");
  auto done = Append("b");
  SetFailpointsForTest("");
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->checkpoint_error->code, ErrorCode::kInvalidState);
  EXPECT_FALSE(table.store.Head(table.LogPath(CheckpointFileName(2))).ok());
  ASSERT_TRUE(Append("c").ok());
  ASSERT_TRUE(Append("d").ok());
  EXPECT_TRUE(table.store.Head(table.LogPath(CheckpointFileName(4))).ok());
  EXPECT_EQ(Files().size(), 4u);
  // One of a version that the catalog does not know is none.
  TableLocation behind = table.location();
  behind.catalog = std::make_shared<KnownCommits>(RatifiedCommits{3, {}});
  EXPECT_EQ((*Snapshot::Load(behind))->version(), 3);
}

TEST_F(CatalogCommitsTest, CleanUpTakesStagedFilesThatAreOver) {
  ASSERT_TRUE(Create().ok());
  table.Put("_staged_commits/00000000000000000001.b91807ba-fe18-488c-a15e-c4807dbd2174.json", "rejected");
  table.Put("_staged_commits/00000000000000000003.b91807ba-fe18-488c-a15e-c4807dbd2174.json", "of a version to come");
  ASSERT_TRUE(Append("a").ok());
  SetFailpointsForTest("delta.publish.before_put=error");
  ASSERT_TRUE(Append("b").ok());
  SetFailpointsForTest("");
  ASSERT_TRUE(CleanUpLog(Location(), **Load(), clock.NowMs()).ok());
  EXPECT_EQ(StagedNames().size(), 5u) << "a day they stay";
  ASSERT_TRUE(CleanUpLog(Location(), **Load(), clock.NowMs() + kDay).ok());
  Paths kept = StagedNames();
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0], catalog->Ratified()->staged.at(2));
  EXPECT_TRUE(kept[1].starts_with("00000000000000000003."));
  EXPECT_EQ(Files(), (Paths{"a", "b"}));
}

TEST_F(CatalogCommitsTest, WithoutItsCatalogATableIsRefused) {
  ASSERT_TRUE(Create().ok());
  auto read = table.Load();
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().condition, "DELTA_PATH_BASED_ACCESS_TO_CATALOG_MANAGED_TABLE_BLOCKED");
  EXPECT_EQ(read.error().sqlstate, "KD00G");
  EXPECT_EQ(read.error().parameters.at("path"), LogDirectory(table.root));
  auto defined = *DefineTable({IdSchema(), {}, {{"delta.feature.catalogManaged", "supported"}}, {}, {}}, clock, random);
  StoreCommitter store(table.store);
  TableLocation elsewhere{&table.store, "/tables/elsewhere", &table.parquet};
  auto made = Commit(Transaction(elsewhere, store, defined, {.clock = clock, .random = random}), "CREATE TABLE");
  EXPECT_EQ(made.error().condition, "DELTA_PATH_BASED_ACCESS_TO_CATALOG_MANAGED_TABLE_BLOCKED");
}

TEST_F(CatalogCommitsTest, ATableIsManagedFromFirstToLast) {
  EXPECT_EQ(Create({{"delta.enableInCommitTimestamps", "false"}}).error().condition,
            "DELTA_CANNOT_MODIFY_CATALOG_MANAGED_DEPENDENCIES");
  ASSERT_TRUE(Create().ok());
  Transaction without_times = Begin();
  Metadata metadata = (*Load())->metadata();
  metadata.configuration.erase("delta.enableInCommitTimestamps");
  without_times.SetMetadata(metadata);
  EXPECT_EQ(Commit(std::move(without_times), "UNSET TBLPROPERTIES").error().condition,
            "DELTA_CANNOT_MODIFY_CATALOG_MANAGED_DEPENDENCIES");
  Transaction leaves = Begin();
  leaves.SetProtocol(WithoutFeature((*Load())->protocol(), *FindTableFeature(kCatalogManaged)));
  EXPECT_EQ(Commit(std::move(leaves), "DROP FEATURE").error().code, ErrorCode::kNotImplemented);
}

}  // namespace
}  // namespace ashlar::delta
