#include "cli/machine/doctor_command.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/json.h"
#include "cli/machine/machine_checks.h"
#include "cli/terminal.h"
#include "cli/workspace_client.h"

namespace ashlar::cli {
namespace {

std::string DataFolder(const DoctorOptions& options) {
  if (!options.data_dir.empty()) return options.data_dir;
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "." : home) + "/.ashlar";
}

std::string DriverBinary() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "ashlar-driver";
}

// Whether anything names a server; without one its checks are left out.
bool NamesServer(const ConnectionOptions& options) {
  if (!options.host.empty() || !options.profile.empty() || !options.ready_file.empty()) return true;
  return std::getenv("DATABRICKS_HOST") != nullptr || std::getenv("ASHLAR_READY_FILE") != nullptr;
}

std::vector<Check> CheckServer(const ConnectionOptions& options) {
  if (!NamesServer(options)) return {{"server", CheckStatus::kSkipped, "none is named by --host or DATABRICKS_HOST", ""}};
  Result<Connection> connection = ResolveConnection(options, ProcessEnvironment());
  if (!connection.ok()) return {{"server", CheckStatus::kFailure, connection.error().message, ""}};
  WorkspaceClient client(*connection);
  Result<Json> metadata = client.Get("/.well-known/databricks-config");
  if (!metadata.ok()) {
    return {{"server", CheckStatus::kFailure, metadata.error().message, "Is it started? With a certificate of its own, give --ca-cert."}};
  }
  std::vector<Check> checks = {{"server", CheckStatus::kOk, connection->host + " answers", ""}};
  Result<Json> me = client.Get("/api/2.0/preview/scim/v2/Me");
  if (!me.ok()) {
    checks.push_back({"token", CheckStatus::kFailure, me.error().message, "Make another token, or give it with --token."});
    return checks;
  }
  checks.push_back({"token", CheckStatus::kOk, "it is " + me->value("userName", "") + "'s", ""});
  Result<std::string> warehouse = client.Warehouse();
  if (warehouse.ok()) {
    checks.push_back({"warehouse", CheckStatus::kOk, *warehouse, ""});
  } else {
    checks.push_back({"warehouse", CheckStatus::kWarning, warehouse.error().message, ""});
  }
  return checks;
}

// A port in use is to be expected where a server uses the data folder.
Check PortBeside(const std::vector<Check>& folder_checks, const std::string& listen) {
  Check port = CheckPort(listen);
  bool served = std::ranges::any_of(folder_checks, [](const Check& check) {
    return check.name == "data folder lock" && check.status == CheckStatus::kWarning;
  });
  if (served && port.status == CheckStatus::kFailure) port.status = CheckStatus::kWarning;
  return port;
}

}  // namespace

int RunDoctor(const DoctorOptions& options) {
  std::vector<Check> checks = CheckDataFolder(DataFolder(options));
  for (Check check : {PortBeside(checks, options.listen), CheckDriver(DriverBinary()), CheckMemory(), CheckOpenFiles(), CheckTemporaryFolder(), CheckClock(),
                      CheckProcessControl()}) {
    checks.push_back(std::move(check));
  }
  for (Check& check : CheckServer(options.connection)) checks.push_back(std::move(check));
  (void)WriteOut(options.json ? ChecksAsJson(checks) : ChecksAsText(checks)).ok();
  return AnyFailed(checks) ? 1 : 0;
}

}  // namespace ashlar::cli
