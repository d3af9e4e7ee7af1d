// DatetimePattern: Java's DateTimeFormatter patterns as Spark allows them (timeParserPolicy EXCEPTION).
// Immutable; compiled patterns are kept per thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::engine {

class TimeZone;

// What a text says, or why it says nothing.
struct ParsedDatetime {
  int64_t local_micros = 0;
  const TimeZone* zone = nullptr;         // when the text has one
  std::optional<int64_t> offset_seconds;  // when the text has one
  std::string error;                      // "Text 'x' could not be parsed at index 0"; empty: parsed
};

class DatetimePattern {
 public:
  enum class Use { kFormat, kParse };
  // Raises Spark's error for a pattern that is not one, or not one for this use.
  static const DatetimePattern& Compile(std::string_view pattern, Use use);

  std::string Format(int64_t utc_micros, const TimeZone& zone) const;
  ParsedDatetime Parse(std::string_view text) const;

 private:
  friend class PatternCompiler;
  struct Part {
    char letter = 0;  // 0: literal text
    int count = 0;
    std::string literal;
    int optional_end = 0;  // for '[': index behind its ']'
  };
  std::vector<Part> parts_;
};

}  // namespace ashlar::engine
