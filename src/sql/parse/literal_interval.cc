// Interval literals become year-month or day-time intervals whose fields are those named; no literal
// mixes the two.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "sql/parse/literal.h"

namespace ashlar::sql {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

struct UnitRow {
  std::string_view name;
  bool year_month;
  int field;       // as in DataType::YearMonthInterval and DayTimeInterval
  int64_t factor;  // months, or microseconds
};
constexpr std::array kUnits = {
    UnitRow{"year", true, 0, 12},
    UnitRow{"month", true, 1, 1},
    UnitRow{"week", false, 0, 7 * 86'400 * kMicrosPerSecond},
    UnitRow{"day", false, 0, 86'400 * kMicrosPerSecond},
    UnitRow{"hour", false, 1, 3'600 * kMicrosPerSecond},
    UnitRow{"minute", false, 2, 60 * kMicrosPerSecond},
    UnitRow{"second", false, 3, kMicrosPerSecond},
    UnitRow{"millisecond", false, 3, 1'000},
    UnitRow{"microsecond", false, 3, 1},
    UnitRow{"nanosecond", false, 3, 0},  // known, and refused
};

const UnitRow* FindUnit(std::string_view name) {
  std::string lower = ToLowerAscii(name);
  std::string_view singular = lower;
  if (singular.ends_with('s')) singular.remove_suffix(1);
  for (const UnitRow& row : kUnits) {
    if (row.name == singular) return &row;
  }
  return nullptr;
}

Error Invalid(std::string message) {
  return MakeSqlError("_LEGACY_ERROR_TEMP_0063", "", message, {{"msg", message}});
}

Error Overflow() {
  return MakeSqlError("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION", "22015",
                      "Integer overflow while operating with intervals.");
}

// The whole does not have the form the fields ask for.
Error Unmatched(std::string_view input, const char* kind, const std::string& form, const std::string& fields) {
  std::string upper = ToUpperAscii(fields);
  std::string supported = "`[+|-]" + form + "`, `INTERVAL [+|-]'[+|-]" + form + "' " + upper + "`";
  std::string condition = "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING";
  if (std::string_view(kind) == "day-time") condition += "_WITH_NOTICE";
  return MakeSqlError(condition, "22006",
                      "Error parsing '" + std::string(input) + "' to interval. Interval string does not match " +
                          kind + " format of " + supported + " when cast to interval " + fields + ": " +
                          std::string(input) + ".",
                      {{"input", std::string(input)}, {"intervalStr", kind}, {"supportedFormat", supported},
                       {"typeName", "interval " + fields}});
}

Error BadUnit(const std::string& condition, const char* what, const std::string& input, std::string_view unit) {
  return MakeSqlError("INVALID_INTERVAL_FORMAT." + condition, "22006",
                      "Error parsing '" + input + "' to interval. '" + std::string(unit) + "' " + what,
                      {{"input", input}, {"unit", std::string(unit)}});
}

bool AllDigits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "[+-]digits[.digits]" times the unit; the fraction only of seconds.
Status AddPart(std::string_view value, const UnitRow& unit, const std::string& source, Int128& total) {
  std::string_view rest = Trim(value);
  bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  size_t point = rest.find('.');
  std::string_view whole = rest.substr(0, point);
  std::string fraction = point == std::string_view::npos ? "" : std::string(rest.substr(point + 1));
  bool has_fraction = point != std::string_view::npos;
  bool ok = (AllDigits(whole) || (whole.empty() && has_fraction)) && whole.size() <= 19 &&
            (fraction.empty() || AllDigits(fraction)) && fraction.size() <= 9;
  if (!ok) return Invalid("Error parsing '" + std::string(value) + "' to interval");
  if (has_fraction && unit.name != "second") {
    return BadUnit("INVALID_FRACTION", "cannot have fractional part.", source, unit.name);
  }
  if (unit.name == "nanosecond") return BadUnit("INVALID_UNIT", "is not a valid unit.", source, unit.name);
  Int128 amount = 0;
  for (char c : whole) amount = amount * 10 + (c - '0');
  amount *= unit.factor;
  fraction.resize(6, '0');
  if (has_fraction) amount += ParseInt64(fraction).value_or(0);
  total += negative ? -amount : amount;
  Int128 limit = unit.year_month ? Int128{INT32_MAX} : Int128{INT64_MAX};
  if (total > limit || total < -limit - 1) return Overflow();
  return OkStatus();
}

std::string_view StripSign(std::string_view text, bool& negative) {
  negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  return text;
}

// Reads the fields first..last ("d h:m:s.f"), all but the first bounded.
Result<Int128> ReadFields(std::string_view input, std::string_view text, int first, int last) {
  constexpr std::array<std::string_view, 4> kNames = {"day", "hour", "minute", "second"};
  constexpr std::array<int64_t, 4> kLimits = {0, 23, 59, 59};
  constexpr std::array<int64_t, 4> kFactors = {86'400, 3'600, 60, 1};
  constexpr std::array<std::string_view, 4> kForms = {"d", "h", "m", "s.n"};
  std::string form;
  for (int field = first; field <= last; ++field) {
    if (field > first) form += field == 1 ? " " : ":";
    form += kForms[static_cast<size_t>(field)];
  }
  std::string fields = std::string(kNames[static_cast<size_t>(first)]) + " to " + std::string(kNames[static_cast<size_t>(last)]);
  Error mismatch = Unmatched(input, "day-time", form, fields);
  Int128 micros = 0;
  for (int field = first; field <= last; ++field) {
    size_t end = field == last ? text.size() : text.find(field == 0 ? ' ' : ':');
    if (end == std::string_view::npos) return mismatch;
    std::string_view number = text.substr(0, end);
    std::string fraction;
    if (size_t point = number.find('.'); field == 3 && point != std::string_view::npos) {
      fraction = std::string(number.substr(point + 1));
      number = number.substr(0, point);
      if (!AllDigits(fraction) || fraction.size() > 9) return mismatch;
      fraction.resize(6, '0');
    }
    if (!AllDigits(number) || number.size() > 18) return mismatch;
    int64_t value = *ParseInt64(number);
    if (field > first && value > kLimits[static_cast<size_t>(field)]) {
      return Invalid("requirement failed: " + std::string(kNames[static_cast<size_t>(field)]) + " " +
                     std::to_string(value) + " outside range [0, " +
                     std::to_string(kLimits[static_cast<size_t>(field)]) + "]");
    }
    micros += Int128{value} * kFactors[static_cast<size_t>(field)] * kMicrosPerSecond;
    if (!fraction.empty()) micros += *ParseInt64(fraction);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return micros;
}

Result<Value> YearToMonth(std::string_view text) {
  bool negative = false;
  std::string_view rest = StripSign(Trim(text), negative);
  size_t dash = rest.find('-');
  std::string_view years = rest.substr(0, dash);
  std::string_view months = dash == std::string_view::npos ? "" : rest.substr(dash + 1);
  if (!AllDigits(years) || !AllDigits(months) || years.size() > 10 || months.size() > 10) {
    return Unmatched(text, "year-month", "y-m", "year to month");
  }
  int64_t month = *ParseInt64(months);
  if (month > 11) {
    return MakeSqlError("INVALID_INTERVAL_FORMAT.INTERVAL_PARSING", "22006",
                        "Error parsing '" + std::string(text) + "' to interval. Error parsing interval year-month string.",
                        {{"input", std::string(text)}, {"interval", "year-month"}});
  }
  int64_t total = *ParseInt64(years) * 12 + month;
  if (total > INT32_MAX) return Overflow();
  return Value{DataType::YearMonthInterval(0, 1), negative ? -total : total};
}

}  // namespace

Result<Value> MultiUnitInterval(const std::vector<IntervalPart>& parts, std::string_view source) {
  Int128 months = 0;
  Int128 micros = 0;
  std::array<int, 2> first = {9, 9};
  std::array<int, 2> last = {-1, -1};
  std::string input;
  for (const IntervalPart& part : parts) input += " " + part.value + " " + part.unit;
  for (const IntervalPart& part : parts) {
    const UnitRow* unit = FindUnit(part.unit);
    if (unit == nullptr) return Invalid("Error parsing '" + std::string(source) + "' to interval");
    RETURN_IF_ERROR(AddPart(part.value, *unit, input, unit->year_month ? months : micros));
    size_t kind = unit->year_month ? 0 : 1;
    first[kind] = std::min(first[kind], unit->field);
    last[kind] = std::max(last[kind], unit->field);
  }
  bool year_month = last[0] >= 0;
  bool day_time = last[1] >= 0;
  if (year_month == day_time) {
    return MakeSqlError("_LEGACY_ERROR_TEMP_0029", "",
                        "Cannot mix year-month and day-time fields: " + std::string(source),
                        {{"literal", std::string(source)}});
  }
  if (year_month) return Value{DataType::YearMonthInterval(first[0], last[0]), static_cast<int64_t>(months)};
  return Value{DataType::DayTimeInterval(first[1], last[1]), static_cast<int64_t>(micros)};
}

Result<Value> UnitToUnitInterval(std::string_view text, std::string_view from, std::string_view to) {
  const UnitRow* first = FindUnit(from);
  const UnitRow* last = FindUnit(to);
  auto plain = [](const UnitRow* unit) {
    return unit != nullptr && (unit->year_month || unit->factor >= kMicrosPerSecond) && unit->name != "week";
  };
  if (!plain(first) || !plain(last) || first->year_month != last->year_month || first->field >= last->field) {
    std::string lower_from = ToLowerAscii(from);
    std::string lower_to = ToLowerAscii(to);
    return MakeSqlError("INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION", "22006",
                        "Error parsing '" + std::string(text) + "' to interval. Cannot support (interval '" +
                            std::string(text) + "' " + lower_from + " to " + lower_to + ") expression.",
                        {{"from", lower_from}, {"input", std::string(text)}, {"to", lower_to}});
  }
  if (first->year_month) return YearToMonth(text);
  bool negative = false;
  std::string_view rest = StripSign(Trim(text), negative);
  ASSIGN_OR_RETURN(Int128 micros, ReadFields(text, rest, first->field, last->field));
  if (micros > Int128{INT64_MAX}) return Overflow();
  auto value = static_cast<int64_t>(micros);
  return Value{DataType::DayTimeInterval(first->field, last->field), negative ? -value : value};
}

Result<Value> TextInterval(std::string_view text, std::string_view source) {
  std::vector<std::string> words;
  std::string flat = ToLowerAscii(text);
  std::ranges::replace_if(flat, [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  for (std::string_view word : SplitView(flat, ' ')) {
    if (!word.empty()) words.emplace_back(word);
  }
  if (!words.empty() && words.front() == "interval") words.erase(words.begin());
  std::vector<IntervalPart> parts;
  for (size_t i = 0; i < words.size();) {
    std::string sign;
    if ((words[i] == "-" || words[i] == "+") && i + 1 < words.size()) sign = words[i++];
    if (i + 1 >= words.size() || FindUnit(words[i + 1]) == nullptr) return InvalidTypedLiteral("INTERVAL", text);
    parts.push_back({sign + words[i], words[i + 1]});
    i += 2;
  }
  if (parts.empty()) return InvalidTypedLiteral("INTERVAL", text);
  Result<Value> value = MultiUnitInterval(parts, source);
  if (!value.ok() && value.error().condition != "_LEGACY_ERROR_TEMP_0029") {
    return InvalidTypedLiteral("INTERVAL", text);
  }
  return value;
}

}  // namespace ashlar::sql
