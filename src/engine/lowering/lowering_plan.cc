#include <algorithm>

#include "base/text.h"
#include "engine/scan/arrow_input.h"
#include "engine/duck_types.h"
#include "engine/lowering/lowerer.h"
#include "engine/spark_error.h"

namespace ashlar::engine {
namespace {

using sql::Attribute;
using sql::AttributeId;
using sql::Plan;
using sql::TypedExprPtr;

// spark.sql.cteRecursionLevelLimit
constexpr int kRecursionLevels = 100;
// A condition deeper than this is computed once, below the filter.
constexpr int kFilterInlineDepth = 5;

// Whether the block's columns are all plain names of its FROM, and nothing else happens in it.
bool IsBare(const SelectBlock& block) {
  if (block.from.empty() || !block.where.empty() || !block.order_by.empty() || !block.limit.empty()) {
    return false;
  }
  return std::ranges::all_of(block.columns, [](const auto& column) {
    return column.second.depth == 0 && !column.second.is_literal;
  });
}

std::string PositionName(size_t i) { return "p" + std::to_string(i); }

std::string_view JoinKeyword(sql::JoinKind kind, bool has_condition) {
  switch (kind) {
    case sql::JoinKind::kInner: return has_condition ? " JOIN " : " CROSS JOIN ";
    case sql::JoinKind::kCross: return has_condition ? " JOIN " : " CROSS JOIN ";
    case sql::JoinKind::kLeft: return " LEFT JOIN ";
    case sql::JoinKind::kRight: return " RIGHT JOIN ";
    case sql::JoinKind::kFull: return " FULL JOIN ";
    case sql::JoinKind::kLeftSemi: return " SEMI JOIN ";
    case sql::JoinKind::kLeftAnti: return " ANTI JOIN ";
  }
  return {};
}

std::string_view SetOpKeyword(sql::SetOpKind kind) {
  switch (kind) {
    case sql::SetOpKind::kUnion: return " UNION ";
    case sql::SetOpKind::kIntersect: return " INTERSECT ";
    case sql::SetOpKind::kExcept: return " EXCEPT ";
  }
  return {};
}

}  // namespace

Result<SelectBlock> Lowerer::Block(const Plan& plan) {
  DepthGuard guard(*this);
  if (guard.exceeded()) {
    return MakeSqlError("EXCEEDED_PLAN_DEPTH", "54001",
                        "The plan is nested more than " + std::to_string(kMaxNesting) + " levels deep.");
  }
  return std::visit([&](const auto& node) { return Lower(node, plan); }, plan.node);
}

Result<std::string> Lowerer::Query(const Plan& plan) {
  ASSIGN_OR_RETURN(SelectBlock block, Block(plan));
  std::string out = "SELECT ";
  for (size_t i = 0; i < plan.output.size(); ++i) {
    AttributeId id = plan.output[i].id;
    CHECK(block.columns.contains(id)) << "column #" << id << " is not made by its plan";
    out += (i > 0 ? ", " : "") + block.columns.at(id).sql + " AS " + ColumnName(id);
  }
  if (plan.output.empty()) out += "1 AS c_";
  return out + RenderTail(block);
}

Result<std::string> Lowerer::PositionalQuery(const Plan& plan) {
  ASSIGN_OR_RETURN(SelectBlock block, Block(plan));
  std::string out = "SELECT ";
  for (size_t i = 0; i < plan.output.size(); ++i) {
    CHECK(block.columns.contains(plan.output[i].id));
    out += (i > 0 ? ", " : "") + block.columns.at(plan.output[i].id).sql + " AS " + PositionName(i);
  }
  if (plan.output.empty()) out += "1 AS p0";
  return out + RenderTail(block);
}

SelectBlock Lowerer::Wrap(const SelectBlock& block) {
  std::string alias = NewAlias();
  SelectBlock out;
  out.from = "(" + RenderSelect(block) + ") AS " + alias;
  for (AttributeId id : block.order) {
    out.Add(id, {.sql = alias + "." + ColumnName(id), .can_throw = false});
  }
  return out;
}

SelectBlock Lowerer::FromPositional(const std::string& text, const std::vector<Attribute>& output) {
  std::string alias = NewAlias();
  SelectBlock out;
  out.from = "(" + text + ") AS " + alias;
  for (size_t i = 0; i < output.size(); ++i) {
    out.Add(output[i].id, {.sql = alias + "." + PositionName(i)});
  }
  return out;
}

void Lowerer::MakeInlinable(SelectBlock& block, const std::vector<TypedExprPtr>& exprs) {
  std::map<AttributeId, int> counts;
  bool seen_from_subquery = false;
  for (const TypedExprPtr& expr : exprs) {
    CountColumns(*expr, counts);
    seen_from_subquery = seen_from_subquery || HasSubquery(*expr);
  }
  auto must_wrap = [&](const auto& column) {
    const SqlText& text = column.second;
    if (text.depth == 0) return false;
    if (seen_from_subquery) return true;
    auto used = counts.find(column.first);
    if (used == counts.end()) return false;
    return used->second > 1 || text.once || text.depth > kInlineDepth;
  };
  if (std::ranges::any_of(block.columns, must_wrap)) block = Wrap(block);
}

Result<SelectBlock> Lowerer::Lower(const sql::ScanPlan& node, const Plan& plan) {
  auto table = std::dynamic_pointer_cast<const EngineTable>(node.table);
  if (node.with_row_position && options_.row_position_table) table = options_.row_position_table;
  if (!table) return NotImplemented("scanning a table that this engine did not open");
  ASSIGN_OR_RETURN(std::string from,
                   table->FromSql(node.column_indexes, node.with_row_position, bindings_));
  std::string alias = NewAlias();
  SelectBlock out;
  out.from = from + " AS " + alias;
  size_t columns = node.column_indexes.size();
  CHECK_EQ(plan.output.size(), columns + (node.with_row_position ? 2 : 0));
  for (size_t i = 0; i < columns; ++i) {
    std::string column = alias + ".k" + std::to_string(node.column_indexes[i]);
    const DataType& type = plan.output[i].type;
    // The same value, as an expression: conditions on it are not handed to the reader.
    if (HoldsBinary(type)) column = "ashlar_rename(" + column + ", CAST(NULL AS " + DuckTypeSql(type) + "))";
    out.Add(plan.output[i].id, {.sql = std::move(column)});
  }
  if (node.with_row_position) {
    out.Add(plan.output[columns].id, {.sql = alias + ".k_file"});
    out.Add(plan.output[columns + 1].id, {.sql = alias + ".k_row"});
  }
  return out;
}

Result<SelectBlock> Lowerer::Lower(const sql::ValuesPlan& node, const Plan& plan) {
  if (node.rows.empty()) return Lower(sql::EmptyPlan{}, plan);
  std::string rows;
  for (const auto& row : node.rows) {
    rows += rows.empty() ? "(" : ", (";
    for (size_t i = 0; i < row.size(); ++i) {
      ASSIGN_OR_RETURN(auto text, Expr(*row[i]));
      rows += (i > 0 ? ", " : "") + text.sql;
    }
    rows += ")";
  }
  std::string alias = NewAlias();
  std::string names;
  SelectBlock out;
  for (size_t i = 0; i < plan.output.size(); ++i) {
    names += (i > 0 ? ", " : "") + PositionName(i);
    out.Add(plan.output[i].id, {.sql = alias + "." + PositionName(i)});
  }
  out.from = "(VALUES " + rows + ") AS " + alias + "(" + names + ")";
  return out;
}

Result<SelectBlock> Lowerer::Lower(const sql::LocalDataPlan& node, const Plan& plan) {
  ASSIGN_OR_RETURN(auto target, OpenArrowInput(node.arrow_ipc, plan.output));
  int64_t id = bindings_.Bind(std::move(target));
  std::string columns;
  for (size_t i = 0; i < plan.output.size(); ++i) {
    columns += (i > 0 ? ", CAST(" : "CAST(") + PositionName(i) + " AS " +
               DuckTypeSql(plan.output[i].type) + ") AS " + PositionName(i);
  }
  return FromPositional("SELECT " + columns + " FROM ashlar_arrow(" + std::to_string(id) + ")", plan.output);
}

Result<SelectBlock> Lowerer::Lower(const sql::RangePlan& node, const Plan& plan) {
  CHECK_EQ(plan.output.size(), size_t{1});
  std::string alias = NewAlias();
  SelectBlock out;
  out.from = "range(" + std::to_string(node.start) + ", " + std::to_string(node.end) + ", " +
             std::to_string(node.step) + ") AS " + alias + "(p0)";
  out.Add(plan.output[0].id, {.sql = alias + ".p0"});
  return out;
}

Result<SelectBlock> Lowerer::Lower(const sql::ProjectPlan& node, const Plan&) {
  ASSIGN_OR_RETURN(SelectBlock block, Block(*node.input));
  std::vector<TypedExprPtr> exprs;
  for (const sql::NamedExpr& column : node.columns) exprs.push_back(column.expr);
  MakeInlinable(block, exprs);
  bool computes = std::ranges::any_of(
      exprs, [](const TypedExprPtr& e) { return !std::holds_alternative<sql::ColumnNode>(e->node); });
  // DuckDB may compute a projection for rows the limit cuts off.
  if (computes && !block.limit.empty()) block = Wrap(block);
  SelectBlock out;
  out.from = block.from;
  out.from_is_join = block.from_is_join;
  out.where = block.where;
  out.order_by = block.order_by;
  out.limit = block.limit;
  ScopeGuard scope(*this, block);
  for (const sql::NamedExpr& column : node.columns) {
    ASSIGN_OR_RETURN(auto text, Expr(*column.expr));
    out.Add(column.attribute.id, std::move(text));
  }
  return out;
}

Result<SelectBlock> Lowerer::Lower(const sql::FilterPlan& node, const Plan&) {
  ASSIGN_OR_RETURN(SelectBlock block, Block(*node.input));
  MakeInlinable(block, {node.condition});
  std::map<AttributeId, int> counts;
  CountColumns(*node.condition, counts);
  bool heavy = std::ranges::any_of(counts, [&](const auto& use) {
    auto column = block.columns.find(use.first);
    return column != block.columns.end() &&
           (column->second.depth > kFilterInlineDepth || column->second.can_throw);
  });
  if (heavy || !block.limit.empty()) block = Wrap(block);
  // The conjuncts of a WHERE need no guard against evaluation: DuckDB narrows row by row and keeps
  // their order when one can throw.
  std::vector<const sql::TypedExpr*> pending = {node.condition.get()};
  std::vector<std::string> conjuncts;
  {
    ScopeGuard scope(*this, block);
    while (!pending.empty()) {
      const sql::TypedExpr* expr = pending.back();
      pending.pop_back();
      auto* call = std::get_if<sql::CallNode>(&expr->node);
      if (call && call->name == "and") {
        for (auto arg = call->args.rbegin(); arg != call->args.rend(); ++arg) pending.push_back(arg->get());
        continue;
      }
      in_use_ = IsInSubquery(*expr) ? InUse::kConjunct : InUse::kValue;
      auto lowered = Expr(*expr);
      in_use_ = InUse::kValue;
      ASSIGN_OR_RETURN(auto text, std::move(lowered));
      conjuncts.push_back(std::move(text.sql));
    }
  }
  block.where.insert(block.where.end(), conjuncts.begin(), conjuncts.end());
  return block;
}

Status Lowerer::JoinOperands(const sql::JoinPlan& node, SelectBlock& left, SelectBlock& right) {
  ASSIGN_OR_RETURN(left, Block(*node.left));
  if (!IsBare(left)) left = Wrap(left);
  if (!node.lateral) {
    ASSIGN_OR_RETURN(right, Block(*node.right));
    if (!IsBare(right)) right = Wrap(right);
    if (right.from_is_join) right.from = "(" + right.from + ")";
    return {};
  }
  ScopeGuard scope(*this, left);
  ASSIGN_OR_RETURN(right, Block(*node.right));
  right = Wrap(right);
  right.from = "LATERAL " + right.from;
  return {};
}

Result<SelectBlock> Lowerer::Lower(const sql::JoinPlan& node, const Plan&) {
  SelectBlock left, right;
  RETURN_IF_ERROR(JoinOperands(node, left, right));
  SelectBlock both = left;
  for (AttributeId id : right.order) both.Add(id, right.columns.at(id));
  bool semi = node.kind == sql::JoinKind::kLeftSemi || node.kind == sql::JoinKind::kLeftAnti;
  bool inner = node.kind == sql::JoinKind::kInner || node.kind == sql::JoinKind::kCross;
  std::string condition;
  if (node.condition) {
    ScopeGuard scope(*this, both);
    ASSIGN_OR_RETURN(auto text, Expr(*node.condition));
    condition = text.sql;
  } else if (!inner) {
    condition = "TRUE";
  }
  // DuckDB takes no subqueries in ON.
  bool as_filter = inner && node.condition && (HasSubquery(*node.condition) || node.lateral);
  SelectBlock out = semi ? left : both;
  out.from = left.from + std::string(JoinKeyword(node.kind, !condition.empty() && !as_filter)) + right.from;
  if (!condition.empty() && !as_filter) out.from += " ON " + condition;
  if (as_filter) out.where.push_back(condition);
  out.from_is_join = true;
  return out;
}

Result<SelectBlock> Lowerer::Lower(const sql::SetOpPlan& node, const Plan& plan) {
  // A chain of UNION ALL is one flat list, however long.
  std::vector<const Plan*> operands = {node.right.get()};
  const Plan* first = node.left.get();
  while (auto* inner = std::get_if<sql::SetOpPlan>(&first->node)) {
    if (node.kind != sql::SetOpKind::kUnion || !node.all) break;
    if (inner->kind != node.kind || !inner->all) break;
    operands.push_back(inner->right.get());
    first = inner->left.get();
  }
  operands.push_back(first);
  std::string text;
  for (auto operand = operands.rbegin(); operand != operands.rend(); ++operand) {
    ASSIGN_OR_RETURN(std::string query, PositionalQuery(**operand));
    if (!text.empty()) text += std::string(SetOpKeyword(node.kind)) + (node.all ? "ALL " : "");
    text += "(" + query + ")";
  }
  return FromPositional(text, plan.output);
}

Result<SelectBlock> Lowerer::Lower(const sql::SortPlan& node, const Plan&) {
  ASSIGN_OR_RETURN(SelectBlock block, Block(*node.input));
  std::vector<TypedExprPtr> exprs;
  for (const sql::TypedSortOrder& item : node.order) exprs.push_back(item.expr);
  MakeInlinable(block, exprs);
  if (!block.limit.empty()) block = Wrap(block);
  ScopeGuard scope(*this, block);
  ASSIGN_OR_RETURN(block.order_by, OrderBy(node.order));
  return block;
}

Result<SelectBlock> Lowerer::Lower(const sql::LimitPlan& node, const Plan&) {
  ASSIGN_OR_RETURN(SelectBlock block, Block(*node.input));
  if (!block.limit.empty()) block = Wrap(block);
  if (node.limit) block.limit = "LIMIT " + std::to_string(*node.limit);
  if (node.offset > 0) {
    block.limit += (block.limit.empty() ? "OFFSET " : " OFFSET ") + std::to_string(node.offset);
  }
  return block;
}

Result<SelectBlock> Lowerer::Lower(const sql::TailPlan& node, const Plan&) {
  ASSIGN_OR_RETURN(SelectBlock block, Block(*node.input));
  block = Wrap(block);
  std::string alias = NewAlias();
  SelectBlock out;
  out.from = "(SELECT *, row_number() OVER () AS rn_, count(*) OVER () AS cnt_ FROM " + block.from +
             ") AS " + alias;
  for (AttributeId id : block.order) out.Add(id, {.sql = alias + "." + ColumnName(id)});
  out.where.push_back(alias + ".rn_ > " + alias + ".cnt_ - " + std::to_string(node.count));
  out.order_by = alias + ".rn_";
  return out;
}

Result<SelectBlock> Lowerer::Lower(const sql::DistinctPlan& node, const Plan&) {
  ASSIGN_OR_RETURN(SelectBlock block, Block(*node.input));
  if (!IsBare(block)) block = Wrap(block);
  std::string keys;
  for (AttributeId id : node.on) keys += (keys.empty() ? "" : ", ") + block.columns.at(id).sql;
  std::string select = RenderSelect(block).substr(std::string_view("SELECT ").size());
  std::string alias = NewAlias();
  SelectBlock out;
  out.from = "(SELECT DISTINCT " + (keys.empty() ? "" : "ON (" + keys + ") ") + select + ") AS " + alias;
  for (AttributeId id : block.order) out.Add(id, {.sql = alias + "." + ColumnName(id)});
  return out;
}

Result<SelectBlock> Lowerer::Lower(const sql::SamplePlan& node, const Plan&) {
  ASSIGN_OR_RETURN(SelectBlock block, Block(*node.input));
  block = Wrap(block);
  if (node.rows) {
    block.limit = "LIMIT " + std::to_string(*node.rows);
    return block;
  }
  if (node.seed) {
    // A seed means the same rows again, which DuckDB's sampling gives to a single thread only.
    std::string numbered = NewAlias();
    SelectBlock out;
    out.from = "(SELECT *, row_number() OVER () AS rn_ FROM (" + RenderSelect(block) + ")) AS " + numbered;
    for (AttributeId id : block.order) out.Add(id, {.sql = numbered + "." + ColumnName(id)});
    out.where.push_back("hash(" + numbered + ".rn_, " + std::to_string(*node.seed) + ") / 18446744073709551616.0 < " +
                        std::to_string(node.fraction));
    return out;
  }
  // The grammar wants a plain number.
  std::string percent = std::to_string(node.fraction * 100);
  std::string select = RenderSelect(block) + " USING SAMPLE " + percent + " PERCENT (bernoulli)";
  std::string alias = NewAlias();
  SelectBlock out;
  out.from = "(" + select + ") AS " + alias;
  for (AttributeId id : block.order) out.Add(id, {.sql = alias + "." + ColumnName(id)});
  return out;
}

Result<std::string> Lowerer::CteDefinition(const sql::CteDefinitionPlan& definition) {
  Cte cte{.name = "cte" + std::to_string(definition.cte_id), .width = definition.plan->output.size()};
  std::string text;
  if (!definition.recursive_plan) {
    ASSIGN_OR_RETURN(text, PositionalQuery(*definition.plan));
    ctes_[definition.cte_id] = cte;
    return cte.name + " AS (" + text + ")";
  }
  ASSIGN_OR_RETURN(text, PositionalQuery(*definition.plan));
  ctes_[definition.cte_id] = cte;
  ASSIGN_OR_RETURN(std::string step, PositionalQuery(*definition.recursive_plan));
  // Each row carries how deep it was made: Spark stops at a level, DuckDB would not stop at all.
  std::string limit = std::to_string(definition.max_level.value_or(kRecursionLevels));
  Error too_deep = MakeSqlError("RECURSION_LEVEL_LIMIT_EXCEEDED", "42836",
                                "Recursion level limit " + limit + " reached but query has not exhausted, try "
                                "increasing it like 'WITH RECURSIVE t(col) MAX RECURSION LEVEL 200'.",
                                {{"levelLimit", limit}});
  return cte.name + " AS (SELECT *, 0 AS level_ FROM (" + text + ") UNION ALL SELECT s_.*, CASE WHEN l_.level_ >= " +
         limit + " THEN CAST(error(" + QuoteSqlString(EncodeSparkError(too_deep)) +
         ") AS INTEGER) ELSE l_.level_ + 1 END FROM (" + step + ") AS s_, (SELECT max(level_) AS level_ FROM " +
         cte.name + ") AS l_)";
}

Result<SelectBlock> Lowerer::Lower(const sql::CtePlan& node, const Plan&) {
  std::string with;
  bool recursive = false;
  for (const sql::CteDefinitionPlan& definition : node.definitions) {
    ASSIGN_OR_RETURN(std::string text, CteDefinition(definition));
    with += (with.empty() ? "" : ", ") + text;
    recursive = recursive || definition.recursive_plan;
  }
  ASSIGN_OR_RETURN(SelectBlock block, Block(*node.input));
  std::string alias = NewAlias();
  SelectBlock out;
  out.from = std::string("(WITH ") + (recursive ? "RECURSIVE " : "") + with + " " + RenderSelect(block) +
             ") AS " + alias;
  for (AttributeId id : block.order) out.Add(id, {.sql = alias + "." + ColumnName(id)});
  return out;
}

Result<SelectBlock> Lowerer::Lower(const sql::CteRefPlan& node, const Plan& plan) {
  auto it = ctes_.find(node.cte_id);
  CHECK(it != ctes_.end()) << "CTE " << node.cte_id << " is used before its definition";
  CHECK_EQ(it->second.width, plan.output.size());
  std::string alias = NewAlias();
  SelectBlock out;
  out.from = it->second.name + " AS " + alias;
  for (size_t i = 0; i < plan.output.size(); ++i) {
    out.Add(plan.output[i].id, {.sql = alias + "." + PositionName(i)});
  }
  return out;
}

Result<SelectBlock> Lowerer::Lower(const sql::SecurityBarrierPlan& node, const Plan&) {
  ASSIGN_OR_RETURN(SelectBlock block, Block(*node.input));
  block = Wrap(block);
  // DuckDB pushes no filter below a window over all rows; that nobody reads its number lets the
  // window itself be dropped afterwards.
  std::string alias = NewAlias();
  SelectBlock out;
  out.from = "(SELECT *, row_number() OVER () AS barrier_ FROM " + block.from + ") AS " + alias;
  for (AttributeId id : block.order) out.Add(id, {.sql = alias + "." + ColumnName(id)});
  return out;
}

Result<SelectBlock> Lowerer::Lower(const sql::OneRowPlan&, const Plan&) { return SelectBlock{}; }

Result<SelectBlock> Lowerer::Lower(const sql::EmptyPlan&, const Plan& plan) {
  SelectBlock out;
  for (const Attribute& column : plan.output) {
    out.Add(column.id, {.sql = LiteralSql(Value::Null(column.type)), .is_literal = true});
  }
  out.where.push_back("FALSE");
  return out;
}

}  // namespace ashlar::engine
