// ashlar_scan: DuckDB's Parquet reader driven by a TableScan. Three parts: the list of files with its
// pruning, the naming of a file's columns, and the reader that joins them.
#include <algorithm>
#include <atomic>

#include "base/check.h"
#include "base/text.h"
#include "delta/schema.h"
#include "delta/skipping.h"
#include "duckdb/catalog/catalog_entry/table_function_catalog_entry.hpp"
#include "duckdb/common/multi_file/multi_file_function.hpp"
#include "duckdb/common/multi_file/multi_file_reader.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "duckdb/optimizer/filter_combiner.hpp"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/planner/expression_iterator.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "engine/functions/variant/shredded_variant.h"
#include "engine/scan/row_details.h"
#include "engine/scan/scan_column_names.h"
#include "engine/scan/scan_filter.h"
#include "engine/spark_error.h"
#include "engine/scan/table_scan.h"
#include "parquet_reader.hpp"

namespace ashlar::engine {
namespace {

constexpr char kFunctionName[] = "ashlar_scan";
constexpr char kSkipReader[] = "ashlar_skipped";

struct ScanInfo : duckdb::TableFunctionInfo {
  explicit ScanInfo(ScanRegistry& scans) : scans(scans) {}
  ScanRegistry& scans;
};

// Filters that get their values while the query runs (joins, top-N), by column of the schema.
struct RuntimeFilters {
  std::vector<std::pair<size_t, duckdb::unique_ptr<duckdb::TableFilter>>> filters;
};

// What an OpenFileInfo carries to the reader.
struct FileInfo : duckdb::ExtendedOpenFileInfo {
  std::shared_ptr<const TableScan> scan;
  std::shared_ptr<const RuntimeFilters> runtime;
  TableScan::File file;
  size_t index = 0;
};

// Of what a log tells nothing: matches every file.
bool IsUnknown(const TableScan& scan, duckdb::column_t column) {
  return duckdb::IsVirtualColumn(column) || column >= scan.schema().fields.size();
}

delta::Predicate ColumnPredicate(const TableScan& scan, size_t column, const duckdb::TableFilter& filter) {
  const Field& field = scan.schema().fields[column];
  return PredicateOf(filter, {field.name}, field.type);
}

// A part of a scan's files, in their order. Immutable: pruning makes a new list.
class ScanFileList : public duckdb::MultiFileList {
 public:
  ScanFileList(std::shared_ptr<const TableScan> scan, std::vector<size_t> kept)
      : scan_(std::move(scan)), kept_(std::move(kept)) {}

  const std::shared_ptr<const TableScan>& scan() const { return scan_; }

  duckdb::vector<duckdb::OpenFileInfo> GetAllFiles() const override {
    duckdb::vector<duckdb::OpenFileInfo> files;
    for (size_t i = 0; i < kept_.size(); ++i) files.push_back(GetFile(i));
    return files;
  }
  // Never SINGLE_FILE: that path asks the first reader for the number of threads, and there is none.
  duckdb::FileExpandResult GetExpandResult() const override {
    return kept_.empty() ? duckdb::FileExpandResult::NO_FILES : duckdb::FileExpandResult::MULTIPLE_FILES;
  }
  duckdb::idx_t GetTotalFileCount() const override { return kept_.size(); }
  duckdb::OpenFileInfo GetFile(duckdb::idx_t i) const override {
    if (i >= kept_.size()) return {};
    auto made = scan_->MakeFile(kept_[i]);
    if (!made.ok()) ThrowSparkError(made.error());
    duckdb::OpenFileInfo out(made->path);
    auto info = duckdb::make_shared_ptr<FileInfo>();
    info->scan = scan_;
    info->file = *std::move(made);
    const TableScan::File& file = info->file;
    info->runtime = runtime_;
    info->index = kept_[i];
    // Spare DuckDB a stat of each file: data files are never rewritten under one name.
    if (file.add.size > 0) {
      info->options["file_size"] = duckdb::Value::UBIGINT(static_cast<uint64_t>(file.add.size));
      info->options["last_modified"] =
          duckdb::Value::TIMESTAMP(duckdb::timestamp_t(file.add.modification_time_ms * 1000));
      info->options["etag"] = duckdb::Value(std::to_string(file.add.modification_time_ms));
    }
    if (!file.whole()) info->options["has_deletes"] = duckdb::Value::BOOLEAN(true);
    out.extended_info = std::move(info);
    return out;
  }
  duckdb::unique_ptr<duckdb::NodeStatistics> GetCardinality(duckdb::ClientContext&) const override {
    std::optional<int64_t> live = scan_->LiveRows(kept_);
    if (!live) return nullptr;
    auto rows = static_cast<duckdb::idx_t>(*live);
    return duckdb::make_uniq<duckdb::NodeStatistics>(rows, rows);
  }
  duckdb::unique_ptr<duckdb::MultiFileList> Copy() const override {
    auto copy = duckdb::make_uniq<ScanFileList>(scan_, kept_);
    copy->runtime_ = runtime_;
    return copy;
  }

  duckdb::unique_ptr<duckdb::MultiFileList> ComplexFilterPushdown(
      duckdb::ClientContext& context, const duckdb::MultiFileOptions&, duckdb::MultiFilePushdownInfo& info,
      duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& filters) const override {
    if (filters.empty()) return nullptr;
    duckdb::FilterCombiner combiner(context);
    for (const auto& filter : filters) combiner.AddFilter(filter->Copy());
    duckdb::vector<duckdb::FilterPushdownResult> results;
    auto table_filters = combiner.GenerateTableScanFilters(info.column_indexes, results);
    std::vector<delta::Predicate> predicates;
    for (const auto& [column, filter] : table_filters.filters) {
      if (!IsUnknown(*scan_, column)) predicates.push_back(ColumnPredicate(*scan_, column, *filter));
    }
    auto kept = scan_->Select(delta::And(std::move(predicates)), kept_);
    info.extra_info.total_files = kept_.size();
    info.extra_info.filtered_files = kept.size();
    if (kept.size() == kept_.size()) return nullptr;
    return duckdb::make_uniq<ScanFileList>(scan_, std::move(kept));
  }

  duckdb::unique_ptr<duckdb::MultiFileList> DynamicFilterPushdown(
      duckdb::ClientContext&, const duckdb::MultiFileOptions&, const duckdb::vector<duckdb::string>&,
      const duckdb::vector<duckdb::LogicalType>&, const duckdb::vector<duckdb::column_t>& column_ids,
      duckdb::TableFilterSet& filters) const override {
    std::vector<delta::Predicate> predicates;
    auto runtime = std::make_shared<RuntimeFilters>();
    for (const auto& [position, filter] : filters.filters) {
      duckdb::column_t column = column_ids[position];
      if (IsUnknown(*scan_, column)) continue;
      predicates.push_back(ColumnPredicate(*scan_, column, *filter));
      runtime->filters.emplace_back(column, filter->Copy());
    }
    auto list = duckdb::make_uniq<ScanFileList>(scan_, scan_->Select(delta::And(std::move(predicates)), kept_));
    list->runtime_ = std::move(runtime);
    return list;
  }

 private:
  std::shared_ptr<const TableScan> scan_;
  std::vector<size_t> kept_;
  std::shared_ptr<const RuntimeFilters> runtime_;
};

// Stands for a file that a filter's value of the moment excludes, so that it is never opened.
struct SkippedFile : duckdb::BaseFileReader {
  using duckdb::BaseFileReader::BaseFileReader;
  bool TryInitializeScan(duckdb::ClientContext&, duckdb::GlobalTableFunctionState&,
                         duckdb::LocalTableFunctionState&) override {
    return false;
  }
  duckdb::AsyncResult Scan(duckdb::ClientContext&, duckdb::GlobalTableFunctionState&,
                           duckdb::LocalTableFunctionState&, duckdb::DataChunk&) override {
    return duckdb::SourceResultType::FINISHED;
  }
  duckdb::string GetReaderType() const override { return kSkipReader; }
};

// Shows the rows of a RowFilter. Called from many threads at once.
class ShownRows : public duckdb::DeleteFilter {
 public:
  explicit ShownRows(RowFilter filter) : filter_(std::move(filter)) {}
  duckdb::idx_t Filter(duckdb::row_t start, duckdb::idx_t count, duckdb::SelectionVector& selection) override {
    auto begin = static_cast<uint64_t>(start);
    std::vector<uint32_t> shown;
    shown.reserve(count);
    size_t applied = 0;
    if (filter_.only) {
      filter_.only->ForEachInRange(begin, begin + count,
                                   [&](uint64_t row) { shown.push_back(static_cast<uint32_t>(row - begin)); });
    } else {
      filter_.without[applied++]->AppendLive(begin, begin + count, &shown);
    }
    for (; applied < filter_.without.size(); ++applied) {
      std::erase_if(shown, [&](uint32_t row) { return filter_.without[applied]->Contains(begin + row); });
    }
    selection.Initialize(STANDARD_VECTOR_SIZE);
    for (size_t i = 0; i < shown.size(); ++i) selection.set_index(i, shown[i]);
    return shown.size();
  }

 private:
  RowFilter filter_;
};

struct ScanGlobalState : duckdb::MultiFileReaderGlobalState {
  using duckdb::MultiFileReaderGlobalState::MultiFileReaderGlobalState;
};

const FileInfo& InfoOf(const duckdb::OpenFileInfo& file) {
  CHECK(file.extended_info != nullptr);
  return static_cast<const FileInfo&>(*file.extended_info);
}

// DuckDB's reader makes vectors of the types that its own schema of the file has: a time that is an instant (INT96) in
// the columns' definitions must be one there.
void TakeInstants(const duckdb::LogicalType& defined, duckdb::ParquetColumnSchema& node) {
  using duckdb::LogicalType;
  using duckdb::LogicalTypeId;
  LogicalTypeId id = node.type.id();
  if (id == LogicalTypeId::TIMESTAMP && defined.id() == LogicalTypeId::TIMESTAMP_TZ) node.type = defined;
  if (id != defined.id()) return;
  if ((id == LogicalTypeId::LIST || id == LogicalTypeId::MAP) && node.children.size() == 1) {
    TakeInstants(duckdb::ListType::GetChildType(defined), node.children[0]);
    const LogicalType& child = node.children[0].type;
    node.type = id == LogicalTypeId::LIST ? LogicalType::LIST(child) : LogicalType::MAP(child);
  } else if (id == LogicalTypeId::STRUCT) {
    const auto& parts = duckdb::StructType::GetChildTypes(defined);
    duckdb::child_list_t<LogicalType> fields = duckdb::StructType::GetChildTypes(node.type);
    if (parts.size() != node.children.size() || fields.size() != parts.size()) return;
    for (size_t i = 0; i < parts.size(); ++i) {
      TakeInstants(parts[i].second, node.children[i]);
      fields[i].second = node.children[i].type;
    }
    node.type = LogicalType::STRUCT(std::move(fields));
  }
}

// Spark marks the groups of VARIANTs, and DuckDB would make VARIANTs of its own of them: they are read as groups. Tells
// whether there was one.
bool TakeVariantGroups(duckdb::ParquetColumnSchema& node, duckdb::MultiFileColumnDefinition& column) {
  using duckdb::LogicalType;
  using duckdb::LogicalTypeId;
  if (node.children.size() != column.children.size()) return false;
  bool inside = false;
  for (size_t i = 0; i < node.children.size(); ++i) {
    if (TakeVariantGroups(node.children[i], column.children[i])) inside = true;
  }
  bool marked = node.schema_type == duckdb::ParquetColumnSchemaType::VARIANT;
  if (!inside && !marked) return false;
  LogicalTypeId id = node.type.id();
  if (marked || id == LogicalTypeId::STRUCT) {
    duckdb::child_list_t<LogicalType> fields;
    for (const auto& child : node.children) fields.emplace_back(child.name, child.type);
    node.schema_type = duckdb::ParquetColumnSchemaType::COLUMN;
    node.type = LogicalType::STRUCT(std::move(fields));
  } else if ((id == LogicalTypeId::LIST || id == LogicalTypeId::MAP) && node.children.size() == 1) {
    const LogicalType& child = node.children[0].type;
    node.type = id == LogicalTypeId::LIST ? LogicalType::LIST(child) : LogicalType::MAP(child);
  }
  column.type = node.type;
  return true;
}

// Puts `inner` in the place of the column that `outer` is computed from.
void Compose(duckdb::unique_ptr<duckdb::Expression>& outer, const duckdb::Expression& inner) {
  if (outer->GetExpressionClass() == duckdb::ExpressionClass::BOUND_REF) {
    outer = inner.Copy();
    return;
  }
  duckdb::ExpressionIterator::EnumerateChildren(
      *outer, [&](duckdb::unique_ptr<duckdb::Expression>& child) { Compose(child, inner); });
}

// Has the reader put together the VARIANTs that the columns it reads hold in parts.
void AssembleColumns(const TableScan& scan, const duckdb::vector<duckdb::ParquetColumnSchema>& nodes, duckdb::BaseFileReader& reader) {
  std::vector<Field> fields = ScanColumns(scan.snapshot());
  for (duckdb::ColumnIndex& index : reader.column_indexes) {
    duckdb::column_t at = index.GetPrimaryIndex();
    if (at >= nodes.size() || at >= reader.columns.size()) continue;
    const duckdb::MultiFileColumnDefinition& column = reader.columns[at];
    auto number = column.name.starts_with('k') ? ParseInt64(column.name.substr(1)) : std::nullopt;
    if (!number || *number < 0 || static_cast<size_t>(*number) >= fields.size()) continue;
    auto assembly = AssembleVariants(nodes[at].type, column.type, fields[static_cast<size_t>(*number)].type);
    if (!assembly) continue;
    // All of the parts are needed.
    index = duckdb::ColumnIndex(at);
    auto& expression = reader.expression_map[at];
    if (expression) Compose(expression, *assembly);
    else expression = std::move(assembly);
  }
}

class ScanReader : public duckdb::MultiFileReader {
 public:
  static duckdb::unique_ptr<duckdb::MultiFileReader> Create(const duckdb::TableFunction& function) {
    auto reader = duckdb::make_uniq<ScanReader>();
    reader->info_ = duckdb::shared_ptr_cast<duckdb::TableFunctionInfo, ScanInfo>(function.function_info);
    reader->function_name = kFunctionName;
    return reader;
  }
  duckdb::unique_ptr<duckdb::MultiFileReader> Copy() const override {
    auto reader = duckdb::make_uniq<ScanReader>();
    reader->info_ = info_;
    reader->function_name = function_name;
    return reader;
  }

  duckdb::vector<duckdb::string> ParsePaths(const duckdb::Value& value) override { return {value.ToString()}; }

  duckdb::shared_ptr<duckdb::MultiFileList> CreateFileList(duckdb::ClientContext&,
                                                           const duckdb::vector<duckdb::string>& paths,
                                                           const duckdb::FileGlobInput&) override {
    auto target = info_->scans.Find(ParseInt64(paths.at(0)).value_or(0));
    auto scan = std::dynamic_pointer_cast<const TableScan>(target);
    if (!scan) throw duckdb::InvalidInputException("ashlar_scan: nothing is bound to %s", paths[0]);
    std::vector<size_t> all(scan->file_count());
    for (size_t i = 0; i < all.size(); ++i) all[i] = i;
    return duckdb::make_shared_ptr<ScanFileList>(std::move(scan), std::move(all));
  }

  bool Bind(duckdb::MultiFileOptions& options, duckdb::MultiFileList& files,
            duckdb::vector<duckdb::LogicalType>& types, duckdb::vector<duckdb::string>& names,
            duckdb::MultiFileReaderBindData& bind_data) override {
    const TableScan& scan = *static_cast<ScanFileList&>(files).scan();
    options.auto_detect_hive_partitioning = false;
    options.hive_partitioning = false;
    options.union_by_name = false;
    std::vector<Field> fields = ScanColumns(scan.snapshot());
    for (size_t i = 0; i < fields.size(); ++i) {
      auto column = GlobalColumn("k" + std::to_string(i), fields[i].type);
      types.push_back(column.type);
      names.push_back(column.name);
      bind_data.schema.push_back(std::move(column));
    }
    bind_data.mapping = duckdb::MultiFileColumnMappingMode::BY_NAME;
    return true;
  }

  duckdb::unique_ptr<duckdb::MultiFileReaderGlobalState> InitializeGlobalState(
      duckdb::ClientContext&, const duckdb::MultiFileOptions&, const duckdb::MultiFileReaderBindData&,
      const duckdb::MultiFileList& files, const duckdb::vector<duckdb::MultiFileColumnDefinition>&,
      const duckdb::vector<duckdb::ColumnIndex>&) override {
    return duckdb::make_uniq<ScanGlobalState>(duckdb::vector<duckdb::LogicalType>(), &files);
  }

  duckdb::shared_ptr<duckdb::BaseFileReader> CreateReader(duckdb::ClientContext& context,
                                                          duckdb::GlobalTableFunctionState& state,
                                                          const duckdb::OpenFileInfo& file, duckdb::idx_t index,
                                                          const duckdb::MultiFileBindData& bind_data) override {
    const FileInfo& info = InfoOf(file);
    if (info.runtime && !info.runtime->filters.empty()) {
      std::vector<delta::Predicate> predicates;
      for (const auto& [column, filter] : info.runtime->filters) {
        predicates.push_back(ColumnPredicate(*info.scan, column, *filter));
      }
      delta::FileFilter filter(info.scan->snapshot(), delta::And(std::move(predicates)));
      if (filter.Match(info.file.add) == delta::FileMatch::kNone) {
        return duckdb::make_shared_ptr<SkippedFile>(file);
      }
    }
    if (!info.scan->MayOpen(file.path)) {
      ThrowSparkError(MakeError(ErrorCode::kPermissionDenied,
                                "The file " + info.file.add.path + " leads out of its table."));
    }
    return MultiFileReader::CreateReader(context, state, file, index, bind_data);
  }

  duckdb::ReaderInitializeType InitializeReader(
      duckdb::MultiFileReaderData& data, const duckdb::MultiFileBindData& bind_data,
      const duckdb::vector<duckdb::MultiFileColumnDefinition>& columns,
      const duckdb::vector<duckdb::ColumnIndex>& column_ids, duckdb::optional_ptr<duckdb::TableFilterSet> filters,
      duckdb::ClientContext& context, duckdb::MultiFileGlobalState& state) override {
    if (data.reader->GetReaderType() == kSkipReader) return duckdb::ReaderInitializeType::SKIP_READING_FILE;
    const FileInfo& info = InfoOf(data.reader->file);
    // The position in the pruned list says nothing to anybody else.
    data.reader->file_list_idx = info.index;
    auto& nodes = static_cast<duckdb::ParquetReader&>(*data.reader).root_schema->children;
    size_t count = std::min(nodes.size(), data.reader->columns.size());
    for (size_t i = 0; i < count; ++i) TakeVariantGroups(nodes[i], data.reader->columns[i]);
    NameFileColumns(*info.scan, columns, data.reader->columns);
    for (size_t i = 0; i < count; ++i) TakeInstants(data.reader->columns[i].type, nodes[i]);
    auto initialized = MultiFileReader::InitializeReader(data, bind_data, columns, column_ids, filters, context, state);
    AssembleColumns(*info.scan, nodes, *data.reader);
    return initialized;
  }

  void FinalizeBind(duckdb::MultiFileReaderData& data, const duckdb::MultiFileOptions& options,
                    const duckdb::MultiFileReaderBindData& bind_data,
                    const duckdb::vector<duckdb::MultiFileColumnDefinition>& columns,
                    const duckdb::vector<duckdb::ColumnIndex>& column_ids, duckdb::ClientContext& context,
                    duckdb::optional_ptr<duckdb::MultiFileReaderGlobalState> state) override {
    const FileInfo& info = InfoOf(data.reader->file);
    const TableScan::File& file = info.file;
    duckdb::vector<duckdb::ColumnIndex> others;
    for (size_t i = 0; i < column_ids.size(); ++i) {
      duckdb::column_t column = column_ids[i].GetPrimaryIndex();
      duckdb::MultiFileGlobalIndex position(i);
      if (column == COLUMN_IDENTIFIER_FILENAME) {
        data.constant_map.Add(position, duckdb::Value(file.add.path));
      } else if (!IsUnknown(*info.scan, column) && info.scan->PartitionIndex(column) >= 0) {
        data.constant_map.Add(position, DuckValueOf(file.partition[info.scan->PartitionIndex(column)]));
      } else if (auto detail = FileDetail(*info.scan, file, column); detail && !duckdb::IsVirtualColumn(column)) {
        data.constant_map.Add(position, DuckValueOf(*detail));
      } else if (column == COLUMN_IDENTIFIER_FILE_INDEX) {
        data.constant_map.Add(position, duckdb::Value::UBIGINT(info.scan->SnapshotIndex(info.index)));
      }
    }
    (void)options, (void)bind_data, (void)columns, (void)context, (void)state;
    if (file.whole()) return;
    auto rows = info.scan->Rows(file);
    if (!rows.ok()) ThrowSparkError(rows.error());
    data.reader->deletion_filter = duckdb::make_uniq<ShownRows>(*std::move(rows));
  }

 private:
  static constexpr duckdb::column_t COLUMN_IDENTIFIER_FILENAME = MultiFileReader::COLUMN_IDENTIFIER_FILENAME;
  duckdb::shared_ptr<ScanInfo> info_;
};

// What the table's log says of a column: for join orders, and for sums and groups that need no checks.
duckdb::unique_ptr<duckdb::BaseStatistics> ScanStatistics(duckdb::ClientContext&, const duckdb::FunctionData* data,
                                                          duckdb::column_t column) {
  const auto& files = static_cast<const ScanFileList&>(*data->Cast<duckdb::MultiFileBindData>().file_list);
  if (IsUnknown(*files.scan(), column)) return nullptr;
  const DataType& type = files.scan()->schema().fields[column].type;
  delta::ColumnBounds bounds = files.scan()->Bounds(column);
  auto stats = duckdb::BaseStatistics::CreateUnknown(DuckTypeOf(type));
  if (bounds.min && bounds.max) {
    duckdb::NumericStats::SetMin(stats, DuckValueOf(*bounds.min));
    duckdb::NumericStats::SetMax(stats, DuckValueOf(*bounds.max));
  }
  if (bounds.null_count && *bounds.null_count == 0) stats.Set(duckdb::StatsInfo::CANNOT_HAVE_NULL_VALUES);
  return stats.ToUnique();
}

}  // namespace

void RegisterTableScan(duckdb::DatabaseInstance& database, ScanRegistry& scans) {
  duckdb::ExtensionLoader loader(database, "ashlar");
  duckdb::TableFunction function = loader.GetTableFunction("parquet_scan").functions.GetFunctionByOffset(0);
  function.name = kFunctionName;
  function.arguments = {duckdb::LogicalType::BIGINT};
  function.function_info = duckdb::make_shared_ptr<ScanInfo>(scans);
  function.get_multi_file_reader = ScanReader::Create;
  // Those of parquet_scan look at the first file only.
  function.statistics = ScanStatistics;
  function.statistics_extended = nullptr;
  function.serialize = nullptr;
  function.deserialize = nullptr;
  function.get_partition_stats = nullptr;
  function.named_parameters.clear();
  loader.RegisterFunction(duckdb::TableFunctionSet(function));
}

}  // namespace ashlar::engine
