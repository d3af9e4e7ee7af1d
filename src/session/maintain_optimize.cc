// OPTIMIZE and REORG … APPLY (PURGE).
#include <algorithm>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "delta/maintenance/optimize.h"
#include "delta/stats.h"
#include "engine/write/rearrange.h"
#include "session/commands.h"
#include "session/maintain.h"

namespace ashlar::session {
namespace {

using delta::AddFile;
using delta::OptimizeOptions;

struct Outcome {
  delta::OptimizePlan plan;
  std::vector<AddFile> removed;
  std::vector<AddFile> added;
  int64_t started_ms = 0;
};

// A record as a value, built field by field.
class Record {
 public:
  Record& Add(const std::string& name, Value value, bool nullable = false) {
    fields_.push_back({name, value.type, nullable, "{}"});
    values_.push_back(std::move(value));
    return *this;
  }
  Record& Long(const std::string& name, int64_t value) { return Add(name, Value::Long(value)); }
  DataType Type() const { return DataType::Struct(fields_); }
  Value Build() const { return {Type(), values_}; }
  Value Null() const { return Value::Null(Type()); }

 private:
  std::vector<Field> fields_;
  std::vector<Value> values_;
};

Value FileStats(const std::vector<AddFile>& files) {
  delta::FileSizes sizes = delta::SizesOf(files);
  Value null = Value::Null(TypeId::kLong);
  return Record()
      .Add("min", sizes.count == 0 ? null : Value::Long(sizes.min), true)
      .Add("max", sizes.count == 0 ? null : Value::Long(sizes.max), true)
      .Add("avg", Value::Double(sizes.average()))
      .Long("totalFiles", sizes.count)
      .Long("totalSize", sizes.total)
      .Build();
}

Value CountAndSize(const std::string& count, int64_t files, int64_t bytes) {
  return Record().Long(count, files).Long("size", bytes).Build();
}

Value ZOrderStats(const Outcome& outcome, bool zorder) {
  delta::FileSizes merged = delta::SizesOf(outcome.removed);
  Record record;
  record.Add("strategyName", Value::String("all"), true)
      .Add("inputCubeFiles", CountAndSize("num", 0, 0), true)
      .Add("inputOtherFiles", CountAndSize("num", merged.count, merged.total), true)
      .Long("inputNumCubes", 0)
      .Add("mergedFiles", CountAndSize("num", merged.count, merged.total), true)
      .Long("numOutputCubes", static_cast<int64_t>(outcome.plan.bins.size()))
      .Add("mergedNumCubes", Value::Null(TypeId::kLong), true);
  return zorder ? record.Build() : record.Null();
}

Value NoClusteringStats() {
  return Record()
      .Add("inputZCubeFiles", CountAndSize("numFiles", 0, 0), true)
      .Add("inputOtherFiles", CountAndSize("numFiles", 0, 0), true)
      .Long("inputNumZCubes", 0)
      .Add("mergedFiles", CountAndSize("numFiles", 0, 0), true)
      .Long("numOutputZCubes", 0)
      .Null();
}

Value DeletionVectorStats(const Outcome& outcome) {
  int64_t vectors = 0, rows = 0;
  for (const AddFile& file : outcome.removed) {
    if (!file.deletion_vector) continue;
    ++vectors;
    rows += file.deletion_vector->cardinality;
  }
  Record record;
  record.Long("numDeletionVectorsRemoved", vectors).Long("numDeletionVectorRowsRemoved", rows);
  return vectors > 0 ? record.Build() : record.Null();
}

Value NoAutoCompactStats() {
  Record record;
  for (const char* name : {"maxClusterActiveParallelism", "minClusterActiveParallelism", "maxSessionActiveParallelism",
                           "minSessionActiveParallelism"}) {
    record.Add(name, Value::Null(TypeId::kLong), true);
  }
  return record.Null();
}

// The columns delta-spark counts: of the top level.
int64_t ColumnsWithStats(const delta::Snapshot& snapshot) {
  auto all = static_cast<int64_t>(snapshot.schema().fields.size());
  int64_t limit = ParseInt64(snapshot.Property("delta.dataSkippingNumIndexedCols", "32")).value_or(32);
  return limit < 0 ? all : std::min(all, limit);
}

Rows Report(StatementRun& run, const MaintainedTable& table, const Outcome& outcome, bool zorder) {
  Record metrics;
  metrics.Long("numFilesAdded", static_cast<int64_t>(outcome.added.size()))
      .Long("numFilesRemoved", static_cast<int64_t>(outcome.removed.size()))
      .Add("filesAdded", FileStats(outcome.added), true)
      .Add("filesRemoved", FileStats(outcome.removed), true)
      .Long("partitionsOptimized", static_cast<int64_t>(outcome.plan.partitions))
      .Add("zOrderStats", ZOrderStats(outcome, zorder), true)
      .Add("clusteringStats", NoClusteringStats(), true)
      .Long("numBins", static_cast<int64_t>(outcome.plan.bins.size()))
      .Long("numBatches", 1)
      .Long("totalConsideredFiles", static_cast<int64_t>(outcome.plan.considered))
      .Long("totalFilesSkipped", static_cast<int64_t>(outcome.plan.skipped))
      .Add("preserveInsertionOrder", Value::Boolean(false))
      .Long("numFilesSkippedToReduceWriteAmplification", 0)
      .Long("numBytesSkippedToReduceWriteAmplification", 0)
      .Long("startTimeMs", outcome.started_ms)
      .Long("endTimeMs", run.environment().clock.NowMs())
      .Long("totalClusterParallelism", static_cast<int64_t>(std::thread::hardware_concurrency()))
      .Long("totalScheduledTasks", 0)
      .Add("autoCompactParallelismStats", NoAutoCompactStats(), true)
      .Add("deletionVectorStats", DeletionVectorStats(outcome), true)
      .Long("numTableColumns", static_cast<int64_t>(table.snapshot->schema().fields.size()))
      .Long("numTableColumnsWithStats", ColumnsWithStats(*table.snapshot));
  Schema schema{{{"path", TypeId::kString, true, "{}"}, {"metrics", metrics.Type(), true, "{}"}}};
  return StreamValues(run.connection(), schema, {{Value::String(table.relation.location), metrics.Build()}});
}

// The columns of ZORDER BY as expressions. Errors: DELTA_ZORDERING_COLUMN_DOES_NOT_EXIST,
// DELTA_ZORDERING_ON_PARTITION_COLUMN, DELTA_ZORDERING_ON_COLUMN_WITHOUT_STATS.
Result<std::vector<sql::TypedExprPtr>> ZOrderColumns(StatementRun& run, const delta::Snapshot& snapshot,
                                                     const std::vector<sql::NameParts>& names) {
  std::vector<sql::TypedExprPtr> columns;
  ASSIGN_OR_RETURN(std::vector<delta::LeafColumn> with_stats,
                   delta::StatisticsColumns(snapshot.schema(), snapshot.metadata()));
  std::vector<std::string> without;
  for (const sql::NameParts& name : names) {
    std::string text = Join(name, ".");
    int index = snapshot.schema().IndexOf(name[0]);
    auto typed = sql::AnalyzeOverSchema(sql::MakeExpr(sql::AttributeExpr{name, {}}), snapshot.schema(), run.analyzer());
    if (index < 0 || !typed.ok()) {
      return MakeSqlError("DELTA_ZORDERING_COLUMN_DOES_NOT_EXIST", "42703",
                          "Z-Ordering column " + text + " does not exist in data schema.", {{"columnName", text}});
    }
    const Field& field = snapshot.schema().fields[static_cast<size_t>(index)];
    for (const std::string& partition : snapshot.partition_columns()) {
      if (!EqualsIgnoreCase(partition, field.name)) continue;
      return MakeSqlError("DELTA_ZORDERING_ON_PARTITION_COLUMN", "42P10",
                          text + " is a partition column. Z-Ordering can only be performed on data columns",
                          {{"colName", text}});
    }
    std::string physical = delta::PhysicalName(field, snapshot.mapping_mode());
    bool known = std::ranges::any_of(with_stats, [&](const delta::LeafColumn& leaf) { return leaf.path[0] == physical; });
    if (!known) without.push_back(text);
    columns.push_back(*std::move(typed));
  }
  constexpr const char* kCheck = "spark.databricks.delta.optimize.zorder.checkStatsCollection.enabled";
  if (without.empty() || run.state().confs.GetOr(kCheck, "true") != "true") return columns;
  std::string list = "[" + Join(without, ", ") + "]";
  return MakeSqlError("DELTA_ZORDERING_ON_COLUMN_WITHOUT_STATS", "KD00D",
                      "Z-Ordering on " + list + " will be ineffective, because we currently do not collect stats for "
                      "these columns. You can disable this check by setting\n SET " + kCheck + " = false",
                      {{"cols", list}, {"zorderColStatKey", kCheck}});
}

Status Rewrite(StatementRun& run, DeltaWrite& write, const MaintainedTable& table,
               const std::vector<sql::TypedExprPtr>& order, int64_t target_bytes, Outcome& outcome) {
  engine::WriteTarget target = write.WriterTarget();
  // Without an order a bin is one file already.
  target.target_file_bytes = order.empty() ? int64_t{1} << 60 : target_bytes;
  auto track = [&](const std::string& path) { write.transaction().TrackCreatedFile(path); };
  for (const std::vector<size_t>& bin : outcome.plan.bins) {
    RETURN_IF_ERROR(run.CheckCancelled());
    ASSIGN_OR_RETURN(std::vector<AddFile> files,
                     engine::Rearrange(run.connection(), table.snapshot, bin, order, target, track));
    for (size_t i : bin) outcome.removed.push_back(table.snapshot->files()[i]);
    outcome.added.insert(outcome.added.end(), files.begin(), files.end());
  }
  for (const AddFile& file : outcome.removed) write.transaction().RemoveRearranged(file);
  for (const AddFile& file : outcome.added) write.transaction().Add(file);
  return OkStatus();
}

enum class Started { kByUser, kByWrite };

delta::Operation OperationOf(const sql::OptimizeStatement& statement, const Outcome& outcome, Started started) {
  delta::Operation operation;
  operation.name = statement.purge ? "REORG" : "OPTIMIZE";
  std::vector<std::string> predicates, zorder;
  if (statement.condition) predicates.push_back(statement.condition_text);
  for (const sql::NameParts& name : statement.zorder_by) zorder.push_back(Join(name, "."));
  operation.parameters["predicate"] = TextList(predicates);
  if (statement.purge) {
    operation.parameters["applyPurge"] = "true";
  } else {
    operation.parameters["zOrderBy"] = TextList(zorder);
    operation.parameters["clusterBy"] = "[]";
    operation.parameters["auto"] = started == Started::kByWrite ? "true" : "false";
  }
  operation.metrics = delta::OptimizeMetrics(outcome.removed, outcome.added);
  return operation;
}

int64_t AutoCompactConf(const StatementRun& run, const char* name, int64_t otherwise) {
  auto text = run.state().confs.Get(std::string("spark.databricks.delta.autoCompact.") + name);
  return text ? ParseInt64(*text).value_or(otherwise) : otherwise;
}

Status CompactPartitions(StatementRun& run, const DeltaTarget& written, const std::set<delta::PartitionValues>& partitions) {
  Environment& env = run.environment();
  delta::TableLocation location{&env.store, written.location, &env.parquet_actions};
  MaintainedTable table;
  table.relation.uuid = written.uuid;
  table.relation.location = written.location;
  ASSIGN_OR_RETURN(table.snapshot, written.snapshot ? delta::Snapshot::Update(location, written.snapshot)
                                                    : delta::Snapshot::Load(location));
  OptimizeOptions options;
  options.target_file_bytes = AutoCompactConf(run, "maxFileSize", int64_t{128} << 20);
  delta::AutoCompactOptions small;
  small.small_file_bytes = AutoCompactConf(run, "minFileSize", options.target_file_bytes / 2);
  small.min_files = static_cast<size_t>(std::max<int64_t>(2, AutoCompactConf(run, "minNumFiles", 50)));
  std::vector<size_t> candidates = delta::AutoCompactCandidates(*table.snapshot, partitions, small);
  Outcome outcome;
  outcome.plan = delta::PlanOptimize(*table.snapshot, candidates, options);
  if (outcome.plan.bins.empty()) return OkStatus();
  DeltaWrite write(run, table.target());
  RETURN_IF_ERROR(Rewrite(run, write, table, {}, options.target_file_bytes, outcome));
  return write.Commit(OperationOf({}, outcome, Started::kByWrite));
}

}  // namespace

bool CompactsAfterWrites(const StatementRun& run, const delta::Metadata& metadata) {
  // What a session says is stronger than what the table says.
  auto property = metadata.configuration.find("delta.autoOptimize.autoCompact");
  std::string otherwise = property == metadata.configuration.end() ? "false" : property->second;
  std::string wanted = run.state().confs.GetOr("spark.databricks.delta.autoCompact.enabled", otherwise);
  return EqualsIgnoreCase(wanted, "true") || EqualsIgnoreCase(wanted, "auto");
}

void CompactAfterWrite(StatementRun& run, const DeltaTarget& written, const std::set<delta::PartitionValues>& partitions) {
  Status compacted = CompactPartitions(run, written, partitions);
  if (compacted.ok()) return;
  Log(LogLevel::kWarn, "an automatic compaction failed", {{"table", written.location}, {"reason", compacted.error().message}});
}

Rows RunCommand(StatementRun& run, const sql::OptimizeStatement& statement) {
  ASSIGN_OR_RETURN(MaintainedTable table, OpenMaintained(run, statement.table, statement.purge ? "REORG" : "OPTIMIZE"));
  return OptimizeTable(run, table, statement);
}

Rows OptimizeTable(StatementRun& run, const MaintainedTable& table, const sql::OptimizeStatement& statement) {
  if (statement.full) {
    return MakeSqlError("DELTA_OPTIMIZE_FULL_NOT_SUPPORTED", "42601",
                        "OPTIMIZE FULL is only supported for clustered tables with non-empty clustering columns.");
  }
  ASSIGN_OR_RETURN(std::vector<sql::TypedExprPtr> order, ZOrderColumns(run, *table.snapshot, statement.zorder_by));
  ASSIGN_OR_RETURN(std::vector<size_t> candidates, SelectPartitions(run, *table.snapshot, statement.condition));
  OptimizeOptions options;
  if (!order.empty()) options.kind = OptimizeOptions::Kind::kCluster;
  if (statement.purge) options.kind = OptimizeOptions::Kind::kPurge;
  ASSIGN_OR_RETURN(options.target_file_bytes, delta::TargetFileBytes(table.snapshot->metadata()));
  Outcome outcome;
  outcome.started_ms = run.environment().clock.NowMs();
  outcome.plan = delta::PlanOptimize(*table.snapshot, candidates, options);
  if (!outcome.plan.bins.empty()) {
    DeltaWrite write(run, table.target());
    RETURN_IF_ERROR(Rewrite(run, write, table, order, options.target_file_bytes, outcome));
    RETURN_IF_ERROR(write.Commit(OperationOf(statement, outcome, Started::kByUser)));
  }
  return Report(run, table, outcome, !order.empty());
}

}  // namespace ashlar::session
