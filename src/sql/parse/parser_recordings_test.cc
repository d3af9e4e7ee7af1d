// Everything Spark accepted in tests/sql must parse, and what its parser refused must fail with the
// same condition, parameters and place.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "sql/parser.h"
#include "sql/test_recordings.h"

namespace ashlar::sql {
namespace {

std::vector<Recording> AllRecordings() {
  std::vector<Recording> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests/sql")) {
    if (entry.path().extension() != ".test") continue;
    for (Recording& recording : ReadRecordings(entry.path())) {
      if (!recording.answer.empty()) all.push_back(std::move(recording));
    }
  }
  return all;
}

std::string Place(const Recording& recording) { return recording.file + ":" + std::to_string(recording.line); }

// UTF-16 units before byte `offset`.
int64_t Utf16Offset(std::string_view text, size_t offset) {
  int64_t units = 0;
  for (size_t i = 0; i < offset && i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) units += byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

// "error: CONDITION STATE {…} 7..10" as this parser's error would be written.
std::string Written(const Error& error, std::string_view sql, bool with_span) {
  Json parameters = Json::object();
  for (const auto& [key, value] : error.parameters) parameters[key] = value;
  std::string state = error.sqlstate.empty() ? "-" : error.sqlstate;
  std::string text = "error: " + error.condition + " " + state + " " + WriteJson(parameters);
  if (with_span && error.span) {
    text += " " + std::to_string(Utf16Offset(sql, error.span->begin)) + ".." +
            std::to_string(Utf16Offset(sql, error.span->end) - 1);
  }
  return text;
}

// What Spark runs and this parser refuses, by what its error names.
constexpr std::string_view kRefused[] = {
    "the type TIME",
    "COLLATE",                   // collations are not built
    "FIRST or AFTER",            // of ADD COLUMN
    "table arguments of functions",
    "DATE 'now'", "DATE 'today'", "DATE 'tomorrow'", "DATE 'yesterday'",
    "TIMESTAMP 'now'", "TIMESTAMP 'today'",
};

bool IsRefused(const Error& error) {
  if (error.condition != "UNSUPPORTED_FEATURE") return false;
  for (std::string_view what : kRefused) {
    if (error.message.find(what) != std::string::npos) return true;
  }
  return false;
}

// Said by Spark's parser. An error at a place with a PARSE_ condition is a function's that parses its
// argument when it is analysed.
bool IsParserCondition(std::string_view answer) {
  if (answer.starts_with("error: PARSE_")) return answer.ends_with('}');
  for (std::string_view condition :
       {"error: INVALID_NUMERIC_LITERAL_RANGE", "error: INVALID_TYPED_LITERAL",
        "error: INVALID_ESC ", "error: UNCLOSED_BRACKETED_COMMENT", "error: _LEGACY_ERROR_TEMP_0",
        "error: MISSING_WINDOW_SPECIFICATION", "error: UNSUPPORTED_TYPED_LITERAL",
        "error: DUPLICATED_CTE_NAMES", "error: UNSUPPORTED_DATATYPE", "error: DATATYPE_MISSING_SIZE"}) {
    if (answer.starts_with(condition)) return true;
  }
  return false;
}

TEST(ParserRecordingsTest, WhatSparkAcceptedParses) {
  std::vector<Recording> recordings = AllRecordings();
  ASSERT_GT(recordings.size(), 100u);
  for (const Recording& recording : recordings) {
    if (IsParserCondition(recording.FirstLine()) || recording.FirstLine() == "?") continue;
    Result<Statement> statement = ParseStatement(recording.sql);
    bool fine = statement.ok() || IsRefused(statement.error());
    // Spark's analyzer refuses some texts with an error this parser already knows.
    if (!fine && recording.FirstLine() == Written(statement.error(), recording.sql, recording.FirstLine().ends_with('}') == false)) continue;
    EXPECT_TRUE(fine) << Place(recording) << "\n" << recording.sql << "\n" << FullMessage(statement.error())
                      << "\nrecorded: " << recording.FirstLine();
  }
}

TEST(ParserRecordingsTest, TheQueriesOfTpchParse) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator("tests/sql/tpch")) {
    if (entry.path().extension() != ".sql") continue;
    ++files;
    Result<std::string> text = ReadFile(entry.path().string());
    ASSERT_TRUE(text.ok());
    for (std::string_view sql : SplitStatements(*text)) {
      Result<Statement> statement = ParseStatement(sql);
      EXPECT_TRUE(statement.ok()) << entry.path() << "\n" << FullMessage(statement.error());
    }
  }
  EXPECT_EQ(files, 22);
}

TEST(ParserRecordingsTest, WhatSparkRefusedFailsAlike) {
  for (const Recording& recording : AllRecordings()) {
    if (!IsParserCondition(recording.FirstLine())) continue;
    Result<Statement> statement = ParseStatement(recording.sql);
    // The type in from_json('…', 'type') and from_csv is the analyzer's to read.
    bool has_type_text = recording.sql.find("from_json") != std::string::npos || recording.sql.find("from_csv") != std::string::npos;
    if (statement.ok() && has_type_text) continue;
    // PARTITIONED BY beside CLUSTER BY is refused when the table is created.
    if (statement.ok() && recording.sql.find("CLUSTER BY") != std::string::npos) continue;
    if (!statement.ok() && IsRefused(statement.error())) continue;
    if (statement.ok()) {
      ADD_FAILURE() << Place(recording) << " parsed\n" << recording.sql << "\n" << recording.FirstLine();
      continue;
    }
    bool with_span = !recording.FirstLine().ends_with('}');
    EXPECT_EQ(recording.FirstLine(), Written(statement.error(), recording.sql, with_span))
        << Place(recording) << "\n" << recording.sql;
  }
}

}  // namespace
}  // namespace ashlar::sql
