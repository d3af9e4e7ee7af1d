// Engine: one in-memory DuckDB that runs typed plans and streams Arrow batches. One Engine a driver
// process, one Connection a session or statement; a Connection runs one statement at a time.
//
//   ASSIGN_OR_RETURN(auto engine, Engine::Open({.memory_limit_bytes = …, .temp_directory = …}));
//   auto connection = engine->NewConnection();
//   RETURN_IF_ERROR(connection->SetTimeZone("Europe/Berlin"));
//   ASSIGN_OR_RETURN(auto stream, connection->Execute(plan, {}));
//   while (true) { ASSIGN_OR_RETURN(auto batch, stream->Next()); if (!batch) break; … }
//
// Threads: Engine is thread-safe. A Connection and its ResultStream belong to one thread at a time,
// except Interrupt() and Progress(), which any thread may call while the Connection lives.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sql/plan.h"
#include "types/arrow_c.h"
#include "types/data_type.h"
#include "types/value.h"

namespace ashlar::engine {

struct EngineOptions {
  uint64_t memory_limit_bytes = 0;  // of DuckDB's buffers; 0: 80 % of the machine
  int threads = 0;                  // 0: one a core
  std::string temp_directory;       // spill files; empty: no spilling
};

struct QueryOptions {
  // Rows of a batch, at most. Batches may be smaller, never empty.
  int64_t batch_rows = 65536;
};

// The rows of one query, produced as they are asked for; holds a bounded number of them.
class ResultStream {
 public:
  virtual ~ResultStream() = default;
  // The columns with their real names and Spark types; names may repeat.
  virtual const Schema& schema() const = 0;
  // The same as Arrow: timestamp as us with the session time zone, timestamp_ntz as us without one,
  // decimal128, day-time interval as duration(us), year-month interval as interval(months), strings
  // utf8, void as null. Nested names are the real ones.
  virtual OwnedArrowSchema ArrowSchemaOf() const = 0;
  // The next rows; nullopt at the end. After an error or the end: nullopt. Errors: what the query
  // raised, as Spark's condition; kCancelled after Interrupt().
  virtual Result<std::optional<ArrowBatch>> Next() = 0;
  // Stops the query. Any thread.
  virtual void Interrupt() = 0;
  // 0…1, or -1 when DuckDB cannot tell. Any thread.
  virtual double Progress() const = 0;
};

class Connection {
 public:
  virtual ~Connection() = default;
  // IANA name or UTC offset as Spark accepts it. Errors: INVALID_CONF_VALUE.TIME_ZONE (22022).
  virtual Status SetTimeZone(const std::string& zone) = 0;
  virtual const std::string& time_zone() const = 0;
  // Starts a query; ends the stream of the one before. Returns when the first rows are
  // there; what fails before is an error here, what fails later in Next().
  virtual Result<std::unique_ptr<ResultStream>> Execute(const sql::PlanPtr& plan,
                                                        const QueryOptions& options) = 0;
  // The same of rows that are there already: nothing is run. Each has a value for every column, of the column's type
  // or null; no variants, no intervals.
  virtual Result<std::unique_ptr<ResultStream>> ExecuteValues(const Schema& schema,
                                                              const std::vector<std::vector<Value>>& rows) = 0;
  // Runs the plan and counts its rows.
  virtual Result<int64_t> ExecuteCount(const sql::PlanPtr& plan) = 0;
  // The DuckDB SQL the plan is lowered to, and DuckDB's physical plan as text.
  virtual Result<std::string> LowerToSql(const sql::PlanPtr& plan) = 0;
  virtual Result<std::string> Explain(const sql::PlanPtr& plan) = 0;
  // Stops what runs now and whatever would be started after it: kCancelled from here on, so that an
  // interruption between two queries of a statement is not lost. Any thread.
  virtual void Interrupt() = 0;
  virtual double Progress() const = 0;
};

class EngineState;

class Engine {
 public:
  // Errors: kInternalError when the loaded DuckDB is not the pinned version, kInvalidParameterValue
  // for options DuckDB refuses.
  static Result<std::unique_ptr<Engine>> Open(const EngineOptions& options);
  ~Engine();
  // Shared with the streams it makes, and with whoever may interrupt it.
  std::shared_ptr<Connection> NewConnection();
  // For the other files of this module.
  EngineState& state() { return *state_; }

 private:
  explicit Engine(std::shared_ptr<EngineState> state);
  std::shared_ptr<EngineState> state_;
};

// All rows of a stream as values: for tests and for small results.
Result<std::vector<std::vector<Value>>> CollectRows(ResultStream& stream);

}  // namespace ashlar::engine
