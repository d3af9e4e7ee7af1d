// Dates, timestamps and intervals.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "functions/function_row.h"
#include "functions/signature.h"

namespace ashlar::functions {
namespace {

using sql::ResolvedFunction;

// The fields of EXTRACT by what they are taken from. `suffix` names the kernel.
struct ExtractField {
  std::string_view names;
  std::string_view kernel;
};
constexpr std::array kDateFields = {
    ExtractField{"year y years yr yrs", "spark_year"},
    ExtractField{"yearofweek", "spark_year_of_week"},
    ExtractField{"quarter qtr", "spark_quarter"},
    ExtractField{"month mon mons months", "spark_month"},
    ExtractField{"week w weeks", "spark_weekofyear"},
    ExtractField{"day d days", "spark_day"},
    ExtractField{"dayofweek dow", "spark_dayofweek"},
    ExtractField{"dayofweek_iso dow_iso", "spark_dayofweek_iso"},
    ExtractField{"doy", "spark_dayofyear"},
};
constexpr std::array kTimeFields = {
    ExtractField{"hour h hours hr hrs", "spark_hour"},
    ExtractField{"minute m min mins minutes", "spark_minute"},
    ExtractField{"second s sec seconds secs", "spark_second_fraction"},
};
constexpr std::array kMonthsFields = {
    ExtractField{"year y years yr yrs", "{0} // 12"},
    ExtractField{"month mon mons months", "CAST({0} % 12 AS TINYINT)"},
};
constexpr std::array kMicrosFields = {
    ExtractField{"day d days", "CAST({0} // 86400000000 AS INTEGER)"},
    ExtractField{"hour h hours hr hrs", "CAST({0} % 86400000000 // 3600000000 AS TINYINT)"},
    ExtractField{"minute m min mins minutes", "CAST({0} % 3600000000 // 60000000 AS TINYINT)"},
    ExtractField{"second s sec seconds secs",
                 "CAST(CAST({0} % 60000000 AS DECIMAL(18,6)) / 1000000 AS DECIMAL(8,6))"},
};

std::string_view FindField(std::span<const ExtractField> fields, std::string_view wanted) {
  for (const ExtractField& field : fields) {
    for (std::string_view name : SplitView(field.names, ' ')) {
      if (EqualsIgnoreCase(name, wanted)) return field.kernel;
    }
  }
  return {};
}

Error InvalidField(const Call& call, const std::string& field) {
  return MakeSqlError("INVALID_EXTRACT_FIELD", "42601",
                      "Cannot extract " + QuoteIdentifier(field) + " from \"" + call.args[1].sql + "\".",
                      {{"field", QuoteIdentifier(field)}, {"expr", "\"" + call.args[1].sql + "\""}},
                      call.context.span);
}

// The fields of its months; of its days, with the whole days of its time; of what is left of that.
Result<ResolvedFunction> ExtractFromCalendar(const Call& call, const std::string& field) {
  bool is_day = EqualsIgnoreCase(field, "day") || EqualsIgnoreCase(field, "d") || EqualsIgnoreCase(field, "days");
  std::string_view months = FindField(kMonthsFields, field), time = is_day ? "" : FindField(kMicrosFields, field);
  if (!is_day && months.empty() && time.empty()) return InvalidField(call, field);
  std::string lowering = is_day            ? "spark_interval_days({1})"
                         : !months.empty() ? ReplaceAll(std::string(months), "{0}", "spark_interval_months({1})")
                                           : ReplaceAll(std::string(time), "{0}", "spark_interval_micros({1})");
  DataType type = is_day || months == kMonthsFields[0].kernel ? TypeId::kInt : TypeId::kByte;
  if (time == kMicrosFields[3].kernel) type = DataType::Decimal(8, 6);
  return call.Make(type, {TypeId::kString, call.type(1)}, lowering);
}

Result<ResolvedFunction> ExtractFromInterval(const Call& call, const std::string& field) {
  if (call.type(1).Is(TypeId::kCalendarInterval)) return ExtractFromCalendar(call, field);
  bool months = call.type(1).Is(TypeId::kYearMonthInterval);
  std::string_view sql = months ? FindField(kMonthsFields, field) : FindField(kMicrosFields, field);
  if (sql.empty()) return InvalidField(call, field);
  DataType type = TypeId::kByte;
  if (sql == kMonthsFields[0].kernel || sql == kMicrosFields[0].kernel) type = TypeId::kInt;
  if (sql == kMicrosFields[3].kernel) type = DataType::Decimal(8, 6);
  return call.Make(type, {TypeId::kString, call.type(1)}, ReplaceAll(std::string(sql), "{0}", "{1}"));
}

// The window of a time, or all of those it is in: $window(time, length, slide, start) in microseconds.
Result<ResolvedFunction> TimeWindow(const Call& call) {
  DataType time = call.type(0).Is(TypeId::kTimestampNtz) ? TypeId::kTimestampNtz : TypeId::kTimestamp;
  DataType window = DataType::Struct({{"start", time, true}, {"end", time, true}});
  std::vector<DataType> types = {time, TypeId::kLong, TypeId::kLong, TypeId::kLong};
  if (call.name == "$windows") {
    return call.Make(DataType::Array(window, false), types,
                     "list_transform(spark_window_starts({0}, {1}, {2}, {3}), lambda e: struct_pack(f0 := e, "
                     "f1 := spark_window_start(e, 1, 0, {1})))");
  }
  return call.Make(window, types,
                   "struct_pack(f0 := spark_window_start({0}, {2}, {3}, 0), f1 := spark_window_start({0}, {2}, {3}, {1}))");
}

// The last microsecond of a window.
Result<ResolvedFunction> WindowTime(const Call& call) {
  const DataType& type = call.type(0);
  bool window = type.Is(TypeId::kStruct) && type.fields().size() == 2 && type.fields()[1].name == "end" &&
                (type.fields()[1].type.Is(TypeId::kTimestamp) || type.fields()[1].type.Is(TypeId::kTimestampNtz));
  if (!window) return call.Unexpected(0, R"(("STRUCT<start: TIMESTAMP, end: TIMESTAMP>" or "STRUCT<start: TIMESTAMP_NTZ, end: TIMESTAMP_NTZ>"))");
  auto out = call.Make(type.fields()[1].type, {type}, "spark_window_start(struct_extract({0}, 'f1'), 1, 0, -1)");
  out.nullable = true;
  return out;
}

// extract(field, source), date_part(field, source): the field is a constant.
Result<ResolvedFunction> Extract(const Call& call) {
  auto field = call.ConstantText(0);
  if (!field) return call.NonFoldable(0, "field");
  DataType source = call.type(1);
  if (source.IsInterval()) {
    return ExtractFromInterval(call, *field);
  }
  if (std::string_view kernel = FindField(kDateFields, *field); !kernel.empty()) {
    return call.Make(TypeId::kInt, {TypeId::kString, TypeId::kDate}, std::string(kernel) + "({1})");
  }
  std::string_view kernel = FindField(kTimeFields, *field);
  if (kernel.empty()) return InvalidField(call, *field);
  DataType type = kernel == "spark_second_fraction" ? DataType::Decimal(8, 6) : DataType(TypeId::kInt);
  DataType time = source.Is(TypeId::kTimestampNtz) ? source : DataType(TypeId::kTimestamp);
  if (type.Is(TypeId::kDecimal)) {
    return call.Make(type, {TypeId::kString, time},
                     "CAST(CAST(spark_second_micros({1}) AS DECIMAL(18,6)) / 1000000 AS {type})");
  }
  return call.Make(type, {TypeId::kString, time}, std::string(kernel) + "({1})");
}

// to_date, to_timestamp… of a string by a pattern; without one, a cast.
Result<ResolvedFunction> ToDatetime(const Call& call) {
  bool is_try = call.name.starts_with("try_");
  std::string_view plain = is_try ? call.name.substr(4) : call.name;
  DataType type = plain == "to_date"            ? TypeId::kDate
                  : plain == "to_timestamp_ntz" ? TypeId::kTimestampNtz
                                                : TypeId::kTimestamp;
  auto mode = is_try ? sql::CastMode::kTry : sql::CastMode::kDefault;
  if (call.size() == 1 || call.type(0).IsDatetime()) {
    return call.Rewrite(sql::MakeExpr(sql::CastExpr{call.Argument(0), type, mode}, call.context.span));
  }
  for (size_t i = 0; i < 2; ++i) {
    if (!sql::CanImplicitlyCast(call.type(i), TypeId::kString, call.ansi())) return call.Unexpected(i, "\"STRING\"");
  }
  std::string function = type.Is(TypeId::kDate)           ? "to_date"
                         : type.Is(TypeId::kTimestampNtz) ? "to_timestamp_ntz"
                                                          : "to_timestamp";
  bool lenient = is_try || !call.ansi();
  auto out = call.Make(type, {TypeId::kString, TypeId::kString},
                       std::string("spark_") + (lenient ? "try_" : "") + function + "({0}, {1})");
  out.nullable = out.nullable || lenient;
  out.can_throw = true;  // a wrong pattern is an error in every mode
  return out;
}

Result<ResolvedFunction> UnixTimestamp(const Call& call) {
  if (call.size() == 0) {
    return call.Rewrite(call.Function("unix_timestamp", {call.Function("current_timestamp", {})}));
  }
  DataType type = call.type(0);
  if (!type.IsDatetime()) type = TypeId::kString;
  if (!sql::CanImplicitlyCast(call.type(0), type, call.ansi())) {
    return call.Unexpected(0, R"(("STRING" or "DATE" or "TIMESTAMP" or "TIMESTAMP WITHOUT TIME ZONE"))");
  }
  std::vector<DataType> types = {type, TypeId::kString};
  std::string lenient = call.ansi() ? "" : "try_";
  std::string lowering = type.Is(TypeId::kString) ? "spark_" + lenient + "unix_timestamp({0}, {1})"
                         : type.Is(TypeId::kDate) ? "spark_unix_timestamp({0})"
                                                  : "spark_unix_timestamp({0})";
  auto out = call.Make(TypeId::kLong, types, lowering);
  out.can_throw = true;
  out.nullable = out.nullable || !call.ansi();
  if (call.size() == 1) out.added_arguments.push_back(Value::String("yyyy-MM-dd HH:mm:ss"));
  return out;
}

struct Unit {
  std::string_view name;
  int64_t months;
  int64_t micros;  // days as 86400 s: whole days are calendar days
};
constexpr std::array kUnits = {
    Unit{"microsecond", 0, 1},        Unit{"millisecond", 0, 1000},       Unit{"second", 0, 1000000},
    Unit{"minute", 0, 60000000},      Unit{"hour", 0, 3600000000},        Unit{"day", 0, 86400000000},
    Unit{"dayofyear", 0, 86400000000}, Unit{"week", 0, 7 * 86400000000},  Unit{"month", 1, 0},
    Unit{"quarter", 3, 0},            Unit{"year", 12, 0},
};

Result<ResolvedFunction> TimestampUnit(const Call& call) {
  auto text = call.ConstantText(0);
  const Unit* unit = nullptr;
  for (const Unit& candidate : kUnits) {
    if (text && EqualsIgnoreCase(*text, candidate.name)) unit = &candidate;
  }
  if (unit == nullptr) {
    return MakeSqlError("INVALID_PARAMETER_VALUE.DATETIME_UNIT", "22023",
                        "The value of parameter `unit` in " + QuoteIdentifier(call.name) + " is invalid.",
                        {{"functionName", QuoteIdentifier(call.name)},
                         {"parameter", "`unit`"},
                         {"invalidValue", "'" + text.value_or(call.args[0].sql) + "'"}},
                        call.context.span);
  }
  bool months = unit->months != 0;
  std::string amount = std::to_string(months ? unit->months : unit->micros);
  auto time_type = [&](size_t i) {
    return call.type(i).Is(TypeId::kTimestampNtz) ? call.type(i) : DataType(TypeId::kTimestamp);
  };
  for (size_t i = 1; i < 3; ++i) {
    bool number = i == 1 && call.name == "timestampadd";
    DataType wanted = number ? DataType(TypeId::kLong) : time_type(i);
    if (!sql::CanImplicitlyCast(call.type(i), wanted, call.ansi())) {
      return call.Unexpected(i, number ? "\"BIGINT\"" : "\"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)\"");
    }
  }
  if (call.name == "timestampdiff") {
    auto out = call.Make(TypeId::kLong, {TypeId::kString, TypeId::kTimestamp, TypeId::kTimestamp},
                         std::string(months ? "spark_months_diff" : "spark_micros_diff") + "({1}, {2}, CAST(" +
                             amount + " AS BIGINT))");
    return out;
  }
  DataType type = time_type(2);
  std::string kernel = std::string(type.Is(TypeId::kTimestamp) ? "spark_timestamp" : "spark_ntz") +
                       (months ? "_add_months" : "_add_micros");
  std::string by = months ? "CAST({1} * " + amount + " AS INTEGER)" : "{1} * " + amount;
  auto out = call.Make(type, {TypeId::kString, TypeId::kLong, type}, kernel + "({2}, " + by + ", {span})");
  out.can_throw = true;
  return out;
}

Result<ResolvedFunction> TimestampSeconds(const Call& call) {
  const DataType& type = call.type(0);
  if (!type.IsNumeric() && !call.IsNull(0)) return call.Unexpected(0, "\"NUMERIC\"");
  DataType seconds = type.IsFractional() ? DataType(TypeId::kDouble)
                     : type.Is(TypeId::kDecimal) ? type
                                                 : DataType(TypeId::kLong);
  std::string lowering = "spark_timestamp_seconds({0})";
  if (seconds.Is(TypeId::kDecimal)) lowering = "spark_timestamp_seconds_decimal(CAST({0} AS DECIMAL(38,{s0})), {s0})";
  auto out = call.Make(TypeId::kTimestamp, {seconds}, lowering);
  out.can_throw = true;
  out.nullable = out.nullable || type.IsFractional();
  return out;
}

Result<ResolvedFunction> ConvertTimezone(const Call& call) {
  if (call.size() == 2) {
    auto current = call.Function("current_timezone", {});
    return call.Rewrite(call.Function("convert_timezone", {current, call.Argument(0), call.Argument(1)}));
  }
  if (!sql::CanImplicitlyCast(call.type(2), TypeId::kTimestampNtz, call.ansi())) {
    return call.Unexpected(2, "\"TIMESTAMP_NTZ\"");
  }
  auto out = call.Make(TypeId::kTimestampNtz, {TypeId::kString, TypeId::kString, TypeId::kTimestampNtz},
                       "spark_convert_timezone({0}, {1}, {2})");
  out.can_throw = true;
  return out;
}

Result<ResolvedFunction> MakeTimestamp(const Call& call) {
  bool is_try = call.name.starts_with("try_");
  bool ntz = call.name.ends_with("_ntz");
  if (ntz && call.size() != 6) return call.WrongCount("6");
  std::vector<DataType> types(5, TypeId::kInt);
  types.push_back(DataType::Decimal(16, 6));
  if (call.size() == 7) types.push_back(TypeId::kString);
  for (size_t i = 0; i < call.size(); ++i) {
    if (!sql::CanImplicitlyCast(call.type(i), types[i], call.ansi())) {
      return call.Unexpected(i, "\"" + types[i].Sql() + "\"");
    }
  }
  std::string kernel = std::string("spark_") + (is_try || !call.ansi() ? "try_" : "") +
                       (ntz ? "make_timestamp_ntz" : "make_timestamp");
  std::string args = "{0}, {1}, {2}, {3}, {4}, CAST({5} * 1000000 AS BIGINT)";
  auto out = call.Make(ntz ? TypeId::kTimestampNtz : TypeId::kTimestamp, types,
                       kernel + "(" + args + (call.size() == 7 ? ", {6})" : ")"));
  // Decimals of whole numbers always fit.
  out.nullable = is_try || !call.ansi();
  for (const auto& arg : call.args) out.nullable = out.nullable || arg.nullable;
  out.can_throw = true;
  return out;
}

constexpr std::string_view kTime = "timestamp|timestamp_ntz";

constexpr std::array kDatetimeRows = {
    FunctionRow{"year", "date", "int", "spark_year({0})"},
    FunctionRow{"month", "date", "int", "spark_month({0})"},
    FunctionRow{"day dayofmonth", "date", "int", "spark_day({0})"},
    FunctionRow{"dayofyear", "date", "int", "spark_dayofyear({0})"},
    FunctionRow{"dayofweek", "date", "int", "spark_dayofweek({0})"},
    FunctionRow{"weekday", "date", "int", "spark_dayofweek_iso({0}) - 1"},
    FunctionRow{"weekofyear", "date", "int", "spark_weekofyear({0})"},
    FunctionRow{"quarter", "date", "int", "spark_quarter({0})"},
    FunctionRow{"dayname", "date", "string", "spark_dayname({0})"},
    FunctionRow{"monthname", "date", "string", "spark_monthname({0})"},
    FunctionRow{"hour", kTime, "int", "spark_hour({0})"},
    FunctionRow{"minute", kTime, "int", "spark_minute({0})"},
    FunctionRow{"second", kTime, "int", "spark_second({0})"},
    FunctionRow{"extract date_part datepart", "any, any", "", "", "", Extract},
    FunctionRow{"date_add dateadd=date_add", "date, int|smallint|tinyint", "date", "spark_date_add({0}, {1}, {span})", "t"},
    FunctionRow{"date_sub", "date, int|smallint|tinyint", "date", "spark_date_add({0}, -{1}, {span})", "t"},
    FunctionRow{"datediff date_diff", "date, date", "int", "CAST({0} - {1} AS INTEGER)"},
    FunctionRow{"add_months", "date, int", "date", "spark_date_add_months({0}, {1}, {span})", "t"},
    FunctionRow{"months_between", "timestamp, timestamp, boolean=true", "double",
                "spark_months_between({0}, {1}, {2})"},
    FunctionRow{"last_day", "date", "date", "spark_last_day({0})"},
    FunctionRow{"next_day", "date, string", "date", "spark_next_day({0}, {1})", "nt"},
    FunctionRow{"trunc", "date, string", "date", "spark_trunc({0}, {1})", "n"},
    FunctionRow{"date_trunc", "string, timestamp", "timestamp", "spark_date_trunc({0}, {1})", "n"},
    FunctionRow{"timestampadd timestampdiff", "any, any, any", "", "", "", TimestampUnit},
    FunctionRow{"to_date try_to_date to_timestamp try_to_timestamp to_timestamp_ltz to_timestamp_ntz",
                "any, any?", "", "", "", ToDatetime},
    FunctionRow{"unix_timestamp", "any?, string?", "", "", "", UnixTimestamp},
    FunctionRow{"to_unix_timestamp", "any, string?", "", "", "", UnixTimestamp},
    FunctionRow{"from_unixtime", "bigint, string='yyyy-MM-dd HH:mm:ss'", "string",
                "spark_from_unixtime({0}, {1})", "nt"},
    FunctionRow{"date_format", "timestamp, string", "string", "spark_date_format({0}, {1})", "t"},
    FunctionRow{"unix_date", "date", "int", "CAST({0} - DATE '1970-01-01' AS INTEGER)"},
    FunctionRow{"date_from_unix_date", "int", "date", "spark_date_from_unix_date({0})"},
    FunctionRow{"unix_seconds", "timestamp", "bigint", "spark_unix_seconds({0})"},
    FunctionRow{"unix_millis", "timestamp", "bigint", "spark_unix_millis({0})"},
    FunctionRow{"unix_micros", "timestamp", "bigint", "epoch_us({0})"},
    FunctionRow{"timestamp_seconds", "any", "", "", "", TimestampSeconds},
    FunctionRow{"timestamp_millis", "bigint", "timestamp", "spark_timestamp_millis({0})", "t"},
    FunctionRow{"timestamp_micros", "bigint", "timestamp", "make_timestamptz({0})"},
    FunctionRow{"from_utc_timestamp", "timestamp, string", "timestamp", "spark_from_utc_timestamp({0}, {1})", "t"},
    FunctionRow{"to_utc_timestamp", "timestamp, string", "timestamp", "spark_to_utc_timestamp({0}, {1})", "t"},
    FunctionRow{"convert_timezone", "string, any, any?", "", "", "", ConvertTimezone},
    FunctionRow{"make_date", "int, int, int", "date", "spark_make_date({0}, {1}, {2})", "t"},
    FunctionRow{"make_timestamp make_timestamp_ltz make_timestamp_ntz try_make_timestamp "
                "try_make_timestamp_ltz try_make_timestamp_ntz",
                "any, any, any, any, any, any, string?", "", "", "", MakeTimestamp},
    FunctionRow{"$window $windows", "any, any, any, any", "", "", "", TimeWindow},
    FunctionRow{"window_time", "any", "", "", "", WindowTime},
    FunctionRow{"make_interval", "int=0, int=0, int=0, int=0, int=0, int=0, decimal(18,6)=0", "interval",
                "spark_make_interval({0}, {1}, {2}, {3}, {4}, {5}, CAST({6} * 1000000 AS BIGINT), {span})", "t"},
    FunctionRow{"try_make_interval", "int=0, int=0, int=0, int=0, int=0, int=0, decimal(18,6)=0", "interval",
                "spark_try_make_interval({0}, {1}, {2}, {3}, {4}, {5}, CAST({6} * 1000000 AS BIGINT))", "n"},
    FunctionRow{"make_ym_interval", "int=0, int=0", "interval year to month",
                "spark_make_ym_interval({0}, {1}, {span})", "t"},
    FunctionRow{"make_dt_interval", "int=0, int=0, int=0, decimal(18,6)=0", "interval day to second",
                "spark_make_dt_interval({0}, {1}, {2}, CAST({3} * 1000000 AS BIGINT), {span})", "t"},
};

}  // namespace

std::span<const FunctionRow> DatetimeFunctions() { return kDatetimeRows; }

}  // namespace ashlar::functions
