#include "session/commands.h"
#include "session/delta_write.h"
#include "session/operation_text.h"
#include "session/target_reads.h"
#include "sql/analyze/constant_folding.h"
#include "sql/analyze/typed_tree.h"

namespace ashlar::session {
namespace {

Result<DeltaTarget> TargetOf(const sql::AnalyzedTarget& target) {
  std::shared_ptr<const delta::Snapshot> snapshot = SnapshotOf(*target.table);
  if (!snapshot) {
    return MakeSqlError("UNSUPPORTED_FEATURE.TABLE_OPERATION", "0A000",
                        "The feature is not supported: Table " + target.relation.full_name +
                            " does not support row changes: it is not a Delta table.",
                        {{"tableName", target.relation.full_name}, {"operation", "row changes"}});
  }
  return DeltaTarget{target.relation.uuid, target.relation.location, std::move(snapshot)};
}

bool IsConstant(const sql::TypedExprPtr& expr) {
  bool constant = sql::IsDeterministic(expr);
  sql::VisitExpr(expr, [&](const sql::TypedExpr& part) {
    bool rows = std::holds_alternative<sql::ColumnNode>(part.node) || std::holds_alternative<sql::SubqueryNode>(part.node);
    constant = constant && !rows;
    return constant;
  });
  return constant;
}

// Constants that cannot be computed are refused whatever rows there are: Spark computes them first.
Status CheckConstants(StatementRun& run, const std::vector<sql::TypedExprPtr>& values) {
  for (const sql::TypedExprPtr& value : values) {
    // Texts that are no numbers or times are what fails; a VARIANT could not be told.
    bool unknown = value->type.IsAtomic() && !sql::FoldExpr(*value, run.connection().time_zone());
    if (unknown && IsConstant(value)) RETURN_IF_ERROR(ValueOf(run, value));
  }
  return OkStatus();
}

// A statement that changed nothing commits nothing, as in delta-spark.
Status CommitChange(DeltaWrite& write, const engine::RowChangeResult& result, std::string name,
                    OperationParameters parameters) {
  if (result.added.empty() && result.removed.empty() && result.marked.empty()) return OkStatus();
  write.Apply(result);
  delta::Operation operation;
  operation.name = std::move(name);
  operation.parameters = std::move(parameters);
  operation.metrics = delta::StringMap(result.metrics.begin(), result.metrics.end());
  if (operation.name != "MERGE") operation.metrics["numAddedChangeFiles"] = std::to_string(result.changes.size());
  operation.metrics["executionTimeMs"] = std::to_string(write.ElapsedMs());
  return write.Commit(std::move(operation));
}

}  // namespace

Rows RunCommand(StatementRun& run, const sql::UpdateStatement& statement) {
  ASSIGN_OR_RETURN(sql::AnalyzedRowChange change, sql::AnalyzeUpdate(statement, run.analyzer()));
  ASSIGN_OR_RETURN(DeltaTarget target, TargetOf(change.target));
  DeltaWrite write(run, std::move(target));
  NoteTargetReads(change, run.connection(), write.transaction());
  RETURN_IF_ERROR(CheckConstants(run, change.new_values));
  ASSIGN_OR_RETURN(engine::RowChangeResult result, write.MakeRowChange()->Update(change));
  RETURN_IF_ERROR(CommitChange(write, result, "UPDATE", UpdateParameters(run, change.condition)));
  return ReportCounts(run, {{"num_affected_rows", result.updated_rows}});
}

Rows RunCommand(StatementRun& run, const sql::DeleteStatement& statement) {
  ASSIGN_OR_RETURN(sql::AnalyzedRowChange change, sql::AnalyzeDelete(statement, run.analyzer()));
  ASSIGN_OR_RETURN(DeltaTarget target, TargetOf(change.target));
  DeltaWrite write(run, std::move(target));
  NoteTargetReads(change, run.connection(), write.transaction());
  ASSIGN_OR_RETURN(engine::RowChangeResult result, write.MakeRowChange()->Delete(change));
  RETURN_IF_ERROR(CommitChange(write, result, "DELETE", DeleteParameters(run, change.condition)));
  return ReportCounts(run, {{"num_affected_rows", result.deleted_rows}});
}

Rows RunCommand(StatementRun& run, const sql::MergeStatement& given) {
  sql::MergeStatement statement = given;
  statement.with_schema_evolution = statement.with_schema_evolution || EvolvesSchemas(run);
  ASSIGN_OR_RETURN(sql::AnalyzedMerge merge, AnalyzeWithWidening(run, statement));
  ASSIGN_OR_RETURN(DeltaTarget target, TargetOf(merge.target));
  DeltaWrite write(run, std::move(target));
  NoteTargetReads(merge, run.connection(), write.transaction());
  write.WidenSchema(merge.target.relation.schema);
  RETURN_IF_ERROR(write.AddColumns(merge.new_columns));
  ASSIGN_OR_RETURN(engine::RowChangeResult result, write.MakeRowChange()->Merge(merge));
  RETURN_IF_ERROR(CommitChange(write, result, "MERGE", MergeParameters(run, merge)));
  return ReportCounts(run, {{"num_affected_rows", result.inserted_rows + result.updated_rows + result.deleted_rows},
                            {"num_updated_rows", result.updated_rows},
                            {"num_deleted_rows", result.deleted_rows},
                            {"num_inserted_rows", result.inserted_rows}});
}

Rows RunCommand(StatementRun& run, const sql::TruncateStatement& statement) {
  RETURN_IF_ERROR(run.Resolve(statement.table, sql::Access::kWrite, statement.table_span, "TRUNCATE TABLE"));
  sql::DeleteStatement everything;
  everything.table = statement.table;
  ASSIGN_OR_RETURN(sql::AnalyzedRowChange change, sql::AnalyzeDelete(everything, run.analyzer()));
  ASSIGN_OR_RETURN(DeltaTarget target, TargetOf(change.target));
  DeltaWrite write(run, std::move(target));
  write.RemoveAllFiles();
  delta::Operation operation;
  operation.name = "TRUNCATE";
  operation.metrics = {{"numRemovedFiles", std::to_string(write.files_removed())},
                       {"executionTimeMs", std::to_string(write.ElapsedMs())}};
  RETURN_IF_ERROR(write.Commit(std::move(operation)));
  return NoRows();
}

}  // namespace ashlar::session
