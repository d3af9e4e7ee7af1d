// Rows that came with the plan (createDataFrame, Arrow IPC): decoded once, scanned as
// ashlar_arrow(<binding>).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/scan/scan_binding.h"
#include "sql/plan.h"
#include "types/arrow_c.h"

namespace ashlar::engine {

// One stream's batches, in the schema DuckDB shall see: columns p0, p1, …, nested fields f0, f1, …,
// intervals as the integers they are here. Immutable and shared: scans only borrow it.
struct ArrowInput : ScanTarget {
  OwnedArrowSchema schema;
  std::vector<ArrowBatch> batches;
};

// `columns` are the plan's: their types say what the Arrow columns must be. Errors:
// kInvalidParameterValue for bytes that are not an IPC stream or of other columns.
Result<std::shared_ptr<const ArrowInput>> OpenArrowInput(const std::shared_ptr<const std::string>& ipc,
                                                         const std::vector<sql::Attribute>& columns);

// An Arrow stream over the batches from the first on. `input` must outlive it.
void ExportArrowInput(const ArrowInput& input, ArrowArrayStream* out);

}  // namespace ashlar::engine
