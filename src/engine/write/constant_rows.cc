#include "engine/write/constant_rows.h"

#include <algorithm>
#include <map>

#include "engine/scan/row_details.h"
#include "sql/analyze/constant_folding.h"
#include "sql/analyze/typed_tree.h"

namespace ashlar::engine {
namespace {

using ValueRows = std::vector<std::vector<Value>>;

bool TakesAnyValue(const DataType& type) { return type.IsAtomic() && !type.is_char() && !type.is_varchar(); }

bool TakesPlainRows(const WriteTarget& target) {
  if (!target.constraints.empty() || !target.identities.empty() || !target.partition_columns.empty()) return false;
  if (target.partition || RowIdColumnsOf(target.metadata)) return false;
  auto mode = delta::MappingModeOf(target.metadata.configuration);
  return mode.ok() && *mode == delta::ColumnMappingMode::kNone &&
         std::ranges::all_of(target.schema.fields, [](const Field& field) { return TakesAnyValue(field.type); });
}

class Folder {
 public:
  explicit Folder(const std::string& time_zone) : time_zone_(time_zone) {}

  std::optional<ValueRows> Rows(const sql::Plan& plan) const {
    if (const auto* values = std::get_if<sql::ValuesPlan>(&plan.node)) return RowsOf(*values);
    const auto* project = std::get_if<sql::ProjectPlan>(&plan.node);
    if (project == nullptr) return std::nullopt;
    std::optional<ValueRows> rows = Rows(*project->input);
    if (!rows) return std::nullopt;
    for (std::vector<Value>& row : *rows) {
      std::map<sql::AttributeId, const Value*> known;
      for (size_t i = 0; i < row.size(); ++i) known[project->input->output[i].id] = &row[i];
      std::vector<Value> made;
      for (const sql::NamedExpr& column : project->columns) {
        std::optional<Value> value = Fold(column.expr, known);
        if (!value) return std::nullopt;
        made.push_back(*std::move(value));
      }
      row = std::move(made);
    }
    return rows;
  }

 private:
  std::optional<ValueRows> RowsOf(const sql::ValuesPlan& values) const {
    ValueRows rows;
    for (const auto& exprs : values.rows) {
      std::vector<Value>& row = rows.emplace_back();
      for (const sql::TypedExprPtr& expr : exprs) {
        std::optional<Value> value = Fold(expr, {});
        if (!value) return std::nullopt;
        row.push_back(*std::move(value));
      }
    }
    return rows;
  }

  std::optional<Value> Fold(const sql::TypedExprPtr& expr, const std::map<sql::AttributeId, const Value*>& known) const {
    sql::TypedExprPtr closed = sql::RewriteExpr(expr, [&](const sql::TypedExprPtr& part) -> sql::TypedExprPtr {
      const sql::ColumnNode* column = sql::AsColumn(*part);
      auto it = column == nullptr ? known.end() : known.find(column->id);
      return it == known.end() ? nullptr : sql::MakeLiteral(*it->second);
    });
    return sql::FoldExpr(*closed, time_zone_);
  }

  const std::string& time_zone_;
};

// Whether it is a row of the schema; its NULLs have the columns' types then.
bool BecomesRowOf(const Schema& schema, std::vector<Value>& row) {
  if (row.size() != schema.fields.size()) return false;
  for (size_t i = 0; i < row.size(); ++i) {
    const Field& field = schema.fields[i];
    if (row[i].is_null()) {
      if (!field.nullable) return false;
      row[i].type = field.type;
    }
    if (!(row[i].type == field.type)) return false;
  }
  return true;
}

}  // namespace

std::optional<std::vector<std::vector<Value>>> ConstantRows(const sql::Plan& plan, const WriteTarget& target,
                                                            const std::string& time_zone) {
  if (!TakesPlainRows(target)) return std::nullopt;
  std::optional<ValueRows> rows = Folder(time_zone).Rows(plan);
  bool all = rows && std::ranges::all_of(*rows, [&](std::vector<Value>& row) { return BecomesRowOf(target.schema, row); });
  return all ? std::move(rows) : std::nullopt;
}

}  // namespace ashlar::engine
