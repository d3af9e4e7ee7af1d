#include "engine/write/parquet_files.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "base/text.h"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/copy_function_catalog_entry.hpp"
#include "duckdb/common/types/column/column_data_collection.hpp"
#include "duckdb/execution/execution_context.hpp"
#include "duckdb/function/copy_function.hpp"
#include "duckdb/main/client_context.hpp"
#include "duckdb/main/client_context_state.hpp"
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
constexpr const char* kFileRows = "file_rows";
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
  idx_t target_bytes = 0;                   // 0: any
  idx_t file_rows = 0;                      // 0: any
  idx_t row_group_bytes = 0;                // 0: any
  idx_t row_group_rows = 0;

  // Whether rows are as many as a row group has, or the `part`th of that; of a file that has no more, they are all of it.
  bool IsRowGroup(const duckdb::ColumnDataCollection& rows, idx_t part) const {
    bool whole_file = file_rows > 0 && file_rows <= row_group_rows;
    if (rows.Count() >= (whole_file ? file_rows : row_group_rows / part)) return true;
    return row_group_bytes > 0 && rows.SizeInBytes() >= row_group_bytes / part;
  }
};

void AppendPart(duckdb::ColumnDataCollection& rows, duckdb::ColumnDataAppendState& append, DataChunk& chunk, idx_t from, idx_t count) {
  if (count == 0) return;
  if (count == chunk.size()) return rows.Append(append, chunk);
  DataChunk part;
  part.InitializeEmpty(chunk.GetTypes());
  part.Reference(chunk);
  part.Slice(from, count);
  rows.Append(append, part);
}

// Leaves the first `count` rows; returns those behind.
RowsPtr SplitOff(ClientContext& context, RowsPtr& rows, idx_t count) {
  auto first = duckdb::make_uniq<duckdb::ColumnDataCollection>(context, rows->Types());
  auto behind = duckdb::make_uniq<duckdb::ColumnDataCollection>(context, rows->Types());
  duckdb::ColumnDataAppendState to_first, to_behind;
  first->InitializeAppend(to_first);
  behind->InitializeAppend(to_behind);
  for (DataChunk& chunk : rows->Chunks()) {
    idx_t wanted = std::min(chunk.size(), count - first->Count());
    AppendPart(*first, to_first, chunk, 0, wanted);
    AppendPart(*behind, to_behind, chunk, wanted, chunk.size() - wanted);
  }
  rows = std::move(first);
  return behind;
}

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

// What a statement has made, by the paths of the first files.
struct MadeFiles : duckdb::ClientContextState {
  static duckdb::shared_ptr<MadeFiles> Of(ClientContext& context) { return context.registered_state->GetOrCreate<MadeFiles>("ashlar_made_files"); }
  void QueryBegin(ClientContext&) override { by_first.clear(); }

  std::mutex mutex;
  std::map<std::string, std::vector<WrittenFile>> by_first;
};

WrittenFile::Column ColumnOf(const duckdb::case_insensitive_map_t<duckdb::Value>& statistics) {
  auto text = [&](const char* name) {
    auto found = statistics.find(name);
    return found == statistics.end() || found->second.IsNull() ? std::nullopt : std::optional(found->second.ToString());
  };
  WrittenFile::Column column{.min = text("min"), .max = text("max"), .null_count = {}, .has_nan = text("has_nan") == "true"};
  if (auto nulls = text("null_count")) column.null_count = ParseInt64(*nulls);
  return column;
}

struct OpenFile {
  WrittenFile made;                              // path alone until it is closed
  duckdb::unique_ptr<GlobalFunctionData> state;  // DuckDB's; none once it is closed
  duckdb::CopyFunctionFileStatistics statistics;
  NullCounts nulls;
  idx_t rows = 0;  // those that are on their way, too
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

  // Returns the rows for which the file has no room: they wait for a row group of the next one.
  RowsPtr Write(RowsPtr rows) {
    if (rows->Count() == 0) return nullptr;
    idx_t bytes = rows->SizeInBytes() / kCompression;
    auto [file, room] = Begin(rows->Count(), bytes);
    RowsPtr behind = room < rows->Count() ? SplitOff(context_, rows, room) : nullptr;
    auto batch = Prepare(file, std::move(rows));
    Flush(file, batch->Cast<RowGroup>());
    End(file, bytes);
    return behind;
  }

  // Rows that are no whole row group: with those of other threads they may be one.
  void WriteRest(RowsPtr rows) {
    while (rows) {
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
      rows = Write(std::move(rows));
    }
  }

  void Finish() {
    while (rest_) rest_ = Write(std::move(rest_));
    Close(Last());
    if (told_ != nullptr) {
      told_->row_count = static_cast<idx_t>(files_[0]->made.row_count);
      told_->file_size_bytes = static_cast<idx_t>(files_[0]->made.size);
    }
    std::vector<WrittenFile> made;
    for (auto& file : files_) made.push_back(std::move(file->made));
    auto all = MadeFiles::Of(context_);
    std::lock_guard lock(all->mutex);
    all->by_first[path_] = std::move(made);
  }

 private:
  OpenFile& Last() { return *files_.back(); }

  void Open() {
    auto file = std::make_unique<OpenFile>();
    file->made.path = files_.empty() ? path_ : path_ + "-" + std::to_string(files_.size());
    file->state = bind_.parquet.copy_to_initialize_global(context_, *bind_.bound, file->made.path);
    bind_.parquet.copy_to_get_written_statistics(context_, *bind_.bound, *file->state, file->statistics);
    files_.push_back(std::move(file));
  }

  void Close(OpenFile& file) {
    bind_.parquet.copy_to_finalize(context_, *bind_.bound, *file.state);
    file.state.reset();
    // DuckDB's statistics take many times the memory of what is wanted of them.
    file.made.row_count = static_cast<int64_t>(file.statistics.row_count);
    file.made.size = static_cast<int64_t>(file.statistics.file_size_bytes);
    for (const auto& [path, known] : file.statistics.column_statistics) file.made.columns[path] = ColumnOf(known);
    for (const auto& [path, count] : file.nulls) file.made.columns[path].null_count = static_cast<int64_t>(count);
    file.statistics = duckdb::CopyFunctionFileStatistics();
    file.nulls.clear();
  }

  // Whether it will have its size or its rows once the row groups that are coming have come.
  bool IsFull(const OpenFile& file) const {
    if (bind_.file_rows > 0 && file.rows >= bind_.file_rows) return true;
    if (bind_.target_bytes == 0) return false;
    if (file.coming_bytes >= bind_.target_bytes) return true;
    return bind_.parquet.rotate_next_file(*file.state, *bind_.bound, bind_.target_bytes - file.coming_bytes);
  }

  struct Room {
    OpenFile& file;
    idx_t rows;  // of those that want to go there
  };

  Room Begin(idx_t rows, idx_t bytes) {
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
      if (bind_.file_rows > 0) rows = std::min(rows, bind_.file_rows - file->rows);
      file->rows += rows;
    }
    if (to_close != nullptr) Close(*to_close);
    return {*file, rows};
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
    if (bind_.target_bytes > 0) BeginSync(file.made.path);  // the disk is at work while the next rows come
    std::lock_guard lock(mutex_);
    for (const auto& [path, count] : batch.nulls) file.nulls[path] += count;
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
    Begin(nullptr);
  }

  // With rows that are there already, or none.
  void Begin(RowsPtr begun) {
    append = duckdb::ColumnDataAppendState();
    rows = begun ? std::move(begun) : duckdb::make_uniq<duckdb::ColumnDataCollection>(context, bind.types);
    rows->InitializeAppend(append);
  }
  // Rows of the chunk from the `from`th on, until there are as many as a file may have. Returns how many.
  idx_t Append(DataChunk& chunk, idx_t from) {
    idx_t count = chunk.size() - from;
    if (bind.file_rows > 0) count = std::min(count, bind.file_rows - rows->Count());
    AppendPart(*rows, append, chunk, from, count);
    return count;
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
  for (const char* number : {kTargetBytes, kRowGroupBytes, kFileRows, kRowsTo}) {
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
  bind->file_rows = take(kFileRows);
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
  DataChunk& of_files = bind.replaced ? TellReplaced(bind, chunk, collected.of_files) : chunk;
  for (idx_t done = 0; done < of_files.size();) {
    done += collected.Append(of_files, done);
    if (bind.IsRowGroup(*collected.rows, 1)) collected.Begin(files.Cast<PartitionFiles>().Write(collected.Take()));
  }
}

void FinishCollecting(ExecutionContext&, FunctionData&, GlobalFunctionData& files, LocalFunctionData& local) {
  files.Cast<PartitionFiles>().WriteRest(local.Cast<CollectedRows>().Take());
}

void FinishFiles(ClientContext&, FunctionData&, GlobalFunctionData& files) { files.Cast<PartitionFiles>().Finish(); }

void TellStatistics(ClientContext&, FunctionData&, GlobalFunctionData& files, duckdb::CopyFunctionFileStatistics& told) {
  files.Cast<PartitionFiles>().TellTo(told);
}

duckdb::unique_ptr<PreparedBatchData> PrepareBatch(ClientContext&, FunctionData& bind, GlobalFunctionData& files, RowsPtr rows) {
  const auto& limits = bind.Cast<FilesBind>();
  CHECK(limits.target_bytes == 0 && limits.file_rows == 0) << "files of a size need PRESERVE_ORDER false";
  CHECK(!limits.replaced) << "replaced rows need PRESERVE_ORDER false";
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

std::vector<WrittenFile> TakeFilesFrom(ClientContext& context, const std::string& path) {
  auto all = MadeFiles::Of(context);
  auto files = all->by_first.extract(path);
  CHECK(!files.empty()) << "no files were made at " << path;
  return std::move(files.mapped());
}

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

WrittenFile WriteParquetFile(ClientContext& context, const std::string& path, const std::map<std::string, duckdb::Value>& options,
                             const std::vector<std::string>& names, std::unique_ptr<duckdb::ColumnDataCollection> rows) {
  duckdb::CopyInfo info;  // its options are all that is read of it
  for (const auto& [name, value] : options) info.options[name] = {value};
  duckdb::CopyFunctionBindInput input(info);
  auto bind = BindFiles(context, input, {names.begin(), names.end()}, rows->Types());
  PartitionFiles files(context, bind->Cast<FilesBind>(), path);
  auto row_group = files.PrepareOnly(RowsPtr(rows.release()));
  files.FlushOnly(*row_group);
  files.Finish();
  return std::move(TakeFilesFrom(context, path).front());
}

}  // namespace ashlar::engine
