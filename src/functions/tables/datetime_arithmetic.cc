// + and - of dates, timestamps and intervals (Spark's BinaryArithmeticWithDatetimeResolver).
#include "functions/function_row.h"
#include "functions/signature.h"

namespace ashlar::functions {
namespace {

using sql::ResolvedFunction;
using Resolved = Result<std::optional<ResolvedFunction>>;

bool IsDayTime(const DataType& type) { return type.Is(TypeId::kDayTimeInterval); }
bool IsYearMonth(const DataType& type) { return type.Is(TypeId::kYearMonthInterval); }
bool IsTimestamp(const DataType& type) {
  return type.Is(TypeId::kTimestamp) || type.Is(TypeId::kTimestampNtz);
}

// The call with the datetime at `at` and what is added at 1 - at.
struct Shift {
  const Call& call;
  size_t at;
  bool negative;

  Resolved Make(DataType result, DataType datetime, DataType amount, std::string_view function) const {
    std::string time = at == 0 ? "{0}" : "{1}";
    std::string by = at == 0 ? "{1}" : "{0}";
    if (negative && amount.Is(TypeId::kCalendarInterval)) {
      by = "spark_interval_negative(" + by + ", {span})";
    } else if (negative) {
      by = "spark_negative(" + by + ")";
    }
    std::vector<DataType> types = {std::move(datetime), std::move(amount)};
    if (at == 1) std::swap(types[0], types[1]);
    auto out = call.Make(std::move(result), types, std::string(function) + "(" + time + ", " + by + ", {span})");
    out.can_throw = true;
    out.nullable = out.nullable || call.name.starts_with("try_");
    return std::optional(std::move(out));
  }
};

Resolved AddYearMonth(const Shift& shift, const DataType& datetime, const DataType& interval) {
  if (datetime.Is(TypeId::kDate)) return shift.Make(datetime, datetime, interval, "spark_date_add_months");
  std::string_view function = datetime.Is(TypeId::kTimestamp) ? "spark_timestamp_add_months" : "spark_ntz_add_months";
  return shift.Make(datetime, datetime, interval, function);
}

Resolved AddDayTime(const Shift& shift, const DataType& datetime, const DataType& interval) {
  if (datetime.Is(TypeId::kDate)) {
    bool days_only = interval.first_interval_field() == 0 && interval.last_interval_field() == 0;
    if (days_only) return shift.Make(datetime, datetime, interval, "spark_date_add_micros");
    return shift.Make(TypeId::kTimestamp, TypeId::kTimestamp, interval, "spark_timestamp_add_micros");
  }
  DataType type = datetime.Is(TypeId::kTimestampNtz) ? datetime : DataType(TypeId::kTimestamp);
  std::string_view function = type.Is(TypeId::kTimestamp) ? "spark_timestamp_add_micros" : "spark_ntz_add_micros";
  return shift.Make(type, type, interval, function);
}

Resolved AddCalendar(const Shift& shift, const DataType& datetime) {
  DataType interval = TypeId::kCalendarInterval;
  if (datetime.Is(TypeId::kDate)) return shift.Make(datetime, datetime, interval, "spark_date_add_interval");
  DataType type = datetime.Is(TypeId::kTimestampNtz) ? datetime : DataType(TypeId::kTimestamp);
  return shift.Make(type, type, interval,
                    type.Is(TypeId::kTimestamp) ? "spark_timestamp_add_interval" : "spark_ntz_add_interval");
}

Resolved AddDays(const Shift& shift, size_t days_at) {
  auto type = CoerceTo(shift.call.type(days_at), {"int", "smallint", "tinyint"}, shift.call.ansi());
  if (!type) return shift.call.Unexpected(days_at, R"(("INT" or "SMALLINT" or "TINYINT"))");
  return shift.Make(TypeId::kDate, TypeId::kDate, TypeId::kInt, "spark_date_add");
}

// What may be moved by an interval in time: strings are read as timestamps.
Resolved AddToTimestamp(const Shift& shift, const DataType& interval) {
  const DataType& type = shift.call.type(shift.at);
  if (!IsTimestamp(type) && !type.Is(TypeId::kDate) && !type.Is(TypeId::kString) && !type.Is(TypeId::kNull)) {
    Error error = shift.call.Unexpected(shift.at, "\"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)\"");
    error.parameters["paramIndex"] = "first";
    return error;
  }
  if (interval.Is(TypeId::kCalendarInterval)) return AddCalendar(shift, type);
  return AddDayTime(shift, type, interval);
}

Resolved ResolveShift(const Shift& shift) {
  const DataType& datetime = shift.call.type(shift.at);
  const DataType& amount = shift.call.type(1 - shift.at);
  bool is_datetime = datetime.Is(TypeId::kDate) || IsTimestamp(datetime);
  if (IsYearMonth(amount) && is_datetime) return AddYearMonth(shift, datetime, amount);
  if (IsDayTime(amount) || amount.Is(TypeId::kCalendarInterval)) return AddToTimestamp(shift, amount);
  return AddDays(shift, 1 - shift.at);
}

Resolved SubtractTimes(const Call& call) {
  bool ntz = call.type(0).Is(TypeId::kTimestampNtz) && call.type(1).Is(TypeId::kTimestampNtz);
  DataType type = ntz ? TypeId::kTimestampNtz : TypeId::kTimestamp;
  for (size_t i = 0; i < 2; ++i) {
    if (!sql::CanImplicitlyCast(call.type(i), type, call.ansi())) {
      return call.Unexpected(i, "\"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)\"");
    }
  }
  std::string lowering = ntz ? "spark_ntz_subtract({0}, {1})" : "spark_timestamp_subtract({0}, {1})";
  return std::optional(call.Make(DataType::DayTimeInterval(0, 3), {type, type}, lowering));
}

Resolved SubtractDates(const Call& call) {
  if (!sql::CanImplicitlyCast(call.type(0), TypeId::kDate, call.ansi())) {
    return call.Unexpected(0, "\"DATE\"");
  }
  return std::optional(call.Make(DataType::DayTimeInterval(0, 0), {TypeId::kDate, TypeId::kDate},
                                 "CAST({0} - {1} AS BIGINT) * 86400000000"));
}

}  // namespace

Result<std::optional<ResolvedFunction>> ResolveDatetimeArithmetic(const Call& call, char op) {
  const DataType &l = call.type(0), &r = call.type(1);
  bool intervals = (l.IsInterval() || l.Is(TypeId::kNull)) && (r.IsInterval() || r.Is(TypeId::kNull));
  if (intervals && l.id() == r.id()) {
    if (l.Is(TypeId::kCalendarInterval)) {
      auto out = call.Make(l, {l, r}, std::string("spark_interval_") + (op == '+' ? "add" : "subtract") + "({0}, {1}, {span})");
      out.can_throw = true;
      return std::optional(std::move(out));
    }
    return std::optional<ResolvedFunction>();
  }
  auto temporal = [](const DataType& type) { return type.Is(TypeId::kDate) || IsTimestamp(type); };
  if (op == '+') {
    if (r.IsInterval() && (!l.IsInterval() || temporal(l))) return ResolveShift({call, 0, false});
    if (l.IsInterval() && (!r.IsInterval() || temporal(r))) return ResolveShift({call, 1, false});
    // Two intervals of different kinds: Spark takes the first for a timestamp.
    if (l.IsInterval() && r.IsInterval()) return AddToTimestamp({call, 0, false}, r);
    if (l.Is(TypeId::kDate)) return ResolveShift({call, 0, false});
    if (r.Is(TypeId::kDate)) return ResolveShift({call, 1, false});
    return std::optional<ResolvedFunction>();
  }
  if (r.IsInterval()) return ResolveShift({call, 0, true});
  if (IsTimestamp(l) || IsTimestamp(r)) return SubtractTimes(call);
  if (r.Is(TypeId::kDate)) return SubtractDates(call);
  if (l.Is(TypeId::kDate)) return ResolveShift({call, 0, true});
  return std::optional<ResolvedFunction>();
}

}  // namespace ashlar::functions
