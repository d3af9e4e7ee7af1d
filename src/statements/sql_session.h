// SqlSession: one session on the driver of a cluster or warehouse, in the name of one principal.
// Statements of a session see its temporary views and its current catalog and schema.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "compute/compute.h"
#include "http/principal.h"
#include "link/driver_api.h"

namespace ashlar::statements {

struct SessionRequest {
  compute::ResourceKind kind = compute::ResourceKind::kWarehouse;
  std::string resource_id;
  http::Principal principal;
  std::string catalog;  // empty: main
  std::string schema;   // empty: default
  std::map<std::string, std::string> confs;
  std::string purpose = "statement";
};

struct StatementSpec {
  std::string statement_id;  // a new uuid
  std::string sql;
  std::vector<link::StatementParameter> parameters;
  std::string commit_uuid = {};  // what its commit of a table carries; empty: a new one
  int64_t row_limit = 0;
  int64_t byte_limit = 0;
};

// Thread safe. The destructor closes the session on the driver.
class SqlSession {
 public:
  using Opened = std::function<void(Result<std::shared_ptr<SqlSession>>)>;
  using Answered = std::function<void(Result<link::StatementStatus>)>;
  // Starts the resource when it is stopped. Whether the principal may use it was checked before.
  static void Open(compute::Compute& compute, Random& random, SessionRequest request, Opened done);
  ~SqlSession();
  SqlSession(const SqlSession&) = delete;
  SqlSession& operator=(const SqlSession&) = delete;

  // Errors: those of a session's options too, with its first statement.
  Status Execute(const StatementSpec& statement);
  // Execute and Await in one call of the driver, for the only statement of a session. An error that is returned: the
  // statement was not taken, and `done` is not called. Execute's errors may come to `done`, too.
  Status Run(const StatementSpec& statement, int64_t wait_ms, bool with_first_chunk, Answered done);
  // Answers when the statement is final or after wait_ms. A driver that died meanwhile answers a final
  // state, kFailed, that says so.
  void Await(const std::string& statement_id, int64_t wait_ms, bool with_first_chunk, Answered done);
  // Waits until the statement is final, however long it takes; no thread is held.
  void AwaitFinal(const std::string& statement_id, std::function<void(link::StatementStatus)> done);
  Result<std::string> FetchChunk(const std::string& statement_id, int64_t index);
  Status Cancel(const std::string& statement_id);
  Status CloseStatement(const std::string& statement_id);
  // From its return on nothing is committed in this session, whatever its driver still does.
  void Fence();

 private:
  SqlSession(compute::Compute& compute, SessionRequest request, compute::Attachment attachment, std::string id);
  link::StatementRequest RequestOf(const StatementSpec& statement) const;
  link::SessionOptions Options() const;
  // `done`, told of a driver that died as a statement's failure.
  Answered Explaining(Answered done) const;

  compute::Compute& compute_;
  const SessionRequest request_;
  const compute::Attachment attachment_;
  const std::string id_;
  std::mutex mutex_;
  bool opened_ = false;  // on the driver: by the first statement
  std::weak_ptr<SqlSession> self_;
};

}  // namespace ashlar::statements
