// Tables of CSV and JSON files.
//
// Options, as Spark names them, without regard to case. CSV: header, sep or delimiter, quote, escape,
// nullValue, inferSchema, mode (PERMISSIVE, DROPMALFORMED, FAILFAST), multiLine, comment, encoding
// (UTF-8), ignoreLeadingWhiteSpace, ignoreTrailingWhiteSpace. JSON: multiLine, mode. Both: compression
// is taken from the name. Others are refused by name.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/scan/file_table.h"

namespace ashlar::engine {

Result<std::shared_ptr<const sql::TableHandle>> OpenTextTable(Engine& engine, const FileTableRequest& request,
                                                              const std::vector<DataFile>& files,
                                                              const std::vector<Field>& partition);

// Such a table as one that shows `_metadata`; another as it is.
std::shared_ptr<const sql::TableHandle> WithFileMetadata(std::shared_ptr<const sql::TableHandle> handle);

}  // namespace ashlar::engine
