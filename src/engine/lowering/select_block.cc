#include "engine/lowering/select_block.h"

#include "base/text.h"

namespace ashlar::engine {

std::string ColumnName(sql::AttributeId id) { return "c" + std::to_string(id); }

std::string RenderTail(const SelectBlock& block) {
  std::string out;
  if (!block.from.empty()) out += " FROM " + block.from;
  if (!block.where.empty()) out += " WHERE " + Join(block.where, " AND ");
  if (!block.order_by.empty()) out += " ORDER BY " + block.order_by;
  if (!block.limit.empty()) out += " " + block.limit;
  return out;
}

std::string RenderSelect(const SelectBlock& block) {
  std::string out = "SELECT ";
  for (size_t i = 0; i < block.order.size(); ++i) {
    if (i > 0) out += ", ";
    out += block.columns.at(block.order[i]).sql + " AS " + ColumnName(block.order[i]);
  }
  // DuckDB has no SELECT without columns.
  if (block.order.empty()) out += "1 AS c_";
  return out + RenderTail(block);
}

}  // namespace ashlar::engine
