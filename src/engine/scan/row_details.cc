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

// Spark knows the numbers of rows in Parquet files; of a Delta table's only where it tracks rows.
bool KnowsRowIndex(const DeltaTable& table) {
  return dynamic_cast<const ParquetTable*>(&table) != nullptr || delta::TracksRows(table.snapshot()->metadata());
}

Field MetadataField(const DeltaTable& table) {
  std::vector<Field> fields = FileMetadataFields();
  if (KnowsRowIndex(table)) fields.push_back({"row_index", TypeId::kLong, false});
  if (delta::TracksRows(table.snapshot()->metadata())) {
    for (const char* name : {"row_id", "base_row_id", "default_row_commit_version", "row_commit_version"}) {
      fields.push_back({name, TypeId::kLong, false});
    }
  }
  return Field{sql::kRowMetadata, DataType::Struct(std::move(fields)), false};
}

std::string MetadataSql(const DeltaTable& table) {
  const Schema& schema = table.schema();
  std::string path = DetailSql(schema, kFilePath), size = DetailSql(schema, kFileSize);
  std::vector<std::string> values = {path, "parse_filename(url_decode(" + path + "))", size, "0::BIGINT",
                                     size, DetailSql(schema, kFileTime)};
  if (KnowsRowIndex(table)) values.push_back("k_row");
  if (delta::TracksRows(table.snapshot()->metadata())) {
    values.insert(values.end(), {RowIdSql(schema), DetailSql(schema, kBaseRowId),
                                 DetailSql(schema, kDefaultRowVersion), RowVersionSql(schema)});
  }
  std::string fields;
  for (size_t i = 0; i < values.size(); ++i) fields += (i > 0 ? ", f" : "f") + std::to_string(i) + " := " + values[i];
  return "struct_pack(" + fields + ")";
}

}  // namespace

std::vector<Field> FileMetadataFields() {
  return {{"file_path", TypeId::kString, false},      {"file_name", TypeId::kString, false},
          {"file_size", TypeId::kLong, false},        {"file_block_start", TypeId::kLong, false},
          {"file_block_length", TypeId::kLong, false}, {"file_modification_time", TypeId::kTimestamp, false}};
}

std::string FileUri(const std::string& path) {
  if (path.starts_with('/')) return "file://" + delta::EncodeLogPath(path);
  const size_t scheme = path.find("://");
  const size_t rest = scheme == std::string::npos ? 0 : scheme + 3;
  return path.substr(0, rest) + delta::EncodeLogPath(path.substr(rest));
}

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
    case kFilePath: return Value::String(FileUri(file.path));
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
  schema_.fields.push_back(MetadataField(*table_));
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
  return "(SELECT *, " + MetadataSql(*table_) + " AS k" + std::to_string(last) + " FROM " + from + ")";
}

}  // namespace ashlar::engine
