#include "cli/sql/completion.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "cli/sql/statement_splitter.h"

namespace ashlar::cli {
namespace {

constexpr std::string_view kKeywords[] = {
    "ADD",      "ALL",      "ALTER",    "ANALYZE",  "AND",       "ANTI",     "ARRAY",    "AS",        "ASC",      "BETWEEN",
    "BIGINT",   "BINARY",   "BOOLEAN",  "BY",       "CASCADE",   "CASE",     "CAST",     "CATALOG",   "CATALOGS", "CLUSTER",
    "COLUMN",   "COLUMNS",  "COMMENT",  "COPY",     "CREATE",    "CROSS",    "CURRENT",  "DATABASE",  "DATE",     "DECIMAL",
    "DELETE",   "DELTA",    "DESC",     "DESCRIBE", "DETAIL",    "DISTINCT", "DOUBLE",   "DROP",      "ELSE",     "END",
    "EXCEPT",   "EXISTS",   "EXPLAIN",  "EXTENDED", "FALSE",     "FIRST",    "FLOAT",    "FOLLOWING", "FROM",     "FULL",
    "FUNCTION", "FUNCTIONS", "GRANT",   "GROUP",    "HAVING",    "HISTORY",  "IF",       "ILIKE",     "IN",       "INNER",
    "INSERT",   "INT",      "INTERSECT", "INTERVAL", "INTO",     "IS",       "JOIN",     "LAST",      "LATERAL",  "LEFT",
    "LIKE",     "LIMIT",    "MAP",      "MATCHED",  "MERGE",     "NATURAL",  "NOT",      "NULL",      "NULLS",    "OFFSET",
    "ON",       "OPTIMIZE", "OR",       "ORDER",    "OUTER",     "OVER",     "OVERWRITE", "PARTITION", "PARTITIONED", "PIVOT",
    "PRECEDING", "PROPERTIES", "QUALIFY", "RANGE",  "RENAME",    "REPLACE",  "RESTORE",  "REVOKE",    "RIGHT",    "ROW",
    "ROWS",     "SCHEMA",   "SCHEMAS",  "SELECT",   "SEMI",      "SET",      "SHOW",     "SMALLINT",  "STRING",   "STRUCT",
    "TABLE",    "TABLES",   "TBLPROPERTIES", "TEMPORARY", "THEN", "TIMESTAMP", "TINYINT", "TO",       "TRUE",     "TRUNCATE",
    "UNBOUNDED", "UNION",   "UNPIVOT",  "UPDATE",   "USE",       "USING",    "VACUUM",   "VALUES",    "VERSION",  "VIEW",
    "VIEWS",    "VOLUME",   "VOLUMES",  "WHEN",     "WHERE",     "WINDOW",   "WITH"};

// After these a relation is named.
constexpr std::string_view kBeforeRelation[] = {"FROM", "JOIN", "INTO", "TABLE", "UPDATE", "DESCRIBE", "DESC", "OPTIMIZE", "VACUUM", "VIEW", "DETAIL", "HISTORY", "EXTENDED"};

bool Among(std::string_view word, std::span<const std::string_view> list) {
  return std::ranges::any_of(list, [&](std::string_view known) { return EqualsIgnoreCase(known, word); });
}

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && EqualsIgnoreCase(text.substr(0, prefix.size()), prefix);
}

// The candidates of one completion.
class Candidates {
 public:
  // `place` is what stands before the part that is completed: "main.sales.".
  void Add(const std::vector<std::string>& names, std::string_view place, std::string_view prefix, std::string_view suffix = "") {
    for (const std::string& name : names) {
      if (StartsWith(name, prefix)) found_.insert(std::string(place) + Quoted(name) + std::string(suffix));
    }
  }
  void AddKeywords(std::string_view prefix) {
    bool lower = !prefix.empty() && prefix == ToLowerAscii(prefix);
    for (std::string_view keyword : kKeywords) {
      if (StartsWith(keyword, prefix)) found_.insert(lower ? ToLowerAscii(keyword) : std::string(keyword));
    }
  }
  std::vector<std::string> Take() { return {found_.begin(), found_.end()}; }

 private:
  static std::string Quoted(const std::string& name) {
    bool plain = !name.empty() && std::ranges::all_of(name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
    return plain ? name : "`" + ReplaceAll(name, "`", "``") + "`";
  }

  std::set<std::string> found_;
};

struct RelationName {
  std::string catalog;
  std::string schema;
  std::string table;
  std::string alias;
};

// The relations a statement names so far, with what the name leaves out filled in.
std::vector<RelationName> RelationsOf(const std::vector<std::string>& tokens, const Namespace& current) {
  std::vector<RelationName> relations;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!Among(tokens[i], kBeforeRelation)) continue;
    std::vector<std::string> parts = {tokens[i + 1]};
    size_t at = i + 2;
    for (; at + 1 < tokens.size() && tokens[at] == "."; at += 2) parts.push_back(tokens[at + 1]);
    if (parts.size() > 3) continue;
    parts.insert(parts.begin(), 3 - parts.size(), "");
    if (at < tokens.size() && EqualsIgnoreCase(tokens[at], "AS")) ++at;
    RelationName relation{parts[0].empty() ? current.catalog : parts[0], parts[1].empty() ? current.schema : parts[1], parts[2], ""};
    if (at < tokens.size()) relation.alias = tokens[at];
    relations.push_back(std::move(relation));
  }
  return relations;
}

void AddRelations(const std::vector<std::string>& parts, std::string_view place, const Namespace& current, NameSource& names,
                  Candidates* out) {
  const std::string& prefix = parts.back();
  if (parts.size() == 1) {
    out->Add(names.Tables(current.catalog, current.schema), place, prefix);
    out->Add(names.Schemas(current.catalog), place, prefix, ".");
    out->Add(names.Catalogs(), place, prefix, ".");
  } else if (parts.size() == 2) {
    out->Add(names.Tables(current.catalog, parts[0]), place, prefix);
    out->Add(names.Schemas(parts[0]), place, prefix, ".");
  } else if (parts.size() == 3) {
    out->Add(names.Tables(parts[0], parts[1]), place, prefix);
  }
}

void AddColumns(const std::vector<std::string>& parts, std::string_view place, const std::vector<RelationName>& relations,
                NameSource& names, Candidates* out) {
  if (parts.size() > 2) return;
  for (const RelationName& relation : relations) {
    bool named = parts.size() == 1 || EqualsIgnoreCase(parts[0], relation.alias) || EqualsIgnoreCase(parts[0], relation.table);
    if (named) out->Add(names.Columns(relation.catalog, relation.schema, relation.table), place, parts.back());
  }
}

}  // namespace

std::vector<std::string> Complete(std::string_view before, size_t word_length, const Namespace& given, NameSource& names) {
  Namespace current{given.catalog.empty() ? "main" : given.catalog, given.schema.empty() ? "default" : given.schema};
  std::string_view word = before.substr(before.size() - word_length);
  SplitResult split = SplitStatements(before.substr(0, before.size() - word_length));
  std::vector<std::string> tokens = LeadingTokens(split.rest.text, SIZE_MAX);
  std::vector<std::string> parts;
  for (std::string_view part : SplitView(word, '.')) parts.push_back(ReplaceAll(std::string(part), "`", ""));
  std::string place(word.substr(0, word.rfind('.') == std::string_view::npos ? 0 : word.rfind('.') + 1));

  Candidates candidates;
  std::string previous = tokens.empty() ? "" : ToUpperAscii(tokens.back());
  if (previous == "USE" || previous == "SCHEMA" || previous == "DATABASE" || previous == "CATALOG") {
    if (parts.size() == 1) candidates.Add(names.Catalogs(), place, parts[0]);
    if (parts.size() == 1 && previous != "CATALOG") candidates.Add(names.Schemas(current.catalog), place, parts[0]);
    if (parts.size() == 2) candidates.Add(names.Schemas(parts[0]), place, parts[1]);
    if (previous == "USE") candidates.AddKeywords(word);
  } else if (Among(previous, kBeforeRelation)) {
    AddRelations(parts, place, current, names, &candidates);
  } else {
    AddColumns(parts, place, RelationsOf(tokens, current), names, &candidates);
    if (parts.size() == 1 && !word.empty()) candidates.AddKeywords(word);
  }
  return candidates.Take();
}

}  // namespace ashlar::cli
