// to_char and to_number: pictures of digits ('$9G999D99'). The analyzer has refused pictures that are
// none; `0` at the front of a group of digits means as many digits as there are signs, `9` at most so many.
#include "base/text.h"
#include "engine/functions/kernel_binding.h"

namespace ashlar::engine {
namespace {

using Text = std::string_view;

enum class Sign { kNone, kS, kMi, kPr };

struct Picture {
  std::string text;
  Sign sign = Sign::kNone;
  bool sign_first = false;
  bool dollar = false;
  std::vector<std::string> groups;  // of the digits before the point, from the left
  bool point = false;
  size_t fraction = 0;  // digits
};

Picture ParsePicture(Text text) {
  Picture out;
  out.text = ToUpperAscii(text);
  Text rest = out.text;
  auto take = [&](Text word) {
    if (!rest.starts_with(word)) return false;
    rest.remove_prefix(word.size());
    return true;
  };
  auto take_sign = [&](Sign sign, Text word, bool first) {
    if (out.sign == Sign::kNone && take(word)) out.sign = sign, out.sign_first = first;
  };
  take_sign(Sign::kMi, "MI", true);
  take_sign(Sign::kS, "S", true);
  out.dollar = take("$");
  take_sign(Sign::kMi, "MI", true);
  take_sign(Sign::kS, "S", true);
  out.groups.emplace_back();
  for (; !rest.empty() && Text("09,G").find(rest[0]) != Text::npos; rest.remove_prefix(1)) {
    if (rest[0] == ',' || rest[0] == 'G') out.groups.emplace_back();
    else out.groups.back() += rest[0];
  }
  out.point = take(".") || take("D");
  for (; !rest.empty() && (rest[0] == '0' || rest[0] == '9'); rest.remove_prefix(1)) ++out.fraction;
  take_sign(Sign::kMi, "MI", false);
  take_sign(Sign::kPr, "PR", false);
  take_sign(Sign::kS, "S", false);
  return out;
}

// ---- to_char ------------------------------------------------------------------------------------

// Built from the left: blanks for digits that are not there move before a sign.
class Layout {
 public:
  void Push(char c) { out_ += c; }
  void PushBlank() {
    bool before = !out_.empty() && Text("+-<").find(out_.back()) != Text::npos;
    out_.insert(before ? out_.size() - 1 : out_.size(), 1, ' ');
  }
  bool ends_with_digit() const { return !out_.empty() && out_.back() >= '0' && out_.back() <= '9'; }
  void PushPoint() {
    if (!out_.empty() && out_.back() == ' ') out_.back() = '0';
    out_ += '.';
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

void PushWhole(Layout& layout, const Picture& picture, std::string digits, bool fits) {
  size_t places = 0;
  for (const std::string& group : picture.groups) places += group.size();
  if (fits) digits.insert(0, places - digits.size(), '0');
  bool begun = false;
  size_t at = 0;
  for (size_t i = 0; i < picture.groups.size(); ++i) {
    if (i > 0) {
      if (layout.ends_with_digit()) layout.Push(',');
      else layout.PushBlank();
    }
    bool exact = picture.groups[i].starts_with('0');
    for (size_t k = 0; k < picture.groups[i].size(); ++k) {
      char digit = fits ? digits[at++] : '#';
      begun = begun || exact || digit != '0';
      if (begun) layout.Push(digit);
      else layout.PushBlank();
    }
  }
}

std::string ToChar(const CallSite&, Text number, Text format) {
  Picture picture = ParsePicture(format);
  bool negative = number.starts_with('-');
  if (negative) number.remove_prefix(1);
  size_t point = std::min(number.find('.'), number.size());
  std::string whole(number.substr(0, point)), fraction(point < number.size() ? number.substr(point + 1) : "");
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  while (fraction.ends_with('0')) fraction.pop_back();
  size_t places = 0;
  for (const std::string& group : picture.groups) places += group.size();
  bool fits = whole.size() <= places && fraction.size() <= picture.fraction;

  Layout layout;
  if (picture.sign_first) layout.Push(negative ? '-' : picture.sign == Sign::kS ? '+' : ' ');
  if (picture.sign == Sign::kPr && negative) layout.Push('<');
  if (picture.dollar) layout.Push('$');
  PushWhole(layout, picture, whole, fits);
  if (picture.point && picture.fraction == 0) layout.Push(' ');
  if (picture.fraction > 0) {
    layout.PushPoint();
    fraction.resize(picture.fraction, '0');
    for (char digit : fraction) layout.Push(fits ? digit : '#');
  }
  if (picture.sign == Sign::kPr) {
    layout.Push(negative ? '>' : ' ');
    if (!negative) layout.Push(' ');
  } else if (picture.sign != Sign::kNone && !picture.sign_first) {
    layout.Push(negative ? '-' : picture.sign == Sign::kS ? '+' : ' ');
  }
  return layout.Take();
}

// ---- to_number ----------------------------------------------------------------------------------

// The sign, taken off both ends of `text`; nullopt when it is not where the picture has it.
std::optional<bool> TakeSign(const Picture& picture, Text& text) {
  if (picture.sign == Sign::kPr) {
    bool open = text.starts_with('<'), close = text.ends_with('>');
    if (open != close) return std::nullopt;
    if (open) text = text.substr(1, text.size() - 2);
    return open;
  }
  if (picture.sign == Sign::kNone || text.empty()) return false;
  char c = picture.sign_first ? text.front() : text.back();
  if (c != '-' && c != '+') return false;
  if (picture.sign_first) text.remove_prefix(1);
  else text.remove_suffix(1);
  return c == '-';
}

bool AllDigits(Text text) {
  return text.find_first_not_of("0123456789") == Text::npos;
}

// Groups of digits are matched from the right.
std::optional<std::string> TakeWhole(const Picture& picture, Text text) {
  std::vector<std::string> groups;
  for (Text group : SplitView(text, ',')) groups.emplace_back(group);
  if (groups.size() > picture.groups.size()) return std::nullopt;
  std::string out;
  for (size_t i = 0; i < picture.groups.size(); ++i) {
    const std::string& wanted = picture.groups[i];
    size_t missing = picture.groups.size() - groups.size();
    std::string digits = i < missing ? "" : groups[i - missing];
    bool fits = wanted.starts_with('0') ? digits.size() == wanted.size() : digits.size() <= wanted.size();
    if (!fits || !AllDigits(digits)) return std::nullopt;
    out += digits;
  }
  return out;
}

std::optional<std::string> ReadNumber(const Picture& picture, Text text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  auto negative = TakeSign(picture, text);
  if (!negative) return std::nullopt;
  if (picture.dollar) {
    if (!text.starts_with('$')) return std::nullopt;
    text.remove_prefix(1);
  }
  size_t point = std::min(text.find('.'), text.size());
  bool has_point = point < text.size();
  Text fraction = has_point ? text.substr(point + 1) : Text();
  if ((has_point && !picture.point) || fraction.size() > picture.fraction || !AllDigits(fraction)) return std::nullopt;
  auto whole = TakeWhole(picture, text.substr(0, point));
  if (!whole || (whole->empty() && fraction.empty())) return std::nullopt;
  return (*negative ? "-" : "") + (whole->empty() ? "0" : *whole) + (fraction.empty() ? "" : "." + std::string(fraction));
}

std::optional<std::string> TryToNumber(const CallSite&, Text text, Text format) {
  return ReadNumber(ParsePicture(format), text);
}
std::string ToNumber(const CallSite&, Text text, Text format) {
  Picture picture = ParsePicture(format);
  if (auto number = ReadNumber(picture, text)) return *number;
  Fail("INVALID_FORMAT.MISMATCH_INPUT", "42601",
       "The format is invalid: '" + picture.text + "'. The input \"STRING\" '" + std::string(text) + "' does not match the format.",
       {{"inputType", "\"STRING\""}, {"input", std::string(text)}, {"format", picture.text}});
}

}  // namespace

// Numbers are plain decimal text on both sides.
void RegisterNumberPicture(Registrar& registrar) {
  registrar.Add("spark_to_char", "ss:s", Bind<ToChar>);
  registrar.Add("spark_to_number", "ss:s", Bind<ToNumber>, Throws::kYes);
  registrar.Add("spark_try_to_number", "ss:s", Bind<TryToNumber>);
}

}  // namespace ashlar::engine
