// LineEditor: lines from a terminal, with editing, history and completion (GNU readline).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::cli {

enum class LineKind { kLine, kInterrupted, kEnd };

struct EditedLine {
  LineKind kind = LineKind::kEnd;
  std::string text;
};

// One at a time in a process: readline's state is global. Not thread safe.
class LineEditor {
 public:
  // `history_file` is read now and appended to by Remember; it is readable by its owner only. Empty:
  // nothing is kept.
  explicit LineEditor(std::string history_file);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // Takes the line up to the cursor and the length of its last word; answers what could replace the word.
  using Completer = std::function<std::vector<std::string>(std::string_view before, size_t word_length)>;
  void set_completer(Completer completer);

  // Ctrl-C answers kInterrupted, Ctrl-D on an empty line kEnd.
  EditedLine Read(const std::string& prompt);
  // A statement over several lines is one entry. What begins with a space is not kept.
  void Remember(const std::string& entry);

 private:
  const std::string history_file_;
};

}  // namespace ashlar::cli
