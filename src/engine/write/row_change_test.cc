// UPDATE, DELETE and MERGE of Delta tables, and what is written in little memory.
#include <filesystem>
#include <fstream>

#include "engine/duck_connection.h"
#include "engine/lowering/lowering.h"
#include "engine/row_change.h"
#include "engine/test_delta_table.h"

namespace ashlar::engine {
namespace {

using namespace plan_builder;  // NOLINT
using sql::PlanPtr;

sql::TypedExprPtr Cast(sql::TypedExprPtr expr, DataType type) { return Node(std::move(type), sql::CastNode{std::move(expr), {}}); }

class RowChanges : public DeltaTableTest {
 protected:
  void SetUp() override {
    DeltaTableTest::SetUp();
    Create("id INT, name STRING");
    ASSERT_TRUE(Insert(Pairs({{1, "a"}, {2, "b"}, {3, "c"}})).ok());
    ASSERT_TRUE(Insert(Pairs({{11, "k"}, {12, "l"}})).ok());
  }
  sql::AnalyzedRowChange Change(sql::TypedExprPtr condition) {
    sql::AnalyzedRowChange change;
    change.target.table = Open();
    change.scan = Scan(change.target.table, true);
    change.condition = std::move(condition);
    return change;
  }
  Status Apply(const RowChangeResult& result) {
    delta::Transaction txn(Location(), committer_, Latest(), Env());
    txn.ReadWholeTable();
    for (const auto& file : result.removed) txn.Remove(file);
    for (const auto& file : result.added) txn.Add(file);
    for (const auto& file : result.marked) txn.MarkRows(file);
    txn.SetOperation({.name = "UPDATE", .parameters = {}, .metrics = {}, .user_metadata = {}, .user_id = {}, .user_name = {}});
    ASSIGN_OR_RETURN(auto done, txn.Commit());
    (void)done;
    return {};
  }
  std::unique_ptr<RowChange> Cow() { return MakeCopyOnWrite(*connection_, Latest(), Target(), [](const std::string&) {}); }
};

TEST_F(RowChanges, DeleteRewritesOnlyTouchedFiles) {
  auto result = Cow()->Delete(Change(Binary("=", kBool, Column(1, kInt), Int(2))));
  ASSERT_TRUE(result.ok()) << FullMessage(result.error());
  EXPECT_EQ(result->removed.size(), 1u);
  EXPECT_EQ(result->added.size(), 1u);
  EXPECT_EQ(result->metrics["numDeletedRows"], "1");
  EXPECT_EQ(result->metrics["numCopiedRows"], "2");
  ASSERT_TRUE(Apply(*result).ok());
  EXPECT_EQ(Table(), (Lines{"1 | a", "11 | k", "12 | l", "3 | c"}));
  // All rows of a file: nothing is written.
  result = Cow()->Delete(Change(Binary(">", kBool, Column(1, kInt), Int(10))));
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->added.empty());
  ASSERT_TRUE(Apply(*result).ok());
  result = Cow()->Delete(Change(nullptr));
  ASSERT_TRUE(result.ok());
  ASSERT_TRUE(Apply(*result).ok());
  EXPECT_EQ(Table(), Lines{});
  EXPECT_EQ(*connection_->ExecuteCount(Scan(Open(), true)), 0);
}

TEST_F(RowChanges, UpdateKeepsTheOtherRows) {
  auto change = Change(Binary("<", kBool, Column(1, kInt), Int(3)));
  change.new_values = {Binary("+", kInt, Column(1, kInt), Int(100)), Column(2, kText)};
  auto result = Cow()->Update(change);
  ASSERT_TRUE(result.ok()) << FullMessage(result.error());
  EXPECT_EQ(result->updated_rows, 2);
  EXPECT_EQ(result->metrics["numCopiedRows"], "1");
  ASSERT_TRUE(Apply(*result).ok());
  EXPECT_EQ(Table(), (Lines{"101 | a", "102 | b", "11 | k", "12 | l", "3 | c"}));
}

TEST_F(RowChanges, RemoveTakesOutARange) {
  auto result = Cow()->Remove(Binary(">=", kBool, Column(0, kInt), Int(3)));
  ASSERT_TRUE(result.ok()) << FullMessage(result.error());
  EXPECT_EQ(result->deleted_rows, 3);
  ASSERT_TRUE(Apply(*result).ok());
  EXPECT_EQ(Table(), (Lines{"1 | a", "2 | b"}));
}

TEST_F(RowChanges, FilesThatStatisticsRuleOutAreNotRead) {
  auto snapshot = Latest();
  ASSERT_EQ(snapshot->files().size(), 2u);
  std::string other = *snapshot->DataPath(snapshot->files()[1]);  // ids 11 and 12
  std::filesystem::copy_file(other, root_ + "/aside");
  std::ofstream(other) << "no Parquet";
  EXPECT_FALSE(Cow()->Delete(Change(Binary("=", kBool, Column(2, kText), Text("l")))).ok());
  for (const sql::TypedExprPtr& condition :
       {Binary("=", kBool, Column(1, kInt), Int(2)),
        Binary("<=", kBool, Cast(Column(1, kInt), kLong), Cast(Int(2), kLong)),
        Binary("and", kBool, Binary("<", kBool, Column(1, kInt), Int(5)), Binary("=", kBool, Column(2, kText), Text("b")))}) {
    auto deleted = Cow()->Delete(Change(condition));
    ASSERT_TRUE(deleted.ok()) << FullMessage(deleted.error());
    auto update = Change(condition);
    update.new_values = {Column(1, kInt), Text("new")};
    auto updated = Cow()->Update(update);
    ASSERT_TRUE(updated.ok()) << FullMessage(updated.error());
    EXPECT_EQ(updated->updated_rows, deleted->deleted_rows);
  }
  auto removed = Cow()->Remove(Binary("<", kBool, Column(0, kInt), Int(3)));
  ASSERT_TRUE(removed.ok()) << FullMessage(removed.error());
  EXPECT_EQ(removed->deleted_rows, 2);
}

TEST_F(RowChanges, DeleteOfWholePartitionsReadsNone) {
  std::filesystem::remove_all(root_ + "/t");
  Create("n INT, p STRING", {"p"});
  auto row = [](int n, const char* p) { return std::vector<sql::TypedExprPtr>{Int(n), Text(p)}; };
  ASSERT_TRUE(Insert(Values({Attr(501, "n", kInt), Attr(502, "p", kText)}, {row(1, "a"), row(2, "a"), row(3, "b")})).ok());
  auto snapshot = Latest();
  for (const delta::AddFile& file : snapshot->files()) {
    if (*file.partition_values.at("p") == "a") std::ofstream(*snapshot->DataPath(file)) << "no Parquet";
  }
  auto result = Cow()->Delete(Change(Binary("=", kBool, Column(2, kText), Text("a"))));
  ASSERT_TRUE(result.ok()) << FullMessage(result.error());
  EXPECT_EQ(result->deleted_rows, 2);
  EXPECT_EQ(result->metrics["numDeletedRows"], "2");
  EXPECT_EQ(result->metrics["numRemovedFiles"], "1");
  ASSERT_TRUE(Apply(*result).ok());
  EXPECT_EQ(Table(), (Lines{"3 | b"}));
}

TEST_F(RowChanges, VectorsTakeTheRowsOutOfTheirFiles) {
  delta::Transaction enable(Location(), committer_, Latest(), Env());
  delta::Metadata metadata = Latest()->metadata();
  metadata.configuration["delta.enableDeletionVectors"] = "true";
  enable.SetMetadata(metadata);
  enable.SetOperation({.name = "SET TBLPROPERTIES", .parameters = {}, .metrics = {}, .user_metadata = {}, .user_id = {}, .user_name = {}});
  ASSERT_TRUE(enable.Commit().ok());
  std::vector<std::string> created;
  auto change = [&] {
    return MakeRowChange(*connection_, Latest(), Target(), [&](const std::string& path) { created.push_back(path); });
  };
  auto result = change()->Delete(Change(Binary("=", kBool, Column(1, kInt), Int(2))));
  ASSERT_TRUE(result.ok()) << FullMessage(result.error());
  EXPECT_TRUE(result->removed.empty() && result->added.empty());
  ASSERT_EQ(result->marked.size(), 1u);
  EXPECT_EQ(created.size(), 1u);
  EXPECT_EQ(result->metrics["numDeletedRows"], "1");
  EXPECT_EQ(result->metrics["numCopiedRows"], "0");
  EXPECT_EQ(result->metrics["numDeletionVectorsAdded"], "1");
  ASSERT_TRUE(Apply(*result).ok());
  EXPECT_EQ(Table(), (Lines{"1 | a", "11 | k", "12 | l", "3 | c"}));
  // A second vector replaces the first; the rows' new forms are in a new file.
  auto update = Change(Binary("<", kBool, Column(1, kInt), Int(12)));
  update.new_values = {Binary("+", kInt, Column(1, kInt), Int(100)), Column(2, kText)};
  update.condition = Binary("=", kBool, Column(2, kText), Text("c"));
  result = change()->Update(update);
  ASSERT_TRUE(result.ok()) << FullMessage(result.error());
  EXPECT_EQ(result->metrics["numDeletionVectorsUpdated"], "1");
  EXPECT_EQ(result->added.size(), 1u);
  ASSERT_TRUE(Apply(*result).ok());
  EXPECT_EQ(Table(), (Lines{"1 | a", "103 | c", "11 | k", "12 | l"}));
  // The last live row: the file goes, and its vector with it.
  result = change()->Delete(Change(Binary("=", kBool, Column(1, kInt), Int(1))));
  ASSERT_TRUE(result.ok()) << FullMessage(result.error());
  EXPECT_EQ(result->removed.size(), 1u);
  EXPECT_TRUE(result->marked.empty());
  EXPECT_EQ(result->metrics["numDeletionVectorsRemoved"], "1");
  ASSERT_TRUE(Apply(*result).ok());
  EXPECT_EQ(Table(), (Lines{"103 | c", "11 | k", "12 | l"}));
}

const delta::StringMap kVectors = {{"delta.enableDeletionVectors", "true"}};

sql::TypedExprPtr Remainder(sql::TypedExprPtr left, sql::TypedExprPtr right, CallTraits traits = {}) {
  return Call("%", "spark_remainder({0}, {1}, {span})", left->type, {left, right}, traits);
}

// UPDATE by deletion vectors, in one pass where the condition is the reader's, against copy-on-write, which takes two.
class VectorUpdates : public RowChanges {
 protected:
  // n INT, p STRING with what is in `rows` files of a hundred rows: n from 0, p of three values and NULL.
  void Fill(std::vector<std::string> partition, int files) {
    std::filesystem::remove_all(root_ + "/t");
    Create("n INT, p STRING", partition, kVectors);
    for (int i = 0; i < files; ++i) {
      PlanPtr range = MakePlan({Attr(900, "n", kLong)}, sql::RangePlan{i * 100, i * 100 + 100, 1});
      auto p = Call("p", "CASE {0} % 4 WHEN 0 THEN 'a' WHEN 1 THEN 'b' WHEN 2 THEN 'c' END", kText, {Column(900, kLong)});
      ASSERT_TRUE(Insert(Project(range, {Named(501, "n", Cast(Column(900, kLong), kInt)), Named(502, "p", p)})).ok());
    }
  }
  std::unique_ptr<RowChange> Vectors() { return MakeRowChange(*connection_, Latest(), Target(), created()); }
  FileCreated created() {
    return [&](const std::string& path) { created_.push_back(path); };
  }
  // What the statement makes of the table by vectors, and that copy-on-write makes the same of it.
  void ExpectSame(const sql::TypedExprPtr& condition, std::vector<sql::TypedExprPtr> new_values, int64_t rows) {
    auto change = [&] {
      auto made = Change(condition);
      made.new_values = new_values;
      return made;
    };
    std::filesystem::copy(root_ + "/t", root_ + "/before", std::filesystem::copy_options::recursive);
    auto by_vectors = Vectors()->Update(change());
    ASSERT_TRUE(by_vectors.ok()) << FullMessage(by_vectors.error());
    EXPECT_EQ(by_vectors->updated_rows, rows);
    ASSERT_TRUE(Apply(*by_vectors).ok());
    Lines after = Table();
    std::filesystem::rename(root_ + "/t", root_ + "/after");
    std::filesystem::rename(root_ + "/before", root_ + "/t");
    auto copied = Cow()->Update(change());
    ASSERT_TRUE(copied.ok()) << FullMessage(copied.error());
    EXPECT_EQ(copied->metrics["numUpdatedRows"], by_vectors->metrics["numUpdatedRows"]);
    EXPECT_EQ(copied->metrics["numRemovedFiles"], by_vectors->metrics["numRemovedFiles"]);
    ASSERT_TRUE(Apply(*copied).ok());
    EXPECT_EQ(Table(), after);
    std::filesystem::remove_all(root_ + "/t");
    std::filesystem::rename(root_ + "/after", root_ + "/t");
  }
  Result<bool> OnlyScans(const sql::TypedExprPtr& condition) {
    DuckConnection& duck = AsDuck(*connection_);
    StatementBindings bindings(duck.state().scans, "UTC");
    ASSIGN_OR_RETURN(std::string sql, LowerPlan(*Filter(Scan(Open(), true), condition), {}, bindings));
    return duck.OnlyScans(sql);
  }

  const sql::TypedExprPtr n = Column(1, kInt), p = Column(2, kText);
  const sql::TypedExprPtr plus_1000 = Binary("+", kInt, n, Int(1000));
  const sql::TypedExprPtr third = Binary("=", kBool, Remainder(n, Int(3)), Int(1));
  std::vector<std::string> created_;
};

TEST_F(VectorUpdates, ConditionsOfOneColumnAreTheReaders) {
  Fill({"p"}, 1);
  CallTraits throws{.can_throw = true};
  auto zero = Binary("=", kBool, Remainder(n, Int(0), throws), Int(1));
  auto by_column = Binary("=", kBool, Remainder(n, n, throws), Int(1));
  auto rand = Binary("<", kBool, Call("rand", "random()", TypeId::kDouble, {}, {.deterministic = false}), Literal(Value::Double(0.5)));
  for (const auto& of_reader : {third, Binary("=", kBool, n, Int(5)), Binary("and", kBool, third, Binary("=", kBool, p, Text("a"))),
                                Binary("=", kBool, Call("pmod", "spark_pmod({0}, {1}, {span})", kInt, {n, Int(-7)}), Int(1))}) {
    EXPECT_EQ(OnlyScans(of_reader).value(), true);
  }
  for (const auto& above : {zero, by_column, rand, Binary("and", kBool, third, by_column)}) EXPECT_EQ(OnlyScans(above).value(), false);
  auto update = Change(zero);
  update.new_values = {n, p};
  EXPECT_EQ(Vectors()->Update(update).error().condition, "REMAINDER_BY_ZERO");
}

TEST_F(VectorUpdates, RowsWrittenAreTheRowsMarked) {
  for (const std::vector<std::string>& partition : {std::vector<std::string>{}, {"p"}}) {
    Fill(partition, 3);
    ExpectSame(third, {plus_1000, p}, 100);
    // Files have vectors now, and new forms of rows are in files of their own.
    ExpectSame(Binary("=", kBool, Remainder(n, Int(4)), Int(2)), {plus_1000, p}, 75);
    // NULL is no match.
    ExpectSame(Binary("<>", kBool, p, Text("a")), {n, Text("moved")}, 150);
    // The partition is what the update makes it.
    ExpectSame(Binary("=", kBool, Remainder(n, Int(2)), Int(0)), {n, Call("if", "CASE WHEN {0} > 150 THEN NULL ELSE 'new' END", kText, {n})}, 150);
    // Not the reader's condition: two passes.
    ExpectSame(Binary("=", kBool, Remainder(n, Binary("+", kInt, n, Int(1)), {.can_throw = true}), n), {plus_1000, p}, 300);
    // A file whose rows are all replaced goes, with its vector.
    ExpectSame(Binary("<", kBool, n, Int(100)), {plus_1000, p}, 0);
    ExpectSame(nullptr, {plus_1000, p}, 300);
    EXPECT_EQ(*connection_->ExecuteCount(Scan(Open())), 300);
  }
}

TEST_F(VectorUpdates, WholeFilesGoWithoutAVector) {
  Fill({}, 3);
  auto update = Change(Binary("<", kBool, n, Int(150)));
  update.new_values = {plus_1000, p};
  auto result = Vectors()->Update(update);
  ASSERT_TRUE(result.ok()) << FullMessage(result.error());
  EXPECT_EQ(result->removed.size(), 1u);
  EXPECT_EQ(result->marked.size(), 1u);
  EXPECT_EQ(result->metrics["numRemovedFiles"], "2");
  EXPECT_EQ(result->metrics["numCopiedRows"], "0");
  EXPECT_TRUE(result->metrics.contains("scanTimeMs") && result->metrics.contains("rewriteTimeMs"));
}

TEST_F(VectorUpdates, NoMatchLeavesNothing) {
  Fill({}, 2);
  for (const auto& none : {Binary("=", kBool, Remainder(n, Int(200)), Int(-1)), Binary("=", kBool, n, Int(5000)),
                           Binary("=", kBool, p, Literal(Value::Null(kText)))}) {
    auto update = Change(none);
    update.new_values = {plus_1000, p};
    auto result = Vectors()->Update(update);
    ASSERT_TRUE(result.ok()) << FullMessage(result.error());
    EXPECT_TRUE(result->added.empty() && result->removed.empty() && result->marked.empty());
    EXPECT_EQ(result->metrics, (std::map<std::string, std::string>{{"numUpdatedRows", "0"}}));
  }
  EXPECT_EQ(created_, Lines{});
}

TEST_F(VectorUpdates, ConstraintsAreAskedOfUpdatedRowsAlone) {
  Fill({}, 1);
  WriteTarget target = Target();
  target.constraints = {{"small", "n < 1050", Binary("<", kBool, Column(0, kInt), Int(1050))}};
  auto run = [&](const sql::TypedExprPtr& condition) {
    auto update = Change(condition);
    update.new_values = {plus_1000, p};
    return MakeRowChange(*connection_, Latest(), target, created())->Update(update);
  };
  auto kept = run(Binary("and", kBool, third, Binary("<", kBool, n, Int(50))));
  ASSERT_TRUE(kept.ok()) << FullMessage(kept.error());
  EXPECT_EQ(kept->updated_rows, 17);
  auto broken = run(third);
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().condition, "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES");
}

TEST_F(VectorUpdates, ConditionsByChanceAreEvaluatedOnce) {
  Fill({}, 10);
  auto chance = Binary("<", kBool, Call("rand", "random()", TypeId::kDouble, {}, {.deterministic = false}), Literal(Value::Double(0.5)));
  auto update = Change(chance);
  update.new_values = {plus_1000, p};
  auto result = Vectors()->Update(update);
  ASSERT_TRUE(result.ok()) << FullMessage(result.error());
  ASSERT_TRUE(Apply(*result).ok());
  EXPECT_EQ(*connection_->ExecuteCount(Scan(Open())), 1000);
  EXPECT_EQ(*connection_->ExecuteCount(Filter(Scan(Open()), Binary(">=", kBool, n, Int(1000)))), result->updated_rows);
}

// 122,880 rows of 2 kB do not fit: the write begins anew with smaller row groups, and so do the rows it tells.
TEST_F(VectorUpdates, AWriteThatBeginsAnewTellsItsRowsAnew) {
  OpenEngine(96u << 20);
  Fill({}, 0);
  constexpr int64_t kRows = 150'000;
  PlanPtr range = MakePlan({Attr(900, "n", kLong)}, sql::RangePlan{0, kRows, 1});
  ASSERT_TRUE(Insert(Project(range, {Named(501, "n", Cast(Column(900, kLong), kInt)), Named(502, "p", Text("x"))})).ok());
  auto update = Change(Binary(">=", kBool, Remainder(n, Int(50)), Int(1)));
  update.new_values = {n, Binary("||", kText, Cast(n, kText), Text(std::string(2000, '.')))};
  auto result = Vectors()->Update(update);
  ASSERT_TRUE(result.ok()) << FullMessage(result.error());
  EXPECT_EQ(result->updated_rows, kRows / 50 * 49);
  ASSERT_TRUE(Apply(*result).ok());
  EXPECT_EQ(*connection_->ExecuteCount(Scan(Open())), kRows);
  EXPECT_EQ(*connection_->ExecuteCount(Filter(Scan(Open()), Binary("=", kBool, p, Text("x")))), kRows / 50);
}

sql::AnalyzedMerge MergeInto(PlanPtr scan, PlanPtr source) {
  sql::AnalyzedMerge merge;
  merge.target_scan = std::move(scan);
  merge.source = std::move(source);
  merge.condition = Binary("=", kBool, Column(1, kInt), Column(501, kInt));
  return merge;
}

TEST_F(RowChanges, MergeRunsItsClausesInOrder) {
  using Match = sql::MergeClause::Match;
  using Action = sql::MergeClause::Action;
  auto merge = MergeInto(Scan(Open(), true), Pairs({{1, "x"}, {2, "y"}, {40, "new"}, {41, nullptr}}));
  merge.clauses = {
      {Match::kMatched, Action::kDelete, Binary("=", kBool, Column(502, kText), Text("y")), {}},
      {Match::kMatched, Action::kUpdate, nullptr, {Column(1, kInt), Column(502, kText)}},
      {Match::kNotMatched, Action::kInsert, Call("isnotnull", "{0} IS NOT NULL", kBool, {Column(502, kText)}),
       {Column(501, kInt), Column(502, kText)}},
      {Match::kNotMatchedBySource, Action::kUpdate, Binary("=", kBool, Column(1, kInt), Int(12)),
       {Column(1, kInt), Text("orphan")}},
  };
  auto result = Cow()->Merge(merge);
  ASSERT_TRUE(result.ok()) << FullMessage(result.error());
  EXPECT_EQ(result->inserted_rows, 1);
  EXPECT_EQ(result->updated_rows, 2);
  EXPECT_EQ(result->deleted_rows, 1);
  EXPECT_EQ(result->metrics["numSourceRows"], "4");
  EXPECT_EQ(result->metrics["numTargetRowsCopied"], "2");
  EXPECT_EQ(result->metrics["numTargetRowsNotMatchedBySourceUpdated"], "1");
  ASSERT_TRUE(Apply(*result).ok());
  EXPECT_EQ(Table(), (Lines{"1 | x", "11 | k", "12 | orphan", "3 | c", "40 | new"}));
}

TEST_F(RowChanges, MergeRefusesTwoSourceRowsForOneTarget) {
  auto merge = MergeInto(Scan(Open(), true), Pairs({{1, "x"}, {1, "y"}}));
  merge.clauses = {{sql::MergeClause::Match::kMatched, sql::MergeClause::Action::kUpdate, nullptr,
                    {Column(1, kInt), Column(502, kText)}}};
  EXPECT_EQ(Cow()->Merge(merge).error().condition, "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE");
  merge.clauses = {{sql::MergeClause::Match::kMatched, sql::MergeClause::Action::kDelete, nullptr, {}}};
  auto deleted = Cow()->Merge(merge);
  ASSERT_TRUE(deleted.ok()) << FullMessage(deleted.error());
  EXPECT_EQ(deleted->deleted_rows, 1);
}

// Source rows that match without effect are no insertions; target rows that do are no orphans.
TEST_F(RowChanges, MergeKnowsWhatMatchedWithoutEffect) {
  using Match = sql::MergeClause::Match;
  using Action = sql::MergeClause::Action;
  sql::AnalyzedMergeClause insert{Match::kNotMatched, Action::kInsert, nullptr, {Column(501, kInt), Column(502, kText)}};
  sql::AnalyzedMergeClause update_b{Match::kMatched, Action::kUpdate, Binary("=", kBool, Column(2, kText), Text("b")),
                                    {Column(1, kInt), Column(502, kText)}};
  sql::AnalyzedMergeClause delete_orphans{Match::kNotMatchedBySource, Action::kDelete, nullptr, {}};
  PlanPtr source = Pairs({{1, "x"}, {2, "y"}, {2, "y"}, {40, "new"}});
  auto merged = [&](const PlanPtr& rows, std::vector<sql::AnalyzedMergeClause> clauses) {
    auto merge = MergeInto(Scan(Open(), true), rows);
    merge.clauses = std::move(clauses);
    return Cow()->Merge(merge);
  };
  auto counts = [](const Result<RowChangeResult>& result) {
    if (!result.ok()) return FullMessage(result.error());
    return std::to_string(result->inserted_rows) + " " + std::to_string(result->updated_rows) + " " +
           std::to_string(result->deleted_rows) + " " + result->metrics.at("numSourceRows") + " " +
           result->metrics.at("numTargetRowsCopied");
  };
  EXPECT_EQ(counts(merged(source, {insert})), "1 0 0 4 0");
  EXPECT_EQ(counts(merged(source, {delete_orphans})), "0 0 3 4 2");  // 3, 11 and 12
  EXPECT_EQ(counts(merged(source, {insert, delete_orphans})), "1 0 3 4 2");
  EXPECT_EQ(merged(source, {update_b, insert}).error().condition, "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE");
  PlanPtr single = Pairs({{1, "x"}, {2, "y"}, {40, "new"}});
  EXPECT_EQ(counts(merged(single, {update_b, insert})), "1 1 0 3 2");
  EXPECT_EQ(counts(merged(single, {update_b, insert, delete_orphans})), "1 1 3 3 1");
  auto last = merged(single, {update_b, insert, delete_orphans});
  ASSERT_TRUE(Apply(*last).ok());
  EXPECT_EQ(Table(), (Lines{"1 | a", "2 | y", "40 | new"}));
}

// More rows than the engine's memory holds: source and changes go to disk meanwhile.
TEST_F(RowChanges, MergeOfMoreThanMemorySpills) {
  OpenEngine(96u << 20);
  constexpr int64_t kRows = 1'000'000;
  auto wide = [&](int64_t first, sql::AttributeId id, const char* text) {
    PlanPtr range = MakePlan({Attr(id, "n", kLong)}, sql::RangePlan{first, first + kRows, 1});
    sql::TypedExprPtr name = Binary("||", kText, Cast(Column(id, kLong), kText), Text(text + std::string(100, '.')));
    return Project(range, {Named(501, "id", Cast(Column(id, kLong), kInt)), Named(502, "name", name)});
  };
  Status written = Insert(wide(1000, 900, "old"));
  ASSERT_TRUE(written.ok()) << FullMessage(written.error());
  auto merge = MergeInto(Scan(Open(), true), wide(1000 + kRows / 2, 901, "new"));
  merge.clauses = {{sql::MergeClause::Match::kMatched, sql::MergeClause::Action::kUpdate, nullptr, {Column(1, kInt), Column(502, kText)}},
                   {sql::MergeClause::Match::kNotMatched, sql::MergeClause::Action::kInsert, nullptr, {Column(501, kInt), Column(502, kText)}}};
  auto result = Cow()->Merge(merge);
  ASSERT_TRUE(result.ok()) << FullMessage(result.error());
  EXPECT_EQ(result->updated_rows, kRows / 2);
  EXPECT_EQ(result->inserted_rows, kRows / 2);
  EXPECT_EQ(result->copied_rows, kRows / 2);
}

// 122,880 rows of 2 kB, a row group as the engine makes it unasked, are more than there is.
TEST_F(RowChanges, WideRowsAreWrittenInRowGroupsThatFit) {
  OpenEngine(96u << 20);
  constexpr int64_t kRows = 150'000;
  PlanPtr range = MakePlan({Attr(900, "n", kLong)}, sql::RangePlan{1000, 1000 + kRows, 1});
  sql::TypedExprPtr name = Binary("||", kText, Cast(Column(900, kLong), kText), Text(std::string(2000, '.')));
  PlanPtr rows = Project(range, {Named(501, "id", Cast(Column(900, kLong), kInt)), Named(502, "name", name)});
  Status written = Insert(rows);
  ASSERT_TRUE(written.ok()) << FullMessage(written.error());
  int64_t records = 0;
  auto snapshot = Latest();
  for (const delta::AddFile& file : snapshot->files()) records += delta::NumRecords(file).value_or(0);
  EXPECT_EQ(records, kRows + 5);
}

using LittleMemory = DeltaTableTest;

// Buffers of all partitions together would not fit.
TEST_F(LittleMemory, ManyPartitionsAreWritten) {
  OpenEngine(64u << 20);
  Create("a BIGINT, b BIGINT, c BIGINT, d BIGINT, e BIGINT, f BIGINT, p BIGINT", {"p"});
  constexpr int64_t kRows = 200'000, kPartitions = 500;
  PlanPtr range = MakePlan({Attr(900, "n", kLong)}, sql::RangePlan{0, kRows, 1});
  std::vector<sql::NamedExpr> columns;
  for (int i = 0; i < 6; ++i) columns.push_back(Named(901 + i, "n", Binary("+", kLong, Column(900, kLong), Long(i))));
  columns.push_back(Named(910, "p", Binary("%", kLong, Column(900, kLong), Long(kPartitions))));
  auto written = WriteRows(*connection_, Project(range, columns), Target(), [](const std::string&) {});
  ASSERT_TRUE(written.ok()) << FullMessage(written.error());
  EXPECT_EQ(written->row_count, kRows);
  EXPECT_LT(written->files.size(), static_cast<size_t>(kPartitions + 50));
}

}  // namespace
}  // namespace ashlar::engine
