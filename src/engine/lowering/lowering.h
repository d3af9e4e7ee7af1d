// Lowering: a typed plan becomes one DuckDB SELECT. The text depends on nothing but the plan, its
// bindings' numbers and the options, so it can be logged and compared.
//
//   names      column c<attribute id>; FROM items t<n>; nested fields f0, f1, …; lambda parameters l<id>
//   casts      always explicit: every literal and every implicit conversion is typed
//   order      NULLS FIRST or LAST always
//   depth      projections are merged until an expression is kInlineDepth deep, then a new subselect
//              begins: chains of hundreds of projections stay below DuckDB's parser limit
#pragma once

#include <string>

#include "base/result.h"
#include "engine/scan/scan_binding.h"
#include "engine/lowering/select_block.h"
#include "sql/plan.h"

namespace ashlar::engine {

struct LoweringOptions {
  std::string time_zone = "UTC";
  // When set, every scan with row positions reads this instead of its own table: row changes narrow
  // their target to some of its rows.
  std::shared_ptr<const EngineTable> row_position_table = nullptr;
};

// The SELECT whose i-th column is plan.output[i]. Errors: NotImplemented for what has no lowering yet.
Result<std::string> LowerPlan(const sql::Plan& plan, const LoweringOptions& options,
                              StatementBindings& bindings);

// An expression over the columns of a block: for row changes and constraint checks.
Result<std::string> LowerOverBlock(const sql::TypedExpr& expr, const SelectBlock& block,
                                   const LoweringOptions& options, StatementBindings& bindings);

}  // namespace ashlar::engine
