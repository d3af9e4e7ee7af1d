#include "base/json.h"
#include "base/text.h"
#include "session/commands.h"
#include "session/delta_write.h"

namespace ashlar::session {
namespace {

const char* ModeName(sql::InsertMode mode) { return mode == sql::InsertMode::kAppend ? "Append" : "Overwrite"; }

bool OverwritesDynamically(const StatementRun& run, const sql::InsertStatement& statement, const delta::Snapshot& snapshot) {
  if (snapshot.partition_columns().empty()) return false;
  if (statement.mode == sql::InsertMode::kOverwritePartitions) return true;
  return statement.mode == sql::InsertMode::kOverwrite &&
         EqualsIgnoreCase(run.state().confs.Get("spark.sql.sources.partitionOverwriteMode").value_or("static"), "dynamic");
}

// INSERT OVERWRITE and REPLACE WHERE: the old rows that the new ones replace.
Status RemoveReplaced(StatementRun& run, DeltaWrite& write, const sql::InsertStatement& statement, const sql::AnalyzedInsert& insert) {
  if (statement.mode == sql::InsertMode::kAppend) return OkStatus();
  if (!insert.overwrite_condition) {
    write.RemoveAllFiles();
    return OkStatus();
  }
  write.transaction().ReadPredicate(engine::PredicateOfCondition(*insert.overwrite_condition, write.schema(),
                                                                 run.connection().time_zone()));
  ASSIGN_OR_RETURN(engine::RowChangeResult removed, write.MakeRowChange()->Remove(insert.overwrite_condition));
  write.Apply(removed);
  if (statement.replace_where) write.RequireOfRows(insert.overwrite_condition, insert.overwrite_text);
  return OkStatus();
}

}  // namespace

Rows RunCommand(StatementRun& run, const sql::InsertStatement& given) {
  sql::InsertStatement statement = given;
  if (EvolvesSchemas(run)) statement.options.emplace("mergeSchema", "true");
  ASSIGN_OR_RETURN(sql::AnalyzedInsert insert, AnalyzeWithWidening(run, statement));
  std::shared_ptr<const delta::Snapshot> snapshot = SnapshotOf(*insert.target.table);
  if (!snapshot) return NotImplemented("INSERT into a table in the format " + insert.target.relation.format);
  DeltaWrite write(run, {insert.target.relation.uuid, insert.target.relation.location, snapshot});
  // Reading the table it writes makes an insert depend on what it read.
  if (insert.lineage.columns_by_relation.contains(insert.target.relation.full_name)) write.transaction().ReadWholeTable();
  bool dynamic = OverwritesDynamically(run, statement, *snapshot);
  if (!dynamic) RETURN_IF_ERROR(RemoveReplaced(run, write, statement, insert));
  write.WidenSchema(insert.target.relation.schema);
  RETURN_IF_ERROR(write.AddColumns(insert.new_columns));
  RETURN_IF_ERROR(write.AddRows(insert.rows));
  if (dynamic) write.RemoveWrittenPartitions();
  delta::Operation operation;
  operation.name = "WRITE";
  operation.parameters["mode"] = ModeName(statement.mode);
  operation.parameters["partitionBy"] = WriteJson(Json(snapshot->partition_columns()));
  if (!dynamic && insert.overwrite_condition) operation.parameters["predicate"] = insert.overwrite_text;
  RETURN_IF_ERROR(write.Commit(std::move(operation)));
  return write.ReportRows();
}

}  // namespace ashlar::session
