#include "session/maintain.h"

#include <algorithm>
#include <numeric>

#include "base/json.h"
#include "base/text.h"
#include "delta/deletion_vector.h"
#include "engine/write/rearrange.h"
#include "sql/analyze/typed_tree.h"

namespace ashlar::session {
namespace {

Status CheckPartitionColumns(const sql::TypedExprPtr& condition, const delta::Snapshot& snapshot) {
  const std::vector<std::string>& columns = snapshot.partition_columns();
  std::string foreign;
  sql::VisitExpr(condition, [&](const sql::TypedExpr& expr) {
    auto* column = std::get_if<sql::ColumnNode>(&expr.node);
    if (column == nullptr || !foreign.empty()) return true;
    const std::string& name = snapshot.schema().fields[static_cast<size_t>(column->id)].name;
    if (std::ranges::none_of(columns, [&](const std::string& c) { return EqualsIgnoreCase(c, name); })) foreign = name;
    return true;
  });
  if (foreign.empty()) return OkStatus();
  std::string list = Join(columns, ", ");
  return MakeSqlError("DELTA_NON_PARTITION_COLUMN_REFERENCE", "42P10",
                      "Predicate references non-partition column '" + foreign +
                          "'. Only the partition columns may be referenced: [" + list + "]",
                      {{"columnName", foreign}, {"columnList", list}});
}

}  // namespace

Result<MaintainedTable> OpenMaintained(StatementRun& run, const sql::TableRelation& table,
                                       const std::string& operation) {
  MaintainedTable opened;
  ASSIGN_OR_RETURN(opened.relation, run.Resolve(table, sql::Access::kWrite, {}, operation));
  if (opened.relation.format != "DELTA") {
    return MakeSqlError("DELTA_ONLY_OPERATION", "0AKDD", operation + " is only supported for Delta tables.",
                        {{"operation", operation}});
  }
  ASSIGN_OR_RETURN(opened.snapshot, delta::Snapshot::Load(LocationOf(run, opened.relation)));
  return opened;
}

Result<std::vector<std::string>> MissingFiles(Environment& env, const delta::Snapshot& snapshot,
                                              const std::vector<delta::AddFile>& files) {
  std::vector<std::string> missing;
  const std::string below = snapshot.root() + "/";
  for (const delta::AddFile& file : files) {
    ASSIGN_OR_RETURN(std::string path, snapshot.DataPath(file));
    std::vector<std::string> paths = {path};
    if (file.deletion_vector && file.deletion_vector->storage_type != "i") {
      ASSIGN_OR_RETURN(std::string vector,
                       delta::DeletionVectorPath(snapshot.root(), *file.deletion_vector, snapshot.source_roots()));
      paths.push_back(vector);
    }
    for (const std::string& one : paths) {
      Result<objectstore::ObjectInfo> info = env.store.Head(one);
      if (info.ok()) continue;
      if (info.error().code != ErrorCode::kNotFound) return info.error();
      missing.push_back(one.starts_with(below) ? one.substr(below.size()) : one);
    }
  }
  return missing;
}

Result<std::vector<size_t>> SelectPartitions(StatementRun& run, const delta::Snapshot& snapshot,
                                             const sql::ExprPtr& condition) {
  if (!condition) {
    std::vector<size_t> all(snapshot.files().size());
    std::iota(all.begin(), all.end(), size_t{0});
    return all;
  }
  ASSIGN_OR_RETURN(sql::TypedExprPtr typed, sql::AnalyzeOverSchema(condition, snapshot.schema(), run.analyzer()));
  RETURN_IF_ERROR(CheckPartitionColumns(typed, snapshot));
  if (!typed->type.Is(TypeId::kBoolean)) {
    return MakeSqlError("DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", "42K09",
                        "The condition of WHERE must be a BOOLEAN, not " + typed->type.SimpleString() + ".",
                        {{"filter", "WHERE"}, {"type", typed->type.SimpleString()}});
  }
  return engine::FilesOfPartitions(run.connection(), snapshot, *typed);
}

std::string TextList(const std::vector<std::string>& texts) { return WriteJson(Json(texts)); }

}  // namespace ashlar::session
