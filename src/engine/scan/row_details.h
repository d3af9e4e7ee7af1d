// What a scan shows of a row besides its table's columns: where the row is, and its id (Delta protocol, "Row
// Tracking"). Index n + 1 + d of a scan of a table of n columns is detail d; index n is the struct of them
// all, `_metadata`, which TableWithRowMetadata makes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/delta_table_source.h"
#include "engine/scan/table_scan.h"
#include "sql/row_metadata.h"

namespace ashlar::engine {

// The row's id and the version that last changed it, where the file has them written down; the rest is the
// same for all rows of a file.
enum RowDetail : size_t { kWrittenRowId, kWrittenRowVersion, kBaseRowId, kDefaultRowVersion,
                        kFilePath, kFileSize, kFileTime, kRowDetails };

inline int DetailIndex(const Schema& schema, RowDetail detail) {
  return static_cast<int>(schema.fields.size() + 1 + detail);
}

// Every column a scan has, those of the schema first. No file has a column without a name.
std::vector<Field> ScanColumns(const delta::Snapshot& snapshot);
// A detail that is the same for all rows of the file; nullopt for the others and for other columns.
std::optional<Value> FileDetail(const TableScan& scan, const TableScan::File& file, size_t column);

// Columns of a file for the ids of its rows and the versions that last changed them; nullopt for a table
// that does not track rows. Rows to be written to one have k_row_id and k_row_version too, NULL where the
// row is new, or new in this version.
struct RowIdColumns {
  std::string id;
  std::string version;
};
std::optional<RowIdColumns> RowIdColumnsOf(const delta::Metadata& metadata);

// The table as an item for FROM with the columns, k_file, k_row, k_row_id and k_row_version: the row's id
// and the version that last changed it; NULL where the table does not say.
Result<std::string> FromSqlWithRowIds(const DeltaTable& table, std::vector<int> columns, StatementBindings& bindings);

// What `_metadata` tells of a row's file, whatever the format.
std::vector<Field> FileMetadataFields();
// A local path or the URL of an object as `_metadata` shows it: "file:///a%20b" for "/a b".
std::string FileUri(const std::string& path);

// A Delta table or Parquet files that show `_metadata`, as the last column.
class TableWithRowMetadata : public EngineTable, public sql::RowMetadataSource {
 public:
  explicit TableWithRowMetadata(std::shared_ptr<const DeltaTable> table);
  const Schema& schema() const override { return schema_; }
  std::vector<std::string> partition_columns() const override { return table_->partition_columns(); }
  Result<std::string> FromSql(const std::vector<int>& columns, bool with_row_position,
                              StatementBindings& bindings) const override;
  std::shared_ptr<const sql::TableHandle> WithoutMetadata() const override { return table_; }

 private:
  std::shared_ptr<const DeltaTable> table_;
  Schema schema_;
};

}  // namespace ashlar::engine
