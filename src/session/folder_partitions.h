// The partition of a data file by the names of its folders, as Hive and Spark lay files out: key=value.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "delta/actions.h"
#include "types/data_type.h"

namespace ashlar::session {

// The values of `columns`, which are what the folders of the file must name, in this order, without regard to case.
// `relative`: the file below the table; folders of other names count nothing above the first and below the last.
// Values are kept as they are spelled. Errors: DELTA_UNEXPECTED_NUM_PARTITION_COLUMNS_FROM_FILE_NAME and
// DELTA_UNEXPECTED_PARTITION_COLUMN_FROM_FILE_NAME (KD009), which name `path`; DELTA_FAILED_CAST_PARTITION_VALUE (22018).
Result<delta::PartitionValues> FolderPartition(const std::string& relative, const std::string& path,
                                               const std::vector<Field>& columns);

}  // namespace ashlar::session
