#include "engine/lowering/lowering.h"

#include "engine/lowering/lowerer.h"

namespace ashlar::engine {

Result<std::string> LowerPlan(const sql::Plan& plan, const LoweringOptions& options,
                              StatementBindings& bindings) {
  Lowerer lowerer(options, bindings);
  return lowerer.Query(plan);
}

Result<std::string> LowerOverBlock(const sql::TypedExpr& expr, const SelectBlock& block,
                                   const LoweringOptions& options, StatementBindings& bindings) {
  Lowerer lowerer(options, bindings);
  lowerer.PushScope(block);
  ASSIGN_OR_RETURN(auto text, lowerer.Expr(expr));
  return text.sql;
}

}  // namespace ashlar::engine
