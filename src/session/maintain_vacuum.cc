// VACUUM t [LITE | FULL] [RETAIN n HOURS] [DRY RUN].
#include "delta/features.h"
#include "delta/maintenance/vacuum.h"
#include "session/commands.h"
#include "session/maintain.h"

namespace ashlar::session {
namespace {

constexpr size_t kDryRunRows = 1000;

// A version that says what was done and changes nothing.
Status CommitNote(StatementRun& run, const MaintainedTable& table, delta::Operation operation) {
  DeltaWrite write(run, table.target());
  return write.Commit(std::move(operation));
}

delta::Operation StartOperation(const sql::VacuumStatement& statement, const delta::Retention& retention,
                                const delta::VacuumPlan& plan, bool check) {
  delta::Operation start;
  start.name = "VACUUM START";
  start.parameters["retentionCheckEnabled"] = check ? "true" : "false";
  start.parameters["defaultRetentionMillis"] = std::to_string(retention.configured_ms);
  if (statement.retain_hours) start.parameters["specifiedRetentionMillis"] = std::to_string(retention.used_ms);
  start.metrics["numFilesToDelete"] = std::to_string(plan.files.size());
  start.metrics["sizeOfDataToDelete"] = std::to_string(plan.bytes());
  return start;
}

// What the shallow clones of the table need of it, each by its own retention. What a clone needs that cannot be read is
// not known, and then nothing may go.
Status AddClonesNeeds(StatementRun& run, const MaintainedTable& table, std::unordered_set<std::string>& paths) {
  Environment& env = run.environment();
  for (const std::string& root : table.relation.clone_roots) {
    auto clone = delta::Snapshot::Load({&env.store, root, &env.parquet_actions});
    if (!clone.ok()) {
      return MakeError(ErrorCode::kInvalidState, "VACUUM cannot tell which files a shallow clone of this table needs, which is "
                                                 "being made or cannot be read: " + clone.error().message);
    }
    int64_t cutoff_ms = env.clock.NowMs() - delta::DeletedFileRetentionMs((*clone)->metadata());
    RETURN_IF_ERROR(delta::AddNeededPaths(table.relation.location, **clone, cutoff_ms, paths));
  }
  return OkStatus();
}

Rows DryRun(StatementRun& run, const MaintainedTable& table, const delta::VacuumPlan& plan) {
  TextRows rows;
  auto add = [&](const std::string& path) {
    if (rows.size() < kDryRunRows) rows.push_back({table.relation.location + "/" + path});
  };
  for (const delta::VacuumFile& file : plan.files) add(file.path);
  for (const std::string& folder : plan.folders) add(folder);
  return StreamText(run.connection(), {{}, {"path"}}, rows);
}

}  // namespace

Rows RunCommand(StatementRun& run, const sql::VacuumStatement& statement) {
  ASSIGN_OR_RETURN(MaintainedTable table, OpenMaintained(run, statement.table, "VACUUM"));
  const delta::Snapshot& snapshot = *table.snapshot;
  // A file an unknown writer feature speaks of must not go (feature vacuumProtocolCheck).
  RETURN_IF_ERROR(delta::CheckWritable(snapshot.protocol(), snapshot.metadata(), snapshot.schema()));
  bool check = run.state().confs.GetOr("spark.databricks.delta.retentionDurationCheck.enabled", "true") == "true";
  ASSIGN_OR_RETURN(delta::Retention retention, delta::RetentionOf(snapshot.metadata(), statement.retain_hours, check));
  Environment& env = run.environment();
  delta::VacuumWindow window{env.clock.NowMs() - retention.used_ms};
  RETURN_IF_ERROR(AddClonesNeeds(run, table, window.needed_by_clones));
  delta::TableLocation location = LocationOf(run, table.relation);
  Result<delta::VacuumPlan> plan = statement.lite ? delta::PlanVacuumLite(location, snapshot, window)
                                                  : delta::PlanVacuum(location, snapshot, window);
  if (!plan.ok()) return plan.error();
  if (statement.dry_run) return DryRun(run, table, *plan);

  // MODIFY is checked again here, before anything is deleted.
  RETURN_IF_ERROR(CommitNote(run, table, StartOperation(statement, retention, *plan, check)));
  Result<int64_t> deleted =
      delta::DeletePlanned(location, *plan, [&run] { return !run.CheckCancelled().ok(); });
  bool done = deleted.ok() && run.CheckCancelled().ok();
  delta::Operation end;
  end.name = "VACUUM END";
  end.parameters["status"] = done ? "COMPLETED" : "FAILED";
  if (deleted.ok()) end.metrics["numDeletedFiles"] = std::to_string(*deleted);
  end.metrics["numVacuumedDirectories"] = std::to_string(plan->folder_count);
  Status noted = CommitNote(run, table, std::move(end));
  RETURN_IF_ERROR(deleted);
  RETURN_IF_ERROR(run.CheckCancelled());
  RETURN_IF_ERROR(noted);
  RETURN_IF_ERROR(delta::NoteVacuumed(location, window.cutoff_ms));
  return StreamText(run.connection(), {{}, {"path"}}, {{table.relation.location}});
}

}  // namespace ashlar::session
