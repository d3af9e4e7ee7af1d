// spark_text_types(text): which types a CSV value could be of, one bit each (text_types.h).
#include "engine/functions/text_types.h"

#include "base/text.h"
#include "engine/functions/datetime_text.h"
#include "engine/functions/kernel_binding.h"
#include "engine/functions/number_text.h"

namespace ashlar::engine {
namespace {

size_t DigitsAt(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  return end - at;
}

// Casts alone would take too much: "1_000", " 1 ", "1d".
int32_t NumberTypes(std::string_view text) {
  size_t at = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  size_t digits = DigitsAt(text, at);
  if (digits > 0 && at + digits == text.size()) {
    auto value = ParseIntegral(text, false);
    if (!value) return kTextDouble;
    return *value >= INT32_MIN && *value <= INT32_MAX ? kTextInt | kTextLong | kTextDouble : kTextLong | kTextDouble;
  }
  std::string_view unsigned_text = text.substr(at);
  if (unsigned_text == "Inf" || unsigned_text == "Infinity" || text == "NaN") return kTextDouble;
  at += digits;
  if (at < text.size() && text[at] == '.') {
    size_t fraction = DigitsAt(text, at + 1);
    digits += fraction;
    at += 1 + fraction;
  }
  if (digits == 0) return 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    size_t sign = at + 1 < text.size() && (text[at + 1] == '+' || text[at + 1] == '-') ? 1 : 0;
    size_t exponent = DigitsAt(text, at + 1 + sign);
    if (exponent == 0) return 0;
    at += 1 + sign + exponent;
  }
  return at == text.size() ? kTextDouble : 0;
}

// yyyy-mm-dd, or yyyy-m-d with a time behind it.
int32_t DatetimeTypes(std::string_view text, const TimeZone* zone) {
  if (text.size() < 8 || DigitsAt(text, 0) != 4 || text[4] != '-') return 0;
  size_t month = DigitsAt(text, 5), day_at = 6 + month;
  if (month < 1 || month > 2 || day_at > text.size() || text[day_at - 1] != '-') return 0;
  size_t day = DigitsAt(text, day_at), end = day_at + day;
  if (day < 1 || day > 2) return 0;
  if (end == text.size()) return month == 2 && day == 2 && ParseDate(text) ? kTextDate : 0;
  bool has_time = (text[end] == 'T' || text[end] == ' ') && end + 1 < text.size() && DigitsAt(text, end + 1) > 0;
  return has_time && ParseTimestamp(text, zone) ? kTextTimestamp : 0;
}

int32_t TextTypes(const CallSite& site, std::string_view text) { return TypesOfText(text, site.zone); }

}  // namespace

int32_t TypesOfText(std::string_view text, const TimeZone* zone) {
  if (text.empty()) return 0;
  switch (text[0]) {
    case 't': case 'T': case 'f': case 'F':
      return EqualsIgnoreCase(text, "true") || EqualsIgnoreCase(text, "false") ? kTextBoolean : 0;
    default: break;
  }
  int32_t types = NumberTypes(text);
  return types != 0 ? types : DatetimeTypes(text, zone);
}

void RegisterTextTypes(Registrar& registrar) { registrar.Add("spark_text_types", "s|Z:i", Bind<TextTypes>); }

}  // namespace ashlar::engine
