// Regex: Java's regular expressions by PCRE2. Compiled patterns are kept per thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::engine {

struct RegexError {
  std::string message;
};

// The byte ranges of a match: 0 is all of it, then the groups; an unset group is npos.
struct RegexMatch {
  std::vector<std::pair<size_t, size_t>> groups;
  size_t begin() const { return groups[0].first; }
  size_t end() const { return groups[0].second; }
};

class Regex {
 public:
  // nullptr and `error` for a pattern that is not one.
  static const Regex* Find(std::string_view pattern, std::string& error);
  ~Regex();

  std::optional<RegexMatch> Search(std::string_view text, size_t from) const;
  // All matches from left to right; an empty one moves on by a code point.
  std::vector<RegexMatch> SearchAll(std::string_view text, size_t from = 0) const;
  size_t group_count() const { return group_count_; }
  // The number of a named group; nullopt when there is none.
  std::optional<size_t> GroupNamed(std::string_view name) const;

 private:
  struct Code;
  Regex();
  std::unique_ptr<Code> code_;
  size_t group_count_ = 0;
};

}  // namespace ashlar::engine
