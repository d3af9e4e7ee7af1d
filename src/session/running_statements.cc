#include "session/running_statements.h"

#include "session/run_statement.h"

namespace ashlar::session {

void RunningStatements::Enter(StatementRun& run) {
  std::lock_guard lock(mutex_);
  runs_.push_back(&run);
}

void RunningStatements::Leave(StatementRun& run) {
  std::lock_guard lock(mutex_);
  runs_.remove(&run);
}

size_t RunningStatements::count() const {
  std::lock_guard lock(mutex_);
  return runs_.size();
}

bool RunningStatements::StopOldest(const Error& reason) {
  std::lock_guard lock(mutex_);
  for (StatementRun* run : runs_) {
    if (run->Stop(reason)) return true;
  }
  return false;
}

}  // namespace ashlar::session
