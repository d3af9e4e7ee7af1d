// The subcommands of `ashlar` that are clients of a workspace, or look after a machine.
#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace ashlar::cli {

class ClientCommands {
 public:
  // Adds the subcommands to `app`, which must outlive this.
  explicit ClientCommands(CLI::App& app);
  ~ClientCommands();
  ClientCommands(const ClientCommands&) = delete;
  ClientCommands& operator=(const ClientCommands&) = delete;

  // Runs the one that `app` parsed: its exit status, or -1 when it parsed none of them.
  int RunParsed();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ashlar::cli
