#include "engine/functions/java_pattern.h"

#include <map>
#include <vector>

#include "base/text.h"

namespace ashlar::engine {
namespace {

// ASCII classes that Java names like properties.
const std::map<std::string_view, std::string_view>& PosixNames() {
  static const std::map<std::string_view, std::string_view> kNames = {
      {"Lower", "lower"}, {"Upper", "upper"}, {"ASCII", "ascii"}, {"Alpha", "alpha"}, {"Digit", "digit"},
      {"Alnum", "alnum"}, {"Punct", "punct"}, {"Graph", "graph"}, {"Print", "print"}, {"Blank", "blank"},
      {"Cntrl", "cntrl"}, {"XDigit", "xdigit"}, {"Space", "space"}};
  return kNames;
}

// Properties of Unicode by Java's names.
const std::map<std::string_view, std::string_view>& PropertyNames() {
  static const std::map<std::string_view, std::string_view> kNames = {
      {"javaLowerCase", "Lowercase"}, {"javaUpperCase", "Uppercase"}, {"IsLowercase", "Lowercase"},
      {"IsUppercase", "Uppercase"},   {"IsAlphabetic", "Alphabetic"}, {"IsWhite_Space", "White_Space"},
      {"IsPunctuation", "P"},         {"IsDigit", "Nd"},              {"IsLetter", "L"},
      {"IsControl", "Cc"},            {"javaAlphabetic", "Alphabetic"}};
  return kNames;
}

class Translator {
 public:
  explicit Translator(std::string_view java) : java_(java) {}

  std::string Run() {
    std::string out;
    while (at_ < java_.size()) {
      if (java_[at_] == '[') {
        out += Class();
      } else if (java_[at_] == '\\') {
        out += Escape(false);
      } else {
        out += java_[at_++];
      }
    }
    return out;
  }

 private:
  // What stands between the && of a class: single characters and ranges, and classes.
  struct Operand {
    std::string singles;
    std::vector<std::string> classes;
  };

  // An escape as PCRE2 has it, from its backslash on.
  std::string Escape(bool in_class) {
    size_t begin = at_++;
    if (at_ >= java_.size()) return "\\";
    char letter = java_[at_++];
    if (letter == 'Q') return Quotation(begin);
    if (letter == 'u' && at_ + 4 <= java_.size()) {
      std::string_view digits = java_.substr(at_, 4);
      at_ += 4;
      return "\\x{" + std::string(digits) + "}";
    }
    bool property = (letter == 'p' || letter == 'P') && at_ < java_.size() && java_[at_] == '{';
    size_t close = property ? java_.find('}', at_) : std::string_view::npos;
    if (close == std::string_view::npos) return std::string(java_.substr(begin, 2));
    std::string_view name = java_.substr(at_ + 1, close - at_ - 1);
    at_ = close + 1;
    return Property(name, letter == 'P', in_class);
  }

  static std::string Property(std::string_view name, bool negated, bool in_class) {
    if (auto posix = PosixNames().find(name); posix != PosixNames().end()) {
      std::string inner = "[:" + std::string(negated ? "^" : "") + std::string(posix->second) + ":]";
      return in_class ? inner : "[" + inner + "]";
    }
    std::string_view known = name;
    if (auto found = PropertyNames().find(name); found != PropertyNames().end()) {
      known = found->second;
    } else if (name.starts_with("Is")) {
      known.remove_prefix(2);
    }
    return std::string(negated ? "\\P{" : "\\p{") + std::string(known) + "}";
  }

  // \Q…\E goes through as it is.
  std::string Quotation(size_t begin) {
    size_t end = java_.find("\\E", at_);
    at_ = end == std::string_view::npos ? java_.size() : end + 2;
    return std::string(java_.substr(begin, at_ - begin));
  }

  // A class from its "[" on, as something that matches one character.
  std::string Class() {
    size_t begin = at_++;
    bool negated = at_ < java_.size() && java_[at_] == '^';
    if (negated) ++at_;
    std::vector<Operand> operands(1);
    bool first = true;
    while (at_ < java_.size() && (java_[at_] != ']' || first)) {
      Operand& operand = operands.back();
      if (java_[at_] == '[') {
        operand.classes.push_back(Class());
      } else if (java_.substr(at_).starts_with("&&")) {
        at_ += 2;
        operands.emplace_back();
      } else if (java_[at_] == '\\') {
        operand.singles += Escape(true);
      } else {
        operand.singles += java_[at_++];
      }
      first = false;
    }
    // Without its "]" it is a mistake, which PCRE2 will find.
    if (at_ >= java_.size()) return std::string(java_.substr(begin));
    ++at_;
    return Written(operands, negated);
  }

  // "[:alpha:]" by itself would be taken for a POSIX class.
  static std::string Plain(const std::string& singles) {
    bool posix = singles.find_first_of(":.=") == 0;
    return (posix ? "[\\" : "[") + singles + "]";
  }

  static std::string Written(std::vector<Operand> operands, bool negated) {
    if (operands.size() == 1 && operands[0].classes.empty()) {
      return negated ? "[^" + operands[0].singles + "]" : Plain(operands[0].singles);
    }
    std::erase_if(operands, [](const Operand& operand) { return operand.singles.empty() && operand.classes.empty(); });
    std::string all;
    for (size_t i = 0; i < operands.size(); ++i) {
      const Operand& operand = operands[i];
      std::vector<std::string> choices = operand.classes;
      if (!operand.singles.empty()) choices.insert(choices.begin(), Plain(operand.singles));
      std::string one = choices.size() == 1 ? choices[0] : "(?:" + Join(choices, "|") + ")";
      // All but the last only look at the character.
      all += i + 1 < operands.size() ? "(?=" + one + ")" : one;
    }
    return negated ? "(?:(?!" + all + ")(?s:.))" : "(?:" + all + ")";
  }

  std::string_view java_;
  size_t at_ = 0;
};

}  // namespace

std::string PatternForPcre(std::string_view java) { return Translator(java).Run(); }

}  // namespace ashlar::engine
