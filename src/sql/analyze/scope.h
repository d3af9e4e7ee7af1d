// Scope: the columns an expression may name, and how a dotted name finds one of them. Rules as in Spark's
// AttributeSeq: the longest qualifier that matches wins; what is left of the name are struct fields.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/plan.h"
#include "sql/spec.h"

namespace ashlar::sql {

struct ScopeColumn {
  Attribute attribute;
  std::vector<std::string> qualifier;  // {"t"}, {"main", "default", "t"}
  // Of the column it is a plain copy of (SELECT a, a): copies are not ambiguous. 0: of itself.
  AttributeId origin = 0;
  // Found by name but not by *: the window of a row.
  bool unlisted = false;
};

struct Scope {
  std::vector<ScopeColumn> columns;
  // Reachable by qualified name only: the other side's key of a USING join.
  std::vector<ScopeColumn> hidden;
  // Of the query around a subquery.
  const Scope* outer = nullptr;

  bool Contains(AttributeId id) const;
};

struct ColumnMatch {
  const ScopeColumn* column = nullptr;
  size_t parts = 0;  // of the name that were used; the rest are fields
};

// nullopt: no column has the name. Errors: AMBIGUOUS_REFERENCE (42704).
Result<std::optional<ColumnMatch>> FindColumn(const Scope& scope, const NameParts& name,
                                              bool case_sensitive, SourceSpan span);

bool SameName(std::string_view a, std::string_view b, bool case_sensitive);
// Whether `qualifier` as written (t, s.t, c.s.t) means this column's.
bool QualifierMatches(const ScopeColumn& column, const NameParts& qualifier, size_t count,
                      bool case_sensitive);

// UNRESOLVED_COLUMN.WITH_SUGGESTION or .WITHOUT_SUGGESTION (42703), nearest names first.
Error UnresolvedColumn(const NameParts& name, const Scope& scope, SourceSpan span);

// "`a`.`b`"
std::string QuoteName(const NameParts& name);
// "a.`b.c`" into its parts.
NameParts SplitName(std::string_view text);
// Edits between two texts.
size_t LevenshteinDistance(std::string_view a, std::string_view b);

}  // namespace ashlar::sql
