#include <cstdio>

#include "base/failpoint.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "catalog/environment.h"
#include "catalog/local_path.h"
#include "catalog/managed_commit.h"
#include "catalog/migrations.h"
#include "catalog/path_access.h"
#include "catalog/tables/commits_table.h"
#include "catalog/tables/ratified_commits_table.h"
#include "delta/catalog_commits.h"

namespace ashlar::catalog {
namespace {

using objectstore::PutOutcome;
using sql::Securable;

std::string LogPath(const std::string& location, int64_t version) {
  char name[32];
  std::snprintf(name, sizeof(name), "%020lld.json", static_cast<long long>(version));
  return location + "/_delta_log/" + name;
}

// What a commit goes to, once it is allowed.
struct Target {
  std::string location;
  std::optional<SecurableRow> table;  // none for a path outside any table
  bool managed = false;               // the catalog says what its versions are
};

Result<Target> AuthorizeTable(Authorizer& authorizer, const TableCommit& commit) {
  ASSIGN_OR_RETURN(auto row, SecurablesTable::Find(authorizer.txn(), commit.table_uuid));
  if (!row || row->kind != Securable::kTable || row->state == SecurableState::kDeleting) {
    return NotFound(Securable::kTable, {commit.table_uuid});
  }
  if (commit.location != row->location) {
    return MakeError(ErrorCode::kInvalidState, "The location of table " + commit.table_uuid +
                                                   " is not the one committed to");
  }
  if (row->state == SecurableState::kCreating) {
    if (row->created_by != authorizer.subject().id || commit.version != 0) {
      return NotFound(Securable::kTable, {commit.table_uuid});
    }
    return Target{row->location, std::move(row)};
  }
  ASSIGN_OR_RETURN(Chain chain, authorizer.ChainOf(*row));
  RETURN_IF_ERROR(authorizer.Require(chain, "MODIFY"));
  ASSIGN_OR_RETURN(auto ratified, RatifiedCommitsTable::Find(authorizer.txn(), row->uuid));
  return Target{row->location, std::move(row), ratified.has_value()};
}

Result<Target> AuthorizeTarget(Authorizer& authorizer, const Environment& environment,
                               const TableCommit& commit) {
  if (!commit.table_uuid.empty()) return AuthorizeTable(authorizer, commit);
  ASSIGN_OR_RETURN(ResolvedPath path, AuthorizePath(authorizer, environment.options, commit.location,
                                                    sql::Access::kWrite));
  if (path.securable == Securable::kTable) {
    TableCommit to_table = commit;
    to_table.table_uuid = path.securable_uuid;
    to_table.location = path.canonical;
    return AuthorizeTable(authorizer, to_table);
  }
  return Target{path.canonical, std::nullopt};
}

// The log must be a real folder of the table: a link would carry the commit into another table.
Status CheckLogFolder(const std::string& location) {
  std::string log = location + "/_delta_log";
  ASSIGN_OR_RETURN(std::string canonical, CanonicalPath(log));
  if (canonical == log) return OkStatus();
  return InsufficientPermissions("Path '" + log + "' leads out of its table.");
}

Status CheckPreviousVersion(const Environment& environment, const std::string& location,
                            int64_t version) {
  if (version < 0) return MakeError(ErrorCode::kInvalidParameterValue, "negative table version");
  if (version == 0) return OkStatus();
  auto previous = environment.store.Head(LogPath(location, version - 1));
  if (previous.ok()) return OkStatus();
  if (previous.error().code != ErrorCode::kNotFound) return previous.error();
  return MakeError(ErrorCode::kInvalidState, "Version " + std::to_string(version) +
                                                 " does not follow the last version of the table");
}

// Won by this very text before: the answer was lost on its way, not the race.
Result<PutOutcome> Settle(const Environment& environment, const std::string& path,
                          const TableCommit& commit) {
  Result<std::string> there = environment.store.Read(path);
  if (!there.ok()) return PutOutcome::kUnknown;
  return *there == commit.actions ? PutOutcome::kWon : PutOutcome::kLost;
}

std::string TextOf(const Json& object, const char* key) {
  auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Whether the commit's protocol makes the table catalog-managed; nullopt when it has none.
Result<std::optional<bool>> MakesManaged(const std::string& actions) {
  ASSIGN_OR_RETURN(std::optional<Json> protocol, ActionIn(actions, "protocol"));
  if (!protocol) return std::optional<bool>();
  auto features = protocol->find("writerFeatures");
  bool listed = false;
  if (features != protocol->end() && features->is_array()) {
    for (const Json& feature : *features) {
      listed = listed || (feature.is_string() && feature.get<std::string>() == delta::kCatalogManaged);
    }
  }
  return std::optional(listed);
}

// A table is catalog-managed from its first version to its last, and only where we keep its files.
Result<bool> IsManagedCommit(const Target& target, const TableCommit& commit) {
  ASSIGN_OR_RETURN(std::optional<bool> asks, MakesManaged(commit.actions));
  bool creating = target.table && target.table->state == SecurableState::kCreating;
  if (creating && asks.value_or(false) && target.table->managed) return true;
  if (asks.value_or(false) && !target.managed) return delta::ManagedCreationUnsupported("what is no new managed table");
  if (asks && !*asks && target.managed) return NotImplemented("making a catalog-managed table one of the file system");
  return target.managed;
}

// A log that names another table would have clients commit to that one.
Status CheckTableId(const Json& meta, const std::string& uuid) {
  auto configuration = meta.find("configuration");
  if (configuration == meta.end() || !configuration->is_object()) return OkStatus();
  std::string id = TextOf(*configuration, delta::kUnityTableId);
  return id.empty() || id == uuid ? OkStatus() : Status(delta::TableIdIsTheCatalogs());
}

// Keeps what listings show of a Delta table in step with its log.
Status RecordMetaData(metadb::Transaction& txn, const Json& meta, const std::string& uuid,
                      int64_t now_ms, int64_t principal_id) {
  ASSIGN_OR_RETURN(auto row, SecurablesTable::Find(txn, uuid));
  ASSIGN_OR_RETURN(auto relation, RelationsTable::Find(txn, uuid));
  if (!row || !relation) return OkStatus();  // dropped meanwhile
  Result<Schema> columns = Schema::FromJsonText(TextOf(meta, "schemaString"));
  if (columns.ok()) relation->columns = *std::move(columns);
  relation->partition_columns.clear();
  if (auto names = meta.find("partitionColumns"); names != meta.end()) {
    for (const Json& name : *names) {
      if (name.is_string()) relation->partition_columns.push_back(name.get<std::string>());
    }
  }
  row->properties.clear();
  if (auto configuration = meta.find("configuration"); configuration != meta.end()) {
    for (const auto& [key, value] : configuration->items()) {
      if (value.is_string()) row->properties[key] = value.get<std::string>();
    }
  }
  // A log that says nothing leaves the catalog's comment; an empty text is COMMENT ON TABLE … IS NULL.
  if (auto description = meta.find("description"); description != meta.end() && description->is_string()) {
    row->comment = description->get<std::string>();
    if (row->comment->empty()) row->comment.reset();
  }
  row->updated_ms = now_ms;
  row->updated_by = principal_id;
  RETURN_IF_ERROR(SecurablesTable::Update(txn, *row));
  return RelationsTable::Put(txn, *relation);
}

Status Record(const Environment& environment, const TableCommit& commit, const std::string& location, bool won) {
  if (!commit.recorded) return OkStatus();
  CommitRow row{commit.commit_uuid, location, commit.version, won, environment.clock.NowMs()};
  return environment.database.Transact([&](metadb::Transaction& txn) { return CommitsTable::Put(txn, row); });
}

// After the version exists.
Status AfterWin(const Environment& environment, const CommitAttempt& attempt) {
  if (!attempt.creates() && !attempt.meta) return OkStatus();
  RETURN_IF_ERROR(Failpoint("catalog.commit.before_publish"));
  int64_t now_ms = environment.clock.NowMs();
  Status recorded = environment.database.Transact(
      [&](metadb::Transaction& txn) { return RecordVersion(txn, attempt, now_ms); });
  return attempt.creates() ? SettleCreate(environment, attempt.table, std::move(recorded)) : recorded;
}

}  // namespace

Result<std::optional<Json>> ActionIn(const std::string& actions, const std::string& kind) {
  std::optional<Json> found;
  const std::string quoted = "\"" + kind + "\"";
  for (std::string_view line : SplitView(actions, '\n')) {
    if (line.find(quoted) == std::string_view::npos) continue;  // spares parsing most lines
    ASSIGN_OR_RETURN(Json action, ParseJson(line));
    if (!action.is_object()) continue;
    if (auto it = action.find(kind); it != action.end() && it->is_object()) found = *it;
  }
  return found;
}

Status RecordVersion(metadb::Transaction& txn, const CommitAttempt& attempt, int64_t now_ms) {
  const std::string& uuid = attempt.table.uuid;
  if (attempt.meta) RETURN_IF_ERROR(RecordMetaData(txn, *attempt.meta, uuid, now_ms, attempt.principal_id));
  return attempt.creates() ? Publish(txn, uuid, now_ms) : BumpEpoch(txn);
}

Status SettleCreate(const Environment& environment, const SecurableRow& table, Status recorded) {
  if (recorded.ok()) return recorded;
  ErrorCode code = recorded.error().code;
  if (code != ErrorCode::kAlreadyExists && code != ErrorCode::kResourceDoesNotExist) return recorded;
  RETURN_IF_ERROR(environment.database.Transact(
      [&](metadb::Transaction& txn) { return Bury(txn, table, environment.clock.NowMs()); }));
  FinishDropsOrLog(environment);
  if (code == ErrorCode::kAlreadyExists) return AlreadyExists(Securable::kTable, {table.name});
  return recorded;
}

Status AuthorizeCommit(Authorizer& authorizer, const TableCommit& commit) {
  RETURN_IF_ERROR(AuthorizeTable(authorizer, commit));
  return OkStatus();
}

Result<bool> HasDeltaLog(const Environment& environment, const std::string& location) {
  constexpr size_t kNameLength = 25;  // 20 digits and ".json"
  ASSIGN_OR_RETURN(auto objects, environment.store.ListFrom(location + "/_delta_log", "0"));
  for (const objectstore::ObjectInfo& object : objects) {
    if (object.name.size() == kNameLength && object.name.ends_with(".json")) return true;
  }
  return false;
}

Result<bool> HasDeltaLog(const CommandRun& run, const std::string& location) {
  if (!objectstore::IsStorePath(location)) return HasDeltaLog(run.environment, location);
  if (run.has_log) return *run.has_log;
  return MakeError(ErrorCode::kTemporarilyUnavailable, "The grants on " + location + " have just changed: ask again");
}

Status Publish(metadb::Transaction& txn, const std::string& uuid, int64_t now_ms) {
  ASSIGN_OR_RETURN(auto row, SecurablesTable::Find(txn, uuid));
  if (row && row->state == SecurableState::kActive) return OkStatus();
  if (!row || row->state != SecurableState::kCreating) return NotFound(Securable::kTable, {uuid});
  ASSIGN_OR_RETURN(auto schema, SecurablesTable::Find(txn, row->parent_uuid));
  if (!schema) return NotFound(Securable::kSchema, {row->parent_uuid});
  row->state = SecurableState::kActive;
  row->updated_ms = now_ms;
  RETURN_IF_ERROR(SecurablesTable::Update(txn, *row));
  return BumpEpoch(txn);
}

Result<bool> FindCommitted(const Environment& environment, const std::string& commit_uuid) {
  std::optional<CommitRow> row;
  RETURN_IF_ERROR(environment.database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(row, CommitsTable::Find(txn, commit_uuid));
    return OkStatus();
  }));
  if (!row || row->won) return row.has_value();
  // Recorded before it was tried: only the log knows. A version that was lost before this one was lost for sure.
  Result<std::string> actions = environment.store.Read(LogPath(row->location, row->version));
  if (!actions.ok() && actions.error().code == ErrorCode::kNotFound) return false;
  if (!actions.ok()) return MakeError(ErrorCode::kTemporarilyUnavailable, actions.error().message);
  for (std::string_view line : SplitView(*actions, '\n')) {
    if (line.find("\"commitInfo\"") == std::string_view::npos) continue;
    ASSIGN_OR_RETURN(Json action, ParseJson(line));
    auto info = action.find("commitInfo");
    if (info != action.end() && info->is_object()) return TextOf(*info, "txnId") == commit_uuid;
  }
  return false;
}

Result<PutOutcome> CommitVersion(const Environment& environment, int64_t principal_id,
                                 const TableCommit& commit) {
  Target target;
  RETURN_IF_ERROR(environment.database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, principal_id));
    ASSIGN_OR_RETURN(target, AuthorizeTarget(authorizer, environment, commit));
    return OkStatus();
  }));
  if (commit.commit_uuid.empty() || commit.actions.find(commit.commit_uuid) == std::string::npos) {
    return MakeError(ErrorCode::kInvalidParameterValue, "the commit does not carry its commit uuid");
  }
  ASSIGN_OR_RETURN(std::optional<Json> meta, ActionIn(commit.actions, "metaData"));
  ASSIGN_OR_RETURN(bool managed, IsManagedCommit(target, commit));
  RETURN_IF_ERROR(CheckLogFolder(target.location));
  if (managed && meta) RETURN_IF_ERROR(CheckTableId(*meta, target.table->uuid));
  if (managed) return CommitManaged(environment, {principal_id, *target.table, commit, meta});
  RETURN_IF_ERROR(CheckPreviousVersion(environment, target.location, commit.version));
  std::string path = LogPath(target.location, commit.version);
  RETURN_IF_ERROR(Record(environment, commit, target.location, false));
  RETURN_IF_ERROR(Failpoint("catalog.commit.before_put"));
  ASSIGN_OR_RETURN(PutOutcome outcome, environment.store.PutIfAbsent(path, commit.actions));
  RETURN_IF_ERROR(Failpoint("catalog.commit.after_put"));
  if (outcome != PutOutcome::kWon) {
    ASSIGN_OR_RETURN(outcome, Settle(environment, path, commit));
  }
  if (outcome == PutOutcome::kWon) {
    // Not an error of the commit: without this record the log is read back.
    Status recorded = Record(environment, commit, target.location, true);
    if (!recorded.ok()) Log(LogLevel::kWarn, "a commit's outcome was not recorded", {{"reason", recorded.error().message}});
  }
  if (outcome == PutOutcome::kWon && target.table) {
    RETURN_IF_ERROR(AfterWin(environment, {principal_id, *target.table, commit, meta}));
  }
  return outcome;
}

}  // namespace ashlar::catalog
