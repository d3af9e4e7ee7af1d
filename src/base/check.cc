#include "base/check.h"

#include <execinfo.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace ashlar {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::array kFatalSignals = {SIGABRT};  // sanitizers tell of the others, and more
#else
constexpr std::array kFatalSignals = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
#endif
constexpr int kMaxFrames = 64;

void WriteBacktrace() {
  std::array<void*, kMaxFrames> frames;
  int count = backtrace(frames.data(), kMaxFrames);
  backtrace_symbols_fd(frames.data(), count, STDERR_FILENO);
}

// Only async-signal-safe calls.
void OnFatalSignal(int number) {
  std::array<char, 32> text = {"fatal signal 00; backtrace:\n"};
  text[13] = static_cast<char>('0' + number / 10);
  text[14] = static_cast<char>('0' + number % 10);
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, text.data(), sizeof("fatal signal 00; backtrace:\n") - 1);
  WriteBacktrace();
  raise(number);  // the default action, as soon as this returns: SA_RESETHAND
}

[[noreturn]] void OnTerminate() {
  auto say = [](const char* what) { std::fprintf(stderr, "std::terminate: %s\n", what); };
  try {
    if (std::current_exception()) throw;
    say("no exception");
  } catch (const std::exception& error) {
    say(error.what());
  } catch (...) {
    say("not a std::exception");
  }
  std::fflush(stderr);
  std::abort();
}

}  // namespace

void ReportCrashes() {
  std::array<void*, 1> frame;
  backtrace(frame.data(), 1);  // loads what it needs: a signal handler must not
  std::set_terminate(OnTerminate);
  struct sigaction action {};
  action.sa_handler = OnFatalSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (int number : kFatalSignals) sigaction(number, &action, nullptr);
}

CheckFailure::CheckFailure(const char* file, int line, const char* condition) {
  text_ << "CHECK failed at " << file << ":" << line << ": " << condition << " ";
}

CheckFailure::~CheckFailure() {
  std::fprintf(stderr, "%s\n", text_.str().c_str());
  std::fflush(stderr);
  std::abort();
}

}  // namespace ashlar
