#include <map>

#include "base/check.h"
#include "engine/row_change.h"
#include "engine/write/target_scan.h"
#include "sql/analyze/constant_folding.h"

namespace ashlar::engine {
namespace {

using delta::Predicate;

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

class Translation {
 public:
  // `columns`: the schema's index of each attribute that is a column of the table.
  Translation(const Schema& schema, std::map<sql::AttributeId, size_t> columns, std::string time_zone)
      : schema_(schema), columns_(std::move(columns)), time_zone_(std::move(time_zone)) {}

  Predicate Of(const sql::TypedExpr& condition) const {
    auto* call = std::get_if<sql::CallNode>(&condition.node);
    if (call == nullptr) return delta::UnknownPredicate();
    if (call->name == "and" || call->name == "or" || call->name == "not") {
      std::vector<Predicate> children;
      for (const auto& arg : call->args) children.push_back(Of(*arg));
      if (call->name == "and") return delta::And(std::move(children));
      if (call->name == "or") return delta::Or(std::move(children));
      return delta::Not(std::move(children.at(0)));
    }
    if (call->name == "isnull" || call->name == "isnotnull") {
      auto path = call->args.empty() ? std::nullopt : ColumnPath(*call->args[0]);
      if (!path) return delta::UnknownPredicate();
      Predicate is_null = delta::IsNull(*std::move(path));
      return call->name == "isnull" ? is_null : delta::Not(std::move(is_null));
    }
    if (call->name == "in") return InOf(*call);
    for (const Comparison& comparison : kComparisons) {
      if (call->name == comparison.name) return ComparisonOf(comparison, *call);
    }
    return delta::UnknownPredicate();
  }

 private:
  std::optional<std::vector<std::string>> ColumnPath(const sql::TypedExpr& expr) const {
    if (auto* column = std::get_if<sql::ColumnNode>(&expr.node)) {
      auto index = columns_.find(column->id);
      if (index == columns_.end()) return std::nullopt;
      return std::vector<std::string>{schema_.fields[index->second].name};
    }
    if (auto* cast = std::get_if<sql::CastNode>(&expr.node)) {
      // A wider integer is the same number.
      bool widens = cast->child->type.IsIntegral() && expr.type.IsIntegral() && cast->child->type.id() < expr.type.id();
      return widens ? ColumnPath(*cast->child) : std::nullopt;
    }
    auto* field = std::get_if<sql::FieldNode>(&expr.node);
    if (field == nullptr) return std::nullopt;
    auto path = ColumnPath(*field->child);
    if (!path || !field->child->type.Is(TypeId::kStruct)) return std::nullopt;
    path->push_back(field->child->type.fields()[static_cast<size_t>(field->index)].name);
    return path;
  }

  // The constant on the other side of a column, of the type both are compared in.
  std::optional<Value> ConstantOf(const sql::TypedExpr& expr, const DataType& type) const {
    std::optional<Value> value = sql::FoldExpr(expr, time_zone_);
    return value && value->type == type ? value : std::nullopt;
  }

  Predicate ComparisonOf(const Comparison& comparison, const sql::CallNode& call) const {
    if (call.args.size() != 2) return delta::UnknownPredicate();
    for (int side : {0, 1}) {
      const sql::TypedExpr& column = *call.args[static_cast<size_t>(side)];
      auto path = ColumnPath(column);
      if (!path) continue;
      auto constant = ConstantOf(*call.args[static_cast<size_t>(1 - side)], column.type);
      if (constant) return delta::Compare(side == 0 ? comparison.kind : comparison.mirrored, *std::move(path), *constant);
    }
    return delta::UnknownPredicate();
  }

  Predicate InOf(const sql::CallNode& call) const {
    auto path = call.args.empty() ? std::nullopt : ColumnPath(*call.args[0]);
    if (!path) return delta::UnknownPredicate();
    std::vector<Value> values;
    for (size_t i = 1; i < call.args.size(); ++i) {
      auto constant = ConstantOf(*call.args[i], call.args[0]->type);
      if (!constant) return delta::UnknownPredicate();
      values.push_back(*std::move(constant));
    }
    return delta::In(*std::move(path), std::move(values));
  }

  const Schema& schema_;
  const std::map<sql::AttributeId, size_t> columns_;
  const std::string time_zone_;
};

}  // namespace

Predicate PredicateOfCondition(const sql::TypedExpr& condition, const Schema& schema, const std::string& time_zone) {
  std::map<sql::AttributeId, size_t> columns;
  for (size_t i = 0; i < schema.fields.size(); ++i) columns[static_cast<sql::AttributeId>(i)] = i;
  return Translation(schema, std::move(columns), time_zone).Of(condition);
}

Predicate PredicateOfTarget(const sql::TypedExpr& condition, const sql::Plan& plan, const std::string& time_zone) {
  const sql::Plan* target = FindTargetScan(plan);
  CHECK(target != nullptr) << "a row change without a scan of its target";
  const auto& scan = std::get<sql::ScanPlan>(target->node);
  std::map<sql::AttributeId, size_t> columns;
  for (size_t i = 0; i < scan.column_indexes.size(); ++i) {
    columns[target->output[i].id] = static_cast<size_t>(scan.column_indexes[i]);
  }
  return Translation(scan.table->schema(), std::move(columns), time_zone).Of(condition);
}

const sql::Plan* FindTargetScan(const sql::Plan& plan) {
  if (auto* scan = std::get_if<sql::ScanPlan>(&plan.node)) return scan->with_row_position ? &plan : nullptr;
  if (auto* join = std::get_if<sql::JoinPlan>(&plan.node)) {
    const sql::Plan* left = FindTargetScan(*join->left);
    return left != nullptr ? left : FindTargetScan(*join->right);
  }
  return std::visit(
      [](const auto& node) -> const sql::Plan* {
        if constexpr (requires { node.input; }) return FindTargetScan(*node.input);
        return nullptr;
      },
      plan.node);
}

}  // namespace ashlar::engine
