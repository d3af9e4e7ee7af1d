#include "base/json.h"
#include "session/commands.h"
#include "session/delta_write.h"

namespace ashlar::session {
namespace {

const char* ModeName(sql::InsertMode mode) { return mode == sql::InsertMode::kAppend ? "Append" : "Overwrite"; }

// INSERT OVERWRITE and REPLACE WHERE: the old rows that the new ones replace.
Status RemoveReplaced(DeltaWrite& write, const sql::AnalyzedInsert& insert, sql::InsertMode mode) {
  if (mode == sql::InsertMode::kAppend) return OkStatus();
  if (mode == sql::InsertMode::kOverwritePartitions) return NotImplemented("INSERT OVERWRITE of dynamic partitions");
  if (insert.overwrite_condition) return NotImplemented("INSERT OVERWRITE of one partition and REPLACE WHERE");
  write.RemoveAllFiles();
  return OkStatus();
}

}  // namespace

Rows RunCommand(StatementRun& run, const sql::InsertStatement& statement) {
  ASSIGN_OR_RETURN(sql::AnalyzedInsert insert, sql::AnalyzeInsert(statement, run.analyzer()));
  std::shared_ptr<const delta::Snapshot> snapshot = SnapshotOf(*insert.target.table);
  if (!snapshot) return NotImplemented("INSERT into a table in the format " + insert.target.relation.format);
  DeltaWrite write(run, {insert.target.relation.uuid, insert.target.relation.location, snapshot});
  // Reading the table it writes makes an insert depend on what it read.
  if (insert.lineage.columns_by_relation.contains(insert.target.relation.full_name)) write.transaction().ReadWholeTable();
  RETURN_IF_ERROR(RemoveReplaced(write, insert, statement.mode));
  RETURN_IF_ERROR(write.AddColumns(insert.new_columns));
  RETURN_IF_ERROR(write.AddRows(insert.rows));
  delta::Operation operation;
  operation.name = "WRITE";
  operation.parameters["mode"] = ModeName(statement.mode);
  operation.parameters["partitionBy"] = WriteJson(Json(snapshot->partition_columns()));
  RETURN_IF_ERROR(write.Commit(std::move(operation)));
  return write.ReportRows();
}

}  // namespace ashlar::session
