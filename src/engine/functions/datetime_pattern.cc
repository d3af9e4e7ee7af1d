#include "engine/functions/datetime_pattern.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <memory>

#include "base/text.h"
#include "engine/functions/call_site.h"
#include "engine/functions/time_zone.h"
#include "types/value.h"

namespace ashlar::engine {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"January", "February", "March",     "April",   "May",      "June",
                                                      "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                   "Friday", "Saturday", "Sunday"};
constexpr std::string_view kDocs = "https://spark.apache.org/docs/latest";

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
std::string QuotedPattern(std::string_view pattern) { return "'" + std::string(pattern) + "'"; }

// Whether Java's older SimpleDateFormat takes the pattern: then Spark 2 did, and the error says so.
bool LegacyAccepts(std::string_view pattern) {
  bool quoted = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\'') quoted = !quoted;
    if (quoted || !IsLetter(pattern[i])) continue;
    if (std::string_view("GyYMLwWDdFEuaHkKhmsSzZX").find(pattern[i]) == std::string_view::npos) return false;
  }
  return !quoted;
}

[[noreturn]] void FailPattern(std::string_view pattern, Error error) {
  if (LegacyAccepts(pattern)) {
    std::string config = "\"spark.sql.legacy.timeParserPolicy\"";
    error = MakeSqlError("INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION", "42K0B",
                         "You may get a different result due to the upgrading to Spark >= 3.0: Fail to recognize " +
                             QuotedPattern(pattern) + " pattern in the DateTimeFormatter.",
                         {{"pattern", QuotedPattern(pattern)}, {"config", config}, {"docroot", std::string(kDocs)}});
  }
  ThrowSparkError(error);
}

Error IllegalCharacter(char c, std::string_view pattern) {
  return MakeSqlError("INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER", "22007",
                      "Unrecognized datetime pattern: " + std::string(pattern) + ". Illegal pattern character '" +
                          std::string(1, c) + "' found in datetime pattern. Please provide legal character.",
                      {{"c", std::string(1, c)}, {"pattern", std::string(pattern)}});
}
Error Unrecognized(std::string_view pattern) {
  return MakeSqlError("INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "22007",
                      "Unrecognized datetime pattern: " + QuotedPattern(pattern) + ".",
                      {{"pattern", QuotedPattern(pattern)}, {"docroot", std::string(kDocs)}});
}
Error WeekBased(char c) {
  return MakeSqlError("INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN", "42K0B",
                      "All week-based patterns are unsupported since Spark 3.0, detected week-based character: " +
                          std::string(1, c) + ".",
                      {{"c", std::string(1, c)}});
}

// How often a letter may stand in a row.
int MaxCount(char letter) {
  switch (letter) {
    case 'G': case 'M': case 'L': case 'E': case 'Q': case 'q': case 'z': return 4;
    case 'y': return 6;
    case 'd': case 'h': case 'H': case 'k': case 'K': case 'm': case 's': return 2;
    case 'D': return 3;
    case 'S': return 9;
    case 'a': case 'F': return 1;
    case 'V': return 2;
    case 'O': return 4;
    case 'X': case 'x': case 'Z': return 5;
  }
  return 0;
}

std::string Padded(int64_t value, int width) {
  char buffer[32];
  int n = snprintf(buffer, sizeof(buffer), "%0*lld", width, static_cast<long long>(value));
  return std::string(buffer, static_cast<size_t>(n));
}

// "+02:00" in the form of X, x, Z and O.
std::string OffsetText(char letter, int count, int64_t seconds) {
  if (letter == 'Z' && count == 4) letter = 'O';
  if (letter == 'O') {
    if (seconds == 0) return "GMT";
    int64_t s = std::abs(seconds);
    std::string out = std::string("GMT") + (seconds < 0 ? "-" : "+");
    if (count == 4) return out + Padded(s / 3600, 2) + ":" + Padded(s / 60 % 60, 2);
    out += std::to_string(s / 3600);
    return s / 60 % 60 == 0 ? out : out + ":" + Padded(s / 60 % 60, 2);
  }
  if (letter == 'Z') {
    if (count == 5) return OffsetText('X', 5, seconds);
    count = 2;
    letter = 'x';
  }
  if (letter == 'X' && seconds == 0) return "Z";
  int64_t s = std::abs(seconds);
  std::string colon = count == 3 || count == 5 ? ":" : "";
  std::string out = (seconds < 0 ? "-" : "+") + Padded(s / 3600, 2);
  if (count == 1 && s / 60 % 60 == 0) return out;
  out += colon + Padded(s / 60 % 60, 2);
  if (count >= 4 && s % 60 != 0) out += colon + Padded(s % 60, 2);
  return out;
}

std::string QuarterText(int quarter, int count) {
  static constexpr std::array<std::string_view, 4> kNames = {"1st", "2nd", "3rd", "4th"};
  if (count <= 2) return Padded(quarter, count);
  if (count == 3) return "Q" + std::to_string(quarter);
  return std::string(kNames[static_cast<size_t>(quarter) - 1]) + " quarter";
}

}  // namespace

// Builds the parts of a pattern and refuses what Spark refuses.
class PatternCompiler {
 public:
  PatternCompiler(std::string_view pattern, DatetimePattern::Use use) : pattern_(pattern), use_(use) {}

  std::unique_ptr<DatetimePattern> Run() {
    CheckLetters();
    auto out = std::make_unique<DatetimePattern>();
    std::vector<size_t> open;
    for (size_t i = 0; i < pattern_.size();) {
      char c = pattern_[i];
      if (c == '\'') {
        i = Literal(i + 1, out->parts_);
      } else if (IsLetter(c)) {
        size_t end = i;
        while (end < pattern_.size() && pattern_[end] == c) ++end;
        AddLetter(c, static_cast<int>(end - i), out->parts_);
        i = end;
      } else if (c == '[' || c == ']') {
        if (c == ']' && open.empty()) FailPattern(pattern_, Unrecognized(pattern_));
        if (c == '[') open.push_back(out->parts_.size());
        out->parts_.push_back({c, 1, "", 0});
        if (c == ']') {
          out->parts_[open.back()].optional_end = static_cast<int>(out->parts_.size());
          open.pop_back();
        }
        ++i;
      } else {
        if (c == '#' || c == '{' || c == '}') FailPattern(pattern_, Unrecognized(pattern_));
        AddText(std::string(1, c), out->parts_);
        ++i;
      }
    }
    for (size_t index : open) out->parts_[index].optional_end = static_cast<int>(out->parts_.size());
    return out;
  }

 private:
  using Part = DatetimePattern::Part;

  void CheckLetters() {
    bool parses = use_ == DatetimePattern::Use::kParse;
    auto first = [&](std::string_view set) -> char {
      bool quoted = false;
      for (char c : pattern_) {
        if (c == '\'') quoted = !quoted;
        if (!quoted && set.find(c) != std::string_view::npos) return c;
      }
      return 0;
    };
    if (char c = first("YWwuec")) FailPattern(pattern_, WeekBased(c));
    if (char c = first("ABnNp")) FailPattern(pattern_, IllegalCharacter(c, pattern_));
    if (char c = parses ? first("EFqQ") : 0) FailPattern(pattern_, IllegalCharacter(c, pattern_));
  }

  size_t Literal(size_t begin, std::vector<Part>& parts) {
    if (begin < pattern_.size() && pattern_[begin] == '\'') {
      AddText("'", parts);
      return begin + 1;
    }
    std::string text;
    for (size_t i = begin; i < pattern_.size(); ++i) {
      if (pattern_[i] != '\'') {
        text += pattern_[i];
      } else if (i + 1 < pattern_.size() && pattern_[i + 1] == '\'') {
        text += pattern_[i++];
      } else {
        AddText(text, parts);
        return i + 1;
      }
    }
    FailPattern(pattern_, Unrecognized(pattern_));
  }

  void AddLetter(char letter, int count, std::vector<Part>& parts) {
    int most = MaxCount(letter);
    bool wrong = count > most || (letter == 'V' && count != 2) || (letter == 'O' && count != 1 && count != 4) ||
                 (letter == 'D' && count == 2 && false);
    if (wrong) FailPattern(pattern_, Unrecognized(pattern_));
    parts.push_back({letter, count, "", 0});
  }

  static void AddText(std::string text, std::vector<Part>& parts) {
    if (!parts.empty() && parts.back().letter == 0) {
      parts.back().literal += text;
    } else {
      parts.push_back({0, 0, std::move(text), 0});
    }
  }

  std::string_view pattern_;
  DatetimePattern::Use use_;
};

const DatetimePattern& DatetimePattern::Compile(std::string_view pattern, Use use) {
  constexpr size_t kKept = 128;
  thread_local std::map<std::pair<Use, std::string>, std::unique_ptr<DatetimePattern>> cache;
  auto key = std::make_pair(use, std::string(pattern));
  auto it = cache.find(key);
  if (it != cache.end()) return *it->second;
  auto compiled = PatternCompiler(pattern, use).Run();
  if (cache.size() >= kKept) cache.clear();
  return *cache.emplace(std::move(key), std::move(compiled)).first->second;
}

std::string DatetimePattern::Format(int64_t utc_micros, const TimeZone& zone) const {
  int64_t local = zone.ToLocal(utc_micros);
  int64_t days = FloorDiv(local, kMicrosPerDay), rest = local - days * kMicrosPerDay;
  CivilDate date = CivilFromDays(days);
  int64_t hour = rest / (3600 * kMicrosPerSecond);
  int weekday = static_cast<int>(FloorMod(days + 3, 7));
  int64_t era_year = date.year > 0 ? date.year : 1 - date.year;
  std::string out;
  for (const Part& part : parts_) {
    int n = part.count;
    switch (part.letter) {
      case 0: out += part.literal; break;
      case 'G': out += n < 4 ? (date.year > 0 ? "AD" : "BC") : (date.year > 0 ? "Anno Domini" : "Before Christ"); break;
      case 'y': out += n == 2 ? Padded(era_year % 100, 2) : (n >= 4 && era_year > 9999 && n == 4 ? "+" : "") + Padded(era_year, n); break;
      case 'M':
      case 'L':
        if (n <= 2) out += Padded(date.month, n);
        else out += kMonths[static_cast<size_t>(date.month) - 1].substr(0, n == 3 ? 3 : std::string_view::npos);
        break;
      case 'd': out += Padded(date.day, n); break;
      case 'D': out += Padded(days - DaysFromCivil(date.year, 1, 1) + 1, n); break;
      case 'E': out += kDays[static_cast<size_t>(weekday)].substr(0, n < 4 ? 3 : std::string_view::npos); break;
      case 'F': out += std::to_string((date.day - 1) % 7 + 1); break;
      case 'Q':
      case 'q':
        out += QuarterText((date.month + 2) / 3, n);
        break;
      case 'a': out += hour < 12 ? "AM" : "PM"; break;
      case 'h': out += Padded((hour + 11) % 12 + 1, n); break;
      case 'H': out += Padded(hour, n); break;
      case 'k': out += Padded(hour == 0 ? 24 : hour, n); break;
      case 'K': out += Padded(hour % 12, n); break;
      case 'm': out += Padded(rest / (60 * kMicrosPerSecond) % 60, n); break;
      case 's': out += Padded(rest / kMicrosPerSecond % 60, n); break;
      case 'S': out += (Padded(rest % kMicrosPerSecond, 6) + "000").substr(0, static_cast<size_t>(n)); break;
      case 'V': out += zone.ShownId(); break;
      case 'z': out += zone.Name(utc_micros, n == 4); break;
      case 'O':
      case 'X':
      case 'x':
      case 'Z':
        out += OffsetText(part.letter, n, zone.OffsetSeconds(utc_micros));
        break;
    }
  }
  return out;
}

namespace {

// Fields a text gave, -1 when it did not.
struct Fields {
  int64_t year = INT64_MIN;
  int64_t month = -1, day = -1, day_of_year = -1;
  int64_t hour = -1, hour12 = -1, pm = -1, minute = -1, second = -1;
  int64_t micros = -1;
  bool before_christ = false;
  const TimeZone* zone = nullptr;
  std::optional<int64_t> offset;
};

class TextReader {
 public:
  explicit TextReader(std::string_view text) : text_(text) {}
  size_t at() const { return at_; }
  void Reset(size_t at) { at_ = at; }
  bool AtEnd() const { return at_ == text_.size(); }

  bool Literal(std::string_view literal) {
    if (!EqualsIgnoreCase(text_.substr(at_, literal.size()), literal)) return false;
    at_ += literal.size();
    return true;
  }
  std::optional<int64_t> Number(size_t least, size_t most) {
    size_t n = 0;
    int64_t value = 0;
    while (n < most && at_ + n < text_.size() && IsDigit(text_[at_ + n])) value = value * 10 + (text_[at_ + n++] - '0');
    if (n < least) return std::nullopt;
    at_ += n;
    return value;
  }
  size_t DigitsAhead() const {
    size_t n = 0;
    while (at_ + n < text_.size() && IsDigit(text_[at_ + n])) ++n;
    return n;
  }
  // The index of the name the text goes on with; the full names or their first three letters.
  template <size_t N>
  std::optional<int64_t> Name(const std::array<std::string_view, N>& names, bool whole) {
    for (size_t i = 0; i < N; ++i) {
      if (Literal(whole ? names[i] : names[i].substr(0, 3))) return static_cast<int64_t>(i);
    }
    return std::nullopt;
  }
  std::optional<int64_t> Offset(bool zulu) {
    if (zulu && Literal("Z")) return 0;
    if (at_ >= text_.size() || (text_[at_] != '+' && text_[at_] != '-')) return std::nullopt;
    int64_t sign = text_[at_] == '-' ? -1 : 1;
    ++at_;
    auto hours = Number(2, 2);
    if (!hours) return std::nullopt;
    int64_t seconds = *hours * 3600;
    for (int64_t unit : {60, 1}) {
      size_t before = at_;
      Literal(":");
      auto part = Number(2, 2);
      if (!part) {
        at_ = before;
        break;
      }
      seconds += *part * unit;
    }
    return sign * seconds;
  }
  // What follows GMT: "+2", "+10:30", or "+02:00" where the pattern asks for all of it. Nothing is UTC.
  std::optional<int64_t> LocalizedOffset(bool whole) {
    if (at_ >= text_.size() || (text_[at_] != '+' && text_[at_] != '-')) return 0;
    int64_t sign = text_[at_++] == '-' ? -1 : 1;
    auto hours = Number(whole ? 2 : 1, 2);
    if (!hours) return std::nullopt;
    int64_t seconds = *hours * 3600;
    for (int64_t unit : {60, 1}) {
      size_t before = at_;
      auto part = Literal(":") ? Number(2, 2) : std::nullopt;
      if (!part && whole && unit == 60) return std::nullopt;
      if (!part) {
        at_ = before;
        break;
      }
      seconds += *part * unit;
    }
    return sign * seconds;
  }
  std::string_view Word() {
    size_t n = 0;
    auto in_zone = [](char c) { return IsLetter(c) || IsDigit(c) || c == '/' || c == '_' || c == '+' || c == '-' || c == ':'; };
    while (at_ + n < text_.size() && in_zone(text_[at_ + n])) ++n;
    std::string_view word = text_.substr(at_, n);
    at_ += n;
    return word;
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

std::string OutOfRange(const char* field, const char* range, int64_t value) {
  return std::string("Invalid value for ") + field + " (valid values " + range + "): " + std::to_string(value);
}

std::string Capitalized(std::string_view month) { return std::string(month); }

// The fields as one wall clock time, or what is wrong with them.
std::string Resolve(const Fields& f, int64_t& local_micros) {
  int64_t year = f.year == INT64_MIN ? 1970 : f.before_christ ? 1 - f.year : f.year;
  if (f.month > 12 || f.month == 0) return OutOfRange("MonthOfYear", "1 - 12", f.month);
  if (f.day > 31 || f.day == 0) return OutOfRange("DayOfMonth", "1 - 28/31", f.day);
  if (f.hour12 > 12 || f.hour12 == 0) return OutOfRange("ClockHourOfAmPm", "1 - 12", f.hour12);
  if (f.hour > 23) return OutOfRange("HourOfDay", "0 - 23", f.hour);
  if (f.minute > 59) return OutOfRange("MinuteOfHour", "0 - 59", f.minute);
  if (f.second > 59) return OutOfRange("SecondOfMinute", "0 - 59", f.second);
  int64_t month = f.month < 0 ? 1 : f.month, day = f.day < 0 ? 1 : f.day;
  int64_t days;
  if (f.day_of_year >= 0 && f.month < 0) {
    days = DaysFromCivil(year, 1, 1) + f.day_of_year - 1;
    if (CivilFromDays(days).year != year || f.day_of_year == 0) {
      if (f.day_of_year == 366) return "Invalid date 'DayOfYear 366' as '" + std::to_string(year) + "' is not a leap year";
      return OutOfRange("DayOfYear", "1 - 365/366", f.day_of_year);
    }
  } else {
    days = DaysFromCivil(year, static_cast<int>(month), static_cast<int>(day));
    CivilDate back = CivilFromDays(days);
    if (back.day != day) {
      if (month == 2 && day == 29) return "Invalid date 'February 29' as '" + std::to_string(year) + "' is not a leap year";
      return "Invalid date '" + ToUpperAscii(Capitalized(kMonths[static_cast<size_t>(month) - 1])) + " " + std::to_string(day) + "'";
    }
  }
  int64_t hour = f.hour < 0 ? 0 : f.hour;
  if (f.hour12 >= 0) hour = f.hour12 % 12 + (f.pm == 1 ? 12 : 0);
  int64_t seconds = hour * 3600 + std::max<int64_t>(f.minute, 0) * 60 + std::max<int64_t>(f.second, 0);
  local_micros = days * kMicrosPerDay + seconds * kMicrosPerSecond + std::max<int64_t>(f.micros, 0);
  return "";
}

bool ReadNumber(TextReader& reader, int count, bool fixed_two, int64_t& field) {
  auto value = fixed_two || count > 1 ? reader.Number(static_cast<size_t>(count), static_cast<size_t>(count))
                                      : reader.Number(1, 18);
  if (!value) return false;
  field = *value;
  return true;
}

bool ReadYear(TextReader& reader, int count, bool before_number, Fields& f) {
  if (count == 2) {
    auto value = reader.Number(2, 2);
    if (value) f.year = 2000 + *value;
    return value.has_value();
  }
  auto width = static_cast<size_t>(count);
  // Digits that belong to the next number are not the year's.
  if (!before_number && count > 1 && reader.DigitsAhead() > width) return false;
  auto value = reader.Number(width, count > 1 ? width : before_number ? 4 : 18);
  if (value) f.year = *value;
  return value.has_value();
}

// `before_number`: the next part is a number too, so this one takes only its width.
bool ReadPart(TextReader& reader, char letter, int count, bool before_number, Fields& f) {
  int width = before_number && count == 1 ? 1 : count;
  bool fixed = before_number;
  switch (letter) {
    case 'G': {
      bool bc = reader.Literal(count == 4 ? "Before Christ" : "BC");
      f.before_christ = bc;
      return bc || reader.Literal(count == 4 ? "Anno Domini" : "AD");
    }
    case 'y': return ReadYear(reader, count, before_number, f);
    case 'M':
    case 'L': {
      if (count <= 2) return ReadNumber(reader, width, fixed, f.month);
      auto month = reader.Name(kMonths, count == 4);
      if (month) f.month = *month + 1;
      return month.has_value();
    }
    case 'd': return ReadNumber(reader, width, fixed, f.day);
    case 'D': return ReadNumber(reader, width, fixed, f.day_of_year);
    case 'a': {
      bool pm = reader.Literal("PM");
      f.pm = pm;
      return pm || reader.Literal("AM");
    }
    case 'h': return ReadNumber(reader, width, fixed, f.hour12);
    case 'K': {
      bool read = ReadNumber(reader, width, fixed, f.hour12);
      if (read && f.hour12 == 0) f.hour12 = 12;
      return read;
    }
    case 'H': return ReadNumber(reader, width, fixed, f.hour);
    case 'k': {
      bool read = ReadNumber(reader, width, fixed, f.hour);
      if (read && f.hour == 24) f.hour = 0;
      return read;
    }
    case 'm': return ReadNumber(reader, width, fixed, f.minute);
    case 's': return ReadNumber(reader, width, fixed, f.second);
    case 'S': {
      size_t begin = reader.at();
      auto value = reader.Number(1, static_cast<size_t>(count));
      if (!value) return false;
      int64_t micros = *value;
      for (size_t digits = reader.at() - begin; digits < 6; ++digits) micros *= 10;
      for (size_t digits = reader.at() - begin; digits > 6; --digits) micros /= 10;
      f.micros = micros;
      return true;
    }
    case 'V':
    case 'z': {
      std::string_view word = reader.Word();
      f.zone = word.empty() ? nullptr : TimeZone::Find(word);
      return f.zone != nullptr;
    }
    case 'O':
      if (!reader.Literal("GMT")) return false;
      f.offset = reader.LocalizedOffset(count == 4);
      return f.offset.has_value();
    default:
      f.offset = reader.Offset(letter == 'X' || (letter == 'Z' && count == 5));
      return f.offset.has_value();
  }
}

bool IsNumber(char letter, int count) {
  if (letter == 'M' || letter == 'L') return count <= 2;
  return std::string_view("ydDhHkKmsS").find(letter) != std::string_view::npos;
}

}  // namespace

ParsedDatetime DatetimePattern::Parse(std::string_view text) const {
  ParsedDatetime out;
  Fields fields;
  TextReader reader(text);
  struct Option {
    size_t end, at;
    Fields fields;
  };
  std::vector<Option> options;
  for (size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    if (part.letter == '[') {
      options.push_back({static_cast<size_t>(part.optional_end), reader.at(), fields});
      continue;
    }
    if (part.letter == ']') {
      if (!options.empty()) options.pop_back();
      continue;
    }
    bool before_number = i + 1 < parts_.size() && parts_[i + 1].letter != 0 &&
                         IsNumber(parts_[i + 1].letter, parts_[i + 1].count) && parts_[i + 1].letter != 'S';
    size_t begin = reader.at();
    bool read = part.letter == 0 ? reader.Literal(part.literal)
                                 : ReadPart(reader, part.letter, part.count, before_number, fields);
    if (read) continue;
    if (options.empty()) {
      out.error = "Text '" + std::string(text) + "' could not be parsed at index " + std::to_string(begin);
      return out;
    }
    fields = options.back().fields;
    reader.Reset(options.back().at);
    i = options.back().end - 1;
    options.pop_back();
  }
  if (!reader.AtEnd()) {
    out.error = "Text '" + std::string(text) + "' could not be parsed, unparsed text found at index " +
                std::to_string(reader.at());
    return out;
  }
  std::string wrong = Resolve(fields, out.local_micros);
  if (!wrong.empty()) out.error = "Text '" + std::string(text) + "' could not be parsed: " + wrong;
  out.zone = fields.zone;
  out.offset_seconds = fields.offset;
  return out;
}

}  // namespace ashlar::engine
