#include <gtest/gtest.h>

#include <algorithm>

#include "base/failpoint.h"
#include "base/id.h"
#include "delta/commit/row_tracking.h"
#include "delta/features.h"
#include "delta/history.h"
#include "delta/log/version_checksum.h"
#include "delta/log/last_checkpoint.h"
#include "delta/log/log_segment.h"
#include "delta/log/replay.h"
#include "delta/log/test_table.h"
#include "delta/transaction.h"
#include "objectstore/fault_store.h"
#include "objectstore/local_store.h"

namespace ashlar::delta {
namespace {

using objectstore::Fault;
using objectstore::StoreCall;
using Kind = Predicate::Kind;

Operation Named(const std::string& name) {
  Operation operation;
  operation.name = name;
  return operation;
}

class TransactionTest : public testing::Test {
 protected:
  void TearDown() override { SetFailpointsForTest(""); }

  TransactionEnvironment Environment() { return {.clock = clock, .random = random}; }
  TableLocation Faulty() { return {&faults, table.root, &table.parquet}; }

  void Create(StringMap properties = {}, std::vector<std::string> partitions = {}) {
    NewTable definition;
    definition.schema = IdSchema();
    definition.properties = std::move(properties);
    definition.partition_columns = std::move(partitions);
    auto defined = DefineTable(definition, clock, random);
    ASSERT_TRUE(defined.ok()) << FullMessage(defined.error());
    Transaction txn(table.location(), committer, *defined, Environment());
    txn.SetOperation(Named("CREATE TABLE"));
    auto done = txn.Commit();
    ASSERT_TRUE(done.ok()) << FullMessage(done.error());
    EXPECT_EQ(done->version, 0);
  }

  Transaction Begin() { return Transaction(Faulty(), committer, *table.Load(), Environment()); }
  // Appends a file in its own commit.
  Result<CommitResult> Append(const AddFile& file) {
    Transaction txn = Begin();
    txn.Add(file);
    txn.SetOperation(Named("WRITE"));
    return txn.Commit();
  }
  std::vector<Action> ActionsOf(int64_t version) { return *ReadCommit(table.location(), {version}); }
  CommitInfo InfoOf(int64_t version) { return std::get<CommitInfo>(ActionsOf(version).at(0)); }

  FakeClock clock{1700000000000};
  CountingRandom random;
  TestTable table{clock};
  objectstore::FaultInjectingStore faults{table.store};
  StoreCommitter committer{faults};
};

TEST_F(TransactionTest, CreatesATable) {
  Create({{"delta.appendOnly", "true"}, {"owner", "x"}}, {"p"});
  auto snapshot = *table.Load();
  EXPECT_EQ(snapshot->schema(), IdSchema());
  EXPECT_EQ(snapshot->partition_columns(), std::vector<std::string>{"p"});
  EXPECT_EQ(snapshot->Property("owner"), "x");
  EXPECT_EQ(snapshot->protocol().min_reader_version, 1);
  EXPECT_EQ(snapshot->protocol().min_writer_version, 2);
  EXPECT_TRUE(IsUuid(snapshot->metadata().id));
}

TEST_F(TransactionTest, CommitInfoComesFirstAndSaysWhatWasDone) {
  Create();
  Transaction txn = Begin();
  txn.Add(FileOf("a", 0, 9));
  Operation operation = Named("WRITE");
  operation.parameters = {{"mode", "Append"}, {"partitionBy", "[]"}};
  operation.metrics = {{"numFiles", "1"}, {"numOutputRows", "10"}};
  operation.user_name = "ada";
  txn.SetOperation(operation);
  auto done = *txn.Commit();
  EXPECT_EQ(done.version, 1);
  CommitInfo info = InfoOf(1);
  EXPECT_EQ(info.operation, "WRITE");
  EXPECT_EQ(info.operation_parameters, operation.parameters);
  EXPECT_EQ(info.operation_metrics, operation.metrics);
  EXPECT_EQ(info.timestamp_ms, clock.NowMs());
  EXPECT_EQ(info.read_version, 0);
  EXPECT_EQ(info.isolation_level, "WriteSerializable");
  EXPECT_EQ(info.is_blind_append, true);
  EXPECT_EQ(info.user_name, "ada");
  EXPECT_EQ(info.txn_id, done.commit_uuid);
  EXPECT_EQ(done.commit_uuid, txn.commit_uuid());
}

TEST_F(TransactionTest, ASecondCreatorLoses) {
  auto defined = *DefineTable({IdSchema(), {}, {}, {}, {}}, clock, random);
  Transaction second(table.location(), committer, defined, Environment());
  Create();
  second.SetOperation(Named("CREATE TABLE"));
  EXPECT_EQ(second.Commit().error().condition, "DELTA_PROTOCOL_CHANGED");
}

TEST_F(TransactionTest, BlindAppendsNeverConflict) {
  Create();
  Transaction late = Begin();
  ASSERT_TRUE(Append(FileOf("a", 0, 9)).ok());
  ASSERT_TRUE(Append(FileOf("b", 0, 9)).ok());
  late.Add(FileOf("c", 0, 9));
  late.SetOperation(Named("WRITE"));
  auto done = late.Commit();
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->version, 3);
  EXPECT_EQ(done->attempts, 2);  // both winners are checked in one go
  EXPECT_EQ((*table.Load())->files().size(), 3u);
}

// A log may have many versions: who lost reads those that won, and lists nothing.
TEST_F(TransactionTest, ALostRaceIsNoReasonToListTheLog) {
  Create();
  Transaction loser = Begin();
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(Append(FileOf(name, 0, 9)).ok());
  int listed = faults.CountOf(StoreCall::kList);
  loser.Add(FileOf("d", 0, 9));
  loser.SetOperation(Named("WRITE"));
  auto done = loser.Commit();
  ASSERT_TRUE(done.ok()) << FullMessage(done.error());
  EXPECT_EQ(done->version, 4);
  EXPECT_EQ(faults.CountOf(StoreCall::kList), listed);
}

TEST_F(TransactionTest, InCommitTimestampsAscend) {
  Create({{"delta.enableInCommitTimestamps", "true"}});
  ASSERT_TRUE(Append(FileOf("a", 0, 9)).ok());
  Transaction late = Begin();
  ASSERT_TRUE(Append(FileOf("b", 0, 9)).ok());
  late.Add(FileOf("c", 0, 9));
  late.SetOperation(Named("WRITE"));
  ASSERT_TRUE(late.Commit().ok());
  for (int64_t v = 1; v <= 3; ++v) {  // the clock stands still
    EXPECT_EQ(*InfoOf(v).in_commit_timestamp_ms, *InfoOf(v - 1).in_commit_timestamp_ms + 1);
  }
}

TEST_F(TransactionTest, OneApplicationVersionCommitsOnce) {
  Create();
  Transaction first = Begin();
  Transaction second = Begin();
  for (Transaction* txn : {&first, &second}) {
    txn->SetApplicationVersion("loader", 7);
    txn->SetOperation(Named("COPY INTO"));
  }
  first.Add(FileOf("a", 0, 9));
  second.Add(FileOf("b", 0, 9));
  ASSERT_TRUE(first.Commit().ok());
  EXPECT_EQ(second.Commit().error().condition, "DELTA_CONCURRENT_TRANSACTION");
  Transaction third = Begin();
  third.SetApplicationVersion("loader", 7);
  third.SetOperation(Named("COPY INTO"));
  EXPECT_EQ(third.Commit().error().condition, "DELTA_CONCURRENT_TRANSACTION");
  EXPECT_EQ((*table.Load())->TransactionVersion("loader"), 7);
}

TEST_F(TransactionTest, UnknownOutcomesAreSettledByTheCommitUuid) {
  Create();
  faults.FailAt(StoreCall::kPutIfAbsent, 1, Fault::kUnknownDone);
  EXPECT_EQ(Append(FileOf("a", 0, 9))->version, 1);
  faults.FailAt(StoreCall::kPutIfAbsent, 1, Fault::kUnknownNotDone);
  EXPECT_EQ(Append(FileOf("b", 0, 9))->version, 2);
  EXPECT_EQ((*table.Load())->files().size(), 2u);
  // Somebody else's commit stands where ours may be: lost, not won.
  Transaction late = Begin();
  ASSERT_TRUE(Append(FileOf("c", 0, 9)).ok());
  late.Add(FileOf("d", 0, 9));
  late.SetOperation(Named("WRITE"));
  faults.FailAt(StoreCall::kPutIfAbsent, 1, Fault::kUnknownDone);
  EXPECT_EQ(late.Commit()->version, 4);
  EXPECT_EQ((*table.Load())->files().size(), 4u);
}

TEST_F(TransactionTest, AnOutcomeThatStaysUnknownKeepsTheFiles) {
  Create();
  ASSERT_TRUE(table.store.PutOverwrite(table.root + "/a", "data").ok());
  // After a first try that happened unheard, the others hear unknown, lost or an error; nothing can be
  // read back.
  for (std::optional<Fault> later : {std::optional(Fault::kUnknownNotDone), std::optional<Fault>(),
                                     std::optional(Fault::kError)}) {
    Transaction txn = Begin();
    txn.TrackCreatedFile(table.root + "/a");
    txn.Add(FileOf("a", 0, 9));
    txn.SetOperation(Named("WRITE"));
    faults.FailAt(StoreCall::kPutIfAbsent, 1, Fault::kUnknownDone);
    for (int i = 1; i <= 3; ++i) faults.FailAt(StoreCall::kRead, i, Fault::kError);
    if (later.has_value()) faults.FailAt(StoreCall::kPutIfAbsent, 2, *later);
    if (later.has_value()) faults.FailAt(StoreCall::kPutIfAbsent, 3, *later);
    EXPECT_EQ(txn.Commit().error().code, ErrorCode::kTemporarilyUnavailable);
    txn.Abort();
    EXPECT_TRUE(table.store.Read(table.root + "/a").ok());
    // Puts and reads that were not reached must not disturb the next round.
    for (int i = 0; i < 3; ++i) (void)faults.Read("/none").ok();
    for (int i = 0; i < 3; ++i) (void)faults.PutIfAbsent("/scratch" + NewHex(random, 4), "").ok();
  }
}

TEST_F(TransactionTest, AbortDeletesOnlyWhatItCreated) {
  Create();
  ASSERT_TRUE(Append(FileOf("old", 0, 9)).ok());
  for (const char* name : {"/old", "/new"}) {
    ASSERT_TRUE(table.store.PutOverwrite(table.root + name, "data").ok());
  }
  Transaction txn = Begin();
  txn.TrackCreatedFile(table.root + "/new");
  txn.Remove((*table.Load())->files()[0]);
  txn.Add(FileOf("new", 0, 9));
  txn.SetOperation(Named("UPDATE"));
  faults.FailAt(StoreCall::kPutIfAbsent, 1, Fault::kError);
  EXPECT_EQ(txn.Commit().error().code, ErrorCode::kIoError);
  txn.Abort();
  EXPECT_TRUE(table.store.Read(table.root + "/old").ok());
  EXPECT_FALSE(table.store.Read(table.root + "/new").ok());
  EXPECT_EQ((*table.Load())->version(), 1);
}

TEST_F(TransactionTest, FailpointsAroundTheCommit) {
  Create();
  SetFailpointsForTest("delta.commit.before_put=error");
  EXPECT_FALSE(Append(FileOf("a", 0, 9)).ok());
  EXPECT_EQ((*table.Load())->version(), 0);
  SetFailpointsForTest("delta.commit.after_put=error");
  EXPECT_EQ(Append(FileOf("a", 0, 9))->version, 1);
}

TEST_F(TransactionTest, ChecksPointAtTheConfiguredInterval) {
  Create({{"delta.checkpointInterval", "4"}});
  for (int i = 1; i <= 9; ++i) {
    auto done = Append(FileOf("f" + std::to_string(i), i, i));
    ASSERT_TRUE(done.ok());
    EXPECT_FALSE(done->checkpoint_error.has_value());
  }
  LogListing listing = *ListLog(table.location(), 0);
  ASSERT_EQ(listing.checkpoints.size(), 2u);
  EXPECT_EQ(listing.checkpoints[0].version, 4);
  EXPECT_EQ(listing.checkpoints[1].version, 8);
  EXPECT_EQ(ReadCheckpointHint(table.location()), 8);
  EXPECT_EQ((*table.Load())->files().size(), 9u);
}

TEST_F(TransactionTest, AFailedCheckpointDoesNotFailTheCommit) {
  Create({{"delta.checkpointInterval", "1"}});
  for (const char* point : {"delta.checkpoint.before_write", "delta.checkpoint.after_write"}) {
    SetFailpointsForTest(std::string(point) + "=error");
    auto done = Append(FileOf(point, 0, 9));
    ASSERT_TRUE(done.ok());
    EXPECT_TRUE(done->checkpoint_error.has_value());
    EXPECT_TRUE(table.Load().ok());
  }
  EXPECT_EQ(ReadCheckpointHint(table.location()), std::nullopt);
}

TEST_F(TransactionTest, GivesUpAfterTheLastAttempt) {
  class AlwaysLost final : public Committer {
   public:
    explicit AlwaysLost(TestTable& table) : table_(table) {}
    Result<CommitOutcome> Commit(const CommitRequest& request) override {
      CommitInfo other;
      other.operation = "WRITE";
      other.is_blind_append = true;
      table_.Commit(request.version, {other});
      return CommitOutcome::kLost;
    }

   private:
    TestTable& table_;
  };
  Create();
  AlwaysLost lost(table);
  TransactionEnvironment environment = Environment();
  environment.max_attempts = 5;
  Transaction txn(table.location(), lost, *table.Load(), environment);
  txn.Add(FileOf("a", 0, 9));
  txn.SetOperation(Named("WRITE"));
  EXPECT_EQ(txn.Commit().error().condition, "DELTA_MAX_COMMIT_RETRIES_EXCEEDED");
}

TEST_F(TransactionTest, InvalidChangesAreRefusedBeforeTheyAreTried) {
  Create({}, {"p"});
  PartitionValues p = {{"p", "x"}};
  ASSERT_TRUE(Append(FileOf("old", 0, 9, p)).ok());
  AddFile old_file = (*table.Load())->files()[0];
  auto refused = [&](const std::function<void(Transaction&)>& stage) -> Error {
    Transaction txn = Begin();
    stage(txn);
    txn.SetOperation(Named("WRITE"));
    auto done = txn.Commit();
    return done.ok() ? MakeError(ErrorCode::kInternalError, "committed") : done.error();
  };
  AddFile file = FileOf("new", 0, 9, p);
  EXPECT_EQ(refused([&](auto& t) { t.Add(file); t.Add(file); }).condition, "DELTA_DUPLICATE_ACTIONS_FOUND");
  EXPECT_EQ(refused([&](auto& t) { t.Add(old_file); t.Remove(old_file); }).condition,
            "DELTA_DUPLICATE_ACTIONS_FOUND");
  EXPECT_EQ(refused([&](auto& t) { t.Add(FileOf("new", 0, 9)); }).condition,
            "DELTA_INVALID_PARTITIONING_SCHEMA");
  EXPECT_EQ(refused([&](auto& t) { t.Remove(file); }).code, ErrorCode::kInvalidState);
  AddFile bare = file;
  bare.stats.reset();
  EXPECT_EQ(refused([&](auto& t) { t.Add(bare); }).code, ErrorCode::kInvalidParameterValue);
  bare.deletion_vector = DeletionVectorDescriptor{"i", "", {}, 0, 0};
  EXPECT_EQ(refused([&](auto& t) { t.Add(bare); }).condition, "DELTA_DELETION_VECTOR_MISSING_NUM_RECORDS");
  AddFile outside = file;
  outside.path = "../other/secret";
  EXPECT_EQ(refused([&](auto& t) { t.Add(outside); }).code, ErrorCode::kPermissionDenied);
  AddFile fewer = FileOf("fewer", 0, 5, p);
  fewer.data_change = false;
  EXPECT_EQ(refused([&](auto& t) { t.RemoveRearranged(old_file); t.Add(fewer); }).condition,
            "DELTA_NUM_RECORDS_MISMATCH");
  EXPECT_EQ(refused([&](auto& t) { t.SetDomainMetadata({"d", "{}", false}); }).condition,
            "DELTA_DOMAIN_METADATA_NOT_SUPPORTED");
  Metadata checked = (*table.Load())->metadata();
  checked.configuration["delta.enableIcebergCompatV3"] = "true";
  Error tracking = refused([&](auto& t) { t.SetMetadata(checked); });
  EXPECT_EQ(tracking.condition, "DELTA_UNSUPPORTED_FEATURES_FOR_WRITE");
  EXPECT_EQ(tracking.parameters["unsupported"], "icebergCompatV3");
  EXPECT_EQ((*table.Load())->version(), 1);
}

TEST_F(TransactionTest, AppendOnlyTablesRefuseRemovals) {
  Create({{"delta.appendOnly", "true"}});
  ASSERT_TRUE(Append(FileOf("a", 0, 9)).ok());
  Transaction txn = Begin();
  txn.Remove((*table.Load())->files()[0]);
  txn.SetOperation(Named("DELETE"));
  EXPECT_EQ(txn.Commit().error().condition, "DELTA_CANNOT_MODIFY_APPEND_ONLY");
  Transaction rearrange = Begin();
  rearrange.RemoveRearranged((*table.Load())->files()[0]);
  AddFile same = FileOf("b", 0, 9);
  same.data_change = false;
  rearrange.Add(same);
  rearrange.SetOperation(Named("OPTIMIZE"));
  EXPECT_TRUE(rearrange.Commit().ok());
}

TEST_F(TransactionTest, NewFeaturesRaiseTheProtocol) {
  Create();
  Metadata metadata = (*table.Load())->metadata();
  metadata.schema_string = Schema::ParseDdl("id BIGINT, p STRING, t TIMESTAMP_NTZ")->ToJsonText();
  Transaction txn = Begin();
  txn.SetMetadata(metadata);
  txn.SetOperation(Named("ADD COLUMNS"));
  ASSERT_TRUE(txn.Commit().ok());
  Protocol protocol = (*table.Load())->protocol();
  EXPECT_EQ(protocol.min_reader_version, 3);
  EXPECT_EQ(protocol.min_writer_version, 7);
  EXPECT_EQ(protocol.reader_features, std::vector<std::string>{"timestampNtz"});
  EXPECT_EQ(protocol.writer_features,
            (std::vector<std::string>{"appendOnly", "invariants", "timestampNtz"}));
}

// Many writers, each appending and then moving its own counter file: nothing lost, no gap.
TEST_F(TransactionTest, ConcurrentWritersLoseNothing) {
  constexpr int kThreads = 6;
  constexpr int kCommits = 12;
  Create({{"delta.checkpointInterval", "5"}});
  std::string folder = testing::TempDir() + "delta-writers-" + NewHex(SystemRandom(), 6);
  objectstore::LocalObjectStore local;
  TableLocation location{&local, folder, nullptr};
  StoreCommitter local_committer(local);
  auto defined = *DefineTable({IdSchema(), {}, {}, {}, {}}, clock, random);
  Transaction create(location, local_committer, defined, Environment());
  create.SetOperation(Named("CREATE TABLE"));
  ASSERT_TRUE(create.Commit().ok());
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      CountingRandom own_random(static_cast<uint64_t>(t) + 100);
      auto snapshot = *Snapshot::Load(location);
      for (int i = 0; i < kCommits; ++i) {
        snapshot = *Snapshot::Update(location, snapshot);
        Transaction txn(location, local_committer, snapshot, {.clock = SystemClock(), .random = own_random});
        std::string mine = "t" + std::to_string(t) + "-";
        for (const AddFile& file : snapshot->files()) {
          if (!file.path.starts_with(mine)) continue;
          txn.ReadFile(file);
          txn.Remove(file);
        }
        txn.Add(FileOf(mine + std::to_string(i), i, i));
        txn.SetOperation(Named("UPDATE"));
        if (!txn.Commit().ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  auto snapshot = *Snapshot::Load(location);
  EXPECT_EQ(snapshot->version(), kThreads * kCommits);
  EXPECT_EQ(snapshot->files().size(), size_t{kThreads});
  for (const AddFile& file : snapshot->files()) {
    EXPECT_TRUE(file.path.ends_with("-" + std::to_string(kCommits - 1))) << file.path;
  }
  EXPECT_EQ(ReadHistory(location)->size(), size_t{kThreads * kCommits + 1});
  std::filesystem::remove_all(folder);
}

// Every call of the store fails in turn, in every way: what was acknowledged is there once, what failed
// is not there, and the table always loads.
TEST_F(TransactionTest, EveryFaultLeavesTheTableWhole) {
  Create({{"delta.checkpointInterval", "2"}});
  std::set<std::string> acknowledged;
  std::set<std::string> unclear;
  int number = 0;
  for (StoreCall call : {StoreCall::kPutIfAbsent, StoreCall::kRead, StoreCall::kList,
                         StoreCall::kPutOverwrite, StoreCall::kHead}) {
    for (Fault fault : {Fault::kError, Fault::kUnknownDone, Fault::kUnknownNotDone}) {
      for (int nth = 1; nth <= 4; ++nth) {
        faults.FailAt(call, nth, fault);
        std::string path = "f" + std::to_string(number++);
        auto done = Append(FileOf(path, 0, 0));
        if (done.ok()) {
          acknowledged.insert(path);
        } else if (done.error().code == ErrorCode::kTemporarilyUnavailable) {
          unclear.insert(path);
        }
        // Faults left over must not meet the next commit.
        for (int i = 0; i < 4; ++i) {
          (void)faults.Head("/none").ok();
          (void)faults.Read("/none").ok();
          (void)faults.ListFrom("/none", "").ok();
          (void)faults.PutOverwrite("/scratch", "").ok();
          (void)faults.PutIfAbsent("/scratch-" + std::to_string(number) + "-" + std::to_string(i), "").ok();
        }
      }
    }
  }
  auto snapshot = *table.Load();
  std::set<std::string> present;
  for (const AddFile& file : snapshot->files()) EXPECT_TRUE(present.insert(file.path).second);
  for (const std::string& path : acknowledged) EXPECT_TRUE(present.contains(path)) << path;
  for (const std::string& path : present) {
    EXPECT_TRUE(acknowledged.contains(path) || unclear.contains(path)) << path;
  }
  EXPECT_GT(acknowledged.size(), 40u);
}

// --- Conflicts: two transactions from one snapshot; what the second hears after the first committed.

struct ConflictCase {
  const char* name;
  const char* isolation;
  std::function<void(Transaction&, const Snapshot&)> winner;
  std::function<void(Transaction&, const Snapshot&)> loser;
  std::string condition;  // "" commits
};

void RewriteFile(Transaction& txn, const Snapshot& snapshot, size_t index) {
  txn.ReadFile(snapshot.files()[index]);
  txn.Remove(snapshot.files()[index]);
}
void AppendTo(Transaction& txn, const std::string& path, const std::string& p, int64_t id) {
  txn.Add(FileOf(path, id, id, {{"p", p}}));
}
void UpdateIn(Transaction& txn, const Snapshot&, const std::string& p) {
  txn.ReadPredicate(Compare(Kind::kEq, {"p"}, Value::String(p)));
  AppendTo(txn, "loser", p, 5);
}
void SetProperty(Transaction& txn, const Snapshot& snapshot, const std::string& key, const char* value) {
  Metadata metadata = snapshot.metadata();
  metadata.configuration[key] = value;
  txn.SetMetadata(metadata);
}

// Files: 0 and 1 in p=a with ids 0–9 and 10–19, 2 in p=b with ids 0–9.
std::vector<ConflictCase> FileConflicts() {
  using T = Transaction;
  using S = Snapshot;
  const char* ws = "WriteSerializable";
  const char* se = "Serializable";
  auto append_a = [](T& t, const S&) { AppendTo(t, "w", "a", 100); };
  auto update_first = [](T& t, const S& s) { RewriteFile(t, s, 0); AppendTo(t, "w", "a", 3); };
  auto delete_first = [](T& t, const S& s) { RewriteFile(t, s, 0); };
  auto optimize = [](T& t, const S& s) {
    t.RemoveRearranged(s.files()[0]);
    AddFile file = FileOf("w", 0, 9, {{"p", "a"}});
    file.data_change = false;
    t.Add(file);
  };
  auto overwrite = [](T& t, const S& s) {
    t.ReadWholeTable();
    for (const AddFile& file : s.files()) t.Remove(file);
    AppendTo(t, "loser", "a", 5);
  };
  return {
      {"append, append", se, append_a, [](T& t, const S&) { AppendTo(t, "l", "a", 1); }, ""},
      {"update p=a, append p=a, serializable", se, append_a,
       [](T& t, const S& s) { UpdateIn(t, s, "a"); }, "DELTA_CONCURRENT_APPEND.WITH_PARTITION_HINT"},
      {"update p=b, append p=a, serializable", se, append_a,
       [](T& t, const S& s) { UpdateIn(t, s, "b"); }, ""},
      {"update p=a, append p=a, write serializable", ws, append_a,
       [](T& t, const S& s) { UpdateIn(t, s, "a"); }, ""},
      {"update p=a, update of p=a", ws, update_first, [](T& t, const S& s) { UpdateIn(t, s, "a"); },
       "DELTA_CONCURRENT_APPEND.WITH_PARTITION_HINT"},
      {"update p=b, update of p=a", ws, update_first, [](T& t, const S& s) { UpdateIn(t, s, "b"); }, ""},
      {"update p=a, delete of p=a", ws, delete_first, [](T& t, const S& s) { UpdateIn(t, s, "a"); },
       "DELTA_CONCURRENT_DELETE_READ.WITH_PARTITION_HINT"},
      {"read of a file that was deleted", ws, delete_first,
       [](T& t, const S& s) { t.ReadFile(s.files()[0]); AppendTo(t, "l", "b", 1); },
       "DELTA_CONCURRENT_DELETE_READ.WITH_PARTITION_HINT"},
      {"delete of a file that was deleted", ws, delete_first,
       [](T& t, const S& s) { t.Remove(s.files()[0]); },
       "DELTA_CONCURRENT_DELETE_DELETE.WITH_PARTITION_HINT"},
      {"delete of other files", ws, delete_first, [](T& t, const S& s) { t.Remove(s.files()[1]); }, ""},
      {"statistics show that a read did not see the deleted file", ws, delete_first,
       [](T& t, const S&) {
         t.ReadPredicate(Compare(Kind::kGt, {"id"}, Value::Long(9)));
         AppendTo(t, "l", "b", 1);
       },
       ""},
      {"append after optimize", se, optimize, [](T& t, const S&) { AppendTo(t, "l", "a", 1); }, ""},
      {"optimize after append", se, append_a, optimize, ""},
      {"optimize after optimize of the same file", ws, optimize, optimize,
       "DELTA_CONCURRENT_DELETE_DELETE.WITH_PARTITION_HINT"},
      {"update after optimize of what it read", ws, optimize,
       [](T& t, const S& s) { UpdateIn(t, s, "a"); }, "DELTA_CONCURRENT_APPEND.WITH_PARTITION_HINT"},
      {"overwrite after append, serializable", se, append_a, overwrite,
       "DELTA_CONCURRENT_APPEND.WITH_PARTITION_HINT"},
      {"overwrite after append, write serializable", ws, append_a, overwrite, ""},
      {"overwrite after delete", ws, delete_first, overwrite,
       "DELTA_CONCURRENT_DELETE_READ.WITH_PARTITION_HINT"},
  };
}

std::vector<ConflictCase> TableConflicts() {
  using T = Transaction;
  using S = Snapshot;
  const char* ws = "WriteSerializable";
  auto append_a = [](T& t, const S&) { AppendTo(t, "w", "a", 100); };
  auto add_column = [](T& t, const S& s) {
    Metadata metadata = s.metadata();
    metadata.schema_string = Schema::ParseDdl("id BIGINT, p STRING, c INT")->ToJsonText();
    t.SetMetadata(metadata);
  };
  return {
      {"append after a new column", ws, add_column, [](T& t, const S&) { AppendTo(t, "l", "a", 1); },
       "DELTA_METADATA_CHANGED"},
      {"new column after a new column", ws, add_column, add_column, "DELTA_METADATA_CHANGED"},
      {"append after a harmless property", ws,
       [](T& t, const S& s) { SetProperty(t, s, "ucTableId", "7"); },
       [](T& t, const S&) { AppendTo(t, "l", "a", 1); }, ""},
      {"append after any other property", ws, [](T& t, const S& s) { SetProperty(t, s, "owner", "x"); },
       [](T& t, const S&) { AppendTo(t, "l", "a", 1); }, "DELTA_METADATA_CHANGED"},
      {"new column after append it did not read", ws, append_a, add_column, ""},
      {"protocol after protocol", ws,
       [](T& t, const S&) { t.SetProtocol({1, 3, {}, {}, {}}); },
       [](T& t, const S&) { t.SetProtocol({1, 4, {}, {}, {}}); }, "DELTA_PROTOCOL_CHANGED"},
      {"append after protocol", ws, [](T& t, const S&) { t.SetProtocol({1, 3, {}, {}, {}}); },
       [](T& t, const S&) { AppendTo(t, "l", "a", 1); }, ""},
  };
}

TEST_F(TransactionTest, ConflictMatrix) {
  std::vector<ConflictCase> cases = FileConflicts();
  std::ranges::copy(TableConflicts(), std::back_inserter(cases));
  for (const ConflictCase& test : cases) {
    SCOPED_TRACE(test.name);
    TestTable own(clock);
    TableLocation location = own.location();
    StoreCommitter own_committer(own.store);
    own.Commit(0, {Protocol(), MetadataOf(IdSchema(), {"p"}, {{"delta.isolationLevel", test.isolation}}),
                   FileOf("f0", 0, 9, {{"p", "a"}}), FileOf("f1", 10, 19, {{"p", "a"}}),
                   FileOf("f2", 0, 9, {{"p", "b"}})});
    auto snapshot = *own.Load();
    Transaction winner(location, own_committer, snapshot, Environment());
    Transaction loser(location, own_committer, snapshot, Environment());
    test.winner(winner, *snapshot);
    test.loser(loser, *snapshot);
    winner.SetOperation(Named("WINNER"));
    loser.SetOperation(Named("LOSER"));
    auto first = winner.Commit();
    ASSERT_TRUE(first.ok()) << FullMessage(first.error());
    auto second = loser.Commit();
    EXPECT_EQ(second.ok() ? "" : second.error().condition, test.condition);
    if (second.ok()) {
      EXPECT_EQ(second->version, 2);
    } else {
      EXPECT_EQ(second.error().sqlstate, "2D521");
      EXPECT_EQ(second.error().code, ErrorCode::kAborted);
      EXPECT_EQ((*own.Load())->version(), 1);
    }
  }
}

TEST_F(TransactionTest, RowsGetIdsAboveAllThatWereGiven) {
  Create({{"delta.enableRowTracking", "true"}});
  EXPECT_TRUE(IsFeatureListed((*table.Load())->protocol(), "domainMetadata"));
  EXPECT_TRUE((*table.Load())->metadata().configuration.contains(kRowIdColumn));
  ASSERT_TRUE(Append(FileOf("a", 0, 9)).ok());
  Transaction late = Begin();
  late.Add(FileOf("b", 0, 4));
  late.Add(FileOf("c", 0, 0));
  late.SetOperation(Named("WRITE"));
  // The winner takes the ids that the late one would have had.
  ASSERT_TRUE(Append(FileOf("winner", 0, 99)).ok());
  auto done = late.Commit();
  ASSERT_TRUE(done.ok()) << FullMessage(done.error());
  auto snapshot = *table.Load();
  std::map<std::string, std::pair<int64_t, int64_t>> given;
  for (const AddFile& file : snapshot->files()) given[file.path] = {*file.base_row_id, *file.default_row_commit_version};
  EXPECT_EQ(given, (std::map<std::string, std::pair<int64_t, int64_t>>{
                       {"a", {0, 1}}, {"winner", {10, 2}}, {"b", {110, 3}}, {"c", {115, 3}}}));
  EXPECT_EQ(*HighWaterMarkOf(*snapshot), 115);
}

TEST_F(TransactionTest, FilesThatStayKeepTheirRowIds) {
  Create({{"delta.enableRowTracking", "true"}});
  ASSERT_TRUE(Append(FileOf("a", 0, 9)).ok());
  Transaction txn = Begin();
  AddFile again = (*table.Load())->files()[0];
  again.data_change = false;
  txn.Add(again);
  txn.SetOperation(Named("ROW TRACKING BACKFILL"));
  ASSERT_TRUE(txn.Commit().ok());
  auto snapshot = *table.Load();
  ASSERT_EQ(snapshot->files().size(), 1u);
  EXPECT_EQ(snapshot->files()[0].base_row_id, 0);
  EXPECT_EQ(*HighWaterMarkOf(*snapshot), 9);
  // The file is counted once.
  EXPECT_FALSE(table.store.Head(table.LogPath(ChecksumFileName(2))).ok());
}

TEST_F(TransactionTest, WhoeverNeedsADroppedFeatureConflicts) {
  Create({{"delta.feature.deletionVectors", "supported"}});
  Transaction late = Begin(), drops = Begin(), drops_later = Begin();
  drops.SetProtocol({1, 2, {}, {}, {}});
  drops.SetOperation(Named("DROP FEATURE"));
  ASSERT_TRUE(drops.Commit().ok());
  EXPECT_EQ((*table.Load())->protocol(), (Protocol{1, 2, {}, {}, {}}));
  late.Add(FileOf("a", 0, 9));
  late.SetOperation(Named("WRITE"));
  EXPECT_EQ(late.Commit().error().condition, "DELTA_PROTOCOL_CHANGED");
  drops_later.SetProtocol({1, 2, {}, {}, {}});
  drops_later.SetOperation(Named("DROP FEATURE"));
  EXPECT_EQ(drops_later.Commit().error().condition, "DELTA_PROTOCOL_CHANGED");
}

}  // namespace
}  // namespace ashlar::delta
