// DriverPool: the driver processes of this server. Starts them, waits until they answer, keeps idle
// ones warm, notices when one dies, and ends them. A driver is used by one cluster or warehouse and
// never handed on to another.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "link/control_api.h"
#include "link/driver_client.h"

namespace ashlar::compute {

struct DriverPoolOptions {
  std::string driver_binary;       // path of ashlar-driver
  std::string run_folder;          // 0700; sockets and spools go here
  std::string control_socket;
  std::string log_level = "info";
  int64_t memory_bytes = int64_t{4} << 30;  // of each driver
  int threads = 0;                 // of each driver's engine; 0: one a core
  std::vector<std::string> spark_confs;  // KEY=VALUE, for every session
  int warm = 1;                    // idle drivers kept ready
  int64_t start_timeout_ms = 20'000;
  int64_t lease_ms = 15'000;       // without a heartbeat for this long a driver is replaced
};

// A running driver. The client stays valid after the driver died: calls then fail as unavailable.
struct Driver {
  std::string id;
  std::string socket;
  int pid = 0;
  std::shared_ptr<link::DriverApi> client;
};
using DriverPtr = std::shared_ptr<const Driver>;

// Thread safe. The destructor ends all drivers.
class DriverPool {
 public:
  // `on_exit` is called, from the pool's own thread, when a driver that was handed out is gone.
  DriverPool(DriverPoolOptions options, const Clock& clock, Random& random,
             std::function<void(const std::string& driver_id)> on_exit);
  ~DriverPool();
  // Ends all drivers and answers who waits for one, or for a statement, now or later, with
  // kTemporarilyUnavailable. No callback of a driver's client runs any more when it returns.
  void Stop();

  // A driver for the caller alone: a warm one at once, else a new one when it is ready. The callback
  // runs on the caller's or the pool's thread. Error: kTemporarilyUnavailable with the reason.
  void Acquire(std::function<void(Result<DriverPtr>)> done);
  // Ends the driver (SIGTERM, then SIGKILL); on_exit is not called for it.
  void Release(const std::string& driver_id);

  // From a driver. Error: not one of ours, or one that was released: it must end.
  Status OnHeartbeat(const link::Heartbeat& heartbeat);

  // Whether it ran statements at its last heartbeat.
  bool Busy(const std::string& driver_id) const;

  struct Usage {
    int drivers = 0;
    int64_t rss_bytes = 0;
  };
  Usage usage() const;

 private:
  struct Process;
  using Waiter = std::function<void(Result<DriverPtr>)>;

  void Supervise(std::stop_token stop);
  void StartMissing();
  bool Spawn();
  void ReapExited();
  void EndOverdue();
  void Terminate(Process& process);

  const DriverPoolOptions options_;
  const Clock& clock_;
  Random& random_;
  const std::function<void(const std::string&)> on_exit_;
  const std::unique_ptr<link::DriverClients> clients_;

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<std::string, Process> processes_;
  std::vector<Waiter> waiters_;
  bool stopped_ = false;
  int failed_starts_ = 0;
  // Forks every driver and lives as long as the pool: PR_SET_PDEATHSIG follows the forking thread.
  std::jthread supervisor_;
};

}  // namespace ashlar::compute
