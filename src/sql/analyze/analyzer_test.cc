// What the recordings of Spark cannot say: plans of Spark Connect, views under their owner, row changes,
// lineage, deep chains. The functions here are a handful with Spark's types.
#include "sql/analyzer.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "sql/analyze/typed_tree.h"
#include "sql/coercion.h"
#include "sql/column_rules.h"
#include "sql/parser.h"

namespace ashlar::sql {
namespace {

class FewFunctions : public FunctionRegistry {
 public:
  std::optional<FunctionKind> Find(std::string_view name) const override {
    for (const char* scalar : {"+", "==", "<=>", ">", "and", "or", "isnotnull", "coalesce", "named_struct", "rand"}) {
      if (name == scalar) return FunctionKind::kScalar;
    }
    if (name == "count" || name == "sum") return FunctionKind::kAggregate;
    if (name == "row_number") return FunctionKind::kWindow;
    return std::nullopt;
  }
  Result<std::vector<Field>> LambdaParameters(std::string_view, size_t, int,
                                              std::span<const FunctionArgument>) const override {
    return NotImplemented("lambdas");
  }
  Result<ResolvedFunction> Resolve(std::string_view name, std::span<const FunctionArgument> args,
                                   const FunctionContext&) const override {
    ResolvedFunction f;
    f.kind = Find(name).value_or(FunctionKind::kScalar);
    f.name = std::string(name);
    f.type = TypeId::kBoolean;
    f.nullable = std::ranges::any_of(args, [](const FunctionArgument& a) { return a.nullable; });
    f.lowering = f.name + "({*})";
    f.deterministic = name != "rand";
    for (const FunctionArgument& arg : args) f.argument_types.push_back(arg.type);
    if (name == "+" || name == "sum") f.type = TypeId::kLong;
    if (name == "count" || name == "row_number") f.type = TypeId::kLong;
    if (name == "rand") f.type = TypeId::kDouble;
    if (name == "coalesce") f.type = args[0].type;
    if (name == "named_struct") {
      std::vector<Field> fields;
      for (size_t i = 0; i + 1 < args.size(); i += 2) {
        fields.push_back({std::get<std::string>(args[i].constant->data), args[i + 1].type, args[i + 1].nullable});
      }
      f.type = DataType::Struct(std::move(fields));
    }
    if (f.kind == FunctionKind::kAggregate) f.nullable = name != "count";
    if (name == "isnotnull" || name == "<=>") f.nullable = false;
    return f;
  }
  std::vector<std::string> Names() const override { return {}; }
};

class Table : public TableHandle {
 public:
  explicit Table(Schema schema) : schema_(std::move(schema)) {}
  const Schema& schema() const override { return schema_; }

 private:
  Schema schema_;
};

class Catalog : public CatalogView, public TableSource {
 public:
  void AddTable(const std::string& name, const std::string& ddl) {
    ResolvedRelation relation;
    relation.full_name = "main.default." + name;
    relation.name_parts = {"main", "default", name};
    relation.uuid = name;
    relation.schema = *Schema::ParseDdl(ddl);
    relations_[relation.full_name] = relation;
  }
  void AddView(const std::string& name, const std::string& text, const std::string& time_zone = "UTC") {
    ResolvedRelation relation;
    relation.kind = RelationKind::kView;
    relation.full_name = "main.default." + name;
    relation.name_parts = {"main", "default", name};
    relation.uuid = "view-" + name;
    relation.view_text = text;
    relation.properties[kViewTimeZone] = time_zone;
    relation.view_catalog = "main";
    relation.view_schema = "default";
    relations_[relation.full_name] = relation;
  }
  std::vector<Result<ResolvedRelation>> Resolve(std::span<const std::string> via,
                                                std::span<const ResolveRequest> requests) override {
    ++questions;
    std::vector<Result<ResolvedRelation>> answers;
    for (const ResolveRequest& request : requests) {
      std::string name = Join(request.name, ".");
      asked[name] = std::vector<std::string>(via.begin(), via.end());
      auto it = relations_.find(name);
      if (it == relations_.end()) {
        answers.emplace_back(MakeSqlError("TABLE_OR_VIEW_NOT_FOUND", "42P01", name));
      } else {
        answers.emplace_back(it->second);
      }
    }
    return answers;
  }
  Result<std::shared_ptr<const TableHandle>> Open(const ResolvedRelation& relation, const TimeTravel& travel,
                                                  const std::map<std::string, std::string>&,
                                                  const std::optional<Schema>&) override {
    last_travel = travel;
    return std::shared_ptr<const TableHandle>(std::make_shared<Table>(relation.schema));
  }

  int questions = 0;
  std::map<std::string, std::vector<std::string>> asked;  // name → via which views
  TimeTravel last_travel;

 private:
  std::map<std::string, ResolvedRelation> relations_;
};

class AnalyzerTest : public testing::Test {
 protected:
  AnalyzerTest() {
    catalog_.AddTable("t", "id INT NOT NULL, name STRING, s STRUCT<x: INT, y: STRUCT<z: INT>>");
    catalog_.AddTable("u", "id INT, extra BIGINT");
  }
  AnalyzerContext Context() {
    AnalyzerContext context{catalog_, catalog_, functions_};
    context.user = "ann";
    context.parse_query = [](const std::string& text, const std::string& time_zone) -> Result<RelationPtr> {
      ASSIGN_OR_RETURN(Statement statement, ParseStatement(text, {.time_zone = time_zone}));
      return std::get<QueryStatement>(statement.node).query;
    };
    return context;
  }
  Result<AnalyzedQuery> Analyze(const RelationPtr& relation) {
    AnalyzerContext context = Context();
    return AnalyzeQuery(relation, context);
  }
  Result<AnalyzedQuery> Analyze(const std::string& sql) {
    AnalyzerContext context = Context();
    ASSIGN_OR_RETURN(RelationPtr query, context.parse_query(sql, "UTC"));
    return AnalyzeQuery(query, context);
  }
  template <typename StatementType>
  StatementType Parse(const std::string& sql) {
    auto statement = ParseStatement(sql);
    EXPECT_TRUE(statement.ok()) << sql << ": " << (statement.ok() ? "" : FullMessage(statement.error()));
    return std::get<StatementType>(statement->node);
  }
  static std::string Names(const AnalyzedQuery& query) {
    std::vector<std::string> names;
    for (const Attribute& a : query.plan->output) names.push_back(a.name + (a.nullable ? "?" : ""));
    return Join(names, " ");
  }

  Catalog catalog_;
  FewFunctions functions_;
};

RelationPtr WithPlanId(RelationPtr relation, int64_t id) {
  Relation copy = *relation;
  copy.plan_id = id;
  return std::make_shared<const Relation>(std::move(copy));
}
RelationPtr TableNamed(const std::string& name, int64_t id) {
  TableRelation table;
  table.name = {name};
  return WithPlanId(MakeRelation(std::move(table)), id);
}
ExprPtr Column(const std::string& name, std::optional<int64_t> plan_id = std::nullopt) {
  return MakeExpr(AttributeExpr{{name}, plan_id});
}
ExprPtr Call(const std::string& name, std::vector<ExprPtr> args) {
  FunctionExpr call;
  call.name = {name};
  call.args = std::move(args);
  return MakeExpr(std::move(call));
}
ExprPtr Named(ExprPtr child, const std::string& name) { return MakeExpr(AliasExpr{std::move(child), {name}, ""}); }

size_t PlanDepth(const Plan& plan) {
  size_t deepest = 0;
  for (const PlanPtr& input : PlanInputs(plan)) deepest = std::max(deepest, PlanDepth(*input));
  return deepest + 1;
}

TEST_F(AnalyzerTest, PlanIdsTellTheSidesOfAJoinApart) {
  JoinRelation join;
  join.left = TableNamed("t", 1);
  join.right = TableNamed("u", 2);
  join.condition = Call("==", {Column("id", 1), Column("id", 2)});
  ProjectRelation project{MakeRelation(std::move(join)), {Column("id", 2), Column("id", 1)}};
  auto query = Analyze(MakeRelation(std::move(project)));
  ASSERT_TRUE(query.ok()) << FullMessage(query.error());
  EXPECT_EQ(Names(*query), "id? id");  // u.id may be NULL, t.id not
}

TEST_F(AnalyzerTest, OnePlanIdOnBothSidesIsAmbiguous) {
  JoinRelation join;
  join.left = TableNamed("t", 1);
  join.right = TableNamed("t", 1);
  join.condition = Call("==", {Column("id", 1), Column("id", 1)});
  auto query = Analyze(MakeRelation(std::move(join)));
  ASSERT_FALSE(query.ok());
  EXPECT_EQ(query.error().condition, "AMBIGUOUS_COLUMN_REFERENCE");
}

TEST_F(AnalyzerTest, FilterSeesWhatTheSelectLeftOut) {
  ProjectRelation project{TableNamed("t", 1), {Column("name")}};
  FilterRelation filter{MakeRelation(std::move(project)), Call("==", {Column("id", 1), Column("id")})};
  auto query = Analyze(MakeRelation(std::move(filter)));
  ASSERT_TRUE(query.ok()) << FullMessage(query.error());
  EXPECT_EQ(Names(*query), "name?");
}

TEST_F(AnalyzerTest, IndependentWithColumnsBecomeOneProjection) {
  RelationPtr relation = TableNamed("u", 1);
  for (int i = 0; i < 500; ++i) {
    relation = MakeRelation(WithColumnsRelation{relation, {Named(Call("+", {Column("id"), Column("extra")}),
                                                                 "c" + std::to_string(i))}});
  }
  auto query = Analyze(relation);
  ASSERT_TRUE(query.ok()) << FullMessage(query.error());
  EXPECT_EQ(query->plan->output.size(), 502u);
  EXPECT_EQ(PlanDepth(*query->plan), 2u);
}

TEST_F(AnalyzerTest, DependentWithColumnsStayShallowExpressions) {
  RelationPtr relation = TableNamed("u", 1);
  for (int i = 0; i < 300; ++i) {
    relation = MakeRelation(WithColumnsRelation{relation, {Named(Call("+", {Column("extra"), Column("id")}), "extra")}});
  }
  auto query = Analyze(relation);
  ASSERT_TRUE(query.ok()) << FullMessage(query.error());
  EXPECT_EQ(Names(*query), "id? extra?");
  EXPECT_LT(PlanDepth(*query->plan), 20u);
}

TEST_F(AnalyzerTest, RandomColumnsAreComputedOnce) {
  RelationPtr relation = MakeRelation(WithColumnsRelation{TableNamed("u", 1), {Named(Call("rand", {}), "r")}});
  ProjectRelation twice{relation, {Column("r"), Named(Column("r"), "again")}};
  auto query = Analyze(MakeRelation(std::move(twice)));
  ASSERT_TRUE(query.ok()) << FullMessage(query.error());
  const auto& upper = std::get<ProjectPlan>(query->plan->node);
  EXPECT_TRUE(std::holds_alternative<ProjectPlan>(upper.input->node));
}

TEST_F(AnalyzerTest, TooDeepExpressionsAreRefusedByName) {
  ExprPtr expr = Column("id");
  for (int i = 0; i < 1000; ++i) expr = Call("+", {expr, Column("id")});
  auto query = Analyze(MakeRelation(ProjectRelation{TableNamed("t", 1), {expr}}));
  ASSERT_FALSE(query.ok());
  EXPECT_EQ(query.error().condition, "UNSUPPORTED_FEATURE");
}

TEST_F(AnalyzerTest, ViewsAreResolvedUnderTheirOwnRights) {
  catalog_.AddView("inner_view", "SELECT id, name FROM t");
  catalog_.AddView("outer_view", "SELECT id AS k FROM inner_view");
  auto query = Analyze("SELECT k FROM outer_view");
  ASSERT_TRUE(query.ok()) << FullMessage(query.error());
  EXPECT_EQ(catalog_.asked["main.default.outer_view"], std::vector<std::string>{});
  EXPECT_EQ(catalog_.asked["main.default.inner_view"], std::vector<std::string>{"view-outer_view"});
  EXPECT_EQ(catalog_.asked["main.default.t"], (std::vector<std::string>{"view-outer_view", "view-inner_view"}));
  EXPECT_EQ(query->lineage.columns_by_relation["main.default.outer_view"], std::vector<std::string>{"k"});
  EXPECT_TRUE(query->lineage.columns_by_relation.contains("main.default.t"));
}

TEST_F(AnalyzerTest, ErrorsInsideAViewPointAtTheView) {
  catalog_.AddView("broken", "SELECT nosuch FROM t");
  auto query = Analyze("SELECT * FROM broken");
  ASSERT_FALSE(query.ok());
  EXPECT_EQ(query.error().condition, "UNRESOLVED_COLUMN.WITH_SUGGESTION");
  EXPECT_EQ(query.error().span, (SourceSpan{14, 20}));
}

// The instants and texts that stand in the expressions of a plan, at any depth.
std::vector<Value> LiteralsOf(const Plan& plan) {
  std::vector<Value> literals;
  VisitPlanExprs(plan, [&](const TypedExprPtr& expr) {
    VisitExpr(expr, [&](const TypedExpr& node) {
      if (const Value* value = LiteralValue(node)) literals.push_back(*value);
      return true;
    });
  });
  for (const PlanPtr& input : PlanInputs(plan)) {
    for (Value& value : LiteralsOf(*input)) literals.push_back(std::move(value));
  }
  return literals;
}

TEST_F(AnalyzerTest, TheTextOfAViewIsReadInTheZoneItWasMadeIn) {
  catalog_.AddView("v", "SELECT TIMESTAMP '2024-01-01 00:00:00' AS t, CAST('2024-01-01 00:00:00' AS TIMESTAMP) AS c, current_timezone() AS z",
                   "America/New_York");
  AnalyzerContext context = Context();
  context.time_zone = "Asia/Tokyo";
  auto query = AnalyzeQuery(*context.parse_query("SELECT t, c, z FROM v", context.time_zone), context);
  ASSERT_TRUE(query.ok()) << FullMessage(query.error());
  Value midnight{TypeId::kTimestamp, int64_t{1704085200000000}};
  EXPECT_EQ(LiteralsOf(*query->plan), (std::vector<Value>{midnight, midnight, Value::String("Asia/Tokyo")}));
}

TEST_F(AnalyzerTest, NamesAreAskedForTogether) {
  auto query = Analyze("SELECT 1 FROM default.t JOIN default.u ON true JOIN main.default.t AS t2 ON true");
  ASSERT_TRUE(query.ok()) << FullMessage(query.error());
  EXPECT_EQ(catalog_.questions, 1);
}

TEST_F(AnalyzerTest, TimeTravelIsFolded) {
  ASSERT_TRUE(Analyze("SELECT * FROM t VERSION AS OF 7").ok());
  EXPECT_EQ(catalog_.last_travel.version, 7);
  ASSERT_TRUE(Analyze("SELECT * FROM t TIMESTAMP AS OF '1970-01-02'").ok());
  EXPECT_EQ(catalog_.last_travel.timestamp_micros, int64_t{86'400'000'000});
}

TEST_F(AnalyzerTest, InsertByPositionCastsAndFillsIn) {
  AnalyzerContext context = Context();
  auto insert = AnalyzeInsert(Parse<InsertStatement>("INSERT INTO u (extra) VALUES (1)"), context);
  ASSERT_TRUE(insert.ok()) << FullMessage(insert.error());
  ASSERT_EQ(insert->rows->output.size(), 2u);
  EXPECT_EQ(insert->rows->output[0].type, DataType(TypeId::kInt));
  EXPECT_EQ(insert->rows->output[1].type, DataType(TypeId::kLong));
}

TEST_F(AnalyzerTest, InsertOfTooFewColumnsNamesBoth) {
  AnalyzerContext context = Context();
  auto insert = AnalyzeInsert(Parse<InsertStatement>("INSERT INTO u VALUES (1)"), context);
  ASSERT_FALSE(insert.ok());
  EXPECT_EQ(insert.error().condition, "INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS");
  EXPECT_EQ(insert.error().parameters.at("tableColumns"), "`id`, `extra`");
}

TEST_F(AnalyzerTest, UpdateOfANestedFieldKeepsTheRest) {
  AnalyzerContext context = Context();
  auto update = AnalyzeUpdate(Parse<UpdateStatement>("UPDATE t SET s.y.z = 1 WHERE id = 1"), context);
  ASSERT_TRUE(update.ok()) << FullMessage(update.error());
  ASSERT_EQ(update->new_values.size(), 3u);
  EXPECT_TRUE(AsColumn(*update->new_values[0]));
  EXPECT_EQ(update->new_values[2]->type.SimpleString(), "struct<x:int,y:struct<z:int>>");
  EXPECT_EQ(update->scan->output.size(), 5u);  // with the file and the row's place
}

TEST_F(AnalyzerTest, MergeStarsAreSpelledOutAndSchemasGrow) {
  AnalyzerContext context = Context();
  auto merge = AnalyzeMerge(Parse<MergeStatement>("MERGE WITH SCHEMA EVOLUTION INTO u USING t ON u.id = t.id "
                                                  "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"),
                            context);
  ASSERT_TRUE(merge.ok()) << FullMessage(merge.error());
  ASSERT_EQ(merge->new_columns.size(), 2u);
  EXPECT_EQ(merge->new_columns[0].name, "name");
  for (const AnalyzedMergeClause& clause : merge->clauses) EXPECT_EQ(clause.values.size(), 4u);
}

TEST_F(AnalyzerTest, ConditionsOverASchemaUseItsIndexes) {
  AnalyzerContext context = Context();
  Schema schema = *Schema::ParseDdl("a INT, b INT NOT NULL");
  auto expr = AnalyzeOverSchema(*ParseExpression("b > a"), schema, context);
  ASSERT_TRUE(expr.ok()) << FullMessage(expr.error());
  const auto& call = std::get<CallNode>((*expr)->node);
  EXPECT_EQ(std::get<ColumnNode>(call.args[0]->node).id, 1);
  EXPECT_EQ(std::get<ColumnNode>(call.args[1]->node).id, 0);
}

TEST(ColumnRules, ASyncedMarkIsOnAStepAndNeverGoesBack) {
  const int64_t max = INT64_MAX;
  EXPECT_EQ(SyncedHighWaterMark({10, 5, true, std::nullopt}, 113), 115);
  EXPECT_EQ(SyncedHighWaterMark({10, 5, true, 120}, 115), 120);
  EXPECT_EQ(SyncedHighWaterMark({-1, -3, true, std::nullopt}, -50), -52);
  EXPECT_EQ(SyncedHighWaterMark({100, 1, true, std::nullopt}, 5), std::nullopt);
  EXPECT_EQ(SyncedHighWaterMark({-max, 2, true, std::nullopt}, max), max);
  EXPECT_EQ(SyncedHighWaterMark({0, 10, true, std::nullopt}, max), max);
}

}  // namespace
}  // namespace ashlar::sql
