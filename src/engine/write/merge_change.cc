// MERGE. The source is read once, into a temporary table. The target is scanned once, joined with it: what
// each matched pair asks for - the clause, the row, and what an update makes of it - is a second temporary
// table. Everything written after that follows from the two, so that nothing is evaluated differently the
// second time. Both are within the engine's memory budget and spill. Only WHEN NOT MATCHED BY SOURCE scans the
// target again, for the rows that are in no pair.
#include <algorithm>

#include "base/check.h"
#include "base/id.h"
#include "delta/stats.h"
#include "duckdb.hpp"
#include "engine/write/copy_on_write.h"
#include "engine/duck_types.h"

namespace ashlar::engine {

class MergeRun {
 public:
  MergeRun(CopyOnWrite& change, const sql::AnalyzedMerge& merge)
      : change_(change),
        merge_(merge),
        bindings_(change.connection_.state().scans, change.connection_.time_zone()),
        suffix_(NewHex(SystemRandom(), 8)),
        source_("merge_source_" + suffix_),
        changes_("merge_changes_" + suffix_) {}

  ~MergeRun() {
    for (const std::string& table : {source_, changes_}) {
      // Without effect where it was not made; a failed connection drops its tables itself.
      Status dropped = Run("DROP TABLE IF EXISTS temp." + table);
      (void)dropped;
    }
  }
  MergeRun(const MergeRun&) = delete;
  MergeRun& operator=(const MergeRun&) = delete;

  Result<RowChangeResult> Execute() {
    ASSIGN_OR_RETURN(columns_, FindTargetColumns(*merge_.target_scan, "t"));
    for (const sql::Attribute& attribute : merge_.source->output) {
      source_block_.Add(attribute.id, {.sql = "s." + ColumnName(attribute.id)});
    }
    LapClock clock;
    std::map<std::string, std::string> times;
    RETURN_IF_ERROR(MaterialiseSource());
    times["materializeSourceTimeMs"] = clock.LapMs();
    RETURN_IF_ERROR(MaterialisePairs());
    RETURN_IF_ERROR(AddUnmatchedTargets());
    RETURN_IF_ERROR(CollectRows());
    times["scanTimeMs"] = clock.LapMs();
    ASSIGN_OR_RETURN(std::string updated, UpdatedRowsSql());
    ASSIGN_OR_RETURN(std::string inserted, InsertedRowsSql());
    std::optional<TemporaryRows> kept;
    if (change_.FeedsChanges() && !change_.target_.identities.empty()) {
      return NotImplemented("MERGE into IDENTITY columns with a change data feed");
    }
    if (change_.FeedsChanges() && !inserted.empty()) {
      kept.emplace(change_.connection_);
      ASSIGN_OR_RETURN(inserted, kept->Keep(inserted));
    }
    std::string rows = updated + (updated.empty() || inserted.empty() ? "" : " UNION ALL ") + inserted;
    ASSIGN_OR_RETURN(RowChangeResult result, change_.Rewrite(affected_, WithoutKind(rows)));
    if (change_.FeedsChanges()) RETURN_IF_ERROR(Feed(rows, result));
    Count(result);
    times["rewriteTimeMs"] = clock.LapMs();
    result.metrics.merge(times);
    return result;
  }

 private:
  using Match = sql::MergeClause::Match;
  using Action = sql::MergeClause::Action;

  Status Run(const std::string& sql) {
    return change_.connection_.Run(sql, [](duckdb::QueryResult&) {});
  }
  Result<std::string> LowerOver(const sql::TypedExpr& expr, const SelectBlock& block) {
    return LowerOverBlock(expr, block, change_.Options(), bindings_);
  }
  // "c7" for "t.c7"
  static std::string Unqualified(const std::string& column) { return column.substr(column.find('.') + 1); }
  // The same columns under another alias.
  static SelectBlock Under(const SelectBlock& block, const std::string& alias) {
    SelectBlock out;
    for (sql::AttributeId id : block.order) out.Add(id, {.sql = alias + "." + ColumnName(id)});
    return out;
  }
  SelectBlock BothBlocks() const {
    SelectBlock both = columns_.block;
    for (sql::AttributeId id : source_block_.order) both.Add(id, source_block_.columns.at(id));
    return both;
  }
  bool Has(Match match) const {
    return std::ranges::any_of(merge_.clauses, [&](const auto& clause) { return clause.match == match; });
  }
  bool Updates() const {
    return std::ranges::any_of(merge_.clauses, [](const auto& clause) { return clause.action == Action::kUpdate; });
  }

  // The number (from 1) of the first clause of the kind whose condition holds; 0: none.
  Result<std::string> FirstClause(Match match, const SelectBlock& block) {
    std::string sql;
    for (size_t i = 0; i < merge_.clauses.size(); ++i) {
      const sql::AnalyzedMergeClause& clause = merge_.clauses[i];
      if (clause.match != match) continue;
      std::string condition = "TRUE";
      if (clause.condition) {
        ASSIGN_OR_RETURN(condition, LowerOver(*clause.condition, block));
      }
      sql += " WHEN " + condition + " THEN " + std::to_string(i + 1);
    }
    return sql.empty() ? std::string("0") : "CASE" + sql + " ELSE 0 END";
  }

  // The columns of the new table, by the number of the clause; NULL where no clause of the kind has it.
  Result<std::string> ClauseValues(Match match, Action action, const SelectBlock& block, const std::string& number) {
    std::string columns;
    for (size_t c = 0; c < change_.target_.schema.fields.size(); ++c) {
      std::string branches;
      for (size_t i = 0; i < merge_.clauses.size(); ++i) {
        const sql::AnalyzedMergeClause& clause = merge_.clauses[i];
        if (clause.match != match || clause.action != action) continue;
        CHECK_EQ(clause.values.size(), change_.target_.schema.fields.size());
        ASSIGN_OR_RETURN(std::string value, LowerOver(*clause.values[c], block));
        branches += " WHEN " + number + " = " + std::to_string(i + 1) + " THEN " + value;
      }
      std::string type = DuckTypeSql(change_.target_.schema.fields[c].type);
      columns += (columns.empty() ? "" : ", ") + ("CAST(" + (branches.empty() ? "NULL" : "CASE" + branches + " END")) +
                 " AS " + type + ") AS k" + std::to_string(c);
    }
    return columns;
  }

  // "1, 3": the clauses of this kind; empty when there are none.
  std::string ClauseNumbers(Match match, Action action) const {
    std::string out;
    for (size_t i = 0; i < merge_.clauses.size(); ++i) {
      if (merge_.clauses[i].match != match || merge_.clauses[i].action != action) continue;
      out += (out.empty() ? "" : ", ") + std::to_string(i + 1);
    }
    return out;
  }

  // Its rows are known by DuckDB's rowid.
  Status MaterialiseSource() {
    ASSIGN_OR_RETURN(std::string source, LowerPlan(*merge_.source, change_.Options(), bindings_));
    RETURN_IF_ERROR(Run("CREATE TEMP TABLE " + source_ + " AS " + source));
    ASSIGN_OR_RETURN(std::string count, change_.connection_.RunForText("SELECT count(*) FROM temp." + source_));
    source_rows_ = std::stoll(count);
    return {};
  }

  // Columns rid of the source row, f and r of the target row, a: the clause that applies, 0 for none, and k0, k1, …
  // the row's new form.
  Status MaterialisePairs() {
    LoweringOptions pruned = change_.Options();
    CopyOnWrite::FilesToChange files = change_.FilesMatching(*merge_.target_scan, *merge_.condition);
    files.partly.merge(files.whole);
    pruned.row_position_table = change_.Part(files.partly);
    ASSIGN_OR_RETURN(std::string target, LowerPlan(*merge_.target_scan, pruned, bindings_));
    SelectBlock both = BothBlocks();
    ASSIGN_OR_RETURN(std::string condition, LowerOver(*merge_.condition, both));
    std::string join = " FROM (" + target + ") AS t JOIN temp." + source_ + " AS s ON " + condition;
    std::string create = "CREATE TEMP TABLE " + changes_ + " AS ";
    if (!Has(Match::kMatched) && !Has(Match::kNotMatchedBySource)) {
      // That there is a match is all that matters.
      std::string rids = "SELECT DISTINCT s.rowid AS rid" + join;
      ASSIGN_OR_RETURN(std::string columns, ChangeColumns(Match::kMatched, {}, "NULL", "0"));
      return Run(create + "SELECT rid, " + columns + " FROM (" + rids + ") AS p");
    }
    ASSIGN_OR_RETURN(std::string action, FirstClause(Match::kMatched, both));
    ASSIGN_OR_RETURN(std::string columns, ChangeColumns(Match::kMatched, Under(both, "p"), "p.", "p.a"));
    std::string pairs = "SELECT t.*, s.*, s.rowid AS rid, " + action + " AS a" + join;
    // Which rows matched without effect matters to what asks for those that did not match.
    std::string where = Has(Match::kNotMatched) || Has(Match::kNotMatchedBySource) ? "" : " WHERE p.a > 0";
    return Run(create + "SELECT p.rid, " + columns + " FROM (" + pairs + ") AS p" + where);
  }

  // f, r, a and, where any clause updates, k0, k1, …
  Result<std::string> ChangeColumns(Match match, const SelectBlock& block, const std::string& place, const std::string& action) {
    bool none = place == "NULL";
    std::string file = none ? place : place + Unqualified(columns_.file), row = none ? place : place + Unqualified(columns_.row);
    std::string columns = "CAST(" + file + " AS BIGINT) AS f, CAST(" + row + " AS BIGINT) AS r, CAST(" + action + " AS INTEGER) AS a";
    if (!Updates()) return columns;
    ASSIGN_OR_RETURN(std::string values, ClauseValues(match, Action::kUpdate, block, action));
    return columns + ", " + values;
  }

  Status AddUnmatchedTargets() {
    if (!Has(Match::kNotMatchedBySource)) return {};
    ASSIGN_OR_RETURN(std::string target, LowerPlan(*merge_.target_scan, change_.Options(), bindings_));
    ASSIGN_OR_RETURN(std::string action, FirstClause(Match::kNotMatchedBySource, columns_.block));
    ASSIGN_OR_RETURN(std::string columns,
                     ChangeColumns(Match::kNotMatchedBySource, Under(columns_.block, "p"), "p.", "p.a"));
    return Run("INSERT INTO temp." + changes_ + " SELECT NULL, " + columns + " FROM (SELECT t.*, " + action +
               " AS a FROM (" + target + ") AS t) AS p WHERE p.a > 0 AND NOT EXISTS (SELECT 1 FROM temp." + changes_ +
               " AS m WHERE m.f = p." + Unqualified(columns_.file) + " AND m.r = p." + Unqualified(columns_.row) + ")");
  }

  // Whether a target row may be named by several source rows: deleting it twice does no harm.
  bool MayRepeat() const {
    auto matched = [](const auto& clause) { return clause.match == Match::kMatched; };
    auto first = std::ranges::find_if(merge_.clauses, matched);
    return std::ranges::count_if(merge_.clauses, matched) == 1 && first->action == Action::kDelete && !first->condition;
  }

  // The rows to change, and how many each clause changes.
  Status CollectRows() {
    counts_.assign(merge_.clauses.size() + 1, 0);
    if (!Has(Match::kMatched) && !Has(Match::kNotMatchedBySource)) return {};
    bool repeated = false;
    RowCollector all(*change_.snapshot_), updated(*change_.snapshot_), deleted(*change_.snapshot_);
    const bool feeds = change_.FeedsChanges();
    RETURN_IF_ERROR(change_.connection_.RunStreamed(
        "SELECT f, r, a FROM temp." + changes_ + " WHERE a > 0", [&](duckdb::DataChunk& chunk) {
          chunk.Flatten();
          auto* files = duckdb::FlatVector::GetData<int64_t>(chunk.data[0]);
          auto* rows = duckdb::FlatVector::GetData<int64_t>(chunk.data[1]);
          auto* actions = duckdb::FlatVector::GetData<int32_t>(chunk.data[2]);
          for (duckdb::idx_t i = 0; i < chunk.size(); ++i) {
            auto clause = static_cast<size_t>(actions[i]);
            if (!all.Add(files[i], rows[i])) {
              repeated = true;
              continue;
            }
            ++counts_[clause];
            if (!feeds) continue;
            (merge_.clauses[clause - 1].action == Action::kUpdate ? updated : deleted).Add(files[i], rows[i]);
          }
        }));
    affected_ = all.Build();
    updated_ = updated.Build();
    deleted_ = deleted.Build();
    if (!repeated || MayRepeat()) return {};
    return MakeSqlError(
        "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE", "21506",
        "Cannot perform Merge as multiple source rows matched and attempted to modify the same\ntarget row in the "
        "Delta table in possibly conflicting ways. By SQL semantics of Merge,\nwhen multiple source rows match on "
        "the same target row, the result may be ambiguous\nas it is unclear which source row should be used to "
        "update or delete the matching\ntarget row. You can preprocess the source table to eliminate the "
        "possibility of\nmultiple matches.",
        {{"usageReference", "https://docs.delta.io/latest/delta-update.html#upsert-into-a-table-using-merge"}});
  }

  // The rows in their new form; columns k0, k1, …, the rows' ids where the table tracks them, and k_change, what
  // each row is to the change data feed.
  Result<std::string> UpdatedRowsSql() {
    std::string numbers = ClauseNumbers(Match::kMatched, Action::kUpdate);
    std::string by_source = ClauseNumbers(Match::kNotMatchedBySource, Action::kUpdate);
    numbers += (numbers.empty() || by_source.empty() ? "" : ", ") + by_source;
    if (numbers.empty()) return numbers;
    ASSIGN_OR_RETURN(std::string ids, change_.IdsOfSql(affected_, "m.f", "m.r", bindings_));
    return "SELECT m.* EXCLUDE (rid, f, r, a)" + change_.KeptIdsSql() + ", 'update_postimage' AS k_change FROM temp." +
           changes_ + " AS m" + ids + " WHERE m.a IN (" + numbers + ")";
  }

  Result<std::string> InsertedRowsSql() {
    if (!Has(Match::kNotMatched)) return std::string();
    ASSIGN_OR_RETURN(std::string number, FirstClause(Match::kNotMatched, source_block_));
    ASSIGN_OR_RETURN(std::string values, ClauseValues(Match::kNotMatched, Action::kInsert, source_block_, "s.a"));
    return "SELECT " + values + change_.NewIdsSql() + ", 'insert' AS k_change FROM (SELECT s.*, " + number + " AS a FROM temp." + source_ +
           " AS s WHERE NOT EXISTS (SELECT 1 FROM temp." + changes_ + " AS m WHERE m.rid = s.rowid)) AS s WHERE s.a > 0";
  }

  // The columns of the table alone.
  std::string WithoutKind(const std::string& rows) const {
    return rows.empty() ? rows : "SELECT * EXCLUDE (k_change) FROM (" + rows + ") AS n";
  }

  // What rows that are there were, with what became of them.
  Status Feed(const std::string& new_rows, RowChangeResult& result) {
    std::string all = new_rows;
    for (const auto& [rows, kind] : {std::pair(&updated_, "update_preimage"), std::pair(&deleted_, "delete")}) {
      if (rows->empty()) continue;
      ASSIGN_OR_RETURN(std::string before, change_.UnchangedSql(*rows, kind, bindings_));
      all += (all.empty() ? "" : " UNION ALL ") + before;
    }
    return all.empty() ? OkStatus() : change_.WriteChanges(all, result);
  }

  int64_t CountOf(Match match, Action action) const {
    int64_t rows = 0;
    for (size_t i = 0; i < merge_.clauses.size(); ++i) {
      if (merge_.clauses[i].match == match && merge_.clauses[i].action == action) rows += counts_[i + 1];
    }
    return rows;
  }

  void Count(RowChangeResult& result) const {
    int64_t updated = CountOf(Match::kMatched, Action::kUpdate), deleted = CountOf(Match::kMatched, Action::kDelete);
    int64_t by_source_updated = CountOf(Match::kNotMatchedBySource, Action::kUpdate);
    int64_t by_source_deleted = CountOf(Match::kNotMatchedBySource, Action::kDelete);
    result.updated_rows = updated + by_source_updated;
    result.deleted_rows = deleted + by_source_deleted;
    CHECK_EQ(result.updated_rows + result.deleted_rows, RowTotal(affected_));
    int64_t output = 0, bytes_added = 0, bytes_removed = 0;
    for (const delta::AddFile& file : result.added) {
      output += delta::NumRecords(file).value_or(0);
      bytes_added += file.size;
    }
    for (const delta::AddFile& file : result.removed) bytes_removed += file.size;
    // What was written is copied, updated or inserted.
    result.inserted_rows = output - result.copied_rows - result.updated_rows;
    CHECK(result.inserted_rows >= 0 && (result.inserted_rows == 0 || Has(Match::kNotMatched))) << result.inserted_rows;
    auto set = [&](const char* name, int64_t value) { result.metrics[name] = std::to_string(value); };
    set("numSourceRows", source_rows_);
    set("numTargetRowsInserted", result.inserted_rows);
    set("numTargetRowsUpdated", result.updated_rows);
    set("numTargetRowsDeleted", result.deleted_rows);
    set("numTargetRowsMatchedUpdated", updated);
    set("numTargetRowsMatchedDeleted", deleted);
    set("numTargetRowsNotMatchedBySourceUpdated", by_source_updated);
    set("numTargetRowsNotMatchedBySourceDeleted", by_source_deleted);
    set("numTargetRowsCopied", result.copied_rows);
    set("numOutputRows", output);
    set("numTargetFilesAdded", static_cast<int64_t>(result.added.size()));
    set("numTargetFilesRemoved", static_cast<int64_t>(result.removed.size()));
    set("numTargetBytesAdded", bytes_added);
    set("numTargetBytesRemoved", bytes_removed);
    set("numTargetChangeFilesAdded", static_cast<int64_t>(result.changes.size()));
    VectorCounts vectors = CountVectors(result);
    set("numTargetDeletionVectorsAdded", vectors.added);
    set("numTargetDeletionVectorsRemoved", vectors.removed);
    set("numTargetDeletionVectorsUpdated", vectors.updated);
  }

  CopyOnWrite& change_;
  const sql::AnalyzedMerge& merge_;
  StatementBindings bindings_;
  std::string suffix_;
  std::string source_, changes_;  // temporary tables
  TargetColumns columns_;         // over alias t
  SelectBlock source_block_;      // over alias s
  int64_t source_rows_ = 0;
  RowsByFile affected_;
  RowsByFile updated_, deleted_;  // for the change data feed
  std::vector<int64_t> counts_;   // of rows, by the number of the clause
};

Result<RowChangeResult> CopyOnWrite::Merge(const sql::AnalyzedMerge& merge) {
  return MergeRun(*this, merge).Execute();
}

}  // namespace ashlar::engine
