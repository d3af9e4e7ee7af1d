#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "base/check.h"
#include "base/version.h"
#include "cli/command_line.h"
#include "serve/serve.h"

namespace {

// `ashlar driver …` becomes the data plane's own executable, which stands beside this one.
int ExecDriver(int argc, char** argv) {
  std::error_code ignored;
  std::string binary = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "ashlar-driver";
  std::vector<char*> arguments = {binary.data()};
  for (int i = 2; i < argc; ++i) arguments.push_back(argv[i]);
  arguments.push_back(nullptr);
  execv(binary.c_str(), arguments.data());
  std::perror(binary.c_str());
  return 1;
}

void AddServe(CLI::App& app, ashlar::serve::ServeOptions& options) {
  CLI::App* serve = app.add_subcommand("serve", "Start a workspace: REST, Spark Connect and its drivers on one port");
  serve->add_option("--data-dir", options.data_dir, "Where everything is kept (~/.ashlar)");
  serve->add_option("--listen", options.listen, "HOST:PORT; port 0 picks a free one")->capture_default_str();
  auto* cert = serve->add_option("--tls-cert", options.tls_cert_file, "PEM certificate chain");
  auto* key = serve->add_option("--tls-key", options.tls_key_file, "PEM private key");
  cert->needs(key);
  key->needs(cert);
  serve->add_flag("--ephemeral", options.ephemeral, "Keep everything in a temporary folder that goes with the process");
  serve->add_option("--ready-file", options.ready_file, "JSON written when the server can answer");
  serve->add_option("--admin", options.admin_name, "User name of the first admin")->capture_default_str();
  serve->add_option("--driver-memory", options.driver_memory_bytes, "Memory budget of each driver, in bytes");
  serve->add_option("--driver-threads", options.driver_threads, "Threads of each driver (0: one a core)");
  serve->add_option("--warm-drivers", options.warm_drivers, "Idle drivers kept ready")->capture_default_str();
  serve->add_option("--spark-conf", options.spark_confs, "KEY=VALUE: a Spark configuration entry of every session; may be repeated")
      ->allow_extra_args(false)
      ->check([](const std::string& conf) {
        size_t equals = conf.find('=');
        return std::string(equals == 0 || equals == std::string::npos ? "it takes KEY=VALUE" : "");
      });
  serve->add_option("--log-level", options.log_level, "debug, info or warn")->capture_default_str();
}

}  // namespace

constexpr int kUsageExit = 2;

int main(int argc, char** argv) {
  ashlar::ReportCrashes();
  if (argc > 1 && std::string_view(argv[1]) == "driver") return ExecDriver(argc, argv);
  CLI::App app("Ashlar: a lakehouse workspace of your own", "ashlar");
  app.footer("`ashlar COMMAND --help` says more of each. Start with `ashlar serve`.");
  app.set_version_flag("--version", "ashlar " + std::string(ashlar::Version()));
  app.require_subcommand(1);
  ashlar::serve::ServeOptions serve_options;
  AddServe(app, serve_options);
  ashlar::cli::ClientCommands clients(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageExit;
  }
  int exit = clients.RunParsed();
  return exit >= 0 ? exit : ashlar::serve::RunServe(serve_options);
}
