#include "connect/connect_session.h"

#include "base/id.h"
#include "engine/engine.h"
#include "session/run_statement.h"

namespace ashlar::connect {
namespace {

constexpr int64_t kNanosPerMinute = int64_t{60} * 1'000'000'000;
constexpr int64_t kIdleSessionNanos = 60 * kNanosPerMinute;  // as Spark
constexpr int64_t kDetachedExecutionNanos = 5 * kNanosPerMinute;
constexpr size_t kMaxClosed = 10'000;
constexpr size_t kMaxArtifactBytes = size_t{1} << 30;
constexpr std::string_view kCachePrefix = "cache/";

Status CheckObserved(const ConnectSession& session, const std::string& session_id, const std::string& observed) {
  if (observed.empty() || observed == session.server_side_id()) return OkStatus();
  return InvalidHandle("SESSION_CHANGED", session_id,
                       "The existing Spark server driver instance has restarted. Please reconnect.");
}

}  // namespace

Status Artifacts::Add(const std::string& name, std::string bytes) {
  if (!name.starts_with(kCachePrefix)) {
    return NotImplemented("the artifact " + name + ": only rows of local relations (cache/) can be uploaded");
  }
  if (Sha256Hex(bytes) != name.substr(kCachePrefix.size())) {
    return MakeError(ErrorCode::kInvalidParameterValue, "The artifact " + name + " does not have the hash in its name.");
  }
  std::lock_guard lock(mutex_);
  if (bytes_.contains(name)) return OkStatus();
  if (total_ + bytes.size() > kMaxArtifactBytes) {
    return MakeError(ErrorCode::kResourceExhausted, "The session's artifacts exceed 1 GiB.");
  }
  total_ += bytes.size();
  bytes_.emplace(name, std::move(bytes));
  return OkStatus();
}

bool Artifacts::Has(const std::string& name) const {
  std::lock_guard lock(mutex_);
  return bytes_.contains(name);
}

Result<std::string> Artifacts::CachedRelation(const std::string& hash) const {
  std::lock_guard lock(mutex_);
  auto found = bytes_.find(std::string(kCachePrefix) + hash);
  if (found == bytes_.end()) return InvalidPlan("Cannot find the cached local relation with hash " + hash + ".");
  return found->second;
}

Decoder ConnectSession::MakeDecoder() {
  Decoder::Context context;
  session::SessionState state = session_->state();
  context.parser.ansi = state.confs.ansi();
  context.parser.time_zone = state.confs.time_zone();
  context.cached_artifact = [this](const std::string& hash) { return artifacts_.CachedRelation(hash); };
  context.first_column = [this](const sql::RelationPtr& query) -> Result<std::vector<Value>> {
    session::StatementRun run(session_);
    ASSIGN_OR_RETURN(auto stream, run.Run(sql::Statement{{}, sql::QueryStatement{query}}));
    ASSIGN_OR_RETURN(auto rows, engine::CollectRows(*stream));
    std::vector<Value> values;
    for (std::vector<Value>& row : rows) values.push_back(std::move(row[0]));
    return values;
  };
  return Decoder(std::move(context));
}

Status ConnectSession::Add(std::shared_ptr<Execution> execution) {
  std::lock_guard lock(mutex_);
  std::string id = execution->operation_id();
  if (!executions_.emplace(id, std::move(execution)).second) {
    return InvalidHandle("OPERATION_ALREADY_EXISTS", id, "Operation already exists.");
  }
  return OkStatus();
}

Result<std::shared_ptr<Execution>> ConnectSession::Find(const std::string& operation_id) const {
  std::lock_guard lock(mutex_);
  auto found = executions_.find(operation_id);
  if (found == executions_.end()) return InvalidHandle("OPERATION_NOT_FOUND", operation_id, "Operation not found.");
  return found->second;
}

void ConnectSession::Remove(const std::string& operation_id) {
  std::shared_ptr<Execution> removed;
  {
    std::lock_guard lock(mutex_);
    auto found = executions_.find(operation_id);
    if (found == executions_.end()) return;
    removed = std::move(found->second);
    executions_.erase(found);
  }
  removed->Cancel();
}

std::vector<std::shared_ptr<Execution>> ConnectSession::Executions() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Execution>> all;
  for (const auto& [id, execution] : executions_) all.push_back(execution);
  return all;
}

void ConnectSession::CancelAll() {
  for (const auto& execution : Executions()) execution->Cancel();
}

void ConnectSession::RemoveFinishedBefore(int64_t nanos) {
  std::lock_guard lock(mutex_);
  std::erase_if(executions_, [&](const auto& entry) {
    int64_t finished = entry.second->finished_nanos();
    return finished > 0 && finished < nanos;
  });
}

Result<ConnectSessionPtr> ConnectSessions::FindOrOpen(const SessionKey& key, const std::string& user,
                                                      const std::string& observed) {
  if (!IsUuid(key.session_id)) return InvalidHandle("FORMAT", key.session_id, "Handle must be an UUID string of the format '00112233-4455-6677-8899-aabbccddeeff'");
  int64_t now = environment_.clock.MonotonicNanos();
  std::lock_guard lock(mutex_);
  Sweep(now);
  if (closed_.contains(key)) return InvalidHandle("SESSION_CLOSED", key.session_id, "Session was closed.");
  auto found = sessions_.find(key);
  if (found == sessions_.end()) {
    link::SessionOptions options;
    options.handle = key.handle;
    options.session_id = key.session_id;
    options.user_name = user;
    ASSIGN_OR_RETURN(std::shared_ptr<session::Session> session, session::Session::Open(environment_, options));
    auto made = std::make_shared<ConnectSession>(std::move(session), NewUuid(environment_.random), environment_.random);
    found = sessions_.emplace(key, Entry{std::move(made), now}).first;
  }
  found->second.used_nanos = now;
  RETURN_IF_ERROR(CheckObserved(*found->second.session, key.session_id, observed));
  return found->second.session;
}

Result<ConnectSessionPtr> ConnectSessions::Find(const SessionKey& key, const std::string& observed) const {
  std::lock_guard lock(mutex_);
  auto found = sessions_.find(key);
  if (found == sessions_.end()) return InvalidHandle("SESSION_NOT_FOUND", key.session_id, "Session not found.");
  RETURN_IF_ERROR(CheckObserved(*found->second.session, key.session_id, observed));
  return found->second.session;
}

ConnectSessionPtr ConnectSessions::Release(const SessionKey& key, bool allow_reconnect) {
  std::lock_guard lock(mutex_);
  if (!allow_reconnect && closed_.size() < kMaxClosed) closed_.insert(key);
  auto found = sessions_.find(key);
  if (found == sessions_.end()) return nullptr;
  ConnectSessionPtr released = std::move(found->second.session);
  sessions_.erase(found);
  return released;
}

void ConnectSessions::Sweep(int64_t now_nanos) {
  for (auto it = sessions_.begin(); it != sessions_.end();) {
    it->second.session->RemoveFinishedBefore(now_nanos - kDetachedExecutionNanos);
    bool idle = now_nanos - it->second.used_nanos > kIdleSessionNanos && it->second.session->Executions().empty();
    it = idle ? sessions_.erase(it) : std::next(it);
  }
}

}  // namespace ashlar::connect
