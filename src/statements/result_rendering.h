// A driver's status as the SQL Statement Execution API shows it.
#pragma once

#include <string>
#include <string_view>

#include "api/statement_execution.h"
#include "link/driver_api.h"
#include "statements/statement_registry.h"

namespace ashlar::statements {

api::statement_execution::StatementStatus RenderStatus(const link::StatementStatus& status, std::string_view sql);
// Schema, chunks and totals of a result.
api::statement_execution::ResultManifest RenderManifest(const RegisteredStatement& statement,
                                                        const link::StatementStatus& status);
// One chunk as rows of text. `ipc`: the chunk's Arrow IPC stream.
Result<api::statement_execution::ResultData> RenderRows(const std::string& statement_id,
                                                        const link::StatementStatus& status, int64_t index,
                                                        const std::string& ipc);
// One chunk as a link to it. `base_url`: ours, as the client wrote it.
api::statement_execution::ResultData RenderLink(const RegisteredStatement& statement,
                                                const link::StatementStatus& status, int64_t index,
                                                const std::string& base_url, int64_t expiry_ms);
// The rows of a chunk as the JSON text an external link of format JSON_ARRAY leads to.
Result<std::string> RowsAsJson(const std::string& ipc, const Schema& schema);

}  // namespace ashlar::statements
