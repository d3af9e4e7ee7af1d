#include "base/clock.h"

#include <openssl/rand.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "base/check.h"

namespace ashlar {
namespace {

class RealClock final : public Clock {
 public:
  int64_t NowMs() const override { return NowMicros() / 1000; }
  int64_t NowMicros() const override {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  int64_t MonotonicNanos() const override {
    return std::chrono::steady_clock::now().time_since_epoch().count();
  }
};

class RealRandom final : public Random {
 public:
  void Fill(void* bytes, size_t count) override {
    CHECK(RAND_bytes(static_cast<unsigned char*>(bytes), static_cast<int>(count)) == 1);
  }
};

}  // namespace

uint64_t Random::NextUint64() {
  uint64_t value = 0;
  Fill(&value, sizeof(value));
  return value;
}

const Clock& SystemClock() {
  static const RealClock clock;
  return clock;
}

Random& SystemRandom() {
  static RealRandom random;
  return random;
}

std::string FormatUtcMs(int64_t ms) {
  int64_t millis = ms % 1000;
  time_t seconds = static_cast<time_t>(ms / 1000);
  if (millis < 0) {
    millis += 1000;
    seconds -= 1;
  }
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> buffer;
  size_t length = std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::string text(buffer.data(), length);
  std::snprintf(buffer.data(), buffer.size(), ".%03dZ", static_cast<int>(millis));
  return text + buffer.data();
}

}  // namespace ashlar
