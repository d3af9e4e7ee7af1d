#include "cli/sql/statement_splitter.h"

#include <gtest/gtest.h>

#include "cli/sql/meta_command.h"
#include "cli/sql/statement_kind.h"

namespace ashlar::cli {
namespace {

std::vector<std::string> Texts(std::string_view text) {
  SplitResult split = SplitStatements(text);
  std::vector<std::string> texts;
  for (const StatementText& statement : split.statements) texts.push_back(statement.text);
  if (!split.rest.text.empty()) texts.push_back("rest: " + split.rest.text);
  return texts;
}

TEST(SplitStatements, AtSemicolonsOutsideOfQuotesAndComments) {
  struct Case {
    std::string_view text;
    std::vector<std::string> expected;
  };
  const Case cases[] = {
      {"SELECT 1; SELECT 2;", {"SELECT 1", "SELECT 2"}},
      {"SELECT 1", {"rest: SELECT 1"}},
      {" ;; -- nothing\n; /* nothing; */", {}},
      {"SELECT ';', \";\", `;`; x", {"SELECT ';', \";\", `;`", "rest: x"}},
      {R"(SELECT 'it\'s;'; SELECT 2)", {R"(SELECT 'it\'s;')", "rest: SELECT 2"}},
      {"SELECT 'it''s;'; SELECT 2", {"SELECT 'it''s;'", "rest: SELECT 2"}},
      {R"(SELECT r'\'; SELECT 2;)", {R"(SELECT r'\')", "SELECT 2"}},
      {R"(SELECT bar'\';'; SELECT 2;)", {R"(SELECT bar'\';')", "SELECT 2"}},
      {"SELECT `a``;b`; SELECT 2;", {"SELECT `a``;b`", "SELECT 2"}},
      {"SELECT 1 -- one; not two\n + 1; SELECT 2;", {"SELECT 1 -- one; not two\n + 1", "SELECT 2"}},
      {"SELECT /* a /* nested; */ b; */ 1; SELECT 2;", {"SELECT /* a /* nested; */ b; */ 1", "SELECT 2"}},
      {"CREATE FUNCTION f() AS $$ a; b $$; SELECT 2;", {"CREATE FUNCTION f() AS $$ a; b $$", "SELECT 2"}},
  };
  for (const Case& c : cases) EXPECT_EQ(Texts(c.text), c.expected) << c.text;
}

TEST(SplitStatements, SaysWhatIsOpenAndWhereStatementsBegin) {
  EXPECT_EQ(SplitStatements("SELECT 'a").open, '\'');
  EXPECT_EQ(SplitStatements("SELECT \"a").open, '"');
  EXPECT_EQ(SplitStatements("SELECT `a").open, '`');
  EXPECT_EQ(SplitStatements("SELECT /* a").open, '*');
  EXPECT_EQ(SplitStatements("SELECT 'a'").open, 0);
  SplitResult split = SplitStatements("SELECT 1;\n  SELECT 2;");
  ASSERT_EQ(split.statements.size(), 2u);
  EXPECT_EQ(split.statements[1].offset, 12u);
}

TEST(NamespaceAfter, FollowsUse) {
  const Namespace current{"main", "sales"};
  EXPECT_EQ(NamespaceAfter("USE other", current), (Namespace{"main", "other"}));
  EXPECT_EQ(NamespaceAfter("use schema `my; schema`", current), (Namespace{"main", "my; schema"}));
  EXPECT_EQ(NamespaceAfter("USE c . s -- there", current), (Namespace{"c", "s"}));
  EXPECT_EQ(NamespaceAfter("USE CATALOG c", current), (Namespace{"c", "default"}));
  EXPECT_EQ(NamespaceAfter("SET CATALOG `c d`", current), (Namespace{"c d", "default"}));
  EXPECT_EQ(NamespaceAfter("SELECT 'USE x'", current), std::nullopt);
  EXPECT_EQ(NamespaceAfter("SET spark.sql.ansi.enabled = true", current), std::nullopt);
}

TEST(SessionNote, ForWhatDoesNotLast) {
  EXPECT_NE(SessionNote("CREATE OR REPLACE TEMP VIEW v AS SELECT 1"), "");
  EXPECT_NE(SessionNote("SET a.b = c"), "");
  EXPECT_NE(SessionNote("DECLARE x INT"), "");
  EXPECT_EQ(SessionNote("CREATE TABLE temporary (a INT)"), "");
  EXPECT_EQ(SessionNote("SET CATALOG c"), "");
  EXPECT_EQ(SessionNote("SELECT 1"), "");
}

TEST(ErrorOffset, ReadsThePlaceOutOfMessages) {
  const std::string sql = "SELECT\n  ünope FROM t";
  EXPECT_EQ(ErrorOffset("[X] no. SQLSTATE: 42703; line 2 pos 2", sql), 9u);
  EXPECT_EQ(ErrorOffset("[X] no. (line 2, pos 3)", sql), 11u);  // behind the two bytes of ü
  EXPECT_EQ(ErrorOffset("== SQL (line 1, position 1) ==", sql), 0u);
  EXPECT_EQ(ErrorOffset("line 9 pos 1", sql), std::nullopt);
  EXPECT_EQ(ErrorOffset("line 1 pos 99", sql), std::nullopt);
  EXPECT_EQ(ErrorOffset("a deadline 3 pos", sql), std::nullopt);
  EXPECT_EQ(CaretLines(sql, 11), "    ünope FROM t\n     ^");
}

TEST(MetaCommand, StandsForStatements) {
  EXPECT_EQ(ParseMetaCommand("SELECT 1"), std::nullopt);
  EXPECT_EQ(MetaStatement(*ParseMetaCommand("\\dt sales;")), "SHOW TABLES IN sales");
  EXPECT_EQ(MetaStatement(*ParseMetaCommand("\\d a.b.c")), "DESCRIBE TABLE a.b.c");
  EXPECT_EQ(ParseMetaCommand(" \\q ")->kind, MetaKind::kQuit);
  EXPECT_EQ(ParseMetaCommand("\\nonsense")->kind, MetaKind::kUnknown);
  EXPECT_NE(MetaHelp().find("\\timing"), std::string::npos);
}

}  // namespace
}  // namespace ashlar::cli
