#include "driver/driver.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/service_type.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "base/file.h"
#include "base/log.h"
#include "base/version.h"
#include "connect/connect_service.h"
#include "driver/mounting_control.h"
#include "engine/engine.h"
#include "engine/library_version.h"
#include "engine/parquet_actions.h"
#include "engine/store_file_system.h"
#include "functions/registry.h"
#include "link/control_client.h"
#include "link/driver_server.h"
#include "objectstore/local_store.h"
#include "objectstore/store_router.h"
#include "session/statement_service.h"

namespace ashlar::driver {
namespace {

constexpr auto kWatchInterval = std::chrono::milliseconds(100);
constexpr int kHeartbeatEvery = 5;        // watch intervals
constexpr int kMaxMissedHeartbeats = 20;  // 10 seconds
constexpr int kMaxMessageBytes = 256 << 20;
constexpr int kExitOverMemory = 3;

std::atomic<bool> g_stop = false;

int64_t ResidentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  long total = 0;
  long resident = 0;
  int fields = std::fscanf(file, "%ld %ld", &total, &resident);
  std::fclose(file);
  return fields == 2 ? int64_t{resident} * sysconf(_SC_PAGESIZE) : 0;
}

// DuckDB's own limit does not bound the process: at 90 % of the budget a statement is interrupted with a
// clear error, at 100 % the process ends and is replaced.
class MemoryWatch {
 public:
  MemoryWatch(int64_t budget_bytes, session::RunningStatements& running)
      : budget_bytes_(budget_bytes), running_(running) {}

  // False: over the budget.
  bool Check(int64_t resident_bytes) {
    if (resident_bytes > budget_bytes_) return false;
    bool high = resident_bytes > budget_bytes_ / 10 * 9;
    if (high && !was_high_) {
      running_.StopOldest(MakeError(ErrorCode::kResourceExhausted,
                                    "The statement was stopped: the cluster's memory budget of " +
                                        std::to_string(budget_bytes_ >> 20) + " MiB is nearly used up."));
    }
    was_high_ = high;
    return true;
  }

 private:
  const int64_t budget_bytes_;
  session::RunningStatements& running_;
  bool was_high_ = false;
};

// Heartbeats and watches until it is time to end; the exit status.
int WatchUntilTheEnd(const DriverOptions& options, const std::string& socket, link::ControlApi& control,
                     session::RunningStatements& running, const session::StatementService& statements) {
  MemoryWatch memory(options.memory_bytes, running);
  int missed = 0;
  for (int tick = 0; !g_stop; ++tick) {
    int64_t resident = ResidentBytes();
    if (!memory.Check(resident)) {
      Log(LogLevel::kError, "driver is over its memory budget", {{"rss", std::to_string(resident)}});
      return kExitOverMemory;
    }
    if (tick % kHeartbeatEvery == 0) {
      Status sent = control.OnHeartbeat({options.id, options.secret, socket, resident,
                                         static_cast<int>(running.count()), statements.open_sessions()});
      if (!sent.ok() && sent.error().code == ErrorCode::kPermissionDenied) return 0;
      missed = sent.ok() ? 0 : missed + 1;
      if (missed > kMaxMissedHeartbeats) return 1;
    }
    std::this_thread::sleep_for(kWatchInterval);
  }
  return 0;
}

int Fail(const Error& error) {
  Log(LogLevel::kError, "driver cannot start", {{"reason", error.message}});
  return 1;
}

Result<session::Confs> ConfsOf(const DriverOptions& options) {
  session::Confs confs;
  for (const std::string& conf : options.confs) {
    size_t equals = conf.find('=');
    std::string value = equals == std::string::npos ? "" : conf.substr(equals + 1);
    RETURN_IF_ERROR(confs.SetDefault(conf.substr(0, equals), value));
  }
  return confs;
}

}  // namespace

int RunDriver(const DriverOptions& options) {
  signal(SIGTERM, [](int) { g_stop = true; });
  signal(SIGPIPE, SIG_IGN);
  std::string folder = options.run_folder + "/" + options.id;
  std::string spool_folder = folder + "/spool";
  std::string temp_folder = folder + "/temp";
  for (const std::string& path : {folder, spool_folder, temp_folder}) {
    Status made = MakeDirectories(path, 0700);
    if (!made.ok()) return Fail(made.error());
  }
  engine::EngineOptions engine_options;
  engine_options.memory_limit_bytes = static_cast<uint64_t>(options.memory_bytes / 10 * 7);
  engine_options.threads = options.threads;
  // The engine opens no path with a link in it.
  std::error_code unresolved;
  engine_options.temp_directory = std::filesystem::canonical(temp_folder, unresolved).string();
  if (unresolved) return Fail(MakeError(ErrorCode::kIoError, temp_folder + ": " + unresolved.message()));
  auto engine = engine::Engine::Open(engine_options);
  if (!engine.ok()) return Fail(engine.error());

  auto control_client = link::MakeControlClient(options.control_socket);
  objectstore::MountedStores mounted(SystemClock(), objectstore::MakeCurlTransport({}));
  MountingControl control(*control_client, mounted);
  // Every path it is given is canonical.
  objectstore::LocalObjectStore local{objectstore::LocalObjectStore::Links::kRefused};
  objectstore::StoreRouter store(local, [&](const std::string& path) { return mounted.Find(path); });
  engine::ServeStorePaths(**engine, store);
  engine::EngineParquetActions parquet_actions(**engine, &store);
  engine::SnapshotCache snapshots;
  session::RunningStatements running;
  auto confs = ConfsOf(options);
  if (!confs.ok()) return Fail(confs.error());
  session::Environment environment{**engine,  control,       functions::SparkFunctions(), store,        parquet_actions,
                                   snapshots, SystemClock(), SystemRandom(),              spool_folder, running,
                                   *std::move(confs)};
  session::StatementService statements(environment);
  auto driver_service = link::MakeDriverService(statements);
  auto connect_service = connect::MakeConnectService(environment);

  std::string socket = folder + "/driver.sock";
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + socket, grpc::InsecureServerCredentials());
  builder.RegisterService(driver_service.get());
  builder.RegisterService(connect_service.get());
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  auto server = builder.BuildAndStart();
  if (!server) return Fail(MakeError(ErrorCode::kIoError, "cannot listen on " + socket));
  int status = WatchUntilTheEnd(options, socket, control, running, statements);
  // What still runs is not worth waiting for: nothing uncommitted counts, and the lease is over.
  _exit(status);
}

int RunSelfCheck() {
  auto engine = engine::Engine::Open({});
  if (!engine.ok()) return Fail(engine.error());
  std::printf("{\"version\":\"%s\",\"duckdb\":\"%s\"}\n", std::string(Version()).c_str(), engine::LibraryVersion().c_str());
  return 0;
}

}  // namespace ashlar::driver
