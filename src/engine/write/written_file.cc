#include "engine/write/written_file.h"

#include <charconv>
#include <cstdlib>

#include "base/text.h"
#include "delta/partition_values.h"
#include "duckdb.hpp"
#include "duckdb/common/types/column/column_data_collection.hpp"
#include "engine/duck_types.h"
#include "engine/value_rows.h"
#include "engine/write/parquet_files.h"

namespace ashlar::engine {
namespace {

// DuckDB cuts longer texts; a cut maximum is no bound.
constexpr size_t kUncutTextBytes = 256;

std::map<std::string, std::optional<std::string>> TextMap(const duckdb::Value& map) {
  std::map<std::string, std::optional<std::string>> out;
  if (map.IsNull()) return out;
  for (const duckdb::Value& entry : duckdb::MapValue::GetChildren(map)) {
    const auto& pair = duckdb::StructValue::GetChildren(entry);
    std::optional<std::string> value;
    if (!pair[1].IsNull()) value = pair[1].ToString();
    out.emplace(pair[0].ToString(), std::move(value));
  }
  return out;
}

std::optional<std::string> UnhexText(const std::string& text) {
  std::string out;
  if (text.size() % 2 != 0) return std::nullopt;
  for (size_t i = 0; i < text.size(); i += 2) {
    unsigned byte = 0;
    auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    if (error != std::errc() || end != text.data() + i + 2) return std::nullopt;
    out += static_cast<char>(byte);
  }
  return out;
}

std::optional<Value> TimestampOf(std::string text, const DataType& type, TextForm form) {
  if (form == TextForm::kPartition) {
    auto micros = ParseInt64(text);
    return micros ? std::optional(Value{type, *micros}) : std::nullopt;
  }
  if (text.ends_with("+00")) text.resize(text.size() - 3);
  auto parsed = delta::ParseTimestampText(text);
  return parsed ? std::optional(Value{type, parsed->micros}) : std::nullopt;
}

}  // namespace

Status RunCopy(DuckConnection& connection, const std::string& copy, std::vector<WrittenFile>& files) {
  return connection.Run(copy, [&](duckdb::QueryResult& result) {
    while (auto chunk = result.Fetch()) {
      if (chunk->size() == 0) break;
      for (duckdb::idx_t row = 0; row < chunk->size(); ++row) {
        auto partition = TextMap(chunk->GetValue(5, row));
        for (WrittenFile& file : TakeFilesFrom(*result.client_properties.client_context, chunk->GetValue(0, row).ToString())) {
          file.partition = partition;
          files.push_back(std::move(file));
        }
      }
    }
  });
}

Result<WrittenFile> WriteQuery(DuckConnection& connection, const std::string& select, const std::string& path,
                               const std::map<std::string, duckdb::Value>& options) {
  std::vector<std::string> names;
  std::unique_ptr<duckdb::ColumnDataCollection> rows;
  RETURN_IF_ERROR(connection.Run(select, [&](duckdb::QueryResult& result) {
    names.assign(result.names.begin(), result.names.end());
    rows = result.Cast<duckdb::MaterializedQueryResult>().TakeCollection();
  }));
  WrittenFile file;
  if (rows->Count() == 0) return file;
  RETURN_IF_ERROR(connection.InTransaction([&](duckdb::ClientContext& context) {
    file = WriteParquetFile(context, path, options, names, std::move(rows));
  }));
  return file;
}

Result<WrittenFile> WriteValues(DuckConnection& connection, const Schema& schema, const std::vector<std::vector<Value>>& rows,
                                const std::string& path, const std::map<std::string, duckdb::Value>& options) {
  std::vector<std::string> names;
  for (const Field& field : schema.fields) names.push_back(field.name);
  WrittenFile file;
  RETURN_IF_ERROR(connection.InTransaction([&](duckdb::ClientContext& context) {
    file = WriteParquetFile(context, path, options, names, MakeCollection(context, schema, rows));
  }));
  return file;
}

std::optional<Value> WrittenValue(const std::string& text, const DataType& type, TextForm form) {
  switch (type.id()) {
    case TypeId::kBoolean: return Value{type, text == "1" || text == "true"};
    case TypeId::kByte:
    case TypeId::kShort:
    case TypeId::kInt:
    case TypeId::kLong: {
      auto number = ParseInt64(text);
      return number ? std::optional(Value{type, *number}) : std::nullopt;
    }
    case TypeId::kFloat:
    case TypeId::kDouble: {
      char* end = nullptr;
      double number = std::strtod(text.c_str(), &end);
      return end == text.c_str() + text.size() ? std::optional(Value{type, number}) : std::nullopt;
    }
    case TypeId::kDecimal: {
      auto decimal = DecimalFromText(text);
      if (!decimal.ok() || decimal->type.scale() > type.scale()) return std::nullopt;
      Int128 unscaled = std::get<Int128>(decimal->data);
      for (int i = decimal->type.scale(); i < type.scale(); ++i) unscaled *= 10;
      return Value{type, unscaled};
    }
    case TypeId::kString: return Value{type, text};
    case TypeId::kBinary: {
      auto bytes = form == TextForm::kPartition ? UnhexText(text) : std::nullopt;
      return bytes ? std::optional(Value{type, *std::move(bytes)}) : std::nullopt;
    }
    case TypeId::kDate: {
      auto days = delta::ParseDateText(text);
      return days ? std::optional(Value{type, *days}) : std::nullopt;
    }
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz: return TimestampOf(text, type, form);
    default: return std::nullopt;
  }
}

delta::ColumnStats StatsOf(const WrittenFile& file, const delta::LeafColumn& column) {
  delta::ColumnStats out{.column = column, .min = {}, .max = {}, .null_count = {}};
  std::string path;
  for (const std::string& part : column.path) path += (path.empty() ? "" : ".") + QuoteSqlName(part);
  auto found = file.columns.find(path);
  if (found == file.columns.end()) return out;
  const WrittenFile::Column& known = found->second;
  out.null_count = known.null_count;
  if (known.has_nan) return out;
  bool text = column.type.Is(TypeId::kString);
  if (known.min) out.min = WrittenValue(*known.min, column.type, TextForm::kStatistics);
  if (known.max && (!text || known.max->size() < kUncutTextBytes)) out.max = WrittenValue(*known.max, column.type, TextForm::kStatistics);
  return out;
}

}  // namespace ashlar::engine
