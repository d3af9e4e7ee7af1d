#include "compute/compute.h"

#include "base/id.h"
#include "base/log.h"

namespace ashlar::compute {
namespace {

constexpr int64_t kHandleLifetimeMs = int64_t{7} * 24 * 3600 * 1000;

Error NoSuchResource(ResourceKind kind, const std::string& id) {
  // The legacy text clients match on; the cluster form is answered as 400 by the REST service.
  return MakeError(ErrorCode::kResourceDoesNotExist,
                   (kind == ResourceKind::kCluster ? "Cluster " : "SQL warehouse ") + id + " does not exist");
}

identity::ObjectRef ObjectOf(ResourceKind kind, const std::string& id) {
  return {kind == ResourceKind::kCluster ? "clusters" : "warehouses", id};
}

}  // namespace

Result<std::vector<identity::ObjectRef>> ResourceAncestry::Ancestors(metadb::Transaction& txn,
                                                                     const identity::ObjectRef& object) const {
  ASSIGN_OR_RETURN(auto row, ResourcesTable::Find(txn, kind_, object.id));
  if (row) return std::vector<identity::ObjectRef>();
  Error missing = NoSuchResource(kind_, object.id);
  if (kind_ == ResourceKind::kCluster) missing.code = ErrorCode::kInvalidParameterValue;
  return missing;
}

Compute::Compute(metadb::Database& database, DriverPool& pool, Handles& handles, const Clock& clock, Random& random)
    : database_(database), pool_(pool), handles_(handles), clock_(clock), random_(random) {}

Result<ResourceRow> Compute::Create(ResourceRow row) {
  if (row.created_ms == 0) row.created_ms = clock_.NowMs();
  if (row.id.empty()) {
    // Shapes as clients know them: 0123-456789-abcdefgh and 16 hex digits.
    std::string hex = NewHex(random_, 8);
    std::string stamp = FormatUtcMs(row.created_ms);  // 2026-11-22T17:43:03.123Z
    row.id = row.kind == ResourceKind::kWarehouse
                 ? hex
                 : stamp.substr(5, 2) + stamp.substr(8, 2) + "-" + stamp.substr(11, 2) + stamp.substr(14, 2) +
                       stamp.substr(17, 2) + "-" + hex.substr(0, 8);
  }
  RETURN_IF_ERROR(database_.Transact([&](metadb::Transaction& txn) -> Status {
    RETURN_IF_ERROR(ResourcesTable::Insert(txn, row));
    if (row.creator_id == 0) return OkStatus();  // the server's own: admins manage it
    return identity::PermissionEvaluator::GrantCreator(txn, ObjectOf(row.kind, row.id), row.creator_id);
  }));
  return row;
}

Status Compute::Edit(const ResourceRow& row) {
  RETURN_IF_ERROR(database_.Transact([&](metadb::Transaction& txn) { return ResourcesTable::Update(txn, row); }));
  std::lock_guard lock(mutex_);
  auto found = running_.find({row.kind, row.id});
  if (found != running_.end()) found->second.idle_stop_ms = row.idle_stop_ms;
  return OkStatus();
}

Status Compute::Delete(ResourceKind kind, const std::string& id) {
  bool existed = false;
  RETURN_IF_ERROR(database_.Transact([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(existed, ResourcesTable::Delete(txn, kind, id));
    return identity::PermissionEvaluator::Forget(txn, ObjectOf(kind, id));
  }));
  if (!existed) return NoSuchResource(kind, id);
  return Stop(kind, id);
}

Result<ResourceRow> Compute::Get(ResourceKind kind, const std::string& id) {
  std::optional<ResourceRow> row;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(row, ResourcesTable::Find(txn, kind, id));
    return OkStatus();
  }));
  if (!row) return NoSuchResource(kind, id);
  return *std::move(row);
}

Result<std::vector<ResourceRow>> Compute::List(ResourceKind kind) {
  std::vector<ResourceRow> rows;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(rows, ResourcesTable::List(txn, kind));
    return OkStatus();
  }));
  return rows;
}

Result<Compute::Events> Compute::ListEvents(ResourceKind kind, const std::string& id, int64_t offset, int64_t limit) {
  Events events;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(events.rows, EventsTable::List(txn, kind, id, offset, limit));
    ASSIGN_OR_RETURN(events.total, EventsTable::Count(txn, kind, id));
    return OkStatus();
  }));
  return events;
}

void Compute::RecordEvent(ResourceKind kind, const std::string& id, const std::string& type, const std::string& user) {
  Status kept = database_.Transact([&](metadb::Transaction& txn) {
    return EventsTable::Insert(txn, kind, id, {clock_.NowMs(), type, user});
  });
  if (!kept.ok()) Log(LogLevel::kWarn, "event not kept", {{"id", id}, {"type", type}, {"reason", kept.error().message}});
}

ResourceStatus Compute::status(ResourceKind kind, const std::string& id) const {
  std::lock_guard lock(mutex_);
  auto found = running_.find({kind, id});
  if (found == running_.end()) return {};
  ResourceStatus status = found->second.status;
  status.attachments = static_cast<int>(found->second.handles.size());
  return status;
}

Status Compute::Start(ResourceKind kind, const std::string& id) {
  ASSIGN_OR_RETURN(ResourceRow row, Get(kind, id));
  WithDriver(row, [](const Result<DriverPtr>&) {});
  return OkStatus();
}

Status Compute::Stop(ResourceKind kind, const std::string& id) {
  Stopped stopped;
  {
    std::lock_guard lock(mutex_);
    auto found = running_.find({kind, id});
    if (found == running_.end()) return OkStatus();
    StopLocked(found->second, &stopped);
  }
  Finish(std::move(stopped));
  return OkStatus();
}

void Compute::StopLocked(Running& running, Stopped* stopped) {
  ++running.generation;
  running.acquiring = false;
  running.status.state = ResourceState::kStopped;
  if (running.driver) stopped->drivers.push_back(running.driver->id);
  running.driver.reset();
  running.handles.clear();
  std::move(running.waiters.begin(), running.waiters.end(), std::back_inserter(stopped->waiters));
  running.waiters.clear();
}

void Compute::Finish(Stopped stopped) {
  for (const std::string& driver_id : stopped.drivers) {
    handles_.RevokeDriver(driver_id);
    pool_.Release(driver_id);
  }
  for (auto& waiter : stopped.waiters) {
    waiter(MakeError(ErrorCode::kInvalidState, "The cluster or warehouse was stopped."));
  }
}

// The resource's driver, when it runs; else one is acquired, once for all who ask meanwhile.
void Compute::WithDriver(const ResourceRow& row, std::function<void(Result<DriverPtr>)> done) {
  Key key{row.kind, row.id};
  DriverPtr driver;
  int generation = 0;
  bool acquire = false;
  {
    std::lock_guard lock(mutex_);
    Running& running = running_[key];
    running.idle_stop_ms = row.idle_stop_ms;
    running.status.last_used_ms = clock_.NowMs();
    driver = running.driver;
    if (!driver) {
      running.waiters.push_back(std::move(done));
      acquire = !running.acquiring;
      running.acquiring = true;
      generation = running.generation;
      if (running.status.state == ResourceState::kStopped) {
        running.status.state = ResourceState::kStarting;
        running.status.started_ms = clock_.NowMs();
      }
    }
  }
  if (driver) {
    done(driver);
  } else if (acquire) {
    pool_.Acquire([this, key, generation](Result<DriverPtr> acquired) { OnAcquired(key, generation, std::move(acquired)); });
  }
}

void Compute::OnAcquired(const Key& key, int generation, Result<DriverPtr> driver) {
  std::vector<std::function<void(Result<DriverPtr>)>> waiters;
  bool stale = false;
  {
    std::lock_guard lock(mutex_);
    Running& running = running_[key];
    stale = running.generation != generation;
    if (!stale) {
      running.acquiring = false;
      if (driver.ok()) running.driver = *driver;
      running.status.state = driver.ok() ? ResourceState::kRunning : ResourceState::kStopped;
      waiters.swap(running.waiters);
    }
  }
  if (stale && driver.ok()) pool_.Release((*driver)->id);
  if (!stale && driver.ok()) RecordEvent(key.first, key.second, "RUNNING");
  for (auto& waiter : waiters) waiter(driver);
}

void Compute::Attach(ResourceKind kind, const std::string& id, const http::Principal& principal, std::string purpose,
                     std::function<void(Result<Attachment>)> done) {
  Result<ResourceRow> row = Get(kind, id);
  if (!row.ok()) {
    done(row.error());
    return;
  }
  WithDriver(*row, [this, key = Key{kind, id}, principal, purpose = std::move(purpose),
                    done = std::move(done)](Result<DriverPtr> driver) {
    if (!driver.ok()) {
      done(driver.error());
      return;
    }
    Attachment attachment{*driver, handles_.Mint({principal, (*driver)->id, purpose}, kHandleLifetimeMs)};
    {
      std::lock_guard lock(mutex_);
      running_[key].handles[attachment.handle] = attachment.driver->id;
    }
    done(std::move(attachment));
  });
}

bool Compute::IsCurrent(ResourceKind kind, const std::string& id, const Attachment& attachment) const {
  std::lock_guard lock(mutex_);
  auto found = running_.find({kind, id});
  return found != running_.end() && found->second.handles.contains(attachment.handle);
}

void Compute::Detach(const Attachment& attachment) {
  handles_.Revoke(attachment.handle);
  std::lock_guard lock(mutex_);
  for (auto& [key, running] : running_) {
    if (running.handles.erase(attachment.handle) > 0) running.status.last_used_ms = clock_.NowMs();
  }
}

void Compute::Touch(ResourceKind kind, const std::string& id) {
  std::lock_guard lock(mutex_);
  auto found = running_.find({kind, id});
  if (found != running_.end()) found->second.status.last_used_ms = clock_.NowMs();
}

void Compute::OnDriverExit(const std::string& driver_id) {
  handles_.RevokeDriver(driver_id);
  std::lock_guard lock(mutex_);
  for (auto& [key, running] : running_) {
    if (!running.driver || running.driver->id != driver_id) continue;
    // The resource still runs as far as its users know: the next use gets a new driver.
    running.driver.reset();
    running.handles.clear();
  }
}

void Compute::StopIdle() {
  Stopped stopped;
  {
    std::lock_guard lock(mutex_);
    int64_t now = clock_.NowMs();
    for (auto& [key, running] : running_) {
      bool idle = running.status.state == ResourceState::kRunning && running.idle_stop_ms > 0 &&
                  now - running.status.last_used_ms > running.idle_stop_ms;
      if (idle && !(running.driver && pool_.Busy(running.driver->id))) StopLocked(running, &stopped);
    }
  }
  Finish(std::move(stopped));
}

}  // namespace ashlar::compute
