#include "engine/table_writer.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "delta/evolution/iceberg_compat.h"
#include "delta/partition_values.h"
#include "delta/paths.h"
#include "delta/schema.h"
#include "delta/stats.h"
#include "duckdb.hpp"
#include "engine/delta_table_source.h"
#include "engine/duck_connection.h"
#include "engine/duck_types.h"
#include "engine/lowering/lowering.h"
#include "engine/scan/row_details.h"
#include "engine/spark_error.h"
#include "engine/write/constant_rows.h"
#include "engine/write/identity_numbers.h"
#include "engine/write/row_collector.h"
#include "engine/write/staging.h"
#include "engine/write/write_checks.h"
#include "engine/write/written_file.h"

namespace ashlar::engine {
namespace {

constexpr std::string_view kNullPartition = "__HIVE_DEFAULT_PARTITION__";

// Each thread holds a row group and a page of it, twice, before it is written. Where that is more than there is
// memory (many threads, wide rows), smaller row groups are tried; DuckDB's own size comes first.
constexpr int64_t kRowGroupRows[] = {122'880, 16'384, 2'048};
constexpr int64_t kEarlyBytes = int64_t{16} << 20;  // in memory: without partitions none ends early below that
constexpr size_t kFewRows = 1000;
constexpr int64_t kManyBytes = int64_t{64} << 20;  // of the files that the rows come from
// A dictionary is begun for every column, and given up when its values do not repeat so often. With DuckDB's own 5 a
// write of many rows costs an eighth more; few rows would get dictionaries of all their values with a fixed limit.
constexpr int64_t kRepeats = 10;

std::string PartitionColumn(size_t i) { return "__partition_" + std::to_string(i); }

// A partition value as text that PartitionValueOf reads back exactly.
std::string PartitionTextSql(const std::string& sql, const DataType& type) {
  switch (type.id()) {
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz: return "CAST(epoch_us(" + sql + ") AS VARCHAR)";
    case TypeId::kBinary: return "nullif(hex(" + sql + "), '')";
    case TypeId::kString: return "nullif(" + sql + ", '')";
    default: return "CAST(" + sql + " AS VARCHAR)";
  }
}

std::string FieldIdsOf(const Field& field, delta::ColumnMappingMode mode);

// FIELD_IDS of a column or a part of one: its id, and those of the fields, elements, keys and values in it. `nested`: the
// ids that the field around it has for those, `path` this one's place among them.
std::string FieldIdsOf(const DataType& type, std::optional<int32_t> id, delta::ColumnMappingMode mode,
                       const std::map<std::string, int32_t>& nested, const std::string& path) {
  std::string inner;
  auto add = [&](const std::string& name, const std::string& ids) {
    if (!ids.empty()) inner += (inner.empty() ? "" : ", ") + name + ": " + ids;
  };
  auto add_part = [&](const std::string& name, const DataType& part) {
    auto known = nested.find(path + "." + name);
    add(name, FieldIdsOf(part, known == nested.end() ? std::nullopt : std::optional(known->second), mode, nested, path + "." + name));
  };
  if (type.Is(TypeId::kStruct)) {
    for (const Field& field : type.fields()) add(QuoteSqlName(delta::PhysicalName(field, mode)), FieldIdsOf(field, mode));
  } else if (type.Is(TypeId::kArray)) {
    add_part("element", type.element());
  } else if (type.Is(TypeId::kMap)) {
    add_part("key", type.key());
    add_part("value", type.map_value());
  }
  if (inner.empty()) return id ? std::to_string(*id) : "";
  if (id) inner = "__duckdb_field_id: " + std::to_string(*id) + ", " + inner;
  return "{" + inner + "}";
}

std::string FieldIdsOf(const Field& field, delta::ColumnMappingMode mode) {
  return FieldIdsOf(field.type, delta::FieldIdOf(field), mode, delta::NestedIdsOf(field), delta::PhysicalName(field, mode));
}

// How many rows a write has. Few are written to a file without a folder of its own: half of the time of one row.
enum class Rows { kFew, kAny, kMany };

Rows RowsOf(const sql::Plan& plan, size_t few) {
  if (const auto* values = std::get_if<sql::ValuesPlan>(&plan.node)) return values->rows.size() <= few ? Rows::kFew : Rows::kAny;
  if (const auto* project = std::get_if<sql::ProjectPlan>(&plan.node)) return RowsOf(*project->input, few);
  const auto* scan = std::get_if<sql::ScanPlan>(&plan.node);
  const auto* table = scan == nullptr ? nullptr : dynamic_cast<const DeltaTable*>(scan->table.get());
  return table != nullptr && table->snapshot()->SizeInBytes() >= kManyBytes ? Rows::kMany : Rows::kAny;
}

class Writer {
 public:
  Writer(DuckConnection& connection, const WriteTarget& target, const FileCreated& created, ReplacedRows* replaced = nullptr)
      : connection_(connection), target_(target), created_(created), replaced_(replaced) {}

  Result<WrittenFiles> Write(const std::string& select, Rows rows) {
    RETURN_IF_ERROR(Prepare());
    std::optional<DuckConnection::PlainPlans> plain;
    if (rows == Rows::kFew) plain.emplace(connection_);
    IdentityNumbers numbers(connection_, target_);
    ASSIGN_OR_RETURN(std::string numbered, numbers.Over(select));
    std::unique_ptr<Staging> staging;
    std::vector<WrittenFile> written;
    Status copied;
    for (int64_t row_group_rows : kRowGroupRows) {
      staging = MakeStaging(target_.table, connection_.state().options.temp_directory);
      bool one_file = rows == Rows::kFew && (partition_.empty() || target_.partition);
      RETURN_IF_ERROR(staging->Make(one_file ? Staging::Holds::kOneFile : Staging::Holds::kManyFiles));
      written.clear();
      if (replaced_ != nullptr) replaced_->Begin();
      copied = one_file ? WriteOneFile(numbered, staging->place(), written)
                        : CopyRows(numbered, {staging->place() + "/data", rows == Rows::kMany, row_group_rows}, written);
      if (copied.ok() || copied.error().condition != kOutOfMemoryCondition) break;
    }
    RETURN_IF_ERROR(std::move(copied));
    ASSIGN_OR_RETURN(WrittenFiles out, Publish(*staging, written));
    ASSIGN_OR_RETURN(out.identity_last, numbers.Last());
    return out;
  }

  Result<WrittenFiles> WriteConstants(const std::vector<std::vector<Value>>& rows) {
    RETURN_IF_ERROR(Prepare());
    std::unique_ptr<Staging> staging = MakeStaging(target_.table, connection_.state().options.temp_directory);
    RETURN_IF_ERROR(staging->Make(Staging::Holds::kOneFile));
    ASSIGN_OR_RETURN(WrittenFile file, WriteValues(connection_, target_.schema, rows, staging->place(), OneFileOptions()));
    return Publish(*staging, {std::move(file)});
  }

 private:
  struct CopyTarget {
    std::string path;
    bool many_rows;
    int64_t row_group_rows;
  };
  // The columns of files and those they are divided by, of the rows that no condition refuses.
  struct FileRows {
    std::string select;
    std::string partition_by;
    std::string field_ids;
  };
  struct PartitionField {
    Field field;
    std::string physical_name;
    size_t column;
  };

  Status Prepare() {
    ASSIGN_OR_RETURN(mode_, delta::MappingModeOf(target_.metadata.configuration));
    ASSIGN_OR_RETURN(stats_columns_, delta::StatisticsColumns(target_.schema, target_.metadata));
    for (const std::string& name : target_.partition_columns) {
      int index = target_.schema.IndexOf(name);
      CHECK(index >= 0) << "partition column " << name;
      const Field& field = target_.schema.fields[static_cast<size_t>(index)];
      partition_.push_back({field, delta::PhysicalName(field, mode_), static_cast<size_t>(index)});
    }
    return {};
  }

  bool IsPartition(size_t column) const {
    for (const PartitionField& p : partition_) {
      if (p.column == column) return true;
    }
    return false;
  }

  // Void columns are in no file: they are NULL wherever they are read.
  bool IsInFiles(size_t column) const { return !IsPartition(column) && !target_.schema.fields[column].type.Is(TypeId::kNull); }

  // The columns' values, the last one of a file under a condition that is TRUE or raises: it is evaluated after the others.
  Result<std::vector<std::string>> Checked(const std::string& last_condition) const {
    std::vector<std::string> checked = CheckedColumns(target_.schema, "r");
    for (size_t i = checked.size(); i-- > 0;) {
      if (!IsInFiles(i)) continue;
      if (!last_condition.empty()) checked[i] = "CASE WHEN " + last_condition + " THEN " + checked[i] + " END";
      return checked;
    }
    return MakeSqlError("DELTA_NON_PARTITION_COLUMN_ABSENT", "KD005",
                        "Data written into Delta needs to contain at least one non-partitioned column.");
  }

  // DuckDB misses BLOBs in the Bloom filters it writes of them, in whichever program it reads our files.
  bool HasBinary() const {
    return std::ranges::any_of(target_.schema.fields, [](const Field& field) { return HoldsBinary(field.type); });
  }

  // The columns of a file, as a select list and as FIELD_IDS.
  struct FileColumns {
    std::string select;
    std::string field_ids;
  };

  void AddColumn(size_t column, std::string value, FileColumns& columns) const {
    const Field& field = target_.schema.fields[column];
    Field physical = delta::PhysicalSchema(Schema{{field}}, mode_).fields[0];
    std::string name = QuoteSqlName(physical.name);
    if (field.type.IsNested() || field.type.Is(TypeId::kVariant)) {
      value = "ashlar_rename(" + value + ", CAST(NULL AS " + DuckFileTypeSql(physical.type) + "))";
    }
    std::string ids = mode_ == delta::ColumnMappingMode::kNone ? "" : FieldIdsOf(field, mode_);
    columns.select += (columns.select.empty() ? "" : ", ") + value + " AS " + name;
    if (!ids.empty()) columns.field_ids += (columns.field_ids.empty() ? "" : ", ") + name + ": " + ids;
  }

  // Row groups of wide rows are smaller, so that a file is not much larger than it shall be. Rows along a curve come in
  // pieces from several threads: row groups of few would have pieces that lie far apart.
  std::string SizesSql() const {
    bool one_partition = partition_.empty() || target_.partition;
    int64_t row_group_bytes = std::max(target_.target_file_bytes / 2, one_partition ? kEarlyBytes : 1);
    return ", TARGET_BYTES " + std::to_string(target_.target_file_bytes) + ", ROW_GROUP_BYTES " + std::to_string(row_group_bytes) +
           (target_.file_rows > 0 ? ", FILE_ROWS " + std::to_string(target_.file_rows) : "");
  }

  // SELECT checked columns under their physical names FROM rows
  Result<FileRows> FileRowsOf(const std::string& select) {
    ASSIGN_OR_RETURN(ConstraintSql constraints,
                     ConstraintConditions(target_, "r", DuckTimeZone(connection_.time_zone()), bindings_));
    ASSIGN_OR_RETURN(std::vector<std::string> checked, Checked(constraints.after));
    FileColumns in_file;
    for (size_t i = 0; i < checked.size(); ++i) {
      if (IsInFiles(i)) AddColumn(i, checked[i], in_file);
    }
    if (std::optional<RowIdColumns> ids = RowIdColumnsOf(target_.metadata)) {
      in_file.select += ", r.k_row_id AS " + QuoteSqlName(ids->id) + ", r.k_row_version AS " + QuoteSqlName(ids->version);
    }
    bool with_partition = delta::HasPartitionColumnsInFiles(target_.metadata.configuration);
    for (size_t i = 0; i < partition_.size() && with_partition; ++i) AddColumn(partition_[i].column, checked[partition_[i].column], in_file);
    std::string columns = std::move(in_file.select), partition_by;
    if (replaced_ != nullptr) columns += ", r.k_file, r.k_row";
    for (size_t i = 0; i < partition_.size() && !target_.partition; ++i) {
      columns += ", " + PartitionTextSql(checked[partition_[i].column], partition_[i].field.type) + " AS " +
                 PartitionColumn(i);
      partition_by += (i > 0 ? ", " : "") + PartitionColumn(i);
    }
    const std::string& where = constraints.before;
    return FileRows{"SELECT " + columns + " FROM (" + select + ") AS r" + (where.empty() ? "" : " WHERE " + where),
                    std::move(partition_by), in_file.field_ids.empty() ? "" : "{" + in_file.field_ids + "}"};
  }

  Status CopyRows(const std::string& select, const CopyTarget& to, std::vector<WrittenFile>& written) {
    ASSIGN_OR_RETURN(FileRows rows, FileRowsOf(select));
    // Sorted, as Spark does: few partitions are being written at a time, however many there are. The sort spills,
    // half-filled buffers of each partition do not.
    std::string order = rows.partition_by.empty() ? "" : " ORDER BY " + rows.partition_by, rows_to;
    if (replaced_ != nullptr) rows_to = ", ROWS_TO " + std::to_string(bindings_.Bind(std::make_shared<ReplacedRowsBinding>(*replaced_)));
    return RunCopy(connection_,
                   "COPY (" + rows.select + order + ") TO " + QuoteSqlString(to.path) + " (FORMAT ashlar_parquet, COMPRESSION " +
                       std::string(target_.codec.duck_name) + ", RETURN_STATS true, ROW_GROUP_SIZE " +
                       std::to_string(to.row_group_rows) +
                       (to.many_rows ? ", DICTIONARY_SIZE_LIMIT " + std::to_string(to.row_group_rows / kRepeats) : "") +
                       (HasBinary() ? ", WRITE_BLOOM_FILTER false" : "") + SizesSql() + rows_to +
                       (rows.partition_by.empty() ? ", USE_TMP_FILE false, PRESERVE_ORDER false, WRITE_EMPTY_FILE false"
                                                  : ", FILENAME_PATTERN 'part-{uuid}', PARTITION_BY (" + rows.partition_by + ")") +
                       (rows.field_ids.empty() ? "" : ", FIELD_IDS " + rows.field_ids) + ")",
                   written);
  }

  std::map<std::string, duckdb::Value> OneFileOptions() const {
    std::map<std::string, duckdb::Value> options{{"compression", duckdb::Value(std::string(target_.codec.duck_name))}};
    if (HasBinary()) options["write_bloom_filter"] = duckdb::Value::BOOLEAN(false);
    return options;
  }

  Status WriteOneFile(const std::string& select, const std::string& path, std::vector<WrittenFile>& written) {
    ASSIGN_OR_RETURN(FileRows rows, FileRowsOf(select));
    std::map<std::string, duckdb::Value> options = OneFileOptions();
    if (!rows.field_ids.empty()) {
      RETURN_IF_ERROR(connection_.Run("SELECT " + rows.field_ids, [&](duckdb::QueryResult& result) {
        options["field_ids"] = result.Fetch()->GetValue(0, 0);
      }));
    }
    ASSIGN_OR_RETURN(WrittenFile file, WriteQuery(connection_, rows.select, path, options));
    written.push_back(std::move(file));
    return {};
  }

  // The file's value of a partition column, as in the log.
  Result<std::optional<std::string>> PartitionText(const WrittenFile& file, size_t i) const {
    if (target_.partition) {
      auto given = target_.partition->find(partition_[i].physical_name);
      bool null = given == target_.partition->end() || !given->second || given->second->empty();
      return null ? std::nullopt : given->second;
    }
    auto text = file.partition.find(PartitionColumn(i));
    CHECK(text != file.partition.end());
    if (!text->second) return std::optional<std::string>();
    auto value = WrittenValue(*text->second, partition_[i].field.type, TextForm::kPartition);
    CHECK(value.has_value()) << "partition value " << *text->second;
    ASSIGN_OR_RETURN(std::optional<std::string> encoded, delta::EncodePartitionValue(*value));
    return encoded;
  }

  // Those that have rows get their names.
  Result<WrittenFiles> Publish(Staging& staging, const std::vector<WrittenFile>& written) {
    WrittenFiles out;
    for (const WrittenFile& file : written) {
      if (file.row_count == 0) continue;
      ASSIGN_OR_RETURN(delta::AddFile add, Publish(staging, file, out.files.size()));
      out.row_count += file.row_count;
      out.byte_count += file.size;
      out.files.push_back(std::move(add));
    }
    RETURN_IF_ERROR(staging.Finish());
    return out;
  }

  Result<delta::AddFile> Publish(Staging& staging, const WrittenFile& file, size_t number) {
    delta::AddFile add;
    std::string relative = target_.folder;
    for (size_t i = 0; i < partition_.size(); ++i) {
      ASSIGN_OR_RETURN(std::optional<std::string> encoded, PartitionText(file, i));
      add.partition_values[partition_[i].physical_name] = encoded;
      relative += EscapePartitionName(partition_[i].physical_name) + "=" +
                  (encoded ? EscapePartitionName(*encoded) : std::string(kNullPartition)) + "/";
    }
    relative += staging.FileName(number, target_.codec);
    created_(target_.table.root + "/" + relative);
    RETURN_IF_ERROR(staging.Publish(file.path, relative));
    add.path = delta::EncodeLogPath(relative);
    add.size = file.size;
    add.modification_time_ms = SystemClock().NowMs();
    std::vector<delta::ColumnStats> stats;
    for (const delta::LeafColumn& column : stats_columns_) stats.push_back(StatsOf(file, column));
    add.stats = delta::BuildStats(file.row_count, stats);
    delta::TagForIceberg(target_.metadata.configuration, add);
    return add;
  }

  DuckConnection& connection_;
  const WriteTarget& target_;
  const FileCreated& created_;
  ReplacedRows* const replaced_;
  StatementBindings bindings_{connection_.state().scans, connection_.time_zone()};
  delta::ColumnMappingMode mode_ = delta::ColumnMappingMode::kNone;
  std::vector<delta::LeafColumn> stats_columns_;
  std::vector<PartitionField> partition_;
};

}  // namespace

std::string EscapePartitionName(std::string_view text) {
  constexpr std::string_view kEscaped = "\"#%'*/:=?\\\x7F{[]^";
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : text) {
    if (c < 0x20 || kEscaped.find(static_cast<char>(c)) != std::string_view::npos) {
      out += '%';
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

Result<WrittenFiles> WriteSql(Connection& connection, const std::string& select, const WriteTarget& target,
                              const FileCreated& created, ReplacedRows* replaced) {
  return Writer(AsDuck(connection), target, created, replaced).Write(select, Rows::kAny);
}

Result<WrittenFiles> WriteRows(Connection& connection, const sql::PlanPtr& rows, const WriteTarget& target,
                               const FileCreated& created) {
  CHECK_EQ(rows->output.size(), target.schema.fields.size());
  DuckConnection& duck = AsDuck(connection);
  size_t few = target.file_rows > 0 ? std::min(kFewRows, static_cast<size_t>(target.file_rows)) : kFewRows;
  const Rows many = RowsOf(*rows, few);
  if (many == Rows::kFew) {
    auto constants = ConstantRows(*rows, target, duck.time_zone());
    if (constants) return Writer(duck, target, created).WriteConstants(*constants);
  }
  StatementBindings bindings(duck.state().scans, duck.time_zone());
  ASSIGN_OR_RETURN(std::string query,
                   LowerPlan(*rows, {.time_zone = DuckTimeZone(duck.time_zone())}, bindings));
  std::string names;
  for (size_t i = 0; i < rows->output.size(); ++i) names += (i > 0 ? ", k" : "k") + std::to_string(i);
  std::string new_ids = RowIdColumnsOf(target.metadata) ? ", NULL::BIGINT AS k_row_id, NULL::BIGINT AS k_row_version" : "";
  std::string select = "SELECT *" + new_ids + " FROM (" + query + ") AS q(" + names + ")";
  return Writer(duck, target, created).Write(select, many);
}

}  // namespace ashlar::engine
