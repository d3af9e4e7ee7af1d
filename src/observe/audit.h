// AuditSink: where the record of who did what goes. The doors (REST, SQL, Connect) write, governance
// stores. Field names follow Databricks' system.access.audit table.
#pragma once

#include <cstdint>
#include <map>
#include <string>

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

}  // namespace ashlar::observe
