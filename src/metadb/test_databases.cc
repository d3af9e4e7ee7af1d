#include "metadb/test_databases.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "base/clock.h"
#include "base/id.h"
#include "metadb/postgres_database.h"
#include "metadb/sqlite_database.h"

namespace ashlar::metadb {
namespace {

constexpr int64_t kStartTimeoutNanos = 60'000'000'000;

// The folder of initdb and postgres; empty when there is none.
std::string ProgramFolder() {
  for (int version = 20; version >= 11; --version) {
    std::string folder = "/usr/lib/postgresql/" + std::to_string(version) + "/bin";
    if (access((folder + "/initdb").c_str(), X_OK) == 0) return folder;
  }
  for (std::string folder : {"/usr/local/bin", "/usr/bin"}) {
    if (access((folder + "/initdb").c_str(), X_OK) == 0) return folder;
  }
  return "";
}

// Starts a program as the user postgres when we are root, which PostgreSQL refuses to run as. It dies
// with us; its output goes to `log`.
pid_t Spawn(const std::vector<std::string>& arguments, const std::string& log) {
  const passwd* user = geteuid() == 0 ? getpwnam("postgres") : nullptr;
  pid_t pid = fork();
  if (pid != 0) return pid;
  int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  if (user != nullptr && (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 ||
                          setuid(user->pw_uid) != 0)) {
    _exit(126);
  }
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

// One PostgreSQL for the whole test program.
class PostgresServer {
 public:
  ~PostgresServer() {
    if (pid_ <= 0) return;
    kill(pid_, SIGQUIT);
    waitpid(pid_, nullptr, 0);
  }

  // Answers "host=… user=…" without a database name.
  Result<std::string> Address() {
    std::lock_guard lock(mutex_);
    if (pid_ == 0) {
      Status started = Start();
      if (!started.ok()) return started.error();
    }
    return "host=" + folder_.path() + " user=ashlar";
  }

 private:
  Status Start() {
    std::string programs = ProgramFolder();
    if (programs.empty()) return NotImplemented("tests on PostgreSQL: initdb is not installed");
    std::string data = folder_.path() + "/data";
    std::string log = folder_.path() + "/log";
    if (geteuid() == 0) {
      const passwd* user = getpwnam("postgres");
      if (user == nullptr) return NotImplemented("tests on PostgreSQL: there is no user postgres");
      if (chown(folder_.path().c_str(), user->pw_uid, user->pw_gid) != 0) {
        return MakeError(ErrorCode::kIoError, "chown " + folder_.path());
      }
    }
    pid_t init = Spawn({programs + "/initdb", "-D", data, "-U", "ashlar", "-A", "trust", "-N",
                        "-E", "UTF8", "--locale=C.UTF-8"},
                       log);
    int status = 0;
    waitpid(init, &status, 0);
    if (status != 0) return MakeError(ErrorCode::kInternalError, "initdb failed, see " + log);
    pid_ = Spawn({programs + "/postgres", "-D", data, "-k", folder_.path(), "-c",
                  "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=50"},
                 log);
    return AwaitReady();
  }

  Status AwaitReady() {
    std::string address = "host=" + folder_.path() + " user=ashlar dbname=postgres";
    int64_t deadline = SystemClock().MonotonicNanos() + kStartTimeoutNanos;
    while (SystemClock().MonotonicNanos() < deadline) {
      if (OpenPostgres(address).ok()) return OkStatus();
      if (waitpid(pid_, nullptr, WNOHANG) == pid_) break;
      usleep(5000);  // a starting server has nothing to wait on
    }
    return MakeError(ErrorCode::kInternalError, "PostgreSQL did not start");
  }

  std::mutex mutex_;
  TemporaryDirectory folder_;
  pid_t pid_ = 0;
};

PostgresServer& Server() {
  static PostgresServer server;
  return server;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  const char* base = std::getenv("TMPDIR");
  path_ = std::string(base == nullptr ? "/tmp" : base) + "/ashlar-test-" + NewHex(SystemRandom(), 8);
  std::filesystem::create_directories(path_);
  path_ = std::filesystem::canonical(path_);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;  // a test that fails must not fail twice
  std::filesystem::remove_all(path_, ignored);
}

Result<std::unique_ptr<TestDatabase>> TestDatabase::Make(TestBackend backend) {
  auto made = std::make_unique<TestDatabase>();
  made->backend_ = backend;
  if (backend == TestBackend::kSqlite) {
    made->address_ = made->directory_.path() + "/meta.db";
  } else {
    ASSIGN_OR_RETURN(std::string server, Server().Address());
    std::string name = "t" + NewHex(SystemRandom(), 8);
    // A schema of its own: CREATE DATABASE is slow and cannot run in a transaction.
    ASSIGN_OR_RETURN(auto admin, OpenPostgres(server + " dbname=postgres"));
    made->address_ = server + " dbname=postgres options='-c search_path=" + name + "'";
    RETURN_IF_ERROR(admin->Transact(
        [&](Transaction& txn) { return txn.ExecuteScript("CREATE SCHEMA " + name); }));
  }
  RETURN_IF_ERROR(made->Reopen());
  return made;
}

Status TestDatabase::Reopen() {
  database_.reset();
  if (backend_ == TestBackend::kSqlite) {
    ASSIGN_OR_RETURN(database_, OpenSqlite(address_));
  } else {
    ASSIGN_OR_RETURN(database_, OpenPostgres(address_));
  }
  return OkStatus();
}

}  // namespace ashlar::metadb
