// LineageSink: where the analyzer's lineage of a statement goes. Drivers send it over the link,
// governance stores it. Names follow Databricks' system.access.table_lineage and column_lineage.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ashlar::observe {

struct ColumnLineage {
  std::string source_table_full_name;  // empty when the source is a path
  std::string source_path;
  std::string source_column_name;
  std::string target_column_name;
  bool operator==(const ColumnLineage&) const = default;
};

struct StatementLineage {
  int64_t event_time_ms = 0;
  std::string statement_id;
  int64_t principal_id = 0;
  std::vector<std::string> source_table_full_names;
  std::vector<std::string> source_paths;
  std::string target_table_full_name;  // empty for a query
  std::string target_path;
  std::vector<ColumnLineage> columns;
  bool operator==(const StatementLineage&) const = default;
};

// Thread safe.
class LineageSink {
 public:
  virtual ~LineageSink() = default;
  virtual void Record(const StatementLineage& lineage) = 0;
};

}  // namespace ashlar::observe
