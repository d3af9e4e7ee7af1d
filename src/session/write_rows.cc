#include "base/text.h"
#include "delta/schema.h"
#include "session/commands.h"
#include "session/delta_write.h"
#include "sql/table_path.h"

namespace ashlar::session {
namespace {

const char* ModeName(sql::InsertMode mode) { return mode == sql::InsertMode::kAppend ? "Append" : "Overwrite"; }

bool OverwritesDynamically(const StatementRun& run, const sql::InsertStatement& statement, const delta::Snapshot& snapshot) {
  if (snapshot.partition_columns().empty()) return false;
  if (statement.mode == sql::InsertMode::kOverwritePartitions) return true;
  return statement.mode == sql::InsertMode::kOverwrite &&
         EqualsIgnoreCase(run.state().confs.Get("spark.sql.sources.partitionOverwriteMode").value_or("static"), "dynamic");
}

// A removal by condition. Files that stay and the rows they still have count as written: those of files written
// anew and, as in delta-spark, of files whose rows were marked.
struct Removal {
  delta::StringMap metrics;  // empty: nothing was removed by condition
  int64_t files_kept = 0;
  int64_t rows_kept = 0;
};

Removal RemovalOf(const engine::RowChangeResult& change) {
  Removal removal;
  removal.metrics["numAddedChangeFiles"] = std::to_string(change.changes.size());
  for (const char* name : {"numDeletedRows", "numRemovedFiles", "numRemovedBytes"}) removal.metrics[name] = change.metrics.at(name);
  removal.files_kept = static_cast<int64_t>(change.added.size());
  removal.rows_kept = change.copied_rows;
  for (const delta::MarkedFile& file : change.marked) {
    if (!file.after) continue;
    ++removal.files_kept;
    removal.rows_kept += file.physical_rows - file.after->deletion_vector->cardinality;
  }
  return removal;
}

// INSERT OVERWRITE and REPLACE WHERE: removes the old rows that the new ones replace.
Result<Removal> RemoveReplaced(StatementRun& run, DeltaWrite& write, const sql::InsertStatement& statement,
                                        const sql::AnalyzedInsert& insert) {
  if (statement.mode == sql::InsertMode::kAppend) return Removal();
  if (!insert.overwrite_condition) {
    write.RemoveAllFiles();
    return Removal();
  }
  write.transaction().ReadPredicate(engine::PredicateOfCondition(*insert.overwrite_condition, write.schema(),
                                                                 run.connection().time_zone()));
  ASSIGN_OR_RETURN(engine::RowChangeResult removed, write.MakeRowChange()->Remove(insert.overwrite_condition));
  write.Apply(removed);
  if (statement.replace_where) write.RequireOfRows(insert.overwrite_condition, insert.overwrite_text);
  return RemovalOf(removed);
}

// The metrics of a WRITE that removed rows by condition.
delta::StringMap ReplaceMetrics(const Removal& removal, const DeltaWrite& write) {
  delta::StringMap metrics = removal.metrics;
  if (metrics.empty()) return metrics;
  metrics["numFiles"] = std::to_string(write.files_written() + removal.files_kept);
  metrics["numCopiedRows"] = std::to_string(removal.rows_kept);
  metrics["numOutputRows"] = std::to_string(write.rows_written() + removal.rows_kept);
  return metrics;
}

delta::Operation WriteOperation(const sql::InsertStatement& statement) {
  delta::Operation operation;
  operation.name = "WRITE";
  operation.parameters["mode"] = ModeName(statement.mode);
  operation.parameters["partitionBy"] = "[]";  // what the statement asks for, not what the table has
  auto merges = statement.options.find("mergeSchema");
  if (merges != statement.options.end() && EqualsIgnoreCase(merges->second, "true")) operation.parameters["canMergeSchema"] = "true";
  return operation;
}

// df.write casts nothing, but for what it appends to a table by its name.
Status CheckSavedTypes(StatementRun& run, const sql::InsertStatement& statement, const sql::AnalyzedInsert& insert) {
  auto merges = statement.options.find("mergeSchema");
  bool evolves = merges != statement.options.end() && EqualsIgnoreCase(merges->second, "true");
  if (evolves && WidensTypes(insert.target)) return OkStatus();
  ASSIGN_OR_RETURN(sql::AnalyzedQuery data, run.Analyze(statement.query));
  Schema schema;
  for (const sql::Attribute& column : data.plan->output) schema.fields.push_back({column.name, column.type, column.nullable, "{}"});
  auto merged = delta::SchemaAfterWrite(insert.target.table->schema(), schema, {.merge_schema = true, .as_stored = true});
  // What else it says is said elsewhere.
  bool other_types = !merged.ok() && merged.error().condition == "DELTA_FAILED_TO_MERGE_FIELDS";
  return other_types ? Status(std::move(merged).error()) : OkStatus();
}

}  // namespace

Rows RunCommand(StatementRun& run, const sql::InsertStatement& given) {
  sql::InsertStatement statement = given;
  if (EvolvesSchemas(run)) statement.options.emplace("mergeSchema", "true");
  ASSIGN_OR_RETURN(sql::AnalyzedInsert insert, AnalyzeWithWidening(run, statement));
  std::shared_ptr<const delta::Snapshot> snapshot = SnapshotOf(*insert.target.table);
  if (!snapshot) return NotImplemented("INSERT into a table in the format " + insert.target.relation.format);
  if (statement.save) RETURN_IF_ERROR(CheckSavedTypes(run, statement, insert));
  DeltaWrite write(run, {insert.target.relation.uuid, insert.target.relation.location, snapshot});
  write.UseOptions(statement.options);
  // Reading the table it writes makes an insert depend on what it read.
  if (insert.lineage.columns_by_relation.contains(insert.target.relation.full_name)) write.transaction().ReadWholeTable();
  bool dynamic = OverwritesDynamically(run, statement, *snapshot);
  Removal removal;
  if (!dynamic) {
    ASSIGN_OR_RETURN(removal, RemoveReplaced(run, write, statement, insert));
  }
  write.WidenSchema(insert.target.relation.schema);
  RETURN_IF_ERROR(write.AddColumns(insert.new_columns));
  RETURN_IF_ERROR(write.AddRows(insert.rows));
  if (dynamic) write.RemoveWrittenPartitions();
  // As delta-spark does, which takes it for the replacement of the table.
  if (statement.save && !sql::NamesDeltaPath(statement.table.name)) write.ForgetClustering();
  delta::Operation operation = statement.save ? SaveOperation(statement, insert.target.relation, write.metadata())
                                              : WriteOperation(given);
  operation.metrics = ReplaceMetrics(removal, write);
  if (!dynamic && insert.overwrite_condition) operation.parameters["predicate"] = insert.overwrite_text;
  RETURN_IF_ERROR(write.Commit(std::move(operation)));
  return write.ReportRows();
}

}  // namespace ashlar::session
