// How a lowered query reaches what is not SQL: a scan target is bound to a number, and a table
// function (ashlar_scan(7), ashlar_arrow(8)) finds it by that number while the statement lives.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "sql/plan.h"

namespace ashlar::engine {

// Something a table function reads.
class ScanTarget {
 public:
  virtual ~ScanTarget() = default;
};

// The bindings of an Engine. Thread-safe.
class ScanRegistry {
 public:
  int64_t Add(std::shared_ptr<const ScanTarget> target);
  void Remove(int64_t id);
  // Null when there is none.
  std::shared_ptr<const ScanTarget> Find(int64_t id) const;

 private:
  mutable std::mutex mutex_;
  int64_t next_id_ = 1;
  std::map<int64_t, std::shared_ptr<const ScanTarget>> targets_;
};

// The bindings of one statement: removed with it. `time_zone`: of its session, as Spark names it.
class StatementBindings {
 public:
  StatementBindings(ScanRegistry& registry, std::string time_zone)
      : registry_(&registry), time_zone_(std::move(time_zone)) {}
  StatementBindings(const StatementBindings&) = delete;
  StatementBindings& operator=(const StatementBindings&) = delete;
  ~StatementBindings();
  int64_t Bind(std::shared_ptr<const ScanTarget> target);
  const std::string& time_zone() const { return time_zone_; }

 private:
  ScanRegistry* registry_;
  std::string time_zone_;
  std::vector<int64_t> ids_;
};

// A table the engine can scan: every TableHandle that its TableSource returns is one.
class EngineTable : public sql::TableHandle {
 public:
  // An item for FROM, without alias, with a column k<i> for schema().fields[i] (at least those in
  // `columns`), typed as DuckTypeSql; with BIGINTs k_file and k_row (plan.h) when `with_row_position`.
  virtual Result<std::string> FromSql(const std::vector<int>& columns, bool with_row_position,
                                      StatementBindings& bindings) const = 0;
};

}  // namespace ashlar::engine
