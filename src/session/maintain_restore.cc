// RESTORE TABLE t TO VERSION | TIMESTAMP AS OF v.
#include "base/clock.h"
#include "base/text.h"
#include "delta/history.h"
#include "delta/maintenance/restore.h"
#include "engine/write/row_counts.h"
#include "session/commands.h"
#include "session/maintain.h"

namespace ashlar::session {
namespace {

// The version a RESTORE names, with delta-spark's errors for one that is not there.
Result<std::shared_ptr<const delta::Snapshot>> SnapshotToRestore(const delta::TableLocation& location,
                                                                 const sql::TimeTravel& travel) {
  delta::TimeTravel at{travel.version, std::nullopt};
  if (travel.timestamp_micros) at.timestamp_ms = *travel.timestamp_micros / 1000;
  auto snapshot = delta::Snapshot::Load(location, at);
  if (snapshot.ok()) return snapshot;
  Error error = std::move(snapshot).error();
  auto parameter = [&](const char* name) { return error.parameters[name]; };
  if (error.condition == "DELTA_VERSION_NOT_FOUND") {
    std::string first = parameter("earliest"), last = parameter("latest"), asked = std::to_string(*travel.version);
    return MakeSqlError("DELTA_CANNOT_RESTORE_TABLE_VERSION", "22003",
                        "Cannot restore table to version " + asked + ". Available versions: [" + first + ", " + last + "].",
                        {{"version", asked}, {"startVersion", first}, {"endVersion", last}});
  }
  if (error.condition == "DELTA_TIMESTAMP_EARLIER_THAN_COMMIT_RETENTION") {
    std::string asked = parameter("userTimestamp"), first = parameter("commitTs");
    return MakeSqlError("DELTA_CANNOT_RESTORE_TIMESTAMP_EARLIER", "22003",
                        "Cannot restore table to timestamp (" + asked + ") as it is before the earliest version available. "
                        "Please use a timestamp after (" + first + ").",
                        {{"requestedTimestamp", asked}, {"earliestTimestamp", first}});
  }
  if (error.condition == "DELTA_TIMESTAMP_GREATER_THAN_COMMIT") {
    std::string asked = parameter("providedTimestamp"), last = parameter("lastCommitTimestamp");
    return MakeSqlError("DELTA_CANNOT_RESTORE_TIMESTAMP_GREATER", "22003",
                        "Cannot restore table to timestamp (" + asked + ") as it is after the latest version available. "
                        "Please use a timestamp before (" + last + ")",
                        {{"requestedTimestamp", asked}, {"latestTimestamp", last}});
  }
  return error;
}

// delta-spark looks for the table of a RESTORE, and at its time, in ways of its own.
Error AsOfRestore(Error error) {
  if (error.condition == "TABLE_OR_VIEW_NOT_FOUND") error.parameters["searchPath"] = "not available";
  if (error.condition == "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE") {
    return MakeSqlError("DELTA_ONLY_OPERATION", "0AKDD", "RESTORE is only supported for Delta tables.", {{"operation", "RESTORE"}});
  }
  if (error.condition == "INVALID_TIME_TRAVEL_TIMESTAMP_EXPR.INPUT") {
    std::string expr = ReplaceAll(error.parameters["expr"], "\"", "'");
    return MakeSqlError("DELTA_TIMESTAMP_INVALID", "42816",
                        "The provided timestamp (" + expr + ") cannot be converted to a valid timestamp.", {{"expr", expr}});
  }
  return error;
}

// Data files and deletion vectors VACUUM has deleted since cannot come back.
Status CheckFilesExist(Environment& env, const delta::Snapshot& target, const std::vector<delta::AddFile>& files) {
  ASSIGN_OR_RETURN(std::vector<std::string> missing, MissingFiles(env, target, files));
  if (missing.empty()) return OkStatus();
  if (missing.size() > 100) missing.resize(100);
  return MakeError(ErrorCode::kInvalidParameterValue,
                   "Not all files from version " + std::to_string(target.version()) +
                       " are available in file system.\n Missed files (top 100 files): " + Join(missing, ",") +
                       ".\n Please use more recent version or timestamp for restoring.\n"
                       " To disable check update option spark.sql.files.ignoreMissingFiles");
}

Rows Report(StatementRun& run, const delta::StringMap& metrics) {
  std::vector<std::pair<std::string, int64_t>> counts;
  for (const auto& [column, metric] : std::initializer_list<std::pair<const char*, const char*>>{
           {"table_size_after_restore", "tableSizeAfterRestore"},
           {"num_of_files_after_restore", "numOfFilesAfterRestore"},
           {"num_removed_files", "numRemovedFiles"},
           {"num_restored_files", "numRestoredFiles"},
           {"removed_files_size", "removedFilesSize"},
           {"restored_files_size", "restoredFilesSize"}}) {
    counts.emplace_back(column, ParseInt64(metrics.at(metric)).value_or(0));
  }
  return ReportCounts(run, counts);
}

}  // namespace

Rows RunCommand(StatementRun& run, const sql::RestoreStatement& statement) {
  auto opened = OpenMaintained(run, statement.table, "RESTORE");
  if (!opened.ok()) return AsOfRestore(std::move(opened).error());
  MaintainedTable table = *std::move(opened);
  auto when = sql::AnalyzeTimeTravel(statement.table, run.analyzer());
  if (!when.ok()) return AsOfRestore(std::move(when).error());
  sql::TimeTravel travel = *std::move(when);
  Environment& env = run.environment();
  delta::TableLocation location = LocationOf(run, table.relation);
  ASSIGN_OR_RETURN(std::shared_ptr<const delta::Snapshot> target, SnapshotToRestore(location, travel));
  if (target->version() == table.snapshot->version()) return NoRows();
  delta::RestorePlan plan = delta::PlanRestore(*table.snapshot, *target);
  if (run.state().confs.GetOr("spark.sql.files.ignoreMissingFiles", "false") != "true") {
    RETURN_IF_ERROR(CheckFilesExist(env, *target, plan.restored));
  }
  RETURN_IF_ERROR(engine::FillRowCounts(run.connection(), *target, plan.restored));
  DeltaWrite write(run, table.target());
  delta::Transaction& transaction = write.transaction();
  transaction.ReadWholeTable();
  for (const delta::AddFile& file : plan.removed) transaction.Remove(file);
  for (const delta::AddFile& file : plan.restored) transaction.Add(file);
  if (!(plan.metadata == table.snapshot->metadata())) transaction.SetMetadata(plan.metadata);
  if (!(plan.protocol == table.snapshot->protocol())) transaction.SetProtocol(plan.protocol);
  for (const delta::DomainMetadata& domain : plan.domains) transaction.SetDomainMetadata(domain);
  delta::Operation operation;
  operation.name = "RESTORE";
  bool by_version = travel.version.has_value();
  operation.parameters["version"] = by_version ? std::optional(std::to_string(*travel.version)) : std::nullopt;
  operation.parameters["timestamp"] =
      by_version ? std::nullopt : std::optional(FormatUtcMs(*travel.timestamp_micros / 1000));
  operation.metrics = plan.metrics;
  RETURN_IF_ERROR(write.Commit(std::move(operation)));
  return Report(run, plan.metrics);
}

}  // namespace ashlar::session
