#include "engine/checkpoint_files.h"

#include <algorithm>
#include <array>

#include "duckdb.hpp"
#include "duckdb/function/scalar_function.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "engine/duck_types.h"

namespace ashlar::engine {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using duckdb::UnifiedVectorFormat;

// The arguments of ashlar_take_files.
enum Argument : size_t {
  kBinding, kRow, kPath, kSize, kModificationTime, kDataChange, kPartition, kTags, kVectorStorage, kVectorPath,
  kVectorOffset, kVectorSize, kVectorCardinality, kBaseRowId, kRowCommitVersion, kProvider, kStats, kNumRecords,
  kTightBounds, kFirstStatistic
};

// Of deletionVector, in the order of the arguments.
constexpr std::array<std::pair<const char*, const char*>, 5> kVectorFields = {{{"storageType", "VARCHAR"},
                                                                               {"pathOrInlineDv", "VARCHAR"},
                                                                               {"offset", "INTEGER"},
                                                                               {"sizeInBytes", "INTEGER"},
                                                                               {"cardinality", "BIGINT"}}};

const LogicalType* FieldOf(const LogicalType& type, const std::string& name) {
  if (type.id() != LogicalTypeId::STRUCT) return nullptr;
  for (const auto& [field, child] : duckdb::StructType::GetChildTypes(type)) {
    if (field == name) return &child;
  }
  return nullptr;
}

bool IsTextMap(const LogicalType* type) {
  return type != nullptr && type->id() == LogicalTypeId::MAP &&
         duckdb::MapType::KeyType(*type).id() == LogicalTypeId::VARCHAR &&
         duckdb::MapType::ValueType(*type).id() == LogicalTypeId::VARCHAR;
}

// The type of a bound; nullopt where bounds of the type are not taken.
std::optional<DataType> BoundType(const LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::BOOLEAN: return DataType(TypeId::kBoolean);
    case LogicalTypeId::TINYINT: return DataType(TypeId::kByte);
    case LogicalTypeId::SMALLINT: return DataType(TypeId::kShort);
    case LogicalTypeId::INTEGER: return DataType(TypeId::kInt);
    case LogicalTypeId::BIGINT: return DataType(TypeId::kLong);
    case LogicalTypeId::FLOAT: return DataType(TypeId::kFloat);
    case LogicalTypeId::DOUBLE: return DataType(TypeId::kDouble);
    case LogicalTypeId::VARCHAR: return DataType(TypeId::kString);
    case LogicalTypeId::DATE: return DataType(TypeId::kDate);
    case LogicalTypeId::TIMESTAMP_TZ: return DataType(TypeId::kTimestamp);
    case LogicalTypeId::TIMESTAMP: return DataType(TypeId::kTimestampNtz);
    case LogicalTypeId::DECIMAL:
      return DataType::Decimal(duckdb::DecimalType::GetWidth(type), duckdb::DecimalType::GetScale(type));
    default: return std::nullopt;
  }
}

// The leaves of stats_parsed, by path: where each of the three groups has them.
class StatLeaves {
 public:
  explicit StatLeaves(const LogicalType& parsed) {
    for (const char* group : {"minValues", "maxValues", "nullCount"}) {
      if (const LogicalType* type = FieldOf(parsed, group)) {
        Walk(*type, group, "add.stats_parsed." + std::string(group), {});
      }
    }
  }
  void AddTo(TakenColumns& columns) const {
    for (const auto& [path, leaf] : leaves_) {
      columns.stats.push_back({path, leaf.type});
      for (const std::string& sql : {leaf.min, leaf.max, leaf.nulls}) columns.sql.push_back(sql.empty() ? "NULL" : sql);
    }
  }

 private:
  struct Leaf {
    DataType type = TypeId::kNull;
    std::string min, max, nulls;
  };
  void Walk(const LogicalType& type, const std::string& group, const std::string& sql, std::vector<std::string> path) {
    for (const auto& [field, child] : duckdb::StructType::GetChildTypes(type)) {
      std::vector<std::string> below = path;
      below.push_back(field);
      std::string child_sql = sql + "." + QuoteSqlName(field);
      if (child.id() == LogicalTypeId::STRUCT) {
        Walk(child, group, child_sql, std::move(below));
      } else if (group == "nullCount") {
        leaves_[below].nulls = "CAST(" + child_sql + " AS BIGINT)";
      } else if (std::optional<DataType> bound = BoundType(child)) {
        Leaf& leaf = leaves_[below];
        if (leaf.type.Is(TypeId::kNull)) leaf.type = *bound;
        if (leaf.type == *bound) (group == "minValues" ? leaf.min : leaf.max) = child_sql;
      }
    }
  }
  std::map<std::vector<std::string>, Leaf> leaves_;
};

// One argument of a chunk.
class Column {
 public:
  void Bind(duckdb::Vector& vector, duckdb::idx_t count) {
    type_ = vector.GetType().InternalType();
    vector.ToUnifiedFormat(count, format_);
  }
  duckdb::PhysicalType type() const { return type_; }
  template <typename T>
  const T* At(duckdb::idx_t row) const {
    duckdb::idx_t at = format_.sel->get_index(row);
    return format_.validity.RowIsValid(at) ? UnifiedVectorFormat::GetData<T>(format_) + at : nullptr;
  }
  template <typename T>
  T Or(duckdb::idx_t row, T otherwise) const {
    const T* value = At<T>(row);
    return value == nullptr ? otherwise : *value;
  }
  std::optional<std::string_view> Text(duckdb::idx_t row) const {
    const auto* text = At<duckdb::string_t>(row);
    if (text == nullptr) return std::nullopt;
    return std::string_view(text->GetData(), text->GetSize());
  }

 private:
  duckdb::PhysicalType type_ = duckdb::PhysicalType::INVALID;
  UnifiedVectorFormat format_;
};

class MapColumn {
 public:
  void Bind(duckdb::Vector& map, duckdb::idx_t count) {
    map.ToUnifiedFormat(count, lists_);
    duckdb::idx_t entries = duckdb::ListVector::GetListSize(map);
    keys_.Bind(duckdb::MapVector::GetKeys(map), entries);
    values_.Bind(duckdb::MapVector::GetValues(map), entries);
  }
  template <typename Visit>
  void ForEach(duckdb::idx_t row, Visit visit) const {
    duckdb::idx_t at = lists_.sel->get_index(row);
    if (!lists_.validity.RowIsValid(at)) return;
    const auto& entry = UnifiedVectorFormat::GetData<duckdb::list_entry_t>(lists_)[at];
    for (duckdb::idx_t i = entry.offset; i < entry.offset + entry.length; ++i) {
      visit(keys_.Text(i).value_or(std::string_view()), values_.Text(i));
    }
  }

 private:
  UnifiedVectorFormat lists_;
  Column keys_, values_;
};

template <typename T, typename Append>
void AppendEach(const Column& column, const std::vector<duckdb::idx_t>& rows, delta::StatBounds::Builder& out, Append append) {
  for (duckdb::idx_t row : rows) {
    const T* value = column.At<T>(row);
    if (value == nullptr) {
      out.AppendNone();
    } else {
      append(*value);
    }
  }
}

void AppendBounds(const Column& column, const std::vector<duckdb::idx_t>& rows, delta::StatBounds::Builder& out,
                  const DataType& type) {
  auto integer = [&](auto value) { out.AppendInt(static_cast<int64_t>(value)); };
  auto number = [&](auto value) { out.AppendDouble(static_cast<double>(value)); };
  bool wide = delta::StorageOf(type) == delta::StatStorage::kWide;
  switch (column.type()) {
    case duckdb::PhysicalType::BOOL: return AppendEach<bool>(column, rows, out, integer);
    case duckdb::PhysicalType::INT8: return AppendEach<int8_t>(column, rows, out, integer);
    case duckdb::PhysicalType::INT16: return AppendEach<int16_t>(column, rows, out, integer);
    case duckdb::PhysicalType::INT32: return AppendEach<int32_t>(column, rows, out, integer);
    case duckdb::PhysicalType::INT64: return AppendEach<int64_t>(column, rows, out, integer);
    case duckdb::PhysicalType::FLOAT: return AppendEach<float>(column, rows, out, number);
    case duckdb::PhysicalType::DOUBLE: return AppendEach<double>(column, rows, out, number);
    case duckdb::PhysicalType::VARCHAR:
      return AppendEach<duckdb::string_t>(column, rows, out, [&](const duckdb::string_t& text) {
        out.AppendText({text.GetData(), text.GetSize()});
      });
    case duckdb::PhysicalType::INT128:
      if (!wide) break;
      return AppendEach<duckdb::hugeint_t>(column, rows, out, [&](const duckdb::hugeint_t& value) {
        out.AppendWide(static_cast<Int128>(static_cast<unsigned __int128>(static_cast<uint64_t>(value.upper)) << 64 | value.lower));
      });
    default: break;
  }
  for (size_t i = 0; i < rows.size(); ++i) out.AppendNone();
}

// The arguments of one chunk.
class TakenChunk {
 public:
  TakenChunk(duckdb::DataChunk& chunk, bool typed) : typed_(typed), columns_(chunk.ColumnCount()) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (i == kPartition) {
        partition_.Bind(chunk.data[i], chunk.size());
      } else if (i == kTags) {
        tags_.Bind(chunk.data[i], chunk.size());
      } else {
        columns_[i].Bind(chunk.data[i], chunk.size());
      }
    }
  }
  const Column& operator[](size_t argument) const { return columns_[argument]; }

  void Add(duckdb::idx_t row, delta::FileSegmentBuilder& rows) {
    entries_.clear();
    partition_.ForEach(row, [&](std::string_view key, std::optional<std::string_view> value) { entries_.emplace_back(key, value); });
    StringMap tags;
    tags_.ForEach(row, [&](std::string_view key, std::optional<std::string_view> value) {
      if (value) tags.insert_or_assign(std::string(key), std::string(*value));
    });
    std::optional<delta::DeletionVectorDescriptor> vector = VectorOf(row);
    delta::FileRow file;
    file.path = *columns_[kPath].Text(row);
    file.size = columns_[kSize].Or<int64_t>(row, 0);
    file.modification_time_ms = columns_[kModificationTime].Or<int64_t>(row, 0);
    file.data_change = columns_[kDataChange].Or<bool>(row, true);
    file.partition = entries_;
    if (!typed_) file.stats = columns_[kStats].Text(row);
    file.num_records = columns_[kNumRecords].Or<int64_t>(row, -1);
    // Typed statistics without the flag, of a file with a vector: bounds may be of deleted rows.
    file.tight_bounds = columns_[kTightBounds].Or<bool>(row, !vector.has_value());
    file.base_row_id = columns_[kBaseRowId].Or<int64_t>(row, -1);
    file.row_commit_version = columns_[kRowCommitVersion].Or<int64_t>(row, -1);
    file.clustering_provider = columns_[kProvider].Text(row);
    file.vector = vector ? &*vector : nullptr;
    file.tags = &tags;
    rows.Add(file);
  }

 private:
  using StringMap = delta::StringMap;

  std::optional<delta::DeletionVectorDescriptor> VectorOf(duckdb::idx_t row) const {
    std::optional<std::string_view> storage = columns_[kVectorStorage].Text(row);
    if (!storage) return std::nullopt;
    delta::DeletionVectorDescriptor vector;
    vector.storage_type = *storage;
    vector.path_or_inline_dv = columns_[kVectorPath].Text(row).value_or(std::string_view());
    if (const auto* offset = columns_[kVectorOffset].At<int32_t>(row)) vector.offset = *offset;
    vector.size_in_bytes = columns_[kVectorSize].Or<int32_t>(row, 0);
    vector.cardinality = columns_[kVectorCardinality].Or<int64_t>(row, 0);
    return vector;
  }

  const bool typed_;
  std::vector<Column> columns_;
  MapColumn partition_, tags_;
  std::vector<delta::FileRow::Partition> entries_;
};

}  // namespace

std::optional<TakenColumns> ColumnsToTake(const LogicalType& add, CheckpointStats stats) {
  if (FieldOf(add, "path") == nullptr || !IsTextMap(FieldOf(add, "partitionValues"))) return std::nullopt;
  const LogicalType* tags = FieldOf(add, "tags");
  if (tags != nullptr && !IsTextMap(tags)) return std::nullopt;
  TakenColumns columns;
  auto take = [&](const std::string& name, const char* type) {
    bool there = FieldOf(add, name) != nullptr;
    columns.sql.push_back("CAST(" + (there ? "add." + QuoteSqlName(name) : "NULL") + " AS " + type + ")");
  };
  columns.sql.push_back("file_row_number");
  take("path", "VARCHAR");
  take("size", "BIGINT");
  take("modificationTime", "BIGINT");
  take("dataChange", "BOOLEAN");
  take("partitionValues", "MAP(VARCHAR, VARCHAR)");
  take("tags", "MAP(VARCHAR, VARCHAR)");
  const LogicalType* vector = FieldOf(add, "deletionVector");
  for (auto [name, type] : kVectorFields) {
    bool there = vector != nullptr && FieldOf(*vector, name) != nullptr;
    columns.sql.push_back("CAST(" + (there ? "add.\"deletionVector\"." + QuoteSqlName(name) : "NULL") + " AS " + type + ")");
  }
  take("baseRowId", "BIGINT");
  take("defaultRowCommitVersion", "BIGINT");
  take("clusteringProvider", "VARCHAR");
  const LogicalType* parsed = FieldOf(add, "stats_parsed");
  columns.typed = stats == CheckpointStats::kTyped && parsed != nullptr && FieldOf(*parsed, "numRecords") != nullptr;
  if (!columns.typed) {
    take("stats", "VARCHAR");
    columns.sql.push_back("CAST(NULL AS BIGINT)");
    columns.sql.push_back("CAST(NULL AS BOOLEAN)");
    return columns;
  }
  columns.sql.push_back("CAST(NULL AS VARCHAR)");
  columns.sql.push_back("CAST(add.stats_parsed.\"numRecords\" AS BIGINT)");
  bool flagged = FieldOf(*parsed, "tightBounds") != nullptr;
  columns.sql.push_back(flagged ? "CAST(add.stats_parsed.\"tightBounds\" AS BOOLEAN)" : "CAST(NULL AS BOOLEAN)");
  StatLeaves(*parsed).AddTo(columns);
  return columns;
}

TakenFiles::Run& TakenFiles::RunOfThread() const {
  std::lock_guard lock(mutex_);
  auto& run = runs_[std::this_thread::get_id()];
  if (run == nullptr) {
    run = std::make_unique<Run>();
    if (columns_.typed) run->rows = delta::FileSegmentBuilder(columns_.stats);
  }
  return *run;
}

void TakenFiles::Flush(Run& run) const {
  if (run.rows.size() == 0) return;
  std::shared_ptr<const delta::FileSegment> segment = run.rows.Finish();
  std::lock_guard lock(mutex_);
  segments_.emplace(run.first_row, std::move(segment));
}

void TakenFiles::StartAt(Run& run, int64_t row) const {
  bool fits = run.rows.size() + STANDARD_VECTOR_SIZE <= delta::FileSegment::kMaxRows;
  if (row == run.next_row && fits) return;
  Flush(run);
  run.first_row = row;
}

void TakenFiles::NoteWithoutPath(RowRange rows) const {
  std::lock_guard lock(mutex_);
  if (!without_path_) without_path_ = rows;
  without_path_ = {std::min(without_path_->first, rows.first), std::max(without_path_->last, rows.last)};
}

int64_t TakenFiles::Take(duckdb::DataChunk& arguments) const {
  Run& run = RunOfThread();
  TakenChunk chunk(arguments, columns_.typed);
  StartAt(run, chunk[kRow].Or<int64_t>(0, 0));
  std::vector<duckdb::idx_t> taken;
  taken.reserve(arguments.size());
  int64_t without = 0;
  std::optional<RowRange> without_path;
  for (duckdb::idx_t row = 0; row < arguments.size(); ++row) {
    if (!chunk[kPath].Text(row)) {
      int64_t number = chunk[kRow].Or<int64_t>(row, 0);
      without_path = {without_path ? without_path->first : number, number};
      continue;
    }
    chunk.Add(row, run.rows);
    taken.push_back(row);
    without += chunk[kNumRecords].At<int64_t>(row) == nullptr ? 1 : 0;
  }
  if (without_path) NoteWithoutPath(*without_path);
  run.next_row = chunk[kRow].Or<int64_t>(arguments.size() - 1, 0) + 1;
  for (size_t i = 0; i < columns_.stats.size(); ++i) {
    delta::StatColumnBuilder& out = run.rows.stats()[i];
    const DataType& type = columns_.stats[i].type;
    AppendBounds(chunk[kFirstStatistic + 3 * i], taken, out.min, type);
    AppendBounds(chunk[kFirstStatistic + 3 * i + 1], taken, out.max, type);
    const Column& nulls = chunk[kFirstStatistic + 3 * i + 2];
    bool counted = nulls.type() == duckdb::PhysicalType::INT64;
    for (duckdb::idx_t row : taken) out.null_counts.Add(counted ? nulls.Or<int64_t>(row, -1) : -1);
  }
  return columns_.typed ? without : 0;
}

void TakenFiles::MoveInto(delta::FileListBuilder& files) {
  for (auto& [thread, run] : runs_) Flush(*run);
  runs_.clear();
  for (auto& [row, segment] : segments_) files.Add(std::move(segment));
  segments_.clear();
}

void RegisterTakeFiles(duckdb::DatabaseInstance& database, ScanRegistry& scans) {
  auto take = [&scans](duckdb::DataChunk& arguments, duckdb::ExpressionState&, duckdb::Vector& result) {
    Column binding;
    binding.Bind(arguments.data[kBinding], arguments.size());
    auto target = scans.Find(binding.Or<int64_t>(0, 0));
    const auto* files = dynamic_cast<const TakenFiles*>(target.get());
    if (files == nullptr) throw duckdb::InvalidInputException("ashlar_take_files: nothing is bound to this number");
    result.SetVectorType(duckdb::VectorType::FLAT_VECTOR);
    auto* counts = duckdb::FlatVector::GetData<int64_t>(result);
    std::fill_n(counts, arguments.size(), 0);
    if (arguments.size() > 0) counts[0] = files->Take(arguments);
  };
  duckdb::ScalarFunction function("ashlar_take_files", {LogicalType::BIGINT}, LogicalType::BIGINT, take, nullptr, nullptr,
                                  nullptr, nullptr, LogicalType::ANY, duckdb::FunctionStability::VOLATILE,
                                  duckdb::FunctionNullHandling::SPECIAL_HANDLING);
  duckdb::ExtensionLoader(database, "ashlar").RegisterFunction(std::move(function));
}

}  // namespace ashlar::engine
