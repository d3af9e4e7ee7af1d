// Actions pass as JSON text: DuckDB makes it of a checkpoint's rows, and rows of it. Only what nearly every
// row of a large checkpoint is, an add without anything rare, is taken from its columns directly.
#include "engine/parquet_actions.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "duckdb.hpp"
#include "engine/checkpoint_files.h"
#include "engine/duck_connection.h"
#include "engine/duck_types.h"
#include "objectstore/store_url.h"
#include "objectstore/uploads.h"

namespace ashlar::engine {
namespace {

struct CheckpointColumn {
  const char* name;
  const char* type;
};
constexpr char kVector[] =
    "STRUCT(storageType VARCHAR, pathOrInlineDv VARCHAR, \"offset\" INTEGER, sizeInBytes INTEGER, "
    "cardinality BIGINT)";
// As delta/parquet_actions.h lays down.
const std::array kColumns = {
    CheckpointColumn{"txn", "STRUCT(appId VARCHAR, version BIGINT, lastUpdated BIGINT)"},
    CheckpointColumn{"add",
                     "STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, "
                     "modificationTime BIGINT, dataChange BOOLEAN, tags MAP(VARCHAR, VARCHAR), deletionVector "
                     "{vector}, baseRowId BIGINT, defaultRowCommitVersion BIGINT, clusteringProvider VARCHAR"
                     "{parsed})"},
    CheckpointColumn{"remove",
                     "STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN, extendedFileMetadata "
                     "BOOLEAN, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, deletionVector {vector}, "
                     "baseRowId BIGINT, defaultRowCommitVersion BIGINT)"},
    CheckpointColumn{"metaData",
                     "STRUCT(id VARCHAR, name VARCHAR, description VARCHAR, format STRUCT(provider VARCHAR, "
                     "options MAP(VARCHAR, VARCHAR)), schemaString VARCHAR, partitionColumns VARCHAR[], "
                     "configuration MAP(VARCHAR, VARCHAR), createdTime BIGINT)"},
    CheckpointColumn{"protocol",
                     "STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER, readerFeatures VARCHAR[], "
                     "writerFeatures VARCHAR[])"},
    CheckpointColumn{"domainMetadata", "STRUCT(domain VARCHAR, configuration VARCHAR, removed BOOLEAN)"},
    CheckpointColumn{"checkpointMetadata", "STRUCT(version BIGINT, tags MAP(VARCHAR, VARCHAR))"},
    CheckpointColumn{"sidecar",
                     "STRUCT(path VARCHAR, sizeInBytes BIGINT, modificationTime BIGINT, tags MAP(VARCHAR, VARCHAR))"},
};
// DuckDB keeps two buffers of the longest line in each thread.
constexpr size_t kObjectSlack = size_t{1} << 20;
// The fields of `add` that are read from their columns.
constexpr std::array<std::string_view, 6> kPlainAdd = {"path", "size", "modificationTime", "stats",
                                                       "partitionValues", "dataChange"};

std::string TypeOf(const CheckpointColumn& column, const delta::CheckpointLayout& layout) {
  std::string type = column.type;
  std::string parsed = layout.stats_as_json ? ", stats VARCHAR" : "";
  if (layout.partition_values_parsed) {
    parsed += ", \"partitionValues_parsed\" " + DuckFileTypeSql(*layout.partition_values_parsed);
  }
  if (layout.stats_parsed) parsed += ", \"stats_parsed\" " + DuckFileTypeSql(*layout.stats_parsed);
  auto fill = [&](std::string_view place, const std::string& text) {
    if (size_t at = type.find(place); at != std::string::npos) type.replace(at, place.size(), text);
  };
  fill("{vector}", kVector);
  fill("{parsed}", parsed);
  return type;
}

// add without the parsed forms of what it also has as text.
std::string ActionSql(const std::string& column, const duckdb::LogicalType& type) {
  std::string name = QuoteSqlName(column);
  if (column != "add" || type.id() != duckdb::LogicalTypeId::STRUCT) return name;
  const auto& fields = duckdb::StructType::GetChildTypes(type);
  auto has = [&](const char* field) {
    return std::ranges::any_of(fields, [&](const auto& f) { return f.first == field; });
  };
  std::string parts;
  for (const auto& [field, child] : fields) {
    if (field == "partitionValues_parsed" && has("partitionValues")) continue;
    if (field == "stats_parsed" && has("stats")) continue;
    parts += (parts.empty() ? "" : ", ") + QuoteSqlName(field) + " := " + name + "." + QuoteSqlName(field);
  }
  return "CASE WHEN " + name + " IS NULL THEN NULL ELSE struct_pack(" + parts + ") END";
}

Error DataLoss(const std::string& path, const Error& cause) {
  return MakeError(ErrorCode::kDataLoss, "Not a readable checkpoint: " + path + ": " + cause.message);
}

// The rows of one checkpoint as JSON lines in a file of their own.
class JsonLines {
 public:
  explicit JsonLines(std::string path) : path_(std::move(path)) {}
  ~JsonLines() {
    if (file_ != nullptr) fclose(file_);
    unlink(path_.c_str());
  }
  JsonLines(const JsonLines&) = delete;
  JsonLines& operator=(const JsonLines&) = delete;

  Status Open() {
    file_ = fopen(path_.c_str(), "wbe");
    if (file_ == nullptr) return ErrnoError("create", path_);
    return {};
  }
  Status Add(const delta::Action& action, const delta::CheckpointLayout& layout) {
    has_metadata_ = has_metadata_ || std::holds_alternative<delta::CheckpointMetadata>(action);
    has_sidecar_ = has_sidecar_ || std::holds_alternative<delta::Sidecar>(action);
    std::string line = delta::CheckpointRowJson(action, layout) + "\n";
    longest_ = std::max(longest_, line.size());
    if (fwrite(line.data(), 1, line.size(), file_) != line.size()) return ErrnoError("write", path_);
    return {};
  }
  Status Close() {
    int closed = fclose(std::exchange(file_, nullptr));
    if (closed != 0) return ErrnoError("write", path_);
    return {};
  }
  size_t longest() const { return longest_; }
  // Whether the file needs the column.
  bool Needs(std::string_view column, const delta::CheckpointLayout& layout) const {
    if (column == "checkpointMetadata") return has_metadata_;
    if (column == "sidecar") return has_sidecar_;
    return !layout.only_files || column == "add" || column == "remove";
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  FILE* file_ = nullptr;
  bool has_metadata_ = false;
  bool has_sidecar_ = false;
  size_t longest_ = 0;
};

// SQL over a checkpoint's rows: the plain columns of adds that have nothing else, JSON for the others.
class RowQuery {
 public:
  void AddColumn(const std::string& name, const duckdb::LogicalType& type) {
    parts_ += (parts_.empty() ? "" : ", ") + QuoteSqlName(name) + " := " + ActionSql(name, type);
    if (name != "add" || type.id() != duckdb::LogicalTypeId::STRUCT) return;
    for (const auto& [field, child] : duckdb::StructType::GetChildTypes(type)) TakeAddField(field, child);
  }
  // In place of the column add, for rows whose add names no file: an add that is there all the same is
  // delivered as what it is, one without a path.
  void AddFilelessAdd(bool has_size) {
    if (!has_size) return;
    parts_ += std::string(parts_.empty() ? "" : ", ") + R"("add" := CASE WHEN "add".size IS NOT NULL THEN struct_pack(size := "add".size) END)";
  }
  bool empty() const { return parts_.empty(); }
  std::string Sql(const std::string& from) const {
    std::string json = "CAST(to_json(struct_pack(" + parts_ + ")) AS VARCHAR)";
    if (plain_.size() != kPlainAdd.size()) return "SELECT " + json + from;
    return "SELECT CASE WHEN " + simple_ + " THEN NULL ELSE " + json + " END, " + plain_.at("path") + ", " +
           plain_.at("size") + ", " + plain_.at("modificationTime") + ", " + plain_.at("stats") + ", " +
           plain_.at("partitionValues") + from;
  }

 private:
  void TakeAddField(const std::string& field, const duckdb::LogicalType& type) {
    std::string sql = "\"add\"." + QuoteSqlName(field);
    bool parsed = field == "stats_parsed" || field == "partitionValues_parsed";
    if (std::ranges::find(kPlainAdd, field) != kPlainAdd.end()) {
      bool text_map = type.id() == duckdb::LogicalTypeId::MAP &&
                      duckdb::MapType::KeyType(type).id() == duckdb::LogicalTypeId::VARCHAR &&
                      duckdb::MapType::ValueType(type).id() == duckdb::LogicalTypeId::VARCHAR;
      bool expected = field == "partitionValues" ? text_map : !type.IsNested();
      if (!expected) return;
      const char* cast = field == "size" || field == "modificationTime" ? "BIGINT" : "VARCHAR";
      plain_[field] = field == "partitionValues" ? sql : "CAST(" + sql + " AS " + cast + ")";
      if (field != "stats" && field != "dataChange") simple_ += " AND " + sql + " IS NOT NULL";
    } else if (!parsed) {
      simple_ += " AND " + sql + " IS NULL";
    }
  }

  std::string parts_;
  std::string simple_ = "\"add\" IS NOT NULL";
  std::map<std::string, std::string, std::less<>> plain_;
};

template <typename T>
const T* ValueAt(const duckdb::UnifiedVectorFormat& format, duckdb::idx_t row) {
  duckdb::idx_t at = format.sel->get_index(row);
  return format.validity.RowIsValid(at) ? duckdb::UnifiedVectorFormat::GetData<T>(format) + at : nullptr;
}

std::string TextOf(const duckdb::string_t& text) { return {text.GetData(), text.GetSize()}; }

// One chunk of RowQuery's result.
class RowChunk {
 public:
  explicit RowChunk(duckdb::DataChunk& chunk) : columns_(chunk.ColumnCount()) {
    for (size_t i = 0; i < columns_.size(); ++i) chunk.data[i].ToUnifiedFormat(chunk.size(), columns_[i]);
    if (columns_.size() < 6) return;
    duckdb::Vector& map = chunk.data[5];
    duckdb::idx_t entries = duckdb::ListVector::GetListSize(map);
    duckdb::MapVector::GetKeys(map).ToUnifiedFormat(entries, keys_);
    duckdb::MapVector::GetValues(map).ToUnifiedFormat(entries, values_);
  }

  Status Deliver(duckdb::idx_t row, const delta::ActionSink& sink) {
    if (const auto* json = ValueAt<duckdb::string_t>(columns_[0], row)) {
      auto action = delta::ActionFromCheckpointJson({json->GetData(), json->GetSize()});
      if (!action.ok()) return action.error();
      return *action ? sink(**std::move(action)) : Status();
    }
    delta::AddFile add;
    add.path = TextOf(*ValueAt<duckdb::string_t>(columns_[1], row));
    add.size = *ValueAt<int64_t>(columns_[2], row);
    add.modification_time_ms = *ValueAt<int64_t>(columns_[3], row);
    add.data_change = false;
    if (const auto* stats = ValueAt<duckdb::string_t>(columns_[4], row)) add.stats = TextOf(*stats);
    const auto* entries = ValueAt<duckdb::list_entry_t>(columns_[5], row);
    for (duckdb::idx_t i = entries->offset; i < entries->offset + entries->length; ++i) {
      const auto* value = ValueAt<duckdb::string_t>(values_, i);
      add.partition_values[TextOf(*ValueAt<duckdb::string_t>(keys_, i))] =
          value == nullptr ? std::nullopt : std::optional(TextOf(*value));
    }
    return sink(std::move(add));
  }

 private:
  std::vector<duckdb::UnifiedVectorFormat> columns_;
  duckdb::UnifiedVectorFormat keys_, values_;
};

// The columns of a checkpoint.
using CheckpointSchema = std::vector<std::pair<std::string, duckdb::LogicalType>>;

std::string FromSql(const std::string& path) {
  return " FROM read_parquet(" + QuoteSqlString(path) + ", hive_partitioning = false, file_row_number = true)";
}

bool HasField(const duckdb::LogicalType& type, const std::string& name) {
  if (type.id() != duckdb::LogicalTypeId::STRUCT) return false;
  return std::ranges::any_of(duckdb::StructType::GetChildTypes(type), [&](const auto& field) { return field.first == name; });
}

Result<CheckpointSchema> SchemaOf(Engine& engine, const std::string& path) {
  CheckpointSchema columns;
  auto connection = QuietConnection(engine);
  Status described = connection->Run("SELECT * EXCLUDE (file_row_number)" + FromSql(path) + " LIMIT 0", [&](duckdb::QueryResult& result) {
    for (size_t i = 0; i < result.names.size(); ++i) columns.emplace_back(result.names[i], result.types[i]);
  });
  if (!described.ok()) return DataLoss(path, described.error());
  return columns;
}

}  // namespace

Status EngineParquetActions::CheckExists(const std::string& path) const {
  if (objectstore::IsStorePath(path)) {
    CHECK(store_ != nullptr) << path;
    RETURN_IF_ERROR(store_->Head(path));
    return {};
  }
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return MakeError(ErrorCode::kNotFound, "No such file: " + path);
  return {};
}

Status EngineParquetActions::ReadRows(const std::string& sql, const std::string& path, const delta::ActionSink& sink) {
  Status delivered;
  auto connection = QuietConnection(engine_);
  Status read = connection->Run(sql, [&](duckdb::QueryResult& result) {
    while (auto chunk = result.Fetch()) {
      if (chunk->size() == 0) return;
      RowChunk part(*chunk);
      for (duckdb::idx_t row = 0; row < chunk->size(); ++row) {
        delivered = part.Deliver(row, sink);
        if (!delivered.ok()) return;
      }
    }
  });
  if (!read.ok()) return DataLoss(path, read.error());
  return delivered;
}

Status EngineParquetActions::Read(const std::string& path, const delta::ActionSink& sink) {
  RETURN_IF_ERROR(CheckExists(path));
  ASSIGN_OR_RETURN(CheckpointSchema columns, SchemaOf(engine_, path));
  RowQuery rows;
  for (const auto& [name, type] : columns) rows.AddColumn(name, type);
  return ReadRows(rows.Sql(FromSql(path)), path, sink);
}

Status EngineParquetActions::ReadFiles(const std::string& path, delta::FileListBuilder& files,
                                       const delta::ActionSink& others) {
  RETURN_IF_ERROR(CheckExists(path));
  ASSIGN_OR_RETURN(CheckpointSchema columns, SchemaOf(engine_, path));
  auto add = std::ranges::find_if(columns, [](const auto& column) { return column.first == "add"; });
  bool has_stats = add != columns.end() && HasField(add->second, "stats");
  std::optional<RowRange> others_lie;
  for (CheckpointStats form : {CheckpointStats::kTyped, CheckpointStats::kText}) {
    std::optional<TakenColumns> taken;
    if (add != columns.end()) taken = ColumnsToTake(add->second, form);
    if (!taken) return ParquetActions::ReadFiles(path, files, others);
    bool typed = taken->typed;
    std::string arguments;
    for (const std::string& sql : taken->sql) arguments += ", " + sql;
    auto connection = QuietConnection(engine_);
    DuckConnection& duck = *connection;
    StatementBindings bindings(duck.state().scans, duck.time_zone());
    auto sink = std::make_shared<TakenFiles>(*std::move(taken));
    int64_t without = 0;
    Status read = duck.Run("SELECT sum(ashlar_take_files(" + std::to_string(bindings.Bind(sink)) + arguments + "))::BIGINT" +
                               FromSql(path),
                           [&](duckdb::QueryResult& result) {
                             auto chunk = result.Fetch();
                             if (chunk && chunk->size() > 0 && !chunk->GetValue(0, 0).IsNull()) {
                               without = chunk->GetValue(0, 0).GetValue<int64_t>();
                             }
                           });
    if (!read.ok()) return DataLoss(path, read.error());
    // Files without typed statistics may have them as text.
    if (typed && without > 0 && has_stats) continue;
    others_lie = sink->WithoutPath();
    sink->MoveInto(files);
    break;
  }
  RowQuery rows;
  for (const auto& [name, type] : columns) {
    if (name != "add") rows.AddColumn(name, type);
  }
  rows.AddFilelessAdd(HasField(add->second, "size"));
  if (rows.empty() || !others_lie) return {};
  // Between their numbers: the paths of all files are most of a checkpoint, and need not be read again.
  std::string where = " WHERE file_row_number BETWEEN " + std::to_string(others_lie->first) + " AND " +
                      std::to_string(others_lie->last) + " AND \"add\".path IS NULL";
  return ReadRows(rows.Sql(FromSql(path) + where), path, others);
}

std::string EngineParquetActions::TemporaryPath(const std::string& path) const {
  size_t slash = path.rfind('/');
  std::string name = "/." + path.substr(slash + 1) + "." + NewUuid(SystemRandom()) + ".tmp";
  return (objectstore::IsStorePath(path) ? engine_.state().options.temp_directory : path.substr(0, slash)) + name;
}

Status EngineParquetActions::Publish(const std::string& temporary, const std::string& path) const {
  if (objectstore::IsStorePath(path)) {
    CHECK(store_ != nullptr) << path;
    RETURN_IF_ERROR(objectstore::UploadFile(*store_, temporary, path));
    unlink(temporary.c_str());
    return {};
  }
  RETURN_IF_ERROR(SyncFile(temporary));
  if (rename(temporary.c_str(), path.c_str()) != 0) return ErrnoError("rename", path);
  return SyncDirectory(path.substr(0, path.rfind('/')));
}

Status EngineParquetActions::Write(const std::string& path, const delta::CheckpointLayout& layout,
                                   const delta::ActionSource& source) {
  std::string temporary = TemporaryPath(path);
  RETURN_IF_ERROR(MakeDirectories(temporary.substr(0, temporary.rfind('/'))));
  JsonLines lines(temporary + ".json");
  RETURN_IF_ERROR(lines.Open());
  RETURN_IF_ERROR(source([&](const delta::Action& action) { return lines.Add(action, layout); }));
  RETURN_IF_ERROR(lines.Close());
  std::string columns;
  for (const CheckpointColumn& column : kColumns) {
    if (!lines.Needs(column.name, layout)) continue;
    columns += (columns.empty() ? "" : ", ") + QuoteSqlString(column.name) + ": " +
               QuoteSqlString(TypeOf(column, layout));
  }
  auto connection = QuietConnection(engine_);
  Status written = connection->Run("COPY (SELECT * FROM read_json(" + QuoteSqlString(lines.path()) +
                                ", format = 'newline_delimited', maximum_object_size = " +
                                std::to_string(lines.longest() + kObjectSlack) + ", columns = {" + columns + "})) TO " + QuoteSqlString(temporary) +
                                " (FORMAT parquet, COMPRESSION zstd, PER_THREAD_OUTPUT false)",
                            [](duckdb::QueryResult&) {});
  if (written.ok()) written = Publish(temporary, path);
  if (!written.ok()) unlink(temporary.c_str());
  return written;
}

}  // namespace ashlar::engine
