#include "engine/engine.h"

#include <algorithm>
#include <filesystem>

#include "duckdb.hpp"
#include "duckdb/common/arrow/arrow_util.hpp"
#include "duckdb/common/virtual_file_system.hpp"
#include "duckdb/main/chunk_scan_state/query_result.hpp"
#include "duckdb/main/client_config.hpp"
#include "duckdb/planner/logical_operator.hpp"
#include "engine/arrow_schema.h"
#include "engine/checkpoint_files.h"
#include "engine/duck_connection.h"
#include "engine/duck_types.h"
#include "engine/functions/spark_functions.h"
#include "engine/functions/time_zone.h"
#include "engine/lowering/lowering.h"
#include "engine/scan/linkless_file_system.h"
#include "engine/spark_error.h"
#include "engine/value_rows.h"
#include "engine/write/parquet_files.h"
#include "engine/write/zorder.h"
#include "engine/scan/table_scan.h"

namespace ashlar::engine {
namespace {

// The library our headers belong to: its C++ interface changes with every release.
constexpr std::string_view kDuckDbVersion = "v1.5.6";

// Long texts make batches of fewer rows: Arrow's 32-bit offsets end at 2 GB.
constexpr int64_t kBatchTextBytes = int64_t{16} << 20;
constexpr int64_t kFirstBatchRows = 2048;

Error FromDuckDB(const duckdb::ErrorData& error) {
  return FromDuckDBException(duckdb::Exception::ExceptionTypeToString(error.Type()), error.RawMessage());
}

// Runs `body`, which calls DuckDB; an exception becomes an Error.
template <typename Body>
auto Guarded(Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::exception& e) {
    return FromDuckDBException(e);
  }
}

class DuckStream : public ResultStream {
 public:
  DuckStream(std::shared_ptr<DuckConnection> connection, duckdb::ClientProperties properties,
             std::unique_ptr<StatementBindings> bindings, const QueryOptions& options)
      : connection_(std::move(connection)),
        properties_(std::move(properties)),
        bindings_(std::move(bindings)),
        options_(options),
        next_rows_(std::min(options.batch_rows, kFirstBatchRows)) {}
  ~DuckStream() override {
    scan_.reset();
    result_.reset();
  }

  Status Start(std::unique_ptr<duckdb::QueryResult> result, Schema schema) {
    if (result->HasError()) return FromDuckDB(result->GetErrorObject());
    result_ = std::move(result);
    schema_ = std::move(schema);
    scan_ = std::make_unique<duckdb::QueryResultChunkScanState>(*result_);
    return {};
  }

  const Schema& schema() const override { return schema_; }
  OwnedArrowSchema ArrowSchemaOf() const override {
    return SparkArrowSchema(schema_, connection_->time_zone());
  }

  Result<std::optional<ArrowBatch>> Next() override {
    if (done_) return std::optional<ArrowBatch>();
    return Guarded([&]() -> Result<std::optional<ArrowBatch>> {
      ArrowBatch batch;
      duckdb::idx_t rows = 0;
      duckdb::ErrorData error;
      bool fetched = duckdb::ArrowUtil::TryFetchChunk(*scan_, properties_,
                                                      static_cast<duckdb::idx_t>(next_rows_),
                                                      batch.array.get(), rows, error, {});
      if (!fetched || rows == 0) done_ = true;
      if (!fetched) return FromDuckDB(error);
      if (rows == 0) return std::optional<ArrowBatch>();
      batch.row_count = static_cast<int64_t>(rows);
      AdaptToSpark(schema_, *batch.array.get());
      int64_t row_bytes = std::max<int64_t>(1, TextBytes(schema_, *batch.array.get()) / batch.row_count);
      next_rows_ = std::clamp<int64_t>(kBatchTextBytes / row_bytes, 1, options_.batch_rows);
      return std::optional<ArrowBatch>(std::move(batch));
    });
  }

  void Interrupt() override { connection_->Interrupt(); }
  double Progress() const override { return done_ ? 1 : connection_->Progress(); }

 private:
  std::shared_ptr<DuckConnection> connection_;
  duckdb::ClientProperties properties_;
  std::unique_ptr<StatementBindings> bindings_;  // the scans of result_
  QueryOptions options_;
  int64_t next_rows_;
  Schema schema_;
  std::unique_ptr<duckdb::QueryResult> result_;
  std::unique_ptr<duckdb::QueryResultChunkScanState> scan_;
  bool done_ = false;
};

Schema SchemaOf(const sql::Plan& plan) {
  Schema schema;
  for (const sql::Attribute& column : plan.output) {
    schema.fields.push_back({column.name, column.type, column.nullable, column.metadata});
  }
  return schema;
}

void Configure(const EngineOptions& options, duckdb::DBConfig& config) {
  config.file_system = duckdb::make_uniq<duckdb::VirtualFileSystem>(duckdb::make_uniq<LinklessFileSystem>());
  auto set = [&](const char* name, duckdb::Value value) { config.SetOptionByName(name, value); };
  set("autoload_known_extensions", duckdb::Value::BOOLEAN(false));
  set("autoinstall_known_extensions", duckdb::Value::BOOLEAN(false));
  set("allow_community_extensions", duckdb::Value::BOOLEAN(false));
  set("allow_persistent_secrets", duckdb::Value::BOOLEAN(false));
  // Its own folder may be reached by links: it is nobody's but the server's.
  std::error_code unresolved;
  auto temporary = std::filesystem::weakly_canonical(options.temp_directory, unresolved);
  set("temp_directory", duckdb::Value(unresolved || options.temp_directory.empty() ? options.temp_directory : temporary.string()));
  if (options.memory_limit_bytes > 0) {
    set("memory_limit", duckdb::Value(std::to_string(options.memory_limit_bytes) + "B"));
  }
  // Rows come sorted by partition (table_writer.cc): buffers of those behind are of no use.
  set("partitioned_write_flush_threshold", duckdb::Value::BIGINT(16384));
  if (options.threads > 0) set("threads", duckdb::Value::BIGINT(options.threads));
}

}  // namespace

Engine::Engine(std::shared_ptr<EngineState> state) : state_(std::move(state)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::Open(const EngineOptions& options) {
  if (duckdb::DuckDB::LibraryVersion() != kDuckDbVersion) {
    return MakeError(ErrorCode::kInternalError, "DuckDB " + std::string(kDuckDbVersion) + " is needed, found " +
                                                    duckdb::DuckDB::LibraryVersion());
  }
  auto state = std::make_shared<EngineState>();
  state->options = options;
  try {
    duckdb::DBConfig config;
    Configure(options, config);
    state->database = std::make_shared<duckdb::DuckDB>(nullptr, &config);
    duckdb::DatabaseInstance& instance = *state->database->instance;
    RegisterArrowInput(instance, state->scans);
    RegisterRename(instance);
    RegisterTakeFiles(instance, state->scans);
    RegisterZOrder(instance);
    RegisterParquetFiles(instance, state->scans);
    RegisterTableScan(instance, state->scans);
    RegisterSparkFunctions(instance);
    auto zone = duckdb::Connection(*state->database).Query("SET GLOBAL TimeZone = 'UTC'");
    if (zone->HasError()) zone->ThrowError();
  } catch (const std::exception& e) {
    return MakeError(ErrorCode::kInvalidParameterValue, duckdb::ErrorData(e).RawMessage());
  }
  return std::unique_ptr<Engine>(new Engine(std::move(state)));
}

std::shared_ptr<Connection> Engine::NewConnection() { return std::make_shared<DuckConnection>(state_); }

DuckConnection::DuckConnection(std::shared_ptr<EngineState> state) : state_(std::move(state)) {
  connection_ = std::make_shared<duckdb::Connection>(*state_->database);
  // Progress is only counted with the progress bar on; nothing is printed.
  auto& config = duckdb::ClientConfig::GetConfig(*connection_->context);
  config.enable_progress_bar = true;
  config.print_progress_bar = false;
  config.wait_time = 0;
}

DuckConnection::~DuckConnection() = default;

void DuckConnection::CountNoProgress() {
  duckdb::ClientConfig::GetConfig(*connection_->context).enable_progress_bar = false;
}

DuckConnection::PlainPlans::PlainPlans(DuckConnection& connection)
    : connection_(connection),
      counted_progress_(duckdb::ClientConfig::GetConfig(*connection.connection_->context).enable_progress_bar) {
  auto& config = duckdb::ClientConfig::GetConfig(*connection_.connection_->context);
  config.enable_optimizer = false;
  config.enable_progress_bar = false;
}

DuckConnection::PlainPlans::~PlainPlans() {
  auto& config = duckdb::ClientConfig::GetConfig(*connection_.connection_->context);
  config.enable_optimizer = true;
  config.enable_progress_bar = counted_progress_;
}

std::shared_ptr<DuckConnection> QuietConnection(Engine& engine) {
  auto connection = std::static_pointer_cast<DuckConnection>(engine.NewConnection());
  connection->CountNoProgress();
  return connection;
}

std::string DuckTimeZone(const std::string& spark_zone) {
  if (spark_zone == "Z") return "UTC";
  bool is_offset = !spark_zone.empty() && (spark_zone[0] == '+' || spark_zone[0] == '-');
  if (is_offset) return "UTC" + spark_zone;
  if (spark_zone.starts_with("GMT+") || spark_zone.starts_with("GMT-")) return "UTC" + spark_zone.substr(3);
  return spark_zone;
}

Status DuckConnection::SetTimeZone(const std::string& zone) {
  if (zone == time_zone_) return {};
  // DuckDB drops the minutes of an offset without a word.
  size_t colon = zone.find(':');
  bool minutes = zone.find_first_of("+-") != std::string::npos && colon != std::string::npos && zone.substr(colon) != ":00";
  if (minutes) return NotImplemented("the session time zone " + zone + ", whose offset is not of whole hours");
  Status set = Run("SET TimeZone = " + QuoteSqlString(DuckTimeZone(zone)), [](duckdb::QueryResult&) {});
  bool known = set.ok() && TimeZone::Find(zone) != nullptr;
  if (known) set = Run(std::string("SET ") + kZoneSetting + " = " + QuoteSqlString(zone), [](duckdb::QueryResult&) {});
  if (!known || !set.ok()) {
    return MakeSqlError("INVALID_CONF_VALUE.TIME_ZONE", "22022",
                        "The value '" + zone + "' in the config \"spark.sql.session.timeZone\" is invalid. "
                        "Cannot resolve the given timezone.",
                        {{"confName", "spark.sql.session.timeZone"}, {"confValue", zone}});
  }
  time_zone_ = zone;
  return {};
}

Result<std::unique_ptr<ResultStream>> DuckConnection::Execute(const sql::PlanPtr& plan,
                                                              const QueryOptions& options) {
  CHECK(options.batch_rows > 0);
  auto bindings = std::make_unique<StatementBindings>(state_->scans, time_zone_);
  ASSIGN_OR_RETURN(std::string sql, LowerPlan(*plan, {.time_zone = DuckTimeZone(time_zone_)}, *bindings));
  return Guarded([&]() -> Result<std::unique_ptr<ResultStream>> {
    auto stream = std::make_unique<DuckStream>(shared_from_this(), connection_->context->GetClientProperties(),
                                               std::move(bindings), options);
    RETURN_IF_ERROR(stream->Start(Start(sql, duckdb::QueryResultOutputType::ALLOW_STREAMING), SchemaOf(*plan)));
    return std::unique_ptr<ResultStream>(std::move(stream));
  });
}

Result<std::unique_ptr<ResultStream>> DuckConnection::ExecuteValues(const Schema& schema,
                                                                    const std::vector<std::vector<Value>>& rows) {
  return Guarded([&]() -> Result<std::unique_ptr<ResultStream>> {
    duckdb::ClientContext& context = *connection_->context;
    duckdb::vector<std::string> names;
    for (const Field& field : schema.fields) names.push_back(field.name);
    duckdb::unique_ptr<duckdb::ColumnDataCollection> collection(MakeCollection(context, schema, rows).release());
    auto result = duckdb::make_uniq<duckdb::MaterializedQueryResult>(
        duckdb::StatementType::SELECT_STATEMENT, duckdb::StatementProperties(), std::move(names), std::move(collection),
        context.GetClientProperties());
    auto stream = std::make_unique<DuckStream>(shared_from_this(), context.GetClientProperties(), nullptr, QueryOptions());
    RETURN_IF_ERROR(stream->Start(std::move(result), schema));
    return std::unique_ptr<ResultStream>(std::move(stream));
  });
}

Result<int64_t> DuckConnection::ExecuteCount(const sql::PlanPtr& plan) {
  StatementBindings bindings(state_->scans, time_zone_);
  ASSIGN_OR_RETURN(std::string sql, LowerPlan(*plan, {.time_zone = DuckTimeZone(time_zone_)}, bindings));
  int64_t rows = 0;
  RETURN_IF_ERROR(Run(sql, [&](duckdb::QueryResult& result) {
    while (auto chunk = result.Fetch()) {
      if (chunk->size() == 0) break;
      rows += static_cast<int64_t>(chunk->size());
    }
  }));
  return rows;
}

Result<std::string> DuckConnection::LowerToSql(const sql::PlanPtr& plan) {
  StatementBindings bindings(state_->scans, time_zone_);
  return LowerPlan(*plan, {.time_zone = DuckTimeZone(time_zone_)}, bindings);
}

Result<std::string> DuckConnection::Explain(const sql::PlanPtr& plan) {
  StatementBindings bindings(state_->scans, time_zone_);
  ASSIGN_OR_RETURN(std::string sql, LowerPlan(*plan, {.time_zone = DuckTimeZone(time_zone_)}, bindings));
  std::string text;
  RETURN_IF_ERROR(Run("EXPLAIN " + sql, [&](duckdb::QueryResult& result) {
    while (auto chunk = result.Fetch()) {
      if (chunk->size() == 0) break;
      for (duckdb::idx_t row = 0; row < chunk->size(); ++row) text += chunk->GetValue(1, row).ToString();
    }
  }));
  return text;
}

void DuckConnection::Interrupt() {
  interrupted_ = true;  // first: Start() reads it after DuckDB forgot
  connection_->Interrupt();
}

std::unique_ptr<duckdb::QueryResult> DuckConnection::Start(const std::string& sql,
                                                           const duckdb::QueryParameters& parameters) {
  // DuckDB forgets interruptions when it begins to plan a statement, none after that; its threads may
  // be at work before Execute().
  auto pending = connection_->PendingQuery(sql, parameters);
  if (interrupted_) {
    connection_->Interrupt();
    return std::make_unique<duckdb::MaterializedQueryResult>(duckdb::ErrorData(duckdb::InterruptException()));
  }
  if (pending->HasError()) return std::make_unique<duckdb::MaterializedQueryResult>(pending->GetErrorObject());
  return pending->Execute();
}

double DuckConnection::Progress() const {
  double percentage = connection_->GetQueryProgress();
  return percentage < 0 ? -1 : percentage / 100;
}

Status DuckConnection::Run(const std::string& sql, const std::function<void(duckdb::QueryResult&)>& consume) {
  return Guarded([&]() -> Status {
    auto result = Start(sql, duckdb::QueryResultOutputType::FORCE_MATERIALIZED);
    if (result->HasError()) return FromDuckDB(result->GetErrorObject());
    consume(*result);
    return {};
  });
}

Status DuckConnection::RunStreamed(const std::string& sql, const std::function<void(duckdb::DataChunk&)>& consume) {
  return Guarded([&]() -> Status {
    auto result = Start(sql, duckdb::QueryResultOutputType::ALLOW_STREAMING);
    if (result->HasError()) return FromDuckDB(result->GetErrorObject());
    while (auto chunk = result->Fetch()) {
      if (chunk->size() == 0) break;
      consume(*chunk);
    }
    if (result->HasError()) return FromDuckDB(result->GetErrorObject());
    return {};
  });
}

Status DuckConnection::InTransaction(const std::function<void(duckdb::ClientContext&)>& body) {
  return Guarded([&]() -> Status {
    duckdb::ClientContext& context = *connection_->context;
    context.RunFunctionInTransaction([&] { body(context); });
    return {};
  });
}

Result<bool> DuckConnection::OnlyScans(const std::string& select) {
  return Guarded([&]() -> Result<bool> {
    auto plan = connection_->ExtractPlan(select);
    const duckdb::LogicalOperator* node = plan.get();
    while (node->type == duckdb::LogicalOperatorType::LOGICAL_PROJECTION) node = node->children[0].get();
    return node->type == duckdb::LogicalOperatorType::LOGICAL_GET && node->children.empty();
  });
}

Result<std::string> DuckConnection::RunForText(const std::string& sql) {
  std::string text;
  RETURN_IF_ERROR(Run(sql, [&](duckdb::QueryResult& result) {
    auto chunk = result.Fetch();
    if (chunk && chunk->size() > 0) text = chunk->GetValue(0, 0).ToString();
  }));
  return text;
}

}  // namespace ashlar::engine
