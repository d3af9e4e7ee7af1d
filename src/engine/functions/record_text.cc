#include "engine/functions/record_text.h"

#include "base/json.h"
#include "base/text.h"
#include "duckdb/common/types/blob.hpp"
#include "duckdb/execution/expression_executor.hpp"
#include "duckdb/main/client_context.hpp"
#include "engine/functions/datetime_pattern.h"
#include "engine/functions/datetime_text.h"
#include "engine/functions/time_zone.h"

namespace ashlar::engine {
namespace {

using DuckValue = duckdb::Value;

// "7B22" as the text DuckDB reads a blob from.
std::string HexAsBlob(std::string_view digits) {
  std::string out;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) out += "\\x" + std::string(digits.substr(i, 2));
  return out;
}

// The wall clock's microseconds of a date or a timestamp without a zone, else the instant's.
std::optional<int64_t> MicrosByPattern(std::string_view text, const std::string& pattern, const DataType& type,
                                       const BoundRecord& bound) {
  ParsedDatetime parsed = DatetimePattern::Compile(pattern, DatetimePattern::Use::kParse).Parse(text);
  if (!parsed.error.empty()) return std::nullopt;
  if (!type.Is(TypeId::kTimestamp)) return parsed.local_micros;
  if (parsed.offset_seconds) return parsed.local_micros - *parsed.offset_seconds * kMicrosPerSecond;
  return (parsed.zone ? parsed.zone : bound.zone)->ToUtc(parsed.local_micros);
}

std::string PatternOption(const DataType& type, const RecordOptions& options, const std::string& otherwise) {
  return options.Get(type.Is(TypeId::kDate)           ? "dateformat"
                     : type.Is(TypeId::kTimestampNtz) ? "timestampntzformat"
                                                      : "timestampformat",
                     otherwise);
}

}  // namespace

RecordOptions ReadRecordOptions(const DuckValue& map) {
  RecordOptions options;
  if (map.IsNull()) return options;
  for (const DuckValue& entry : duckdb::MapValue::GetChildren(map)) {
    const auto& pair = duckdb::StructValue::GetChildren(entry);
    options.values[ToLowerAscii(pair[0].ToString())] = pair[1].ToString();
  }
  return options;
}

duckdb::unique_ptr<duckdb::FunctionData> BoundRecord::Copy() const {
  auto copy = duckdb::make_uniq<BoundRecord>();
  copy->type = type;
  copy->duck = duck;
  copy->zone = zone;
  return copy;
}
bool BoundRecord::Equals(const duckdb::FunctionData& other) const {
  auto& o = other.Cast<BoundRecord>();
  return type == o.type && zone == o.zone;
}

template <RecordUse Use>
duckdb::unique_ptr<duckdb::FunctionData> BindRecord(duckdb::ClientContext& context, duckdb::ScalarFunction& function,
                                                    duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& args) {
  constexpr bool kReads = Use == RecordUse::kRead;
  auto bound = duckdb::make_uniq<BoundRecord>();
  size_t schema_at = kReads ? 2 : 1;
  std::string digits = duckdb::ExpressionExecutor::EvaluateScalar(context, *args[schema_at]).ToString();
  auto json = ParseJson(duckdb::Blob::ToBlob(HexAsBlob(digits)));
  auto type = json.ok() ? DataType::FromJson(*json) : Result<DataType>(json.error());
  if (!type.ok()) throw duckdb::InvalidInputException("a schema that is not one");
  bound->type = *type;
  bound->duck = kReads ? args[1]->return_type : duckdb::LogicalType::VARCHAR;
  bound->zone = SessionZone(context);
  for (size_t i = 0; i < args.size(); ++i) function.arguments[i] = args[i]->return_type;
  function.SetReturnType(bound->duck);
  duckdb::Function::EraseArgument(function, args, schema_at);
  if (kReads) duckdb::Function::EraseArgument(function, args, 1);
  return bound;
}
template duckdb::unique_ptr<duckdb::FunctionData> BindRecord<RecordUse::kRead>(
    duckdb::ClientContext&, duckdb::ScalarFunction&, duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>&);
template duckdb::unique_ptr<duckdb::FunctionData> BindRecord<RecordUse::kWrite>(
    duckdb::ClientContext&, duckdb::ScalarFunction&, duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>&);

std::optional<DuckValue> DatetimeFromText(std::string_view text, const DataType& type, const BoundRecord& bound,
                                          const RecordOptions& options) {
  bool date = type.Is(TypeId::kDate), ntz = type.Is(TypeId::kTimestampNtz);
  std::string pattern = PatternOption(type, options, "");
  std::optional<int64_t> micros;
  if (!pattern.empty()) {
    micros = MicrosByPattern(text, pattern, type, bound);
  } else if (date) {
    if (auto days = ParseDate(text)) micros = *days * kMicrosPerDay;
  } else {
    micros = ParseTimestamp(text, ntz ? nullptr : bound.zone);
  }
  if (!micros) return std::nullopt;
  if (date) return DuckValue::DATE(duckdb::date_t(static_cast<int32_t>(FloorDiv(*micros, kMicrosPerDay))));
  if (ntz) return DuckValue::TIMESTAMP(duckdb::timestamp_t(*micros));
  return DuckValue::TIMESTAMPTZ(duckdb::timestamp_tz_t(*micros));
}

std::string DatetimeToText(const DuckValue& value, const DataType& type, const BoundRecord& bound,
                           const RecordOptions& options) {
  bool date = type.Is(TypeId::kDate), ntz = type.Is(TypeId::kTimestampNtz);
  std::string pattern = PatternOption(
      type, options, date ? "" : ntz ? "yyyy-MM-dd'T'HH:mm:ss.SSS" : "yyyy-MM-dd'T'HH:mm:ss.SSSXXX");
  int64_t days = date ? duckdb::DateValue::Get(value).days : 0;
  if (pattern.empty()) return DateText(days);
  int64_t micros = date ? days * kMicrosPerDay : value.GetValueUnsafe<int64_t>();
  const auto& compiled = DatetimePattern::Compile(pattern, DatetimePattern::Use::kFormat);
  return compiled.Format(micros, type.Is(TypeId::kTimestamp) ? *bound.zone : TimeZone::Utc());
}

void FailRecord(const DataType& type) {
  std::string record = "[";
  for (size_t i = 0; i < type.fields().size(); ++i) record += i > 0 ? ",null" : "null";
  record += "]";
  Fail("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "22023",
       "Malformed records are detected in record parsing: " + record + ". Parse Mode: FAILFAST.",
       {{"badRecord", record}, {"failFastMode", "FAILFAST"}});
}

DuckValue WithCorruptRecord(DuckValue row, const std::string& text, const BoundRecord& bound,
                            const RecordOptions& options) {
  int corrupt = Schema{bound.type.fields()}.IndexOf(options.Get("columnnameofcorruptrecord", "_corrupt_record"));
  if (corrupt < 0) return row;
  duckdb::child_list_t<DuckValue> fields;
  const auto& types = duckdb::StructType::GetChildTypes(bound.duck);
  const auto& values = duckdb::StructValue::GetChildren(row);
  for (size_t i = 0; i < values.size(); ++i) {
    fields.emplace_back(types[i].first, static_cast<int>(i) == corrupt ? DuckValue(text) : values[i]);
  }
  return DuckValue::STRUCT(std::move(fields));
}

}  // namespace ashlar::engine
