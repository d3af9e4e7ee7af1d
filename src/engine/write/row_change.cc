#include "engine/row_change.h"

#include "base/check.h"
#include "delta/stats.h"
#include "duckdb.hpp"
#include "engine/scan/row_details.h"
#include "engine/write/copy_on_write.h"
#include "engine/write/row_counts.h"
#include "engine/write/target_scan.h"
#include "engine/duck_types.h"

namespace ashlar::engine {
namespace {

std::map<size_t, RowSelection> SelectionOf(const RowsByFile& rows, RowSelection::Use use) {
  std::map<size_t, RowSelection> files;
  for (const auto& [file, positions] : rows) {
    files[file] = {positions, use};
  }
  return files;
}

int64_t AddedRows(const RowChangeResult& result) {
  int64_t rows = 0;
  for (const delta::AddFile& file : result.added) rows += delta::NumRecords(file).value_or(0);
  return rows;
}

}  // namespace

Result<TargetColumns> FindTargetColumns(const sql::Plan& plan, const std::string& alias) {
  const sql::Plan* target = FindTargetScan(plan);
  CHECK(target != nullptr) << "a row change without a scan of its target";
  TargetColumns columns;
  for (const sql::Attribute& attribute : plan.output) {
    columns.block.Add(attribute.id, {.sql = alias + "." + ColumnName(attribute.id)});
  }
  CHECK(target->output.size() >= 2);
  columns.file = alias + "." + ColumnName(target->output[target->output.size() - 2].id);
  columns.row = alias + "." + ColumnName(target->output.back().id);
  return columns;
}

void CountFiles(RowChangeResult& result) {
  int64_t added = 0, removed = 0;
  for (const delta::AddFile& file : result.added) added += file.size;
  for (const delta::AddFile& file : result.removed) removed += file.size;
  VectorCounts vectors = CountVectors(result);
  auto set = [&](const char* name, int64_t value) { result.metrics[name] = std::to_string(value); };
  set("numRemovedFiles", static_cast<int64_t>(result.removed.size()));
  set("numAddedFiles", static_cast<int64_t>(result.added.size()));
  set("numAddedBytes", added);
  set("numRemovedBytes", removed);
  set("numDeletionVectorsAdded", vectors.added);
  set("numDeletionVectorsRemoved", vectors.removed);
  set("numDeletionVectorsUpdated", vectors.updated);
}

std::string LapClock::LapMs() {
  int64_t now = SystemClock().MonotonicNanos();
  return std::to_string((now - std::exchange(began_nanos_, now)) / 1'000'000);
}

VectorCounts CountVectors(const RowChangeResult& result) {
  VectorCounts counts;
  for (const delta::AddFile& file : result.removed) counts.removed += file.deletion_vector ? 1 : 0;
  for (const delta::MarkedFile& file : result.marked) {
    ++counts.added;
    if (!file.before.deletion_vector) continue;
    ++counts.removed;
    ++counts.updated;
  }
  return counts;
}

int64_t RowTotal(const RowsByFile& rows) {
  size_t total = 0;
  for (const auto& [file, positions] : rows) total += positions->cardinality();
  return static_cast<int64_t>(total);
}

std::unique_ptr<RowChange> MakeRowChange(Connection& connection, std::shared_ptr<const delta::Snapshot> snapshot,
                                         WriteTarget target, FileCreated created) {
  bool marks = delta::BooleanProperty(target.metadata.configuration, "delta.enableDeletionVectors", false);
  auto make = marks ? MakeDeletionVectorChange : MakeCopyOnWrite;
  return make(connection, std::move(snapshot), std::move(target), std::move(created));
}

std::unique_ptr<RowChange> MakeCopyOnWrite(Connection& connection, std::shared_ptr<const delta::Snapshot> snapshot,
                                           WriteTarget target, FileCreated created) {
  return std::make_unique<CopyOnWrite>(connection, std::move(snapshot), std::move(target), std::move(created));
}

CopyOnWrite::CopyOnWrite(Connection& connection, std::shared_ptr<const delta::Snapshot> snapshot, WriteTarget target,
                         FileCreated created)
    : connection_(AsDuck(connection)),
      snapshot_(std::move(snapshot)),
      target_(std::move(target)),
      created_(std::move(created)) {
  CHECK(target_.table.store != nullptr);
  ColumnMatch match = snapshot_->mapping_mode() == delta::ColumnMappingMode::kId ? ColumnMatch::kFieldId
                                                                                 : ColumnMatch::kName;
  table_ = std::make_shared<const DeltaTable>(snapshot_, match, *target_.table.store);
}

LoweringOptions CopyOnWrite::Options() const {
  return {.time_zone = DuckTimeZone(connection_.time_zone()), .row_position_table = nullptr};
}

Result<RowsByFile> CopyOnWrite::CollectRowPositions(const std::string& query) {
  RowCollector collector(*snapshot_);
  RETURN_IF_ERROR(connection_.RunStreamed(query, [&](duckdb::DataChunk& chunk) {
    chunk.Flatten();
    auto* files = duckdb::FlatVector::GetData<int64_t>(chunk.data[0]);
    auto* positions = duckdb::FlatVector::GetData<int64_t>(chunk.data[1]);
    for (duckdb::idx_t i = 0; i < chunk.size(); ++i) collector.Add(files[i], positions[i]);
  }));
  return collector.Build();
}

std::shared_ptr<const DeltaTable> CopyOnWrite::Only(const RowsByFile& rows) const {
  return table_->WithRows(SelectionOf(rows, RowSelection::Use::kOnly));
}

std::shared_ptr<const DeltaTable> CopyOnWrite::Without(const RowsByFile& rows) const {
  return table_->WithRows(SelectionOf(rows, RowSelection::Use::kWithout));
}

Result<std::string> CopyOnWrite::CopySql(const DeltaTable& part, StatementBindings& bindings) const {
  std::vector<int> columns;
  std::string select;
  for (size_t i = 0; i < target_.schema.fields.size(); ++i) {
    std::string name = "k" + std::to_string(i);
    select += select.empty() ? "" : ", ";
    if (i < snapshot_->schema().fields.size()) {
      columns.push_back(static_cast<int>(i));
      select += "CAST(" + name + " AS " + DuckTypeSql(target_.schema.fields[i].type) + ") AS " + name;
    } else {
      select += LiteralSql(Value::Null(target_.schema.fields[i].type)) + " AS " + name;
    }
  }
  if (!TracksRows()) {
    ASSIGN_OR_RETURN(std::string from, part.FromSql(columns, false, bindings));
    return "SELECT " + select + " FROM " + from;
  }
  ASSIGN_OR_RETURN(std::string from, FromSqlWithRowIds(part, columns, bindings));
  return "SELECT " + select + ", k_row_id, k_row_version FROM " + from;
}

bool CopyOnWrite::TracksRows() const { return RowIdColumnsOf(target_.metadata).has_value(); }

std::string CopyOnWrite::KeptIdsSql() const {
  return TracksRows() ? ", i.k_row_id AS k_row_id, NULL::BIGINT AS k_row_version" : "";
}

std::string CopyOnWrite::NewIdsSql() const {
  return TracksRows() ? ", NULL::BIGINT AS k_row_id, NULL::BIGINT AS k_row_version" : "";
}

Result<std::string> CopyOnWrite::IdsOfSql(const RowsByFile& rows, const std::string& file_column,
                                          const std::string& row_column, StatementBindings& bindings) const {
  if (!TracksRows()) return std::string();
  ASSIGN_OR_RETURN(std::string from, FromSqlWithRowIds(*Only(rows), {}, bindings));
  return " JOIN " + from + " AS i ON i.k_file = " + file_column + " AND i.k_row = " + row_column;
}

Result<RowChangeResult> CopyOnWrite::Rewrite(const RowsByFile& rows, const std::string& inserted_sql) {
  RowChangeResult result;
  RowsByFile partly;
  for (const auto& [file, positions] : rows) {
    const delta::AddFile& add = snapshot_->files()[file];
    result.removed.push_back(add);
    ASSIGN_OR_RETURN(int64_t kept, PhysicalRows(connection_, *snapshot_, add));
    kept -= (add.deletion_vector ? add.deletion_vector->cardinality : 0) + static_cast<int64_t>(positions->cardinality());
    if (kept > 0) partly[file] = positions;
    result.copied_rows += kept;
  }
  StatementBindings bindings(connection_.state().scans, connection_.time_zone());
  std::string select;
  if (!partly.empty()) {
    ASSIGN_OR_RETURN(select, CopySql(*Without(partly), bindings));
  }
  if (!inserted_sql.empty()) select += (select.empty() ? "" : " UNION ALL ") + inserted_sql;
  if (select.empty()) return result;
  ASSIGN_OR_RETURN(WrittenFiles written, WriteSql(connection_, select, target_, created_));
  result.added = std::move(written.files);
  result.identity_last = std::move(written.identity_last);
  return result;
}

Result<RowChangeResult> CopyOnWrite::DeleteRows(const RowsByFile& rows) {
  ASSIGN_OR_RETURN(RowChangeResult result, Rewrite(rows, ""));
  result.deleted_rows = RowTotal(rows);
  CountFiles(result);
  result.metrics["numDeletedRows"] = std::to_string(result.deleted_rows);
  result.metrics["numCopiedRows"] = std::to_string(AddedRows(result));
  return result;
}

std::set<size_t> CopyOnWrite::AllFiles() const {
  std::set<size_t> files;
  for (size_t i = 0; i < snapshot_->files().size(); ++i) files.insert(files.end(), i);
  return files;
}

Result<RowChangeResult> CopyOnWrite::RemoveFiles(const std::set<size_t>& files) {
  RowChangeResult result;
  for (size_t i : files) {
    const delta::AddFile& file = snapshot_->files()[i];
    ASSIGN_OR_RETURN(int64_t rows, PhysicalRows(connection_, *snapshot_, file));
    result.deleted_rows += rows - (file.deletion_vector ? file.deletion_vector->cardinality : 0);
    result.removed.push_back(file);
  }
  CountFiles(result);
  result.metrics["numDeletedRows"] = std::to_string(result.deleted_rows);
  result.metrics["numCopiedRows"] = "0";
  return result;
}

CopyOnWrite::FilesToChange CopyOnWrite::FilesMatching(const sql::Plan& scan, const sql::TypedExpr& condition) const {
  delta::FileFilter filter(*snapshot_, PredicateOfTarget(condition, scan, connection_.time_zone()));
  // Partition values are exact; that a row has a value between bounds is never worth a deletion.
  bool certain = filter.PartitionOnly() && std::holds_alternative<sql::ScanPlan>(scan.node);
  FilesToChange files;
  for (size_t i : filter.Select(snapshot_->files())) {
    bool whole = certain && filter.MatchPartition(snapshot_->files().PartitionOf(i)) == delta::FileMatch::kAll;
    (whole ? files.whole : files.partly).insert(i);
  }
  return files;
}

std::shared_ptr<const DeltaTable> CopyOnWrite::Part(const std::set<size_t>& files) const {
  std::map<size_t, RowSelection> selection;
  for (size_t file : files) selection.emplace_hint(selection.end(), file, RowSelection{});
  return table_->WithRows(std::move(selection));
}

Result<std::string> CopyOnWrite::FoundSql(const sql::AnalyzedRowChange& change, const TargetColumns& columns,
                                          const std::set<size_t>& files, StatementBindings& bindings) const {
  LoweringOptions part = Options();
  part.row_position_table = Part(files);
  ASSIGN_OR_RETURN(std::string scan, LowerPlan(*change.scan, part, bindings));
  std::string where = "TRUE";
  if (change.condition) {
    ASSIGN_OR_RETURN(where, LowerOverBlock(*change.condition, columns.block, Options(), bindings));
  }
  return "FROM (" + scan + ") AS q WHERE " + where;
}

Result<RowsByFile> CopyOnWrite::FindRows(const sql::AnalyzedRowChange& change, const std::set<size_t>& files,
                                         StatementBindings& bindings) {
  if (files.empty()) return RowsByFile();
  ASSIGN_OR_RETURN(TargetColumns columns, FindTargetColumns(*change.scan, "q"));
  ASSIGN_OR_RETURN(std::string found, FoundSql(change, columns, files, bindings));
  return CollectRowPositions("SELECT " + columns.file + ", " + columns.row + " " + found);
}

Result<RowChangeResult> CopyOnWrite::Delete(const sql::AnalyzedRowChange& change) {
  LapClock clock;
  std::string scan_ms = "0";
  ASSIGN_OR_RETURN(RowChangeResult result, DeleteTimed(change, clock, scan_ms));
  result.metrics["rewriteTimeMs"] = clock.LapMs();
  result.metrics["scanTimeMs"] = scan_ms;
  return result;
}

Result<RowChangeResult> CopyOnWrite::DeleteTimed(const sql::AnalyzedRowChange& change, LapClock& clock, std::string& scan_ms) {
  if (!change.condition) return RemoveFiles(AllFiles());
  FilesToChange files = FilesMatching(*change.scan, *change.condition);
  if (FeedsChanges()) files.partly.merge(files.whole);  // the rows themselves are wanted
  StatementBindings bindings(connection_.state().scans, connection_.time_zone());
  ASSIGN_OR_RETURN(RowsByFile rows, FindRows(change, files.partly, bindings));
  scan_ms = clock.LapMs();
  ASSIGN_OR_RETURN(RowChangeResult result, DeleteRows(rows));
  if (FeedsChanges() && !rows.empty()) {
    ASSIGN_OR_RETURN(std::string deleted, UnchangedSql(rows, "delete", bindings));
    RETURN_IF_ERROR(WriteChanges(deleted, result));
  }
  if (files.whole.empty()) return result;
  ASSIGN_OR_RETURN(RowChangeResult removed, RemoveFiles(files.whole));
  std::ranges::move(removed.removed, std::back_inserter(result.removed));
  result.deleted_rows += removed.deleted_rows;
  CountFiles(result);
  result.metrics["numDeletedRows"] = std::to_string(result.deleted_rows);
  return result;
}

Result<RowChangeResult> CopyOnWrite::Remove(const sql::TypedExprPtr& condition) {
  StatementBindings bindings(connection_.state().scans, connection_.time_zone());
  SelectBlock block;
  std::vector<int> columns;
  for (size_t i = 0; i < snapshot_->schema().fields.size(); ++i) {
    block.Add(static_cast<sql::AttributeId>(i), {.sql = "q.k" + std::to_string(i)});
    columns.push_back(static_cast<int>(i));
  }
  delta::Predicate predicate = PredicateOfCondition(*condition, snapshot_->schema(), connection_.time_zone());
  std::vector<size_t> matching = delta::SelectFiles(*snapshot_, predicate);
  auto part = Part({matching.begin(), matching.end()});
  ASSIGN_OR_RETURN(std::string from, part->FromSql(columns, true, bindings));
  ASSIGN_OR_RETURN(std::string where, LowerOverBlock(*condition, block, Options(), bindings));
  ASSIGN_OR_RETURN(RowsByFile rows, CollectRowPositions("SELECT q.k_file, q.k_row FROM " + from + " AS q WHERE " + where));
  return DeleteRows(rows);
}

Result<CopyOnWrite::NewValues> CopyOnWrite::NewValuesOf(const sql::AnalyzedRowChange& change, StatementBindings& bindings) const {
  CHECK_EQ(change.new_values.size(), target_.schema.fields.size());
  NewValues values;
  ASSIGN_OR_RETURN(values.columns, FindTargetColumns(*change.scan, "q"));
  for (size_t i = 0; i < change.new_values.size(); ++i) {
    ASSIGN_OR_RETURN(std::string value, LowerOverBlock(*change.new_values[i], values.columns.block, Options(), bindings));
    values.sql += (i > 0 ? ", " : "") + value + " AS k" + std::to_string(i);
  }
  return values;
}

Result<std::optional<RowChangeResult>> CopyOnWrite::UpdateInOnePass(const sql::AnalyzedRowChange&, const NewValues&,
                                                                    const std::set<size_t>&, StatementBindings&) {
  return std::optional<RowChangeResult>();
}

Result<RowChangeResult> CopyOnWrite::UpdateRows(const sql::AnalyzedRowChange& change, const NewValues& values,
                                                const RowsByFile& rows, StatementBindings& bindings) {
  if (rows.empty()) return RowChangeResult();
  // Exactly the rows found are read: the condition is evaluated once.
  LoweringOptions only = Options();
  only.row_position_table = Only(rows);
  ASSIGN_OR_RETURN(std::string found, LowerPlan(*change.scan, only, bindings));
  ASSIGN_OR_RETURN(std::string ids, IdsOfSql(rows, values.columns.file, values.columns.row, bindings));
  std::string updated = "SELECT " + values.sql + KeptIdsSql() + " FROM (" + found + ") AS q" + ids;
  std::optional<TemporaryRows> kept;
  if (FeedsChanges()) {
    kept.emplace(connection_);
    ASSIGN_OR_RETURN(updated, kept->Keep(updated));
  }
  ASSIGN_OR_RETURN(RowChangeResult result, Rewrite(rows, updated));
  if (FeedsChanges()) {
    ASSIGN_OR_RETURN(std::string before, UnchangedSql(rows, "update_preimage", bindings));
    RETURN_IF_ERROR(WriteChanges(before + " UNION ALL SELECT *, 'update_postimage' AS k_change FROM (" + updated + ")", result));
  }
  result.updated_rows = RowTotal(rows);
  return result;
}

Result<RowChangeResult> CopyOnWrite::Update(const sql::AnalyzedRowChange& change) {
  LapClock clock;
  StatementBindings bindings(connection_.state().scans, connection_.time_zone());
  ASSIGN_OR_RETURN(NewValues values, NewValuesOf(change, bindings));
  std::set<size_t> files = AllFiles();
  if (change.condition) {
    FilesToChange matching = FilesMatching(*change.scan, *change.condition);
    files = std::move(matching.partly);
    files.merge(matching.whole);
  }
  std::string scan_ms = "0";
  ASSIGN_OR_RETURN(std::optional<RowChangeResult> updated, UpdateInOnePass(change, values, files, bindings));
  if (!updated) {
    ASSIGN_OR_RETURN(RowsByFile rows, FindRows(change, files, bindings));
    scan_ms = clock.LapMs();
    ASSIGN_OR_RETURN(updated, UpdateRows(change, values, rows, bindings));
  }
  RowChangeResult result = *std::move(updated);
  result.metrics["numUpdatedRows"] = std::to_string(result.updated_rows);
  if (result.updated_rows == 0) return result;
  CountFiles(result);
  // delta-spark counts each touched file of an UPDATE as removed, marked ones too.
  result.metrics["numRemovedFiles"] = std::to_string(result.removed.size() + result.marked.size());
  result.metrics["scanTimeMs"] = scan_ms;
  result.metrics["rewriteTimeMs"] = clock.LapMs();
  result.metrics["numCopiedRows"] = std::to_string(AddedRows(result) - result.updated_rows);
  return result;
}

}  // namespace ashlar::engine
