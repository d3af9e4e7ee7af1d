// The injected sources of time and chance. Code outside base never reads the system's own.
#pragma once

#include <cstdint>
#include <string>

namespace ashlar {

// Thread safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds since 1970-01-01 UTC; what is stored and sent.
  virtual int64_t NowMs() const = 0;
  // Microseconds since 1970-01-01 UTC.
  virtual int64_t NowMicros() const = 0;
  // Monotonic nanoseconds from an arbitrary origin; for durations.
  virtual int64_t MonotonicNanos() const = 0;
};

// The process's real clock.
const Clock& SystemClock();

// A clock for tests that moves only when told. Not thread safe while being advanced.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(int64_t now_ms) : now_micros_(now_ms * 1000) {}
  int64_t NowMs() const override { return now_micros_ / 1000; }
  int64_t NowMicros() const override { return now_micros_; }
  int64_t MonotonicNanos() const override { return now_micros_ * 1000; }
  void AdvanceMs(int64_t ms) { now_micros_ += ms * 1000; }

 private:
  int64_t now_micros_;
};

// Thread safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void Fill(void* bytes, size_t count) = 0;
  uint64_t NextUint64();
};

// Cryptographically strong bytes of the operating system.
Random& SystemRandom();

// "2026-11-22T17:43:03.123Z"
std::string FormatUtcMs(int64_t ms);

}  // namespace ashlar
