// A Statement of a parsed node.
#pragma once

#include <utility>

#include "sql/statement.h"

namespace ashlar::sql {

Statement MakeStatement(auto node) {
  Statement statement;
  statement.node = std::move(node);
  return statement;
}

}  // namespace ashlar::sql
