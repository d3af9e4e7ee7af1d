#include "sql/analyze/scope.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "sql/analyze/errors.h"

namespace ashlar::sql {
namespace {

constexpr size_t kMaxSuggestions = 5;

AttributeId OriginOf(const ScopeColumn& column) {
  return column.origin != 0 ? column.origin : column.attribute.id;
}

std::vector<const ScopeColumn*> Collect(const Scope& scope, const NameParts& name, size_t qualifier_parts,
                                        bool case_sensitive) {
  std::vector<const ScopeColumn*> found;
  std::set<AttributeId> seen;
  auto scan = [&](const std::vector<ScopeColumn>& columns) {
    for (const ScopeColumn& column : columns) {
      if (!SameName(column.attribute.name, name[qualifier_parts], case_sensitive)) continue;
      if (qualifier_parts > 0 && !QualifierMatches(column, name, qualifier_parts, case_sensitive)) continue;
      if (seen.insert(OriginOf(column)).second) found.push_back(&column);
    }
  };
  scan(scope.columns);
  if (qualifier_parts > 0 && found.empty()) scan(scope.hidden);
  return found;
}

Error Ambiguous(const NameParts& name, const std::vector<const ScopeColumn*>& found, SourceSpan span) {
  std::vector<std::string> names;
  for (const ScopeColumn* column : found) {
    NameParts full = column->qualifier;
    full.push_back(column->attribute.name);
    names.push_back(QuoteName(full));
  }
  std::ranges::sort(names);
  std::string list = "[" + Join(names, ", ") + "]";
  return MakeSqlError("AMBIGUOUS_REFERENCE", "42704",
                      "Reference " + QuoteName(name) + " is ambiguous, could be: " + list + ".",
                      {{"name", QuoteName(name)}, {"referenceNames", list}}, span);
}

// The candidates without the qualifier they all share, as far as the name does not need it.
std::vector<NameParts> StripShared(std::vector<NameParts> names, size_t name_parts) {
  for (size_t keep = name_parts == 1 ? 1 : 2; keep <= 2; ++keep) {
    if (name_parts > keep) continue;
    std::set<NameParts> prefixes;
    for (const NameParts& n : names) prefixes.insert(NameParts(n.begin(), n.end() - std::min(keep, n.size())));
    if (prefixes.size() != 1) continue;
    for (NameParts& n : names) n.erase(n.begin(), n.end() - std::min(keep, n.size()));
    return names;
  }
  return names;
}

}  // namespace

bool Scope::Contains(AttributeId id) const {
  auto has = [id](const ScopeColumn& column) { return column.attribute.id == id; };
  return std::ranges::any_of(columns, has) || std::ranges::any_of(hidden, has);
}

bool SameName(std::string_view a, std::string_view b, bool case_sensitive) {
  return case_sensitive ? a == b : EqualsIgnoreCase(a, b);
}

bool QualifierMatches(const ScopeColumn& column, const NameParts& qualifier, size_t count,
                      bool case_sensitive) {
  if (column.qualifier.size() < count) return false;
  size_t skip = column.qualifier.size() - count;
  for (size_t i = 0; i < count; ++i) {
    if (!SameName(column.qualifier[skip + i], qualifier[i], case_sensitive)) return false;
  }
  return true;
}

Result<std::optional<ColumnMatch>> FindColumn(const Scope& scope, const NameParts& name,
                                              bool case_sensitive, SourceSpan span) {
  for (size_t qualifier = std::min<size_t>(3, name.size() - 1) + 1; qualifier-- > 0;) {
    std::vector<const ScopeColumn*> found = Collect(scope, name, qualifier, case_sensitive);
    if (found.size() > 1) return Ambiguous(name, found, span);
    if (found.size() == 1) return std::optional(ColumnMatch{found[0], qualifier + 1});
  }
  return std::optional<ColumnMatch>();
}

Error UnresolvedColumn(const NameParts& name, const Scope& scope, SourceSpan span) {
  std::string quoted = QuoteName(name);
  std::string text = "A column, variable, or function parameter with name " + quoted + " cannot be resolved.";
  if (scope.columns.empty()) {
    return MakeSqlError("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "42703", text, {{"objectName", quoted}}, span);
  }
  std::vector<NameParts> names;
  for (const ScopeColumn& column : scope.columns) {
    if (column.unlisted) continue;
    names.push_back(column.qualifier);
    names.back().push_back(column.attribute.name);
  }
  // Equally near ones are in the order of the columns' own names.
  std::ranges::stable_sort(names, {}, [](const NameParts& n) { return n.back(); });
  std::vector<std::string> written;
  for (const std::string& part : name) written.push_back(QuoteIfNeeded(part));
  std::string base = Join(written, ".");
  std::vector<std::pair<size_t, std::string>> ranked;
  for (const NameParts& candidate : StripShared(std::move(names), name.size())) {
    std::string shown = QuoteName(candidate);
    ranked.emplace_back(LevenshteinDistance(shown, base), shown);
  }
  std::ranges::stable_sort(ranked, {}, &std::pair<size_t, std::string>::first);
  std::vector<std::string> nearest;
  for (size_t i = 0; i < std::min(ranked.size(), kMaxSuggestions); ++i) nearest.push_back(ranked[i].second);
  std::string proposal = Join(nearest, ", ");
  return MakeSqlError("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703",
                      text + " Did you mean one of the following? [" + proposal + "].",
                      {{"objectName", quoted}, {"proposal", proposal}}, span);
}

std::string QuoteName(const NameParts& name) {
  std::vector<std::string> quoted;
  for (const std::string& part : name) quoted.push_back(QuoteIdentifier(part));
  return Join(quoted, ".");
}

NameParts SplitName(std::string_view text) {
  NameParts parts(1);
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '`') {
      if (quoted && i + 1 < text.size() && text[i + 1] == '`') {
        parts.back() += c;
        ++i;
      } else {
        quoted = !quoted;
      }
    } else if (c == '.' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

size_t LevenshteinDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace ashlar::sql
