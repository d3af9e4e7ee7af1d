#include "arrow_ipc/cell_text.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>

#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/json.h"
#include "base/text.h"
#include "types/value.h"

namespace ashlar::arrow_ipc {
namespace {

constexpr int64_t kMicrosPerDay = 86'400'000'000;

std::string DateText(int64_t days) {
  CivilDate date = CivilFromDays(days);
  char buffer[48];
  std::snprintf(buffer, sizeof(buffer), "%04lld-%02d-%02d", static_cast<long long>(date.year), date.month,
                date.day);
  return buffer;
}

std::string TimestampText(int64_t micros, const char* suffix) {
  int64_t days = micros / kMicrosPerDay - (micros % kMicrosPerDay < 0 ? 1 : 0);
  int64_t of_day = micros - days * kMicrosPerDay;
  char buffer[48];
  std::snprintf(buffer, sizeof(buffer), "T%02d:%02d:%02d.%06d", static_cast<int>(of_day / 3'600'000'000),
                static_cast<int>(of_day / 60'000'000 % 60), static_cast<int>(of_day / 1'000'000 % 60),
                static_cast<int>(of_day % 1'000'000));
  std::string text = DateText(days) + buffer;
  // Milliseconds always, microseconds when there are any.
  if (text.ends_with("000")) text.resize(text.size() - 3);
  return text + suffix;
}

// The shortest text that reads back as the same number, in Java's layout (1.0, 1.0E10, NaN).
template <typename Real>
std::string RealText(Real value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
  char buffer[64];
  char* end = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific).ptr;
  std::string text(buffer, end);
  size_t e = text.find('e');
  std::string digits = ReplaceAll(text.substr(0, e), ".", "");
  int exponent = std::atoi(text.c_str() + e + 1);
  bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  std::string out = negative ? "-" : "";
  if (exponent >= 7 || exponent < -3) {
    out += digits.substr(0, 1) + "." + (digits.size() > 1 ? digits.substr(1) : "0");
    return out + "E" + std::to_string(exponent);
  }
  if (exponent < 0) return out + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  auto whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() < whole) digits.append(whole - digits.size(), '0');
  std::string fraction = digits.substr(whole);
  return out + digits.substr(0, whole) + "." + (fraction.empty() ? "0" : fraction);
}

std::string YearMonthText(int64_t months) {
  std::string sign = months < 0 ? "-" : "";
  int64_t magnitude = months < 0 ? -months : months;
  return sign + std::to_string(magnitude / 12) + "-" + std::to_string(magnitude % 12);
}

std::string DayTimeText(int64_t micros) {
  const char* sign = micros < 0 ? "-" : "";
  auto magnitude = static_cast<uint64_t>(micros);
  if (micros < 0) magnitude = -magnitude;
  char buffer[64];
  std::snprintf(buffer, sizeof(buffer), "%s%llu %02d:%02d:%02d.%09llu", sign,
                static_cast<unsigned long long>(magnitude / kMicrosPerDay),
                static_cast<int>(magnitude / 3'600'000'000 % 24), static_cast<int>(magnitude / 60'000'000 % 60),
                static_cast<int>(magnitude / 1'000'000 % 60),
                static_cast<unsigned long long>(magnitude % 1'000'000 * 1000));
  return buffer;
}

std::string AtomText(const arrow::Array& array, int64_t row, const DataType& type);

Json NestedJson(const arrow::Array& array, int64_t row, const DataType& type);

Json ListJson(const arrow::Array& values, int64_t begin, int64_t end, const DataType& element) {
  Json json = Json::array();
  for (int64_t i = begin; i < end; ++i) json.push_back(NestedJson(values, i, element));
  return json;
}

Json NestedJson(const arrow::Array& array, int64_t row, const DataType& type) {
  if (array.IsNull(row)) return nullptr;
  switch (type.id()) {
    case TypeId::kArray: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      return ListJson(*list.values(), list.value_offset(row), list.value_offset(row + 1), type.element());
    }
    case TypeId::kMap: {
      const auto& map = static_cast<const arrow::MapArray&>(array);
      Json json = Json::object();
      for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
        json[AtomText(*map.keys(), i, type.key())] = NestedJson(*map.items(), i, type.map_value());
      }
      return json;
    }
    case TypeId::kStruct: {
      const auto& record = static_cast<const arrow::StructArray&>(array);
      Json json = Json::object();
      for (size_t i = 0; i < type.fields().size(); ++i) {
        const Field& field = type.fields()[i];
        json[field.name] = NestedJson(*record.field(static_cast<int>(i)), row, field.type);
      }
      return json;
    }
    default:
      return AtomText(array, row, type);
  }
}

std::string AtomText(const arrow::Array& array, int64_t row, const DataType& type) {
  switch (array.type_id()) {
    case arrow::Type::BOOL: return static_cast<const arrow::BooleanArray&>(array).Value(row) ? "true" : "false";
    case arrow::Type::INT8: return std::to_string(static_cast<const arrow::Int8Array&>(array).Value(row));
    case arrow::Type::INT16: return std::to_string(static_cast<const arrow::Int16Array&>(array).Value(row));
    case arrow::Type::INT32: return std::to_string(static_cast<const arrow::Int32Array&>(array).Value(row));
    case arrow::Type::INT64: return std::to_string(static_cast<const arrow::Int64Array&>(array).Value(row));
    case arrow::Type::FLOAT: return RealText(static_cast<const arrow::FloatArray&>(array).Value(row));
    case arrow::Type::DOUBLE: return RealText(static_cast<const arrow::DoubleArray&>(array).Value(row));
    case arrow::Type::DECIMAL128: return static_cast<const arrow::Decimal128Array&>(array).FormatValue(row);
    case arrow::Type::STRING: return static_cast<const arrow::StringArray&>(array).GetString(row);
    case arrow::Type::LARGE_STRING: return static_cast<const arrow::LargeStringArray&>(array).GetString(row);
    case arrow::Type::BINARY: return Base64Encode(static_cast<const arrow::BinaryArray&>(array).GetView(row));
    case arrow::Type::LARGE_BINARY:
      return Base64Encode(static_cast<const arrow::LargeBinaryArray&>(array).GetView(row));
    case arrow::Type::DATE32: return DateText(static_cast<const arrow::Date32Array&>(array).Value(row));
    case arrow::Type::TIMESTAMP:
      return TimestampText(static_cast<const arrow::TimestampArray&>(array).Value(row),
                           type.Is(TypeId::kTimestamp) ? "Z" : "");
    case arrow::Type::INTERVAL_MONTHS:
      return YearMonthText(static_cast<const arrow::MonthIntervalArray&>(array).Value(row));
    case arrow::Type::DURATION: return DayTimeText(static_cast<const arrow::DurationArray&>(array).Value(row));
    case arrow::Type::NA: return "";
    default: {
      auto scalar = array.GetScalar(row);
      return scalar.ok() ? (*scalar)->ToString() : array.type()->ToString();
    }
  }
}

std::optional<std::string> CellText(const arrow::Array& array, int64_t row, const DataType& type) {
  if (array.IsNull(row) || array.type_id() == arrow::Type::NA) return std::nullopt;
  if (type.IsNested()) return WriteJson(NestedJson(array, row, type));
  return AtomText(array, row, type);
}

}  // namespace

Result<std::vector<TextRow>> RowsAsText(std::string_view ipc_stream, const Schema& schema) {
  auto source = std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(
      reinterpret_cast<const uint8_t*>(ipc_stream.data()), static_cast<int64_t>(ipc_stream.size())));
  auto reader = arrow::ipc::RecordBatchStreamReader::Open(source);
  if (!reader.ok()) return MakeError(ErrorCode::kInternalError, reader.status().ToString());
  std::vector<TextRow> rows;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    arrow::Status status = (*reader)->ReadNext(&batch);
    if (!status.ok()) return MakeError(ErrorCode::kInternalError, status.ToString());
    if (!batch) return rows;
    if (static_cast<size_t>(batch->num_columns()) != schema.fields.size()) {
      return MakeError(ErrorCode::kInternalError, "the chunk has other columns than the result");
    }
    size_t begin = rows.size();
    rows.resize(begin + static_cast<size_t>(batch->num_rows()), TextRow(schema.fields.size()));
    for (size_t c = 0; c < schema.fields.size(); ++c) {
      const arrow::Array& column = *batch->column(static_cast<int>(c));
      for (int64_t r = 0; r < batch->num_rows(); ++r) {
        rows[begin + static_cast<size_t>(r)][c] = CellText(column, r, schema.fields[c].type);
      }
    }
  }
}

}  // namespace ashlar::arrow_ipc
