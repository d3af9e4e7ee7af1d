#include "session/optimize_report.h"

#include <algorithm>
#include <thread>

#include "base/text.h"

namespace ashlar::session {
namespace {

using delta::AddFile;

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

Value ZOrderStats(const OptimizeOutcome& outcome, const OptimizeLayout& layout) {
  delta::FileSizes merged = delta::SizesOf(outcome.removed);
  Record record;
  record.Add("strategyName", Value::String("all"), true)
      .Add("inputCubeFiles", CountAndSize("num", 0, 0), true)
      .Add("inputOtherFiles", CountAndSize("num", merged.count, merged.total), true)
      .Long("inputNumCubes", 0)
      .Add("mergedFiles", CountAndSize("num", merged.count, merged.total), true)
      .Long("numOutputCubes", static_cast<int64_t>(outcome.plan.bins.size()))
      .Add("mergedNumCubes", Value::Null(TypeId::kLong), true);
  return layout.kind == OptimizeLayout::Kind::kZOrder ? record.Build() : record.Null();
}

delta::FileSizes SizesOf(const delta::Snapshot& snapshot, const std::vector<size_t>& indexes) {
  std::vector<AddFile> files;
  for (size_t i : indexes) files.push_back(snapshot.files()[i]);
  return delta::SizesOf(files);
}

Value ClusteringStats(const delta::Snapshot& snapshot, const OptimizeOutcome& outcome, const OptimizeLayout& layout) {
  delta::FileSizes in_cubes = SizesOf(snapshot, outcome.cubes.cube_files), others = SizesOf(snapshot, outcome.cubes.other_files);
  delta::FileSizes merged = delta::SizesOf(outcome.removed);
  Record record;
  record.Add("inputZCubeFiles", CountAndSize("numFiles", in_cubes.count, in_cubes.total), true)
      .Add("inputOtherFiles", CountAndSize("numFiles", others.count, others.total), true)
      .Long("inputNumZCubes", outcome.cubes.cube_count)
      .Add("mergedFiles", CountAndSize("numFiles", merged.count, merged.total), true)
      .Long("numOutputZCubes", static_cast<int64_t>(outcome.plan.bins.size()));
  return layout.kind == OptimizeLayout::Kind::kClustering ? record.Build() : record.Null();
}

Value DeletionVectorStats(const OptimizeOutcome& outcome) {
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

}  // namespace

Rows ReportOptimize(StatementRun& run, const MaintainedTable& table, const OptimizeOutcome& outcome,
                    const OptimizeLayout& layout) {
  Record metrics;
  metrics.Long("numFilesAdded", static_cast<int64_t>(outcome.added.size()))
      .Long("numFilesRemoved", static_cast<int64_t>(outcome.removed.size()))
      .Add("filesAdded", FileStats(outcome.added), true)
      .Add("filesRemoved", FileStats(outcome.removed), true)
      .Long("partitionsOptimized", static_cast<int64_t>(outcome.plan.partitions))
      .Add("zOrderStats", ZOrderStats(outcome, layout), true)
      .Add("clusteringStats", ClusteringStats(*table.snapshot, outcome, layout), true)
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
  return run.connection().ExecuteValues(schema, {{Value::String(table.relation.location), metrics.Build()}});
}

}  // namespace ashlar::session
