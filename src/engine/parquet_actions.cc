// Actions pass as JSON text: DuckDB makes it of a checkpoint's rows, and rows of it.
#include "engine/parquet_actions.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "duckdb.hpp"
#include "engine/duck_connection.h"
#include "engine/duck_types.h"

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
                     "{vector}, baseRowId BIGINT, defaultRowCommitVersion BIGINT, clusteringProvider VARCHAR, "
                     "stats VARCHAR)"},
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
};
// DuckDB keeps two buffers of the longest line in each thread.
constexpr size_t kObjectSlack = size_t{1} << 20;
constexpr const char* kRarest = "checkpointMetadata";

std::string TypeOf(const CheckpointColumn& column) {
  std::string type = column.type;
  if (size_t at = type.find("{vector}"); at != std::string::npos) type.replace(at, 8, kVector);
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
  Status Add(const delta::Action& action) {
    has_rarest_ = has_rarest_ || std::holds_alternative<delta::CheckpointMetadata>(action);
    std::string line = delta::ActionToJson(action) + "\n";
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
  bool has_checkpoint_metadata() const { return has_rarest_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  FILE* file_ = nullptr;
  bool has_rarest_ = false;
  size_t longest_ = 0;
};

}  // namespace

Status EngineParquetActions::Read(const std::string& path, const delta::ActionSink& sink) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return MakeError(ErrorCode::kNotFound, "No such file: " + path);
  auto connection = engine_.NewConnection();
  DuckConnection& duck = AsDuck(*connection);
  std::string from = " FROM read_parquet(" + QuoteSqlString(path) + ", hive_partitioning = false)";
  std::string parts;
  Status described = duck.Run("SELECT *" + from + " LIMIT 0", [&](duckdb::QueryResult& result) {
    for (size_t i = 0; i < result.names.size(); ++i) {
      parts += (parts.empty() ? "" : ", ") + QuoteSqlName(result.names[i]) + " := " +
               ActionSql(result.names[i], result.types[i]);
    }
  });
  if (!described.ok()) return DataLoss(path, described.error());
  Status delivered;
  Status read = duck.Run("SELECT CAST(to_json(struct_pack(" + parts + ")) AS VARCHAR)" + from,
                         [&](duckdb::QueryResult& result) {
    while (auto chunk = result.Fetch()) {
      if (chunk->size() == 0) return;
      for (duckdb::idx_t row = 0; row < chunk->size(); ++row) {
        auto action = delta::ActionFromCheckpointJson(duckdb::StringValue::Get(chunk->GetValue(0, row)));
        delivered = !action.ok() ? Status(action.error()) : *action ? sink(**std::move(action)) : Status();
        if (!delivered.ok()) return;
      }
    }
  });
  if (!read.ok()) return DataLoss(path, read.error());
  return delivered;
}

Status EngineParquetActions::Write(const std::string& path, const delta::ActionSource& source) {
  size_t slash = path.rfind('/');
  std::string folder = path.substr(0, slash);
  std::string temporary = folder + "/." + path.substr(slash + 1) + "." + NewUuid(SystemRandom()) + ".tmp";
  JsonLines lines(temporary + ".json");
  RETURN_IF_ERROR(lines.Open());
  RETURN_IF_ERROR(source([&](const delta::Action& action) { return lines.Add(action); }));
  RETURN_IF_ERROR(lines.Close());
  std::string columns;
  for (const CheckpointColumn& column : kColumns) {
    if (std::string_view(column.name) == kRarest && !lines.has_checkpoint_metadata()) continue;
    columns += (columns.empty() ? "" : ", ") + QuoteSqlString(column.name) + ": " + QuoteSqlString(TypeOf(column));
  }
  auto connection = engine_.NewConnection();
  Status written = AsDuck(*connection)
                       .Run("COPY (SELECT * FROM read_json(" + QuoteSqlString(lines.path()) +
                                ", format = 'newline_delimited', maximum_object_size = " +
                                std::to_string(lines.longest() + kObjectSlack) + ", columns = {" + columns + "})) TO " + QuoteSqlString(temporary) +
                                " (FORMAT parquet, COMPRESSION zstd, PER_THREAD_OUTPUT false)",
                            [](duckdb::QueryResult&) {});
  if (written.ok()) written = SyncFile(temporary);
  if (written.ok() && rename(temporary.c_str(), path.c_str()) != 0) written = ErrnoError("rename", path);
  if (written.ok()) return SyncDirectory(folder);
  unlink(temporary.c_str());
  return written;
}

}  // namespace ashlar::engine
