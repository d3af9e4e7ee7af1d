#include <algorithm>

#include "base/text.h"
#include "engine/duck_types.h"
#include "engine/lowering/lowerer.h"

namespace ashlar::engine {
namespace {

using sql::AttributeId;
using sql::NamedExpr;
using sql::Plan;
using sql::TypedExprPtr;

// A list that makes one row of NULL where the generator would make none.
std::string NullRowIfEmpty(const std::string& list) {
  return "(CASE WHEN len(" + list + ") > 0 THEN " + list + " ELSE [NULL] END)";
}

std::string Positions(const std::string& list) {
  return "CAST(range(len(" + list + ")) AS INTEGER[])";
}

}  // namespace

Result<SelectBlock> Lowerer::Lower(const sql::AggregatePlan& node, const Plan&) {
  ASSIGN_OR_RETURN(SelectBlock block, Block(*node.input));
  std::vector<TypedExprPtr> exprs;
  for (const NamedExpr& key : node.grouping) exprs.push_back(key.expr);
  for (const NamedExpr& aggregate : node.aggregates) exprs.push_back(aggregate.expr);
  MakeInlinable(block, exprs);
  // A sorted input keeps its order in a subselect: first() and collect_list() see it.
  if (!block.limit.empty() || !block.order_by.empty()) block = Wrap(block);
  if (!node.grouping_sets.empty()) return GroupingSets(node, std::move(block));
  ScopeGuard scope(*this, block);
  std::string select, keys;
  std::string alias = NewAlias();
  SelectBlock out;
  auto add = [&](const NamedExpr& column, const SqlText& text) {
    std::string name = ColumnName(column.attribute.id);
    select += (select.empty() ? "" : ", ") + text.sql + " AS " + name;
    out.Add(column.attribute.id, {.sql = alias + "." + name});
  };
  for (size_t i = 0; i < node.grouping.size(); ++i) {
    ASSIGN_OR_RETURN(auto text, Expr(*node.grouping[i].expr));
    add(node.grouping[i], text);
    keys += (keys.empty() ? " GROUP BY " : ", ") + std::to_string(i + 1);
  }
  for (const NamedExpr& aggregate : node.aggregates) {
    ASSIGN_OR_RETURN(auto text, Expr(*aggregate.expr));
    add(aggregate, text);
  }
  if (select.empty()) select = "count(*) AS c_";
  out.from = "(SELECT " + select + RenderTail(block) + keys + ") AS " + alias;
  return out;
}

Result<SelectBlock> Lowerer::GroupingSets(const sql::AggregatePlan& node, SelectBlock input) {
  // The keys get columns of their own, so that aggregates over the same expressions still see the
  // values that a grouping set leaves out.
  std::string inner = NewAlias();
  std::string select = RenderSelect(input);
  std::string tail = RenderTail(input);
  select.resize(select.size() - tail.size());
  std::vector<SqlText> keys;
  {
    ScopeGuard scope(*this, input);
    for (size_t i = 0; i < node.grouping.size(); ++i) {
      ASSIGN_OR_RETURN(auto text, Expr(*node.grouping[i].expr));
      select += ", " + text.sql + " AS g" + std::to_string(i);
      keys.push_back({.sql = inner + ".g" + std::to_string(i)});
    }
  }
  SelectBlock block;
  block.from = "(" + select + tail + ") AS " + inner;
  for (AttributeId id : input.order) block.Add(id, {.sql = inner + "." + ColumnName(id)});
  std::string alias = NewAlias();
  std::string columns, sets;
  SelectBlock out;
  auto add = [&](const NamedExpr& column, const std::string& text) {
    std::string name = ColumnName(column.attribute.id);
    columns += (columns.empty() ? "" : ", ") + text + " AS " + name;
    out.Add(column.attribute.id, {.sql = alias + "." + name});
  };
  auto outer_keys = std::exchange(grouping_keys_, {});
  for (size_t i = 0; i < node.grouping.size(); ++i) {
    add(node.grouping[i], keys[i].sql);
    grouping_keys_[node.grouping[i].attribute.id] = keys[i];
  }
  for (const auto& set : node.grouping_sets) {
    sets += sets.empty() ? "(" : ", (";
    for (size_t i = 0; i < set.size(); ++i) sets += (i > 0 ? ", " : "") + keys[set[i]].sql;
    sets += ")";
  }
  ScopeGuard scope(*this, block);
  for (const NamedExpr& aggregate : node.aggregates) {
    ASSIGN_OR_RETURN(auto text, Expr(*aggregate.expr));
    add(aggregate, text.sql);
  }
  grouping_keys_ = std::move(outer_keys);
  out.from = "(SELECT " + columns + " FROM " + block.from + " GROUP BY GROUPING SETS (" + sets +
             // Of no rows Spark makes no grand total.
             ") HAVING count(*) > 0) AS " + alias;
  return out;
}

Result<SelectBlock> Lowerer::Lower(const sql::WindowPlan& node, const Plan&) {
  ASSIGN_OR_RETURN(SelectBlock block, Block(*node.input));
  std::vector<TypedExprPtr> exprs;
  for (const NamedExpr& window : node.windows) exprs.push_back(window.expr);
  MakeInlinable(block, exprs);
  if (!block.limit.empty() || !block.order_by.empty()) block = Wrap(block);
  SelectBlock extended = block;
  {
    ScopeGuard scope(*this, block);
    for (const NamedExpr& window : node.windows) {
      ASSIGN_OR_RETURN(auto text, Expr(*window.expr));
      extended.Add(window.attribute.id, std::move(text));
    }
  }
  return Wrap(extended);
}

Result<std::vector<std::string>> Lowerer::GeneratorLists(const sql::GeneratePlan& node,
                                                         const std::vector<SqlText>& args) {
  const DataType& type = node.args[0]->type;
  const std::string& arg = args[0].sql;
  std::vector<std::string> lists;
  switch (node.kind) {
    case sql::GeneratorKind::kExplode:
    case sql::GeneratorKind::kPosExplode:
      if (type.Is(TypeId::kMap)) {
        lists = {"map_keys(" + arg + ")", "map_values(" + arg + ")"};
      } else {
        lists = {arg};
      }
      if (node.kind == sql::GeneratorKind::kPosExplode) lists.insert(lists.begin(), Positions(lists[0]));
      break;
    case sql::GeneratorKind::kInline:
      lists = {type.Is(TypeId::kVariant) ? "spark_variant_entries(" + arg + ")" : arg};
      break;
    case sql::GeneratorKind::kStack: {
      auto* rows = std::get_if<sql::LiteralNode>(&node.args[0]->node);
      if (rows == nullptr || !std::holds_alternative<int64_t>(rows->value.data)) {
        return NotImplemented("stack with a number of rows that is not a literal");
      }
      size_t count = static_cast<size_t>(std::get<int64_t>(rows->value.data));
      CHECK(count > 0);
      size_t width = (node.args.size() - 1 + count - 1) / count;
      for (size_t column = 0; column < width; ++column) {
        std::string list = "[";
        for (size_t row = 0; row < count; ++row) {
          size_t i = 1 + row * width + column;
          list += (row > 0 ? ", " : "") + (i < args.size() ? args[i].sql : "NULL");
        }
        lists.push_back(list + "]");
      }
      break;
    }
    case sql::GeneratorKind::kJsonTuple:
      for (size_t i = 1; i < args.size(); ++i) {
        auto* name = std::get_if<sql::LiteralNode>(&node.args[i]->node);
        if (name == nullptr || !std::holds_alternative<std::string>(name->value.data)) {
          return NotImplemented("json_tuple with names that are not literals");
        }
        std::string path = "$['" + std::get<std::string>(name->value.data) + "']";
        lists.push_back("[spark_get_json_object(" + arg + ", " + QuoteSqlString(path) + ")]");
      }
      break;
  }
  if (node.outer) std::ranges::transform(lists, lists.begin(), NullRowIfEmpty);
  return lists;
}

Result<SelectBlock> Lowerer::Lower(const sql::GeneratePlan& node, const Plan& plan) {
  ASSIGN_OR_RETURN(SelectBlock block, Block(*node.input));
  MakeInlinable(block, node.args);
  if (!block.limit.empty() || !block.order_by.empty() || block.from.empty()) block = Wrap(block);
  // The arguments become columns of a subselect: the lists mention them more than once.
  std::string inner = NewAlias();
  std::string select = RenderSelect(block);
  std::string tail = RenderTail(block);
  select.resize(select.size() - tail.size());
  std::vector<SqlText> args;
  {
    ScopeGuard scope(*this, block);
    for (size_t i = 0; i < node.args.size(); ++i) {
      ASSIGN_OR_RETURN(auto text, Expr(*node.args[i]));
      select += ", " + text.sql + " AS g" + std::to_string(i);
      args.push_back({.sql = inner + ".g" + std::to_string(i)});
    }
  }
  ASSIGN_OR_RETURN(auto lists, GeneratorLists(node, args));
  std::string alias = NewAlias();
  std::string columns;
  SelectBlock out;
  for (AttributeId id : block.order) {
    columns += (columns.empty() ? "" : ", ") + inner + "." + ColumnName(id) + " AS " + ColumnName(id);
    out.Add(id, {.sql = alias + "." + ColumnName(id)});
  }
  for (size_t i = 0; i < lists.size(); ++i) {
    columns += (columns.empty() ? "unnest(" : ", unnest(") + lists[i] + ") AS u" + std::to_string(i);
  }
  out.from = "(SELECT " + columns + " FROM (" + select + tail + ") AS " + inner + ") AS " + alias;
  size_t made = plan.output.size() - block.order.size();
  for (size_t i = 0; i < made; ++i) {
    SqlText text;
    if (node.kind == sql::GeneratorKind::kInline) {
      text = {.sql = "struct_extract(" + alias + ".u0, 'f" + std::to_string(i) + "')", .depth = 1};
    } else {
      CHECK_LT(i, lists.size());
      text = {.sql = alias + ".u" + std::to_string(i)};
    }
    out.Add(plan.output[block.order.size() + i].id, std::move(text));
  }
  return out;
}

}  // namespace ashlar::engine
