// RunProgress: what changed between two answers of runs/get, as lines for people.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json_fwd.h"

namespace ashlar::cli {

// "RUNNING", or once it has ended its result: "SUCCESS". Of a run or one of its tasks.
std::string StateName(const Json& view);
// Whether the run has ended.
bool HasEnded(const Json& run);

class RunProgress {
 public:
  // The lines for what is new since the last call: a task's state, or another attempt of it.
  std::vector<std::string> Changes(const Json& run);

 private:
  std::map<std::string, std::string> states_;  // by task key
};

}  // namespace ashlar::cli
