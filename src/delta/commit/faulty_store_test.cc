// Commits, rewrites and checkpoints over a store that fails, answers "unknown" or forgets, at every call it
// gets: what was acknowledged is there once after a power loss, what was refused is not, and no active file
// is missing.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "delta/log/log_segment.h"
#include "delta/log/test_table.h"
#include "delta/transaction.h"
#include "objectstore/fault_store.h"

namespace ashlar::delta {
namespace {

using objectstore::Fault;
using objectstore::StoreCall;

constexpr int kStatements = 9;

class Workload {
 public:
  Workload() { table_.parquet = &checkpoints_; }

  objectstore::FaultInjectingStore& faults() { return faults_; }

  void Create() {
    NewTable definition;
    definition.schema = IdSchema();
    definition.properties = {{"delta.checkpointInterval", "3"}};
    auto defined = DefineTable(definition, clock_, random_);
    ASSERT_TRUE(defined.ok());
    Transaction txn({&plain_.store, plain_.root, &plain_.parquet}, plain_committer_, *defined, Environment());
    txn.SetOperation(Named("CREATE TABLE"));
    ASSERT_TRUE(txn.Commit().ok());
  }

  // Statement n writes the file f<n>; every third one takes the oldest file out as well.
  void Run() {
    for (int n = 1; n <= kStatements; ++n) RunOne(n);
  }

  void ExpectWhole(const std::string& what) {
    ASSERT_TRUE(faults_.Crash().ok());
    auto snapshot = Snapshot::Load({&plain_.store, plain_.root, &plain_.parquet});
    ASSERT_TRUE(snapshot.ok()) << what << ": " << FullMessage(snapshot.error());
    std::set<std::string> active;
    for (const AddFile& file : (*snapshot)->files()) {
      EXPECT_TRUE(active.insert(file.path).second) << what << ": doubled " << file.path;
      EXPECT_TRUE(plain_.store.Head(plain_.root + "/" + file.path).ok()) << what << ": missing " << file.path;
    }
    for (const std::string& file : added_) {
      EXPECT_TRUE(active.contains(file) || removed_.contains(file)) << what << ": lost " << file;
    }
    for (const std::string& file : removed_) EXPECT_FALSE(active.contains(file)) << what << ": came back " << file;
    for (const std::string& file : refused_) EXPECT_FALSE(active.contains(file)) << what << ": refused, but there " << file;
    auto listing = ListLog({&plain_.store, plain_.root, &plain_.parquet}, 0);
    ASSERT_TRUE(listing.ok());
    for (size_t i = 0; i < listing->commits.size(); ++i) {
      EXPECT_EQ(listing->commits[i].version, static_cast<int64_t>(i)) << what << ": a gap";
    }
    // And it goes on.
    Transaction txn({&plain_.store, plain_.root, &plain_.parquet}, plain_committer_, *snapshot, Environment());
    txn.Add(FileOf("last", 0, 1));
    txn.SetOperation(Named("WRITE"));
    EXPECT_TRUE(txn.Commit().ok()) << what;
  }

  int acknowledged() const { return static_cast<int>(added_.size()); }

 private:
  TransactionEnvironment Environment() { return {.clock = clock_, .random = random_}; }
  static Operation Named(const std::string& name) {
    Operation operation;
    operation.name = name;
    return operation;
  }

  // As the engine does: the bytes, then fsync.
  void WriteFile(const std::string& name) {
    std::string path = plain_.root + "/" + name;
    ASSERT_TRUE(faults_.WriteUnsynced(path, "rows").ok());
    faults_.Sync(path);
  }

  void RunOne(int n) {
    std::string name = "f" + std::to_string(n);
    auto snapshot = Snapshot::Load(table_);
    if (!snapshot.ok()) return;
    Transaction txn(table_, committer_, *snapshot, Environment());
    txn.TrackCreatedFile(plain_.root + "/" + name);
    WriteFile(name);
    txn.Add(FileOf(name, n, n));
    std::string oldest;
    if (n % 3 == 0 && !(*snapshot)->files().empty()) {
      oldest = (*snapshot)->files()[0].path;
      txn.ReadWholeTable();
      txn.Remove((*snapshot)->files()[0]);
    }
    txn.SetOperation(Named(oldest.empty() ? "WRITE" : "DELETE"));
    auto done = txn.Commit();
    if (done.ok()) {
      added_.insert(name);
      if (!oldest.empty()) removed_.insert(oldest);
    } else if (done.error().code != ErrorCode::kTemporarilyUnavailable) {
      refused_.insert(name);
      txn.Abort();
    } else if (!oldest.empty()) {
      // Whether it is out nobody knows: it may be either.
      added_.erase(oldest);
      txn.Abort();
    }
  }

  FakeClock clock_{1'700'000'000'000};
  CountingRandom random_;
  TestTable plain_{clock_};
  StoreCommitter plain_committer_{plain_.store};
  objectstore::FaultInjectingStore faults_{plain_.store};
  StoreCommitter committer_{faults_};
  JsonLinesActions checkpoints_{faults_};
  TableLocation table_{&faults_, plain_.root, nullptr};
  std::set<std::string> added_;
  std::set<std::string> removed_;
  std::set<std::string> refused_;
};

struct FaultKind {
  StoreCall call;
  Fault fault;
  const char* name;
};
constexpr FaultKind kFaults[] = {
    {StoreCall::kList, Fault::kError, "list fails"},
    {StoreCall::kRead, Fault::kError, "read fails"},
    {StoreCall::kHead, Fault::kError, "head fails"},
    {StoreCall::kPutIfAbsent, Fault::kError, "put-if-absent fails"},
    {StoreCall::kPutIfAbsent, Fault::kUnknownDone, "put-if-absent unknown, done"},
    {StoreCall::kPutIfAbsent, Fault::kUnknownNotDone, "put-if-absent unknown, not done"},
    {StoreCall::kPutHint, Fault::kError, "hint fails"},
    {StoreCall::kPutHint, Fault::kUnknownDone, "hint unknown, done"},
    {StoreCall::kPutHint, Fault::kTorn, "hint is torn by the crash"},
    {StoreCall::kPutOverwrite, Fault::kError, "overwrite fails"},
    {StoreCall::kPutOverwrite, Fault::kUnknownDone, "overwrite unknown, done"},
    {StoreCall::kPutOverwrite, Fault::kUnknownNotDone, "overwrite unknown, not done"},
    {StoreCall::kPutOverwrite, Fault::kUnsynced, "overwrite is not synced"},
    {StoreCall::kDelete, Fault::kError, "delete fails"},
};

TEST(FaultyStore, OneFaultAtEveryCall) {
  Workload sound;
  sound.Create();
  sound.Run();
  EXPECT_EQ(sound.acknowledged(), kStatements);
  sound.ExpectWhole("without faults");
  for (const FaultKind& kind : kFaults) {
    // Files are deleted only after a failure: the runs below meet that.
    EXPECT_TRUE(sound.faults().CountOf(kind.call) > 0 || kind.call == StoreCall::kDelete) << kind.name;
    for (int nth = 1; nth <= sound.faults().CountOf(kind.call); ++nth) {
      Workload workload;
      workload.Create();
      workload.faults().FailAt(kind.call, nth, kind.fault);
      workload.Run();
      workload.ExpectWhole(std::string(kind.name) + " at call " + std::to_string(nth));
      EXPECT_GE(workload.acknowledged(), kStatements - 1) << kind.name << " " << nth;
    }
  }
}

TEST(FaultyStore, ManyFaultsAtOnce) {
  CountingRandom chance(20261122);
  for (int run = 0; run < 300; ++run) {
    Workload workload;
    workload.Create();
    std::string what = "run " + std::to_string(run);
    for (int i = 0; i < 6; ++i) {
      const FaultKind& kind = kFaults[chance.Below(std::size(kFaults))];
      int nth = static_cast<int>(chance.Below(30)) + 1;
      workload.faults().FailAt(kind.call, nth, kind.fault);
      what += std::string(", ") + kind.name + " at " + std::to_string(nth);
    }
    workload.Run();
    workload.ExpectWhole(what);
  }
}

}  // namespace
}  // namespace ashlar::delta
