#include "engine/write/parquet_files.h"

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/copy_function_catalog_entry.hpp"
#include "duckdb/common/types/column/column_data_collection.hpp"
#include "duckdb/execution/execution_context.hpp"
#include "duckdb/function/copy_function.hpp"
#include "duckdb/main/client_context.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "engine/duck_types.h"
#include "engine/write/row_collector.h"

namespace ashlar::engine {
namespace {

using duckdb::ClientContext;
using duckdb::CopyFunction;
using duckdb::DataChunk;
using duckdb::ExecutionContext;
using duckdb::FunctionData;
using duckdb::GlobalFunctionData;
using duckdb::idx_t;
using duckdb::LocalFunctionData;
using duckdb::PreparedBatchData;
using duckdb::ValidityMask;
using RowsPtr = duckdb::unique_ptr<duckdb::ColumnDataCollection>;

constexpr const char* kTargetBytes = "target_bytes";
constexpr const char* kRowGroupBytes = "row_group_bytes";
constexpr const char* kRowsTo = "rows_to";
// Of rows in memory; DuckDB guesses the same while a row group is being made.
constexpr idx_t kCompression = 2;

struct FilesInfo : duckdb::CopyFunctionInfo {
  explicit FilesInfo(ScanRegistry& scans) : scans(scans) {}
  ScanRegistry& scans;
};

const CopyFunction& ParquetOf(ClientContext& context) {
  auto& catalog = duckdb::Catalog::GetSystemCatalog(context);
  return catalog.GetEntry<duckdb::CopyFunctionCatalogEntry>(context, DEFAULT_SCHEMA, "parquet").function;
}

struct FilesBind : duckdb::TableFunctionData {
  explicit FilesBind(CopyFunction function) : parquet(std::move(function)) {}

  CopyFunction parquet;
  duckdb::unique_ptr<FunctionData> bound;  // of `parquet`
  duckdb::vector<duckdb::LogicalType> types;
  std::vector<std::string> names;
  duckdb::vector<duckdb::column_t> nested;  // columns whose NULLs are counted here
  std::shared_ptr<const ReplacedRowsBinding> replaced;  // none: there are no columns behind those of the files
  idx_t target_bytes = 0;                   // 0: one file
  idx_t row_group_bytes = 0;                // 0: any
  idx_t row_group_rows = 0;

  // Whether rows are as many as a row group has, or the `part`th of that.
  bool IsRowGroup(const duckdb::ColumnDataCollection& rows, idx_t part) const {
    if (rows.Count() >= row_group_rows / part) return true;
    return row_group_bytes > 0 && rows.SizeInBytes() >= row_group_bytes / part;
  }
};

using NullCounts = std::map<std::string, idx_t>;  // by path as in RETURN_STATS

// `above`: where the structs around the value are there.
void CountNulls(duckdb::Vector& vector, const std::string& path, const ValidityMask& above, idx_t rows, NullCounts& nulls) {
  vector.Flatten(rows);
  ValidityMask valid(duckdb::FlatVector::Validity(vector), rows);
  valid.Combine(above, rows);
  nulls[path] += rows - valid.CountValid(rows);
  if (vector.GetType().id() != duckdb::LogicalTypeId::STRUCT) return;
  auto& fields = duckdb::StructVector::GetEntries(vector);
  for (idx_t i = 0; i < fields.size(); ++i) {
    if (!fields[i]->GetType().IsNested()) continue;
    CountNulls(*fields[i], path + "." + QuoteSqlName(duckdb::StructType::GetChildName(vector.GetType(), i)), valid, rows, nulls);
  }
}

struct RowGroup : PreparedBatchData {
  duckdb::unique_ptr<PreparedBatchData> row_group;
  NullCounts nulls;
};

struct OpenFile {
  std::string path;
  duckdb::unique_ptr<GlobalFunctionData> state;  // DuckDB's; none once it is closed
  duckdb::CopyFunctionFileStatistics statistics;
  NullCounts nulls;
  // Row groups that are on their way, and about what they will have in the file.
  size_t coming = 0;
  idx_t coming_bytes = 0;
  bool full = false;
};

// The files of one partition, or of a write without partitions. Threads write to it at once.
class PartitionFiles : public GlobalFunctionData {
 public:
  PartitionFiles(ClientContext& context, const FilesBind& bind, std::string path) : context_(context), bind_(bind), path_(std::move(path)) {
    Open();
  }

  void TellTo(duckdb::CopyFunctionFileStatistics& told) { told_ = &told; }

  // For a write of one file, whose row groups have an order: made at once, put into the file one after the other.
  duckdb::unique_ptr<PreparedBatchData> PrepareOnly(RowsPtr rows) { return Prepare(Last(), std::move(rows)); }
  void FlushOnly(PreparedBatchData& batch) { Flush(Last(), batch.Cast<RowGroup>()); }

  void Write(RowsPtr rows) {
    if (rows->Count() == 0) return;
    idx_t bytes = rows->SizeInBytes() / kCompression;
    OpenFile& file = Begin(bytes);
    auto batch = Prepare(file, std::move(rows));
    Flush(file, batch->Cast<RowGroup>());
    End(file, bytes);
  }

  // Rows that are no whole row group: with those of other threads they may be one.
  void WriteRest(RowsPtr rows) {
    if (!bind_.IsRowGroup(*rows, 2)) {
      std::lock_guard lock(mutex_);
      if (rest_) {
        rest_->Combine(*rows);
      } else {
        rest_ = std::move(rows);
      }
      if (!bind_.IsRowGroup(*rest_, 2)) return;
      rows = std::move(rest_);
    }
    Write(std::move(rows));
  }

  void Finish() {
    if (rest_) Write(std::move(rest_));
    Close(Last());
    if (told_ == nullptr) return;
    *told_ = AllStatisticsOf(0);
    for (size_t n = 1; n < files_.size(); ++n) {
      const auto statistics = AllStatisticsOf(n);
      auto& of_file = told_->column_statistics[FurtherFileKey(n, "")];
      of_file[kRowsInFile] = duckdb::Value::UBIGINT(statistics.row_count);
      of_file[kBytesOfFile] = duckdb::Value::UBIGINT(statistics.file_size_bytes);
      for (const auto& [column, known] : statistics.column_statistics) told_->column_statistics[FurtherFileKey(n, column)] = known;
    }
  }

 private:
  OpenFile& Last() { return *files_.back(); }

  void Open() {
    auto file = std::make_unique<OpenFile>();
    file->path = files_.empty() ? path_ : FurtherFilePath(path_, files_.size());
    file->state = bind_.parquet.copy_to_initialize_global(context_, *bind_.bound, file->path);
    bind_.parquet.copy_to_get_written_statistics(context_, *bind_.bound, *file->state, file->statistics);
    files_.push_back(std::move(file));
  }

  void Close(OpenFile& file) {
    bind_.parquet.copy_to_finalize(context_, *bind_.bound, *file.state);
    file.state.reset();
  }

  // Whether it will have its size once the row groups that are coming have come.
  bool IsFull(const OpenFile& file) const {
    if (bind_.target_bytes == 0) return false;
    if (file.coming_bytes >= bind_.target_bytes) return true;
    return bind_.parquet.rotate_next_file(*file.state, *bind_.bound, bind_.target_bytes - file.coming_bytes);
  }

  OpenFile& Begin(idx_t bytes) {
    OpenFile* to_close = nullptr;
    OpenFile* file = nullptr;
    {
      std::lock_guard lock(mutex_);
      if (IsFull(Last())) {
        Last().full = true;
        if (Last().coming == 0) to_close = &Last();
        Open();
      }
      file = &Last();
      ++file->coming;
      file->coming_bytes += bytes;
    }
    if (to_close != nullptr) Close(*to_close);
    return *file;
  }

  void End(OpenFile& file, idx_t bytes) {
    {
      std::lock_guard lock(mutex_);
      --file.coming;
      file.coming_bytes -= bytes;
      if (!file.full || file.coming > 0) return;
    }
    Close(file);  // nobody else has it any more
  }

  duckdb::unique_ptr<RowGroup> Prepare(OpenFile& file, RowsPtr rows) {
    auto batch = duckdb::make_uniq<RowGroup>();
    if (!bind_.nested.empty()) batch->nulls = NullsIn(*rows);
    batch->row_group = bind_.parquet.prepare_batch(context_, *bind_.bound, *file.state, std::move(rows));
    return batch;
  }

  NullCounts NullsIn(const duckdb::ColumnDataCollection& rows) const {
    NullCounts nulls;
    for (DataChunk& chunk : rows.Chunks(bind_.nested)) {
      for (idx_t i = 0; i < bind_.nested.size(); ++i) {
        CountNulls(chunk.data[i], QuoteSqlName(bind_.names[bind_.nested[i]]), ValidityMask(chunk.size()), chunk.size(), nulls);
      }
    }
    return nulls;
  }

  void Flush(OpenFile& file, RowGroup& batch) {
    bind_.parquet.flush_batch(context_, *bind_.bound, *file.state, *batch.row_group);
    if (bind_.target_bytes > 0) BeginSync(file.path);  // the disk is at work while the next rows come
    std::lock_guard lock(mutex_);
    for (const auto& [path, count] : batch.nulls) file.nulls[path] += count;
  }

  duckdb::CopyFunctionFileStatistics AllStatisticsOf(size_t n) const {
    auto statistics = files_[n]->statistics;
    for (const auto& [path, count] : files_[n]->nulls) {
      statistics.column_statistics[path]["null_count"] = duckdb::Value::UBIGINT(count);
    }
    return statistics;
  }

  ClientContext& context_;
  const FilesBind& bind_;
  const std::string path_;
  duckdb::CopyFunctionFileStatistics* told_ = nullptr;
  std::mutex mutex_;
  RowsPtr rest_;
  std::vector<std::unique_ptr<OpenFile>> files_;  // the last one goes on
};

// The row group that a thread collects.
struct CollectedRows : LocalFunctionData {
  CollectedRows(ClientContext& context, const FilesBind& bind) : context(context), bind(bind) {
    if (bind.replaced) of_files.InitializeEmpty(bind.types);
    Begin();
  }

  void Begin() {
    append = duckdb::ColumnDataAppendState();
    rows = duckdb::make_uniq<duckdb::ColumnDataCollection>(context, bind.types);
    rows->InitializeAppend(append);
  }
  RowsPtr Take() {
    append.current_chunk_state.handles.clear();  // else its blocks stay in memory
    return std::move(rows);
  }

  ClientContext& context;
  const FilesBind& bind;
  RowsPtr rows;
  duckdb::ColumnDataAppendState append;
  DataChunk of_files;  // of a chunk with positions, what is written
};

void ListFileOptions(ClientContext& context, duckdb::CopyOptionsInput& input) {
  ParquetOf(context).copy_options(context, input);
  for (const char* number : {kTargetBytes, kRowGroupBytes, kRowsTo}) {
    input.options[number] = duckdb::CopyOption(duckdb::LogicalType::UBIGINT, duckdb::CopyOptionMode::WRITE_ONLY);
  }
}

// Takes the two columns of positions from those of the files.
std::shared_ptr<const ReplacedRowsBinding> BindReplaced(duckdb::CopyFunctionBindInput& input, idx_t number,
                                                        duckdb::vector<duckdb::string>& names,
                                                        duckdb::vector<duckdb::LogicalType>& types) {
  auto& info = input.function_info->Cast<FilesInfo>();
  auto replaced = std::dynamic_pointer_cast<const ReplacedRowsBinding>(info.scans.Find(static_cast<int64_t>(number)));
  if (!replaced) throw duckdb::InvalidInputException("ashlar_parquet: nothing is bound to this number");
  for (int i = 0; i < 2; ++i) {
    CHECK(!types.empty() && types.back() == duckdb::LogicalType::BIGINT);
    types.pop_back();
    names.pop_back();
  }
  return replaced;
}

duckdb::unique_ptr<FunctionData> BindFiles(ClientContext& context, duckdb::CopyFunctionBindInput& input,
                                           const duckdb::vector<duckdb::string>& all_names,
                                           const duckdb::vector<duckdb::LogicalType>& all_types) {
  auto bind = duckdb::make_uniq<FilesBind>(ParquetOf(context));
  duckdb::CopyInfo parquet_info;  // its options are all that is read of it
  parquet_info.options = input.info.options;
  auto take = [&](const char* option) -> idx_t {
    auto given = parquet_info.options.find(option);
    if (given == parquet_info.options.end()) return 0;
    auto number = given->second.at(0).GetValue<uint64_t>();
    parquet_info.options.erase(given);
    return number;
  };
  bind->target_bytes = take(kTargetBytes);
  bind->row_group_bytes = take(kRowGroupBytes);
  auto names = all_names;
  auto types = all_types;
  if (idx_t number = take(kRowsTo)) bind->replaced = BindReplaced(input, number, names, types);
  duckdb::CopyFunctionBindInput parquet_input(parquet_info);
  bind->bound = bind->parquet.copy_to_bind(context, parquet_input, names, types);
  bind->types = types;
  bind->names.assign(names.begin(), names.end());
  for (idx_t i = 0; i < types.size(); ++i) {
    if (types[i].IsNested()) bind->nested.push_back(i);
  }
  bind->row_group_rows = bind->parquet.desired_batch_size(context, *bind->bound);
  return bind;
}

duckdb::unique_ptr<GlobalFunctionData> OpenFiles(ClientContext& context, FunctionData& bind, const duckdb::string& path) {
  return duckdb::make_uniq<PartitionFiles>(context, bind.Cast<FilesBind>(), path);
}

duckdb::unique_ptr<LocalFunctionData> BeginCollecting(ExecutionContext& context, FunctionData& bind) {
  return duckdb::make_uniq<CollectedRows>(context.client, bind.Cast<FilesBind>());
}

// Tells where the rows of a chunk stand, and takes the positions from it.
DataChunk& TellReplaced(const FilesBind& bind, DataChunk& chunk, DataChunk& of_files) {
  idx_t columns = bind.types.size();
  CHECK_EQ(chunk.ColumnCount(), columns + 2);
  for (idx_t i = 0; i < columns; ++i) of_files.data[i].Reference(chunk.data[i]);
  of_files.SetCardinality(chunk);
  duckdb::Vector &file = chunk.data[columns], &row = chunk.data[columns + 1];
  file.Flatten(chunk.size());
  row.Flatten(chunk.size());
  using duckdb::FlatVector;
  CHECK(FlatVector::Validity(file).CheckAllValid(chunk.size()) && FlatVector::Validity(row).CheckAllValid(chunk.size()));
  bind.replaced->rows.Add(FlatVector::GetData<int64_t>(file), FlatVector::GetData<int64_t>(row), chunk.size());
  return of_files;
}

void CollectRows(ExecutionContext&, FunctionData& data, GlobalFunctionData& files, LocalFunctionData& local, DataChunk& chunk) {
  const auto& bind = data.Cast<FilesBind>();
  auto& collected = local.Cast<CollectedRows>();
  collected.rows->Append(collected.append, bind.replaced ? TellReplaced(bind, chunk, collected.of_files) : chunk);
  if (!bind.IsRowGroup(*collected.rows, 1)) return;
  files.Cast<PartitionFiles>().Write(collected.Take());
  collected.Begin();
}

void FinishCollecting(ExecutionContext&, FunctionData&, GlobalFunctionData& files, LocalFunctionData& local) {
  files.Cast<PartitionFiles>().WriteRest(local.Cast<CollectedRows>().Take());
}

void FinishFiles(ClientContext&, FunctionData&, GlobalFunctionData& files) { files.Cast<PartitionFiles>().Finish(); }

void TellStatistics(ClientContext&, FunctionData&, GlobalFunctionData& files, duckdb::CopyFunctionFileStatistics& told) {
  files.Cast<PartitionFiles>().TellTo(told);
}

duckdb::unique_ptr<PreparedBatchData> PrepareBatch(ClientContext&, FunctionData& bind, GlobalFunctionData& files, RowsPtr rows) {
  CHECK_EQ(bind.Cast<FilesBind>().target_bytes, 0u) << "files of a size need PRESERVE_ORDER false";
  CHECK(!bind.Cast<FilesBind>().replaced) << "replaced rows need PRESERVE_ORDER false";
  return files.Cast<PartitionFiles>().PrepareOnly(std::move(rows));
}

void FlushBatch(ClientContext&, FunctionData&, GlobalFunctionData& files, PreparedBatchData& batch) {
  files.Cast<PartitionFiles>().FlushOnly(batch);
}

idx_t RowGroupRows(ClientContext&, FunctionData& bind) { return bind.Cast<FilesBind>().row_group_rows; }

duckdb::CopyFunctionExecutionMode CopyModeOf(bool preserve_order, bool has_batches) {
  using Mode = duckdb::CopyFunctionExecutionMode;
  if (!preserve_order) return Mode::PARALLEL_COPY_TO_FILE;
  return has_batches ? Mode::BATCH_COPY_TO_FILE : Mode::REGULAR_COPY_TO_FILE;
}

}  // namespace

void RegisterParquetFiles(duckdb::DatabaseInstance& database, ScanRegistry& scans) {
  CopyFunction function("ashlar_parquet");
  function.function_info = duckdb::make_shared_ptr<FilesInfo>(scans);
  function.extension = "parquet";
  function.copy_options = ListFileOptions;
  function.copy_to_bind = BindFiles;
  function.copy_to_initialize_global = OpenFiles;
  function.copy_to_initialize_local = BeginCollecting;
  function.copy_to_sink = CollectRows;
  function.copy_to_combine = FinishCollecting;
  function.copy_to_finalize = FinishFiles;
  function.copy_to_get_written_statistics = TellStatistics;
  function.prepare_batch = PrepareBatch;
  function.flush_batch = FlushBatch;
  function.desired_batch_size = RowGroupRows;
  function.execution_mode = CopyModeOf;
  duckdb::ExtensionLoader(database, "ashlar").RegisterFunction(std::move(function));
}

duckdb::CopyFunctionFileStatistics WriteParquetFile(ClientContext& context, const std::string& path,
                                                    const std::map<std::string, duckdb::Value>& options,
                                                    const std::vector<std::string>& names,
                                                    std::unique_ptr<duckdb::ColumnDataCollection> rows) {
  duckdb::CopyInfo info;  // its options are all that is read of it
  for (const auto& [name, value] : options) info.options[name] = {value};
  duckdb::CopyFunctionBindInput input(info);
  auto bind = BindFiles(context, input, {names.begin(), names.end()}, rows->Types());
  PartitionFiles files(context, bind->Cast<FilesBind>(), path);
  duckdb::CopyFunctionFileStatistics told;
  files.TellTo(told);
  auto row_group = files.PrepareOnly(RowsPtr(rows.release()));
  files.FlushOnly(*row_group);
  files.Finish();
  return told;
}

}  // namespace ashlar::engine
