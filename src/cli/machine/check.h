// Check: one thing `ashlar doctor` looked at.
#pragma once

#include <string>
#include <vector>

namespace ashlar::cli {

enum class CheckStatus { kOk, kWarning, kFailure, kSkipped };

struct Check {
  std::string name;
  CheckStatus status = CheckStatus::kOk;
  std::string detail;  // what was found
  std::string advice;  // what to do; empty when nothing is
};

// A line a check, its advice on the next one.
std::string ChecksAsText(const std::vector<Check>& checks);
// {"ok": …, "checks": [{"name", "status", "detail", "advice"}]}
std::string ChecksAsJson(const std::vector<Check>& checks);
bool AnyFailed(const std::vector<Check>& checks);

}  // namespace ashlar::cli
