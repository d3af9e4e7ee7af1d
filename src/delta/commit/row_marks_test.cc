// Rows deleted by vectors, alone and against concurrent commits.
#include <gtest/gtest.h>

#include "delta/commit/row_marks.h"
#include "delta/log/test_table.h"
#include "delta/stats.h"
#include "delta/transaction.h"

namespace ashlar::delta {
namespace {

using Rows = std::vector<uint64_t>;

class RowMarks : public testing::Test {
 protected:
  void SetUp() override {
    NewTable definition;
    definition.schema = IdSchema();
    definition.properties = {{"delta.enableDeletionVectors", "true"}};
    Transaction create(table.location(), committer, *DefineTable(definition, clock, random), Environment());
    create.SetOperation(Named("CREATE TABLE"));
    ASSERT_TRUE(create.Commit().ok());
    Transaction write = Begin();
    write.Add(FileOf("a", 0, 9));
    write.Add(FileOf("b", 10, 19));
    write.SetOperation(Named("WRITE"));
    ASSERT_TRUE(write.Commit().ok());
  }

  // An empty log, then the same table.
  void SetUpAgain() {
    auto log = table.store.ListFrom(LogDirectory(table.root), "");
    for (const auto& object : *log) {
      CHECK(table.store.Delete(table.LogPath(object.name)).ok());
    }
    SetUp();
  }

  static Operation Named(const std::string& name) {
    Operation operation;
    operation.name = name;
    return operation;
  }
  TransactionEnvironment Environment() { return {.clock = clock, .random = random}; }
  Transaction Begin() { return Transaction(table.location(), committer, *table.Load(), Environment()); }
  VectorFiles Files() { return {place, random, created}; }

  // Stages the deletion of rows of the file the transaction sees at `path`, the only ones it reads.
  void Mark(Transaction& txn, const std::string& path, Rows rows) {
    MarkReadingAll(txn, path, std::move(rows));
    txn.ReadRowsToMark();
  }
  void MarkReadingAll(Transaction& txn, const std::string& path, Rows rows) {
    for (const AddFile& file : txn.snapshot()->files()) {
      if (file.path != path) continue;
      auto marked = MarkRows(Files(), {{file, *NumRecords(file), std::make_shared<const DeletionVector>(
                                                                     DeletionVector::FromRows(rows))}});
      ASSERT_TRUE(marked.ok()) << FullMessage(marked.error());
      txn.MarkRows(marked->at(0));
    }
    txn.ReadWholeTable();
    txn.SetOperation(Named("DELETE"));
  }
  Status Delete(const std::string& path, Rows rows) {
    Transaction txn = Begin();
    Mark(txn, path, std::move(rows));
    ASSIGN_OR_RETURN(CommitResult done, txn.Commit());
    (void)done;
    return OkStatus();
  }
  // "a: 1 2" for each active file with deleted rows.
  std::string Deleted() {
    std::string out;
    auto snapshot = *table.Load();
    for (const AddFile& file : snapshot->files()) {
      out += (out.empty() ? "" : "; ") + file.path + ":";
      if (!file.deletion_vector) continue;
      auto vector = LoadDeletionVector(table.store, table.root, *file.deletion_vector);
      CHECK(vector.ok()) << FullMessage(vector.error());
      for (uint64_t row : vector->ToRows()) out += " " + std::to_string(row);
    }
    return out;
  }

  FakeClock clock{1700000000000};
  CountingRandom random;
  TestTable table{clock};
  TableLocation place = table.location();
  VectorFileCreated created;
  StoreCommitter committer{table.store};
};

TEST_F(RowMarks, JoinTheVectorTheFileHas) {
  ASSERT_TRUE(Delete("a", {1, 2}).ok());
  ASSERT_TRUE(Delete("a", {7}).ok());
  EXPECT_EQ(Deleted(), "b:; a: 1 2 7");
  auto snapshot = *table.Load();
  EXPECT_EQ(snapshot->RowCount(), 17);
  EXPECT_FALSE(ParseStats(*snapshot->files().back().stats, {}).tight_bounds);
  ASSERT_TRUE(Delete("a", {0, 3, 4, 5, 6, 8, 9}).ok());
  EXPECT_EQ(Deleted(), "b:");
}

TEST_F(RowMarks, DisjointRowsOfOneFileCommitBoth) {
  Transaction first = Begin(), second = Begin(), third = Begin();
  Mark(first, "a", {1});
  Mark(second, "a", {2, 3});
  Mark(third, "b", {0});
  ASSERT_TRUE(first.Commit().ok());
  auto done = second.Commit();
  ASSERT_TRUE(done.ok()) << FullMessage(done.error());
  EXPECT_EQ(done->attempts, 2);
  done = third.Commit();
  ASSERT_TRUE(done.ok()) << FullMessage(done.error());
  EXPECT_EQ(done->attempts, 2);
  EXPECT_EQ(Deleted(), "a: 1 2 3; b: 0");
  // What was committed names the file as the winner left it.
  std::vector<Action> actions;
  ASSERT_TRUE(ParseActions(*table.store.Read(table.LogPath(CommitFileName(3))), [&](Action action) {
                actions.push_back(std::move(action));
                return OkStatus();
              }).ok());
  const auto& remove = std::get<RemoveFile>(actions.at(1));
  EXPECT_EQ(remove.deletion_vector->cardinality, 1);
  EXPECT_EQ(std::get<AddFile>(actions.at(2)).deletion_vector->cardinality, 3);
}

TEST_F(RowMarks, TheLastRowsOfAFileRemoveIt) {
  Transaction first = Begin(), second = Begin();
  Mark(first, "a", {0, 1, 2, 3, 4});
  Mark(second, "a", {5, 6, 7, 8, 9});
  ASSERT_TRUE(first.Commit().ok());
  ASSERT_TRUE(second.Commit().ok());
  EXPECT_EQ(Deleted(), "b:");
}

TEST_F(RowMarks, TheSameRowConflicts) {
  Transaction first = Begin(), second = Begin();
  Mark(first, "a", {1, 2});
  Mark(second, "a", {2, 3});
  ASSERT_TRUE(first.Commit().ok());
  auto lost = second.Commit();
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().sqlstate, "2D521");
  EXPECT_EQ(Deleted(), "b:; a: 1 2");
}

TEST_F(RowMarks, RemovedOrRewrittenFilesConflict) {
  Transaction mark = Begin(), remove = Begin();
  Mark(mark, "a", {1});
  remove.Remove(remove.snapshot()->files()[0]);
  remove.SetOperation(Named("DELETE"));
  ASSERT_TRUE(remove.Commit().ok());
  auto lost = mark.Commit();
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().condition, "DELTA_CONCURRENT_DELETE_READ.WITHOUT_HINT");
  // And the other way round: who removes a file does not see rows marked meanwhile.
  Transaction late = Begin();
  late.Remove(late.snapshot()->files()[0]);
  late.ReadWholeTable();
  late.ReadRowsToMark();
  late.SetOperation(Named("DELETE"));
  ASSERT_TRUE(Delete("b", {4}).ok());
  EXPECT_FALSE(late.Commit().ok());
}

TEST_F(RowMarks, ReadsForMoreThanMarkingConflict) {
  Transaction reader = Begin();
  reader.ReadWholeTable();
  reader.Add(FileOf("c", 20, 29));
  reader.SetOperation(Named("MERGE"));
  ASSERT_TRUE(Delete("a", {1}).ok());
  EXPECT_FALSE(reader.Commit().ok());
}

TEST_F(RowMarks, OtherRowsOfAMarkedFileMatterToWhoReadThem) {
  Transaction reader = Begin();
  MarkReadingAll(reader, "a", {1});
  ASSERT_TRUE(Delete("a", {2}).ok());
  EXPECT_FALSE(reader.Commit().ok());
}

// Who read by a predicate, against what others did: a conflict in just the files that may have such rows.
class PredicateReads : public RowMarks {
 protected:
  // Ids below 10: file a.
  static Predicate Low() { return Compare(Predicate::Kind::kLt, {"id"}, Value::Long(10)); }
  // DELETE by deletion vectors, or by a rewrite of the file.
  enum class How { kMarks, kRewrites };
  Transaction DeletesLow(How how) {
    Transaction txn = Begin();
    if (how == How::kMarks) {
      const AddFile& file = txn.snapshot()->files()[0];
      auto marked = MarkRows(Files(), {{file, *NumRecords(file), std::make_shared<const DeletionVector>(
                                                                     DeletionVector::FromRows({1}))}});
      txn.MarkRows(marked->at(0));
    } else {
      txn.Remove(txn.snapshot()->files()[0]);
      txn.Add(FileOf("a2", 1, 9));
    }
    txn.ReadPredicate(Low());
    txn.ReadRowsToMark();
    txn.SetOperation(Named("DELETE"));
    return txn;
  }
  // The condition of the conflict, without its sub-class; empty: both commit.
  template <typename Winner>
  std::string Against(How how, Winner stage) {
    Transaction winner = Begin(), late = DeletesLow(how);
    stage(winner);
    winner.SetOperation(Named("UPDATE"));
    auto won = winner.Commit();
    CHECK(won.ok()) << FullMessage(won.error());
    auto lost = late.Commit();
    if (lost.ok()) return "";
    return lost.error().condition.substr(0, lost.error().condition.find('.'));
  }
};

TEST_F(PredicateReads, OfRowsThatAreMarked) {
  auto rewrite = [](const AddFile& come) {
    return [=](Transaction& txn) {  // of the file b
      txn.ReadWholeTable();
      txn.Remove(txn.snapshot()->files()[1]);
      txn.Add(come);
    };
  };
  EXPECT_EQ(Against(How::kMarks, rewrite(FileOf("b2", 10, 18))), "");
  SetUpAgain();
  EXPECT_EQ(Against(How::kMarks, rewrite(FileOf("b2", 9, 18))), "DELTA_CONCURRENT_APPEND");
  SetUpAgain();
  EXPECT_EQ(Against(How::kMarks, [&](Transaction& txn) { Mark(txn, "a", {2}); }), "");
  SetUpAgain();
  EXPECT_NE(Against(How::kMarks, [&](Transaction& txn) { Mark(txn, "a", {1}); }), "");
  SetUpAgain();
  EXPECT_EQ(Against(How::kMarks, [](Transaction& txn) { txn.Add(FileOf("blind", 1, 2)); }), "") << "WriteSerializable";
  SetUpAgain();
  auto takes_a = [](Transaction& txn) { txn.Remove(txn.snapshot()->files()[0]); };
  EXPECT_EQ(Against(How::kMarks, takes_a), "DELTA_CONCURRENT_DELETE_READ");
}

TEST_F(PredicateReads, OfFilesThatAreRewritten) {
  EXPECT_EQ(Against(How::kRewrites, [&](Transaction& txn) { Mark(txn, "b", {1}); }), "");
  SetUpAgain();
  EXPECT_NE(Against(How::kRewrites, [&](Transaction& txn) { Mark(txn, "a", {2}); }), "") << "its copy has the row";
  SetUpAgain();
  auto takes_b = [](Transaction& txn) { txn.Remove(txn.snapshot()->files()[1]); };
  EXPECT_EQ(Against(How::kRewrites, takes_b), "");
  SetUpAgain();
  auto takes_a = [](Transaction& txn) { txn.Remove(txn.snapshot()->files()[0]); };
  EXPECT_EQ(Against(How::kRewrites, takes_a), "DELTA_CONCURRENT_DELETE_READ");
}

}  // namespace
}  // namespace ashlar::delta
