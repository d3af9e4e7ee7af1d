// TableSource over Delta tables and files.
#pragma once

#include <memory>

#include "delta/parquet_actions.h"
#include "delta/snapshot.h"
#include "engine/engine.h"
#include "objectstore/object_store.h"
#include "sql/catalog_view.h"

namespace ashlar::engine {

// For one statement: the same relation and version give the same handle, so that analysis, scan and
// commit use one snapshot. The result lives no longer than what it was made from.
std::unique_ptr<sql::TableSource> MakeTableSource(Engine& engine, objectstore::ObjectStore& store,
                                                  delta::ParquetActions& parquet_actions);

// The snapshot behind a handle of a Delta table; nullptr for other handles.
std::shared_ptr<const delta::Snapshot> SnapshotOf(const sql::TableHandle& handle);

}  // namespace ashlar::engine
