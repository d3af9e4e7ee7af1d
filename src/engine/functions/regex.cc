#include "engine/functions/regex.h"

#include <pcre2.h>

#include <map>

#include "engine/functions/java_pattern.h"

namespace ashlar::engine {

struct Regex::Code {
  pcre2_code* code = nullptr;
  pcre2_match_data* match = nullptr;
  ~Code() {
    pcre2_match_data_free(match);
    pcre2_code_free(code);
  }
};

Regex::Regex() : code_(std::make_unique<Code>()) {}
Regex::~Regex() = default;

const Regex* Regex::Find(std::string_view pattern, std::string& error) {
  constexpr size_t kKept = 256;
  thread_local std::map<std::string, std::unique_ptr<Regex>, std::less<>> cache;
  auto it = cache.find(pattern);
  if (it != cache.end()) return it->second.get();
  int number = 0;
  PCRE2_SIZE offset = 0;
  // Java: $ also before a final line end, \R and . know all line ends.
  pcre2_compile_context* context = pcre2_compile_context_create(nullptr);
  pcre2_set_newline(context, PCRE2_NEWLINE_ANY);
  std::string translated = PatternForPcre(pattern);
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                                   PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &number, &offset, context);
  pcre2_compile_context_free(context);
  if (code == nullptr) {
    PCRE2_UCHAR buffer[256];
    pcre2_get_error_message(number, buffer, sizeof(buffer));
    error = reinterpret_cast<const char*>(buffer);
    return nullptr;
  }
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  auto regex = std::unique_ptr<Regex>(new Regex());
  regex->code_->code = code;
  regex->code_->match = pcre2_match_data_create_from_pattern(code, nullptr);
  uint32_t groups = 0;
  pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
  regex->group_count_ = groups;
  if (cache.size() >= kKept) cache.clear();
  return cache.emplace(std::string(pattern), std::move(regex)).first->second.get();
}

std::optional<RegexMatch> Regex::Search(std::string_view text, size_t from) const {
  static constexpr char kEmpty[] = "";
  const char* data = text.data() ? text.data() : kEmpty;
  int found = pcre2_match(code_->code, reinterpret_cast<PCRE2_SPTR>(data), text.size(), from, 0, code_->match, nullptr);
  if (found < 0) return std::nullopt;
  const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(code_->match);
  RegexMatch match;
  for (size_t i = 0; i <= group_count_; ++i) match.groups.emplace_back(ends[2 * i], ends[2 * i + 1]);
  return match;
}

std::vector<RegexMatch> Regex::SearchAll(std::string_view text, size_t from) const {
  std::vector<RegexMatch> out;
  while (from <= text.size()) {
    auto match = Search(text, from);
    if (!match) break;
    from = match->end();
    if (match->begin() == match->end()) {
      ++from;
      while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0) == 0x80) ++from;
    }
    out.push_back(*std::move(match));
  }
  return out;
}

std::optional<size_t> Regex::GroupNamed(std::string_view name) const {
  int number = pcre2_substring_number_from_name(code_->code, reinterpret_cast<PCRE2_SPTR>(std::string(name).c_str()));
  return number > 0 ? std::optional(static_cast<size_t>(number)) : std::nullopt;
}

}  // namespace ashlar::engine
