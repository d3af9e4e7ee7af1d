// The terminal this process talks to: what it is, Ctrl-C, and the line that says something is going on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ashlar::cli {

bool IsTerminal(int fd);
// Columns of the terminal behind `fd`; 80 when they are not known.
size_t TerminalColumns(int fd);

// From here on Ctrl-C is counted in place of ending the process, and interrupts waiting system calls.
void CatchInterrupts();
// Whether Ctrl-C came since the last call.
bool TakeInterrupt();
// How many came since TakeInterrupt.
int PendingInterrupts();

// Waits, until Ctrl-C at the latest.
void PauseMs(int64_t milliseconds);

// "12 ms", "3.4 s", "2 min 5 s"
std::string DurationText(int64_t milliseconds);
// "512 B", "3.4 MiB"
std::string BytesText(uint64_t bytes);

// A line on stderr that is written over; nothing at all when stderr is no terminal, nor in the first
// 400 ms.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Show(std::string_view text);
  void Clear();
  int64_t ElapsedMs() const;

 private:
  const bool enabled_;
  const int64_t started_nanos_;
  int64_t shown_nanos_ = 0;
  bool visible_ = false;
};

// Writes all of it to stdout. Error: kIoError, also when the reader went away.
Status WriteOut(std::string_view text);
Status WriteTo(int fd, std::string_view text);
// "ashlar: …" on stderr.
void Complain(std::string_view message);

}  // namespace ashlar::cli
