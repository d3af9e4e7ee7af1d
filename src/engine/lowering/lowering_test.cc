// Plans by hand → rows, and the shape of the SQL where it matters.
#include "engine/lowering/lowering.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "engine/engine.h"
#include "engine/lowering/plan_builder.h"
#include "engine/test_values.h"

namespace ashlar::engine {
namespace {

using namespace plan_builder;  // NOLINT
using sql::PlanPtr;

class LoweringTest : public testing::Test {
 protected:
  void SetUp() override {
    auto engine = Engine::Open({.memory_limit_bytes = 1u << 30, .threads = 2, .temp_directory = ""});
    ASSERT_TRUE(engine.ok()) << FullMessage(engine.error());
    engine_ = *std::move(engine);
    connection_ = engine_->NewConnection();
  }
  Result<std::vector<std::string>> Rows(const PlanPtr& plan) {
    ASSIGN_OR_RETURN(auto stream, connection_->Execute(plan, {}));
    ASSIGN_OR_RETURN(auto rows, CollectRows(*stream));
    std::vector<std::string> out;
    for (const auto& row : rows) out.push_back(ShowRow(row));
    return out;
  }
  void ExpectRows(const PlanPtr& plan, const std::vector<std::string>& expected) {
    auto rows = Rows(plan);
    auto sql = connection_->LowerToSql(plan);
    ASSERT_TRUE(rows.ok()) << FullMessage(rows.error()) << "\n" << (sql.ok() ? *sql : "");
    EXPECT_EQ(*rows, expected) << *sql;
  }

  std::unique_ptr<Engine> engine_;
  std::shared_ptr<Connection> connection_;
};

PlanPtr People() {
  return Values({Attr(1, "id", kInt), Attr(2, "name", kText)},
                {{Int(1), Text("ann")}, {Int(2), Text("bob")}, {Int(3), Literal(Value::Null(kText))}});
}

TEST_F(LoweringTest, EveryLiteralComesBackAsItWas) {
  DataType nested = *DataType::Parse("struct<a: array<struct<A: int, b: string>>, m: map<string, decimal(5,2)>>");
  Value item{nested.fields()[0].type.element(), std::vector<Value>{Value::Int(1), Value::String("x")}};
  Value list{nested.fields()[0].type, std::vector<Value>{item, Value::Null(item.type)}};
  Value map{nested.fields()[1].type, std::vector<Value>{Value::String("k"), Value::Decimal(-1230, 5, 2)}};
  std::vector<Value> values = {
      Value::Boolean(true),
      {TypeId::kByte, int64_t{-128}},
      {TypeId::kShort, int64_t{-32768}},
      Value::Int(INT32_MIN),
      Value::Long(INT64_MIN),
      {TypeId::kFloat, double{0.1f}},
      Value::Double(-0.0),
      Value::Double(1.0 / 3),
      Value::Double(INFINITY),
      Value::Decimal(Int128{1} << 120, 38, 5),
      Value::String("it's \"q\" \\ ü\n"),
      Value::String(std::string("a\0b", 3)),
      {TypeId::kBinary, std::string("\x00\xff'", 3)},
      Value::Date(0),
      Value::Date(-719162 - 400),
      Value::Date(2932897),
      Value::Timestamp(-1),
      {TypeId::kTimestampNtz, int64_t{1700000000123456}},
      {DataType::YearMonthInterval(0, 1), int64_t{-14}},
      {DataType::DayTimeInterval(0, 3), int64_t{-90061000001}},
      {TypeId::kCalendarInterval, CalendarInterval{1, -2, 3}},
      Value::Null(TypeId::kNull),
      Value::Null(kText),
      {nested, std::vector<Value>{list, map}},
      {DataType::Array(kInt), std::vector<Value>{}},
  };
  std::vector<sql::NamedExpr> columns;
  for (size_t i = 0; i < values.size(); ++i) {
    columns.push_back(Named(static_cast<int64_t>(i + 1), "v", Literal(values[i])));
  }
  auto stream = connection_->Execute(Project(MakePlan({}, sql::OneRowPlan{}), columns), {});
  ASSERT_TRUE(stream.ok()) << FullMessage(stream.error());
  auto rows = CollectRows(**stream);
  ASSERT_TRUE(rows.ok()) << FullMessage(rows.error());
  ASSERT_EQ(rows->size(), 1u);
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ((*rows)[0][i], values[i]) << i << " " << values[i].type.SimpleString() << " " << Show((*rows)[0][i]);
  }
}

TEST_F(LoweringTest, ArrowSchemaHasSparksTypesAndRealNames) {
  auto plan = Project(MakePlan({}, sql::OneRowPlan{}),
                      {Named(1, "Ts", Literal(Value::Timestamp(0))),
                       Named(2, "ts", Literal({*DataType::Parse("struct<A:int,a:void>"),
                                               std::vector<Value>{Value::Int(1), Value::Null()}})),
                       Named(3, "d", Literal({DataType::DayTimeInterval(0, 3), int64_t{1}})),
                       Named(4, "m", Literal({DataType::YearMonthInterval(0, 1), int64_t{1}}))});
  ASSERT_TRUE(connection_->SetTimeZone("Europe/Berlin").ok());
  auto stream = connection_->Execute(plan, {});
  ASSERT_TRUE(stream.ok()) << FullMessage(stream.error());
  OwnedArrowSchema schema = (*stream)->ArrowSchemaOf();
  ASSERT_EQ(schema->n_children, 4);
  EXPECT_STREQ(schema->children[0]->format, "tsu:Europe/Berlin");
  EXPECT_STREQ(schema->children[0]->name, "Ts");
  EXPECT_STREQ(schema->children[1]->children[0]->name, "A");
  EXPECT_STREQ(schema->children[1]->children[1]->format, "n");
  EXPECT_STREQ(schema->children[2]->format, "tDu");
  EXPECT_STREQ(schema->children[3]->format, "tiM");
}

TEST_F(LoweringTest, TwoHundredProjectionsStayShallow) {
  PlanPtr plan = Range(1, 3);
  for (int64_t i = 2; i <= 201; ++i) {
    std::vector<sql::NamedExpr> columns;
    for (int64_t j = 1; j < i; ++j) columns.push_back(Named(j, "c", Column(j, kLong)));
    columns.push_back(Named(i, "c", Binary("+", kLong, Column(i - 1, kLong), Long(1))));
    plan = Project(plan, columns);
  }
  plan = Project(plan, {Named(1, "a", Column(1, kLong)), Named(201, "z", Column(201, kLong))});
  ExpectRows(plan, {"0 | 200", "1 | 201", "2 | 202"});
}

TEST_F(LoweringTest, DoublingProjectionsStaySmall) {
  PlanPtr plan = Range(1, 2);
  for (int64_t i = 2; i <= 41; ++i) {
    plan = Project(plan, {Named(i, "c", Binary("+", kLong, Column(i - 1, kLong), Column(i - 1, kLong)))});
  }
  ExpectRows(plan, {"0", std::to_string(int64_t{1} << 40)});
}

TEST_F(LoweringTest, FilterSortLimitWithNulls) {
  auto by_name = [](bool ascending, bool nulls_first) {
    return std::vector<sql::TypedSortOrder>{{Column(2, kText), ascending, nulls_first}};
  };
  ExpectRows(Sort(People(), by_name(true, true)), {"3 | NULL", "1 | ann", "2 | bob"});
  ExpectRows(Sort(People(), by_name(false, false)), {"2 | bob", "1 | ann", "3 | NULL"});
  ExpectRows(Limit(Sort(People(), by_name(false, true)), 2), {"3 | NULL", "2 | bob"});
  ExpectRows(Filter(Limit(Sort(People(), by_name(true, true)), 1), Binary(">", kBool, Column(1, kInt), Int(1))),
             {"3 | NULL"});
}

TEST_F(LoweringTest, WhatCanThrowIsNotEvaluatedForDecidedRows) {
  // error() stands for a Spark function that fails; it must not be reached.
  auto fail = Call("raise", "(error('boom' || {0}) IS NULL)", kBool, {Column(2, kText)}, {.can_throw = true});
  auto small = Binary("<", kBool, Column(1, kInt), Int(10));
  auto big = Binary(">", kBool, Column(1, kInt), Int(10));
  auto either = Call("or", "{0} OR {1}", kBool, {small, fail});
  auto both = Call("and", "{0} AND {1}", kBool, {big, fail});
  ExpectRows(Project(People(), {Named(5, "o", either), Named(6, "a", both)}),
             {"true | false", "true | false", "true | false"});
  ExpectRows(Filter(People(), both), {});
  auto thrown = Rows(Project(People(), {Named(5, "o", fail)}));
  EXPECT_FALSE(thrown.ok());
}

TEST_F(LoweringTest, Joins) {
  PlanPtr pets = Values({Attr(11, "owner", kInt), Attr(12, "pet", kText)},
                        {{Int(1), Text("cat")}, {Int(1), Text("dog")}, {Int(9), Text("cow")}});
  auto on = Binary("=", kBool, Column(1, kInt), Column(11, kInt));
  auto sorted = [&](sql::JoinKind kind) {
    return Sort(Join(People(), pets, kind, on), {{Column(1, kInt), true, true}, {Column(12, kText), true, true}});
  };
  ExpectRows(sorted(sql::JoinKind::kInner), {"1 | ann | 1 | cat", "1 | ann | 1 | dog"});
  ExpectRows(sorted(sql::JoinKind::kFull), {"NULL | NULL | 9 | cow", "1 | ann | 1 | cat", "1 | ann | 1 | dog",
                                            "2 | bob | NULL | NULL", "3 | NULL | NULL | NULL"});
  ExpectRows(Join(People(), pets, sql::JoinKind::kLeftSemi, on), {"1 | ann"});
  ExpectRows(Sort(Join(People(), pets, sql::JoinKind::kLeftAnti, on), {{Column(1, kInt), true, true}}),
             {"2 | bob", "3 | NULL"});
}

TEST_F(LoweringTest, ConstantsOfTheOuterSideBecomeNull) {
  PlanPtr marked = Project(Range(1, 1), {Named(1, "id", Column(1, kLong)), Named(2, "mark", Int(7))});
  auto plan = Join(Range(5, 2), marked, sql::JoinKind::kLeft,
                   Binary("=", kBool, Column(5, kLong), Column(1, kLong)));
  ExpectRows(Sort(plan, {{Column(5, kLong), true, true}}), {"0 | 0 | 7", "1 | NULL | NULL"});
}

sql::NamedExpr Sum(sql::AttributeId id, sql::TypedExprPtr arg) {
  return {Attr(id, "sum", kLong),
          Node(kLong, sql::AggregateCallNode{.name = "sum", .lowering = "sum({distinct}{0})", .args = {arg},
                                             .distinct = false, .filter = nullptr, .order_by = {},
                                             .finish = "CAST({0} AS {type})"})};
}

TEST_F(LoweringTest, GroupingSetsSeeTheirArguments) {
  PlanPtr rows = Values({Attr(1, "a", kInt), Attr(2, "b", kInt)}, {{Int(1), Int(10)}, {Int(1), Int(20)}, {Int(2), Int(30)}});
  sql::AggregatePlan aggregate{.input = rows,
                               .grouping = {Named(1, "a", Column(1, kInt))},
                               .grouping_sets = {{0}, {}},
                               .aggregates = {Sum(8, Column(1, kInt)),
                                              {Attr(9, "g", TypeId::kByte), Node(TypeId::kByte, sql::GroupingNode{{1}})}}};
  auto plan = MakePlan({Attr(1, "a", kInt), Attr(8, "sum", kLong), Attr(9, "g", TypeId::kByte)}, aggregate);
  ExpectRows(Sort(plan, {{Column(1, kInt), true, true}}), {"NULL | 4 | 1", "1 | 2 | 0", "2 | 2 | 0"});
}

TEST_F(LoweringTest, AggregateWithoutGroupsMakesOneRow) {
  sql::AggregatePlan aggregate{.input = Filter(People(), Literal(Value::Boolean(false))), .grouping = {},
                               .grouping_sets = {}, .aggregates = {Sum(8, Column(1, kInt))}};
  ExpectRows(MakePlan({Attr(8, "sum", kLong)}, aggregate), {"NULL"});
}

TEST_F(LoweringTest, WindowsAndFrames) {
  sql::WindowNode rank{.function = Call("rank", "rank()", kInt, {}), .ignore_nulls = false, .partition_by = {},
                       .order_by = {{Column(1, kLong), false, false}}, .frame = std::nullopt};
  sql::TypedFrame frame{sql::FrameUnit::kRows, {sql::FrameBound::Kind::kPreceding, Int(1)},
                        {sql::FrameBound::Kind::kCurrentRow, nullptr}};
  sql::WindowNode running{.function = Sum(0, Column(1, kLong)).expr, .ignore_nulls = false, .partition_by = {},
                          .order_by = {{Column(1, kLong), true, true}}, .frame = frame};
  auto plan = MakePlan({Attr(1, "id", kLong), Attr(2, "r", kInt), Attr(3, "s", kLong)},
                       sql::WindowPlan{Range(1, 3), {{Attr(2, "r", kInt), Node(kInt, rank)},
                                                     {Attr(3, "s", kLong), Node(kLong, running)}}});
  ExpectRows(Sort(plan, {{Column(1, kLong), true, true}}), {"0 | 3 | 0", "1 | 2 | 1", "2 | 1 | 3"});
}

TEST_F(LoweringTest, Generators) {
  DataType list = DataType::Array(kInt);
  auto lists = Values({Attr(1, "id", kInt), Attr(2, "l", list)},
                      {{Int(1), Literal({list, std::vector<Value>{Value::Int(5), Value::Null(kInt)}})},
                       {Int(2), Literal({list, std::vector<Value>{}})},
                       {Int(3), Literal(Value::Null(list))}});
  auto generate = [&](sql::GeneratorKind kind, bool outer, std::vector<sql::Attribute> made) {
    auto output = lists->output;
    output.insert(output.end(), made.begin(), made.end());
    auto all = MakePlan(output, sql::GeneratePlan{lists, kind, {Column(2, list)}, outer});
    std::vector<sql::NamedExpr> kept = {Named(1, "id", Column(1, kInt))};
    for (const auto& column : made) kept.push_back(Named(column.id, "x", Column(column.id, column.type)));
    return Project(all, kept);
  };
  ExpectRows(generate(sql::GeneratorKind::kExplode, false, {Attr(9, "col", kInt)}), {"1 | 5", "1 | NULL"});
  ExpectRows(generate(sql::GeneratorKind::kPosExplode, true, {Attr(8, "pos", kInt), Attr(9, "col", kInt)}),
             {"1 | 0 | 5", "1 | 1 | NULL", "2 | NULL | NULL", "3 | NULL | NULL"});
}

TEST_F(LoweringTest, MapsInlineAndStack) {
  DataType map = DataType::Map(kText, kInt);
  auto one = Project(MakePlan({}, sql::OneRowPlan{}),
                     {Named(1, "m", Literal({map, std::vector<Value>{Value::String("a"), Value::Int(1),
                                                                     Value::String("b"), Value::Null(kInt)}}))});
  auto exploded = MakePlan({one->output[0], Attr(2, "key", kText), Attr(3, "value", kInt)},
                           sql::GeneratePlan{one, sql::GeneratorKind::kExplode, {Column(1, map)}, false});
  ExpectRows(Project(exploded, {Named(2, "k", Column(2, kText)), Named(3, "v", Column(3, kInt))}), {"a | 1", "b | NULL"});
  auto empty = MakePlan({}, sql::OneRowPlan{});
  ExpectRows(MakePlan({Attr(5, "col0", kInt), Attr(6, "col1", kText)},
                      sql::GeneratePlan{empty, sql::GeneratorKind::kStack,
                                        {Int(2), Int(1), Text("x"), Int(2)}, false}),
             {"1 | x", "2 | NULL"});
  DataType row = *DataType::Parse("struct<a:int,b:string>");
  Value item{row, std::vector<Value>{Value::Int(1), Value::String("x")}};
  DataType rows = DataType::Array(row);
  ExpectRows(MakePlan({Attr(5, "a", kInt), Attr(6, "b", kText)},
                      sql::GeneratePlan{empty, sql::GeneratorKind::kInline,
                                        {Literal({rows, std::vector<Value>{item, Value::Null(row)}})}, false}),
             {"1 | x", "NULL | NULL"});
}

TEST_F(LoweringTest, LambdasCountFromZeroAndSeeOuterColumns) {
  DataType list = DataType::Array(kInt);
  auto numbers = Literal({list, std::vector<Value>{Value::Int(10), Value::Int(20)}});
  auto body = Binary("+", kInt, Binary("+", kInt, Column(100, kInt), Column(101, kInt)), Column(1, kInt));
  auto lambda = Node(kInt, sql::LambdaNode{{Attr(100, "x", kInt), Attr(101, "i", kInt)}, body});
  auto plan = Project(Filter(People(), Binary("=", kBool, Column(1, kInt), Int(2))),
                      {Named(5, "t", Call("transform", "list_transform({0}, {1})", list, {numbers, lambda}))});
  ExpectRows(plan, {"[12,23]"});
}

TEST_F(LoweringTest, CorrelatedSubqueries) {
  auto inner = Filter(Range(50, 10), Binary("<", kBool, Column(50, kLong), Column(1, kInt)));
  sql::AggregatePlan count{.input = inner, .grouping = {}, .grouping_sets = {}, .aggregates = {Sum(51, Column(50, kLong))}};
  auto scalar = Node(kLong, sql::SubqueryNode{sql::SubqueryKind::kScalar, MakePlan({Attr(51, "s", kLong)}, count), {}});
  ExpectRows(Project(People(), {Named(1, "id", Column(1, kInt)), Named(5, "s", scalar)}), {"1 | 0", "2 | 1", "3 | 3"});
  auto exists = Node(kBool, sql::SubqueryNode{
      sql::SubqueryKind::kExists, Filter(inner, Binary("=", kBool, Column(50, kLong), Long(1))), {}});
  ExpectRows(Filter(People(), exists), {"2 | bob", "3 | NULL"});
  auto pairs = Values({Attr(60, "a", kInt), Attr(61, "b", kText)}, {{Int(2), Text("bob")}, {Int(1), Text("x")}});
  auto in = Node(kBool, sql::SubqueryNode{sql::SubqueryKind::kIn, pairs, {Column(1, kInt), Column(2, kText)}});
  ExpectRows(Filter(People(), in), {"2 | bob"});
}

TEST_F(LoweringTest, ScalarSubqueryWithTwoRowsIsSparksError) {
  auto two = Node(kLong, sql::SubqueryNode{sql::SubqueryKind::kScalar, Range(50, 2), {}});
  auto rows = Rows(Project(People(), {Named(5, "s", two)}));
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().condition, "SCALAR_SUBQUERY_TOO_MANY_ROWS");
}

TEST_F(LoweringTest, LateralJoin) {
  auto inner = Filter(Range(50, 10), Binary("<", kBool, Column(50, kLong), Column(1, kInt)));
  auto output = People()->output;
  output.push_back(inner->output[0]);
  auto plan = MakePlan(output, sql::JoinPlan{Limit(People(), 2), inner, sql::JoinKind::kInner, nullptr, true});
  ExpectRows(Sort(plan, {{Column(1, kInt), true, true}, {Column(50, kLong), true, true}}),
             {"1 | ann | 0", "2 | bob | 0", "2 | bob | 1"});
}

TEST_F(LoweringTest, SetOperationsAndLongUnions) {
  auto set = [](PlanPtr a, PlanPtr b, sql::SetOpKind kind, bool all) {
    return MakePlan({Attr(90, "id", kLong)}, sql::SetOpPlan{std::move(a), std::move(b), kind, all});
  };
  auto sorted = [](PlanPtr p) { return Sort(std::move(p), {{Column(90, kLong), true, true}}); };
  ExpectRows(sorted(set(Range(1, 3), Range(2, 2), sql::SetOpKind::kExcept, false)), {"2"});
  ExpectRows(sorted(set(Range(1, 2), Range(2, 2), sql::SetOpKind::kUnion, true)), {"0", "0", "1", "1"});
  ExpectRows(sorted(set(Range(1, 2), Range(2, 3), sql::SetOpKind::kUnion, false)), {"0", "1", "2"});
  PlanPtr chain = Range(1, 1);
  for (int i = 0; i < 1500; ++i) chain = set(chain, Range(2, 1), sql::SetOpKind::kUnion, true);
  auto count = connection_->ExecuteCount(chain);
  ASSERT_TRUE(count.ok()) << FullMessage(count.error());
  EXPECT_EQ(*count, 1501);
}

TEST_F(LoweringTest, RecursiveCte) {
  auto anchor = Project(MakePlan({}, sql::OneRowPlan{}), {Named(1, "n", Long(1))});
  auto ref = [](sql::AttributeId id) { return MakePlan({Attr(id, "n", kLong)}, sql::CteRefPlan{7}); };
  auto step = Project(Filter(ref(2), Binary("<", kBool, Column(2, kLong), Long(4))),
                      {Named(3, "n", Binary("+", kLong, Column(2, kLong), Long(1)))});
  auto main_query = Join(ref(4), ref(5), sql::JoinKind::kInner, Binary("=", kBool, Column(4, kLong), Column(5, kLong)));
  auto plan = MakePlan(main_query->output, sql::CtePlan{{{7, anchor, step}}, main_query});
  ExpectRows(Sort(plan, {{Column(4, kLong), true, true}}), {"1 | 1", "2 | 2", "3 | 3", "4 | 4"});
}

TEST_F(LoweringTest, EndlessRecursionStopsAtSparksLevel) {
  auto anchor = Project(MakePlan({}, sql::OneRowPlan{}), {Named(1, "n", Long(1))});
  auto step = Project(MakePlan({Attr(2, "n", kLong)}, sql::CteRefPlan{7}),
                      {Named(3, "n", Binary("+", kLong, Column(2, kLong), Long(1)))});
  auto ref = MakePlan({Attr(4, "n", kLong)}, sql::CteRefPlan{7});
  auto endless = MakePlan(ref->output, sql::CtePlan{{{7, anchor, step}}, ref});
  ExpectRows(Limit(endless, 2), {"1", "2"});
  EXPECT_EQ(connection_->ExecuteCount(endless).error().condition, "RECURSION_LEVEL_LIMIT_EXCEEDED");
}

TEST_F(LoweringTest, DistinctTailSampleAndEmpty) {
  auto twice = Project(Range(1, 6), {Named(2, "h", Binary("//", kLong, Column(1, kLong), Long(2)))});
  ExpectRows(Sort(MakePlan(twice->output, sql::DistinctPlan{twice, {}}), {{Column(2, kLong), true, true}}), {"0", "1", "2"});
  ExpectRows(MakePlan(twice->output, sql::TailPlan{twice, 2}), {"2", "2"});
  ExpectRows(MakePlan(twice->output, sql::EmptyPlan{}), {});
  auto half = MakePlan(Range(1, 100000)->output, sql::SamplePlan{Range(1, 100000), 0.5, std::nullopt, 42});
  auto count = connection_->ExecuteCount(half);
  ASSERT_TRUE(count.ok()) << FullMessage(count.error());
  EXPECT_NEAR(static_cast<double>(*count), 50000, 2000);
  EXPECT_EQ(*connection_->ExecuteCount(half), *count);
}

TEST_F(LoweringTest, NoColumnsStillHaveRows) {
  auto stream = connection_->Execute(Project(Range(1, 3), {}), {});
  ASSERT_TRUE(stream.ok()) << FullMessage(stream.error());
  auto batch = (*stream)->Next();
  ASSERT_TRUE(batch.ok() && batch->has_value());
  EXPECT_EQ((*batch)->row_count, 3);
  EXPECT_EQ((*batch)->array->n_children, 0);
}

TEST_F(LoweringTest, BarrierKeepsFiltersAbove) {
  auto secret = Filter(People(), Binary("=", kBool, Column(1, kInt), Int(1)));
  auto barrier = MakePlan(secret->output, sql::SecurityBarrierPlan{secret});
  auto probe = Binary("<>", kBool, Column(2, kText), Text("zzz"));
  auto explained = connection_->Explain(Filter(barrier, probe));
  ASSERT_TRUE(explained.ok());
  // Two filters: the policy's below, the user's above it.
  size_t first = explained->find("FILTER");
  ASSERT_NE(first, std::string::npos) << *explained;
  EXPECT_LT(explained->find("zzz"), explained->rfind("FILTER")) << *explained;
}

TEST_F(LoweringTest, ArithmeticOfLiteralsNeedsNoGuard) {
  // id = 2 OR (id >= 1 + 1 AND id <= max - 1): a sum of columns could overflow, these cannot.
  CallTraits throws{.can_throw = true};
  auto two = Call("+", "spark_add({0}, {1}, {span})", kInt, {Int(1), Int(1)}, throws);
  auto both = Call("and", "", kBool, {Binary(">=", kBool, Column(1, kInt), two), Binary("<=", kBool, Column(1, kInt), two)});
  auto plan = Filter(People(), Call("or", "", kBool, {Binary("=", kBool, Column(1, kInt), Int(3)), both}));
  ExpectRows(plan, {"2 | bob", "3 | NULL"});
  auto sql = connection_->LowerToSql(plan);
  ASSERT_TRUE(sql.ok());
  EXPECT_EQ(sql->find("CASE"), std::string::npos) << *sql;
  EXPECT_EQ(sql->find("spark_add"), std::string::npos) << *sql;
  // What overflows stays, and is an error where Spark's would be.
  auto overflow = Call("+", "spark_add({0}, {1}, {span})", kInt, {Int(INT32_MAX), Int(1)}, throws);
  auto rows = Rows(Filter(People(), Binary("=", kBool, Column(1, kInt), overflow)));
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().condition, "ARITHMETIC_OVERFLOW");
}

// By a literal, which is known before the query runs, as by a column that has it in every row; NULL and 0 too.
TEST_F(LoweringTest, RemaindersByLiterals) {
  const std::vector<int64_t> edges = {0,    1,     -1,        2,         -2,        3,         -3,           7, -100,
                                      1000, 65537, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, INT64_MIN + 1};
  const std::vector<int64_t> short_ones = {0, 1, 2, 3, 7, 1000, 65537, INT32_MAX};
  for (const auto& [function, dividends] : {std::pair("spark_remainder", edges), std::pair("spark_pmod", edges),
                                            std::pair("spark_remainder", short_ones), std::pair("spark_pmod", short_ones)}) {
    std::string lowering = std::string(function) + "({0}, {1}, {span})";
    for (int64_t divisor : edges) {
      std::vector<std::vector<sql::TypedExprPtr>> rows = {{Literal(Value::Null(kLong)), Long(divisor)}};
      for (int64_t dividend : dividends) rows.push_back({Long(dividend), Long(divisor)});
      auto pairs = Values({Attr(1, "n", kLong), Attr(2, "d", kLong)}, rows);
      auto by = [&](sql::TypedExprPtr right) {
        return Rows(Project(pairs, {Named(4, "r", Call("%", lowering, kLong, {Column(1, kLong), std::move(right)}, {.can_throw = true}))}));
      };
      auto literal = by(Long(divisor)), column = by(Column(2, kLong));
      if (divisor == 0) {
        EXPECT_EQ(literal.error().condition, "REMAINDER_BY_ZERO");
        continue;
      }
      ASSERT_TRUE(literal.ok() && column.ok()) << function << " " << divisor;
      EXPECT_EQ(*literal, *column) << function << " " << divisor;
      ASSERT_EQ(literal->size(), dividends.size() + 1);
      EXPECT_EQ(literal->front(), "NULL");
      for (size_t i = 0; i < dividends.size() && lowering.starts_with("spark_remainder"); ++i) {
        EXPECT_EQ((*literal)[i + 1], std::to_string(divisor == -1 ? 0 : dividends[i] % divisor));
      }
    }
    auto by_null = Call("%", lowering, kLong, {Column(1, kLong), Literal(Value::Null(kLong))}, {.can_throw = true});
    ExpectRows(Project(Range(1, 3), {Named(2, "r", by_null)}), {"NULL", "NULL", "NULL"});
  }
}

TEST_F(LoweringTest, DecimalProducts) {
  auto product = [&](const char* a, DataType left, const char* b, DataType right, DataType type, const char* lowering) {
    auto text = [](const char* digits, const DataType& of) {
      return Node(of, sql::CastNode{Text(digits), sql::TypedCastMode::kAnsi});
    };
    auto call = Call("times", lowering, type, {text(a, left), text(b, right)}, {.can_throw = true});
    auto rows = Rows(Project(Range(1, 1), {Named(2, "p", call)}));
    return rows.ok() ? (*rows)[0] : rows.error().condition;
  };
  auto decimal = [](int precision, int scale) { return DataType::Decimal(precision, scale); };
  const char* exact = "spark_decimal_product({0}, {1})";
  const char* checked = "CAST(spark_decimal_multiply({0}, {1}, {p}, {s}, {span}) AS {type})";
  EXPECT_EQ(product("9999999999999.99", decimal(15, 2), "-99999999999999.99", decimal(16, 2), decimal(32, 4), exact),
            "-999999999999998900000000000.0001");
  EXPECT_EQ(product("12345678901234567890.5", decimal(21, 1), "3", decimal(4, 0), decimal(26, 1), exact),
            "37037036703703703671.5");
  EXPECT_EQ(product("12345678901234567890.5", decimal(30, 1), "1.05", decimal(16, 2), decimal(38, 3), checked),
            "12962962846296296285.025");
  // Rounded half up to a smaller scale.
  EXPECT_EQ(product("1.15", decimal(30, 2), "0.5", decimal(20, 1), decimal(38, 2), checked), "0.58");
  EXPECT_EQ(product("9999999999999999999999", decimal(22, 0), "99999999999999999", decimal(17, 0), decimal(38, 0), checked),
            "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION");
}

TEST_F(LoweringTest, InterruptStopsAQuery) {
  auto a = Project(Range(1, 100000000), {Named(2, "x", Call("hash", "hash({0})::VARCHAR", kText, {Column(1, kLong)}))});
  std::atomic<bool> ended = false;
  std::jthread canceller([&] {
    while (!ended) connection_->Interrupt();
  });
  auto rows = Rows(Sort(a, {{Column(2, kText), true, true}}));
  ended = true;
  canceller.join();
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().code, ErrorCode::kCancelled);
  connection_ = engine_->NewConnection();  // the interruption holds for all of the old one
  ExpectRows(Limit(People(), 1), {"1 | ann"});
}

TEST_F(LoweringTest, UnknownTimeZoneIsRefused) {
  EXPECT_EQ(connection_->SetTimeZone("Mars/Olympus").error().condition, "INVALID_CONF_VALUE.TIME_ZONE");
  EXPECT_TRUE(connection_->SetTimeZone("+05:00").ok());
  EXPECT_EQ(connection_->SetTimeZone("+05:30").error().code, ErrorCode::kNotImplemented);
  EXPECT_EQ(connection_->time_zone(), "+05:00");
}

}  // namespace
}  // namespace ashlar::engine
