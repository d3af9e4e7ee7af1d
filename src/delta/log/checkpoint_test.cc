// Checkpoints in their forms, checksums, compacted commits and what of the log may go.
#include <gtest/gtest.h>

#include "base/json.h"
#include "delta/log/checkpoint.h"
#include "delta/log/checkpoint_layout.h"
#include "delta/log/cleanup.h"
#include "delta/log/last_checkpoint.h"
#include "delta/log/md5.h"
#include "delta/log/test_table.h"
#include "delta/log/version_checksum.h"
#include "delta/transaction.h"

namespace ashlar::delta {
namespace {

constexpr int64_t kDayMs = 24LL * 3600 * 1000;

TEST(Md5, KnowsTheVectorsOfItsRfc) {
  EXPECT_EQ(Md5Hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(Md5Hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(Md5Hex("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
            "57edf4a22be3c955ac49da2e2107b67a");
}

TEST(LastCheckpoint, HasTheChecksumOfTheSpecification) {
  EXPECT_EQ(CanonicalJsonChecksum(R"({"k0":"'v 0'", "checksum": "adsaskfljadfkjadfkj",
      "k1":{"k2": 2, "k3": ["v3", [1, 2], {"k4": "v4", "k5": ["v5", "v6", "v7"]}]}})"),
            "6a92d155a59bf2eecbd4b4ec7fd1f875");
  LastCheckpoint hint{.version = 7, .size = 3, .size_in_bytes = 9, .add_file_count = 1, .v2_name = {}};
  std::string text = LastCheckpointText(hint);
  EXPECT_EQ((*ParseJson(text))["checksum"].get<std::string>(), *CanonicalJsonChecksum(text));
}

class CheckpointTest : public testing::Test {
 protected:
  TransactionEnvironment Environment() { return {.clock = clock, .random = random}; }
  void Create(StringMap properties = {}) {
    NewTable definition;
    definition.schema = *Schema::ParseDdl("id BIGINT, s STRUCT<d: DECIMAL(20,3), t: TIMESTAMP>, b BOOLEAN, p DATE");
    definition.partition_columns = {"p"};
    definition.properties = std::move(properties);
    auto defined = DefineTable(definition, clock, random);
    ASSERT_TRUE(defined.ok()) << FullMessage(defined.error());
    Transaction txn(table.location(), committer, *defined, Environment());
    Commit(txn, "CREATE TABLE");
  }
  static AddFile File(const std::string& path, int64_t id) {
    AddFile file;
    file.path = path;
    file.size = 100 + id;
    file.partition_values = {{"p", id % 2 == 0 ? std::optional<std::string>("2024-01-02") : std::nullopt}};
    file.stats = "{\"numRecords\":1,\"minValues\":{\"id\":" + std::to_string(id) +
                 ",\"s\":{\"d\":12345678901234567.891,\"t\":\"2024-01-01T00:00:00.123Z\"}},\"maxValues\":{\"id\":" +
                 std::to_string(id) + ",\"s\":{\"d\":12345678901234567.891,\"t\":\"not a time\"}},"
                 "\"nullCount\":{\"id\":0,\"b\":1,\"s\":{\"d\":0}}}";
    return file;
  }
  void Commit(Transaction& txn, const std::string& name) {
    Operation operation;
    operation.name = name;
    txn.SetOperation(operation);
    auto done = txn.Commit();
    ASSERT_TRUE(done.ok()) << FullMessage(done.error());
    ASSERT_FALSE(done->checkpoint_error.has_value()) << FullMessage(*done->checkpoint_error);
    clock.AdvanceMs(1000);
  }
  void Append(int64_t id) {
    Transaction txn(table.location(), committer, *table.Load(), Environment());
    txn.Add(File("f" + std::to_string(id), id));
    txn.SetApplicationVersion("app", id);
    Commit(txn, "WRITE");
  }
  void Remove(size_t index) {
    Transaction txn(table.location(), committer, *table.Load(), Environment());
    txn.Remove(txn.snapshot()->files().at(index));
    Commit(txn, "DELETE");
  }
  std::vector<std::string> LogNames() {
    std::vector<std::string> names;
    auto listed = *table.store.ListFrom(LogDirectory(table.root), "");
    for (const auto& object : listed) names.push_back(object.name);
    return names;
  }
  // The latest version, its commits up to the newest deleted.
  std::shared_ptr<const Snapshot> LoadWithoutCommits() {
    int64_t version = (*table.Load())->version();
    for (int64_t v = 0; v < version; ++v) {
      CHECK(table.store.Delete(table.LogPath(CommitFileName(v))).ok());
    }
    auto loaded = table.Load();
    CHECK(loaded.ok()) << FullMessage(loaded.error());
    return *loaded;
  }

  FakeClock clock{1700000000000};
  CountingRandom random;
  TestTable table{clock};
  StoreCommitter committer{table.store};
};

// Paths in any order, so that what is loaded in two ways can be compared.
std::map<std::string, std::string> FilesOf(const Snapshot& snapshot) {
  std::map<std::string, std::string> files;
  for (AddFile file : snapshot.files()) {
    file.data_change = true;
    files[FileKey(file)] = ActionToJson(file);
  }
  return files;
}

TEST_F(CheckpointTest, RowsHaveStatisticsAsColumns) {
  Create();
  auto snapshot = *table.Load();
  CheckpointLayout layout = *LayoutOf(snapshot->metadata(), snapshot->schema());
  EXPECT_EQ(layout.stats_parsed->SimpleString(),
            "struct<numRecords:bigint,tightBounds:boolean,"
            "minValues:struct<id:bigint,s:struct<d:decimal(20,3),t:timestamp>>,"
            "maxValues:struct<id:bigint,s:struct<d:decimal(20,3),t:timestamp>>,"
            "nullCount:struct<id:bigint,s:struct<d:bigint,t:bigint>,b:bigint>>");
  EXPECT_EQ(layout.partition_values_parsed->SimpleString(), "struct<p:date>");
  Json add = (*ParseJson(CheckpointRowJson(File("a", 2), layout)))["add"];
  // A bound that is none of its type is left out; digits and strings stay.
  EXPECT_EQ(WriteJson(add["stats_parsed"]),
            R"({"numRecords":1,"minValues":{"id":2,"s":{"d":"12345678901234567.891","t":"2024-01-01T00:00:00.123000Z"}},)"
            R"("maxValues":{"id":2,"s":{"d":"12345678901234567.891"}},"nullCount":{"id":0,"s":{"d":0},"b":1}})");
  EXPECT_EQ(WriteJson(add["partitionValues_parsed"]), R"({"p":"2024-01-02"})");
  EXPECT_TRUE(add.contains("stats"));
  layout.stats_as_json = false;
  EXPECT_FALSE((*ParseJson(CheckpointRowJson(File("a", 2), layout)))["add"].contains("stats"));
}

TEST_F(CheckpointTest, EveryFormCarriesTheTable) {
  for (CheckpointForm form : {CheckpointForm::kClassic, CheckpointForm::kV2Json, CheckpointForm::kV2Parquet}) {
    for (const std::string& name : LogNames()) ASSERT_TRUE(table.store.Delete(table.LogPath(name)).ok());
    Create({{"delta.checkpointPolicy", "v2"}});
    for (int64_t id = 0; id < 6; ++id) Append(id);
    Remove(1);
    auto before = *table.Load();
    ASSERT_TRUE(WriteCheckpoint(table.location(), *before,
                                {.now_ms = clock.NowMs(), .random = random, .form = form, .sidecar_actions = 2})
                    .ok());
    auto after = LoadWithoutCommits();
    EXPECT_EQ(FilesOf(*after), FilesOf(*before));
    EXPECT_EQ(after->protocol(), before->protocol());
    EXPECT_EQ(after->metadata(), before->metadata());
    EXPECT_EQ(after->TransactionVersion("app"), 5);
    EXPECT_EQ(after->state().tombstones.size(), 1u);
    size_t sidecars = table.store.ListFrom(table.LogPath("_sidecars"), "")->size();
    EXPECT_EQ(sidecars, form == CheckpointForm::kClassic ? 0u : form == CheckpointForm::kV2Json ? 3u : 6u);
    EXPECT_EQ(ReadCheckpointHint(table.location()), before->version());
  }
}

TEST_F(CheckpointTest, ThePolicyChoosesTheForm) {
  Create({{"delta.checkpointPolicy", "v2"}, {"delta.checkpointInterval", "1"}});
  for (int64_t id = 0; id < 10; ++id) Append(id);
  int uuid = 0, classic = 0;
  for (const std::string& name : LogNames()) {
    auto file = ParseLogFileName(name);
    uuid += file && file->kind == LogFileKind::kUuidCheckpoint ? 1 : 0;
    classic += file && file->kind == LogFileKind::kCheckpoint ? 1 : 0;
  }
  EXPECT_EQ(uuid, 9);
  EXPECT_EQ(classic, 1);  // of version 10
}

TEST_F(CheckpointTest, ChecksumsFollowTheCommits) {
  Create({{"delta.checkpointInterval", "1000"}});
  for (int64_t id = 0; id < 4; ++id) Append(id);
  Remove(0);
  auto snapshot = *table.Load();
  auto written = ParseChecksum(*table.store.Read(table.LogPath(ChecksumFileName(5))));
  ASSERT_TRUE(written.ok()) << FullMessage(written.error());
  VersionChecksum whole = ChecksumOf(*snapshot);
  whole.txn_id = written->txn_id;
  EXPECT_TRUE(written->txn_id.has_value());
  EXPECT_EQ(ChecksumText(whole).substr(0, 300), ChecksumText(*ParseChecksum(ChecksumText(whole))).substr(0, 300));
  EXPECT_EQ(written->num_files, 3);
  EXPECT_EQ(written->table_size_bytes, 306);
  EXPECT_EQ(written->transactions->at("app").version, 3);
  EXPECT_EQ(ChecksumMismatch(*written, snapshot->state()), "");
  // A log that lost a line no longer agrees.
  auto actions = *table.store.Read(table.LogPath(CommitFileName(3)));
  table.Put(CommitFileName(3), actions.substr(0, actions.find("{\"add\"")));
  auto torn = table.Load();
  ASSERT_FALSE(torn.ok());
  EXPECT_EQ(torn.error().condition, "DELTA_TXN_LOG_FAILED_INTEGRITY");
  // A torn checksum says nothing.
  table.Put(ChecksumFileName(5), "{\"numFiles\":");
  EXPECT_TRUE(table.Load().ok());
}

// Checksums are not synced: what a power loss may leave of one.
TEST_F(CheckpointTest, NoTornChecksumIsTakenForOne) {
  Create({{"delta.checkpointInterval", "1000"}});
  Append(1);
  std::string text = *table.store.Read(table.LogPath(ChecksumFileName(1)));
  ASSERT_TRUE(ParseChecksum(text).ok());
  for (size_t kept = 0; kept < text.size(); ++kept) {
    EXPECT_FALSE(ParseChecksum(text.substr(0, kept)).ok()) << kept;
    EXPECT_FALSE(ParseChecksum(text.substr(0, kept) + std::string(text.size() - kept, '\0')).ok()) << kept;
  }
  int64_t next = 2;
  for (const std::string& torn : {std::string(), text.substr(0, text.size() - 1), std::string(text.size(), '\0')}) {
    table.Put(ChecksumFileName(next - 1), torn);
    EXPECT_TRUE(table.Load().ok());
    Append(next++);  // and commits go on
  }
}

TEST_F(CheckpointTest, ARebasedCommitContinuesTheWinnersChecksum) {
  Create({{"delta.checkpointInterval", "1000"}});
  Transaction late(table.location(), committer, *table.Load(), Environment());
  late.Add(File("late", 9));
  Append(1);
  Append(2);
  Commit(late, "WRITE");
  EXPECT_EQ(ParseChecksum(*table.store.Read(table.LogPath(ChecksumFileName(3))))->num_files, 3);
}

TEST_F(CheckpointTest, CompactedCommitsStandForTheirRange) {
  Create({{"delta.checkpointInterval", "1000"}});
  for (int64_t id = 0; id < 6; ++id) Append(id);
  Remove(0);
  auto before = *table.Load();
  // Versions 2 to 4 in one file, which alone is looked at: the commits of the range are emptied.
  std::vector<Action> actions = {SetTransaction{"app", 3, 1}, File("f1", 1), File("f2", 2), File("f3", 3)};
  table.Put(CompactedFileName(2, 4), TestTable::Lines(actions));
  for (int64_t v : {2, 3, 4}) table.Put(CommitFileName(v), "{\"commitInfo\":{\"operation\":\"x\"}}\n");
  auto after = table.Load();
  ASSERT_TRUE(after.ok()) << FullMessage(after.error());
  EXPECT_EQ(FilesOf(**after), FilesOf(*before));
  EXPECT_EQ((*after)->TransactionVersion("app"), 5);
}

// Of a history whose version 2 was another one.
TEST_F(CheckpointTest, CompactedCommitsOlderThanTheCommitAreNotUsed) {
  Create({{"delta.checkpointInterval", "1000"}});
  Append(0);
  table.Put(CompactedFileName(1, 2), TestTable::Lines({File("other", 1)}));
  clock.AdvanceMs(1);
  Append(1);
  auto snapshot = table.Load();
  ASSERT_TRUE(snapshot.ok()) << FullMessage(snapshot.error());
  EXPECT_EQ((*snapshot)->version(), 2);
  auto files = FilesOf(**snapshot);
  EXPECT_EQ(files.size(), 2u);
  EXPECT_TRUE(files.contains("f0") && files.contains("f1"));
}

TEST_F(CheckpointTest, InCommitTimestampsMayBeginLate) {
  Create();
  Append(0);
  Transaction enable(table.location(), committer, *table.Load(), Environment());
  Metadata metadata = enable.snapshot()->metadata();
  metadata.configuration["delta.enableInCommitTimestamps"] = "true";
  enable.SetMetadata(metadata);
  Append(1);  // wins version 2
  int64_t now = clock.NowMs();
  Commit(enable, "SET TBLPROPERTIES");
  auto snapshot = *table.Load();
  EXPECT_EQ(snapshot->version(), 3);
  EXPECT_EQ(snapshot->Property("delta.inCommitTimestampEnablementVersion"), "3");
  EXPECT_EQ(snapshot->Property("delta.inCommitTimestampEnablementTimestamp"), std::to_string(now));
  EXPECT_EQ(snapshot->timestamp_ms(), now);
  EXPECT_EQ(ParseChecksum(*table.store.Read(table.LogPath(ChecksumFileName(3))))->in_commit_timestamp_ms, now);
}

objectstore::ObjectInfo At(const std::string& name, int64_t day) { return {name, 10, day * kDayMs}; }

TEST(LogCleanup, KeepsTheNewestCheckpointBeforeTheCutoffAndItsCommit) {
  std::vector<objectstore::ObjectInfo> log;
  for (int64_t v = 0; v < 10; ++v) {
    log.push_back(At(CheckpointFileName(v), v));
    if (v % 3 != 0) log.pop_back();  // checkpoints at 0, 3, 6, 9
    log.push_back(At(ChecksumFileName(v), v));
    log.push_back(At(CommitFileName(v), v));
  }
  log.push_back(At(CompactedFileName(5, 8), 8));
  log.push_back(At(CompactedFileName(6, 8), 8));
  log.push_back(At(CompactedFileName(7, 8), 8));
  log.push_back(At("_last_checkpoint", 0));
  log.push_back(At("foreign.txt", 0));
  ExpiredLog expired = FindExpiredLog(log, 7 * kDayMs);
  EXPECT_EQ(expired.kept.version, 6);
  std::set<std::string> names(expired.names.begin(), expired.names.end());
  for (int64_t v = 0; v < 10; ++v) {
    EXPECT_EQ(names.contains(CommitFileName(v)), v < 6) << v;
    EXPECT_EQ(names.contains(ChecksumFileName(v)), v < 6) << v;
    EXPECT_EQ(names.contains(CheckpointFileName(v)), v < 6 && v % 3 == 0) << v;
  }
  EXPECT_TRUE(names.contains(CompactedFileName(5, 8)));
  EXPECT_TRUE(names.contains(CompactedFileName(6, 8)));
  EXPECT_FALSE(names.contains(CompactedFileName(7, 8)));
  EXPECT_EQ(names.size(), 6u + 6 + 2 + 2);
  EXPECT_TRUE(FindExpiredLog(log, -1).names.empty());
  // The cutoff commit itself may carry the checkpoint that stays.
  EXPECT_EQ(FindExpiredLog(log, 6 * kDayMs).kept.version, 6);
  EXPECT_EQ(FindExpiredLog(log, 6 * kDayMs - 1).kept.version, 3);
}

TEST_F(CheckpointTest, NothingGoesWithoutACheckpointThatCanBeRead) {
  Create({{"delta.checkpointInterval", "5"}, {"delta.logRetentionDuration", "interval 1 day"}});
  for (int64_t id = 0; id < 6; ++id) Append(id);
  clock.AdvanceMs(3 * kDayMs);
  auto snapshot = *table.Load();
  std::string checkpoint = *table.store.Read(table.LogPath(CheckpointFileName(5)));
  table.Put(CheckpointFileName(5), "torn");
  auto names = LogNames();
  EXPECT_FALSE(CleanUpLog(table.location(), *snapshot, clock.NowMs()).ok());
  EXPECT_EQ(LogNames(), names);
  table.Put(CheckpointFileName(5), checkpoint);
  ASSERT_TRUE(CleanUpLog(table.location(), *snapshot, clock.NowMs()).ok());
  EXPECT_EQ(LogNames(), (std::vector<std::string>{ChecksumFileName(5).substr(0, 20) + ".checkpoint.parquet",
                                                  ChecksumFileName(5), CommitFileName(5), ChecksumFileName(6),
                                                  CommitFileName(6), "_last_checkpoint"}));
  EXPECT_EQ((*table.Load())->files().size(), 6u);
}

}  // namespace
}  // namespace ashlar::delta
