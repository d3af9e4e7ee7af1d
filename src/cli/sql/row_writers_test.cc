#include <gtest/gtest.h>

#include "cli/sql/json_value.h"
#include "cli/sql/result_rows.h"
#include "cli/sql/table_writer.h"
#include "cli/sql/text_width.h"

namespace ashlar::cli {
namespace {

const std::vector<ResultColumn> kColumns = {{"id", "LONG", "BIGINT"}, {"name", "STRING", "STRING"}};

std::string Written(OutputFormat format, const std::vector<ResultColumn>& columns, const std::vector<ResultRow>& rows,
                    const TableStyle& style = {}) {
  std::string out;
  auto writer = MakeRowWriter(format, style, [&](std::string_view text) {
    out += text;
    return OkStatus();
  });
  EXPECT_TRUE(writer->Begin(columns).ok());
  for (const ResultRow& row : rows) EXPECT_TRUE(writer->Row(row).ok());
  EXPECT_TRUE(writer->End().ok());
  return out;
}

TEST(TextWidth, CountsColumns) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("日本"), 4u);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1u);              // a mark on its letter
  EXPECT_EQ(DisplayWidth("👩‍👩‍👧"), 2u);                  // one family
  EXPECT_EQ(DisplayWidth("ü"), 1u);
  EXPECT_EQ(CutToWidth("abcdef", 4), "abc…");
  EXPECT_EQ(CutToWidth("日本語", 4), "日…");            // half a sign is none
  EXPECT_EQ(CutToWidth("abcd", 4), "abcd");
  EXPECT_EQ(Printable("a\nb\x1b[2J\xff"), "a\\nb\\u001b[2J\uFFFD");
}

TEST(TableWriter, AlignsByWidthAndShowsNull) {
  EXPECT_EQ(Written(OutputFormat::kTable, kColumns, {{"1", "日本"}, {"1000", std::nullopt}, {"2", "NULL"}}),
            "  id  |  name  \n"
            "------+--------\n"
            "    1 | 日本\n"
            " 1000 | NULL\n"
            "    2 | \"NULL\"\n");
}

TEST(TableWriter, FitsTheTerminal) {
  std::string text = Written(OutputFormat::kTable, kColumns, {{"1", std::string(100, 'x')}}, {.max_width = 20});
  EXPECT_NE(text.find("…"), std::string::npos);
  size_t begin = 0;
  for (size_t end = text.find('\n'); end != std::string::npos; begin = end + 1, end = text.find('\n', begin)) {
    EXPECT_LE(DisplayWidth(text.substr(begin, end - begin)), 20u);
  }
  EXPECT_EQ(FitWidths({3, 50, 40}, 43), (std::vector<size_t>{3, 20, 20}));
  EXPECT_EQ(FitWidths({3, 5}, 100), (std::vector<size_t>{3, 5}));
  EXPECT_EQ(FitWidths({10, 10}, 1), (std::vector<size_t>{4, 4}));
}

TEST(TableWriter, Expanded) {
  EXPECT_EQ(Written(OutputFormat::kTable, kColumns, {{"1", "a"}}, {.expanded = true}),
            "-[ RECORD 1 ]-\n"
            "id   | 1\n"
            "name | a\n");
}

// RFC 4180, section 2.
TEST(CsvWriter, Quotes) {
  EXPECT_EQ(Written(OutputFormat::kCsv, kColumns, {{"1", "a,\"b\"\n"}, {"2", ""}, {"3", std::nullopt}}),
            "id,name\r\n"
            "1,\"a,\"\"b\"\"\n\"\r\n"
            "2,\"\"\r\n"
            "3,\r\n");
}

TEST(TsvWriter, Escapes) {
  EXPECT_EQ(Written(OutputFormat::kTsv, kColumns, {{"1", "a\tb\\c\n"}, {"2", std::nullopt}}),
            "id\tname\n"
            "1\ta\\tb\\\\c\\n\n"
            "2\t\\N\n");
}

TEST(MarkdownWriter, EscapesBars) {
  EXPECT_EQ(Written(OutputFormat::kMarkdown, kColumns, {{"1", "a|b\nc"}, {std::nullopt, ""}}),
            "| id | name |\n"
            "| ---: | --- |\n"
            "| 1 | a\\|b<br>c |\n"
            "| *NULL* |  |\n");
}

TEST(JsonWriter, ObjectsWithTheTypesOfTheirColumns) {
  EXPECT_EQ(Written(OutputFormat::kJson, kColumns, {{"1", "a\"b"}, {"9223372036854775807", std::nullopt}}),
            "[{\"id\":1,\"name\":\"a\\\"b\"},\n {\"id\":9223372036854775807,\"name\":null}]\n");
  EXPECT_EQ(Written(OutputFormat::kJson, kColumns, {}), "[]\n");
  EXPECT_EQ(Written(OutputFormat::kJsonLines, {{"a", "INT", "INT"}, {"a", "INT", "INT"}}, {{"1", "2"}}),
            "{\"a\":1,\"a_3\":2}\n");
}

std::string JsonOf(std::string_view type, const std::optional<std::string>& cell) {
  std::string out;
  AppendJsonValue(type, cell, &out);
  return out;
}

TEST(JsonValue, ByType) {
  EXPECT_EQ(JsonOf("DECIMAL(38,2)", "12345678901234567890123456789012345.10"), "12345678901234567890123456789012345.10");
  EXPECT_EQ(JsonOf("DOUBLE", "1.0E10"), "1.0E10");
  EXPECT_EQ(JsonOf("DOUBLE", "NaN"), "\"NaN\"");
  EXPECT_EQ(JsonOf("BOOLEAN", "true"), "true");
  EXPECT_EQ(JsonOf("STRING", "1"), "\"1\"");
  EXPECT_EQ(JsonOf("DATE", "2024-01-31"), "\"2024-01-31\"");
  EXPECT_EQ(JsonOf("ARRAY<INT>", R"(["1",null])"), "[1,null]");
  EXPECT_EQ(JsonOf("ARRAY<STRUCT<a: INT, `b c`: ARRAY<STRING>>>", R"([{"a":"1","b c":["2"]}])"), R"([{"a":1,"b c":["2"]}])");
  EXPECT_EQ(JsonOf("MAP<STRING, DECIMAL(10,2)>", R"({"k":"1.50"})"), R"({"k":1.50})");
  EXPECT_EQ(JsonOf("ARRAY<INT>", "not json"), "\"not json\"");
  EXPECT_EQ(JsonOf("INT", std::nullopt), "null");
}

}  // namespace
}  // namespace ashlar::cli
