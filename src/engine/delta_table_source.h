// The tables a statement reads: Delta tables pinned at one version, and folders or files of Parquet,
// CSV and JSON. One DeltaTableSource a statement; snapshots are kept between statements in a
// SnapshotCache.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/changes.h"
#include "delta/parquet_actions.h"
#include "delta/snapshot.h"
#include "engine/engine.h"
#include "engine/scan/scan_binding.h"
#include "engine/scan/table_scan.h"
#include "objectstore/object_store.h"
#include "sql/catalog_view.h"

namespace ashlar::engine {

// A Delta table at one version, or a part of its files.
class DeltaTable : public EngineTable {
 public:
  DeltaTable(std::shared_ptr<const delta::Snapshot> snapshot, ColumnMatch match,
             objectstore::ObjectStore& store);

  const std::shared_ptr<const delta::Snapshot>& snapshot() const { return snapshot_; }
  const Schema& schema() const override { return snapshot_->schema(); }
  std::vector<std::string> partition_columns() const override { return snapshot_->partition_columns(); }
  Result<std::string> FromSql(const std::vector<int>& columns, bool with_row_position,
                              StatementBindings& bindings) const override;
  // The same table restricted to these files (indexes into snapshot()->files()), and in them to the
  // selected rows where there is a selection.
  std::shared_ptr<const DeltaTable> WithRows(std::map<size_t, RowSelection> files) const;

 private:
  std::shared_ptr<const delta::Snapshot> snapshot_;
  ColumnMatch match_;
  objectstore::ObjectStore& store_;
  std::optional<std::map<size_t, RowSelection>> files_;  // nullopt: all of them
};

// Parquet files in a folder without a log: read as the files of a Delta table are, never written to as one.
class ParquetTable : public DeltaTable {
 public:
  using DeltaTable::DeltaTable;
};

// The change data feed of a Delta table: rows of all its parts together.
class ChangesTable : public EngineTable {
 public:
  ChangesTable(delta::TableChanges changes, ColumnMatch match, objectstore::ObjectStore& store);
  const Schema& schema() const override { return schema_; }
  std::vector<std::string> partition_columns() const override { return partition_columns_; }
  Result<std::string> FromSql(const std::vector<int>& columns, bool with_row_position,
                              StatementBindings& bindings) const override;

 private:
  Schema schema_;
  std::vector<std::string> partition_columns_;
  std::vector<std::shared_ptr<const DeltaTable>> parts_;
};

// The newest snapshot seen of each table, so that a statement only reads what was committed since.
// Thread-safe; one a driver.
class SnapshotCache {
 public:
  // Errors: as delta::Snapshot::Load.
  Result<std::shared_ptr<const delta::Snapshot>> Latest(const delta::TableLocation& table);
  void Forget(const std::string& root);

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const delta::Snapshot>> snapshots_;
};

class DeltaTableSource : public sql::TableSource {
 public:
  // All of it outlives the source and the handles it gives. `others`: as in delta::TableLocation.
  DeltaTableSource(Engine& engine, objectstore::ObjectStore& store, delta::ParquetActions& parquet,
                   SnapshotCache& cache, std::shared_ptr<delta::OtherFolders> others = nullptr)
      : engine_(engine), store_(store), parquet_(parquet), cache_(cache), others_(std::move(others)) {}

  // Formats: DELTA (readChangeFeed=true: its change data feed), PARQUET, CSV, JSON (any case). Options of the readers as Spark names them; those
  // that are not built are refused by name. Errors: NotImplemented for other formats; PATH_NOT_FOUND.
  Result<std::shared_ptr<const sql::TableHandle>> Open(
      const sql::ResolvedRelation& relation, const sql::TimeTravel& time_travel,
      const std::map<std::string, std::string>& options,
      const std::optional<Schema>& user_schema) override;

 private:
  Result<std::shared_ptr<const sql::TableHandle>> OpenChanges(const delta::TableLocation& table,
                                                              const std::map<std::string, std::string>& options);
  Result<std::shared_ptr<const sql::TableHandle>> OpenDelta(const delta::TableLocation& table,
                                                            const sql::TimeTravel& time_travel);

  Engine& engine_;
  objectstore::ObjectStore& store_;
  delta::ParquetActions& parquet_;
  SnapshotCache& cache_;
  const std::shared_ptr<delta::OtherFolders> others_;
  std::map<std::string, std::shared_ptr<const sql::TableHandle>> opened_;  // of this statement
};

// "/a/b" for "file:///a/b/" and the like.
std::string LocalPath(const std::string& location);

}  // namespace ashlar::engine
