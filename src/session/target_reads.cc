#include "session/target_reads.h"

#include <algorithm>

#include "engine/row_change.h"
#include "session/delta_write.h"
#include "sql/analyze/typed_tree.h"

namespace ashlar::session {
namespace {

class ScanCount {
 public:
  explicit ScanCount(const sql::AnalyzedTarget& target) : root_(RootOf(*target.table)) {}

  void AddPlan(const sql::Plan& plan) {
    if (const auto* scan = std::get_if<sql::ScanPlan>(&plan.node)) scans_ += RootOf(*scan->table) == root_ ? 1 : 0;
    for (const sql::PlanPtr& input : sql::PlanInputs(plan)) AddPlan(*input);
    sql::VisitPlanExprs(plan, [this](const sql::TypedExprPtr& expr) { AddExpr(expr); });
  }
  void AddExpr(const sql::TypedExprPtr& expr) {
    if (!expr) return;
    sql::VisitExpr(expr, [this](const sql::TypedExpr& part) {
      if (const auto* subquery = std::get_if<sql::SubqueryNode>(&part.node)) AddPlan(*subquery->plan);
      return true;
    });
  }
  bool IsOne() const { return scans_ == 1; }

 private:
  static std::string RootOf(const sql::TableHandle& table) {
    auto snapshot = SnapshotOf(table);
    return snapshot == nullptr ? "" : snapshot->root();
  }

  const std::string root_;
  int scans_ = 0;
};

// Whether the absence of a row is acted on while a row that is there may be left alone.
bool DependsOnUnchangedMatches(const sql::AnalyzedMerge& merge) {
  using Match = sql::MergeClause::Match;
  auto inserts = [](const auto& clause) { return clause.match == Match::kNotMatched; };
  auto changes_all = [](const auto& clause) { return clause.match == Match::kMatched && !clause.condition; };
  return std::ranges::any_of(merge.clauses, inserts) && std::ranges::none_of(merge.clauses, changes_all);
}

bool HasClausesBySource(const sql::AnalyzedMerge& merge) {
  return std::ranges::any_of(merge.clauses, [](const auto& clause) {
    return clause.match == sql::MergeClause::Match::kNotMatchedBySource;
  });
}

}  // namespace

void NoteTargetReads(const sql::AnalyzedRowChange& change, const engine::Connection& connection,
                     delta::Transaction& transaction) {
  ScanCount scans(change.target);
  scans.AddPlan(*change.scan);
  scans.AddExpr(change.condition);
  for (const sql::TypedExprPtr& value : change.new_values) scans.AddExpr(value);
  if (scans.IsOne()) transaction.ReadRowsToMark();
  if (scans.IsOne() && change.condition) {
    transaction.ReadPredicate(engine::PredicateOfTarget(*change.condition, *change.scan, connection.time_zone()));
  } else {
    transaction.ReadWholeTable();
  }
}

void NoteTargetReads(const sql::AnalyzedMerge& merge, const engine::Connection& connection,
                     delta::Transaction& transaction) {
  ScanCount scans(merge.target);
  scans.AddPlan(*merge.target_scan);
  scans.AddPlan(*merge.source);
  scans.AddExpr(merge.condition);
  for (const sql::AnalyzedMergeClause& clause : merge.clauses) {
    scans.AddExpr(clause.condition);
    for (const sql::TypedExprPtr& value : clause.values) scans.AddExpr(value);
  }
  if (scans.IsOne() && !DependsOnUnchangedMatches(merge)) transaction.ReadRowsToMark();
  if (scans.IsOne() && !HasClausesBySource(merge)) {
    transaction.ReadPredicate(engine::PredicateOfTarget(*merge.condition, *merge.target_scan, connection.time_zone()));
  } else {
    transaction.ReadWholeTable();
  }
}

}  // namespace ashlar::session
