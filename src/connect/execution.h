// Execution: one ExecutePlan, from the request to the release of its responses. Its responses are
// numbered from 0 ("response_id"): first the messages the plan makes (schema, results of commands), then
// the chunks of the result, then ResultComplete. Any number of readers may read them, again if they
// like, until they are released: that is what reattaching needs.
#pragma once

#include <grpcpp/support/status.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "arrow_ipc/result_spool.h"
#include "session/run_statement.h"
#include "spark/connect/base.pb.h"

namespace ashlar::connect {

namespace sc = ::spark::connect;

// Thread safe.
class Execution {
 public:
  Execution(std::string operation_id, std::set<std::string> tags, bool reattachable)
      : operation_id_(std::move(operation_id)), tags_(std::move(tags)), reattachable_(reattachable) {}

  const std::string& operation_id() const { return operation_id_; }
  const std::set<std::string>& tags() const { return tags_; }
  bool reattachable() const { return reattachable_; }

  // ---- the one that runs the plan ----
  void AddResponse(sc::ExecutePlanResponse response);
  // No more AddResponse() after it.
  void SetSpool(std::shared_ptr<arrow_ipc::ResultSpool> spool);
  void Finish(grpc::Status status, int64_t now_nanos);
  // While it lives, Cancel() stops the run. Error: kCancelled when that was asked for before.
  class Running {
   public:
    static Result<std::unique_ptr<Running>> Enter(Execution& execution, session::StatementRun& run);
    ~Running();

   private:
    explicit Running(Execution& execution) : execution_(execution) {}
    Execution& execution_;
  };

  // ---- readers ----
  // Waits for response `number`. False: there is none; `status` tells how the execution ended.
  bool WaitForResponse(int64_t number, sc::ExecutePlanResponse& response, grpc::Status& status);
  void ReleaseThrough(int64_t number);
  // False when it has ended already.
  bool Cancel();
  // When it ended; 0 while it runs.
  int64_t finished_nanos() const;

 private:
  const std::string operation_id_;
  const std::set<std::string> tags_;
  const bool reattachable_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<sc::ExecutePlanResponse> messages_;
  std::shared_ptr<arrow_ipc::ResultSpool> spool_;
  session::StatementRun* running_ = nullptr;
  bool cancelled_ = false;
  int64_t finished_nanos_ = 0;
  grpc::Status status_;
};

}  // namespace ashlar::connect
