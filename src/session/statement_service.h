// StatementService: the driver's sessions and statements, as the control plane drives them
// (link::DriverApi). A statement runs on a thread of its own pool until its whole result is spooled;
// who waits for it waits in a list, not on a thread.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/thread_pool.h"
#include "link/driver_api.h"
#include "session/session.h"

namespace ashlar::session {

struct StatementServiceOptions {
  size_t threads = 16;
  int64_t result_ttl_ms = 3'600'000;  // of a finished statement nobody closed
};

class StatementService final : public link::DriverApi {
 public:
  StatementService(Environment& environment, StatementServiceOptions options = {});
  ~StatementService() override;  // cancels what runs

  Status CloseSession(const std::string& session_id) override;
  Status Execute(const link::StatementRequest& request) override;
  void GetStatement(const std::string& statement_id, int64_t wait_ms, bool with_first_chunk,
                    link::Callback<link::StatementStatus> done) override;
  Result<std::string> FetchChunk(const std::string& statement_id, int64_t index) override;
  Status CancelStatement(const std::string& statement_id) override;
  Status CloseStatement(const std::string& statement_id) override;

  int open_sessions() const;

 private:
  Status OpenSession(const link::SessionOptions& options);
  struct Statement;
  using StatementPtr = std::shared_ptr<Statement>;

  Result<StatementPtr> Find(const std::string& statement_id) const;
  void RunStatement(const StatementPtr& statement);
  Status Produce(Statement& statement);
  void Settle(Statement& statement, const Status& outcome);
  void Tick(std::stop_token stop);

  Environment& environment_;
  const StatementServiceOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable_any tick_;
  std::map<std::string, std::shared_ptr<Session>> sessions_;
  std::map<std::string, StatementPtr> statements_;
  std::jthread ticker_;
  ThreadPool pool_;  // last: joins before what its tasks use goes away
};

}  // namespace ashlar::session
