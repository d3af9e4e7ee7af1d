// What statements and queries become, and how texts are split.
#include <gtest/gtest.h>

#include "base/text.h"
#include "sql/parser.h"
#include "sql/table_path.h"

namespace ashlar::sql {
namespace {

template <typename Node>
Node As(std::string_view text) {
  Result<Statement> statement = ParseStatement(text);
  EXPECT_TRUE(statement.ok()) << text << "\n" << (statement.ok() ? "" : FullMessage(statement.error()));
  if (!statement.ok()) return {};
  const Node* node = std::get_if<Node>(&statement->node);
  EXPECT_NE(node, nullptr) << text << " is statement kind " << statement->node.index();
  return node == nullptr ? Node{} : *node;
}

CatalogCommand Command(std::string_view text) { return As<CatalogStatement>(text).command; }
RelationPtr Query(std::string_view text) { return As<QueryStatement>(text).query; }
template <typename Node>
Node Is(const RelationPtr& relation) {
  const Node* node = relation == nullptr ? nullptr : std::get_if<Node>(&relation->node);
  EXPECT_NE(node, nullptr);
  return node == nullptr ? Node{} : *node;
}
std::string Condition(std::string_view text) {
  Result<Statement> statement = ParseStatement(text);
  return statement.ok() ? "ok" : statement.error().condition;
}

using Names = NameParts;

TEST(ParserQueryTest, ClausesNestFromTheInsideOut) {
  RelationPtr query = Query("SELECT DISTINCT a, sum(b) FROM t WHERE c GROUP BY a HAVING d ORDER BY 1 DESC LIMIT 3 OFFSET 2");
  const auto& limit = Is<LimitRelation>(query);
  EXPECT_TRUE(limit.limit && limit.offset);
  const auto& sort = Is<SortRelation>(limit.input);
  EXPECT_FALSE(sort.order.at(0).ascending);
  const auto& having = Is<HavingRelation>(Is<DistinctRelation>(sort.input).input);
  const auto& aggregate = Is<AggregateRelation>(having.input);
  EXPECT_EQ(aggregate.kind, GroupingKind::kGroupBy);
  EXPECT_EQ(aggregate.exprs.size(), 2u);
  EXPECT_EQ(Is<TableRelation>(Is<FilterRelation>(aggregate.input).input).name, Names{"t"});
}

TEST(ParserQueryTest, IntersectBindsTighter) {
  const auto& top = Is<SetOpRelation>(Query("SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3 EXCEPT SELECT 4"));
  EXPECT_EQ(top.kind, SetOpKind::kExcept);
  const auto& left = Is<SetOpRelation>(top.left);
  EXPECT_EQ(left.kind, SetOpKind::kUnion);
  EXPECT_TRUE(left.all);
  EXPECT_EQ(Is<SetOpRelation>(left.right).kind, SetOpKind::kIntersect);
}

TEST(ParserQueryTest, ParenthesesAroundQueriesAndRelations) {
  Is<SetOpRelation>(Query("((SELECT 1) UNION (SELECT 2))"));
  const auto& project = Is<ProjectRelation>(Query("SELECT ((SELECT 1) + 1)"));
  EXPECT_TRUE(std::holds_alternative<FunctionExpr>(project.exprs.at(0)->node));
  const auto& join = Is<ProjectRelation>(Query("SELECT * FROM ((SELECT 1) a JOIN (b) ON true)"));
  Is<AliasRelation>(Is<JoinRelation>(join.input).left);
}

TEST(ParserQueryTest, Joins) {
  const auto& project = Is<ProjectRelation>(
      Query("SELECT * FROM a, b LEFT JOIN c USING (x, y) NATURAL FULL JOIN d LEFT ANTI JOIN e ON z, LATERAL (SELECT 1) f"));
  const auto& lateral = Is<JoinRelation>(project.input);
  EXPECT_TRUE(lateral.lateral);
  const auto& comma = Is<JoinRelation>(lateral.left);
  EXPECT_EQ(comma.kind, JoinKind::kInner);
  const auto& anti = Is<JoinRelation>(comma.right);
  EXPECT_EQ(anti.kind, JoinKind::kLeftAnti);
  const auto& natural = Is<JoinRelation>(anti.left);
  EXPECT_TRUE(natural.natural);
  EXPECT_EQ(natural.kind, JoinKind::kFull);
  EXPECT_EQ(Is<JoinRelation>(natural.left).using_columns, (std::vector<std::string>{"x", "y"}));
}

TEST(ParserQueryTest, GroupingSets) {
  EXPECT_EQ(Is<AggregateRelation>(Query("SELECT 1 FROM t GROUP BY a, b WITH ROLLUP")).kind, GroupingKind::kRollup);
  const auto& rollup = Is<AggregateRelation>(Query("SELECT 1 FROM t GROUP BY a, ROLLUP(b, (c, d))"));
  EXPECT_EQ(rollup.grouping.size(), 4u);
  ASSERT_EQ(rollup.grouping_sets.size(), 3u);
  EXPECT_EQ(rollup.grouping_sets[0].size(), 4u);
  EXPECT_EQ(rollup.grouping_sets[2].size(), 1u);
  EXPECT_EQ(Is<AggregateRelation>(Query("SELECT 1 FROM t GROUP BY CUBE(a, b), CUBE(a, c)")).grouping_sets.size(), 16u);
  EXPECT_TRUE(Is<AggregateRelation>(Query("SELECT 1 FROM t GROUP BY ALL")).group_by_all);
  EXPECT_EQ(Is<AggregateRelation>(Query("SELECT 1 FROM t GROUP BY GROUPING SETS ((a, B), b, ())")).grouping.size(), 2u);
}

TEST(ParserQueryTest, NamedWindowsAreReplaced) {
  const auto& project = Is<ProjectRelation>(
      Query("SELECT sum(a) OVER w, sum(a) OVER (v) FROM t WINDOW w AS (PARTITION BY b), v AS w"));
  for (const ExprPtr& expr : project.exprs) {
    EXPECT_EQ(std::get<WindowExpr>(expr->node).spec.partition_by.size(), 1u);
  }
}

TEST(ParserQueryTest, FromItems) {
  const auto& travel = Is<TableRelation>(Is<ProjectRelation>(Query("SELECT * FROM a.b.c VERSION AS OF 3")).input);
  EXPECT_TRUE(travel.version_as_of);
  const auto& path = Is<TableRelation>(Is<ProjectRelation>(Query("SELECT * FROM delta.`/x y`")).input);
  EXPECT_EQ(path.name, (Names{"delta", "/x y"}));
  const auto& files = Is<TableFunctionRelation>(
      Is<ProjectRelation>(Query("SELECT * FROM read_files('/x', format => 'csv')")).input);
  EXPECT_EQ(files.call.named_args.at(0).first, "format");
  const auto& view = Is<GenerateRelation>(
      Is<ProjectRelation>(Query("SELECT * FROM t LATERAL VIEW OUTER posexplode(a) u AS p, q")).input);
  EXPECT_TRUE(view.outer);
  EXPECT_EQ(view.columns.size(), 2u);
  const auto& values = Is<AliasRelation>(Is<ProjectRelation>(Query("SELECT * FROM VALUES (1, 2), (3, 4) t(a, b)")).input);
  EXPECT_EQ(Is<ValuesRelation>(values.input).rows.at(1).size(), 2u);
  const auto& pivot = Is<PivotRelation>(
      Is<ProjectRelation>(Query("SELECT * FROM t PIVOT (sum(a) AS s FOR b IN (1 AS x, 2))")).input);
  EXPECT_EQ(pivot.values.at(0).alias, "x");
  const auto& unpivot = Is<UnpivotRelation>(
      Is<ProjectRelation>(Query("SELECT * FROM t UNPIVOT INCLUDE NULLS ((v, w) FOR n IN ((a, b) AS x, (c, d)))")).input);
  EXPECT_TRUE(unpivot.include_nulls);
  EXPECT_EQ(unpivot.value_labels, (std::vector<std::string>{"x", ""}));
}

TEST(ParserQueryTest, WordsAreNamesWhereNoClauseFollows) {
  EXPECT_EQ(Condition("SELECT date, left, first, end, timestamp FROM year"), "ok");
  EXPECT_EQ(Condition("SELECT 1 FROM"), "ok");
  EXPECT_EQ(Condition("SELECT a.select FROM t AS order"), "ok");
  EXPECT_EQ(Condition("SELECT 1 FROM t LEFT"), "PARSE_SYNTAX_ERROR");
}

TEST(ParserStatementTest, Tables) {
  auto table = As<CreateTableStatement>(
      "CREATE OR REPLACE TABLE a.b.c (x INT NOT NULL COMMENT 'k', y STRING DEFAULT 'q', z INT GENERATED ALWAYS AS (x + 1), "
      "CONSTRAINT p CHECK (x > 0)) USING delta PARTITIONED BY (y) LOCATION '/l' TBLPROPERTIES ('p.q' = 1, r = 'true')");
  EXPECT_TRUE(table.or_replace);
  EXPECT_EQ(table.columns.at(0).field.metadata, R"({"comment":"k"})");
  EXPECT_FALSE(table.columns.at(0).field.nullable);
  EXPECT_EQ(table.columns.at(1).default_text, "'q'");
  EXPECT_EQ(table.columns.at(2).generated_text, "x + 1");
  EXPECT_EQ(table.check_constraints.at("p"), "x > 0");
  EXPECT_EQ(table.format, "DELTA");
  EXPECT_EQ(table.partition_columns.at(0).name, "y");
  EXPECT_EQ(table.properties.at("p.q"), "1");
  auto view = As<CreateViewStatement>("CREATE OR REPLACE TEMP VIEW v (a COMMENT 'c') AS  SELECT 1 -- end\n;");
  EXPECT_EQ(view.text, "SELECT 1");
  EXPECT_TRUE(view.temporary);
}

TEST(ParserStatementTest, Dml) {
  auto insert = As<InsertStatement>("INSERT OVERWRITE t PARTITION (a = 1, b) (c) SELECT 2");
  EXPECT_EQ(insert.mode, InsertMode::kOverwrite);
  EXPECT_FALSE(insert.partition.at(1).second);
  EXPECT_TRUE(As<InsertStatement>("INSERT INTO t BY NAME SELECT 1 AS a").by_name);
  EXPECT_EQ(As<InsertStatement>("INSERT INTO t REPLACE WHERE a = 1 SELECT 1").mode, InsertMode::kReplaceWhere);
  Is<WithRelation>(As<InsertStatement>("WITH c AS (SELECT 1) INSERT INTO t SELECT * FROM c").query);
  auto merge = As<MergeStatement>(
      "MERGE INTO t x USING (SELECT 1 AS a) y ON x.a = y.a WHEN MATCHED AND y.d THEN DELETE WHEN MATCHED THEN UPDATE SET * "
      "WHEN NOT MATCHED THEN INSERT (a) VALUES (y.a) WHEN NOT MATCHED BY SOURCE THEN UPDATE SET b = 1");
  ASSERT_EQ(merge.clauses.size(), 4u);
  EXPECT_EQ(merge.target_alias, "x");
  EXPECT_EQ(merge.clauses[2].assignments.at(0).column, Names{"a"});
  EXPECT_EQ(merge.clauses[3].match, MergeClause::Match::kNotMatchedBySource);
  auto copy = As<CopyIntoStatement>(
      "COPY INTO t FROM (SELECT a::int, _metadata.file_name f FROM '/p') FILEFORMAT = CSV FILES = ('a', 'b') "
      "FORMAT_OPTIONS ('header' = 'true') COPY_OPTIONS (force = true)");
  EXPECT_EQ(copy.path, "/p");
  EXPECT_EQ(copy.select.size(), 2u);
  EXPECT_EQ(copy.copy_options.at("force"), "true");
  EXPECT_EQ(As<UpdateStatement>("UPDATE t SET a.b = 1, c = DEFAULT WHERE d").assignments.size(), 2u);
  EXPECT_EQ(As<DeleteStatement>("DELETE FROM t AS u WHERE u.a").alias, "u");
}

TEST(ParserStatementTest, CatalogCommands) {
  struct Row {
    std::string_view text;
    CatalogAction action;
    Securable securable;
    Names name;
  };
  const Row rows[] = {
      {"CREATE CATALOG IF NOT EXISTS c COMMENT 'x'", CatalogAction::kCreate, Securable::kCatalog, {"c"}},
      {"CREATE SCHEMA c.s MANAGED LOCATION '/x'", CatalogAction::kCreate, Securable::kSchema, {"c", "s"}},
      {"CREATE EXTERNAL VOLUME v LOCATION '/x'", CatalogAction::kCreate, Securable::kVolume, {"v"}},
      {"CREATE EXTERNAL LOCATION l URL 's3://b' WITH (CREDENTIAL k)", CatalogAction::kCreate, Securable::kExternalLocation, {"l"}},
      {"DROP TABLE IF EXISTS a.b.c", CatalogAction::kDrop, Securable::kTable, {"a", "b", "c"}},
      {"DROP SCHEMA s CASCADE", CatalogAction::kDrop, Securable::kSchema, {"s"}},
      {"ALTER TABLE t RENAME TO u", CatalogAction::kRename, Securable::kTable, {"t"}},
      {"ALTER VIEW v SET OWNER TO `a b`", CatalogAction::kSetOwner, Securable::kView, {"v"}},
      {"ALTER CATALOG c OWNER TO x", CatalogAction::kSetOwner, Securable::kCatalog, {"c"}},
      {"COMMENT ON VOLUME v IS 'x'", CatalogAction::kSetComment, Securable::kVolume, {"v"}},
      {"USE CATALOG c", CatalogAction::kUse, Securable::kCatalog, {"c"}},
      {"USE a.b", CatalogAction::kUse, Securable::kSchema, {"a", "b"}},
      {"SET CATALOG c", CatalogAction::kUse, Securable::kCatalog, {"c"}},
      {"SHOW SCHEMAS IN c LIKE 'x*'", CatalogAction::kShow, Securable::kSchema, {"c"}},
      {"SHOW VOLUMES", CatalogAction::kShow, Securable::kVolume, {}},
      {"DESCRIBE SCHEMA EXTENDED s", CatalogAction::kDescribe, Securable::kSchema, {"s"}},
      {"SHOW GRANTS `a@b` ON CATALOG c", CatalogAction::kShowGrants, Securable::kCatalog, {"c"}},
      {"REVOKE ALL PRIVILEGES ON EXTERNAL LOCATION l FROM x", CatalogAction::kRevoke, Securable::kExternalLocation, {"l"}},
      {"GRANT READ FILES ON ANY FILE TO x", CatalogAction::kGrant, Securable::kAnyFile, {}},
      {"DROP TABLE IDENTIFIER('a.`b c`')", CatalogAction::kDrop, Securable::kTable, {"a", "b c"}},
  };
  for (const Row& row : rows) {
    CatalogCommand command = Command(row.text);
    EXPECT_EQ(command.action, row.action) << row.text;
    EXPECT_EQ(command.securable, row.securable) << row.text;
    EXPECT_EQ(command.name, row.name) << row.text;
  }
  CatalogCommand grant = Command("GRANT USE CATALOG, SELECT ON TABLE a.b TO `data engineers`");
  EXPECT_EQ(grant.privileges, (std::vector<std::string>{"USE_CATALOG", "SELECT"}));
  EXPECT_EQ(grant.principal, "data engineers");
}

TEST(ParserStatementTest, Settings) {
  auto set = As<ConfigStatement>("SET spark.sql.x = a, 'b' ;");
  EXPECT_EQ(set.key, "spark.sql.x");
  EXPECT_EQ(set.value, "a, 'b'");
  EXPECT_EQ(As<ConfigStatement>("SET").action, ConfigStatement::Action::kGetAll);
  EXPECT_EQ(As<ConfigStatement>("SET a.b").action, ConfigStatement::Action::kGet);
  EXPECT_EQ(As<ConfigStatement>("SET TIME ZONE 'Asia/Tokyo'").value, "Asia/Tokyo");
  EXPECT_EQ(As<ConfigStatement>("SET TIME ZONE INTERVAL '-05:30' HOUR TO MINUTE").value, "-05:30");
  EXPECT_EQ(As<ConfigStatement>("RESET a.b").key, "a.b");
  EXPECT_EQ(Condition("SET a b"), "INVALID_SET_SYNTAX");
}

TEST(ParserStatementTest, TableMaintenance) {
  auto optimize = As<OptimizeStatement>("OPTIMIZE c.s.t WHERE d >= '2024'  AND e = 1 ZORDER BY (a, b.c)");
  EXPECT_EQ(optimize.table.name, (NameParts{"c", "s", "t"}));
  EXPECT_EQ(optimize.condition_text, "d >= '2024'  AND e = 1");
  EXPECT_EQ(optimize.zorder_by, (std::vector<NameParts>{{"a"}, {"b", "c"}}));
  EXPECT_FALSE(optimize.full || optimize.purge);
  EXPECT_EQ(As<OptimizeStatement>("OPTIMIZE '/x/y' ZORDER BY a, b").table.name, (NameParts{"delta", "/x/y"}));
  EXPECT_TRUE(As<OptimizeStatement>("OPTIMIZE t FULL").full);
  EXPECT_TRUE(As<OptimizeStatement>("REORG TABLE t WHERE d = 1 APPLY (PURGE)").purge);
  EXPECT_EQ(Condition("REORG TABLE t APPLY (FOO)"), "PARSE_SYNTAX_ERROR");
  EXPECT_EQ(Condition("OPTIMIZE t ZORDER BY ()"), "PARSE_SYNTAX_ERROR");

  auto vacuum = As<VacuumStatement>("VACUUM t RETAIN 0.5 HOURS LITE DRY RUN");
  EXPECT_EQ(vacuum.retain_hours, 0.5);
  EXPECT_TRUE(vacuum.lite && vacuum.dry_run);
  EXPECT_EQ(As<VacuumStatement>("VACUUM t").retain_hours, std::nullopt);
  EXPECT_EQ(Condition("VACUUM t RETAIN 5"), "PARSE_SYNTAX_ERROR");

  EXPECT_NE(As<RestoreStatement>("RESTORE TABLE t TO VERSION AS OF 3").table.version_as_of, nullptr);
  EXPECT_NE(As<RestoreStatement>("RESTORE t TIMESTAMP AS OF '2024-01-01'").table.timestamp_as_of, nullptr);
  EXPECT_EQ(Condition("RESTORE t"), "PARSE_SYNTAX_ERROR");

  auto clone = As<CloneTableStatement>("CREATE OR REPLACE TABLE a SHALLOW CLONE b VERSION AS OF 1 LOCATION '/x'");
  EXPECT_TRUE(clone.shallow && clone.or_replace);
  EXPECT_NE(clone.source.version_as_of, nullptr);
  EXPECT_EQ(clone.location, "/x");
  EXPECT_FALSE(As<CloneTableStatement>("CREATE TABLE IF NOT EXISTS a CLONE b").shallow);
  EXPECT_EQ(As<GenerateStatement>("GENERATE symlink_format_manifest FOR TABLE t").mode, "symlink_format_manifest");

  auto convert = As<ConvertStatement>("CONVERT TO DELTA parquet.`/x` NO STATISTICS PARTITIONED BY (a INT, b STRING COMMENT 'c')");
  EXPECT_EQ(convert.table.name, (NameParts{"parquet", "/x"}));
  EXPECT_FALSE(convert.statistics);
  EXPECT_EQ(convert.partition_columns.size(), 2u);
  EXPECT_TRUE(As<ConvertStatement>("CONVERT TO DELTA c.s.t").statistics);
  EXPECT_EQ(Condition("CONVERT TO DELTA t PARTITIONED BY (a)"), "PARSE_SYNTAX_ERROR");
  EXPECT_EQ(Condition("CONVERT TO ICEBERG t"), "PARSE_SYNTAX_ERROR");
}

TEST(ParserStatementTest, KnownStatementsAreRefusedByName) {
  EXPECT_EQ(As<UnsupportedStatement>("CREATE FUNCTION f() RETURNS INT RETURN 1").what, "CREATE FUNCTION");
  EXPECT_EQ(As<UnsupportedStatement>("SHOW TABLES IN ALL CATALOGS SCHEMA LIKE 'x'").what, "SHOW TABLES IN ALL CATALOGS");
  EXPECT_EQ(Condition("ALTER TABLE t ALTER COLUMN a SET MASK m"), "UNSUPPORTED_FEATURE");
  EXPECT_EQ(Condition("SELECT * FROM t@v3"), "PARSE_SYNTAX_ERROR");
  EXPECT_EQ(Condition("NONSENSE t"), "PARSE_SYNTAX_ERROR");
}

TEST(ParserStatementTest, ErrorsNameTheToken) {
  Result<Statement> statement = ParseStatement("SELECT é FROM t WHERE ]");
  ASSERT_FALSE(statement.ok());
  EXPECT_EQ(statement.error().parameters.at("error"), "']'");
  EXPECT_EQ(statement.error().span, (SourceSpan{23, 24}));
  EXPECT_EQ(FullMessage(ParseStatement("SELECT 1 1").error()),
            "[PARSE_SYNTAX_ERROR] Syntax error at or near '1': extra input '1'. SQLSTATE: 42601");
  EXPECT_EQ(Condition("  "), "PARSE_EMPTY_STATEMENT");
  EXPECT_EQ(Condition("SELECT /* x"), "UNCLOSED_BRACKETED_COMMENT");
}

TEST(ParserTextsTest, SplitStatements) {
  auto pieces = SplitStatements("SELECT ';' ; -- a;b\n;\n SELECT `;` /* ; */;INSERT");
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[0], "SELECT ';'");
  EXPECT_EQ(pieces[1], "SELECT `;` /* ; */");
  EXPECT_EQ(pieces[2], "INSERT");
  EXPECT_TRUE(SplitStatements(" -- nothing\n;").empty());
}

TEST(ParserTextsTest, NamesAndTypes) {
  EXPECT_EQ(*ParseMultipartIdentifier("a.`b.c`.`d``e`"), (Names{"a", "b.c", "d`e"}));
  EXPECT_FALSE(ParseMultipartIdentifier("a b").ok());
  EXPECT_EQ(ParseTypeOrSchema("decimal(5, 2)")->SimpleString(), "decimal(5,2)");
  EXPECT_EQ(ParseTypeOrSchema("INTERVAL DAY TO SECOND")->SimpleString(), "interval day to second");
  EXPECT_EQ(ParseTypeOrSchema("a INT NOT NULL, `b c`: array<string>")->SimpleString(), "struct<a:int,b c:array<string>>");
  EXPECT_EQ(ParseTypeOrSchema("timestamp INT")->SimpleString(), "struct<timestamp:int>");
}

// Texts cut, doubled and mixed at random places: an answer or an error, soon, never a crash.
TEST(TablePathTest, APathHasASlashOrAColon) {
  EXPECT_TRUE(NamesDeltaPath({"DELTA", "/data/x"}));
  EXPECT_TRUE(NamesDeltaPath({"delta", "s3://b/x"}));
  EXPECT_FALSE(NamesDeltaPath({"parquet", "/data/x"}));
  EXPECT_TRUE(NamesPath({"parquet", "/data/x"}));
  EXPECT_FALSE(NamesPath({"delta", "orders"}));
  EXPECT_FALSE(NamesPath({"sales", "/data/x"}));
  EXPECT_FALSE(NamesPath({"main", "delta", "/data/x"}));
  EXPECT_EQ(DeltaPathName("/data/x"), (NameParts{"delta", "/data/x"}));
  EXPECT_TRUE(NamesDeltaPath(DeltaPathName("orders")));
}

TEST(ParserFuzzTest, MutatedTextsEndInAnAnswer) {
  const std::string_view seeds[] = {
      "SELECT a, sum(b) OVER (PARTITION BY c ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t LATERAL VIEW explode(x) y AS z",
      "WITH a AS (SELECT 1) SELECT CASE WHEN b THEN INTERVAL '1' DAY END, x'1A', 1.5e3BD FROM a JOIN b USING (c) GROUP BY CUBE(d, (e, f))",
      "MERGE INTO t USING (VALUES (1, ARRAY(1))) s ON t.a = s.a WHEN MATCHED THEN UPDATE SET a = s.b WHEN NOT MATCHED THEN INSERT *",
      "CREATE TABLE t (a STRUCT<b: MAP<STRING, ARRAY<INT>>> NOT NULL COMMENT 'x') TBLPROPERTIES ('a' = 'b') AS SELECT * EXCEPT (a) FROM t",
      "SELECT transform(a, (x, i) -> x[i].`b`::decimal(5,2)), ((SELECT 1) + 1), :p, ? /* /* */ */ FROM (t) PIVOT (sum(a) FOR b IN (1, 2)) -- e",
      "GRANT USE CATALOG ON CATALOG c TO `x`; SET a = b; SHOW TABLES IN x LIKE 'y'; DESCRIBE HISTORY t; COPY INTO t FROM '/x' FILEFORMAT = CSV",
  };
  uint64_t state = 42;
  auto next = [&](uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % bound;
  };
  for (int round = 0; round < 20'000; ++round) {
    std::string text(seeds[next(std::size(seeds))]);
    for (uint64_t edits = 1 + next(4); edits > 0; --edits) {
      size_t at = next(text.size() + 1);
      size_t length = next(12);
      std::string_view other = seeds[next(std::size(seeds))];
      switch (next(4)) {
        case 0: text.erase(at, length); break;
        case 1: text.insert(at, text.substr(next(text.size() + 1), length)); break;
        case 2: text.insert(at, other.substr(next(other.size()), length)); break;
        default: text.insert(at, 1, static_cast<char>(next(256)));
      }
    }
    Result<Statement> statement = ParseStatement(text);
    if (!statement.ok()) {
      EXPECT_FALSE(statement.error().condition.empty()) << text;
    }
    (void)SplitStatements(text);
  }
}

}  // namespace
}  // namespace ashlar::sql
