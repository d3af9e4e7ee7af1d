#include "compute/driver_pool.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "base/id.h"
#include "base/log.h"

namespace ashlar::compute {
namespace {

constexpr auto kTick = std::chrono::milliseconds(50);
constexpr int64_t kTerminateGraceNanos = 2'000'000'000;
constexpr int kMaxFailedStarts = 3;

constexpr unsigned kFirstOwnDescriptor = 3;

// Only async-signal-safe calls between fork and exec.
int ForkDriver(const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> envp;
  for (const std::string& variable : environment) envp.push_back(const_cast<char*>(variable.c_str()));
  for (char** variable = environ; *variable != nullptr; ++variable) envp.push_back(*variable);
  envp.push_back(nullptr);
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // the parent died before the call above
  setpgid(0, 0);                      // a Ctrl-C at the terminal is the server's to handle
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  // The listening socket and clients' connections would stay open for as long as the driver lives.
  if (close_range(kFirstOwnDescriptor, ~0U, 0) != 0) _exit(126);
  execve(argv[0], argv.data(), envp.data());
  _exit(127);
}

}  // namespace

struct DriverPool::Process {
  std::string id;
  std::string secret;
  int pid = 0;
  bool ready = false;
  bool handed_out = false;
  bool released = false;
  int64_t started_nanos = 0;
  int64_t heartbeat_nanos = 0;
  int64_t terminated_nanos = 0;
  int64_t rss_bytes = 0;
  int running_statements = 0;
  DriverPtr driver;
};

DriverPool::DriverPool(DriverPoolOptions options, const Clock& clock, Random& random,
                       std::function<void(const std::string&)> on_exit)
    : options_(std::move(options)),
      clock_(clock),
      random_(random),
      on_exit_(std::move(on_exit)),
      clients_(link::DriverClients::Make()) {
  supervisor_ = std::jthread([this](std::stop_token stop) { Supervise(stop); });
}

namespace {

Error ShuttingDown() { return MakeError(ErrorCode::kTemporarilyUnavailable, "The server is shutting down."); }

}  // namespace

DriverPool::~DriverPool() { Stop(); }

void DriverPool::Stop() {
  supervisor_.request_stop();
  wake_.notify_all();
  if (supervisor_.joinable()) supervisor_.join();
  std::vector<Waiter> waiters;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    waiters.swap(waiters_);
  }
  for (Waiter& waiter : waiters) waiter(ShuttingDown());
  clients_->Stop();
}

void DriverPool::Acquire(Waiter done) {
  DriverPtr driver;
  bool stopped = false;
  {
    std::lock_guard lock(mutex_);
    stopped = stopped_;
    for (auto& [id, process] : processes_) {
      if (!process.ready || process.handed_out || process.released) continue;
      process.handed_out = true;
      driver = process.driver;
      break;
    }
    if (!driver && !stopped) {
      waiters_.push_back(std::move(done));
      failed_starts_ = 0;
    }
  }
  wake_.notify_all();
  if (driver) {
    done(driver);
  } else if (stopped) {
    done(ShuttingDown());
  }
}

void DriverPool::Release(const std::string& driver_id) {
  std::lock_guard lock(mutex_);
  auto found = processes_.find(driver_id);
  if (found == processes_.end()) return;
  found->second.released = true;
  Terminate(found->second);
}

Status DriverPool::OnHeartbeat(const link::Heartbeat& heartbeat) {
  Waiter waiter;
  DriverPtr driver;
  {
    std::lock_guard lock(mutex_);
    auto found = processes_.find(heartbeat.driver_id);
    if (found == processes_.end() || found->second.secret != heartbeat.secret || found->second.released) {
      return MakeError(ErrorCode::kPermissionDenied, "driver " + heartbeat.driver_id + " has no lease");
    }
    Process& process = found->second;
    process.heartbeat_nanos = clock_.MonotonicNanos();
    process.rss_bytes = heartbeat.rss_bytes;
    process.running_statements = heartbeat.running_statements;
    if (!process.ready) {
      process.ready = true;
      failed_starts_ = 0;
      process.driver = std::make_shared<const Driver>(Driver{
          process.id, heartbeat.socket, process.pid, clients_->Connect(heartbeat.socket)});
      if (!waiters_.empty()) {
        waiter = std::move(waiters_.front());
        waiters_.erase(waiters_.begin());
        process.handed_out = true;
        driver = process.driver;
      }
    }
  }
  if (waiter) waiter(driver);
  wake_.notify_all();
  return OkStatus();
}

bool DriverPool::Busy(const std::string& driver_id) const {
  std::lock_guard lock(mutex_);
  auto found = processes_.find(driver_id);
  return found != processes_.end() && found->second.running_statements > 0;
}

DriverPool::Usage DriverPool::usage() const {
  std::lock_guard lock(mutex_);
  Usage usage;
  for (const auto& [id, process] : processes_) {
    ++usage.drivers;
    usage.rss_bytes += process.rss_bytes;
  }
  return usage;
}

void DriverPool::Supervise(std::stop_token stop) {
  while (!stop.stop_requested()) {
    StartMissing();
    ReapExited();
    EndOverdue();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, kTick, [] { return false; });
  }
  std::lock_guard lock(mutex_);
  for (auto& [id, process] : processes_) kill(process.pid, SIGKILL);
  for (auto& [id, process] : processes_) waitpid(process.pid, nullptr, 0);
  processes_.clear();
}

// Enough drivers for everybody who waits, and the warm ones.
void DriverPool::StartMissing() {
  std::vector<Waiter> refused;
  {
    std::lock_guard lock(mutex_);
    if (failed_starts_ >= kMaxFailedStarts) {
      refused.swap(waiters_);
    } else {
      size_t idle = 0;
      for (const auto& [id, process] : processes_) {
        if (!process.handed_out && !process.released) ++idle;
      }
      size_t wanted = waiters_.size() + static_cast<size_t>(options_.warm);
      for (; idle < wanted && Spawn(); ++idle) {
      }
    }
  }
  for (Waiter& waiter : refused) {
    waiter(MakeError(ErrorCode::kTemporarilyUnavailable,
                     "The cluster's driver could not be started; the server's log has the reason."));
  }
}

bool DriverPool::Spawn() {
  Process process;
  process.id = "driver-" + NewHex(random_, 6);
  process.secret = NewHex(random_, 24);
  process.started_nanos = clock_.MonotonicNanos();
  process.heartbeat_nanos = process.started_nanos;
  std::vector<std::string> arguments = {options_.driver_binary,
                                        "--id", process.id,
                                        "--run-folder", options_.run_folder,
                                        "--control-socket", options_.control_socket,
                                        "--memory-bytes", std::to_string(options_.memory_bytes),
                                        "--threads", std::to_string(options_.threads),
                                        "--log-level", options_.log_level};
  for (const std::string& conf : options_.spark_confs) arguments.insert(arguments.end(), {"--conf", conf});
  process.pid = ForkDriver(arguments, {"ASHLAR_DRIVER_SECRET=" + process.secret});
  if (process.pid < 0) {
    ++failed_starts_;
    Log(LogLevel::kError, "driver could not be forked");
    return false;
  }
  Log(LogLevel::kInfo, "driver started", {{"driver", process.id}, {"pid", std::to_string(process.pid)}});
  processes_.emplace(process.id, std::move(process));
  return true;
}

void DriverPool::ReapExited() {
  std::vector<std::string> gone;
  {
    std::lock_guard lock(mutex_);
    for (auto it = processes_.begin(); it != processes_.end();) {
      int status = 0;
      if (waitpid(it->second.pid, &status, WNOHANG) != it->second.pid) {
        ++it;
        continue;
      }
      Process& process = it->second;
      Log(process.released ? LogLevel::kInfo : LogLevel::kWarn, "driver ended",
          {{"driver", process.id},
           {"status", WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                          : "exit " + std::to_string(WEXITSTATUS(status))}});
      if (!process.ready) ++failed_starts_;
      if (process.handed_out && !process.released) gone.push_back(process.id);
      it = processes_.erase(it);
    }
  }
  for (const std::string& id : gone) on_exit_(id);
}

void DriverPool::EndOverdue() {
  std::lock_guard lock(mutex_);
  int64_t now = clock_.MonotonicNanos();
  for (auto& [id, process] : processes_) {
    int64_t silent = now - process.heartbeat_nanos;
    int64_t allowed = (process.ready ? options_.lease_ms : options_.start_timeout_ms) * 1'000'000;
    bool stuck = process.terminated_nanos > 0 && now - process.terminated_nanos > kTerminateGraceNanos;
    if (silent > allowed || stuck) kill(process.pid, SIGKILL);
  }
}

void DriverPool::Terminate(Process& process) {
  if (process.terminated_nanos > 0) return;
  process.terminated_nanos = clock_.MonotonicNanos();
  kill(process.pid, SIGTERM);
}

}  // namespace ashlar::compute
