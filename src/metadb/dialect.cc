#include "metadb/dialect.h"

#include "base/text.h"

namespace ashlar::metadb {
namespace {

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The end of the token that begins at `begin`: a quoted text, a word, or one character.
size_t TokenEnd(std::string_view sql, size_t begin) {
  char first = sql[begin];
  if (first == '\'' || first == '"') {
    size_t end = sql.find(first, begin + 1);
    return end == std::string_view::npos ? sql.size() : end + 1;
  }
  size_t end = begin + 1;
  if (IsWord(first)) {
    while (end < sql.size() && IsWord(sql[end])) ++end;
  }
  return end;
}

template <typename Replace>
std::string MapTokens(std::string_view sql, Replace replace) {
  std::string out;
  for (size_t begin = 0; begin < sql.size();) {
    size_t end = TokenEnd(sql, begin);
    out += replace(std::string(sql.substr(begin, end - begin)));
    begin = end;
  }
  return out;
}

// Without "-- …" to the end of the line.
std::string WithoutComments(std::string_view sql) {
  std::string out;
  for (size_t begin = 0; begin < sql.size();) {
    if (sql.substr(begin, 2) == "--") {
      begin = std::min(sql.find('\n', begin), sql.size());
      continue;
    }
    size_t end = TokenEnd(sql, begin);
    out += sql.substr(begin, end - begin);
    begin = end;
  }
  return out;
}

}  // namespace

std::vector<std::string> SplitScript(std::string_view script) {
  std::vector<std::string> statements(1);
  MapTokens(WithoutComments(script), [&](std::string token) {
    if (token == ";") {
      statements.emplace_back();
    } else {
      statements.back() += token;
    }
    return "";
  });
  std::vector<std::string> trimmed;
  for (const std::string& statement : statements) {
    std::string_view text = Trim(statement);
    if (!text.empty()) trimmed.emplace_back(text);
  }
  return trimmed;
}

std::string SqliteDdl(std::string_view statement) {
  std::string sql = MapTokens(
      statement, [](std::string token) { return token == "BIGINT" ? std::string("INTEGER") : token; });
  if (ToUpperAscii(sql.substr(0, 12)) == "CREATE TABLE") sql += " STRICT";
  return sql;
}

std::string PostgresDdl(std::string_view statement) {
  return MapTokens(statement, [](std::string token) {
    if (token == "BLOB") return std::string("BYTEA");
    if (token == "TEXT") return std::string("TEXT COLLATE \"C\"");
    return token;
  });
}

std::string PostgresPlaceholders(std::string_view sql) {
  int count = 0;
  return MapTokens(sql, [&](std::string token) {
    return token == "?" ? "$" + std::to_string(++count) : token;
  });
}

}  // namespace ashlar::metadb
