#include <CLI/CLI.hpp>
#include <cstdlib>

#include "base/log.h"
#include "driver/driver.h"

int main(int argc, char** argv) {
  ashlar::driver::DriverOptions options;
  std::string log_level = "info";
  CLI::App app("The data plane of Ashlar: started by `ashlar serve`, not by hand.", "ashlar-driver");
  app.add_option("--id", options.id)->required();
  app.add_option("--run-folder", options.run_folder)->required();
  app.add_option("--control-socket", options.control_socket)->required();
  app.add_option("--memory-bytes", options.memory_bytes)->required();
  app.add_option("--threads", options.threads);
  app.add_option("--log-level", log_level);
  CLI11_PARSE(app, argc, argv);
  if (const char* secret = std::getenv("ASHLAR_DRIVER_SECRET")) options.secret = secret;
  unsetenv("ASHLAR_DRIVER_SECRET");
  if (log_level == "debug") ashlar::SetLogLevel(ashlar::LogLevel::kDebug);
  if (log_level == "warn") ashlar::SetLogLevel(ashlar::LogLevel::kWarn);
  return ashlar::driver::RunDriver(options);
}
