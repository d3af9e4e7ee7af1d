#include "session/target_reads.h"

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

}  // namespace

bool ReadsTargetOnce(const sql::AnalyzedRowChange& change) {
  ScanCount scans(change.target);
  scans.AddPlan(*change.scan);
  scans.AddExpr(change.condition);
  for (const sql::TypedExprPtr& value : change.new_values) scans.AddExpr(value);
  return scans.IsOne();
}

bool ReadsTargetOnce(const sql::AnalyzedMerge& merge) {
  ScanCount scans(merge.target);
  scans.AddPlan(*merge.target_scan);
  scans.AddPlan(*merge.source);
  scans.AddExpr(merge.condition);
  for (const sql::AnalyzedMergeClause& clause : merge.clauses) {
    scans.AddExpr(clause.condition);
    for (const sql::TypedExprPtr& value : clause.values) scans.AddExpr(value);
  }
  return scans.IsOne();
}

}  // namespace ashlar::session
