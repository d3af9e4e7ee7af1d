// Statement: one parsed SQL statement, or one Connect command. Queries hold a spec relation; what only
// touches the catalog is a CatalogCommand; the rest has its own struct here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sql/catalog_command.h"
#include "sql/column_rules.h"
#include "sql/spec.h"

namespace ashlar::sql {

struct QueryStatement {
  RelationPtr query;
};
enum class ExplainMode { kSimple, kExtended, kCodegen, kCost, kFormatted };
struct Statement;
struct ExplainStatement {
  ExplainMode mode = ExplainMode::kSimple;
  std::shared_ptr<const Statement> statement;
};

struct ColumnDefinition {
  Field field;  // comment in metadata
  ExprPtr default_value;
  ExprPtr generated_as;
  std::string default_text;    // both as written, for the table's metadata
  std::string generated_text;
  std::optional<IdentityRule> identity;
};
// df.write.saveAsTable and save(path): what the history says of it.
struct DataFrameSave {
  std::string mode;  // Append, Overwrite, ErrorIfExists, Ignore
  bool overwrites_schema = false;
  bool merges_schema = false;
};
// CREATE [OR REPLACE] TABLE … [USING f] [PARTITIONED BY] [LOCATION] [TBLPROPERTIES] [AS query]
struct CreateTableStatement {
  NameParts name;
  ExprPtr identifier;                 // IDENTIFIER(…) instead of name
  std::vector<ColumnDefinition> columns;
  std::string format;                 // "" = DELTA
  std::string location;
  std::vector<Field> partition_columns;  // type kNull when only named
  std::vector<NameParts> cluster_by;
  std::map<std::string, std::string> properties;
  std::map<std::string, std::string> options;
  std::optional<std::string> comment;
  std::map<std::string, std::string> check_constraints;  // name → SQL text
  NameParts like;                     // CREATE TABLE … LIKE
  RelationPtr query;
  bool if_not_exists = false;
  bool or_replace = false;
  bool replace_only = false;          // REPLACE TABLE
  // With or_replace: a table that is there keeps its properties and description.
  std::optional<DataFrameSave> save;
};
struct CreateViewStatement {
  NameParts name;
  std::vector<Field> columns;         // names and comments
  std::string text;                   // of the query, as written
  RelationPtr query;
  std::optional<std::string> comment;
  std::map<std::string, std::string> properties;
  bool temporary = false;
  bool global_temporary = false;
  bool if_not_exists = false;
  bool or_replace = false;
};

enum class InsertMode { kAppend, kOverwrite, kOverwritePartitions, kReplaceWhere };
struct InsertStatement {
  TableRelation table;
  SourceSpan table_span;
  SourceSpan span;  // INSERT INTO t (columns), without the query: where storing a value fails
  std::vector<std::string> columns;
  bool by_name = false;
  InsertMode mode = InsertMode::kAppend;
  // PARTITION (a = 1, b): static values by name; null for dynamic ones.
  std::vector<std::pair<std::string, ExprPtr>> partition;
  ExprPtr replace_where;
  RelationPtr query;
  std::map<std::string, std::string> options;  // mergeSchema, overwriteSchema
  std::optional<DataFrameSave> save;           // with kOverwrite: of a table that keeps its columns
};
struct Assignment {
  NameParts column;
  ExprPtr value;
  SourceSpan span;
};
struct UpdateStatement {
  TableRelation table;
  SourceSpan table_span;
  SourceSpan span;
  std::string alias;
  std::vector<Assignment> assignments;
  ExprPtr condition;
};
struct DeleteStatement {
  TableRelation table;
  SourceSpan table_span;
  SourceSpan span;
  std::string alias;
  ExprPtr condition;
};
struct MergeClause {
  enum class Match { kMatched, kNotMatched, kNotMatchedBySource };
  enum class Action { kUpdate, kUpdateStar, kDelete, kInsert, kInsertStar };
  Match match = Match::kMatched;
  Action action = Action::kUpdate;
  ExprPtr condition;
  std::vector<Assignment> assignments;
};
struct MergeStatement {
  TableRelation target;
  SourceSpan target_span;
  std::string target_alias;
  RelationPtr source;  // an AliasRelation when it has an alias
  ExprPtr condition;
  std::vector<MergeClause> clauses;
  SourceSpan span;
  bool with_schema_evolution = false;
};
// COPY INTO t FROM 'path' | (SELECT … FROM 'path') FILEFORMAT = CSV …
struct CopyIntoStatement {
  TableRelation table;
  std::string path;
  std::vector<ExprPtr> select;         // empty: all columns
  std::string format;                  // CSV, JSON, PARQUET
  std::vector<std::string> files;
  std::string pattern;
  std::map<std::string, std::string> format_options;
  std::map<std::string, std::string> copy_options;  // force, mergeSchema
  std::optional<int64_t> validate_rows;             // VALIDATE n ROWS; -1 for ALL
};
struct TruncateStatement {
  TableRelation table;
  SourceSpan table_span;
};
// Where ADD COLUMN or ALTER COLUMN puts a column; at the end when nothing is set.
struct ColumnPlacement {
  NameParts parent;  // of a nested field
  SourceSpan span;   // of the column as it is added
  bool first = false;
  std::optional<std::string> after;
};
struct AlterTableStatement {
  enum class Action {
    kAddColumns, kDropColumns, kRenameColumn, kAlterColumn, kSetProperties, kUnsetProperties,
    kAddConstraint, kDropConstraint, kClusterBy, kReplaceColumns,
  };
  TableRelation table;
  SourceSpan table_span;
  SourceSpan span;
  Action action = Action::kSetProperties;
  std::vector<ColumnDefinition> columns;  // add, replace; alter: the new type and comment
  std::vector<ColumnPlacement> placements;  // add: one a column; alter: FIRST or AFTER, else empty
  std::vector<NameParts> names;           // drop, rename (from), alter
  std::string new_name;                   // rename; constraint name
  std::string text;                       // CHECK expression
  std::optional<bool> set_nullable;       // alter column: DROP NOT NULL / SET NOT NULL
  bool plural = false;                    // ADD COLUMNS, not ADD COLUMN
  bool set_type = false;
  bool set_comment = false;
  bool set_default = false;               // alter column: SET DEFAULT, or DROP DEFAULT without a value
  bool sync_identity = false;             // alter column: SYNC IDENTITY
  std::map<std::string, std::string> properties;
  bool if_exists = false;
};
// OPTIMIZE t [FULL] [WHERE p] [ZORDER BY (a, b)], REORG TABLE t [WHERE p] APPLY (PURGE)
struct OptimizeStatement {
  TableRelation table;
  ExprPtr condition;          // over partition columns
  std::string condition_text;  // as written
  std::vector<NameParts> zorder_by;
  bool full = false;
  bool purge = false;  // REORG: only files with deletion vectors
};
// VACUUM t [LITE | FULL] [RETAIN n HOURS] [DRY RUN]
struct VacuumStatement {
  TableRelation table;
  std::optional<double> retain_hours;
  bool lite = false;
  bool dry_run = false;
};
// RESTORE [TABLE] t [TO] {VERSION | TIMESTAMP} AS OF v; the version or time is in `table`
struct RestoreStatement {
  TableRelation table;
};
// CREATE [OR REPLACE] TABLE [IF NOT EXISTS] t {SHALLOW | DEEP} CLONE s [VERSION | TIMESTAMP AS OF v]
// [TBLPROPERTIES (…)] [LOCATION 'path']
struct CloneTableStatement {
  NameParts name;
  TableRelation source;  // with the version or time
  bool shallow = false;
  bool if_not_exists = false;
  bool or_replace = false;
  std::map<std::string, std::string> properties;  // besides the source's
  std::string location;
};
// CONVERT TO DELTA t [NO STATISTICS] [PARTITIONED BY (column type, …)]
struct ConvertStatement {
  TableRelation table;  // also parquet.`path`
  bool statistics = true;
  std::vector<Field> partition_columns;
};
// GENERATE symlink_format_manifest FOR TABLE t
struct GenerateStatement {
  std::string mode;
  TableRelation table;
};
// DESCRIBE HISTORY t [LIMIT n] / DESCRIBE DETAIL t
struct DescribeDeltaStatement {
  enum class What { kHistory, kDetail };
  What what = What::kHistory;
  TableRelation table;
  std::optional<int64_t> limit;
};
// DESCRIBE [TABLE] [EXTENDED] t [column]
struct DescribeTableStatement {
  TableRelation table;
  SourceSpan table_span;
  bool extended = false;
  bool as_json = false;
  NameParts column;
};
struct DescribeQueryStatement {
  RelationPtr query;
};
struct ShowColumnsStatement {
  TableRelation table;
  SourceSpan table_span;
};
struct ShowCreateTableStatement {
  TableRelation table;
};
struct ShowTablePropertiesStatement {
  TableRelation table;
  SourceSpan table_span;
  std::string key;
};
struct ShowPartitionsStatement {
  TableRelation table;
  SourceSpan table_span;
};
struct ShowFunctionsStatement {
  std::string pattern;
};
// SET k = v; SET k; SET; RESET k; RESET; SET TIME ZONE z
struct ConfigStatement {
  enum class Action { kSet, kGet, kGetAll, kReset, kResetAll };
  Action action = Action::kGetAll;
  std::string key;
  std::string value;
};
struct CatalogStatement {
  CatalogCommand command;
};
// CACHE, UNCACHE, REFRESH, ANALYZE and other statements that are parsed only to be refused by name.
struct UnsupportedStatement {
  std::string what;
};

struct Statement {
  SourceSpan span;
  std::variant<QueryStatement, ExplainStatement, CreateTableStatement, CreateViewStatement,
               InsertStatement, UpdateStatement, DeleteStatement, MergeStatement, CopyIntoStatement,
               TruncateStatement, AlterTableStatement, OptimizeStatement, VacuumStatement,
               RestoreStatement, CloneTableStatement, ConvertStatement, GenerateStatement, DescribeDeltaStatement,
               DescribeTableStatement,
               DescribeQueryStatement, ShowColumnsStatement, ShowCreateTableStatement,
               ShowTablePropertiesStatement, ShowPartitionsStatement, ShowFunctionsStatement,
               ConfigStatement, CatalogStatement, UnsupportedStatement>
      node;
};

}  // namespace ashlar::sql
