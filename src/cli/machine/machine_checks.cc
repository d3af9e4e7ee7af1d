#include "cli/machine/machine_checks.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/terminal.h"

namespace ashlar::cli {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr int64_t kSlowSyncMs = 100;
constexpr int64_t kDriverTimeoutMs = 30'000;
constexpr int64_t kYear2025Ms = 1'735'689'600'000;

Check Ok(std::string name, std::string detail) { return {std::move(name), CheckStatus::kOk, std::move(detail), ""}; }
Check Warn(std::string name, std::string detail, std::string advice) {
  return {std::move(name), CheckStatus::kWarning, std::move(detail), std::move(advice)};
}
Check Fail(std::string name, std::string detail, std::string advice) {
  return {std::move(name), CheckStatus::kFailure, std::move(detail), std::move(advice)};
}

Check CheckSpace(const std::string& name, const std::string& folder) {
  struct statvfs space {};
  if (statvfs(folder.c_str(), &space) != 0) return Fail(name, ErrnoError("statvfs", folder).message, "Name another folder.");
  uint64_t bytes = static_cast<uint64_t>(space.f_bavail) * space.f_frsize;
  std::string detail = BytesText(bytes) + " free";
  if (bytes < 256 * kMiB) return Fail(name, detail, "Free some space, or name a folder on another disk.");
  if (bytes < 2 * kGiB) return Warn(name, detail, "Large sorts and results spill to disk and may not fit.");
  return Ok(name, detail);
}

// File systems whose locks or fsync are not those of a local disk.
Check CheckFileSystem(const std::string& folder) {
  struct Kind {
    long magic;
    const char* name;
  };
  static constexpr Kind kDoubtful[] = {{0x6969, "NFS"}, {0x517b, "SMB"}, {0xff534d42, "CIFS"}, {0xfe534d42, "SMB2"}, {0x65735546, "FUSE"}, {0x01021997, "9P"}, {0x01021994, "tmpfs"}};
  struct statfs status {};
  if (statfs(folder.c_str(), &status) != 0) return Fail("file system", ErrnoError("statfs", folder).message, "Name another folder.");
  for (const Kind& kind : kDoubtful) {
    if (static_cast<long>(status.f_type) != kind.magic) continue;
    bool memory = kind.magic == 0x01021994;
    return Warn("file system", kind.name, memory ? "It is gone after a restart of the machine." : "Use a local disk: SQLite's locks and fsync need one.");
  }
  return Ok("file system", "a local one");
}

Check CheckSync(const std::string& folder) {
  std::string probe = folder + "/.ashlar-doctor-" + std::to_string(getpid());
  int64_t begin = SystemClock().MonotonicNanos();
  Status written = WriteFileDurably(probe, "probe");
  int64_t elapsed_ms = (SystemClock().MonotonicNanos() - begin) / 1'000'000;
  unlink(probe.c_str());
  if (!written.ok()) return Fail("fsync", written.error().message, "Make the folder writable, or name another with --data-dir.");
  std::string detail = "a durable write takes " + DurationText(elapsed_ms);
  if (elapsed_ms > kSlowSyncMs) return Warn("fsync", detail, "Every commit waits for the disk: a faster one helps.");
  return Ok("fsync", detail);
}

Check CheckLock(const std::string& folder) {
  std::string path = folder + "/lock";
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return Ok("data folder lock", "free");
  if (fd < 0) return Fail("data folder lock", ErrnoError("open", path).message, "The folder belongs to another user.");
  bool free = flock(fd, LOCK_SH | LOCK_NB) == 0;
  close(fd);
  if (free) return Ok("data folder lock", "free");
  return Warn("data folder lock", "a server uses the folder", "Another server needs another --data-dir.");
}

// The output of a program; nullopt when it could not be run, failed or took too long.
std::optional<std::string> OutputOf(const std::string& binary, const char* argument) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 1);
    dup2(ends[1], 2);
    execl(binary.c_str(), binary.c_str(), argument, static_cast<char*>(nullptr));
    _exit(127);
  }
  close(ends[1]);
  std::string output;
  int64_t deadline = SystemClock().MonotonicNanos() + kDriverTimeoutMs * 1'000'000;
  bool ended = false;
  while (child > 0 && !ended) {
    int64_t left_ms = (deadline - SystemClock().MonotonicNanos()) / 1'000'000;
    pollfd input{ends[0], POLLIN, 0};
    if (left_ms <= 0 || poll(&input, 1, static_cast<int>(left_ms)) <= 0) break;
    char buffer[4096];
    ssize_t count = read(ends[0], buffer, sizeof(buffer));
    ended = count <= 0;
    if (count > 0) output.append(buffer, static_cast<size_t>(count));
  }
  close(ends[0]);
  if (child < 0) return std::nullopt;
  if (!ended) kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  if (!ended) return std::nullopt;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? output : "it failed: " + output;
}

}  // namespace

std::vector<Check> CheckDataFolder(const std::string& folder) {
  std::error_code ignored;
  std::string place = std::filesystem::absolute(folder, ignored).string();
  while (place.size() > 1 && !std::filesystem::exists(place, ignored)) place = std::filesystem::path(place).parent_path();
  bool made = place == std::filesystem::absolute(folder, ignored).string();
  if (!std::filesystem::is_directory(place, ignored)) {
    return {Fail("data folder", place + " is no folder", "Name another with --data-dir.")};
  }
  if (access(place.c_str(), R_OK | W_OK | X_OK) != 0) {
    return {Fail("data folder", place + " cannot be written: " + std::strerror(errno), "Change its owner or mode, or name another with --data-dir.")};
  }
  std::vector<Check> checks = {Ok("data folder", made ? place : folder + " will be made in " + place)};
  checks.push_back(CheckLock(folder));
  checks.push_back(CheckSync(place));
  checks.push_back(CheckSpace("disk space", place));
  checks.push_back(CheckFileSystem(place));
  return checks;
}

Check CheckPort(const std::string& listen) {
  size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return Fail("port", listen + " is not HOST:PORT", "Give --listen HOST:PORT.");
  std::string host = ReplaceAll(ReplaceAll(listen.substr(0, colon), "[", ""), "]", "");
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  int code = getaddrinfo(host.empty() ? nullptr : host.c_str(), listen.substr(colon + 1).c_str(), &hints, &found);
  if (code != 0) return Fail("port", listen + ": " + gai_strerror(code), "Name an address of this machine with --listen.");
  Check check = Ok("port", listen + " is free");
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    int fd = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
    if (fd < 0) continue;  // a family this machine lacks
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, one->ai_addr, one->ai_addrlen) != 0 && errno != EADDRNOTAVAIL) {
      check = Fail("port", listen + ": " + std::strerror(errno),
                   errno == EADDRINUSE ? "Stop what listens there, or serve with another --listen." : "Serve with another --listen.");
    }
    close(fd);
  }
  freeaddrinfo(found);
  return check;
}

Check CheckDriver(const std::string& driver_binary) {
  const std::string advice = "Install ashlar and ashlar-driver of one build side by side.";
  if (access(driver_binary.c_str(), X_OK) != 0) return Fail("driver", driver_binary + ": " + std::strerror(errno), advice);
  std::optional<std::string> output = OutputOf(driver_binary, "--self-check");
  if (!output) return Fail("driver", driver_binary + " does not answer", advice);
  Result<Json> answer = ParseJson(*output);
  if (!answer.ok() || !answer->is_object()) return Fail("driver", std::string(Trim(output->substr(0, 400))), advice);
  std::string version = answer->value("version", "");
  std::string detail = "version " + version + ", DuckDB " + answer->value("duckdb", "");
  if (version != Version()) return Fail("driver", detail + "; this is version " + std::string(Version()), advice);
  return Ok("driver", detail);
}

Check CheckMemory() {
  struct sysinfo machine {};
  sysinfo(&machine);
  uint64_t total = static_cast<uint64_t>(machine.totalram) * machine.mem_unit;
  std::string detail = BytesText(total);
  if (total < 512 * kMiB) return Fail("memory", detail, "A server and a driver need 512 MiB at least.");
  if (total < 2 * kGiB) return Warn("memory", detail, "Give each driver less with --driver-memory.");
  return Ok("memory", detail);
}

Check CheckOpenFiles() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  std::string detail = limit.rlim_cur == RLIM_INFINITY ? "no limit" : std::to_string(limit.rlim_cur);
  if (limit.rlim_cur < 256) return Fail("open files", detail, "Raise it: ulimit -n 4096");
  if (limit.rlim_cur < 1024) return Warn("open files", detail, "Many connections or files need more: ulimit -n 4096");
  return Ok("open files", detail);
}

Check CheckTemporaryFolder() {
  std::error_code code;
  std::string folder = std::filesystem::temp_directory_path(code).string();
  if (code) return Fail("temporary folder", code.message(), "Let TMPDIR name a folder.");
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return Fail("temporary folder", folder + " cannot be written: " + std::strerror(errno), "Let TMPDIR name a folder that can.");
  }
  Check space = CheckSpace("temporary folder", folder);
  space.detail = folder + ", " + space.detail;
  return space;
}

Check CheckClock() {
  int64_t now_ms = SystemClock().NowMs();
  if (now_ms < kYear2025Ms) return Fail("clock", FormatUtcMs(now_ms), "Set the clock: tokens, certificates and table versions carry times.");
  return Ok("clock", FormatUtcMs(now_ms));
}

Check CheckProcessControl() {
  int signal = 0;
  if (prctl(PR_GET_PDEATHSIG, &signal) == 0) return Ok("process control", "drivers end with their server");
  return Warn("process control", std::strerror(errno), "Drivers may outlive a server that is killed, until their lease ends.");
}

}  // namespace ashlar::cli
