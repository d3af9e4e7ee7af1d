// Compute: clusters and warehouses. A resource that is asked for starts by itself, gets a driver, and
// stops when it was idle for long enough. A driver that dies is replaced at the next use.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "compute/driver_pool.h"
#include "compute/handles.h"
#include "compute/resources_table.h"
#include "http/principal.h"
#include "identity/permission_evaluator.h"
#include "metadb/database.h"

namespace ashlar::compute {

enum class ResourceState { kStopped, kStarting, kRunning };

struct ResourceStatus {
  ResourceState state = ResourceState::kStopped;
  int64_t started_ms = 0;    // of the current or last run
  int64_t last_used_ms = 0;
  int attachments = 0;
};

// A session's place on a driver: held for as long as the session lives.
struct Attachment {
  DriverPtr driver;
  std::string handle;
};

// That clusters and warehouses exist; they stand in no folder. A missing one is answered as clients know it of
// its REST service: a cluster as kInvalidParameterValue, a warehouse as kResourceDoesNotExist.
class ResourceAncestry final : public identity::ObjectAncestry {
 public:
  explicit ResourceAncestry(ResourceKind kind) : kind_(kind) {}
  Result<std::vector<identity::ObjectRef>> Ancestors(metadb::Transaction& txn,
                                                     const identity::ObjectRef& object) const override;

 private:
  const ResourceKind kind_;
};

// Thread safe.
class Compute {
 public:
  Compute(metadb::Database& database, DriverPool& pool, Handles& handles, const Clock& clock, Random& random);

  // ---- definitions ----
  // `row.id` and created_ms are filled in when empty.
  Result<ResourceRow> Create(ResourceRow row);
  Status Edit(const ResourceRow& row);
  Status Delete(ResourceKind kind, const std::string& id);  // stops it too
  // Error: kResourceDoesNotExist.
  Result<ResourceRow> Get(ResourceKind kind, const std::string& id);
  Result<std::vector<ResourceRow>> List(ResourceKind kind);

  struct Events {
    std::vector<EventRow> rows;  // newest first
    int64_t total = 0;
  };
  Result<Events> ListEvents(ResourceKind kind, const std::string& id, int64_t offset, int64_t limit);
  // Kept for ListEvents; a failure to keep it is logged and goes no further.
  void RecordEvent(ResourceKind kind, const std::string& id, const std::string& type, const std::string& user = "");

  // ---- running ----
  ResourceStatus status(ResourceKind kind, const std::string& id) const;
  // Returns at once; the state says when it runs. Starting what runs is fine.
  Status Start(ResourceKind kind, const std::string& id);
  Status Stop(ResourceKind kind, const std::string& id);

  // Starts the resource if need be and mints a handle for `principal` on its driver. The callback may run
  // on any thread, once. Who may use the resource was checked by the caller.
  void Attach(ResourceKind kind, const std::string& id, const http::Principal& principal, std::string purpose,
              std::function<void(Result<Attachment>)> done);
  // Whether the attachment's driver is still the resource's, and its handle still counts.
  bool IsCurrent(ResourceKind kind, const std::string& id, const Attachment& attachment) const;
  // Ends the handle. What runs on it is not waited for.
  void Detach(const Attachment& attachment);
  // Notes that the resource is in use now.
  void Touch(ResourceKind kind, const std::string& id);

  // Called by the pool when a driver is gone.
  void OnDriverExit(const std::string& driver_id);
  // Stops what was idle for too long. To be called every few seconds.
  void StopIdle();

 private:
  using Key = std::pair<ResourceKind, std::string>;
  struct Running {
    ResourceStatus status;
    int64_t idle_stop_ms = 0;
    DriverPtr driver;
    bool acquiring = false;
    int generation = 0;  // rises at each stop: a driver acquired for an older one is released
    std::vector<std::function<void(Result<DriverPtr>)>> waiters;
    std::map<std::string, std::string> handles;  // handle → driver id
  };

  void WithDriver(const ResourceRow& row, std::function<void(Result<DriverPtr>)> done);
  void OnAcquired(const Key& key, int generation, Result<DriverPtr> driver);
  // What is left to do once the lock is gone.
  struct Stopped {
    std::vector<std::string> drivers;
    std::vector<std::function<void(Result<DriverPtr>)>> waiters;
  };
  void StopLocked(Running& running, Stopped* stopped);
  void Finish(Stopped stopped);

  metadb::Database& database_;
  DriverPool& pool_;
  Handles& handles_;
  const Clock& clock_;
  Random& random_;
  mutable std::mutex mutex_;
  std::map<Key, Running> running_;
};

}  // namespace ashlar::compute
