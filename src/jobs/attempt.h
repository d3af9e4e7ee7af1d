// Attempt: the execution of one attempt of one task: its statements, one after another, in one session.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "jobs/attempt_script.h"
#include "jobs/job_settings.h"
#include "statements/sql_session.h"
#include "workspace/workspace_tree.h"

namespace ashlar::jobs {

struct AttemptOutcome {
  TaskState state = TaskState::kSucceeded;
  std::string message;
  // The driver or the server went away under it: what it committed decides.
  bool cut_off = false;
  // Statements of it that had committed all the same; known once it is settled.
  size_t committed = 0;
};

// The statements of a task's file or notebook. Errors: kNotImplemented for other languages.
Result<std::vector<std::string>> StatementsOf(workspace::WorkspaceTree& tree, const http::Principal& principal,
                                              const TaskWork& work);

// Thread safe. Holds itself alive until `done` was called, once, from any thread. By then nothing can commit
// in its name any more.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  using Done = std::function<void(AttemptOutcome)>;
  // Of the steps, those that are committed are passed over.
  Attempt(compute::Compute& compute, Random& random, std::vector<AttemptStep> steps,
          std::vector<link::StatementParameter> parameters, Done done);

  void Start(statements::SessionRequest request);
  // The outcome becomes `state` (canceled or timed out), unless it is over already. Asking again is fine.
  void Stop(TaskState state);

 private:
  void Next();
  void Finish(AttemptOutcome outcome);
  // `sql`: the statement that failed, if one did.
  void Fail(const Error& error, const std::string& sql = "");

  compute::Compute& compute_;
  Random& random_;
  const std::vector<AttemptStep> steps_;
  const std::vector<link::StatementParameter> parameters_;

  std::mutex mutex_;
  Done done_;
  std::shared_ptr<statements::SqlSession> session_;
  std::string current_;  // the statement that runs
  size_t next_ = 0;
  std::optional<TaskState> stopped_;
};

}  // namespace ashlar::jobs
