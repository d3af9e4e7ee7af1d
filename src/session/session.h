// Session: the Spark session of one user on one driver. Environment: what all sessions of a driver
// share.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/delta_table_source.h"
#include "engine/engine.h"
#include "link/control_api.h"
#include "link/driver_api.h"
#include "objectstore/object_store.h"
#include "delta/parquet_actions.h"
#include "session/confs.h"
#include "session/running_statements.h"
#include "sql/analyzer.h"
#include "sql/parser.h"

namespace ashlar::session {

// References outlive every session.
struct Environment {
  engine::Engine& engine;
  link::ControlApi& control;
  const sql::FunctionRegistry& functions;
  objectstore::ObjectStore& store;
  delta::ParquetActions& parquet_actions;
  engine::SnapshotCache& snapshots;
  const Clock& clock;
  Random& random;
  std::string spool_folder;
  RunningStatements& running;
  Confs confs{};  // what every session starts with
};

// What one statement sees of the session: a copy taken when it starts, so that statements that run side
// by side do not disturb each other.
struct SessionState {
  std::string catalog = "main";
  std::string schema = "default";
  Confs confs;
  std::map<std::string, sql::TemporaryView> temporary_views;  // lower-case names
};

// Thread safe: the state is copied out and changed under a lock.
class Session {
 public:
  // Errors: a conf that is refused.
  static Result<std::shared_ptr<Session>> Open(Environment& environment, const link::SessionOptions& options);

  const std::string& id() const { return id_; }
  const std::string& handle() const { return handle_; }
  const std::string& user_name() const { return user_name_; }
  Environment& environment() { return environment_; }

  SessionState state() const;
  // Runs `change` on the state under the lock.
  Status Change(const std::function<Status(SessionState&)>& change);

 private:
  Session(Environment& environment, const link::SessionOptions& options);

  Environment& environment_;
  const std::string id_;
  const std::string handle_;
  const std::string user_name_;
  mutable std::mutex mutex_;
  SessionState state_;
};

}  // namespace ashlar::session
