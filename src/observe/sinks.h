// Where the records of who did what, and of what was made from what, go. The doors (REST, SQL, Connect)
// and the drivers write, governance stores. Field names follow Databricks' system tables
// (system.access.audit, system.access.table_lineage and column_lineage).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ashlar::observe {

struct AuditEvent {
  int64_t event_time_ms = 0;
  std::string service_name;  // "clusters"
  std::string action_name;   // "create"
  std::string request_id;
  int64_t principal_id = 0;  // 0: nobody was authenticated
  std::string principal_name;
  std::string source_ip_address;
  std::string user_agent;
  std::map<std::string, std::string> request_params;  // never a secret, never a body
  int status_code = 0;
  std::string error_message;
  bool operator==(const AuditEvent&) const = default;
};

// Thread safe. Recording must not block on a statement or a driver.
class AuditSink {
 public:
  virtual ~AuditSink() = default;
  virtual void Record(const AuditEvent& event) = 0;
};

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
