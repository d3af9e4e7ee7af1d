// The one analyzer: spec → typed plan. Resolves names (columns, relations, functions), types,
// nullability and implicit casts; expands views under their owner's rights; inserts policies; reports
// lineage. Errors carry Spark's condition, SQLSTATE, parameters and span.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sql/catalog_view.h"
#include "sql/function_registry.h"
#include "sql/plan.h"
#include "sql/spec.h"
#include "sql/statement.h"

namespace ashlar::sql {

// A temporary view: its spec as registered, analysed again at each use.
struct TemporaryView {
  RelationPtr query;
  std::vector<std::string> columns;
};

// What analysis of one statement reads of the session. References outlive the analysis.
struct AnalyzerContext {
  CatalogView& catalog;
  TableSource& tables;
  const FunctionRegistry& functions;
  std::string current_catalog = "main";
  std::string current_schema = "default";
  std::string user{};                     // current_user()
  bool ansi = true;
  bool case_sensitive = false;
  std::string time_zone = "UTC";
  int64_t now_micros = 0;                 // current_timestamp() of the statement
  const std::map<std::string, TemporaryView>* temporary_views = nullptr;  // lower-case names
  std::map<std::string, ExprPtr> named_parameters{};
  std::vector<ExprPtr> positional_parameters{};
  // Parses the SQL text of a view, or of a rule of a column, with `time_zone` for TIMESTAMP literals that name none.
  std::function<Result<RelationPtr>(const std::string& text, const std::string& time_zone)> parse_query{};
  bool last_map_key_wins = false;         // spark.sql.mapKeyDedupPolicy is LAST_WIN
};

// What a statement read: full names of tables and views, with the columns used.
struct Lineage {
  std::map<std::string, std::vector<std::string>> columns_by_relation;
};

struct AnalyzedQuery {
  PlanPtr plan;   // plan->output is the result's schema, in order; names may repeat
  Lineage lineage;
};

// A query.
Result<AnalyzedQuery> AnalyzeQuery(const RelationPtr& query, AnalyzerContext& context);

// An expression over the columns of `schema`, cast to nothing; for CHECK constraints, replaceWhere and
// the like. The ColumnNodes' ids are the indexes into the schema. `text`: the expression as Spark shows it.
Result<TypedExprPtr> AnalyzeOverSchema(const ExprPtr& expr, const Schema& schema, AnalyzerContext& context,
                                       std::string* text = nullptr);

// VERSION AS OF and TIMESTAMP AS OF of a table. Errors: INVALID_TIME_TRAVEL_* (42K0E).
Result<TimeTravel> AnalyzeTimeTravel(const TableRelation& table, AnalyzerContext& context);

// ---- row changes --------------------------------------------------------------------------------

struct AnalyzedTarget {
  ResolvedRelation relation;
  std::shared_ptr<const TableHandle> table;
};

// Rows to write, already cast to the table's columns by ANSI store assignment (INSERT, CTAS into an
// existing table, COPY INTO): output[i] is column i of the table. With `extra_columns_allowed`
// (schema evolution) columns the table lacks follow after its own.
struct AnalyzedInsert {
  AnalyzedTarget target;
  PlanPtr rows;
  std::vector<Field> new_columns;
  // Overwrite of one partition or REPLACE WHERE: over the table's columns (ids = indexes).
  TypedExprPtr overwrite_condition;
  std::string overwrite_text;  // of REPLACE WHERE, as Spark shows it
  Lineage lineage;
};
Result<AnalyzedInsert> AnalyzeInsert(const InsertStatement& insert, AnalyzerContext& context);

// UPDATE and DELETE. Expressions are over `scan` (a ScanPlan with row positions, possibly with joins
// for subqueries). new_values[i] for column i of the table; empty for DELETE.
struct AnalyzedRowChange {
  AnalyzedTarget target;
  PlanPtr scan;
  TypedExprPtr condition;  // null: every row
  std::vector<TypedExprPtr> new_values;
  Lineage lineage;
};
Result<AnalyzedRowChange> AnalyzeUpdate(const UpdateStatement& update, AnalyzerContext& context);
Result<AnalyzedRowChange> AnalyzeDelete(const DeleteStatement& del, AnalyzerContext& context);

struct AnalyzedMergeClause {
  MergeClause::Match match = MergeClause::Match::kMatched;
  MergeClause::Action action = MergeClause::Action::kUpdate;  // star forms are expanded: kUpdate/kInsert
  TypedExprPtr condition;                                     // null: always
  std::vector<TypedExprPtr> values;                           // one a column of the (new) table
};
struct AnalyzedMerge {
  AnalyzedTarget target;
  PlanPtr target_scan;  // ScanPlan with row positions
  PlanPtr source;
  TypedExprPtr condition;
  std::vector<AnalyzedMergeClause> clauses;
  std::vector<Field> new_columns;  // schema evolution
  Lineage lineage;
};
Result<AnalyzedMerge> AnalyzeMerge(const MergeStatement& merge, AnalyzerContext& context);

}  // namespace ashlar::sql
