// What the add rows of a checkpoint hold beside the action itself (Delta protocol, "Checkpoint Schema"):
// statistics and partition values as typed columns, so that a reader skips files without parsing text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/actions.h"
#include "delta/schema.h"

namespace ashlar::delta {

struct CheckpointLayout {
  // delta.checkpoint.writeStatsAsJson, true unless set.
  bool stats_as_json = true;
  // delta.checkpoint.writeStatsAsStruct, true unless set: {numRecords, tightBounds, minValues, maxValues,
  // nullCount} by physical names; nullopt where it is off.
  std::optional<DataType> stats_parsed;
  std::vector<LeafColumn> stats_columns;
  // By physical name; nullopt for a table without partitions.
  std::optional<DataType> partition_values_parsed;
  // A sidecar: add and remove alone.
  bool only_files = false;
};
Result<CheckpointLayout> LayoutOf(const Metadata& metadata, const Schema& schema);

// One row of a checkpoint as a line of JSON: ActionToJson, with the layout's columns in `add`. Decimals,
// dates and times are strings in them.
std::string CheckpointRowJson(const Action& action, const CheckpointLayout& layout);

}  // namespace ashlar::delta
