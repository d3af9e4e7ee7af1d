// A predicate bound to a snapshot's columns, and the logic of what it can be over the rows of a file. For
// skipping.cc (one file) and skipping_select.cc (the files of a list) alone.
#pragma once

#include <string>
#include <vector>

#include "delta/skipping.h"
#include "delta/stats.h"

namespace ashlar::delta {

// The set of results a predicate can have over the rows of a file.
using Outcomes = uint8_t;
constexpr Outcomes kTrue = 1;
constexpr Outcomes kFalse = 2;
constexpr Outcomes kNull = 4;
constexpr Outcomes kAnything = kTrue | kFalse | kNull;

// What is known of one column in one file.
struct Known {
  const Value* min = nullptr;
  const Value* max = nullptr;
  bool may_be_null = true;
  bool may_have_value = true;
};
Outcomes LeafOutcomes(Predicate::Kind kind, const Known& known, const std::vector<Value>& values);

struct BoundPredicate {
  // Where a leaf's column is found: a partition column, a column with statistics, or nowhere.
  struct Node {
    Predicate::Kind kind = Predicate::Kind::kUnknown;
    std::vector<Value> values;
    std::string partition;  // physical name
    DataType partition_type;
    int statistic = -1;
    std::vector<Node> children;
  };

  Node root;
  std::vector<LeafColumn> columns;
  bool partition_only = true;

  Node Bind(const Snapshot& snapshot, Predicate predicate);
  Outcomes PartitionOutcomes(const Node& node, const PartitionValues& partitions) const;
  // `stats` is null when only partition values count.
  Outcomes Evaluate(const Node& node, const PartitionValues& partitions, const FileStats* stats) const;
};

}  // namespace ashlar::delta
