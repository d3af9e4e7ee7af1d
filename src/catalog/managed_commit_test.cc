// Catalog-managed tables: the metadb says what their versions are.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/text.h"
#include "catalog/test_workspace.h"
#include "metadb/test_on_backends.h"

namespace ashlar::catalog {
namespace {

using objectstore::PutOutcome;
using sql::Access;
using sql::Securable;

class ManagedCommitTest : public testing::TestWithParam<metadb::TestBackend> {
 protected:
  void SetUp() override { metadb::TakeOrSkip(TestWorkspace::Make(GetParam()), w_); }
  void TearDown() override { SetFailpointsForTest(""); }

  TableCommit At(int64_t version, const std::string& commit_uuid) {
    TableCommit commit = VersionZero(table_.uuid, table_.location, commit_uuid);
    commit.version = version;
    commit.actions = ReplaceAll(commit.actions, kPlainProtocol, "");
    return commit;
  }
  Status Create(const std::string& name) {
    ASSIGN_OR_RETURN(table_, w_->Create(w_->ann, Securable::kTable, name));
    ASSIGN_OR_RETURN(PutOutcome outcome, w_->catalog().Commit(w_->ann, ManagedZero(table_, "c0")));
    return outcome == PutOutcome::kWon ? OkStatus() : Status(MakeError(ErrorCode::kAborted, "not won"));
  }
  sql::RatifiedCommits Ratified() {
    auto ratified = w_->catalog().Ratified(w_->ann, table_.uuid);
    EXPECT_TRUE(ratified.ok() && *ratified);
    return ratified.ok() ? ratified->value_or(sql::RatifiedCommits()) : sql::RatifiedCommits();
  }
  bool Published(int64_t version) {
    return std::filesystem::exists(table_.location + "/_delta_log/0000000000000000000" + std::to_string(version) + ".json");
  }
  Result<sql::ResolvedRelation> ResolvePath(const http::Principal& who, Access access, const std::string& below = "",
                                            const std::string& format = "delta") {
    sql::ResolveRequest request{{}, format, table_.location + below, access};
    return w_->catalog().Resolve(who, {}, std::span(&request, 1))[0];
  }

  std::unique_ptr<TestWorkspace> w_;
  sql::CatalogReply table_;
};

TEST_P(ManagedCommitTest, ATableIsMadeByItsFirstVersion) {
  table_ = *w_->Create(w_->ann, Securable::kTable, "main.default.t");
  EXPECT_EQ(*w_->catalog().Ratified(w_->ann, table_.uuid), std::nullopt) << "no version yet";
  EXPECT_EQ(Verdict(w_->catalog().Ratified(w_->bob, table_.uuid)), "TABLE_OR_VIEW_NOT_FOUND");
  TableCommit zero = ManagedZero(table_, "c0");
  EXPECT_EQ(*w_->catalog().Commit(w_->ann, zero), PutOutcome::kWon);
  auto resolved = w_->Resolve(w_->ann, "main.default.t");
  ASSERT_TRUE(resolved.ok() && resolved->ratified);
  EXPECT_EQ(resolved->ratified->latest_version, 0);
  EXPECT_TRUE(resolved->ratified->staged.empty()) << "published";
  EXPECT_EQ(*ReadFile(table_.location + "/_delta_log/00000000000000000000.json"), zero.actions);
  EXPECT_EQ(*w_->catalog().Commit(w_->ann, zero), PutOutcome::kWon) << "the answer was lost, not the race";
}

TEST_P(ManagedCommitTest, VersionsAreACompareAndSet) {
  ASSERT_TRUE(Create("main.default.t").ok());
  EXPECT_EQ(*w_->catalog().Commit(w_->ann, At(1, "c1")), PutOutcome::kWon);
  EXPECT_EQ(*w_->catalog().Commit(w_->ann, At(1, "c1")), PutOutcome::kWon);
  EXPECT_EQ(*w_->catalog().Commit(w_->ann, At(1, "rival")), PutOutcome::kLost);
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->ann, At(3, "gap"))), "INVALID_STATE");
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->bob, At(2, "c2"))), "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(Ratified().latest_version, 1);
}

TEST_P(ManagedCommitTest, WhatIsRatifiedStandsAndIsPublishedByTheNext) {
  ASSERT_TRUE(Create("main.default.t").ok());
  SetFailpointsForTest("delta.commit.ratified=error");
  EXPECT_EQ(*w_->catalog().Commit(w_->ann, At(1, "c1")), PutOutcome::kUnknown);
  SetFailpointsForTest("");
  EXPECT_FALSE(Published(1));
  EXPECT_EQ(Ratified().latest_version, 1);
  EXPECT_EQ(Ratified().staged.count(1), 1u);
  EXPECT_EQ(*w_->catalog().Commit(w_->ann, At(1, "c1")), PutOutcome::kWon) << "it was won before";
  EXPECT_TRUE(Published(1));
  SetFailpointsForTest("delta.publish.before_put=error");
  EXPECT_EQ(*w_->catalog().Commit(w_->ann, At(2, "c2")), PutOutcome::kWon);
  SetFailpointsForTest("");
  EXPECT_FALSE(Published(2));
  EXPECT_EQ(*w_->catalog().Commit(w_->ann, At(3, "c3")), PutOutcome::kWon);
  EXPECT_TRUE(Published(2) && Published(3));
  EXPECT_TRUE(Ratified().staged.empty());
}

TEST_P(ManagedCommitTest, AServerThatStartsPublishesWhatIsLeft) {
  table_ = *w_->Create(w_->ann, Securable::kTable, "main.default.t");
  SetFailpointsForTest("delta.commit.ratified=error");
  EXPECT_EQ(*w_->catalog().Commit(w_->ann, ManagedZero(table_, "c0")), PutOutcome::kUnknown);
  SetFailpointsForTest("");
  ASSERT_TRUE(w_->Resolve(w_->ann, "main.default.t").ok()) << "made, though nothing is published";
  EXPECT_FALSE(Published(0));
  ASSERT_TRUE(w_->Restart().ok());
  EXPECT_TRUE(Published(0));
  EXPECT_TRUE(Ratified().staged.empty());
}

TEST_P(ManagedCommitTest, WhatIsOnlyStagedIsNoTable) {
  table_ = *w_->Create(w_->ann, Securable::kTable, "main.default.t");
  SetFailpointsForTest("delta.commit.staged=error");
  EXPECT_FALSE(w_->catalog().Commit(w_->ann, ManagedZero(table_, "c0")).ok());
  SetFailpointsForTest("");
  ASSERT_TRUE(w_->Restart().ok());
  EXPECT_EQ(Verdict(w_->Resolve(w_->ann, "main.default.t")), "TABLE_OR_VIEW_NOT_FOUND");
  EXPECT_FALSE(std::filesystem::exists(table_.location));
}

TEST_P(ManagedCommitTest, OfTwoCreatesOneGetsTheName) {
  auto first = *w_->Create(w_->ann, Securable::kTable, "main.default.t");
  auto second = *w_->Create(w_->bob, Securable::kTable, "main.default.t");
  EXPECT_EQ(*w_->catalog().Commit(w_->bob, ManagedZero(second, "b")), PutOutcome::kWon);
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->ann, ManagedZero(first, "a"))), "TABLE_OR_VIEW_ALREADY_EXISTS");
  EXPECT_FALSE(std::filesystem::exists(first.location));
}

TEST_P(ManagedCommitTest, APathLeadsToNone) {
  ASSERT_TRUE(Create("main.default.t").ok());
  const char* blocked = "DELTA_PATH_BASED_ACCESS_TO_CATALOG_MANAGED_TABLE_BLOCKED";
  EXPECT_EQ(Verdict(ResolvePath(w_->ann, Access::kRead)), blocked);
  EXPECT_EQ(Verdict(ResolvePath(w_->ann, Access::kWrite)), blocked);
  EXPECT_EQ(Verdict(ResolvePath(w_->bob, Access::kRead)), "INSUFFICIENT_PERMISSIONS");
  for (const char* format : {"parquet", "json", "text", "binaryFile"}) {
    for (const char* below : {"", "/part-0.parquet", "/_delta_log/*.json", "/*"}) {
      EXPECT_EQ(Verdict(ResolvePath(w_->ann, Access::kRead, below, format)), blocked) << format << below;
    }
    EXPECT_EQ(Verdict(ResolvePath(w_->bob, Access::kRead, "", format)), "INSUFFICIENT_PERMISSIONS");
  }
  EXPECT_EQ(Verdict(w_->catalog().ResolvePath(w_->ann, "file:" + table_.location, Access::kWrite)), blocked);
  TableCommit by_path = At(1, "c1");
  by_path.table_uuid.clear();
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->ann, by_path)), blocked);
  EXPECT_EQ(Ratified().latest_version, 0);
}

TEST_P(ManagedCommitTest, WhoMayReadOrWriteIsToldOfItsCommits) {
  ASSERT_TRUE(Create("main.default.t").ok());
  EXPECT_EQ(Verdict(w_->catalog().Ratified(w_->bob, table_.uuid)), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->Grant("SELECT", Securable::kTable, "main.default.t", "bob@x").ok());
  EXPECT_EQ((*w_->catalog().Ratified(w_->bob, table_.uuid))->latest_version, 0);
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->bob, At(1, "c1"))), "INSUFFICIENT_PERMISSIONS");
}

TEST_P(ManagedCommitTest, NoTableBecomesManagedLaterOrCeasesToBe) {
  auto plain = *w_->CreateTable(w_->ann, "main.default.plain");
  TableCommit upgrade = ManagedZero(plain, "c1");
  upgrade.version = 1;
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->ann, upgrade)), "DELTA_UNSUPPORTED_CATALOG_MANAGED_TABLE_CREATION");
  auto external = *w_->Create(w_->admin, Securable::kTable, "main.default.external", w_->outside() + "/t");
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->admin, ManagedZero(external, "c0"))), "DELTA_UNSUPPORTED_CATALOG_MANAGED_TABLE_CREATION");
  ASSERT_TRUE(Create("main.default.t").ok());
  TableCommit downgrade = VersionZero(table_.uuid, table_.location, "c1");
  downgrade.version = 1;
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->ann, downgrade)), "UNSUPPORTED_FEATURE");
}

TEST_P(ManagedCommitTest, ALogNamesNoOtherTable) {
  ASSERT_TRUE(Create("main.default.t").ok());
  TableCommit commit = At(1, "c1");
  commit.actions = ReplaceAll(commit.actions, "\"delta.appendOnly\":\"false\"", "\"io.unitycatalog.tableId\":\"another\"");
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->ann, commit)), "DELTA_CANNOT_MODIFY_TABLE_PROPERTY");
  commit.actions = ReplaceAll(commit.actions, "another", table_.uuid);
  EXPECT_EQ(*w_->catalog().Commit(w_->ann, commit), PutOutcome::kWon);
}

TEST_P(ManagedCommitTest, ARecordedCommitIsKnownFromTheMomentItIsRatified) {
  ASSERT_TRUE(Create("main.default.t").ok());
  TableCommit commit = At(1, "c1");
  commit.recorded = true;
  SetFailpointsForTest("delta.commit.staged=error");
  EXPECT_FALSE(w_->catalog().Commit(w_->ann, commit).ok());
  EXPECT_FALSE(*w_->catalog().WasCommitted("c1"));
  SetFailpointsForTest("delta.commit.ratified=error");
  EXPECT_EQ(*w_->catalog().Commit(w_->ann, commit), PutOutcome::kUnknown);
  EXPECT_TRUE(*w_->catalog().WasCommitted("c1"));
}

TEST_P(ManagedCommitTest, ADroppedTableTakesItsVersionsAlong) {
  ASSERT_TRUE(Create("main.default.t").ok());
  SetFailpointsForTest("delta.publish.before_put=error@*");
  EXPECT_EQ(*w_->catalog().Commit(w_->ann, At(1, "c1")), PutOutcome::kWon);
  SetFailpointsForTest("");
  ASSERT_TRUE(w_->Drop(w_->ann, Securable::kTable, "main.default.t").ok());
  ASSERT_TRUE(w_->Restart().ok());
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->ann, At(2, "c2"))), "TABLE_OR_VIEW_NOT_FOUND");
  ASSERT_TRUE(Create("main.default.t").ok());
  EXPECT_EQ(Ratified().latest_version, 0);
}

INSTANTIATE_TEST_SUITE_P(Backends, ManagedCommitTest, metadb::EveryBackend(), metadb::BackendName);

}  // namespace
}  // namespace ashlar::catalog
