#include "types/zone_file.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/file.h"
#include "types/value.h"

namespace ashlar {
namespace {

constexpr const char* kDatabase = "/usr/share/zoneinfo/";
constexpr int64_t kLastYear = 3000;
constexpr int64_t kDaySeconds = 86'400;

// ---- the binary part ----------------------------------------------------------------------------

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  std::string_view Take(size_t size) {
    if (size > bytes_.size()) {
      ok_ = false;
      return {};
    }
    std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  // Big endian, signed.
  int64_t Number(size_t size) {
    std::string_view digits = Take(size);
    int64_t value = !digits.empty() && static_cast<signed char>(digits[0]) < 0 ? -1 : 0;
    for (char c : digits) value = static_cast<int64_t>(static_cast<uint64_t>(value) << 8 | static_cast<unsigned char>(c));
    return value;
  }
  std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

struct Counts {
  size_t utc = 0, standard = 0, leaps = 0, times = 0, types = 0, letters = 0;
  size_t Size(size_t time_bytes) const {
    return times * (time_bytes + 1) + types * 6 + letters + leaps * (time_bytes + 4) + standard + utc;
  }
};

std::optional<Counts> ReadHeader(Reader& reader) {
  if (reader.Take(4) != "TZif") return std::nullopt;
  reader.Take(16);
  Counts counts;
  for (size_t* count : {&counts.utc, &counts.standard, &counts.leaps, &counts.times, &counts.types, &counts.letters}) {
    *count = static_cast<size_t>(reader.Number(4) & 0xFFFF'FFFF);
  }
  return reader.ok() ? std::optional(counts) : std::nullopt;
}

std::vector<ZoneChange> ReadChanges(Reader& reader, const Counts& counts) {
  std::vector<int64_t> times, offsets;
  std::vector<size_t> kinds;
  for (size_t i = 0; i < counts.times && reader.ok(); ++i) times.push_back(reader.Number(8));
  for (size_t i = 0; i < counts.times && reader.ok(); ++i) kinds.push_back(static_cast<size_t>(reader.Number(1)));
  for (size_t i = 0; i < counts.types && reader.ok(); ++i) {
    offsets.push_back(reader.Number(4));
    reader.Take(2);
  }
  reader.Take(counts.letters + counts.leaps * 12 + counts.standard + counts.utc);
  if (!reader.ok() || offsets.empty()) return {};
  std::vector<ZoneChange> changes = {{INT64_MIN, offsets[0]}};
  for (size_t i = 0; i < times.size(); ++i) {
    if (kinds[i] >= offsets.size()) return {};
    if (offsets[kinds[i]] != changes.back().offset_seconds) changes.push_back({times[i], offsets[kinds[i]]});
  }
  return changes;
}

// ---- the rule behind it: "CET-1CEST,M3.5.0,M10.5.0/3" ---------------------------------------------

struct RuleDay {
  char kind = 'M';  // M month.week.weekday, J day of the year without 29 February, 0 with it
  int64_t month = 0, week = 0, day = 0;
  int64_t seconds = 7200;  // of the wall clock before the change
};
struct Rule {
  int64_t standard = 0;
  std::optional<int64_t> summer;
  RuleDay begin, end;
};

class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}

  std::optional<Rule> Read() {
    Rule rule;
    if (!Name()) return std::nullopt;
    rule.standard = -Time().value_or(0);
    if (text_.empty()) return rule;
    if (!Name()) return std::nullopt;
    rule.summer = rule.standard + 3600;
    if (!text_.empty() && text_[0] != ',') rule.summer = -Time().value_or(0);
    for (RuleDay* day : {&rule.begin, &rule.end}) {
      if (!Accept(',') || !Day(*day)) return std::nullopt;
    }
    return text_.empty() ? std::optional(rule) : std::nullopt;
  }

 private:
  bool Accept(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::optional<int64_t> Digits() {
    size_t n = 0;
    int64_t value = 0;
    while (n < text_.size() && n < 4 && text_[n] >= '0' && text_[n] <= '9') value = value * 10 + (text_[n++] - '0');
    text_.remove_prefix(n);
    return n > 0 ? std::optional(value) : std::nullopt;
  }
  // [+-]hh[:mm[:ss]]
  std::optional<int64_t> Time() {
    int64_t sign = Accept('-') ? -1 : 1;
    Accept('+');
    auto hours = Digits();
    if (!hours) return std::nullopt;
    int64_t seconds = *hours * 3600;
    for (int64_t unit : {60, 1}) {
      if (!Accept(':')) break;
      seconds += Digits().value_or(0) * unit;
    }
    return sign * seconds;
  }
  bool Name() {
    size_t size = 0;
    if (!text_.empty() && text_[0] == '<') {
      size = text_.find('>') + 1;
    } else {
      while (size < text_.size() && ((text_[size] | 32) >= 'a' && (text_[size] | 32) <= 'z')) ++size;
    }
    text_.remove_prefix(size);
    return size > 0;
  }
  bool Day(RuleDay& day) {
    day.kind = Accept('M') ? 'M' : Accept('J') ? 'J' : '0';
    auto first = Digits();
    if (!first) return false;
    if (day.kind == 'M') {
      auto week = Accept('.') ? Digits() : std::nullopt;
      auto weekday = Accept('.') ? Digits() : std::nullopt;
      if (!week || !weekday) return false;
      day.month = *first;
      day.week = *week;
      day.day = *weekday;
    } else {
      day.day = *first;
    }
    if (Accept('/')) day.seconds = Time().value_or(7200);
    return true;
  }

  std::string_view text_;
};

// Wall clock seconds at which the rule's day changes the clock in `year`.
int64_t LocalSeconds(const RuleDay& day, int64_t year) {
  int64_t january = DaysFromCivil(year, 1, 1), days = january + day.day;
  bool leap = DaysFromCivil(year + 1, 1, 1) - january == 366;
  if (day.kind == 'J') days = january + day.day - 1 + (leap && day.day >= 60 ? 1 : 0);
  if (day.kind == 'M') {
    int64_t first = DaysFromCivil(year, static_cast<int>(day.month), 1);
    int64_t next = day.month == 12 ? DaysFromCivil(year + 1, 1, 1) : DaysFromCivil(year, static_cast<int>(day.month) + 1, 1);
    // 1970-01-01 was a Thursday.
    int64_t weekday = ((first + 4) % 7 + 7) % 7;
    days = first + (day.day - weekday + 7) % 7 + (day.week - 1) * 7;
    while (days >= next) days -= 7;
  }
  return days * kDaySeconds + day.seconds;
}

void AddRule(const Rule& rule, std::vector<ZoneChange>& changes) {
  if (!rule.summer) return;
  int64_t last = changes.back().from_seconds;
  // The day of 1970 or later on which the file's own changes end.
  int64_t from_year = last < 0 ? 1970 : CivilFromDays(last / kDaySeconds).year;
  for (int64_t year = from_year; year <= kLastYear; ++year) {
    ZoneChange begin{LocalSeconds(rule.begin, year) - rule.standard, *rule.summer};
    ZoneChange end{LocalSeconds(rule.end, year) - *rule.summer, rule.standard};
    bool southern = begin.from_seconds > end.from_seconds;
    for (const ZoneChange& change : {southern ? end : begin, southern ? begin : end}) {
      if (change.from_seconds > last && change.offset_seconds != changes.back().offset_seconds) changes.push_back(change);
    }
  }
}

bool IsZoneName(std::string_view id) {
  auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c == '+' || c == '-' || c == '/';
  };
  return !id.empty() && id[0] != '/' && std::ranges::all_of(id, allowed);
}

}  // namespace

std::vector<ZoneChange> ParseZoneFile(std::string_view bytes) {
  Reader reader(bytes);
  auto old = ReadHeader(reader);
  if (!old) return {};
  // The same again follows with times of 64 bits.
  reader.Take(old->Size(4));
  auto counts = ReadHeader(reader);
  if (!counts) return {};
  std::vector<ZoneChange> changes = ReadChanges(reader, *counts);
  std::string_view footer = reader.rest();
  if (changes.empty() || footer.size() < 2 || footer.front() != '\n') return changes;
  auto rule = RuleReader(footer.substr(1, footer.find('\n', 1) - 1)).Read();
  if (rule) AddRule(*rule, changes);
  return changes;
}

int64_t OffsetAt(const std::vector<ZoneChange>& changes, int64_t seconds) {
  auto after = std::ranges::upper_bound(changes, seconds, {}, &ZoneChange::from_seconds);
  return (after - 1)->offset_seconds;
}

const std::vector<ZoneChange>* ZoneChanges(std::string_view id) {
  static std::mutex mutex;
  static std::map<std::string, std::vector<ZoneChange>, std::less<>> zones;
  if (!IsZoneName(id)) return nullptr;
  std::lock_guard lock(mutex);
  auto it = zones.find(id);
  if (it == zones.end()) {
    auto bytes = ReadFile(kDatabase + std::string(id));
    if (!bytes.ok()) return nullptr;
    it = zones.emplace(std::string(id), ParseZoneFile(*bytes)).first;
  }
  return it->second.empty() ? nullptr : &it->second;
}

}  // namespace ashlar
