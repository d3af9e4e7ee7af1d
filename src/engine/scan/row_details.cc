#include "engine/scan/row_details.h"

#include "delta/commit/row_tracking.h"
#include "delta/paths.h"

namespace ashlar::engine {
namespace {

std::string DetailSql(const Schema& schema, RowDetail detail) { return "k" + std::to_string(DetailIndex(schema, detail)); }

std::string RowIdSql(const Schema& schema) {
  return "coalesce(" + DetailSql(schema, kWrittenRowId) + ", " + DetailSql(schema, kBaseRowId) + " + k_row)";
}

std::string RowVersionSql(const Schema& schema) {
  return "coalesce(" + DetailSql(schema, kWrittenRowVersion) + ", " + DetailSql(schema, kDefaultRowVersion) + ")";
}

Field MetadataField(const delta::Metadata& metadata) {
  std::vector<Field> fields = {{"file_path", TypeId::kString, false},
                               {"file_name", TypeId::kString, false},
                               {"file_size", TypeId::kLong, false},
                               {"file_block_start", TypeId::kLong, false},
                               {"file_block_length", TypeId::kLong, false},
                               {"file_modification_time", TypeId::kTimestamp, false}};
  if (delta::TracksRows(metadata)) {
    for (const char* name : {"row_index", "row_id", "base_row_id", "default_row_commit_version", "row_commit_version"}) {
      fields.push_back({name, TypeId::kLong, false});
    }
  }
  return Field{sql::kRowMetadata, DataType::Struct(std::move(fields)), false};
}

std::string MetadataSql(const Schema& schema, const delta::Metadata& metadata) {
  std::string path = DetailSql(schema, kFilePath), size = DetailSql(schema, kFileSize);
  std::vector<std::string> values = {path, "parse_filename(url_decode(" + path + "))", size, "0::BIGINT",
                                     size, DetailSql(schema, kFileTime)};
  if (delta::TracksRows(metadata)) {
    values.insert(values.end(), {"k_row", RowIdSql(schema), DetailSql(schema, kBaseRowId),
                                 DetailSql(schema, kDefaultRowVersion), RowVersionSql(schema)});
  }
  std::string fields;
  for (size_t i = 0; i < values.size(); ++i) fields += (i > 0 ? ", f" : "f") + std::to_string(i) + " := " + values[i];
  return "struct_pack(" + fields + ")";
}

}  // namespace

std::vector<Field> ScanColumns(const delta::Snapshot& snapshot) {
  std::vector<Field> columns = snapshot.schema().fields;
  columns.push_back({"", TypeId::kLong});  // `_metadata` is made of the others
  columns.push_back({snapshot.Property(delta::kRowIdColumn), TypeId::kLong});
  columns.push_back({snapshot.Property(delta::kRowVersionColumn), TypeId::kLong});
  for (size_t i = kBaseRowId; i < kRowDetails; ++i) {
    TypeId type = i == kFilePath ? TypeId::kString : i == kFileTime ? TypeId::kTimestamp : TypeId::kLong;
    columns.push_back({"", type});
  }
  return columns;
}

std::optional<Value> FileDetail(const TableScan& scan, const TableScan::File& file, size_t column) {
  size_t first = scan.schema().fields.size() + 1;
  if (column < first) return std::nullopt;
  auto number = [](const std::optional<int64_t>& value) { return value ? Value::Long(*value) : Value::Null(TypeId::kLong); };
  switch (column - first) {
    case kBaseRowId: return number(file.add.base_row_id);
    case kDefaultRowVersion: return number(file.add.default_row_commit_version);
    case kFilePath: {
      std::string encoded = delta::EncodeLogPath(file.path);
      return Value::String(encoded.starts_with('/') ? "file://" + encoded : encoded);
    }
    case kFileSize: return Value::Long(file.add.size);
    case kFileTime: return Value{TypeId::kTimestamp, file.add.modification_time_ms * 1000};
    default: return std::nullopt;
  }
}

std::optional<RowIdColumns> RowIdColumnsOf(const delta::Metadata& metadata) {
  auto id = metadata.configuration.find(delta::kRowIdColumn), version = metadata.configuration.find(delta::kRowVersionColumn);
  bool named = id != metadata.configuration.end() && version != metadata.configuration.end();
  if (!named || !delta::TracksRows(metadata)) return std::nullopt;
  return RowIdColumns{id->second, version->second};
}

Result<std::string> FromSqlWithRowIds(const DeltaTable& table, std::vector<int> columns, StatementBindings& bindings) {
  for (RowDetail detail : {kWrittenRowId, kWrittenRowVersion, kBaseRowId, kDefaultRowVersion}) {
    columns.push_back(DetailIndex(table.schema(), detail));
  }
  ASSIGN_OR_RETURN(std::string from, table.FromSql(columns, true, bindings));
  return "(SELECT *, " + RowIdSql(table.schema()) + " AS k_row_id, " + RowVersionSql(table.schema()) +
         " AS k_row_version FROM " + from + ")";
}

TableWithRowMetadata::TableWithRowMetadata(std::shared_ptr<const DeltaTable> table)
    : table_(std::move(table)), schema_(table_->schema()) {
  schema_.fields.push_back(MetadataField(table_->snapshot()->metadata()));
}

Result<std::string> TableWithRowMetadata::FromSql(const std::vector<int>& columns, bool with_row_position,
                                                  StatementBindings& bindings) const {
  const Schema& schema = table_->schema();
  auto last = static_cast<int>(schema.fields.size());
  std::vector<int> below;
  for (int column : columns) {
    if (column != last) below.push_back(column);
  }
  if (below.size() == columns.size()) return table_->FromSql(columns, with_row_position, bindings);
  for (size_t i = 0; i < kRowDetails; ++i) below.push_back(DetailIndex(schema, static_cast<RowDetail>(i)));
  ASSIGN_OR_RETURN(std::string from, table_->FromSql(below, true, bindings));
  return "(SELECT *, " + MetadataSql(schema, table_->snapshot()->metadata()) + " AS k" + std::to_string(last) + " FROM " + from + ")";
}

}  // namespace ashlar::engine
