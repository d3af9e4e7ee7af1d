// Typed plans by hand, for tests of this module.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sql/plan.h"

namespace ashlar::engine::plan_builder {

inline sql::TypedExprPtr Literal(Value value) {
  sql::TypedExpr expr{.type = value.type, .nullable = value.is_null(), .span = {}, .node = sql::LiteralNode{value}};
  return std::make_shared<const sql::TypedExpr>(std::move(expr));
}
inline sql::TypedExprPtr Int(int32_t v) { return Literal(Value::Int(v)); }
inline sql::TypedExprPtr Long(int64_t v) { return Literal(Value::Long(v)); }
inline sql::TypedExprPtr Text(std::string v) { return Literal(Value::String(std::move(v))); }

inline sql::TypedExprPtr Column(sql::AttributeId id, DataType type) {
  sql::TypedExpr expr{.type = std::move(type), .nullable = true, .span = {},
                      .node = sql::ColumnNode{id, "#" + std::to_string(id)}};
  return std::make_shared<const sql::TypedExpr>(std::move(expr));
}

struct CallTraits {
  bool deterministic = true;
  bool can_throw = false;
};
inline sql::TypedExprPtr Call(std::string name, std::string lowering, DataType type,
                              std::vector<sql::TypedExprPtr> args, CallTraits traits = {}) {
  sql::CallNode call{std::move(name), std::move(lowering), std::move(args), traits.deterministic,
                     traits.can_throw};
  sql::TypedExpr expr{.type = std::move(type), .nullable = true, .span = {}, .node = std::move(call)};
  return std::make_shared<const sql::TypedExpr>(std::move(expr));
}
inline sql::TypedExprPtr Binary(std::string op, DataType type, sql::TypedExprPtr a, sql::TypedExprPtr b) {
  return Call(op, "{0} " + op + " {1}", std::move(type), {std::move(a), std::move(b)});
}
inline sql::TypedExprPtr Node(DataType type, decltype(sql::TypedExpr::node) node) {
  return std::make_shared<const sql::TypedExpr>(
      sql::TypedExpr{.type = std::move(type), .nullable = true, .span = {}, .node = std::move(node)});
}

inline sql::Attribute Attr(sql::AttributeId id, std::string name, DataType type) {
  return {.id = id, .name = std::move(name), .type = std::move(type)};
}
inline sql::PlanPtr MakePlan(std::vector<sql::Attribute> output, decltype(sql::Plan::node) node) {
  return std::make_shared<const sql::Plan>(sql::Plan{std::move(output), std::move(node)});
}
inline sql::PlanPtr Values(std::vector<sql::Attribute> output,
                           std::vector<std::vector<sql::TypedExprPtr>> rows) {
  return MakePlan(std::move(output), sql::ValuesPlan{std::move(rows)});
}
inline sql::PlanPtr Range(sql::AttributeId id, int64_t end) {
  return MakePlan({Attr(id, "id", TypeId::kLong)}, sql::RangePlan{0, end, 1});
}
inline sql::PlanPtr Project(sql::PlanPtr input, std::vector<sql::NamedExpr> columns) {
  std::vector<sql::Attribute> output;
  for (const auto& column : columns) output.push_back(column.attribute);
  return MakePlan(std::move(output), sql::ProjectPlan{std::move(input), std::move(columns)});
}
inline sql::PlanPtr Filter(sql::PlanPtr input, sql::TypedExprPtr condition) {
  auto output = input->output;
  return MakePlan(std::move(output), sql::FilterPlan{std::move(input), std::move(condition)});
}
inline sql::PlanPtr Sort(sql::PlanPtr input, std::vector<sql::TypedSortOrder> order) {
  auto output = input->output;
  return MakePlan(std::move(output), sql::SortPlan{std::move(input), std::move(order)});
}
inline sql::PlanPtr Limit(sql::PlanPtr input, int64_t limit) {
  auto output = input->output;
  return MakePlan(std::move(output), sql::LimitPlan{std::move(input), limit, 0});
}
inline sql::PlanPtr Join(sql::PlanPtr left, sql::PlanPtr right, sql::JoinKind kind, sql::TypedExprPtr on) {
  auto output = left->output;
  bool semi = kind == sql::JoinKind::kLeftSemi || kind == sql::JoinKind::kLeftAnti;
  if (!semi) output.insert(output.end(), right->output.begin(), right->output.end());
  return MakePlan(std::move(output), sql::JoinPlan{std::move(left), std::move(right), kind, std::move(on), false});
}
inline sql::NamedExpr Named(sql::AttributeId id, std::string name, sql::TypedExprPtr expr) {
  return {Attr(id, std::move(name), expr->type), expr};
}

}  // namespace ashlar::engine::plan_builder
