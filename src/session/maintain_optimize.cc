// OPTIMIZE and REORG … APPLY (PURGE).
#include <algorithm>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "delta/clustering.h"
#include "delta/schema.h"
#include "delta/stats.h"
#include "session/commands.h"
#include "session/optimize_report.h"

namespace ashlar::session {
namespace {

using delta::AddFile;
using delta::OptimizeOptions;
using Layout = OptimizeLayout;
using Outcome = OptimizeOutcome;

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

// The table's clustering columns as expressions.
Result<Layout> ClusteringLayout(StatementRun& run, const delta::Snapshot& snapshot,
                                const std::vector<delta::ColumnPath>& physical) {
  Layout layout;
  layout.kind = Layout::Kind::kClustering;
  layout.order.curve = engine::RowOrder::Curve::kHilbert;
  for (const delta::ColumnPath& path : physical) {
    std::optional<delta::ColumnPath> name = delta::LogicalPath(path, snapshot.schema(), snapshot.mapping_mode());
    if (!name) return MakeError(ErrorCode::kInvalidState, "The clustering column " + delta::PathText(path) + " is not in the schema.");
    ASSIGN_OR_RETURN(sql::TypedExprPtr column, sql::AnalyzeOverSchema(sql::MakeExpr(sql::AttributeExpr{*name, {}}),
                                                                      snapshot.schema(), run.analyzer()));
    layout.order.columns.push_back(std::move(column));
    layout.names.push_back(delta::PathText(*name));
  }
  return layout;
}

Status CheckClustered(const sql::OptimizeStatement& statement) {
  if (!statement.zorder_by.empty()) {
    std::vector<std::string> names;
    for (const sql::NameParts& name : statement.zorder_by) names.push_back(Join(name, "."));
    return MakeSqlError("DELTA_CLUSTERING_WITH_ZORDER_BY", "42613",
                        "OPTIMIZE command for Delta table with clustering cannot specify ZORDER BY. Please remove ZORDER BY (" +
                            Join(names, ", ") + ").",
                        {{"zOrderBy", Join(names, ", ")}});
  }
  if (!statement.condition) return OkStatus();
  return MakeSqlError("DELTA_CLUSTERING_WITH_PARTITION_PREDICATE", "0A000",
                      "OPTIMIZE command for Delta table with clustering doesn't support partition predicates. Please remove "
                      "the predicates: " + statement.condition_text + ".",
                      {{"predicates", statement.condition_text}});
}

Result<Layout> LayoutOf(StatementRun& run, const sql::OptimizeStatement& statement, const delta::Snapshot& snapshot) {
  auto clustering = delta::ClusteringColumns(snapshot.state());
  bool clustered = clustering && !clustering->empty();
  if (statement.full && !clustered) {
    return MakeSqlError("DELTA_OPTIMIZE_FULL_NOT_SUPPORTED", "42601",
                        "OPTIMIZE FULL is only supported for clustered tables with non-empty clustering columns.");
  }
  if (clustered && !statement.purge) {
    RETURN_IF_ERROR(CheckClustered(statement));
    return ClusteringLayout(run, snapshot, *clustering);
  }
  Layout layout;
  ASSIGN_OR_RETURN(layout.order.columns, ZOrderColumns(run, snapshot, statement.zorder_by));
  for (const sql::NameParts& name : statement.zorder_by) layout.names.push_back(Join(name, "."));
  if (!layout.names.empty()) layout.kind = Layout::Kind::kZOrder;
  return layout;
}

Result<int64_t> BytesConf(StatementRun& run, const std::string& key, int64_t otherwise) {
  std::string text = run.state().confs.GetOr(key, "");
  if (text.empty()) return otherwise;
  std::optional<int64_t> bytes = ParseInt64(text);
  if (bytes && *bytes > 0) return *bytes;
  return MakeError(ErrorCode::kInvalidParameterValue, "The configuration " + key + " is not a size in bytes: " + text);
}

// A clustered table is one partition; its bins are the cubes to be.
Status PlanClustering(StatementRun& run, const sql::OptimizeStatement& statement, const MaintainedTable& table,
                      const Layout& layout, Outcome& outcome) {
  const std::string confs = "spark.databricks.delta.optimize.clustering.mergeStrategy.minCubeSize.";
  delta::CubeOptions options;
  options.columns = layout.names;
  options.full = statement.full;
  ASSIGN_OR_RETURN(options.finished_bytes, BytesConf(run, confs + "threshold", options.finished_bytes));
  ASSIGN_OR_RETURN(options.target_bytes, BytesConf(run, confs + "targetCubeSize", options.target_bytes));
  outcome.cubes = delta::PlanCubes(*table.snapshot, options);
  outcome.plan.bins = outcome.cubes.cubes;
  outcome.plan.considered = table.snapshot->files().size();
  size_t chosen = 0;
  for (const std::vector<size_t>& bin : outcome.plan.bins) chosen += bin.size();
  outcome.plan.skipped = outcome.plan.considered - chosen;
  outcome.plan.partitions = outcome.plan.bins.empty() ? 0 : 1;
  return OkStatus();
}

Status Plan(StatementRun& run, const sql::OptimizeStatement& statement, const MaintainedTable& table, const Layout& layout,
            int64_t target_bytes, Outcome& outcome) {
  if (layout.kind == Layout::Kind::kClustering) return PlanClustering(run, statement, table, layout, outcome);
  OptimizeOptions options;
  options.target_file_bytes = target_bytes;
  if (layout.kind == Layout::Kind::kZOrder) options.kind = OptimizeOptions::Kind::kCluster;
  if (statement.purge) options.kind = OptimizeOptions::Kind::kPurge;
  ASSIGN_OR_RETURN(std::vector<size_t> candidates, SelectPartitions(run, *table.snapshot, statement.condition));
  outcome.plan = delta::PlanOptimize(*table.snapshot, candidates, options);
  return OkStatus();
}

Status Rewrite(StatementRun& run, DeltaWrite& write, const MaintainedTable& table, const Layout& layout, int64_t target_bytes,
               Outcome& outcome) {
  engine::WriteTarget target = write.WriterTarget();
  // Without an order a bin is one file already.
  target.target_file_bytes = layout.order.columns.empty() ? int64_t{1} << 60 : target_bytes;
  auto track = [&](const std::string& path) { write.transaction().TrackCreatedFile(path); };
  for (const std::vector<size_t>& bin : outcome.plan.bins) {
    RETURN_IF_ERROR(run.CheckCancelled());
    ASSIGN_OR_RETURN(std::vector<AddFile> files,
                     engine::Rearrange(run.connection(), table.snapshot, bin, layout.order, target, track));
    if (layout.kind == Layout::Kind::kClustering) {
      std::string cube = NewUuid(run.environment().random);
      for (AddFile& file : files) delta::TagWithCube(file, cube, layout.names);
    }
    for (size_t i : bin) outcome.removed.push_back(table.snapshot->files()[i]);
    outcome.added.insert(outcome.added.end(), files.begin(), files.end());
  }
  for (const AddFile& file : outcome.removed) write.transaction().RemoveRearranged(file);
  for (const AddFile& file : outcome.added) write.transaction().Add(file);
  return OkStatus();
}

enum class Started { kByUser, kByWrite };

delta::Operation OperationOf(const sql::OptimizeStatement& statement, const Layout& layout, const Outcome& outcome,
                             Started started) {
  delta::Operation operation;
  operation.name = statement.purge ? "REORG" : "OPTIMIZE";
  std::vector<std::string> predicates;
  if (statement.condition) predicates.push_back(statement.condition_text);
  operation.parameters["predicate"] = TextList(predicates);
  if (statement.purge) {
    operation.parameters["applyPurge"] = "true";
  } else {
    const std::vector<std::string> none;
    operation.parameters["zOrderBy"] = TextList(layout.kind == Layout::Kind::kZOrder ? layout.names : none);
    operation.parameters["clusterBy"] = TextList(layout.kind == Layout::Kind::kClustering ? layout.names : none);
    operation.parameters["auto"] = started == Started::kByWrite ? "true" : "false";
    if (layout.kind == Layout::Kind::kClustering) operation.parameters["isFull"] = statement.full ? "true" : "false";
  }
  operation.metrics = delta::OptimizeMetrics(outcome.removed, outcome.added);
  return operation;
}

int64_t AutoCompactConf(const StatementRun& run, const char* name, int64_t otherwise) {
  auto text = run.state().confs.Get(std::string("spark.databricks.delta.autoCompact.") + name);
  return text ? ParseInt64(*text).value_or(otherwise) : otherwise;
}

bool AutoCompactSwitch(const StatementRun& run, const char* name, bool otherwise) {
  auto text = run.state().confs.Get(std::string("spark.databricks.delta.autoCompact.") + name);
  return text ? EqualsIgnoreCase(*text, "true") : otherwise;
}

std::string Joined(const std::vector<std::string>& terms, const std::string& op) {
  std::string text = terms[0];
  for (size_t i = 1; i < terms.size(); ++i) text = "(" + text + " " + op + " " + terms[i] + ")";
  return text;
}

// The partitions of the files as delta-spark shows its own, unresolved condition: "(('a <=> cast(1 as int)) AND …) OR …".
std::string PartitionsText(const delta::Snapshot& snapshot, const std::vector<AddFile>& files) {
  std::set<delta::PartitionValues> partitions;
  for (const AddFile& file : files) partitions.insert(file.partition_values);
  std::vector<std::string> either;
  for (const delta::PartitionValues& values : partitions) {
    std::vector<std::string> all;
    for (const std::string& name : snapshot.partition_columns()) {
      const Field& field = snapshot.schema().fields[static_cast<size_t>(snapshot.schema().IndexOf(name))];
      auto value = values.find(delta::PhysicalName(field, snapshot.mapping_mode()));
      std::string text = value == values.end() ? "null" : value->second.value_or("null");
      all.push_back("('" + field.name + " <=> cast(" + text + " as " + field.type.SimpleString() + "))");
    }
    either.push_back(Joined(all, "AND"));
  }
  return Joined(either, "OR");
}

Status CompactPartitions(StatementRun& run, const DeltaTarget& written, const std::set<delta::PartitionValues>& partitions) {
  MaintainedTable table;
  table.relation.uuid = written.uuid;
  table.relation.location = written.location;
  if (written.snapshot) table.relation.source_roots = written.snapshot->source_roots();
  if (written.catalog_managed) table.relation.ratified.emplace();
  delta::TableLocation location = LocationOf(run, table.relation);
  ASSIGN_OR_RETURN(table.snapshot, written.snapshot ? delta::Snapshot::Update(location, written.snapshot)
                                                    : delta::Snapshot::Load(location));
  OptimizeOptions options;
  options.target_file_bytes = AutoCompactConf(run, "maxFileSize", int64_t{128} << 20);
  delta::AutoCompactOptions small;
  small.small_file_bytes = AutoCompactConf(run, "minFileSize", options.target_file_bytes / 2);
  small.min_files = static_cast<size_t>(std::max<int64_t>(2, AutoCompactConf(run, "minNumFiles", 50)));
  small.max_partitions = static_cast<size_t>(AutoCompactConf(run, "maxNumModifiedPartitions", 128));
  small.every_partition = !AutoCompactSwitch(run, "modifiedPartitionsOnly.enabled", true);
  std::vector<size_t> candidates = delta::AutoCompactCandidates(*table.snapshot, partitions, small);
  // What lies in a cube stays there: OPTIMIZE alone lays it out again.
  std::erase_if(candidates, [&](size_t i) { return table.snapshot->files()[i].clustering_provider.has_value(); });
  Outcome outcome;
  outcome.plan = delta::PlanOptimize(*table.snapshot, candidates, options);
  if (outcome.plan.bins.empty()) return OkStatus();
  DeltaWrite write(run, table.target());
  RETURN_IF_ERROR(Rewrite(run, write, table, {}, options.target_file_bytes, outcome));
  delta::Operation operation = OperationOf({}, {}, outcome, Started::kByWrite);
  bool some = !small.every_partition && !table.snapshot->partition_columns().empty();
  if (some) operation.parameters["predicate"] = TextList({PartitionsText(*table.snapshot, outcome.removed)});
  return write.Commit(std::move(operation));
}

}  // namespace

bool CompactsAfterWrites(const StatementRun& run, const delta::Metadata& metadata, bool blind_append) {
  // What a session says is stronger than what the table says; delta.autoOptimize asks for it whatever else is said.
  auto property = metadata.configuration.find("delta.autoOptimize.autoCompact");
  std::string otherwise = property == metadata.configuration.end() ? "false" : property->second;
  if (delta::BooleanProperty(metadata.configuration, "delta.autoOptimize", false)) otherwise = "true";
  std::string wanted = run.state().confs.GetOr("spark.databricks.delta.autoCompact.enabled", otherwise);
  if (blind_append && AutoCompactSwitch(run, "nonBlindAppend.enabled", false)) return false;
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
  ASSIGN_OR_RETURN(Layout layout, LayoutOf(run, statement, *table.snapshot));
  ASSIGN_OR_RETURN(int64_t target_bytes, delta::TargetFileBytes(table.snapshot->metadata()));
  Outcome outcome;
  outcome.started_ms = run.environment().clock.NowMs();
  RETURN_IF_ERROR(Plan(run, statement, table, layout, target_bytes, outcome));
  if (!outcome.plan.bins.empty()) {
    DeltaWrite write(run, table.target());
    RETURN_IF_ERROR(Rewrite(run, write, table, layout, target_bytes, outcome));
    RETURN_IF_ERROR(write.Commit(OperationOf(statement, layout, outcome, Started::kByUser)));
  }
  return ReportOptimize(run, table, outcome, layout);
}

}  // namespace ashlar::session
