// Everything Spark accepted in tests/sql must parse, and what its parser refused must fail with the
// same condition, parameters and place.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "sql/parser.h"

namespace ashlar::sql {
namespace {

struct Recording {
  std::string place;  // file:line
  std::string sql;
  std::string answer;  // first line below ----
};

std::vector<Recording> ReadRecordings(const std::filesystem::path& file) {
  std::vector<Recording> recordings;
  Result<std::string> text = ReadFile(file.string());
  if (!text.ok()) return recordings;
  Recording current;
  enum class In { kNothing, kSql, kAnswer } in = In::kNothing;
  int line_number = 0;
  for (std::string_view line : SplitView(*text, '\n')) {
    ++line_number;
    if (line.empty()) {
      in = In::kNothing;
    } else if (in == In::kNothing) {
      if (!line.starts_with("query") && !line.starts_with("statement")) continue;
      in = In::kSql;
      current = {file.string() + ":" + std::to_string(line_number), "", ""};
    } else if (in == In::kSql && line == "----") {
      in = In::kAnswer;
    } else if (in == In::kSql) {
      current.sql += (current.sql.empty() ? "" : "\n") + std::string(line);
    } else if (current.answer.empty()) {
      current.answer = std::string(line);
      recordings.push_back(current);
    }
  }
  return recordings;
}

std::vector<Recording> AllRecordings() {
  std::vector<Recording> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests/sql")) {
    if (entry.path().extension() != ".test") continue;
    for (Recording& recording : ReadRecordings(entry.path())) all.push_back(std::move(recording));
  }
  return all;
}

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
    if (IsParserCondition(recording.answer) || recording.answer == "?") continue;
    Result<Statement> statement = ParseStatement(recording.sql);
    bool fine = statement.ok() || IsRefused(statement.error());
    // Spark's analyzer refuses some texts with an error this parser already knows.
    if (!fine && recording.answer == Written(statement.error(), recording.sql, recording.answer.ends_with('}') == false)) continue;
    EXPECT_TRUE(fine) << recording.place << "\n" << recording.sql << "\n" << FullMessage(statement.error())
                      << "\nrecorded: " << recording.answer;
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
    if (!IsParserCondition(recording.answer)) continue;
    Result<Statement> statement = ParseStatement(recording.sql);
    // The type in from_json('…', 'type') and from_csv is the analyzer's to read.
    bool has_type_text = recording.sql.find("from_json") != std::string::npos || recording.sql.find("from_csv") != std::string::npos;
    if (statement.ok() && has_type_text) continue;
    // PARTITIONED BY beside CLUSTER BY is refused when the table is created.
    if (statement.ok() && recording.sql.find("CLUSTER BY") != std::string::npos) continue;
    if (!statement.ok() && IsRefused(statement.error())) continue;
    if (statement.ok()) {
      ADD_FAILURE() << recording.place << " parsed\n" << recording.sql << "\n" << recording.answer;
      continue;
    }
    bool with_span = !recording.answer.ends_with('}');
    EXPECT_EQ(recording.answer, Written(statement.error(), recording.sql, with_span))
        << recording.place << "\n" << recording.sql;
  }
}

}  // namespace
}  // namespace ashlar::sql
