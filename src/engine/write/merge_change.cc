// MERGE by copy-on-write. The source is read once, into a temporary table with a number for each row;
// which target row meets which source row, and by which clause, is a second one. Everything written
// after that follows from the two, so that nothing is evaluated differently the second time.
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
        bindings_(change.connection_.state().scans),
        suffix_(NewHex(SystemRandom(), 8)),
        source_("merge_source_" + suffix_),
        matches_("merge_matches_" + suffix_),
        unmatched_("merge_unmatched_" + suffix_) {}

  ~MergeRun() {
    for (const std::string& table : {source_, matches_, unmatched_}) {
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
    RETURN_IF_ERROR(MaterialiseSource());
    RETURN_IF_ERROR(MaterialiseMatches());
    RETURN_IF_ERROR(CheckSingleMatches());
    RETURN_IF_ERROR(MaterialiseUnmatchedTargets());
    ASSIGN_OR_RETURN(RowsByFile affected,
                     change_.CollectRowPositions("SELECT f, r FROM temp." + matches_ + " WHERE a > 0 UNION ALL " +
                                                 "SELECT f, r FROM temp." + unmatched_));
    ASSIGN_OR_RETURN(std::string rows, NewRowsSql(affected));
    if (!change_.FeedsChanges()) {
      ASSIGN_OR_RETURN(RowChangeResult result, change_.Rewrite(affected, WithoutKind(rows)));
      RETURN_IF_ERROR(Count(affected, result));
      return result;
    }
    if (!change_.target_.identities.empty()) return NotImplemented("MERGE into IDENTITY columns with a change data feed");
    TemporaryRows kept(change_.connection_);
    if (!rows.empty()) {
      ASSIGN_OR_RETURN(rows, kept.Keep(rows));
    }
    ASSIGN_OR_RETURN(RowChangeResult result, change_.Rewrite(affected, WithoutKind(rows)));
    RETURN_IF_ERROR(Feed(rows, result));
    RETURN_IF_ERROR(Count(affected, result));
    return result;
  }

 private:
  using Match = sql::MergeClause::Match;
  using Action = sql::MergeClause::Action;

  Status Run(const std::string& sql) {
    return change_.connection_.Run(sql, [](duckdb::QueryResult&) {});
  }
  Result<int64_t> CountRows(const std::string& from) {
    ASSIGN_OR_RETURN(std::string text, change_.connection_.RunForText("SELECT count(*) FROM " + from));
    return std::stoll(text);
  }
  Result<std::string> LowerOver(const sql::TypedExpr& expr, const SelectBlock& block) {
    return LowerOverBlock(expr, block, change_.Options(), bindings_);
  }
  SelectBlock BothBlocks() const {
    SelectBlock both = columns_.block;
    for (sql::AttributeId id : source_block_.order) both.Add(id, source_block_.columns.at(id));
    return both;
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

  // The columns of the new table, by the clause number in `action`.
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
      columns += (columns.empty() ? "CASE" : ", CASE") + branches + " END AS k" + std::to_string(c);
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

  Status MaterialiseSource() {
    ASSIGN_OR_RETURN(std::string source, LowerPlan(*merge_.source, change_.Options(), bindings_));
    return Run("CREATE TEMP TABLE " + source_ + " AS SELECT *, row_number() OVER () AS rid FROM (" + source + ")");
  }

  Status MaterialiseMatches() {
    ASSIGN_OR_RETURN(std::string target, LowerPlan(*merge_.target_scan, change_.Options(), bindings_));
    SelectBlock both = BothBlocks();
    ASSIGN_OR_RETURN(std::string condition, LowerOver(*merge_.condition, both));
    ASSIGN_OR_RETURN(std::string action, FirstClause(Match::kMatched, both));
    return Run("CREATE TEMP TABLE " + matches_ + " AS SELECT " + columns_.file + " AS f, " + columns_.row +
               " AS r, s.rid AS rid, " + action + " AS a FROM (" + target + ") AS t JOIN temp." + source_ +
               " AS s ON " + condition);
  }

  // One target row must not be changed by two source rows; deleting it twice does no harm.
  Status CheckSingleMatches() {
    int matched = 0;
    bool plain_delete = true;
    for (const sql::AnalyzedMergeClause& clause : merge_.clauses) {
      if (clause.match != Match::kMatched) continue;
      ++matched;
      plain_delete = plain_delete && clause.action == Action::kDelete && !clause.condition;
    }
    if (matched == 0 || (matched == 1 && plain_delete)) return {};
    ASSIGN_OR_RETURN(int64_t repeated, CountRows("(SELECT 1 FROM temp." + matches_ +
                                                 " WHERE a > 0 GROUP BY f, r HAVING count(*) > 1)"));
    if (repeated == 0) return {};
    return MakeSqlError(
        "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE", "21506",
        "Cannot perform Merge as multiple source rows matched and attempted to modify the same\ntarget row in the "
        "Delta table in possibly conflicting ways. By SQL semantics of Merge,\nwhen multiple source rows match on "
        "the same target row, the result may be ambiguous\nas it is unclear which source row should be used to "
        "update or delete the matching\ntarget row. You can preprocess the source table to eliminate the "
        "possibility of\nmultiple matches.");
  }

  Status MaterialiseUnmatchedTargets() {
    ASSIGN_OR_RETURN(std::string action, FirstClause(Match::kNotMatchedBySource, columns_.block));
    std::string select = "SELECT CAST(NULL AS BIGINT) AS f, CAST(NULL AS BIGINT) AS r, 0 AS a WHERE FALSE";
    if (action != "0") {
      ASSIGN_OR_RETURN(std::string target, LowerPlan(*merge_.target_scan, change_.Options(), bindings_));
      select = "SELECT f, r, a FROM (SELECT " + columns_.file + " AS f, " + columns_.row + " AS r, " + action +
               " AS a FROM (" + target + ") AS t) AS u WHERE a > 0 AND NOT EXISTS (SELECT 1 FROM temp." + matches_ +
               " AS m WHERE m.f = u.f AND m.r = u.r)";
    }
    return Run("CREATE TEMP TABLE " + unmatched_ + " AS " + select);
  }

  // Columns k0, k1, … and k_change, what each row is to the change data feed.
  Result<std::string> NewRowsSql(const RowsByFile& affected) {
    std::string out;
    auto add = [&](const std::string& select) { out += (out.empty() ? "" : " UNION ALL ") + select; };
    LoweringOptions only = change_.Options();
    only.row_position_table = change_.Only(affected);
    std::string at = " ON m.f = " + columns_.file + " AND m.r = " + columns_.row;
    if (std::string updates = ClauseNumbers(Match::kMatched, Action::kUpdate); !updates.empty()) {
      ASSIGN_OR_RETURN(std::string target, LowerPlan(*merge_.target_scan, only, bindings_));
      ASSIGN_OR_RETURN(std::string values, ClauseValues(Match::kMatched, Action::kUpdate, BothBlocks(), "m.a"));
      add("SELECT " + values + ", 'update_postimage' AS k_change FROM (" + target + ") AS t JOIN temp." + matches_ + " AS m" + at + " JOIN temp." +
          source_ + " AS s ON s.rid = m.rid WHERE m.a IN (" + updates + ")");
    }
    if (std::string updates = ClauseNumbers(Match::kNotMatchedBySource, Action::kUpdate); !updates.empty()) {
      ASSIGN_OR_RETURN(std::string target, LowerPlan(*merge_.target_scan, only, bindings_));
      ASSIGN_OR_RETURN(std::string values,
                       ClauseValues(Match::kNotMatchedBySource, Action::kUpdate, columns_.block, "m.a"));
      add("SELECT " + values + ", 'update_postimage' AS k_change FROM (" + target + ") AS t JOIN temp." + unmatched_ + " AS m" + at +
          " WHERE m.a IN (" + updates + ")");
    }
    if (!ClauseNumbers(Match::kNotMatched, Action::kInsert).empty()) {
      ASSIGN_OR_RETURN(std::string number, FirstClause(Match::kNotMatched, source_block_));
      ASSIGN_OR_RETURN(std::string values, ClauseValues(Match::kNotMatched, Action::kInsert, source_block_, "s.a"));
      inserted_from_ = "(SELECT s.*, " + number + " AS a FROM temp." + source_ +
                       " AS s WHERE NOT EXISTS (SELECT 1 FROM temp." + matches_ + " AS m WHERE m.rid = s.rid)) AS s" +
                       " WHERE s.a > 0";
      add("SELECT " + values + ", 'insert' AS k_change FROM " + inserted_from_);
    }
    return out;
  }

  // The columns of the table alone.
  std::string WithoutKind(const std::string& rows) const {
    return rows.empty() ? rows : "SELECT * EXCLUDE (k_change) FROM (" + rows + ") AS n";
  }

  // What the rows that are there were: before an update, or before they were deleted.
  Result<std::string> OldRowsSql(Action action, const std::string& kind) {
    std::string matched = ClauseNumbers(Match::kMatched, action), by_source = ClauseNumbers(Match::kNotMatchedBySource, action);
    std::string places;
    if (!matched.empty()) places = "SELECT f, r FROM temp." + matches_ + " WHERE a IN (" + matched + ")";
    if (!by_source.empty()) {
      places += (places.empty() ? "" : " UNION ALL ") + ("SELECT f, r FROM temp." + unmatched_) + " WHERE a IN (" + by_source + ")";
    }
    if (places.empty()) return std::string();
    ASSIGN_OR_RETURN(RowsByFile rows, change_.CollectRowPositions(places));
    if (rows.empty()) return std::string();
    return change_.UnchangedSql(rows, kind, bindings_);
  }

  Status Feed(const std::string& new_rows, RowChangeResult& result) {
    ASSIGN_OR_RETURN(std::string before, OldRowsSql(Action::kUpdate, "update_preimage"));
    ASSIGN_OR_RETURN(std::string deleted, OldRowsSql(Action::kDelete, "delete"));
    std::string all;
    for (const std::string& part : {before, deleted, new_rows}) {
      if (!part.empty()) all += (all.empty() ? "" : " UNION ALL ") + part;
    }
    return all.empty() ? OkStatus() : change_.WriteChanges(all, result);
  }

  Result<int64_t> CountActions(const std::string& table, Match match, Action action) {
    std::string numbers = ClauseNumbers(match, action);
    if (numbers.empty()) return int64_t{0};
    return CountRows("(SELECT DISTINCT f, r FROM temp." + table + " WHERE a IN (" + numbers + "))");
  }

  Status Count(const RowsByFile& affected, RowChangeResult& result) {
    ASSIGN_OR_RETURN(int64_t source_rows, CountRows("temp." + source_));
    ASSIGN_OR_RETURN(int64_t updated, CountActions(matches_, Match::kMatched, Action::kUpdate));
    ASSIGN_OR_RETURN(int64_t deleted, CountActions(matches_, Match::kMatched, Action::kDelete));
    ASSIGN_OR_RETURN(int64_t by_source_updated, CountActions(unmatched_, Match::kNotMatchedBySource, Action::kUpdate));
    ASSIGN_OR_RETURN(int64_t by_source_deleted, CountActions(unmatched_, Match::kNotMatchedBySource, Action::kDelete));
    if (!inserted_from_.empty()) {
      ASSIGN_OR_RETURN(result.inserted_rows, CountRows(inserted_from_));
    }
    result.updated_rows = updated + by_source_updated;
    result.deleted_rows = deleted + by_source_deleted;
    CHECK_EQ(result.updated_rows + result.deleted_rows, RowTotal(affected));
    int64_t output = 0, bytes_added = 0, bytes_removed = 0;
    for (const delta::AddFile& file : result.added) {
      output += delta::NumRecords(file).value_or(0);
      bytes_added += file.size;
    }
    for (const delta::AddFile& file : result.removed) bytes_removed += file.size;
    auto set = [&](const char* name, int64_t value) { result.metrics[name] = std::to_string(value); };
    set("numSourceRows", source_rows);
    set("numTargetRowsInserted", result.inserted_rows);
    set("numTargetRowsUpdated", result.updated_rows);
    set("numTargetRowsDeleted", result.deleted_rows);
    set("numTargetRowsMatchedUpdated", updated);
    set("numTargetRowsMatchedDeleted", deleted);
    set("numTargetRowsNotMatchedBySourceUpdated", by_source_updated);
    set("numTargetRowsNotMatchedBySourceDeleted", by_source_deleted);
    set("numTargetRowsCopied", output - result.inserted_rows - result.updated_rows);
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
    return {};
  }

  CopyOnWrite& change_;
  const sql::AnalyzedMerge& merge_;
  StatementBindings bindings_;
  std::string suffix_;
  std::string source_, matches_, unmatched_;  // temporary tables
  TargetColumns columns_;                     // over alias t
  SelectBlock source_block_;                  // over alias s
  std::string inserted_from_;
};

Result<RowChangeResult> CopyOnWrite::Merge(const sql::AnalyzedMerge& merge) {
  return MergeRun(*this, merge).Execute();
}

}  // namespace ashlar::engine
