#include "workspace/notebook_source.h"

#include "base/text.h"

namespace ashlar::workspace {
namespace {

struct LanguageRow {
  std::string_view name;
  std::string_view extension;
  std::string_view comment;
};

constexpr LanguageRow kLanguages[] = {
    {"SQL", ".sql", "--"}, {"PYTHON", ".py", "#"}, {"SCALA", ".scala", "//"}, {"R", ".r", "#"}};
constexpr std::string_view kHeader = " Databricks notebook source";
constexpr std::string_view kCellMark = "-- COMMAND ----------";
constexpr std::string_view kMagicMark = "-- MAGIC";

std::string_view FirstLine(std::string_view text) {
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

const LanguageRow* HeaderRow(std::string_view source) {
  if (source.starts_with("\xEF\xBB\xBF")) source.remove_prefix(3);
  std::string_view line = Trim(FirstLine(source));
  for (const LanguageRow& row : kLanguages) {
    if (line.starts_with(row.comment) && line.substr(row.comment.size()) == kHeader) return &row;
  }
  return nullptr;
}

const LanguageRow* ExtensionRow(std::string_view path) {
  std::string lower = ToLowerAscii(path);
  for (const LanguageRow& row : kLanguages) {
    if (lower.ends_with(row.extension)) return &row;
  }
  return nullptr;
}

// The end of the quoted text or comment that starts at `begin`; `begin` itself when none does.
size_t SkipOpaque(std::string_view text, size_t begin) {
  std::string_view rest = text.substr(begin);
  auto after = [&](size_t found, size_t length) { return found == rest.npos ? text.size() : begin + found + length; };
  if (rest.starts_with("--")) return after(rest.find('\n'), 0);
  if (rest.starts_with("/*")) {
    // Bracketed comments nest.
    int depth = 1;
    size_t at = 2;
    for (; at < rest.size() && depth > 0; ++at) {
      std::string_view two = rest.substr(at, 2);
      if (two == "/*") ++depth, ++at;
      else if (two == "*/") --depth, ++at;
    }
    return begin + at;
  }
  char quote = rest[0];
  if (quote != '\'' && quote != '"' && quote != '`') return begin;
  size_t at = 1;
  while (at < rest.size() && rest[at] != quote) at += quote != '`' && rest[at] == '\\' ? 2 : 1;
  return std::min(text.size(), begin + at + 1);
}

bool HoldsSql(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    bool comment = text.substr(at).starts_with("--") || text.substr(at).starts_with("/*");
    if (comment) {
      at = SkipOpaque(text, at);
    } else if (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r' || text[at] == ';') {
      ++at;
    } else {
      return true;
    }
  }
  return false;
}

// Adds what is to be run of one cell.
Status AddCell(std::string_view cell, std::vector<std::string>& cells) {
  std::string sql;
  std::string magic;
  for (std::string_view line : SplitView(cell, '\n')) {
    if (!Trim(line).starts_with(kMagicMark)) {
      sql += line;
      sql += '\n';
      continue;
    }
    std::string_view text = Trim(Trim(line).substr(kMagicMark.size()));
    if (magic.empty() && !text.empty()) magic = text.substr(0, text.find(' '));
    if (magic == "%sql") {
      sql += text.starts_with("%sql") ? text.substr(4) : text;
      sql += '\n';
    }
  }
  bool skipped = magic.empty() || magic == "%sql" || magic == "%md" || magic.starts_with("%md-");
  if (!skipped) return NotImplemented("cells of " + magic + " in SQL notebooks");
  if (HoldsSql(sql)) cells.emplace_back(Trim(sql));
  return OkStatus();
}

}  // namespace

std::optional<LanguageName> LanguageFromHeader(std::string_view source, std::string_view path) {
  const LanguageRow* row = HeaderRow(source);
  if (row == nullptr) return std::nullopt;
  const LanguageRow* by_name = ExtensionRow(path);
  bool is_r = row->comment == "#" && by_name != nullptr && by_name->name == "R";
  return is_r ? "R" : LanguageName(row->name);
}

std::optional<LanguageName> LanguageFromExtension(std::string_view path) {
  const LanguageRow* row = ExtensionRow(path);
  return row == nullptr ? std::nullopt : std::optional(LanguageName(row->name));
}

std::string_view ExtensionOf(std::string_view language) {
  for (const LanguageRow& row : kLanguages) {
    if (row.name == language) return row.extension;
  }
  return "";
}

std::string WithoutHeader(std::string_view source) {
  if (HeaderRow(source) == nullptr) return std::string(source);
  size_t end = source.find('\n');
  return std::string(end == source.npos ? "" : source.substr(end + 1));
}

std::string WithHeader(std::string_view language, std::string_view source) {
  for (const LanguageRow& row : kLanguages) {
    if (row.name != language) continue;
    return std::string(row.comment) + std::string(kHeader) + "\n" + std::string(source);
  }
  CHECK(false) << "no language: " << language;
  return "";
}

Result<std::vector<std::string>> SplitSqlNotebook(std::string_view source) {
  std::string text = WithoutHeader(source);
  std::vector<std::string> cells;
  std::string cell;
  for (std::string_view line : SplitView(text, '\n')) {
    if (Trim(line) == kCellMark) {
      RETURN_IF_ERROR(AddCell(std::exchange(cell, ""), cells));
    } else {
      cell += line;
      cell += '\n';
    }
  }
  RETURN_IF_ERROR(AddCell(cell, cells));
  return cells;
}

std::vector<std::string> SplitSqlScript(std::string_view text) {
  std::vector<std::string> statements;
  size_t begin = 0;
  auto add = [&](size_t end) {
    std::string_view piece = text.substr(begin, end - begin);
    if (HoldsSql(piece)) statements.emplace_back(Trim(piece));
  };
  for (size_t at = 0; at < text.size();) {
    size_t after = SkipOpaque(text, at);
    if (after > at) {
      at = after;
    } else if (text[at] == ';') {
      add(at);
      begin = ++at;
    } else {
      ++at;
    }
  }
  add(text.size());
  return statements;
}

}  // namespace ashlar::workspace
