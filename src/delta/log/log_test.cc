#include <gtest/gtest.h>

#include <algorithm>

#include "delta/history.h"
#include "delta/log/checkpoint.h"
#include "delta/log/last_checkpoint.h"
#include "delta/log/log_segment.h"
#include "delta/log/test_table.h"
#include "objectstore/fault_store.h"

namespace ashlar::delta {
namespace {

std::vector<std::string> Paths(const Snapshot& snapshot) {
  std::vector<std::string> paths;
  for (const AddFile& file : snapshot.files()) paths.push_back(file.path);
  return paths;
}

using Names = std::vector<std::string>;

class LogTest : public testing::Test {
 protected:
  // Versions 0 to `last`: version 0 creates, each version v adds the file "f<v>".
  void FillTo(int64_t last, int64_t first = 0) {
    for (int64_t v = first; v <= last; ++v) {
      std::vector<Action> actions;
      if (v == 0) actions = {Protocol(), MetadataOf(IdSchema())};
      actions.push_back(FileOf("f" + std::to_string(v), v, v));
      table.Commit(v, actions);
      clock.AdvanceMs(1000);
    }
  }
  void WriteCheckpointAt(int64_t version) {
    auto snapshot = table.Load({.version = version});
    ASSERT_TRUE(snapshot.ok());
    ASSERT_TRUE(WriteCheckpoint(table.location(), **snapshot, {.now_ms = clock.NowMs(), .random = random}).ok());
  }
  std::string Condition(const TimeTravel& at = {}) {
    auto loaded = table.Load(at);
    return loaded.ok() ? "loaded" : loaded.error().condition;
  }

  FakeClock clock{1700000000000};
  CountingRandom random;
  TestTable table{clock};
};

TEST(LogFileName, KnowsTheKinds) {
  std::string v = "00000000000000000012";
  std::string uuid = "6374b053-df23-479b-b2cf-c9c550132b49";
  EXPECT_EQ(ParseLogFileName(v + ".json")->version, 12);
  EXPECT_EQ(ParseLogFileName(v + ".checkpoint.parquet")->kind, LogFileKind::kCheckpoint);
  auto part = ParseLogFileName(v + ".checkpoint.0000000002.0000000003.parquet");
  EXPECT_EQ(part->part, 2);
  EXPECT_EQ(part->parts, 3);
  EXPECT_EQ(ParseLogFileName(v + ".crc")->kind, LogFileKind::kChecksum);
  EXPECT_EQ(ParseLogFileName(v + ".00000000000000000013.compacted.json")->end_version, 13);
  EXPECT_TRUE(ParseLogFileName(v + ".checkpoint." + uuid + ".json")->json);
  EXPECT_FALSE(ParseLogFileName(v + ".checkpoint." + uuid + ".parquet")->json);
  for (const std::string& name : std::vector<std::string>
       {"." + v + ".json.ab12.tmp", v + ".00000000000000000012.compacted.json", v + "x.json",
        "12.json", v + ".checkpoint.0000000004.0000000003.parquet", "_last_checkpoint",
        v + ".checkpoint.nouuid.json", "99999999999999999999.json", ""}) {
    EXPECT_FALSE(ParseLogFileName(name).has_value()) << name;
  }
}

TEST_F(LogTest, ReplaysTheNewestActionOfEachKind) {
  AddFile kept = FileOf("kept", 1, 2);
  AddFile gone = FileOf("gone", 3, 4);
  table.Commit(0, {Protocol(), MetadataOf(IdSchema(), {}, {{"k", "old"}}), kept, gone,
                   SetTransaction{"app", 1, {}}, DomainMetadata{"d", "1", false},
                   DomainMetadata{"e", "1", false}});
  table.Commit(1, {RemovalOf(gone, 7), MetadataOf(IdSchema(), {}, {{"k", "new"}}),
                   SetTransaction{"app", 2, {}}, DomainMetadata{"d", "2", false},
                   DomainMetadata{"e", "", true}});
  auto snapshot = *table.Load();
  EXPECT_EQ(snapshot->version(), 1);
  EXPECT_EQ(Paths(*snapshot), Names{"kept"});
  EXPECT_EQ(snapshot->Property("k"), "new");
  EXPECT_EQ(snapshot->TransactionVersion("app"), 2);
  EXPECT_EQ(snapshot->state().domain_metadata.at("d").configuration, "2");
  EXPECT_EQ(snapshot->state().domain_metadata.count("e"), 0u);
  EXPECT_EQ(snapshot->RowCount(), 2);
  EXPECT_EQ(Paths(**table.Load({.version = 0})), (Names{"kept", "gone"}));
}

TEST_F(LogTest, AFileIsItsPathAndItsDeletionVector) {
  AddFile file = FileOf("a%20b", 0, 9);
  AddFile with_vector = file;
  with_vector.deletion_vector = DeletionVectorDescriptor{"u", "x", 1, 34, 1};
  table.Commit(0, {Protocol(), MetadataOf(IdSchema()), file});
  table.Commit(1, {with_vector, RemovalOf(file, 1)});
  auto snapshot = *table.Load();
  ASSERT_EQ(snapshot->files().size(), 1u);
  EXPECT_EQ(snapshot->files()[0], with_vector);
  EXPECT_EQ(snapshot->RowCount(), 9);
  EXPECT_EQ(*snapshot->DataPath(snapshot->files()[0]), "/tables/t/a b");
}

TEST_F(LogTest, FilesStayInCommitOrder) {
  FillTo(3);
  EXPECT_EQ(Paths(**table.Load()), (Names{"f0", "f1", "f2", "f3"}));
  WriteCheckpointAt(2);
  EXPECT_EQ(Paths(**table.Load()), (Names{"f0", "f1", "f2", "f3"}));
}

TEST_F(LogTest, CheckpointReplacesTheCommitsItCovers) {
  FillTo(12);
  auto whole = *table.Load();
  WriteCheckpointAt(10);
  EXPECT_EQ(ReadCheckpointHint(table.location()), 10);
  for (int64_t v = 0; v < 10; ++v) ASSERT_TRUE(table.store.Delete(table.LogPath(CommitFileName(v))).ok());
  auto snapshot = *table.Load();
  EXPECT_EQ(Paths(*snapshot), Paths(*whole));
  EXPECT_EQ(snapshot->metadata(), whole->metadata());
  EXPECT_EQ(Condition({.version = 9}), "DELTA_VERSION_NOT_FOUND");
  EXPECT_EQ(Condition({.version = 13}), "DELTA_VERSION_NOT_FOUND");
  EXPECT_EQ(Condition({.version = 10}), "loaded");
}

TEST_F(LogTest, TheHintIsNeverTrusted) {
  FillTo(12);
  WriteCheckpointAt(5);
  WriteCheckpointAt(10);
  for (const char* hint : {"", "{", "[]", R"({"version":"x"})", R"({"version":-3})", R"({"version":7})",
                           R"({"version":99,"size":3})", R"({"version":10,"parts":4})"}) {
    table.Put("_last_checkpoint", hint);
    auto snapshot = table.Load();
    ASSERT_TRUE(snapshot.ok()) << hint << snapshot.error().message;
    EXPECT_EQ((*snapshot)->files().size(), 13u) << hint;
  }
}

TEST_F(LogTest, ATornCheckpointFallsBackToAnOlderOne) {
  FillTo(12);
  WriteCheckpointAt(5);
  WriteCheckpointAt(10);
  table.Put(CheckpointFileName(10), "torn");
  EXPECT_EQ((*table.Load())->files().size(), 13u);
  table.Put(CheckpointFileName(5), "torn");
  EXPECT_EQ((*table.Load())->files().size(), 13u);
  for (int64_t v = 0; v < 3; ++v) ASSERT_TRUE(table.store.Delete(table.LogPath(CommitFileName(v))).ok());
  EXPECT_EQ(table.Load().error().code, ErrorCode::kDataLoss);
}

TEST_F(LogTest, IncompleteMultiPartCheckpointsAreIgnored) {
  FillTo(3);
  std::string all = TestTable::Lines({Protocol(), MetadataOf(IdSchema())});
  table.Put("00000000000000000003.checkpoint.0000000001.0000000002.parquet", all);
  EXPECT_EQ((*table.Load())->files().size(), 4u);
  table.Put("00000000000000000003.checkpoint.0000000002.0000000002.parquet",
            TestTable::Lines({FileOf("only", 1, 1)}));
  EXPECT_EQ(Paths(**table.Load()), Names{"only"});
}

TEST_F(LogTest, V2CheckpointsReadTheirSidecars) {
  FillTo(3);
  Protocol v2{3, 7, Names{"v2Checkpoint"}, Names{"v2Checkpoint"}, {}};
  table.Put("00000000000000000003.checkpoint.6374b053-df23-479b-b2cf-c9c550132b49.json",
            TestTable::Lines({CheckpointMetadata{3, {}}, v2, MetadataOf(IdSchema()),
                              Sidecar{"s1.parquet", 1, 1, {}}, Sidecar{"s2.parquet", 1, 1, {}}}));
  table.Put("_sidecars/s1.parquet", TestTable::Lines({FileOf("a", 1, 1)}));
  table.Put("_sidecars/s2.parquet", TestTable::Lines({FileOf("b", 1, 1)}));
  EXPECT_EQ(Paths(**table.Load()), (Names{"a", "b"}));
  EXPECT_EQ((*table.Load())->protocol().min_reader_version, 3);
}

TEST_F(LogTest, BrokenLogsAreRefusedByName) {
  EXPECT_EQ(Condition(), "DELTA_MISSING_DELTA_TABLE");
  EXPECT_FALSE(*IsDeltaTable(table.location()));
  FillTo(5);
  EXPECT_TRUE(*IsDeltaTable(table.location()));
  std::string third = *table.store.Read(table.LogPath(CommitFileName(3)));
  ASSERT_TRUE(table.store.Delete(table.LogPath(CommitFileName(3))).ok());
  EXPECT_EQ(Condition(), "DELTA_VERSIONS_NOT_CONTIGUOUS");
  for (size_t length : {size_t{0}, third.size() / 2, third.size() - 2}) {
    table.Put(CommitFileName(3), third.substr(0, length));
    EXPECT_EQ(Condition(), "DELTA_TXN_LOG_FAILED_INTEGRITY") << length;
  }
  table.Put(CommitFileName(3), third);
  EXPECT_EQ(Condition(), "loaded");
  ASSERT_TRUE(table.store.Delete(table.LogPath(CommitFileName(0))).ok());
  EXPECT_EQ(Condition(), "DELTA_TRUNCATED_TRANSACTION_LOG");
  table.Commit(0, {MetadataOf(IdSchema())});
  EXPECT_EQ(Condition(), "DELTA_STATE_RECOVER_ERROR");
  table.Commit(0, {Protocol()});
  EXPECT_EQ(Condition(), "DELTA_STATE_RECOVER_ERROR");
}

TEST_F(LogTest, UpdateReadsOnlyWhatIsNew) {
  FillTo(3);
  auto older = *table.Load();
  EXPECT_EQ(*Snapshot::Update(table.location(), older), older);
  table.Commit(4, {RemovalOf(older->files()[1], 1), FileOf("f4", 4, 4)});
  // The older commits are needed no more.
  table.Put(CommitFileName(1), "garbage");
  auto updated = Snapshot::Update(table.location(), older);
  ASSERT_TRUE(updated.ok()) << updated.error().message;
  EXPECT_EQ((*updated)->version(), 4);
  EXPECT_EQ(Paths(**updated), (Names{"f0", "f2", "f3", "f4"}));
  EXPECT_EQ(older->files().size(), 4u);
}

// Where listing takes time for every old version, none is done for a few new ones.
TEST_F(LogTest, UpdateListsALogOnlyWhereNamesDoNotTell) {
  FillTo(3);
  objectstore::FaultInjectingStore store(table.store);
  TableLocation location{&store, table.root, &table.parquet};
  auto snapshot = *Snapshot::Load(location);
  int listed = store.CountOf(objectstore::StoreCall::kList);
  FillTo(10, 4);
  snapshot = *Snapshot::Update(location, snapshot);
  EXPECT_EQ(snapshot->version(), 10);
  EXPECT_EQ(snapshot->files().size(), 11u);
  EXPECT_EQ(store.CountOf(objectstore::StoreCall::kList), listed);
  store.FailAt(objectstore::StoreCall::kHead, 1, objectstore::Fault::kError);
  EXPECT_EQ(*Snapshot::Update(location, snapshot), snapshot);
  EXPECT_EQ(store.CountOf(objectstore::StoreCall::kList), listed + 1);
  FillTo(60, 11);
  EXPECT_EQ((*Snapshot::Update(location, snapshot))->version(), 60);
  ASSERT_TRUE(table.store.Delete(table.LogPath(CommitFileName(11))).ok());
  EXPECT_EQ(Snapshot::Update(location, snapshot).error().condition, "DELTA_VERSIONS_NOT_CONTIGUOUS");
}

TEST_F(LogTest, UpdateNoticesAReplacedLog) {
  FillTo(3);
  auto older = *table.Load();
  for (int64_t v = 0; v <= 3; ++v) ASSERT_TRUE(table.store.Delete(table.LogPath(CommitFileName(v))).ok());
  table.Commit(0, {Protocol(), MetadataOf(IdSchema()), FileOf("other", 0, 0)});
  EXPECT_EQ(Paths(**Snapshot::Update(table.location(), older)), Names{"other"});
}

TEST_F(LogTest, UpdateEqualsLoadAfterAnyHistory) {
  CountingRandom random;
  table.Commit(0, {Protocol(), MetadataOf(IdSchema())});
  auto incremental = *table.Load();
  std::vector<AddFile> active;
  for (int64_t v = 1; v <= 60; ++v) {
    std::vector<Action> actions;
    for (int i = 0; i < 3; ++i) {
      if (!active.empty() && random.Below(2) == 0) {
        size_t at = random.Below(active.size());
        actions.push_back(RemovalOf(active[at], v));
        active.erase(active.begin() + static_cast<ptrdiff_t>(at));
      } else {
        active.push_back(FileOf("f" + std::to_string(v) + "-" + std::to_string(i), 0, 9));
        actions.push_back(active.back());
      }
    }
    table.Commit(v, actions);
    if (v % 7 == 0) WriteCheckpointAt(v);
    if (random.Below(3) != 0) continue;
    incremental = *Snapshot::Update(table.location(), incremental);
    auto whole = *table.Load();
    EXPECT_EQ(incremental->version(), v);
    EXPECT_EQ(Paths(*incremental), Paths(*whole));
    std::set<std::string> expected;
    for (const AddFile& file : active) expected.insert(file.path);
    Names paths = Paths(*whole);
    EXPECT_EQ(std::set<std::string>(paths.begin(), paths.end()), expected);
  }
}

TEST_F(LogTest, CheckpointKeepsTombstonesThatAreYoung) {
  AddFile old_file = FileOf("old", 0, 0);
  AddFile young_file = FileOf("young", 0, 0);
  int64_t now = clock.NowMs();
  int64_t day = 24LL * 3600 * 1000;
  table.Commit(0, {Protocol(), MetadataOf(IdSchema()), old_file, young_file});
  table.Commit(1, {RemovalOf(old_file, now - 8 * day), RemovalOf(young_file, now - 6 * day)});
  WriteCheckpointAt(1);
  std::string text = *table.store.Read(table.LogPath(CheckpointFileName(1)));
  EXPECT_EQ(text.find("\"old\""), std::string::npos);
  EXPECT_NE(text.find("\"young\""), std::string::npos);
  EXPECT_EQ(text.find("commitInfo"), std::string::npos);
  EXPECT_EQ(text.find("\"stats\""), std::string::npos);
}

TEST_F(LogTest, TheHintMovesOnlyForward) {
  FillTo(12);
  WriteCheckpointAt(10);
  WriteCheckpointAt(5);
  EXPECT_EQ(ReadCheckpointHint(table.location()), 10);
}

TEST_F(LogTest, TimeTravelByTimestamp) {
  int64_t start = clock.NowMs();
  FillTo(3);  // commits at start, start + 1000, …
  EXPECT_EQ(*VersionAtTimestamp(table.location(), start), 0);
  EXPECT_EQ(*VersionAtTimestamp(table.location(), start + 1999), 1);
  EXPECT_EQ((*table.Load({.timestamp_ms = start + 2000}))->version(), 2);
  EXPECT_EQ(Condition({.timestamp_ms = start - 1}), "DELTA_TIMESTAMP_EARLIER_THAN_COMMIT_RETENTION");
  EXPECT_EQ(Condition({.timestamp_ms = start + 3001}), "DELTA_TIMESTAMP_GREATER_THAN_COMMIT");
}

TEST_F(LogTest, InCommitTimestampsReplaceFileTimes) {
  CommitInfo info;
  info.in_commit_timestamp_ms = 5000;
  info.operation = "CREATE TABLE";
  table.Commit(0, {info, Protocol{1, 7, {}, Names{"inCommitTimestamp"}, {}},
                   MetadataOf(IdSchema(), {}, {{"delta.enableInCommitTimestamps", "true"}})});
  EXPECT_EQ((*table.Load())->timestamp_ms(), 5000);
  WriteCheckpointAt(0);
  EXPECT_EQ((*table.Load())->timestamp_ms(), 5000);
  info.in_commit_timestamp_ms = 6000;
  table.Commit(1, {info});
  EXPECT_EQ(*VersionAtTimestamp(table.location(), 5999), 0);
  EXPECT_EQ((*table.Load({.timestamp_ms = 6000}))->version(), 1);
  // DESCRIBE DETAIL tells the file's time all the same.
  EXPECT_EQ(DescribeDetail(**table.Load()).last_modified_ms, clock.NowMs());
}

TEST_F(LogTest, HistoryReadsOnlyTheVersionsAskedFor) {
  FillTo(99);
  objectstore::FaultInjectingStore counting(table.store);
  TableLocation location = table.location();
  location.store = &counting;
  auto reads = [&, before = 0]() mutable {
    int now = counting.CountOf(objectstore::StoreCall::kRead);
    return now - std::exchange(before, now);
  };
  EXPECT_EQ((*ReadHistory(location, 2))[1].version, 98);
  EXPECT_LE(reads(), 3);
  EXPECT_EQ((*ReadHistoryBetween(location, 10, 12)).back().version, 12);
  EXPECT_LE(reads(), 4);
  EXPECT_EQ(*VersionAtTimestamp(location, (*table.Load({.version = 40}))->timestamp_ms()), 40);
  EXPECT_LE(reads(), 1);
  EXPECT_EQ(*FirstVersionSince(location, (*table.Load({.version = 40}))->timestamp_ms() - 1), 40);
  EXPECT_LE(reads(), 1);
  EXPECT_EQ(*FirstVersionSince(location, clock.NowMs()), std::nullopt);
}

TEST_F(LogTest, HistoryIsNewestFirst) {
  CommitInfo info;
  info.operation = "WRITE";
  info.operation_parameters = {{"mode", "Append"}, {"description", std::nullopt}};
  info.operation_metrics = {{"numFiles", "1"}};
  table.Commit(0, {Protocol(), MetadataOf(IdSchema())});
  table.Commit(1, {info});
  auto history = *ReadHistory(table.location());
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].version, 1);
  EXPECT_EQ(history[0].info, info);
  // The clock stood still, times ascend all the same.
  EXPECT_GT(history[0].timestamp_ms, history[1].timestamp_ms);
  EXPECT_EQ(ReadHistory(table.location(), 1)->size(), 1u);
  TableDetail detail = DescribeDetail(**table.Load());
  EXPECT_EQ(detail.format, "delta");
  EXPECT_EQ(detail.table_features, (Names{"appendOnly", "invariants"}));
}

TEST_F(LogTest, AStoreThatFailsIsAnErrorNotAnEmptyTable) {
  FillTo(3);
  objectstore::FaultInjectingStore store(table.store);
  TableLocation location{&store, table.root, &table.parquet};
  for (int nth = 1; nth <= 5; ++nth) {
    store.FailAt(objectstore::StoreCall::kRead, nth, objectstore::Fault::kError);
    auto loaded = Snapshot::Load(location);
    // The first read is the hint, which nobody needs.
    if (loaded.ok()) {
      EXPECT_EQ((*loaded)->files().size(), 4u);
    } else {
      EXPECT_EQ(loaded.error().code, ErrorCode::kIoError);
    }
  }
  store.FailAt(objectstore::StoreCall::kList, 1, objectstore::Fault::kError);
  EXPECT_EQ(Snapshot::Load(location).error().code, ErrorCode::kIoError);
}

TEST(Interval, ReadsWhatPropertiesHold) {
  EXPECT_EQ(ParseIntervalMs("interval 1 week"), 7LL * 24 * 3600 * 1000);
  EXPECT_EQ(ParseIntervalMs("INTERVAL 2 days 3 hours"), (2LL * 24 + 3) * 3600 * 1000);
  EXPECT_EQ(ParseIntervalMs("168 hours"), 168LL * 3600 * 1000);
  for (const char* text : {"", "interval", "interval week", "interval 1 month", "interval -1 day", "1"}) {
    EXPECT_EQ(ParseIntervalMs(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ashlar::delta
