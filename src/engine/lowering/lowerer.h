// Lowerer: the walk behind lowering.h. Expressions are in lowering_expr.cc, plans in lowering_plan.cc
// and (grouping, windows, generators) lowering_aggregate.cc.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/lowering/lowering.h"
#include "engine/scan/scan_binding.h"
#include "engine/lowering/select_block.h"
#include "sql/plan.h"

namespace ashlar::engine {

// An expression deeper than this starts a new subselect before it is used again.
inline constexpr int kInlineDepth = 40;
// Plans and expressions nested deeper than this are refused, before the stack is.
inline constexpr int kMaxNesting = 3000;

class Lowerer {
 public:
  Lowerer(const LoweringOptions& options, StatementBindings& bindings)
      : options_(options), bindings_(bindings) {}

  // A SELECT whose columns are plan.output, in order.
  Result<std::string> Query(const sql::Plan& plan);
  Result<SqlText> Expr(const sql::TypedExpr& expr);
  // Makes a block's columns visible to Expr.
  void PushScope(const SelectBlock& block) { scopes_.push_back(&block); }

 private:
  class ScopeGuard;
  class DepthGuard;
  struct Cte {
    std::string name;
    size_t width = 0;
  };

  // Plans.
  Result<SelectBlock> Block(const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::ScanPlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::ValuesPlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::LocalDataPlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::RangePlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::ProjectPlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::FilterPlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::AggregatePlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::WindowPlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::JoinPlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::SetOpPlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::SortPlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::LimitPlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::TailPlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::DistinctPlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::GeneratePlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::SamplePlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::CtePlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::CteRefPlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::SecurityBarrierPlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::OneRowPlan& node, const sql::Plan& plan);
  Result<SelectBlock> Lower(const sql::EmptyPlan& node, const sql::Plan& plan);

  std::string NewAlias() { return "t" + std::to_string(next_alias_++); }
  // The rendered block as FROM of a new one, all columns plain.
  SelectBlock Wrap(const SelectBlock& block);
  // A block over `(text) AS t<n>`, whose columns are named p0, p1, … in the order of `output`.
  SelectBlock FromPositional(const std::string& text, const std::vector<sql::Attribute>& output);
  // A query's text with the columns named p0, p1, …
  Result<std::string> PositionalQuery(const sql::Plan& plan);
  // Wraps the block when `exprs` could not have their columns put in their place: used twice, deep,
  // to be evaluated once, or seen from a subquery.
  void MakeInlinable(SelectBlock& block, const std::vector<sql::TypedExprPtr>& exprs);
  Status JoinOperands(const sql::JoinPlan& node, SelectBlock& left, SelectBlock& right);
  Result<std::string> CteDefinition(const sql::CteDefinitionPlan& definition);
  Result<std::string> OrderBy(const std::vector<sql::TypedSortOrder>& order);
  Result<SelectBlock> GroupingSets(const sql::AggregatePlan& node, SelectBlock input);
  // The lists a generator unnests side by side, one a column.
  Result<std::vector<std::string>> GeneratorLists(const sql::GeneratePlan& node,
                                                  const std::vector<SqlText>& args);

  // Expressions.
  Result<SqlText> Lower(const sql::LiteralNode& node, const sql::TypedExpr& expr);
  Result<SqlText> Lower(const sql::ColumnNode& node, const sql::TypedExpr& expr);
  Result<SqlText> Lower(const sql::CallNode& node, const sql::TypedExpr& expr);
  Result<SqlText> Lower(const sql::CastNode& node, const sql::TypedExpr& expr);
  Result<SqlText> Lower(const sql::CaseNode& node, const sql::TypedExpr& expr);
  Result<SqlText> Lower(const sql::FieldNode& node, const sql::TypedExpr& expr);
  Result<SqlText> Lower(const sql::LambdaNode& node, const sql::TypedExpr& expr);
  Result<SqlText> Lower(const sql::AggregateCallNode& node, const sql::TypedExpr& expr);
  Result<SqlText> Lower(const sql::WindowNode& node, const sql::TypedExpr& expr);
  Result<SqlText> Lower(const sql::SubqueryNode& node, const sql::TypedExpr& expr);
  Result<SqlText> Lower(const sql::GroupingNode& node, const sql::TypedExpr& expr);
  Result<SqlText> StructLambda(const sql::LambdaNode& node, bool reduces);
  Result<SqlText> Connective(const sql::CallNode& node);
  // The call of an aggregate without its `finish`.
  Result<SqlText> AggregateCall(const sql::AggregateCallNode& node, const sql::TypedExpr& expr);
  Result<std::string> FrameBound(const sql::TypedFrameBound& bound, const sql::WindowNode& window);
  Result<std::string> Over(const sql::WindowNode& node);

  const LoweringOptions& options_;
  StatementBindings& bindings_;
  std::vector<const SelectBlock*> scopes_;  // innermost last
  std::map<sql::AttributeId, std::string> lambda_params_;
  std::map<int64_t, Cte> ctes_;
  std::map<sql::AttributeId, SqlText> grouping_keys_;  // of the grouping sets being lowered
  // How the IN subquery that is lowered next is used: as a value, under NOT, or as a conjunct of a
  // filter, where NULL and FALSE are one.
  enum class InUse { kValue, kNegated, kConjunct } in_use_ = InUse::kValue;
  int next_alias_ = 1;
  int depth_ = 0;
};

class Lowerer::ScopeGuard {
 public:
  ScopeGuard(Lowerer& lowerer, const SelectBlock& block) : lowerer_(lowerer) {
    lowerer_.scopes_.push_back(&block);
  }
  ~ScopeGuard() { lowerer_.scopes_.pop_back(); }
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;

 private:
  Lowerer& lowerer_;
};

class Lowerer::DepthGuard {
 public:
  explicit DepthGuard(Lowerer& lowerer) : lowerer_(lowerer) { ++lowerer_.depth_; }
  ~DepthGuard() { --lowerer_.depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;
  bool exceeded() const { return lowerer_.depth_ > kMaxNesting; }

 private:
  Lowerer& lowerer_;
};

// Whether evaluating the expression may raise an error.
bool CanThrow(const sql::TypedExpr& expr);

// Calls `visit` for every ColumnNode in the expression; `inside_subquery` for those of subplans is
// reported by HasSubquery instead: their columns cannot be counted here.
void CountColumns(const sql::TypedExpr& expr, std::map<sql::AttributeId, int>& counts);
bool HasSubquery(const sql::TypedExpr& expr);
// x IN (subquery), or NOT of it.
bool IsInSubquery(const sql::TypedExpr& expr);

// Fills a lowering template (see sql::CallNode).
struct TemplateInput {
  const std::vector<SqlText>& args;
  const std::vector<DataType>& arg_types;
  const DataType& type;
  SourceSpan span;
  std::string_view time_zone;
  bool distinct = false;
};
std::string ExpandTemplate(std::string_view lowering, const TemplateInput& input);
// A cast of SQL text, with the functions Spark's casts need.
std::string CastSql(std::string_view sql, const DataType& from, const DataType& to, sql::TypedCastMode mode);
// In parentheses unless it is one call or already in parentheses.
std::string AsOperand(std::string sql);

}  // namespace ashlar::engine
