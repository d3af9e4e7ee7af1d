#include "engine/row_change.h"

namespace ashlar::engine {
namespace {

using delta::Predicate;

std::optional<std::vector<std::string>> ColumnPath(const sql::TypedExpr& expr, const Schema& schema) {
  if (auto* column = std::get_if<sql::ColumnNode>(&expr.node)) {
    if (column->id < 0 || column->id >= static_cast<int64_t>(schema.fields.size())) return std::nullopt;
    return std::vector<std::string>{schema.fields[static_cast<size_t>(column->id)].name};
  }
  auto* field = std::get_if<sql::FieldNode>(&expr.node);
  if (field == nullptr) return std::nullopt;
  auto path = ColumnPath(*field->child, schema);
  if (!path || !field->child->type.Is(TypeId::kStruct)) return std::nullopt;
  path->push_back(field->child->type.fields()[static_cast<size_t>(field->index)].name);
  return path;
}

const Value* LiteralOf(const sql::TypedExpr& expr) {
  auto* literal = std::get_if<sql::LiteralNode>(&expr.node);
  return literal == nullptr ? nullptr : &literal->value;
}

struct Comparison {
  std::string_view name;
  Predicate::Kind kind;
  Predicate::Kind mirrored;  // with the column on the right
};
constexpr Comparison kComparisons[] = {
    {"=", Predicate::Kind::kEq, Predicate::Kind::kEq},   {"==", Predicate::Kind::kEq, Predicate::Kind::kEq},
    {"!=", Predicate::Kind::kNe, Predicate::Kind::kNe},  {"<>", Predicate::Kind::kNe, Predicate::Kind::kNe},
    {"<", Predicate::Kind::kLt, Predicate::Kind::kGt},   {"<=", Predicate::Kind::kLe, Predicate::Kind::kGe},
    {">", Predicate::Kind::kGt, Predicate::Kind::kLt},   {">=", Predicate::Kind::kGe, Predicate::Kind::kLe},
    {"<=>", Predicate::Kind::kEqNullSafe, Predicate::Kind::kEqNullSafe},
};

Predicate ComparisonOf(const Comparison& comparison, const sql::CallNode& call, const Schema& schema) {
  if (call.args.size() != 2) return delta::UnknownPredicate();
  for (int side : {0, 1}) {
    const sql::TypedExpr& column = *call.args[static_cast<size_t>(side)];
    const Value* literal = LiteralOf(*call.args[static_cast<size_t>(1 - side)]);
    auto path = ColumnPath(column, schema);
    if (path && literal && literal->type == column.type) {
      return delta::Compare(side == 0 ? comparison.kind : comparison.mirrored, *std::move(path), *literal);
    }
  }
  return delta::UnknownPredicate();
}

Predicate InOf(const sql::CallNode& call, const Schema& schema) {
  auto path = call.args.empty() ? std::nullopt : ColumnPath(*call.args[0], schema);
  std::vector<Value> values;
  for (size_t i = 1; i < call.args.size(); ++i) {
    const Value* literal = LiteralOf(*call.args[i]);
    if (literal == nullptr || !(literal->type == call.args[0]->type)) return delta::UnknownPredicate();
    values.push_back(*literal);
  }
  return path ? delta::In(*std::move(path), std::move(values)) : delta::UnknownPredicate();
}

}  // namespace

Predicate PredicateOfCondition(const sql::TypedExpr& condition, const Schema& schema) {
  auto* call = std::get_if<sql::CallNode>(&condition.node);
  if (call == nullptr) return delta::UnknownPredicate();
  std::vector<Predicate> children;
  if (call->name == "and" || call->name == "or" || call->name == "not") {
    for (const auto& arg : call->args) children.push_back(PredicateOfCondition(*arg, schema));
    if (call->name == "and") return delta::And(std::move(children));
    if (call->name == "or") return delta::Or(std::move(children));
    return delta::Not(std::move(children.at(0)));
  }
  if (call->name == "isnull" || call->name == "isnotnull") {
    auto path = call->args.empty() ? std::nullopt : ColumnPath(*call->args[0], schema);
    if (!path) return delta::UnknownPredicate();
    Predicate is_null = delta::IsNull(*std::move(path));
    return call->name == "isnull" ? is_null : delta::Not(std::move(is_null));
  }
  if (call->name == "in") return InOf(*call, schema);
  for (const Comparison& comparison : kComparisons) {
    if (call->name == comparison.name) return ComparisonOf(comparison, *call, schema);
  }
  return delta::UnknownPredicate();
}

}  // namespace ashlar::engine
