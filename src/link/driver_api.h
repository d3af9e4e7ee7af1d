// What the control plane asks of a driver: sessions, statements and their results in chunks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "types/data_type.h"

namespace ashlar::link {

struct SessionOptions {
  std::string handle;      // opaque; minted by the control plane
  std::string session_id;
  std::string user_name;   // for current_user(); proves nothing
  std::string catalog;
  std::string schema;
  std::map<std::string, std::string> confs;
};

// A parameter of a statement: value as text of the named type; absent value is NULL. An empty name
// marks a positional one.
struct StatementParameter {
  std::string name;
  std::string type = "STRING";
  std::optional<std::string> value;
};

struct StatementRequest {
  std::string session_id;
  std::string statement_id;  // chosen by the caller
  std::string sql;
  std::vector<StatementParameter> parameters;
  int64_t row_limit = 0;     // 0: none
  int64_t byte_limit = 0;    // 0: none
  std::string commit_uuid;   // of its first commit of a table; empty: the driver makes one
  std::optional<SessionOptions> open;  // opens its session first; errors: ALREADY_EXISTS, those of the confs
};

enum class StatementState { kPending, kRunning, kSucceeded, kFailed, kCanceled, kClosed };

struct ResultChunk {
  int64_t row_offset = 0;
  int64_t row_count = 0;
  int64_t byte_count = 0;  // of the Arrow IPC stream
};

struct StatementStatus {
  StatementState state = StatementState::kPending;
  std::optional<Error> failure;
  bool has_result = false;          // false for statements without rows
  Schema schema;
  std::vector<ResultChunk> chunks;  // complete once succeeded
  bool truncated = false;           // row_limit or byte_limit cut the result
  std::string first_chunk;          // Arrow IPC stream of chunk 0, when it was asked for
};

bool IsFinal(StatementState state);

template <typename T>
using Callback = std::function<void(Result<T>)>;

// Implemented in a driver (session) and reached by the control plane through DriverClient. Callbacks
// may run on any thread, exactly once. Thread safe.
class DriverApi {
 public:
  virtual ~DriverApi() = default;
  virtual Status CloseSession(const std::string& session_id) = 0;
  // Returns as soon as the statement is queued.
  virtual Status Execute(const StatementRequest& request) = 0;
  // Answers when the statement is final, or after wait_ms, whichever is first.
  virtual void GetStatement(const std::string& statement_id, int64_t wait_ms, bool with_first_chunk,
                            Callback<StatementStatus> done) = 0;
  // Execute and GetStatement in one call. An error that is returned: the statement was not taken, and nothing else is
  // answered. Execute's errors may come to `done`, too.
  virtual Status Run(const StatementRequest& request, int64_t wait_ms, bool with_first_chunk, Callback<StatementStatus> done) {
    RETURN_IF_ERROR(Execute(request));
    GetStatement(request.statement_id, wait_ms, with_first_chunk, std::move(done));
    return OkStatus();
  }
  virtual Result<std::string> FetchChunk(const std::string& statement_id, int64_t index) = 0;
  virtual Status CancelStatement(const std::string& statement_id) = 0;
  virtual Status CloseStatement(const std::string& statement_id) = 0;
};

}  // namespace ashlar::link
