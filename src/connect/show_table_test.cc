// The expected texts are what Spark 4 prints for these rows.
#include "connect/show_table.h"

#include <gtest/gtest.h>

#include "connect/connect_errors.h"

namespace ashlar::connect {
namespace {

TEST(ShowTableTest, RightAlignedAndCut) {
  ShownRows rows{{"id", "name"}, {{"1", "a"}, {"2", "abcdefghijklmnopqrstuvwxyz"}, {"NULL", "x\ny"}}, true};
  EXPECT_EQ(TableText(rows, 20),
            "+----+--------------------+\n"
            "|  id|                name|\n"
            "+----+--------------------+\n"
            "|   1|                   a|\n"
            "|   2|abcdefghijklmnopq...|\n"
            "|NULL|                x\\ny|\n"
            "+----+--------------------+\n"
            "only showing top 3 rows\n");
}

TEST(ShowTableTest, LeftAlignedWhenNothingIsCut) {
  EXPECT_EQ(TableText({{"k"}, {{"long text"}, {"s"}}, false}, 0),
            "+---------+\n"
            "|k        |\n"
            "+---------+\n"
            "|long text|\n"
            "|s        |\n"
            "+---------+\n");
}

TEST(ShowTableTest, WideCharactersTakeTwoColumns) {
  EXPECT_EQ(TableText({{"k"}, {{"日本"}}, false}, 20),
            "+----+\n"
            "|   k|\n"
            "+----+\n"
            "|日本|\n"
            "+----+\n");
}

TEST(ShowTableTest, CutsCountCharactersNotBytes) {
  EXPECT_EQ(TableText({{"k"}, {{"äöüäöü"}}, false}, 5),
            "+-----+\n"
            "|    k|\n"
            "+-----+\n"
            "|äö...|\n"
            "+-----+\n");
}

TEST(ShowTableTest, Vertical) {
  EXPECT_EQ(VerticalText({{"id", "v"}, {{"1", "abc"}}, false}, 20),
            "-RECORD 0--\n"
            " id  | 1   \n"
            " v   | abc \n");
  EXPECT_EQ(VerticalText({{"id"}, {}, false}, 20), "(0 rows)\n");
}

TEST(ConnectErrorsTest, TheClassFollowsTheCondition) {
  auto first = [](const char* condition, const char* sqlstate, std::map<std::string, std::string> parameters = {}) {
    return ExceptionClasses(MakeSqlError(condition, sqlstate, "m", std::move(parameters)))[1];
  };
  EXPECT_EQ(first("DIVIDE_BY_ZERO", "22012"), "java.lang.ArithmeticException");
  EXPECT_EQ(first("CAST_INVALID_INPUT", "22018", {{"targetType", "\"INT\""}}), "java.lang.NumberFormatException");
  EXPECT_EQ(first("CAST_INVALID_INPUT", "22018", {{"targetType", "\"DATE\""}}), "java.time.DateTimeException");
  EXPECT_EQ(first("PARSE_SYNTAX_ERROR", "42601"), "org.apache.spark.sql.AnalysisException");
  EXPECT_EQ(ExceptionClasses(MakeSqlError("TABLE_OR_VIEW_NOT_FOUND", "42P01", "m"))[0], "org.apache.spark.sql.AnalysisException");
  EXPECT_EQ(ExceptionClasses(NotImplemented("x"))[1], "java.lang.UnsupportedOperationException");
}

TEST(ConnectErrorsTest, TheContextIsUnderlined) {
  Error error = MakeSqlError("DIVIDE_BY_ZERO", "22012", "Division by zero.", {}, SourceSpan{10, 13});
  EXPECT_EQ(MessageWithContext({error, "SELECT 2,\n1/0"}),
            "[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012\n== SQL (line 2, position 1) ==\n1/0\n^^^\n");
}

}  // namespace
}  // namespace ashlar::connect
