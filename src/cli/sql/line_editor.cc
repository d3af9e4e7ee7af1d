#include "cli/sql/line_editor.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/terminal.h"

namespace ashlar::cli {
namespace {

constexpr int kMaxEntries = 2000;
constexpr char kLineBreak = '\x01';  // of an entry over several lines, in the file

// What readline's callbacks leave behind.
bool line_done = false;
char* line_text = nullptr;
LineEditor::Completer* completer = nullptr;
std::vector<std::string> candidates;

void OnLine(char* text) {
  line_done = true;
  line_text = text;
  rl_callback_handler_remove();
}

char* NextCandidate(const char*, int state) {
  static size_t next = 0;
  if (state == 0) next = 0;
  return next < candidates.size() ? strdup(candidates[next++].c_str()) : nullptr;
}

char** OnComplete(const char* text, int begin, int) {
  rl_attempted_completion_over = 1;  // no file names
  candidates.clear();
  if (completer == nullptr || !*completer) return nullptr;
  std::string before(rl_line_buffer, static_cast<size_t>(begin));
  candidates = (*completer)(before + text, std::strlen(text));
  bool place = candidates.size() == 1 && candidates[0].ends_with('.');
  rl_completion_append_character = place ? '\0' : ' ';
  return rl_completion_matches(text, NextCandidate);
}

// Holds Ctrl-C back for as long as it lives, except while input is awaited: one that comes while readline
// works on a key would otherwise wake nobody.
class InterruptsWhileWaiting {
 public:
  InterruptsWhileWaiting() {
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, &before_);
  }
  ~InterruptsWhileWaiting() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  InterruptsWhileWaiting(const InterruptsWhileWaiting&) = delete;

  // Bytes for readline, or Ctrl-C.
  bool AwaitInput() const {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    int ready = ppoll(&input, 1, nullptr, &before_);
    return !(ready < 0 && errno == EINTR && TakeInterrupt());
  }

 private:
  sigset_t before_;
};

}  // namespace

LineEditor::LineEditor(std::string history_file) : history_file_(std::move(history_file)) {
  rl_readline_name = "ashlar";
  rl_catch_signals = 0;
  rl_attempted_completion_function = OnComplete;
  rl_basic_word_break_characters = " \t\n\"\\'@$><=;|&{}(),+-*/%!";
  rl_completer_quote_characters = "";
  // Pasted lines arrive as they are, not as commands.
  rl_variable_bind("enable-bracketed-paste", "on");
  using_history();
  stifle_history(kMaxEntries);
  if (history_file_.empty()) return;
  Result<std::string> text = ReadFile(history_file_);
  if (!text.ok()) return;
  for (std::string_view line : SplitView(*text, '\n')) {
    if (line.empty()) continue;
    std::string entry(line);
    std::ranges::replace(entry, kLineBreak, '\n');
    add_history(entry.c_str());
  }
}

LineEditor::~LineEditor() {
  completer = nullptr;
  clear_history();
}

void LineEditor::set_completer(Completer given) {
  static Completer kept;
  kept = std::move(given);
  completer = &kept;
}

EditedLine LineEditor::Read(const std::string& prompt) {
  line_done = false;
  line_text = nullptr;
  (void)TakeInterrupt();
  InterruptsWhileWaiting interrupts;
  rl_callback_handler_install(prompt.c_str(), OnLine);
  while (!line_done) {
    if (interrupts.AwaitInput()) {
      rl_callback_read_char();
      continue;
    }
    rl_callback_sigcleanup();
    rl_callback_handler_remove();
    (void)WriteOut("^C\n").ok();
    return {LineKind::kInterrupted, ""};
  }
  if (line_text == nullptr) return {LineKind::kEnd, ""};
  EditedLine line{LineKind::kLine, line_text};
  std::free(line_text);
  return line;
}

void LineEditor::Remember(const std::string& entry) {
  if (entry.empty() || entry[0] == ' ') return;
  const HIST_ENTRY* last = history_length > 0 ? history_get(history_base + history_length - 1) : nullptr;
  if (last != nullptr && entry == last->line) return;
  add_history(entry.c_str());
  if (history_file_.empty()) return;
  std::string folder = std::filesystem::path(history_file_).parent_path();
  int fd = MakeDirectories(folder, 0700).ok() ? open(history_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  if (fd < 0) return;  // a history that cannot be kept stops nobody
  std::string line = entry;
  std::ranges::replace(line, '\n', kLineBreak);
  (void)WriteTo(fd, line + "\n").ok();
  close(fd);
}

}  // namespace ashlar::cli
