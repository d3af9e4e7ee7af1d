// Snapshot: one version of a table, whole and immutable: protocol, metadata and the complete list of
// active files. A statement reads, and a transaction is checked against, the one it was given.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/actions.h"
#include "delta/catalog_commits.h"
#include "delta/files/file_list.h"
#include "delta/files/tombstone_list.h"
#include "delta/parquet_actions.h"
#include "delta/partition_values.h"
#include "delta/schema.h"
#include "objectstore/object_store.h"
#include "types/value.h"

namespace ashlar::delta {

// Of a table of which the catalog notes no sources: whose are the folders that its log names all the same, as the log of a
// shallow clone does that another engine made. Thread safe.
class OtherFolders {
 public:
  virtual ~OtherFolders() = default;
  // Canonical folders, of the files a log names, or around those: the ones whose files this reader may read.
  virtual Result<std::vector<std::string>> Readable(const std::vector<std::string>& folders) = 0;
};

// Where a table is. Does not own what it points to.
struct TableLocation {
  objectstore::ObjectStore* store = nullptr;
  std::string root;                   // absolute, no trailing slash
  ParquetActions* parquet = nullptr;  // without it, only tables whose JSON log is whole can be read
  // Of a shallow clone: where the tables are whose files its log may name. The catalog says so, never the log.
  std::vector<std::string> source_roots = {};
  // Of a catalog-managed table: who says what its versions are. Without it such a table is refused.
  std::shared_ptr<CatalogCommits> catalog = nullptr;
  // Who is asked where `source_roots` is empty; without it no folder but the table's own is read.
  std::shared_ptr<OtherFolders> others = nullptr;
};

// At most one is set; none means the latest version.
struct TimeTravel {
  std::optional<int64_t> version = std::nullopt;
  std::optional<int64_t> timestamp_ms = std::nullopt;
};

// The plain parts of a snapshot; replay builds it.
struct SnapshotState {
  int64_t version = -1;
  // In-commit timestamp when the table has them, else the commit file's modification time.
  int64_t timestamp_ms = 0;
  // Size and modification time of the version's commit file: tells a replaced log from a grown one.
  int64_t commit_size = -1;
  int64_t commit_modified_ms = 0;
  Protocol protocol;
  Metadata metadata;
  Schema schema;
  ColumnMappingMode mapping_mode = ColumnMappingMode::kNone;
  FileList files;            // active, oldest first
  TombstoneList tombstones;  // removed, as far as the log still knows
  std::map<std::string, SetTransaction> transactions;    // by app id
  std::map<std::string, DomainMetadata> domain_metadata;  // by domain, removed ones left out
};

// Thread safe: never changes.
class Snapshot {
 public:
  // Errors: DELTA_MISSING_DELTA_TABLE (kNotFound) without a log; DELTA_VERSION_NOT_FOUND and
  // DELTA_TIMESTAMP_* for a version or time that is not there; DELTA_VERSIONS_NOT_CONTIGUOUS,
  // DELTA_TRUNCATED_TRANSACTION_LOG, DELTA_STATE_RECOVER_ERROR (no protocol or metadata) and
  // DELTA_TXN_LOG_FAILED_INTEGRITY (a torn file) for a broken log; CheckReadable's; PathAccessBlocked of a catalog-managed table without its catalog.
  static Result<std::shared_ptr<const Snapshot>> Load(const TableLocation& table,
                                                      const TimeTravel& at = {});
  // The latest version, reading only what came after `older`; `older` itself when nothing did.
  static Result<std::shared_ptr<const Snapshot>> Update(const TableLocation& table,
                                                        std::shared_ptr<const Snapshot> older);

  explicit Snapshot(std::string root, SnapshotState state, std::vector<std::string> source_roots = {})
      : root_(std::move(root)), source_roots_(std::move(source_roots)), state_(std::move(state)) {}

  const std::string& root() const { return root_; }
  // Of the location it was loaded from, or what OtherFolders said.
  const std::vector<std::string>& source_roots() const { return source_roots_; }
  const SnapshotState& state() const { return state_; }
  int64_t version() const { return state_.version; }
  int64_t timestamp_ms() const { return state_.timestamp_ms; }
  const Protocol& protocol() const { return state_.protocol; }
  const Metadata& metadata() const { return state_.metadata; }
  // Logical columns, partition columns among them.
  const Schema& schema() const { return state_.schema; }
  ColumnMappingMode mapping_mode() const { return state_.mapping_mode; }
  const std::vector<std::string>& partition_columns() const {
    return state_.metadata.partition_columns;
  }
  const FileList& files() const { return state_.files; }
  // The last version an application committed; nullopt when it never did.
  std::optional<int64_t> TransactionVersion(const std::string& app_id) const;
  // A table property, or `otherwise`.
  std::string Property(const std::string& key, const std::string& otherwise = "") const;

  int64_t SizeInBytes() const { return state_.files.total_size(); }
  // Live rows by numRecords and deletion vectors; nullopt when a file does not tell.
  std::optional<int64_t> RowCount() const { return state_.files.LiveRows(); }

  // The local file of an action. Errors: as ResolveLogPath (paths.h).
  Result<std::string> DataPath(const AddFile& file) const;
  // The value of a partition column (logical name) for the file. Errors:
  // DELTA_FAILED_CAST_PARTITION_VALUE; kInvalidParameterValue for another column. `clock`: as in
  // DecodePartitionValue.
  Result<Value> PartitionValue(const PartitionValues& values, const std::string& column,
                               const WallClock& clock = nullptr) const;

 private:
  std::string root_;
  std::vector<std::string> source_roots_;
  SnapshotState state_;
};

// Whether a folder has a Delta log at all.
Result<bool> IsDeltaTable(const TableLocation& table);

}  // namespace ashlar::delta
