// ResourcesTable: clusters and warehouses as they were defined. What runs is not stored: after a restart
// nothing does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metadb/database.h"
#include "metadb/migrations.h"

namespace ashlar::compute {

enum class ResourceKind { kCluster = 0, kWarehouse = 1 };

struct ResourceRow {
  std::string id;
  ResourceKind kind = ResourceKind::kCluster;
  std::string name;
  std::string spec;  // the request as JSON: what the client sent comes back
  int64_t idle_stop_ms = 0;  // 0: never
  int64_t creator_id = 0;
  std::string creator_name;
  int64_t created_ms = 0;
};

class ResourcesTable {
 public:
  static Status Insert(metadb::Transaction& txn, const ResourceRow& row);
  // Name, spec and idle_stop_ms.
  static Status Update(metadb::Transaction& txn, const ResourceRow& row);
  static Result<std::optional<ResourceRow>> Find(metadb::Transaction& txn, ResourceKind kind, const std::string& id);
  static Result<std::vector<ResourceRow>> List(metadb::Transaction& txn, ResourceKind kind);
  static Result<bool> Delete(metadb::Transaction& txn, ResourceKind kind, const std::string& id);
};

// What happened to a resource (clusters/events).
struct EventRow {
  int64_t time_ms = 0;
  std::string type;  // as the API names it: CREATING, RUNNING, TERMINATING …
  std::string user;  // who caused it; empty: nobody
};

class EventsTable {
 public:
  static Status Insert(metadb::Transaction& txn, ResourceKind kind, const std::string& id, const EventRow& event);
  // Newest first.
  static Result<std::vector<EventRow>> List(metadb::Transaction& txn, ResourceKind kind, const std::string& id,
                                            int64_t offset, int64_t limit);
  static Result<int64_t> Count(metadb::Transaction& txn, ResourceKind kind, const std::string& id);
};

metadb::ModuleMigrations migrations();

}  // namespace ashlar::compute
