#include "cli/terminal.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>

#include "base/clock.h"
#include "base/file.h"

namespace ashlar::cli {
namespace {

constexpr int64_t kNanosPerMs = 1'000'000;
constexpr int64_t kQuietMs = 400;
constexpr int64_t kRedrawMs = 100;

std::atomic<int> interrupts{0};
void OnInterrupt(int) { interrupts.fetch_add(1); }

}  // namespace

bool IsTerminal(int fd) { return isatty(fd) == 1; }

size_t TerminalColumns(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

void CatchInterrupts() {
  struct sigaction action {};
  action.sa_handler = OnInterrupt;  // without SA_RESTART: waiting calls return
  sigaction(SIGINT, &action, nullptr);
}

bool TakeInterrupt() { return interrupts.exchange(0) > 0; }

int PendingInterrupts() { return interrupts.load(); }

void PauseMs(int64_t milliseconds) {
  if (interrupts.load() == 0) poll(nullptr, 0, static_cast<int>(milliseconds));
}

std::string DurationText(int64_t milliseconds) {
  if (milliseconds < 1000) return std::to_string(milliseconds) + " ms";
  char text[64];
  if (milliseconds < 60'000) {
    std::snprintf(text, sizeof(text), "%.1f s", static_cast<double>(milliseconds) / 1000);
  } else {
    std::snprintf(text, sizeof(text), "%lld min %lld s", static_cast<long long>(milliseconds / 60'000),
                  static_cast<long long>(milliseconds / 1000 % 60));
  }
  return text;
}

std::string BytesText(uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  auto value = static_cast<double>(bytes) / 1024;
  for (const char* unit : {"KiB", "MiB", "GiB"}) {
    if (value < 1024) {
      char text[48];
      std::snprintf(text, sizeof(text), "%.1f %s", value, unit);
      return text;
    }
    value /= 1024;
  }
  char text[48];
  std::snprintf(text, sizeof(text), "%.1f TiB", value);
  return text;
}

ProgressLine::ProgressLine() : enabled_(IsTerminal(2)), started_nanos_(SystemClock().MonotonicNanos()) {}

ProgressLine::~ProgressLine() { Clear(); }

int64_t ProgressLine::ElapsedMs() const { return (SystemClock().MonotonicNanos() - started_nanos_) / kNanosPerMs; }

void ProgressLine::Show(std::string_view text) {
  int64_t now = SystemClock().MonotonicNanos();
  if (!enabled_ || now - started_nanos_ < kQuietMs * kNanosPerMs || now - shown_nanos_ < kRedrawMs * kNanosPerMs) return;
  shown_nanos_ = now;
  visible_ = true;
  (void)WriteTo(2, "\r\x1b[K" + std::string(text)).ok();
}

void ProgressLine::Clear() {
  if (visible_) (void)WriteTo(2, "\r\x1b[K").ok();
  visible_ = false;
}

Status WriteTo(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError("write", fd == 1 ? "standard output" : "a file");
    text.remove_prefix(static_cast<size_t>(written));
  }
  return OkStatus();
}

Status WriteOut(std::string_view text) { return WriteTo(1, text); }

void Complain(std::string_view message) { (void)WriteTo(2, "ashlar: " + std::string(message) + "\n").ok(); }

}  // namespace ashlar::cli
