// Queries: WITH, set operations, SELECT and its clauses, ORDER BY and LIMIT, VALUES.
//
// A SELECT becomes, inside out: FROM, LATERAL VIEW, WHERE, GROUP BY with the items (or a projection of
// the items), HAVING, QUALIFY, DISTINCT. Clauses that only say where rows are computed (DISTRIBUTE BY,
// hints) leave no trace: a statement runs in one process.
#include <algorithm>

#include "base/text.h"
#include "sql/parse/grammar.h"
#include "sql/parse/keywords.h"

namespace ashlar::sql {

// What follows SELECT, before it becomes relations.
struct Parser::SelectParts {
  RelationPtr input;
  std::vector<ExprPtr> items;
  bool distinct = false;
  ExprPtr where;
  std::optional<AggregateRelation> group_by;
  ExprPtr having;
  ExprPtr qualify;
};

namespace {

using GroupingSets = std::vector<std::vector<ExprPtr>>;

// A ROLLUP of n items has n + 1 sets, a CUBE 2^n, and several in one GROUP BY multiply.
constexpr size_t kMaxGroupingSets = 4096;

GroupingSets RollupSets(const GroupingSets& items) {
  GroupingSets sets;
  for (size_t n = items.size() + 1; n-- > 0;) {
    std::vector<ExprPtr> set;
    for (size_t i = 0; i < n; ++i) set.insert(set.end(), items[i].begin(), items[i].end());
    sets.push_back(std::move(set));
  }
  return sets;
}

GroupingSets CubeSets(const GroupingSets& items) {
  GroupingSets sets;
  for (size_t mask = size_t{1} << items.size(); mask-- > 0;) {
    std::vector<ExprPtr> set;
    for (size_t i = 0; i < items.size(); ++i) {
      bool in = (mask >> (items.size() - 1 - i)) & 1;
      if (in) set.insert(set.end(), items[i].begin(), items[i].end());
    }
    sets.push_back(std::move(set));
  }
  return sets;
}

Error TooManyGroupingSets() {
  return NotImplemented("GROUP BY with more than " + std::to_string(kMaxGroupingSets) + " grouping sets");
}

// SELECT a, FROM t: the last item is a column FROM named t.
Status CheckTrailingComma(const std::vector<ExprPtr>& items) {
  const auto* alias = items.size() > 1 ? std::get_if<AliasExpr>(&items.back()->node) : nullptr;
  const auto* column = alias ? std::get_if<AttributeExpr>(&alias->child->node) : nullptr;
  if (!column || column->name.size() != 1 || !EqualsIgnoreCase(column->name[0], "FROM")) return OkStatus();
  return MakeSqlError("TRAILING_COMMA_IN_SELECT", "42601",
                      "Trailing comma detected in SELECT clause. Remove the trailing comma before the FROM clause.", {},
                      items.back()->span);
}

Status CheckCteNames(const std::vector<CteDefinition>& ctes, SourceSpan span) {
  std::vector<std::string> names;
  for (const CteDefinition& cte : ctes) names.push_back(ToLowerAscii(cte.name));
  std::ranges::sort(names);
  auto twice = std::ranges::adjacent_find(names);
  if (twice == names.end()) return OkStatus();
  return MakeSqlError("DUPLICATED_CTE_NAMES", "42602",
                      "CTE definition can't have duplicate names: " + QuoteIdentifier(*twice) + ".",
                      {{"duplicateNames", QuoteIdentifier(*twice)}}, span);
}

Error MissingWindow(const std::string& name, SourceSpan span) {
  std::string quoted = QuoteIdentifier(name);
  return MakeSqlError("MISSING_WINDOW_SPECIFICATION", "42P20",
                      "Window specification is not defined in the WINDOW clause for " + quoted +
                          ". For more information about WINDOW clauses, please refer to "
                          "'https://spark.apache.org/docs/latest/sql-ref-syntax-qry-select-window.html'.",
                      {{"windowName", name},
                       {"docroot", "https://spark.apache.org/docs/latest"}},
                      span);
}

}  // namespace

// Every OVER w since `first_pending` has met its definition.
Status Parser::NoPendingWindow(size_t first_pending) const {
  if (pending_windows_.size() <= first_pending) return OkStatus();
  return MissingWindow(pending_windows_[first_pending].name, pending_windows_[first_pending].span);
}

// [WITH …] term [ORDER BY … LIMIT …]
Result<RelationPtr> Parser::Query() {
  Nesting nesting(*this);
  if (nesting.TooDeep()) return TooComplex();
  std::vector<CteDefinition> ctes;
  bool recursive = false;
  return QueryWithCtes(ctes, recursive, at_);
}

// `ctes` that have been read already come with `recursive`; the query began at token `begin`.
Result<RelationPtr> Parser::QueryWithCtes(std::vector<CteDefinition>& ctes, bool& recursive, size_t begin) {
  size_t first_pending = pending_windows_.size();
  int outside = height_;
  height_ = 0;
  if (AtWord("WITH")) RETURN_IF_ERROR(CteList(ctes, recursive));
  ASSIGN_OR_RETURN(RelationPtr query, QueryTerm());
  ASSIGN_OR_RETURN(query, QueryOrganization(std::move(query), first_pending));
  RETURN_IF_ERROR(NoPendingWindow(first_pending));
  ASSIGN_OR_RETURN(query, PipeOperators(std::move(query), begin));
  RETURN_IF_ERROR(CheckCteNames(ctes, SpanFrom(begin)));
  if (!ctes.empty()) query = MakeRelation(WithRelation{std::move(ctes), recursive, std::move(query)}, SpanFrom(begin));
  RETURN_IF_ERROR(Grow(height_));
  height_ = std::max(height_, outside);
  return query;
}

// WITH [RECURSIVE] name [(columns)] [MAX RECURSION LEVEL n] AS (query), …
Status Parser::CteList(std::vector<CteDefinition>& ctes, bool& recursive) {
  RETURN_IF_ERROR(ExpectWord("WITH"));
  recursive = AtWord("RECURSIVE") && Peek(1).IsIdentifier() && !Peek(1).IsWord("AS");
  if (recursive) Advance();
  do {
    CteDefinition cte;
    ASSIGN_OR_RETURN(cte.name, Identifier());
    if (At("(") && !AtQueryInParens()) {
      ASSIGN_OR_RETURN(cte.columns, IdentifierList());
    }
    if (AcceptWords({"MAX", "RECURSION", "LEVEL"})) {
      if (Peek().kind != TokenKind::kInteger) return SyntaxError();
      cte.max_level = ParseInt64(Advance().text);
    }
    AcceptWord("AS");
    RETURN_IF_ERROR(Expect("("));
    ASSIGN_OR_RETURN(cte.plan, Query());
    RETURN_IF_ERROR(Expect(")"));
    ctes.push_back(std::move(cte));
  } while (Accept(","));
  return OkStatus();
}

// UNION, EXCEPT and MINUS from left to right; INTERSECT binds tighter.
Result<RelationPtr> Parser::QueryTerm() {
  size_t begin = at_;
  ASSIGN_OR_RETURN(RelationPtr left, IntersectTerm());
  while (AtAnyWord({"UNION", "EXCEPT", "MINUS"})) {
    SetOpRelation op;
    op.kind = AtWord("UNION") ? SetOpKind::kUnion : SetOpKind::kExcept;
    Advance();
    op.all = AcceptWord("ALL");
    if (!op.all) AcceptWord("DISTINCT");
    int left_height = height_;
    op.left = std::move(left);
    ASSIGN_OR_RETURN(op.right, IntersectTerm());
    height_ = std::max(left_height, height_);
    RETURN_IF_ERROR(Grow(height_));
    left = MakeRelation(std::move(op), SpanFrom(begin));
  }
  return left;
}

Result<RelationPtr> Parser::IntersectTerm() {
  size_t begin = at_;
  ASSIGN_OR_RETURN(RelationPtr left, QueryPrimary());
  while (AcceptWord("INTERSECT")) {
    SetOpRelation op;
    op.kind = SetOpKind::kIntersect;
    op.all = AcceptWord("ALL");
    if (!op.all) AcceptWord("DISTINCT");
    op.left = std::move(left);
    ASSIGN_OR_RETURN(op.right, QueryPrimary());
    RETURN_IF_ERROR(Grow(height_));
    left = MakeRelation(std::move(op), SpanFrom(begin));
  }
  return left;
}

Result<RelationPtr> Parser::QueryPrimary() {
  size_t begin = at_;
  if (AtWord("SELECT")) return QuerySpecification(nullptr, begin);
  if (AtWord("VALUES")) return InlineTable();
  if (AcceptWord("TABLE")) {
    size_t name_begin = at_;
    TableRelation table;
    ASSIGN_OR_RETURN(table, TableReference());
    return MakeRelation(std::move(table), SpanFrom(name_begin));
  }
  if (AtWord("FROM")) {
    ASSIGN_OR_RETURN(RelationPtr from, FromClause());
    if (AtWord("INSERT")) return NotImplemented("INSERT of several tables from one FROM");
    if (!AtWord("SELECT")) return from;
    return QuerySpecification(std::move(from), begin);
  }
  if (!At("(")) return SyntaxError();
  Advance();
  ASSIGN_OR_RETURN(RelationPtr query, Query());
  RETURN_IF_ERROR(Expect(")"));
  return query;
}

// [ORDER BY | SORT BY | CLUSTER BY | DISTRIBUTE BY] [WINDOW] [LIMIT] [OFFSET]
Result<RelationPtr> Parser::QueryOrganization(RelationPtr input, size_t first_pending) {
  size_t begin = at_;
  ASSIGN_OR_RETURN(RelationPtr query, SortClauses(std::move(input), begin));
  NamedWindows windows;
  RETURN_IF_ERROR(WindowClause(windows));
  if (!windows.empty()) RETURN_IF_ERROR(DefineWindows(windows, first_pending));
  LimitRelation limit;
  if (AcceptClause("LIMIT") && !AcceptWord("ALL")) {
    ASSIGN_OR_RETURN(limit.limit, Expression());
  }
  if (AcceptClause("OFFSET")) {
    ASSIGN_OR_RETURN(limit.offset, Expression());
  }
  if (!limit.limit && !limit.offset) return query;
  limit.input = std::move(query);
  height_ += 2;
  return MakeRelation(std::move(limit), SpanFrom(begin));
}

Result<RelationPtr> Parser::SortClauses(RelationPtr input, size_t begin) {
  SortRelation sort;
  sort.input = std::move(input);
  if (AcceptClauseBy("DISTRIBUTE")) {
    ASSIGN_OR_RETURN(std::vector<ExprPtr> keys, ExpressionList());
    if (!AtWords({"SORT", "BY"})) return sort.input;
  }
  if (AcceptClauseBy("CLUSTER")) {
    ASSIGN_OR_RETURN(std::vector<ExprPtr> keys, ExpressionList());
    for (ExprPtr& key : keys) sort.order.push_back({std::move(key), true, std::nullopt});
    sort.ordinals = false;
  } else if (AcceptClauseBy("ORDER")) {
    size_t first = at_;
    ASSIGN_OR_RETURN(sort.order, SortItems());
    sort.order_by_all = sort.order.size() == 1 && tokens_[first].IsWord("ALL") &&
                        SpanFrom(first).begin == sort.order[0].expr->span.begin &&
                        sort.order[0].expr->span.end == tokens_[first].end;
    if (sort.order_by_all) sort.order[0].expr = nullptr;
  } else if (AcceptClauseBy("SORT")) {
    ASSIGN_OR_RETURN(sort.order, SortItems());
  } else {
    return sort.input;
  }
  if (AcceptClauseBy("ORDER") || AcceptClauseBy("SORT") || AcceptClauseBy("CLUSTER") || AcceptClauseBy("DISTRIBUTE")) {
    ASSIGN_OR_RETURN([[maybe_unused]] std::vector<SortOrder> second, SortItems());
    return MakeSqlError("UNSUPPORTED_FEATURE.COMBINATION_QUERY_RESULT_CLAUSES", "0A000",
                        "The feature is not supported: Combination of ORDER BY/SORT BY/DISTRIBUTE BY/CLUSTER BY.",
                        {}, SpanFrom(begin));
  }
  return MakeRelation(std::move(sort), SpanFrom(begin));
}

// SELECT …; `from` is given when FROM came first.
Result<RelationPtr> Parser::QuerySpecification(RelationPtr from, size_t begin) {
  size_t first_pending = pending_windows_.size();
  SelectParts parts;
  parts.input = std::move(from);
  RETURN_IF_ERROR(ExpectWord("SELECT"));
  if (!AtTerminator(1)) {
    parts.distinct = AcceptWord("DISTINCT");
    if (!parts.distinct && AtWord("ALL") && !Peek(1).IsSymbol(".")) Advance();
  }
  ASSIGN_OR_RETURN(parts.items, NamedExpressionList());
  // FROM f(…) is no column and its name: the parenthesis is a syntax error.
  if (!At("(")) RETURN_IF_ERROR(CheckTrailingComma(parts.items));
  RETURN_IF_ERROR(SelectClauses(parts));
  NamedWindows windows;
  RETURN_IF_ERROR(WindowClause(windows));
  if (!parts.qualify && AcceptClause("QUALIFY")) {
    ASSIGN_OR_RETURN(parts.qualify, Expression());
  }
  if (!windows.empty()) RETURN_IF_ERROR(DefineWindows(windows, first_pending));
  height_ += 6;
  return BuildSelect(std::move(parts), SpanFrom(begin));
}

Status Parser::SelectClauses(SelectParts& parts) {
  if (!parts.input && AtWord("FROM")) {
    ASSIGN_OR_RETURN(parts.input, FromClause());
  }
  if (!parts.input) parts.input = MakeRelation(OneRowRelation{}, SourceSpan{});
  while (AtWords({"LATERAL", "VIEW"})) {
    ASSIGN_OR_RETURN(parts.input, LateralView(std::move(parts.input)));
  }
  if (AcceptWord("WHERE")) {
    ASSIGN_OR_RETURN(parts.where, Expression());
  }
  if (AtWords({"GROUP", "BY"}) && !AtTerminator(2)) RETURN_IF_ERROR(GroupByClause(parts));
  if (AcceptClause("HAVING")) {
    ASSIGN_OR_RETURN(parts.having, Expression());
  }
  if (AcceptClause("QUALIFY")) {
    ASSIGN_OR_RETURN(parts.qualify, Expression());
  }
  return OkStatus();
}

Result<RelationPtr> Parser::BuildSelect(SelectParts parts, SourceSpan span) {
  RelationPtr plan = std::move(parts.input);
  if (parts.where) plan = MakeRelation(FilterRelation{std::move(plan), std::move(parts.where)}, span);
  // HAVING without GROUP BY is over one group of all rows.
  if (parts.having && !parts.group_by) {
    parts.group_by.emplace();
    parts.group_by->kind = GroupingKind::kNone;
  }
  if (parts.group_by) {
    parts.group_by->input = std::move(plan);
    parts.group_by->exprs = std::move(parts.items);
    plan = MakeRelation(*std::move(parts.group_by), span);
  } else {
    plan = MakeRelation(ProjectRelation{std::move(plan), std::move(parts.items)}, span);
  }
  if (parts.having) plan = MakeRelation(HavingRelation{std::move(plan), std::move(parts.having)}, span);
  if (parts.qualify) plan = MakeRelation(QualifyRelation{std::move(plan), std::move(parts.qualify)}, span);
  if (parts.distinct) plan = MakeRelation(DistinctRelation{std::move(plan), {}}, span);
  return plan;
}

bool Parser::SameText(const Expr& a, const Expr& b) const {
  return EqualsIgnoreCase(text_.substr(a.span.begin, a.span.end - a.span.begin),
                          text_.substr(b.span.begin, b.span.end - b.span.begin));
}

// GROUP BY ALL | a, b [WITH ROLLUP | WITH CUBE | GROUPING SETS (…)] | items that may be ROLLUP (…),
// CUBE (…) and GROUPING SETS (…), whose sets multiply.
Status Parser::GroupByClause(SelectParts& parts) {
  Advance();
  Advance();
  AggregateRelation& group = parts.group_by.emplace();
  if (AtWord("ALL") && !Peek(1).IsSymbol(",") && !Peek(1).IsSymbol(".") && !Peek(1).IsSymbol("(")) {
    Advance();
    group.group_by_all = true;
    return OkStatus();
  }
  std::vector<GroupingSets> factors;
  bool plain = true;
  do {
    RETURN_IF_ERROR(GroupingItem(factors, plain));
  } while (Accept(","));
  for (const GroupingSets& factor : factors) {
    for (const auto& set : factor) {
      for (const ExprPtr& expr : set) {
        bool known = !plain && std::ranges::any_of(group.grouping, [&](const ExprPtr& e) { return SameText(*e, *expr); });
        if (!known) group.grouping.push_back(expr);
      }
    }
  }
  if (plain) {
    if (AcceptWords({"WITH", "ROLLUP"})) group.kind = GroupingKind::kRollup;
    if (AcceptWords({"WITH", "CUBE"})) group.kind = GroupingKind::kCube;
    if (!AtWords({"GROUPING", "SETS"})) return OkStatus();
    Advance();
    Advance();
    group.kind = GroupingKind::kGroupingSets;
    return GroupingSetList(group.grouping_sets);
  }
  group.kind = GroupingKind::kGroupingSets;
  group.grouping_sets = {{}};
  for (const GroupingSets& factor : factors) {
    GroupingSets product;
    if (group.grouping_sets.size() * factor.size() > kMaxGroupingSets) return TooManyGroupingSets();
    for (const auto& left : group.grouping_sets) {
      for (const auto& right : factor) {
        product.push_back(left);
        product.back().insert(product.back().end(), right.begin(), right.end());
      }
    }
    group.grouping_sets = std::move(product);
  }
  return OkStatus();
}

// One item of GROUP BY as its grouping sets; a plain expression is one set of one.
Status Parser::GroupingItem(std::vector<std::vector<std::vector<ExprPtr>>>& factors, bool& plain) {
  bool rollup = AtWord("ROLLUP") && Peek(1).IsSymbol("(");
  bool cube = AtWord("CUBE") && Peek(1).IsSymbol("(");
  GroupingSets sets;
  if (rollup || cube) {
    Advance();
    RETURN_IF_ERROR(GroupingSetList(sets));
    if (cube && sets.size() > 12) return TooManyGroupingSets();
    sets = rollup ? RollupSets(sets) : CubeSets(sets);
  } else if (AtWords({"GROUPING", "SETS"}) && Peek(2).IsSymbol("(")) {
    Advance();
    Advance();
    RETURN_IF_ERROR(GroupingSetList(sets));
  } else {
    ASSIGN_OR_RETURN(ExprPtr expr, Expression());
    factors.push_back({{std::move(expr)}});
    return OkStatus();
  }
  plain = false;
  factors.push_back(std::move(sets));
  return OkStatus();
}

// "((a, b), a, ())"; a set may itself be GROUPING SETS, ROLLUP or CUBE.
Status Parser::GroupingSetList(std::vector<std::vector<ExprPtr>>& sets) {
  Nesting nesting(*this);
  if (nesting.TooDeep()) return TooComplex();
  RETURN_IF_ERROR(Expect("("));
  do {
    bool nested = AtWords({"GROUPING", "SETS"}) ||
                  ((AtWord("ROLLUP") || AtWord("CUBE")) && Peek(1).IsSymbol("("));
    if (nested) {
      std::vector<GroupingSets> inner;
      bool plain = true;
      RETURN_IF_ERROR(GroupingItem(inner, plain));
      if (sets.size() + inner[0].size() > kMaxGroupingSets) return TooManyGroupingSets();
      sets.insert(sets.end(), inner[0].begin(), inner[0].end());
      continue;
    }
    ASSIGN_OR_RETURN(std::vector<ExprPtr> set, GroupingSet());
    sets.push_back(std::move(set));
  } while (Accept(","));
  return Expect(")");
}

// "(a, b)", "()" or "a"
Result<std::vector<ExprPtr>> Parser::GroupingSet() {
  if (At("(") && Peek(1).IsSymbol(")")) {
    Advance();
    Advance();
    return std::vector<ExprPtr>();
  }
  ASSIGN_OR_RETURN(ExprPtr expr, Expression());
  if (expr != last_row_) return std::vector<ExprPtr>{std::move(expr)};
  const auto& row = std::get<FunctionExpr>(expr->node).args;
  std::vector<ExprPtr> set;
  for (size_t i = 1; i < row.size(); i += 2) set.push_back(row[i]);
  return set;
}

// WINDOW w AS (…), v AS w
Status Parser::WindowClause(NamedWindows& windows) {
  if (!AtWord("WINDOW") || !Peek(1).IsIdentifier() || !Peek(2).IsWord("AS")) return OkStatus();
  Advance();
  do {
    size_t begin = at_;
    ASSIGN_OR_RETURN(std::string name, Identifier());
    RETURN_IF_ERROR(ExpectWord("AS"));
    WindowSpec spec;
    bool reference = !At("(") || (Peek(1).IsIdentifier() && Peek(2).IsSymbol(")"));
    if (reference) {
      bool parens = Accept("(");
      ASSIGN_OR_RETURN(std::string other, Identifier());
      if (parens) RETURN_IF_ERROR(Expect(")"));
      auto found = std::ranges::find_if(windows, [&](const auto& w) { return EqualsIgnoreCase(w.first, other); });
      if (found == windows.end()) return MissingWindow(other, SpanFrom(begin));
      spec = found->second;
    } else {
      ASSIGN_OR_RETURN(spec, WindowSpecification());
    }
    windows.emplace_back(std::move(name), std::move(spec));
  } while (Accept(","));
  return OkStatus();
}

// Gives every OVER w since `first_pending` its meaning.
Status Parser::DefineWindows(const NamedWindows& windows, size_t first_pending) {
  for (size_t i = first_pending; i < pending_windows_.size(); ++i) {
    PendingWindow& pending = pending_windows_[i];
    auto found = std::ranges::find_if(windows, [&](const auto& w) { return EqualsIgnoreCase(w.first, pending.name); });
    if (found == windows.end()) return MissingWindow(pending.name, pending.span);
    std::get<WindowExpr>(pending.expr->node).spec = found->second;
  }
  pending_windows_.resize(first_pending);
  return OkStatus();
}

// VALUES (1, 'a'), (2, 'b') [AS t(a, b)]
Result<RelationPtr> Parser::InlineTable() {
  size_t begin = at_;
  ASSIGN_OR_RETURN(RelationPtr values, Values());
  return OptionalAlias(std::move(values), begin);
}

Result<RelationPtr> Parser::Values() {
  size_t begin = at_;
  RETURN_IF_ERROR(ExpectWord("VALUES"));
  ValuesRelation values;
  do {
    bool row = At("(");
    ASSIGN_OR_RETURN(ExprPtr expr, Expression());
    if (row && expr == last_row_) {
      const auto& fields = std::get<FunctionExpr>(expr->node).args;
      std::vector<ExprPtr> cells;
      for (size_t i = 1; i < fields.size(); i += 2) cells.push_back(fields[i]);
      values.rows.push_back(std::move(cells));
    } else {
      values.rows.push_back({std::move(expr)});
    }
  } while (Accept(","));
  return MakeRelation(std::move(values), SpanFrom(begin));
}

}  // namespace ashlar::sql
