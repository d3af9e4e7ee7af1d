#include "session/drop_feature.h"

#include <algorithm>
#include <numeric>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "delta/commit/row_tracking.h"
#include "delta/evolution/drop_feature.h"
#include "delta/evolution/type_widening.h"
#include "delta/log/checkpoint.h"
#include "delta/log/cleanup.h"
#include "delta/log/replay.h"
#include "delta/maintenance/optimize.h"
#include "engine/scan/older_types.h"
#include "engine/write/rearrange.h"
#include "session/committer.h"
#include "session/operation_text.h"
#include "session/row_tracking.h"

namespace ashlar::session {
namespace {

constexpr int64_t kDayMs = 24LL * 3600 * 1000;
// So many checkpoints lie between the last trace of a feature and the version without it.
constexpr int kCheckpoints = 3;

std::string DurationText(const delta::Snapshot& snapshot, const char* key, const char* otherwise) {
  std::string text = snapshot.Property(key, otherwise);
  return text.starts_with("interval ") ? text.substr(9) : text;
}

class FeatureDrop {
 public:
  FeatureDrop(StatementRun& run, MaintainedTable table, const sql::FeatureDrop& request)
      : run_(run), table_(std::move(table)), request_(request), commit_uuid_(run.TakeCommitUuid()) {}

  Status Run() {
    ASSIGN_OR_RETURN(feature_, delta::FeatureToDrop(snapshot().protocol(), request_.feature, request_.truncate_history));
    if (feature_->name == delta::kCatalogManaged) return NotImplemented("dropping the feature catalogManaged");
    int64_t before = snapshot().version();
    RETURN_IF_ERROR(StopUsing());
    ASSIGN_OR_RETURN(bool shows, delta::ShowsFeature(snapshot(), *feature_));
    if (shows) {
      return MakeSqlError("DELTA_FEATURE_DROP_CONFLICT_REVALIDATION_FAIL", "40000",
                          "Cannot drop feature because a concurrent transaction modified the table.\nPlease try the "
                          "operation again.", {{"concurrentCommit", std::to_string(snapshot().version())}});
    }
    if (request_.truncate_history) return Truncate(snapshot().version() > before);
    if (!feature_->reader) return Lower(snapshot().metadata());
    for (int i = 0; i < kCheckpoints; ++i) RETURN_IF_ERROR(CommitCheckpoint());
    delta::Metadata metadata = snapshot().metadata();
    metadata.configuration[delta::kProtectedBefore] = std::to_string(snapshot().version() + 1);
    RETURN_IF_ERROR(Lower(std::move(metadata)));
    // From here on the table can be read without what came before; the next checkpoint would do, later.
    Status written = Checkpoint();
    if (!written.ok()) Log(LogLevel::kWarn, "a checkpoint failed", {{"table", location().root}, {"reason", written.error().message}});
    return OkStatus();
  }

 private:
  const delta::Snapshot& snapshot() const { return *table_.snapshot; }
  delta::TableLocation location() const { return LocationOf(run_, table_.relation); }

  Status Commit(DeltaWrite& write, delta::Operation operation) {
    RETURN_IF_ERROR(write.Commit(std::move(operation)));
    ASSIGN_OR_RETURN(table_.snapshot, delta::Snapshot::Update(location(), table_.snapshot));
    return OkStatus();
  }

  // ---- the table without the feature ----
  Status StopUsing() {
    std::string_view name = feature_->name;
    if (name == "deletionVectors") return PurgeVectors();
    if (name == "inCommitTimestamp") return StopInCommitTimestamps();
    if (name == "v2Checkpoint") return StopV2Checkpoints();
    if (name == "checkConstraints") return CheckNoConstraints();
    if (name == "domainMetadata") return RemoveDomains();
    if (name == "columnMapping") return RemoveMapping();
    if (name == "rowTracking") return RemoveRowIds(run_, table_);
    if (name.starts_with("typeWidening")) return StopWidening();
    return OkStatus();
  }

  bool Enables(const char* property) const {
    return delta::BooleanProperty(snapshot().metadata().configuration, property, false);
  }

  Status Unset(const char* property, const delta::StringMap& configuration) {
    DeltaWrite write(run_, table_.target());
    write.SetConfiguration(configuration);
    delta::Operation operation;
    operation.name = "UNSET TBLPROPERTIES";
    operation.parameters = {{"properties", TextList({property})}, {"ifExists", "true"}};
    return Commit(write, std::move(operation));
  }

  Status PurgeVectors() {
    bool had = Enables("delta.enableDeletionVectors");
    if (had) {
      delta::StringMap configuration = snapshot().metadata().configuration;
      configuration.erase("delta.enableDeletionVectors");
      RETURN_IF_ERROR(Unset("delta.enableDeletionVectors", configuration));
    }
    ASSIGN_OR_RETURN(bool marked, delta::ShowsFeature(snapshot(), *feature_));
    if (marked) {
      sql::OptimizeStatement purge;
      purge.purge = true;
      RETURN_IF_ERROR(OptimizeTable(run_, table_, purge));
      ASSIGN_OR_RETURN(table_.snapshot, delta::Snapshot::Update(location(), table_.snapshot));
    }
    if (!had && !marked) return OkStatus();
    // A VACUUM that knows nothing of vectors counts the age of their files from now.
    DeltaWrite write(run_, table_.target());
    for (const std::string& path : delta::RemovedVectorFiles(snapshot())) {
      delta::AddFile file;
      file.path = path;
      write.transaction().RemoveRearranged(file);
    }
    delta::Operation operation;
    operation.name = "Deletion Vector Tombstones";
    return Commit(write, std::move(operation));
  }

  Status StopInCommitTimestamps() {
    delta::StringMap configuration = snapshot().metadata().configuration;
    bool changes = configuration.erase("delta.inCommitTimestampEnablementVersion") > 0;
    changes = configuration.erase("delta.inCommitTimestampEnablementTimestamp") > 0 || changes;
    auto enabled = configuration.find("delta.enableInCommitTimestamps");
    if (enabled != configuration.end() && EqualsIgnoreCase(enabled->second, "true")) {
      enabled->second = "false";
      changes = true;
    }
    return changes ? Unset("delta.enableInCommitTimestamps", configuration) : OkStatus();
  }

  Status StopV2Checkpoints() {
    ASSIGN_OR_RETURN(bool used, delta::ShowsFeature(snapshot(), *feature_));
    if (!used) return OkStatus();
    DeltaWrite write(run_, table_.target());
    delta::StringMap configuration = snapshot().metadata().configuration;
    configuration["delta.checkpointPolicy"] = "classic";
    write.SetConfiguration(std::move(configuration));
    delta::Operation operation;
    operation.name = "SET TBLPROPERTIES";
    Json properties;
    properties["delta.checkpointPolicy"] = "classic";
    operation.parameters["properties"] = WriteJson(properties);
    return Commit(write, std::move(operation));
  }

  Status RemoveDomains() {
    const auto& domains = snapshot().state().domain_metadata;
    if (domains.empty()) return OkStatus();
    DeltaWrite write(run_, table_.target());
    for (const auto& [name, domain] : domains) {
      write.transaction().SetDomainMetadata({name, domain.configuration, true});
    }
    delta::Operation operation;
    operation.name = "DOMAIN METADATA CLEANUP";
    operation.parameters["domainMetadataRemovedCount"] = std::to_string(domains.size());
    return Commit(write, std::move(operation));
  }

  Status CheckNoConstraints() const {
    constexpr std::string_view kPrefix = "delta.constraints.";
    std::vector<std::string> names;
    for (const auto& [key, value] : snapshot().metadata().configuration) {
      if (key.starts_with(kPrefix)) names.push_back(QuoteIdentifier(key.substr(kPrefix.size())));
    }
    if (names.empty()) return OkStatus();
    std::string list = Join(names, ", ");
    return MakeSqlError("DELTA_CANNOT_DROP_CHECK_CONSTRAINT_FEATURE", "0AKDE",
                        "Cannot drop the CHECK constraints table feature.\nThe following constraints must be dropped "
                        "first: " + list + ".", {{"constraints", list}});
  }

  // Every file is written anew, with the names that users see.
  Status RemoveMapping() {
    ASSIGN_OR_RETURN(bool used, delta::ShowsFeature(snapshot(), *feature_));
    if (!used) return OkStatus();
    DeltaWrite write(run_, table_.target());
    delta::Metadata metadata = snapshot().metadata();
    RETURN_IF_ERROR(delta::CheckTableSchema(snapshot().schema(), metadata.partition_columns, delta::ColumnMappingMode::kNone));
    for (const char* key : {"delta.columnMapping.mode", "delta.columnMapping.maxColumnId"}) metadata.configuration.erase(key);
    write.SetConfiguration(std::move(metadata.configuration));
    write.SetSchema(delta::WithoutColumnIds(snapshot().schema()));
    std::vector<size_t> all(snapshot().files().size());
    std::iota(all.begin(), all.end(), size_t{0});
    ASSIGN_OR_RETURN(Rewritten rewritten, Rewrite(write, all));
    write.transaction().ReadWholeTable();
    delta::Operation operation;
    operation.name = "REMOVE COLUMN MAPPING";
    operation.metrics["numOutputBytes"] = std::to_string(delta::SizesOf(rewritten.added).total);
    return Commit(write, std::move(operation));
  }

  struct Rewritten {
    std::vector<delta::AddFile> removed, added;
  };

  // The rows of these files in new ones, a partition at a time.
  Result<Rewritten> Rewrite(DeltaWrite& write, const std::vector<size_t>& files) {
    std::map<delta::PartitionValues, std::vector<size_t>> partitions;
    for (size_t i : files) partitions[snapshot().files().PartitionOf(i)].push_back(i);
    auto track = [&](const std::string& path) { write.transaction().TrackCreatedFile(path); };
    Rewritten rewritten;
    for (const auto& [values, members] : partitions) {
      ASSIGN_OR_RETURN(std::vector<delta::AddFile> written,
                       engine::Rearrange(run_.connection(), table_.snapshot, members, {}, write.WriterTarget(), track));
      rewritten.added.insert(rewritten.added.end(), written.begin(), written.end());
      RETURN_IF_ERROR(run_.CheckCancelled());
    }
    for (const delta::AddFile& file : rewritten.added) write.transaction().Add(file);
    for (size_t i : files) {
      rewritten.removed.push_back(snapshot().files()[i]);
      write.transaction().RemoveRearranged(rewritten.removed.back());
    }
    return rewritten;
  }

  // Files that still have a narrower type than their column are written anew.
  Status StopWidening() {
    if (snapshot().metadata().configuration.contains("delta.enableTypeWidening")) {
      delta::StringMap configuration = snapshot().metadata().configuration;
      configuration.erase("delta.enableTypeWidening");
      RETURN_IF_ERROR(Unset("delta.enableTypeWidening", configuration));
    }
    ASSIGN_OR_RETURN(bool used, delta::ShowsFeature(snapshot(), *feature_));
    if (!used) return OkStatus();
    ASSIGN_OR_RETURN(std::vector<size_t> older, engine::FilesWithOlderTypes(run_.environment().engine, snapshot()));
    if (!older.empty()) {
      DeltaWrite write(run_, table_.target());
      ASSIGN_OR_RETURN(Rewritten rewritten, Rewrite(write, older));
      delta::Operation operation;
      operation.name = "REORG";
      operation.parameters = {{"predicate", "[]"}, {"applyPurge", "true"}};
      operation.metrics = delta::OptimizeMetrics(rewritten.removed, rewritten.added);
      RETURN_IF_ERROR(Commit(write, std::move(operation)));
    }
    DeltaWrite write(run_, table_.target());
    write.SetSchema(delta::WithoutTypeChanges(snapshot().schema()));
    delta::Operation operation;
    operation.name = "DROP FEATURE";
    Json columns = Json::array();
    for (const auto& [parent, field] : delta::WidenedFields(snapshot().schema())) columns.push_back(ColumnJson(parent, field));
    operation.parameters["columns"] = WriteJson(columns);
    return Commit(write, std::move(operation));
  }

  // ---- the history ----
  Status CommitCheckpoint() {
    DeltaWrite write(run_, table_.target());
    delta::Operation operation;
    operation.name = "Empty Commit";
    RETURN_IF_ERROR(Commit(write, std::move(operation)));
    return Checkpoint();
  }

  Status Checkpoint() const {
    Environment& env = run_.environment();
    return delta::WriteCheckpoint(location(), snapshot(), {.now_ms = env.clock.NowMs(), .random = env.random});
  }

  Status Truncate(bool was_in_use) {
    bool protects = feature_->name == "checkpointProtection";
    if (!protects) RETURN_IF_ERROR(CommitCheckpoint());
    if (was_in_use) return WaitForRetention("WAIT_FOR_RETENTION_PERIOD", "was partially successful");
    int64_t retention = delta::ParseIntervalMs(snapshot().Property("delta.dropFeatureTruncateHistory.retentionDuration"))
                            .value_or(kDayMs);
    RETURN_IF_ERROR(delta::TruncateLog(location(), snapshot(), run_.environment().clock.NowMs() - retention));
    ASSIGN_OR_RETURN(bool remains, protects ? HasProtectedVersions() : HistoryShowsFeature());
    if (remains && protects) {
      std::string period = DurationText(snapshot(), "delta.dropFeatureTruncateHistory.retentionDuration", "24 hours");
      return MakeSqlError("DELTA_FEATURE_DROP_CHECKPOINT_PROTECTION_WAIT_FOR_RETENTION_PERIOD", "22KD0",
                          "The operation did not succeed because there are still traces of dropped features in the table "
                          "history. CheckpointProtection cannot be dropped until these historical versions have expired. "
                          "The retention period for historical versions is currently configured to " + period + ".",
                          {{"truncateHistoryLogRetentionPeriod", period}});
    }
    if (remains) return WaitForRetention("HISTORICAL_VERSIONS_EXIST", "did not succeed");
    delta::Metadata metadata = snapshot().metadata();
    if (protects) metadata.configuration.erase(delta::kProtectedBefore);
    return Lower(std::move(metadata));
  }

  Error WaitForRetention(const std::string& condition, const std::string& what) const {
    std::string feature(feature_->name);
    std::string log = DurationText(snapshot(), "delta.logRetentionDuration", "30 days");
    std::string truncated = DurationText(snapshot(), "delta.dropFeatureTruncateHistory.retentionDuration", "24 hours");
    return MakeSqlError("DELTA_FEATURE_DROP_" + condition, "22KD0",
                        "Dropping " + feature + " " + what + ": historical versions of the table still use it. Repeat the "
                        "command when they have expired (delta.logRetentionDuration=" + log + "), or, after " + truncated +
                            ", with TRUNCATE HISTORY.",
                        {{"feature", feature},
                         {"logRetentionPeriodKey", "delta.logRetentionDuration"},
                         {"logRetentionPeriod", log},
                         {"truncateHistoryLogRetentionPeriod", truncated}});
  }

  Result<bool> HasProtectedVersions() const {
    ASSIGN_OR_RETURN(delta::LogListing listing, delta::ListLog(location(), 0));
    int64_t before = ParseInt64(snapshot().Property(delta::kProtectedBefore)).value_or(0);
    return !listing.commits.empty() && listing.commits.front().version < before;
  }

  Result<bool> HistoryShowsFeature() const {
    ASSIGN_OR_RETURN(delta::LogListing listing, delta::ListLog(location(), 0));
    if (!listing.checkpoints.empty() && listing.checkpoints.front().version < snapshot().version()) {
      ASSIGN_OR_RETURN(auto oldest, delta::Snapshot::Load(location(), {.version = listing.checkpoints.front().version}));
      ASSIGN_OR_RETURN(bool shows, delta::ShowsFeature(*oldest, *feature_));
      if (shows) return true;
    }
    for (const delta::CommitFile& commit : listing.commits) {
      ASSIGN_OR_RETURN(std::vector<delta::Action> actions, delta::ReadCommit(location(), commit));
      for (const delta::Action& action : actions) {
        ASSIGN_OR_RETURN(bool shows, delta::ShowsFeature(action, *feature_));
        if (shows) return true;
      }
    }
    return false;
  }

  Status Lower(delta::Metadata metadata) {
    delta::Protocol protocol = delta::WithoutFeature(snapshot().protocol(), *feature_);
    if (metadata.configuration.contains(delta::kProtectedBefore) && feature_->reader) {
      protocol = delta::WithFeature(std::move(protocol), *delta::FindTableFeature("checkpointProtection"));
    }
    Environment& env = run_.environment();
    // The statement's own commit: what a caller that lost the answer looks for.
    delta::TransactionEnvironment environment{env.clock, env.random};
    environment.commit_uuid = commit_uuid_;
    RemoteCommitter committer(env.control, run_.session().handle(), table_.relation.uuid);
    delta::Transaction transaction(location(), committer, table_.snapshot, std::move(environment));
    if (feature_->name == "rowTracking") {
      for (const char* key : {"delta.enableRowTracking", "delta.rowTrackingSuspended", delta::kRowIdColumn, delta::kRowVersionColumn}) {
        metadata.configuration.erase(key);
      }
      auto domain = snapshot().state().domain_metadata.find(delta::kRowTrackingDomain);
      bool known = domain != snapshot().state().domain_metadata.end();
      if (known) transaction.SetDomainMetadata({domain->first, domain->second.configuration, true});
    }
    transaction.SetMetadata(std::move(metadata));
    transaction.SetProtocol(std::move(protocol));
    delta::Operation operation;
    operation.name = "DROP FEATURE";
    operation.parameters = {{"featureName", std::string(feature_->name)},
                            {"truncateHistory", request_.truncate_history ? "true" : "false"}};
    operation.user_name = run_.session().user_name();
    transaction.SetOperation(std::move(operation));
    RETURN_IF_ERROR(run_.CheckCancelled());
    RETURN_IF_ERROR(transaction.Commit());
    ASSIGN_OR_RETURN(table_.snapshot, delta::Snapshot::Update(location(), table_.snapshot));
    return OkStatus();
  }

  StatementRun& run_;
  MaintainedTable table_;
  const sql::FeatureDrop& request_;
  std::string commit_uuid_;
  const delta::TableFeature* feature_ = nullptr;
};

}  // namespace

Rows DropFeature(StatementRun& run, MaintainedTable table, const sql::FeatureDrop& request) {
  RETURN_IF_ERROR(FeatureDrop(run, std::move(table), request).Run());
  return NoRows();
}

}  // namespace ashlar::session
