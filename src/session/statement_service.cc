#include "session/statement_service.h"

#include <atomic>
#include <vector>

#include "arrow_ipc/result_spool.h"
#include "base/log.h"
#include "session/run_statement.h"

namespace ashlar::session {
namespace {

constexpr auto kTick = std::chrono::milliseconds(20);

struct Waiter {
  int64_t deadline_nanos = 0;
  bool with_first_chunk = false;
  link::Callback<link::StatementStatus> done;
};

// A parameter's text as a literal cast to its type: the analyzer does the rest.
Result<sql::ExprPtr> ParameterLiteral(const link::StatementParameter& parameter) {
  ASSIGN_OR_RETURN(DataType type, DataType::Parse(parameter.type));
  if (!parameter.value) return sql::MakeExpr(sql::LiteralExpr{Value::Null(type)});
  sql::ExprPtr text = sql::MakeExpr(sql::LiteralExpr{Value::String(*parameter.value)});
  if (type.Is(TypeId::kString)) return text;
  return sql::MakeExpr(sql::CastExpr{text, type, sql::CastMode::kDefault});
}

Result<Parameters> ParametersOf(const link::StatementRequest& request) {
  Parameters parameters;
  parameters.commit_uuid = request.commit_uuid;
  for (const link::StatementParameter& parameter : request.parameters) {
    ASSIGN_OR_RETURN(sql::ExprPtr literal, ParameterLiteral(parameter));
    if (parameter.name.empty()) {
      parameters.positional.push_back(std::move(literal));
    } else {
      parameters.named[parameter.name] = std::move(literal);
    }
  }
  return parameters;
}

}  // namespace

struct StatementService::Statement {
  link::StatementRequest request;
  std::shared_ptr<Session> session;

  std::mutex mutex;
  link::StatementStatus status;
  std::shared_ptr<arrow_ipc::ResultSpool> spool;
  StatementRun* running = nullptr;  // while it runs
  bool cancel_requested = false;
  std::atomic<int64_t> finished_nanos = 0;
  std::vector<Waiter> waiters;

  link::StatementStatus Snapshot(bool with_first_chunk) {
    link::StatementStatus copy = status;
    if (with_first_chunk && spool && !status.chunks.empty()) {
      auto chunk = spool->Fetch(0);
      if (chunk.ok()) copy.first_chunk = **chunk;
    }
    return copy;
  }
};

StatementService::StatementService(Environment& environment, StatementServiceOptions options)
    : environment_(environment), options_(options), pool_(options.threads) {
  ticker_ = std::jthread([this](std::stop_token stop) { Tick(stop); });
}

StatementService::~StatementService() {
  std::vector<std::string> ids;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, statement] : statements_) ids.push_back(id);
  }
  for (const std::string& id : ids) (void)CancelStatement(id).ok();
}

Status StatementService::OpenSession(const link::SessionOptions& options) {
  ASSIGN_OR_RETURN(std::shared_ptr<Session> session, Session::Open(environment_, options));
  std::lock_guard lock(mutex_);
  if (!sessions_.emplace(options.session_id, std::move(session)).second) {
    return MakeError(ErrorCode::kAlreadyExists, "session " + options.session_id + " is already open");
  }
  return OkStatus();
}

Status StatementService::CloseSession(const std::string& session_id) {
  std::vector<std::string> ids;
  {
    std::lock_guard lock(mutex_);
    if (sessions_.erase(session_id) == 0) {
      return MakeError(ErrorCode::kResourceDoesNotExist, "session " + session_id + " does not exist");
    }
    for (const auto& [id, statement] : statements_) {
      if (statement->session->id() == session_id) ids.push_back(id);
    }
  }
  for (const std::string& id : ids) (void)CancelStatement(id).ok();
  return OkStatus();
}

Status StatementService::Execute(const link::StatementRequest& request) {
  if (request.open) RETURN_IF_ERROR(OpenSession(*request.open));
  auto statement = std::make_shared<Statement>();
  statement->request = request;
  std::lock_guard lock(mutex_);
  auto session = sessions_.find(request.session_id);
  if (session == sessions_.end()) {
    return MakeError(ErrorCode::kResourceDoesNotExist, "session " + request.session_id + " does not exist");
  }
  statement->session = session->second;
  if (!statements_.emplace(request.statement_id, statement).second) {
    return MakeError(ErrorCode::kAlreadyExists, "statement " + request.statement_id + " already exists");
  }
  pool_.Submit([this, statement] { RunStatement(statement); });
  return OkStatus();
}

void StatementService::RunStatement(const StatementPtr& statement) {
  {
    std::lock_guard lock(statement->mutex);
    if (!statement->cancel_requested) statement->status.state = link::StatementState::kRunning;
  }
  Status outcome = OkStatus();
  try {
    outcome = Produce(*statement);
  } catch (const std::exception& e) {
    // Third-party exceptions stop at their adapters; one that reaches this place is a bug.
    outcome = MakeError(ErrorCode::kInternalError, std::string("unexpected exception: ") + e.what());
  }
  Settle(*statement, outcome);
}

Status StatementService::Produce(Statement& statement) {
  ASSIGN_OR_RETURN(Parameters parameters, ParametersOf(statement.request));
  StatementRun run(statement.session, std::move(parameters));
  {
    std::lock_guard lock(statement.mutex);
    if (statement.cancel_requested) return MakeError(ErrorCode::kCancelled, "The statement was cancelled.");
    statement.running = &run;
  }
  struct Detach {
    Statement& statement;
    ~Detach() {
      std::lock_guard lock(statement.mutex);
      statement.running = nullptr;
    }
  } detach{statement};

  ASSIGN_OR_RETURN(auto stream, run.RunText(statement.request.sql));
  if (!stream) return OkStatus();
  arrow_ipc::SpoolOptions options;
  options.folder = environment_.spool_folder;
  options.row_limit = statement.request.row_limit;
  options.byte_limit = statement.request.byte_limit;
  ASSIGN_OR_RETURN(auto made, arrow_ipc::ResultSpool::Make(stream->ArrowSchemaOf(), options));
  std::shared_ptr<arrow_ipc::ResultSpool> spool = std::move(made);
  bool more = true;
  while (more) {
    ASSIGN_OR_RETURN(std::optional<ArrowBatch> batch, stream->Next());
    if (!batch) break;
    ASSIGN_OR_RETURN(more, spool->Append(*std::move(batch)));
  }
  RETURN_IF_ERROR(spool->Finish());
  std::lock_guard lock(statement.mutex);
  statement.status.has_result = true;
  statement.status.schema = stream->schema();
  statement.status.truncated = spool->truncated();
  for (const arrow_ipc::SpoolChunk& chunk : spool->Chunks()) {
    statement.status.chunks.push_back({chunk.row_offset, chunk.row_count, chunk.byte_count});
  }
  statement.spool = std::move(spool);
  return OkStatus();
}

void StatementService::Settle(Statement& statement, const Status& outcome) {
  std::vector<Waiter> waiters;
  {
    std::lock_guard lock(statement.mutex);
    if (outcome.ok()) {
      statement.status.state = link::StatementState::kSucceeded;
    } else {
      bool by_client = outcome.error().code == ErrorCode::kCancelled && statement.cancel_requested;
      statement.status.state = by_client ? link::StatementState::kCanceled : link::StatementState::kFailed;
      statement.status.failure = outcome.error();
    }
    statement.finished_nanos = environment_.clock.MonotonicNanos();
    waiters.swap(statement.waiters);
  }
  for (Waiter& waiter : waiters) {
    link::StatementStatus status;
    {
      std::lock_guard lock(statement.mutex);
      status = statement.Snapshot(waiter.with_first_chunk);
    }
    waiter.done(std::move(status));
  }
}

Result<StatementService::StatementPtr> StatementService::Find(const std::string& statement_id) const {
  std::lock_guard lock(mutex_);
  auto found = statements_.find(statement_id);
  if (found == statements_.end()) {
    return MakeError(ErrorCode::kResourceDoesNotExist, "The statement " + statement_id + " was not found.");
  }
  return found->second;
}

void StatementService::GetStatement(const std::string& statement_id, int64_t wait_ms, bool with_first_chunk,
                                    link::Callback<link::StatementStatus> done) {
  Result<StatementPtr> statement = Find(statement_id);
  if (!statement.ok()) {
    done(statement.error());
    return;
  }
  link::StatementStatus status;
  {
    std::lock_guard lock((*statement)->mutex);
    if (!link::IsFinal((*statement)->status.state) && wait_ms > 0) {
      int64_t deadline = environment_.clock.MonotonicNanos() + wait_ms * 1'000'000;
      (*statement)->waiters.push_back({deadline, with_first_chunk, std::move(done)});
      return;
    }
    status = (*statement)->Snapshot(with_first_chunk);
  }
  done(std::move(status));
}

Result<std::string> StatementService::FetchChunk(const std::string& statement_id, int64_t index) {
  ASSIGN_OR_RETURN(StatementPtr statement, Find(statement_id));
  std::shared_ptr<arrow_ipc::ResultSpool> spool;
  {
    std::lock_guard lock(statement->mutex);
    spool = statement->spool;
  }
  if (!spool) return MakeError(ErrorCode::kResourceDoesNotExist, "The statement " + statement_id + " has no result.");
  ASSIGN_OR_RETURN(auto chunk, spool->Fetch(index));
  return *chunk;
}

Status StatementService::CancelStatement(const std::string& statement_id) {
  ASSIGN_OR_RETURN(StatementPtr statement, Find(statement_id));
  std::lock_guard lock(statement->mutex);
  if (link::IsFinal(statement->status.state)) return OkStatus();
  statement->cancel_requested = true;
  if (statement->running != nullptr) statement->running->Cancel();
  return OkStatus();
}

Status StatementService::CloseStatement(const std::string& statement_id) {
  RETURN_IF_ERROR(CancelStatement(statement_id));
  std::lock_guard lock(mutex_);
  statements_.erase(statement_id);
  return OkStatus();
}

int StatementService::open_sessions() const {
  std::lock_guard lock(mutex_);
  return static_cast<int>(sessions_.size());
}

// Answers waiters whose time is over, and forgets results nobody closed.
void StatementService::Tick(std::stop_token stop) {
  while (!stop.stop_requested()) {
    std::vector<StatementPtr> all;
    {
      std::unique_lock lock(mutex_);
      tick_.wait_for(lock, stop, kTick, [] { return false; });
      int64_t now = environment_.clock.MonotonicNanos();
      for (auto it = statements_.begin(); it != statements_.end();) {
        bool expired = it->second->finished_nanos > 0 &&
                       now - it->second->finished_nanos > options_.result_ttl_ms * 1'000'000;
        // Nobody waits for one that is finished.
        if (!expired && it->second->finished_nanos == 0) all.push_back(it->second);
        it = expired ? statements_.erase(it) : std::next(it);
      }
    }
    int64_t now = environment_.clock.MonotonicNanos();
    for (const StatementPtr& statement : all) {
      std::vector<std::pair<Waiter, link::StatementStatus>> due;
      {
        std::lock_guard lock(statement->mutex);
        for (auto it = statement->waiters.begin(); it != statement->waiters.end();) {
          if (it->deadline_nanos > now) {
            ++it;
            continue;
          }
          due.emplace_back(std::move(*it), statement->Snapshot(it->with_first_chunk));
          it = statement->waiters.erase(it);
        }
      }
      for (auto& [waiter, status] : due) waiter.done(std::move(status));
    }
  }
}

}  // namespace ashlar::session
