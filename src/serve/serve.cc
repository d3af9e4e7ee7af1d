#include "serve/serve.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "serve/control_plane.h"

namespace ashlar::serve {
namespace {

constexpr int64_t kDrainMs = 10'000;

int Fail(const Error& error) {
  std::fprintf(stderr, "ashlar serve: %s\n", error.message.c_str());
  return 1;
}

std::string BesideExecutable(const std::string& name) {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / name;
}

ServeOptions Completed(ServeOptions options) {
  if (options.data_dir.empty()) {
    const char* home = std::getenv("HOME");
    options.data_dir = std::string(home == nullptr ? "." : home) + "/.ashlar";
  }
  if (options.driver_binary.empty()) options.driver_binary = BesideExecutable("ashlar-driver");
  if (options.driver_memory_bytes == 0) {
    struct sysinfo machine {};
    sysinfo(&machine);
    options.driver_memory_bytes = static_cast<int64_t>(machine.totalram) * machine.mem_unit / 4;
  }
  return options;
}

Status WriteReadyFile(const ServeOptions& options, const WorkspaceInfo& info) {
  Json json;
  json["url"] = info.url;
  json["token"] = info.token;
  json["workspace_id"] = info.workspace_id;
  json["warehouse_id"] = info.warehouse_id;
  json["cluster_id"] = info.cluster_id;
  json["pid"] = getpid();
  return WriteFileDurably(options.ready_file, WriteJson(json) + "\n");
}

void Greet(const WorkspaceInfo& info) {
  std::printf("Ashlar is ready at %s\n", info.url.c_str());
  if (info.first_start) {
    std::printf("Your token, shown only this once: %s\n", info.token.c_str());
    std::printf("  export DATABRICKS_HOST=%s DATABRICKS_TOKEN=%s\n", info.url.c_str(), info.token.c_str());
  }
  std::printf("Warehouse %s, cluster %s. Stop with Ctrl-C.\n", info.warehouse_id.c_str(), info.cluster_id.c_str());
  std::fflush(stdout);
}

// Connections, and the parts of files that are being uploaded, hold a descriptor each; 1024 is the usual default.
void RaiseDescriptorLimit() {
  struct rlimit limit {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int WaitForSignal(const sigset_t& signals) {
  int received = 0;
  sigwait(&signals, &received);
  return received;
}

}  // namespace

int RunServe(const ServeOptions& given) {
  ServeOptions options = Completed(given);
  if (options.log_level == "debug") SetLogLevel(LogLevel::kDebug);
  if (options.log_level == "warn") SetLogLevel(LogLevel::kWarn);
  // Blocked before any thread starts, so that only this one takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();

  auto data_dir = options.ephemeral ? DataDir::MakeEphemeral() : DataDir::Open(options.data_dir);
  if (!data_dir.ok()) return Fail(data_dir.error());
  auto plane = ControlPlane::Start(options, **data_dir);
  if (!plane.ok()) return Fail(plane.error());
  if (!options.ready_file.empty()) {
    Status written = WriteReadyFile(options, (*plane)->info());
    if (!written.ok()) return Fail(written.error());
  }
  Greet((*plane)->info());
  int received = WaitForSignal(signals);
  Log(LogLevel::kInfo, "stopping", {{"signal", std::to_string(received)}});
  (*plane)->Drain(kDrainMs);
  return 0;
}

}  // namespace ashlar::serve
