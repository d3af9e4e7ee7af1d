// What Spark answered, out of the files of tests/sql (their format: tests/sql/README.md).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"

namespace ashlar::sql {

struct Recording {
  std::string file;  // "area/topic.test"
  int line = 0;      // of the directive, from 1
  std::string directive;
  std::string sql;
  std::vector<std::string> answer;  // the lines below ----; empty for settings

  // What lists of differences call it.
  std::string Key() const { return file + ": " + ReplaceAll(sql, "\n", " "); }
  std::string FirstLine() const { return answer.empty() ? "" : answer[0]; }
};

// In the order of the file; none of a file that cannot be read.
inline std::vector<Recording> ReadRecordings(const std::filesystem::path& path) {
  std::vector<Recording> recordings;
  Result<std::string> text = ReadFile(path.string());
  if (!text.ok()) return recordings;
  const std::string file = path.parent_path().filename().string() + "/" + path.filename().string();
  enum class At { kDirective, kSql, kAnswer } at = At::kDirective;
  int line_number = 0;
  for (std::string_view line : SplitView(*text, '\n')) {
    ++line_number;
    if (line.empty()) {
      at = At::kDirective;
    } else if (at == At::kDirective) {
      if (line.starts_with("#")) continue;
      recordings.push_back({file, line_number, std::string(line), "", {}});
      at = At::kSql;
    } else if (at == At::kAnswer) {
      recordings.back().answer.emplace_back(line);
    } else if (line == "----") {
      at = At::kAnswer;
    } else {
      std::string& sql = recordings.back().sql;
      sql += (sql.empty() ? "" : "\n") + std::string(line);
    }
  }
  return recordings;
}

}  // namespace ashlar::sql
