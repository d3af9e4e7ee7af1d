#include "engine/write/rearrange.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/check.h"
#include "delta/schema.h"
#include "delta/stats.h"
#include "duckdb.hpp"
#include "duckdb/common/types/blob.hpp"
#include "engine/delta_table_source.h"
#include "engine/duck_connection.h"
#include "engine/duck_types.h"
#include "engine/lowering/lowering.h"
#include "engine/scan/row_details.h"
#include "engine/write/curve.h"

namespace ashlar::engine {
namespace {

// Enough for the quantiles of 1000 ranges.
constexpr double kSampleRows = 100000;
constexpr size_t kRanges = 1000;
static_assert(kRanges < 1 << kRangeBits);

LoweringOptions OptionsFor(const DuckConnection& connection) {
  return {.time_zone = DuckTimeZone(connection.time_zone()), .row_position_table = nullptr};
}

std::string ColumnSql(const std::string& alias, size_t column) { return alias + ".k" + std::to_string(column); }

// Bounds that split the sorted keys into ranges of about as many keys each.
template <typename Key>
std::vector<Key> Quantiles(std::vector<Key> keys) {
  std::ranges::sort(keys);
  std::vector<Key> bounds;
  for (size_t i = 1; i < kRanges; ++i) {
    size_t at = i * keys.size() / kRanges;
    if (at < keys.size() && (bounds.empty() || bounds.back() < keys[at])) bounds.push_back(keys[at]);
  }
  return bounds;
}

// The bounds of one sampled key column as an SQL list; "" where no two keys differ.
std::string BoundsSql(const duckdb::vector<duckdb::Value>& sample, bool numeric) {
  std::string items;
  auto add = [&](const std::string& item) { items += (items.empty() ? "" : ", ") + item; };
  if (numeric) {
    std::vector<int64_t> keys;
    for (const duckdb::Value& value : sample) keys.push_back(value.GetValue<int64_t>());
    for (int64_t bound : Quantiles(std::move(keys))) add(std::to_string(bound));
  } else {
    std::vector<std::string> keys;
    for (const duckdb::Value& value : sample) keys.push_back(duckdb::StringValue::Get(value));
    for (const std::string& bound : Quantiles(std::move(keys))) add("'" + duckdb::Blob::ToString(bound) + "'::BLOB");
  }
  if (items.empty()) return "";
  return "[" + items + "]" + (numeric ? "::BIGINT[]" : "::BLOB[]");
}

class Rearranging {
 public:
  Rearranging(Connection& connection, std::shared_ptr<const delta::Snapshot> snapshot, const WriteTarget& target)
      : connection_(AsDuck(connection)),
        snapshot_(std::move(snapshot)),
        store_(*target.table.store),
        with_row_ids_(RowIdColumnsOf(target.metadata).has_value()),
        bindings_(connection_.state().scans, connection_.time_zone()) {}

  Result<std::string> Select(const std::vector<size_t>& files, const RowOrder& order) {
    ColumnMatch match = snapshot_->mapping_mode() == delta::ColumnMappingMode::kId ? ColumnMatch::kFieldId
                                                                                   : ColumnMatch::kName;
    std::map<size_t, RowSelection> whole;
    double rows = 0;
    for (size_t file : files) {
      whole[file] = {};
      rows += static_cast<double>(snapshot_->files().LiveRowsOf(file).value_or(0));
    }
    std::vector<int> columns;
    for (size_t i = 0; i < snapshot_->schema().fields.size(); ++i) columns.push_back(static_cast<int>(i));
    DeltaTable table(snapshot_, match, store_);
    auto part = table.WithRows(std::move(whole));
    ASSIGN_OR_RETURN(std::string from, with_row_ids_ ? FromSqlWithRowIds(*part, columns, bindings_)
                                                     : part->FromSql(columns, false, bindings_));
    std::string select = "SELECT * FROM " + from + " AS q";
    if (order.columns.empty()) return select;
    ASSIGN_OR_RETURN(std::string key, OrderKey(from, order, rows));
    return key.empty() ? select : select + " ORDER BY " + key;
  }

 private:
  // The interleaved range numbers of the columns that have more than one range.
  Result<std::string> OrderKey(const std::string& from, const RowOrder& order, double rows) {
    SelectBlock block;
    for (size_t i = 0; i < snapshot_->schema().fields.size(); ++i) {
      block.Add(static_cast<sql::AttributeId>(i), {.sql = ColumnSql("q", i)});
    }
    std::vector<std::string> keys;
    std::string select;
    for (const sql::TypedExprPtr& expr : order.columns) {
      ASSIGN_OR_RETURN(std::string sql, LowerOverBlock(*expr, block, OptionsFor(connection_), bindings_));
      keys.push_back("create_sort_key(" + sql + ", 'ASC NULLS FIRST')");
      select += (select.empty() ? "" : ", ") + keys.back();
    }
    std::string sample = "SELECT " + select + " FROM " + from + " AS q";
    if (rows > kSampleRows) {
      sample += " USING SAMPLE " + std::to_string(100 * kSampleRows / rows) + " PERCENT (bernoulli, 42)";
    }
    std::vector<duckdb::vector<duckdb::Value>> columns(order.columns.size());
    std::vector<bool> numeric(order.columns.size());
    RETURN_IF_ERROR(connection_.Run(sample, [&](duckdb::QueryResult& result) {
      for (size_t c = 0; c < columns.size(); ++c) numeric[c] = result.types[c] == duckdb::LogicalType::BIGINT;
      while (auto chunk = result.Fetch()) {
        if (chunk->size() == 0) return;
        for (size_t c = 0; c < columns.size(); ++c) {
          for (duckdb::idx_t i = 0; i < chunk->size(); ++i) columns[c].push_back(chunk->GetValue(c, i));
        }
      }
    }));
    std::string ranges;
    for (size_t c = 0; c < columns.size(); ++c) {
      std::string bounds = BoundsSql(columns[c], numeric[c]);
      if (bounds.empty()) continue;
      ranges += (ranges.empty() ? "" : ", ") + ("ashlar_range(" + keys[c] + ", " + bounds + ")");
    }
    bool hilbert = order.curve == RowOrder::Curve::kHilbert;
    return ranges.empty() ? "" : (hilbert ? "ashlar_hilbert(" : "ashlar_interleave(") + ranges + ")";
  }

  DuckConnection& connection_;
  std::shared_ptr<const delta::Snapshot> snapshot_;
  objectstore::ObjectStore& store_;
  const bool with_row_ids_;
  StatementBindings bindings_;
};

// A partition by the names that `target` has for the columns.
Result<delta::PartitionValues> PartitionIn(const delta::Snapshot& snapshot, const delta::PartitionValues& partition,
                                           const WriteTarget& target) {
  ASSIGN_OR_RETURN(delta::ColumnMappingMode mode, delta::MappingModeOf(target.metadata.configuration));
  delta::PartitionValues values;
  for (const std::string& name : snapshot.partition_columns()) {
    auto column = static_cast<size_t>(snapshot.schema().IndexOf(name));
    auto value = partition.find(delta::PhysicalName(snapshot.schema().fields[column], snapshot.mapping_mode()));
    values[delta::PhysicalName(target.schema.fields[column], mode)] = value == partition.end() ? std::nullopt : value->second;
  }
  return values;
}

}  // namespace

Result<std::vector<delta::AddFile>> Rearrange(Connection& connection,
                                              const std::shared_ptr<const delta::Snapshot>& snapshot,
                                              const std::vector<size_t>& files,
                                              const RowOrder& order, WriteTarget target,
                                              const FileCreated& created) {
  CHECK(!files.empty());
  // The rows passed the table's rules when they came.
  target.constraints.clear();
  target.identities.clear();
  ASSIGN_OR_RETURN(target.partition, PartitionIn(*snapshot, snapshot->files().PartitionOf(files[0]), target));
  Rearranging work(connection, snapshot, target);
  ASSIGN_OR_RETURN(std::string select, work.Select(files, order));
  ASSIGN_OR_RETURN(WrittenFiles written, WriteSql(connection, select, target, created));
  for (delta::AddFile& file : written.files) file.data_change = false;
  return std::move(written.files);
}

Result<std::vector<size_t>> FilesOfPartitions(Connection& connection, const delta::Snapshot& snapshot,
                                              const sql::TypedExpr& condition) {
  DuckConnection& duck = AsDuck(connection);
  std::vector<size_t> columns;
  SelectBlock block;
  std::string names = "i";
  for (const std::string& name : snapshot.partition_columns()) {
    columns.push_back(static_cast<size_t>(snapshot.schema().IndexOf(name)));
    block.Add(static_cast<sql::AttributeId>(columns.back()), {.sql = ColumnSql("q", columns.back())});
    names += ", k" + std::to_string(columns.back());
  }
  std::map<delta::PartitionValues, std::vector<size_t>> partitions;
  for (size_t i = 0; i < snapshot.files().size(); ++i) partitions[snapshot.files().PartitionOf(i)].push_back(i);
  if (partitions.empty()) return std::vector<size_t>();
  std::vector<const std::vector<size_t>*> groups;
  const delta::WallClock clock = WallClockOf(duck.time_zone());
  std::string rows;
  for (const auto& [values, files] : partitions) {
    rows += (groups.empty() ? "(" : ", (") + std::to_string(groups.size());
    for (const std::string& name : snapshot.partition_columns()) {
      ASSIGN_OR_RETURN(Value value, snapshot.PartitionValue(values, name, clock));
      rows += ", " + LiteralSql(value);
    }
    rows += ")";
    groups.push_back(&files);
  }
  StatementBindings bindings(duck.state().scans, duck.time_zone());
  ASSIGN_OR_RETURN(std::string where, LowerOverBlock(condition, block, OptionsFor(duck), bindings));
  std::vector<size_t> selected;
  RETURN_IF_ERROR(duck.Run("SELECT q.i::BIGINT FROM (VALUES " + rows + ") AS q(" + names + ") WHERE " + where,
                           [&](duckdb::QueryResult& result) {
    while (auto chunk = result.Fetch()) {
      if (chunk->size() == 0) return;
      for (duckdb::idx_t i = 0; i < chunk->size(); ++i) {
        const auto& files = *groups[static_cast<size_t>(chunk->GetValue(0, i).GetValue<int64_t>())];
        selected.insert(selected.end(), files.begin(), files.end());
      }
    }
  }));
  std::ranges::sort(selected);
  return selected;
}

}  // namespace ashlar::engine
