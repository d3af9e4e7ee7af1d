// SelectBlock: one SELECT being put together. Projections and filters merge into it; whatever needs a
// SELECT of its own (grouping, windows, set operations) renders it and starts a new block over the text.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sql/plan.h"

namespace ashlar::engine {

// An expression as SQL text; safe to put anywhere an operand may stand.
struct SqlText {
  std::string sql;
  int depth = 0;         // of nested calls; 0: a column or a literal
  bool is_literal = false;
  bool once = false;     // must be evaluated once a row: not deterministic
  bool can_throw = false;
};

struct SelectBlock {
  std::string from;                // empty: no FROM
  bool from_is_join = false;       // needs parentheses as an operand of a join
  std::vector<std::string> where;  // conjuncts
  std::string order_by;
  std::string limit;               // "LIMIT 3 OFFSET 1"
  // What the block makes, over its FROM. Ordered as the plan's output; ids are unique here.
  std::vector<sql::AttributeId> order;
  std::map<sql::AttributeId, SqlText> columns;

  void Add(sql::AttributeId id, SqlText text) {
    if (columns.insert_or_assign(id, std::move(text)).second) order.push_back(id);
  }
};

// c<id>
std::string ColumnName(sql::AttributeId id);
// " FROM … WHERE … ORDER BY … LIMIT …"
std::string RenderTail(const SelectBlock& block);
// "SELECT … AS c1, … FROM …" of all the block's columns.
std::string RenderSelect(const SelectBlock& block);

}  // namespace ashlar::engine
