// The table of what tables and views have beside their securable.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metadb/database.h"
#include "types/data_type.h"

namespace ashlar::catalog {

struct RelationRow {
  std::string uuid = {};
  std::string format = {};  // DELTA, CSV, JSON, PARQUET; empty for a view
  // Of a Delta table: what its last metaData said, for listings; the log is the truth.
  Schema columns = {};
  std::vector<std::string> partition_columns = {};
  std::string view_text = {};
  std::string view_catalog = {};  // current catalog and schema when the view was made
  std::string view_schema = {};
  bool operator==(const RelationRow&) const = default;
};

class RelationsTable {
 public:
  // Inserts, or replaces the row of the same uuid.
  static Status Put(metadb::Transaction& txn, const RelationRow& row);
  static Result<std::optional<RelationRow>> Find(metadb::Transaction& txn, const std::string& uuid);
};

}  // namespace ashlar::catalog
