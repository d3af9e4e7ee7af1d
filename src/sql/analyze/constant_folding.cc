#include "sql/analyze/constant_folding.h"

#include <iterator>
#include <limits>

#include "base/text.h"
#include "sql/analyze/time_zone.h"
#include "sql/analyze/typed_tree.h"

namespace ashlar::sql {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

bool FitsIntegral(int64_t value, TypeId id) {
  switch (id) {
    case TypeId::kByte:
      return value >= INT8_MIN && value <= INT8_MAX;
    case TypeId::kShort:
      return value >= INT16_MIN && value <= INT16_MAX;
    case TypeId::kInt:
      return value >= INT32_MIN && value <= INT32_MAX;
    default:
      return id == TypeId::kLong;
  }
}

std::optional<Value> FoldString(const std::string& text, const DataType& to, const std::string& time_zone) {
  if (to.IsIntegral()) {
    auto n = ParseInt64(Trim(text));
    if (n && FitsIntegral(*n, to.id())) return Value{to, *n};
    return std::nullopt;
  }
  if (to.Is(TypeId::kDate)) {
    auto micros = ParseTimestampMicros(text, "UTC");
    if (micros && *micros % kMicrosPerDay == 0) return Value{to, *micros / kMicrosPerDay};
    return std::nullopt;
  }
  if (to.Is(TypeId::kTimestamp) || to.Is(TypeId::kTimestampNtz)) {
    auto micros = ParseTimestampMicros(text, to.Is(TypeId::kTimestamp) ? time_zone : "UTC");
    if (micros) return Value{to, *micros};
  }
  return std::nullopt;
}

// Where a double has the digits and the power of ten exactly, their quotient is the nearest one.
std::optional<Value> FoldDecimal(const Value& value, const DataType& to) {
  constexpr int64_t kExactDigits = int64_t{1} << 53;
  constexpr double kPowers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const Int128 unscaled = std::get<Int128>(value.data);
  const auto scale = static_cast<size_t>(value.type.scale());
  if (!to.Is(TypeId::kDouble) || scale >= std::size(kPowers) || unscaled > kExactDigits || unscaled < -kExactDigits) return std::nullopt;
  return Value{to, static_cast<double>(static_cast<int64_t>(unscaled)) / kPowers[scale]};
}

std::optional<Value> FoldCast(const Value& value, const DataType& to, const std::string& time_zone) {
  if (value.is_null()) return Value::Null(to);
  if (value.type == to) return value;
  if (value.type.Is(TypeId::kString)) {
    const auto& text = std::get<std::string>(value.data);
    return to.Is(TypeId::kString) ? Value{to, text} : FoldString(text, to, time_zone);
  }
  if (value.type.IsIntegral()) {
    int64_t n = std::get<int64_t>(value.data);
    if (to.IsIntegral()) return FitsIntegral(n, to.id()) ? std::optional(Value{to, n}) : std::nullopt;
    if (to.Is(TypeId::kDouble)) return Value{to, static_cast<double>(n)};
    if (to.Is(TypeId::kString)) return Value::String(std::to_string(n));
  }
  if (value.type.Is(TypeId::kDecimal)) return FoldDecimal(value, to);
  if (value.type.Is(TypeId::kDate) && to.Is(TypeId::kTimestamp)) {
    int64_t seconds = std::get<int64_t>(value.data) * (kMicrosPerDay / kMicrosPerSecond);
    auto offset = ZoneOffsetSeconds(time_zone, seconds, ClockKind::kWallClock);
    if (!offset) return std::nullopt;
    return Value{to, (seconds - *offset) * kMicrosPerSecond};
  }
  return std::nullopt;
}

std::optional<Value> FoldCall(const CallNode& call, const DataType& type, const std::string& time_zone) {
  std::vector<Value> args;
  for (const TypedExprPtr& arg : call.args) {
    auto value = FoldExpr(*arg, time_zone);
    if (!value || value->is_null()) return std::nullopt;
    args.push_back(*std::move(value));
  }
  bool minus = call.name == "-";
  if (args.size() == 1 && call.name == "negative" && args[0].type.IsIntegral()) {
    int64_t n = std::get<int64_t>(args[0].data);
    if (n == std::numeric_limits<int64_t>::min() || !FitsIntegral(-n, type.id())) return std::nullopt;
    return Value{type, -n};
  }
  if (args.size() != 2 || (call.name != "+" && !minus)) return std::nullopt;
  if (args[0].type.IsIntegral() && args[1].type.IsIntegral() && type.IsIntegral()) {
    int64_t a = std::get<int64_t>(args[0].data);
    int64_t b = std::get<int64_t>(args[1].data);
    int64_t sum = 0;
    if (minus ? __builtin_sub_overflow(a, b, &sum) : __builtin_add_overflow(a, b, &sum)) return std::nullopt;
    return FitsIntegral(sum, type.id()) ? std::optional(Value{type, sum}) : std::nullopt;
  }
  bool instant = args[0].type.Is(TypeId::kTimestamp) || args[0].type.Is(TypeId::kTimestampNtz);
  if (instant && args[1].type.Is(TypeId::kDayTimeInterval)) {
    int64_t delta = std::get<int64_t>(args[1].data);
    return Value{type, std::get<int64_t>(args[0].data) + (minus ? -delta : delta)};
  }
  return std::nullopt;
}

// Reads digits up to a separator; false when there is none.
bool TakeNumber(std::string_view& text, size_t max_digits, int64_t& value) {
  size_t n = 0;
  value = 0;
  while (n < text.size() && n < max_digits && text[n] >= '0' && text[n] <= '9') value = value * 10 + (text[n++] - '0');
  text.remove_prefix(n);
  return n > 0;
}
bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

bool TakeDate(std::string_view& text, int64_t& days) {
  int64_t year = 0, month = 1, day = 1;
  if (!TakeNumber(text, 6, year)) return false;
  if (TakeChar(text, '-')) {
    if (!TakeNumber(text, 2, month)) return false;
    if (TakeChar(text, '-') && !TakeNumber(text, 2, day)) return false;
  }
  if (month < 1 || month > 12 || day < 1 || day > 31) return false;
  days = DaysFromCivil(year, static_cast<int>(month), static_cast<int>(day));
  CivilDate back = CivilFromDays(days);
  return back.month == month && back.day == day;
}

bool TakeTime(std::string_view& text, int64_t& micros) {
  int64_t hour = 0, minute = 0, second = 0;
  if (!TakeNumber(text, 2, hour) || !TakeChar(text, ':') || !TakeNumber(text, 2, minute)) return false;
  if (TakeChar(text, ':') && !TakeNumber(text, 2, second)) return false;
  int64_t fraction = 0;
  if (TakeChar(text, '.')) {
    int64_t unit = kMicrosPerSecond / 10;
    while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
      fraction += (text[0] - '0') * unit;
      unit /= 10;
      text.remove_prefix(1);
    }
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  micros = (hour * 3600 + minute * 60 + second) * kMicrosPerSecond + fraction;
  return true;
}

}  // namespace

std::optional<int64_t> ParseTimestampMicros(std::string_view text, const std::string& time_zone) {
  text = Trim(text);
  int64_t days = 0;
  int64_t time = 0;
  if (!TakeDate(text, days)) return std::nullopt;
  if (TakeChar(text, 'T') || (!text.empty() && text[0] == ' ' && text.size() > 1)) {
    text = Trim(text);
    if (!TakeTime(text, time)) return std::nullopt;
  }
  int64_t seconds = days * (kMicrosPerDay / kMicrosPerSecond) + time / kMicrosPerSecond;
  std::string zone = text.empty() ? time_zone : std::string(Trim(text));
  auto offset = ZoneOffsetSeconds(zone, seconds, ClockKind::kWallClock);
  if (!offset) return std::nullopt;
  return days * kMicrosPerDay + time - *offset * kMicrosPerSecond;
}

std::optional<Value> FoldExpr(const TypedExpr& expr, const std::string& time_zone) {
  if (const Value* value = LiteralValue(expr)) return *value;
  if (const auto* cast = std::get_if<CastNode>(&expr.node)) {
    auto child = FoldExpr(*cast->child, time_zone);
    return child ? FoldCast(*child, expr.type, time_zone) : std::nullopt;
  }
  if (const auto* call = std::get_if<CallNode>(&expr.node)) {
    if (!call->deterministic) return std::nullopt;
    return FoldCall(*call, expr.type, time_zone);
  }
  return std::nullopt;
}

}  // namespace ashlar::sql
