// StatementRunner: one SQL statement over the SQL Statement Execution API, from its text to written rows.
#pragma once

#include <map>
#include <string>

#include "base/json_fwd.h"
#include "cli/sql/result_rows.h"
#include "cli/sql/statement_kind.h"
#include "cli/workspace_client.h"

namespace ashlar::cli {

struct StatementSummary {
  bool has_rows = false;  // it answered columns
  int64_t row_count = 0;
  bool truncated = false;
  int64_t elapsed_ms = 0;
};

// Not thread safe.
class StatementRunner {
 public:
  explicit StatementRunner(WorkspaceClient& client) : client_(client) {}

  const Namespace& current() const { return current_; }
  void set_current(Namespace current) { current_ = std::move(current); }

  // Shows progress on a terminal while it runs. Ctrl-C cancels the statement, a second one gives up
  // waiting for that. A large result goes chunk by chunk; `writer` is begun only by a statement that
  // succeeded and answered columns. Errors: the statement's, with its condition in the message;
  // kCancelled; those of the connection and of `writer`.
  Result<StatementSummary> Run(const std::string& statement, RowWriter& writer);

 private:
  Result<Json> Submit(const std::string& statement);
  Result<Json> AwaitFinal(Json answer);
  Status WriteChunks(const Json& answer, size_t column_count, RowWriter& writer, StatementSummary* summary);
  Result<Json> FetchRows(const std::string& link);
  void FollowUse(const std::string& statement);

  WorkspaceClient& client_;
  Namespace current_;
  std::map<std::string, http::Client> link_clients_;  // by origin; they carry no token
};

}  // namespace ashlar::cli
