// RunningStatements: every statement of a driver that runs now, through whichever door it came. What
// the memory watch and the heartbeat ask.
#pragma once

#include <list>
#include <mutex>

#include "base/error.h"

namespace ashlar::session {

class StatementRun;

// Thread safe. A run enters when it is made and leaves before it goes away.
class RunningStatements {
 public:
  void Enter(StatementRun& run);
  void Leave(StatementRun& run);
  size_t count() const;
  // Stops the one that was started first and was not stopped yet; `reason` is what its client is told.
  // False when there is none.
  bool StopOldest(const Error& reason);

 private:
  mutable std::mutex mutex_;
  std::list<StatementRun*> runs_;  // by start
};

}  // namespace ashlar::session
