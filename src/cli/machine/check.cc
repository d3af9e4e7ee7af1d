#include "cli/machine/check.h"

#include <algorithm>

#include "base/json.h"

namespace ashlar::cli {
namespace {

std::string_view StatusName(CheckStatus status) {
  switch (status) {
    case CheckStatus::kOk: return "ok";
    case CheckStatus::kWarning: return "warn";
    case CheckStatus::kFailure: return "FAIL";
    case CheckStatus::kSkipped: return "skip";
  }
  return "";
}

}  // namespace

std::string ChecksAsText(const std::vector<Check>& checks) {
  std::string text;
  for (const Check& check : checks) {
    std::string status(StatusName(check.status));
    std::string name = check.name;
    status.resize(6, ' ');
    name.resize(std::max<size_t>(name.size() + 2, 18), ' ');
    text += status + name + check.detail + "\n";
    if (!check.advice.empty()) text += std::string(24, ' ') + check.advice + "\n";
  }
  return text;
}

std::string ChecksAsJson(const std::vector<Check>& checks) {
  Json json;
  json["ok"] = !AnyFailed(checks);
  json["checks"] = Json::array();
  for (const Check& check : checks) {
    json["checks"].push_back({{"name", check.name}, {"status", StatusName(check.status)}, {"detail", check.detail}, {"advice", check.advice}});
  }
  return WriteJson(json) + "\n";
}

bool AnyFailed(const std::vector<Check>& checks) {
  return std::ranges::any_of(checks, [](const Check& check) { return check.status == CheckStatus::kFailure; });
}

}  // namespace ashlar::cli
