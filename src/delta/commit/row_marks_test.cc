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

  static Operation Named(const std::string& name) {
    Operation operation;
    operation.name = name;
    return operation;
  }
  TransactionEnvironment Environment() { return {.clock = clock, .random = random}; }
  Transaction Begin() { return Transaction(table.location(), committer, *table.Load(), Environment()); }
  VectorFiles Files() { return {table.store, table.root, random, created}; }

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

}  // namespace
}  // namespace ashlar::delta
