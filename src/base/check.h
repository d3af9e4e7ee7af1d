// CHECK(condition) << "context": a bug, not a user's mistake. Prints where and why, then aborts.
// ReportCrashes(): what a program that ends by a bug says last.
#pragma once

#include <sstream>

namespace ashlar {

// From now on a process that ends by an exception nobody caught, by abort() or by a bad access of memory first writes
// what and where, with a backtrace, to standard error. How it ends stays the same. Once, before threads start.
void ReportCrashes();

// Collects the message of a failed CHECK and aborts the process when it goes out of scope.
class CheckFailure {
 public:
  CheckFailure(const char* file, int line, const char* condition);
  [[noreturn]] ~CheckFailure();
  CheckFailure(const CheckFailure&) = delete;
  CheckFailure& operator=(const CheckFailure&) = delete;
  std::ostream& stream() { return text_; }

 private:
  std::ostringstream text_;
};

// Gives the conditional operator in CHECK a void right-hand side.
struct CheckVoidify {
  void operator&(std::ostream&) const {}
};

}  // namespace ashlar

#define CHECK(condition)                   \
  (condition) ? (void)0                    \
              : ::ashlar::CheckVoidify() & \
                    ::ashlar::CheckFailure(__FILE__, __LINE__, #condition).stream()
#define CHECK_EQ(a, b) CHECK((a) == (b))
#define CHECK_LT(a, b) CHECK((a) < (b))
#define CHECK_LE(a, b) CHECK((a) <= (b))
