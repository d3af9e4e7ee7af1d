#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/check.h"
#include "base/log.h"
#include "base/version.h"
#include "driver/driver.h"

int main(int argc, char** argv) {
  ashlar::ReportCrashes();
  ashlar::driver::DriverOptions options;
  std::string log_level = "info";
  CLI::App app("The data plane of Ashlar: started by `ashlar serve`, not by hand.", "ashlar-driver");
  bool self_check = false;
  app.set_version_flag("--version", "ashlar-driver " + std::string(ashlar::Version()));
  app.add_flag("--self-check", self_check, "Open the engine, say as JSON what this program is made of, and leave");
  app.add_option("--id", options.id);
  app.add_option("--run-folder", options.run_folder);
  app.add_option("--control-socket", options.control_socket);
  app.add_option("--memory-bytes", options.memory_bytes);
  app.add_option("--threads", options.threads);
  app.add_option("--conf", options.confs)->allow_extra_args(false);
  app.add_option("--log-level", log_level);
  CLI11_PARSE(app, argc, argv);
  if (self_check) return ashlar::driver::RunSelfCheck();
  for (const char* name : {"--id", "--run-folder", "--control-socket", "--memory-bytes"}) {
    if (app.count(name) > 0) continue;
    std::fprintf(stderr, "%s is required\n", name);
    return 2;
  }
  if (const char* secret = std::getenv("ASHLAR_DRIVER_SECRET")) options.secret = secret;
  unsetenv("ASHLAR_DRIVER_SECRET");
  if (log_level == "debug") ashlar::SetLogLevel(ashlar::LogLevel::kDebug);
  if (log_level == "warn") ashlar::SetLogLevel(ashlar::LogLevel::kWarn);
  return ashlar::driver::RunDriver(options);
}
