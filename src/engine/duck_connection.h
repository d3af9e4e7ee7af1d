// What stands behind Engine and Connection, for the files of this module that speak to DuckDB.
// DuckDB's types are only named here.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "engine/engine.h"
#include "engine/scan/scan_binding.h"

namespace duckdb {
class ClientContext;
class Connection;
class DataChunk;
class DatabaseInstance;
class DuckDB;
class QueryResult;
struct QueryParameters;
}  // namespace duckdb

namespace ashlar::engine {

class EngineState {
 public:
  EngineOptions options;
  ScanRegistry scans;  // outlives the database: declared before it
  std::shared_ptr<duckdb::DuckDB> database;
};

class DuckConnection : public Connection, public std::enable_shared_from_this<DuckConnection> {
 public:
  explicit DuckConnection(std::shared_ptr<EngineState> state);
  ~DuckConnection() override;

  Status SetTimeZone(const std::string& zone) override;
  const std::string& time_zone() const override { return time_zone_; }
  Result<std::unique_ptr<ResultStream>> Execute(const sql::PlanPtr& plan,
                                                const QueryOptions& options) override;
  Result<std::unique_ptr<ResultStream>> ExecuteValues(const Schema& schema,
                                                      const std::vector<std::vector<Value>>& rows) override;
  Result<int64_t> ExecuteCount(const sql::PlanPtr& plan) override;
  Result<std::string> LowerToSql(const sql::PlanPtr& plan) override;
  Result<std::string> Explain(const sql::PlanPtr& plan) override;
  void Interrupt() override;
  double Progress() const override;

  EngineState& state() { return *state_; }
  // Runs one DuckDB statement whose bindings the caller keeps alive, and shows its materialised
  // result. Errors are Spark's (spark_error.h).
  Status Run(const std::string& sql, const std::function<void(duckdb::QueryResult&)>& consume);
  // The same chunk by chunk as they come: not all rows are held at once. No other statement meanwhile.
  Status RunStreamed(const std::string& sql, const std::function<void(duckdb::DataChunk&)>& consume);
  // Calls DuckDB without a statement. Errors are Spark's.
  Status InTransaction(const std::function<void(duckdb::ClientContext&)>& body);
  // Progress() is -1 from here on.
  void CountNoProgress();
  // While it lives the connection's statements are planned as they are written, and their progress is not counted:
  // both are a quarter of the time that a statement of a few rows takes.
  class PlainPlans {
   public:
    explicit PlainPlans(DuckConnection& connection);
    ~PlainPlans();
    PlainPlans(const PlainPlans&) = delete;
    PlainPlans& operator=(const PlainPlans&) = delete;

   private:
    DuckConnection& connection_;
    const bool counted_progress_;
  };
  // Whether a SELECT is planned as one scan with nothing but projections above it: what it asks of rows the scan asks.
  Result<bool> OnlyScans(const std::string& select);
  // The first column of the first row as text.
  Result<std::string> RunForText(const std::string& sql);

 private:
  // Plans the statement and runs it to its first rows; an interruption from before counts too.
  std::unique_ptr<duckdb::QueryResult> Start(const std::string& sql, const duckdb::QueryParameters& parameters);

  std::shared_ptr<EngineState> state_;
  std::shared_ptr<duckdb::Connection> connection_;
  std::string time_zone_ = "UTC";
  std::atomic<bool> interrupted_ = false;
};

// Connections are made by Engine only: all are DuckConnections.
inline DuckConnection& AsDuck(Connection& connection) { return static_cast<DuckConnection&>(connection); }

// One of this module's own, whose progress nobody asks for: DuckDB counts it after each task, a tenth of a short query.
std::shared_ptr<DuckConnection> QuietConnection(Engine& engine);

// The name DuckDB (ICU) knows a zone by: "+01:00" → "UTC+01:00", others as they are.
std::string DuckTimeZone(const std::string& spark_zone);

// The table function ashlar_arrow(<binding>) over ArrowInput (arrow_input.h).
void RegisterArrowInput(duckdb::DatabaseInstance& database, ScanRegistry& scans);
// The scalar function ashlar_rename(value, NULL::T): value as the type T of the same layout, so that
// only names of struct fields change. Costs nothing.
void RegisterRename(duckdb::DatabaseInstance& database);

}  // namespace ashlar::engine
